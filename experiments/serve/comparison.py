"""Sets ticked studies side by side: the plan that each hands out, and differences where seeds are shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.statistics import Interval, interval, paired_interval
from experiments.report._language import gettext
from experiments.report.comparison import MEASURES
from experiments.serve.catalogue import Entry
from experiments.serve.files import UnreadableError, shown
from experiments.serve.tables import rows_of

__all__ = ["Cell", "Column", "Compared", "Row", "compared"]

Runs = dict[int, dict[str, float]]


@dataclass(frozen=True)
class Column:
    """A study of the table; `trouble` says why it has no numbers, or that its traffic is not the first one's."""

    entry: Entry
    plan_id: str
    seeds: tuple[int, ...]
    trouble: str


@dataclass(frozen=True)
class Cell:
    """A measure of a study over its reporting seeds, and its paired difference from the first study's."""

    of: Interval | None
    difference: Interval | None


@dataclass(frozen=True)
class Row:
    """A measure; a cell for each study."""

    key: str
    label: str
    unit: str
    digits: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Compared:
    """A table of studies."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def compared(entries: Sequence[Entry], most_bytes: int) -> Compared:
    """Return studies side by side; whatever cannot be read of one is said in its column."""
    columns, runs = [], []
    for entry in entries:
        trouble = entry.trouble
        of: Runs = {}
        if entry.summary is None:
            trouble = trouble or gettext("it has not ended")
        else:
            try:
                of = _runs(entry, most_bytes)
            except FileNotFoundError:
                trouble = gettext("results.parquet is missing")
            except UnreadableError as error:
                trouble = shown(str(error))
        same = entry.summary and entries[0].summary and _traffic(entry) == _traffic(entries[0])
        if not trouble and not same:
            trouble = gettext("other traffic than the first one's: no paired difference")
        columns.append(Column(entry, shown(entry.summary.plan) if entry.summary else "", tuple(sorted(of)), trouble))
        runs.append((of, bool(same)))
    first = runs[0][0]
    rows = []
    for key, label, unit, digits in MEASURES:
        cells = tuple(
            Cell(_of(of, key), _difference(of, first, key) if i and same else None) for i, (of, same) in enumerate(runs)
        )
        if any(cell.of for cell in cells):
            rows.append(Row(key, label, unit, digits, cells))
    return Compared(tuple(columns), tuple(rows))


def _traffic(entry: Entry) -> tuple[Any, ...]:
    """Return what two studies must share for the same seed to be the same traffic."""
    assert entry.summary is not None, "asked of studies with a summary only"
    return (entry.summary.scenario, entry.summary.window)


def _of(runs: Runs, key: str) -> Interval | None:
    values = [run[key] for run in runs.values() if key in run]
    return interval(values) if values else None


def _difference(ours: Runs, theirs: Runs, key: str) -> Interval | None:
    """Return the paired difference over the seeds that both have; `None` where there are none."""
    both = [seed for seed in sorted(ours) if key in ours[seed] and key in theirs.get(seed, {})]
    return paired_interval([ours[s][key] for s in both], [theirs[s][key] for s in both]) if both else None


def _runs(entry: Entry, most_bytes: int) -> Runs:
    """Return the measures of the plan that a study hands out by reporting seed."""
    summary = entry.summary
    assert summary is not None, "asked of studies with a summary only"
    names = [key for key, *_ in MEASURES]
    rows = rows_of(entry.folder / "results.parquet", names, [summary.plan], summary.reporting, most_bytes)
    return {row["seed"]: {name: row[name] for name in names if name in row} for row in rows}
