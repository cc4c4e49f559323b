"""Reads a study's Parquet tables: chosen plans and seeds, numbers as numbers, damaged files with a reason."""

from __future__ import annotations

import io
import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from experiments.serve.files import UnreadableError, read

__all__ = ["rows_of"]

MOST_ROWS = 5_000_000
"""A table of a few kilobytes can unfold to any number of rows."""


def rows_of(
    file: Path, measures: Sequence[str], plan_ids: Collection[str], seeds: Collection[int], most_bytes: int
) -> list[dict[str, Any]]:
    """Return a table's rows of some plans and seeds: `plan_id`, `seed`, `signal` where it has one, and measures.

    Args:
        file: the table.
        measures: columns; those that it lacks, and values that are no finite numbers, are left out.
        plan_ids, seeds: whose rows.
        most_bytes: a larger file is refused.

    Raises:
        FileNotFoundError: there is none.
        UnreadableError: it is damaged or too large.
    """
    data = read(file, most_bytes)
    import polars  # noqa: PLC0415  takes its time to import

    broken = (polars.exceptions.PolarsError, polars.exceptions.PanicException)
    try:
        names = polars.read_parquet_schema(io.BytesIO(data))
        table = polars.scan_parquet(io.BytesIO(data))
        if table.select(polars.len()).collect().item() > MOST_ROWS:
            raise UnreadableError(f"{file.name} is not read: it has more than {MOST_ROWS:,} rows")
        rows = (
            table.select(
                polars.col("plan_id", *(name for name in ("signal",) if name in names)).cast(polars.String),
                polars.col("seed").cast(polars.Int64),
                *(polars.col(name).cast(polars.Float64) for name in measures if name in names),
            )
            .filter(polars.col("plan_id").is_in(list(plan_ids)), polars.col("seed").is_in(list(seeds)))
            .collect()
            .to_dicts()
        )
    except (*broken, ArithmeticError, OSError, TypeError, ValueError) as error:
        why = " ".join(str(error).split())[:300] or type(error).__name__
        raise UnreadableError(f"{file.name} cannot be read: {why}") from error
    return [{name: value for name, value in row.items() if _usable(value)} for row in rows]


def _usable(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))
