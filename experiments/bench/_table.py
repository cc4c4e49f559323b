"""The figures as tables in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.bench.figures import FIGURES
from experiments.bench.rows import Row

__all__ = ["show"]

WORDS = {True: "met", False: "MISSED", None: ""}


def show(found: Mapping[str, Sequence[Row]]) -> None:
    """Print one table for each family, then how each figure was measured and its peer's command."""
    from rich.console import Console  # noqa: PLC0415  not needed for --help
    from rich.table import Table  # noqa: PLC0415

    # A row is one line, also in a file or a narrow window.
    console = Console(highlight=False, width=max(Console().width, 140))
    for name, rows in found.items():
        table = Table(title=f"{FIGURES[name].title} (what={name})", title_justify="left", box=None)
        for column in ("figure", "ours", "peer", "unit", "ratio", "target", ""):
            table.add_column(column, justify="right" if column in ("ours", "peer", "ratio") else "left")
        for row in rows:
            target = "" if row.target is None else str(row.target)
            table.add_row(row.name, _number(row.ours), _number(row.peer), row.unit, _ratio(row), target, WORDS[row.met])
        console.print(table)
        _notes(rows)
        print()


def _notes(rows: Sequence[Row]) -> None:
    """Print what several rows share once: how they were measured, then the commands."""
    for how in dict.fromkeys(row.how for row in rows):
        if how:
            print(f"  {how}.")
    for command in dict.fromkeys(row.command for row in rows):
        if command:
            print(f"  peer: {command}")


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    if value == int(value) or value >= 1000.0:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 100.0 else f"{value:.3g}"


def _ratio(row: Row) -> str:
    if row.ratio is None:
        return ""
    return f"{row.ratio:.3f}" if row.ratio < 10 else f"{row.ratio:.1f}"
