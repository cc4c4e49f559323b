"""Writes a comparison: tables, summary and page, in this order, and what the terminal shows of it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.files import replacing, write_text
from engine.tables import Rows
from experiments.compare import finding, told
from experiments.compare.comparison import Comparison, summary_of
from experiments.compare.lookback import Lookback
from experiments.compare.lookback import summary_of as summary_of_lookback
from experiments.compare.page import comparison_page, lookback_page
from experiments.compare.places import warnings
from experiments.report._language import speaking
from experiments.report._templates import fixed

__all__ = ["write_comparison", "write_lookback", "write_table"]

PAGE = "comparison.html"
TEXTS = ("signal", "approach", "lane_group", "vehicle_class", "effect")


def write_comparison(comparison: Comparison, folder: Path, language: str, began: float) -> None:
    """Write everything into a folder, and print the finding and where the page lies."""
    write_table(comparison.rows(), folder / "comparison.parquet")
    with speaking("en"):
        lines = [finding.heading(comparison)]
        several = len(comparison.compared) > 1
        for compared in comparison.compared:
            where = f"{compared.place.scenario}: " if several else ""
            lines += [where + said for said in finding.sentences(compared)]
    summary = {"finding": lines, **summary_of(comparison), "wall_s": round(time.monotonic() - began, 2)}
    _write_summary(summary, folder)
    with speaking(language):
        write_text(folder / PAGE, comparison_page(comparison))
    with speaking("en"):
        gaps = [told.missing_text(of) for of in comparison.missing]
        warned = [told.warning_text(*of) for compared in comparison.compared for of in warnings(compared.place)]
    notes = [f"note: {note}" for note in (*comparison.notes, *warned)]
    _show(_tables(comparison), [*notes, *(f"missing: {gap}" for gap in gaps), *dict.fromkeys(lines)], folder)


def write_lookback(of: Lookback, folder: Path, language: str, began: float) -> None:
    """Write everything into a folder, and print the finding and where the page lies."""
    write_table([change.to_row() for change in of.changes], folder / "comparison.parquet")
    with speaking("en"):
        lines = told.lookback_sentences(of)
    summary = {"finding": lines, **summary_of_lookback(of), "wall_s": round(time.monotonic() - began, 2)}
    _write_summary(summary, folder)
    with speaking(language):
        write_text(folder / PAGE, lookback_page(of))
    _show([], lines, folder)


def write_table(rows: Rows, path: Path) -> None:
    """Write rows as Parquet, and as CSV beside it; columns that hold nothing have a type all the same."""
    import polars  # noqa: PLC0415  takes its time to import

    table = polars.DataFrame(rows, infer_schema_length=None)
    empty = [name for name, kind in table.schema.items() if kind == polars.Null]
    table = table.with_columns(
        polars.col(name).cast(polars.String if name in TEXTS else polars.Float64) for name in empty
    )
    with replacing(path) as temporary:
        table.write_parquet(temporary)
    write_text(path.with_suffix(".csv"), table.write_csv())


def _write_summary(summary: dict[str, Any], folder: Path) -> None:
    write_text(folder / "summary.json", json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def _tables(comparison: Comparison) -> list[Any]:
    from rich.table import Table  # noqa: PLC0415  takes its time to import

    tables = []
    for compared in comparison.compared:
        place = compared.place
        table = Table(title=f"{place.scenario}: against {place.reference.label}", title_justify="left")
        for column in ("plan", "seeds", "delay s/veh", "difference", "95 % (Holm)", "p (Holm)", "gridlock"):
            table.add_column(column, justify="left" if column == "plan" else "right", overflow="fold")
        for rival in place.all:
            delays = [
                rival.values[key] for key in rival.values if key == (key[0], "delay_s") and key[0].level == "network"
            ]
            mean = sum(delays[0].values()) / len(delays[0]) if delays else None
            of = compared.main(rival.label)
            ends = of.judged.corrected if of else None
            table.add_row(
                rival.label,
                str(len(rival.seeds)),
                fixed(mean),
                fixed(of.judged.plain.centre, sign=True) if of else "",
                f"{fixed(ends.low, sign=True)} to {fixed(ends.high, sign=True)}"
                if ends and ends.low is not None
                else "",
                f"{of.judged.p_holm:.2g}" if of else "",
                f"{len(rival.gridlocks)} of {len(rival.seeds)}" if rival.gridlocks else "",
            )
        tables.append(table)
    return tables


def _show(tables: Sequence[Any], lines: Sequence[str], folder: Path) -> None:
    from rich.console import Console  # noqa: PLC0415  takes its time to import

    console = Console(
        highlight=False, width=max(Console().width, 110)
    )  # a row of the tables is one line, also in a file
    for table in tables:
        console.print(table)
    for line in lines:
        console.print(line, markup=False)
    console.print(f"page: {folder / PAGE}", markup=False, soft_wrap=True)
