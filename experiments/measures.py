"""`greensplit measures`: signal performance measures of a real controller's log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.controller_log import DETECTOR_COLUMNS, LOG_COLUMNS, read_table, score
from engine.errors import InputError
from engine.files import write_text
from engine.tables import write_parquet
from experiments.config import MeasuresConfig

__all__ = ["main"]


def main(config: MeasuresConfig) -> int:
    """Score the log, print it as a table or JSON, and write it where `out` says. Returns 0."""
    assert config.log is not None  # the configurations refuse to be without them
    assert config.detectors is not None
    log = read_table(config.log, LOG_COLUMNS, "a controller's log")
    detectors = read_table(config.detectors, DETECTOR_COLUMNS, "a list of detectors")
    rows = score(log, detectors, config.bin_min)
    if not rows:
        raise InputError(
            f"'{config.log}' has no event of the phases and detectors that '{config.detectors}' names. "
            "Check DeviceId, Phase and Parameter, and that Function says Advance or Presence."
        )
    if config.out is not None:
        _write(rows, config.out)
    if config.json:
        print(json.dumps(rows, indent=1, default=str))
    else:
        _show(rows)
    return 0


def _write(rows: list[dict[str, Any]], path: Path) -> None:
    import polars  # noqa: PLC0415  takes its time to import

    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        write_parquet(rows, path)
    else:
        write_text(path, polars.DataFrame(rows, infer_schema_length=None).write_csv())


def _show(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console  # noqa: PLC0415  takes its time to import
    from rich.table import Table  # noqa: PLC0415

    table = Table(title="Signal performance measures", box=None)
    heads = ("device", "phase", "time", "arrivals", "on green", "cycles", "green s", "occupied", "in red", "failures")
    for i, head in enumerate(heads):
        table.add_column(head, justify="left" if i == 2 else "right")
    for row in rows:
        table.add_row(
            str(row["device"]),
            str(row["phase"]),
            f"{row['time']:%Y-%m-%d %H:%M}",
            _text(row["arrivals_veh"]),
            _text(row["arrivals_on_green"], ".0%"),
            _text(row["cycles"]),
            _text(row["green_s"], ".1f"),
            _text(row["green_occupancy"], ".0%"),
            _text(row["red_occupancy"], ".0%"),
            _text(row["split_failures"]),
        )
    # A row is one line, also in a file or a narrow window.
    Console(width=max(Console().width, 110)).print(table)


def _text(value: float | None, form: str = "d") -> str:
    return "" if value is None else format(value, form)
