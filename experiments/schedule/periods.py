"""The periods of a day: as the user's table has them, or as the demand has them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.errors import InputError, nearest
from engine.hcm.volumes import Volumes
from engine.network import Approach, Network, Signal
from engine.periods import Division, divide
from experiments._clock import clock, clock_s
from experiments.config import ScheduleConfig

__all__ = ["WEBSTER", "Flows", "Period", "approach_flows", "periods", "volumes_of"]

WEBSTER = "webster"
"""What stands in a table of plans for a plan that is computed from the period's flows."""
COLUMNS = ("begins", "plan")


@dataclass(frozen=True)
class Flows:
    """Vehicles on every approach that has any, by bin: `counts` has the shape (n_bins, n_approaches)."""

    approaches: tuple[tuple[Signal, Approach], ...]
    counts: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Period:
    """One period.

    Attributes:
        begins_s, ends_s: simulation time, seconds.
        pattern: periods of one pattern share their flows, and a plan that is computed from them.
        plan: what runs in it: `WEBSTER`, baseline, a plan file or a study's folder.
        bins: the bins of the flows that lie in it.
    """

    begins_s: float
    ends_s: float
    pattern: int
    plan: str
    bins: tuple[int, ...]


@dataclass(frozen=True)
class _Row:
    begins_s: float | None
    plan: str


def approach_flows(network: Network, volumes: Volumes) -> Flows:
    """Return the vehicles on each approach by bin.

    Raises:
        InputError: nobody drives over a signal.
    """
    found = []
    for signal, approach in network.approaches:
        of = [counts.sum(axis=1) for (edge, _), counts in volumes.vehicles.items() if edge == approach.edge]
        if of and float(np.sum(of)) > 0.0:
            found.append(((signal, approach), np.sum(of, axis=0)))
    if not found:
        raise InputError("the demand has no vehicle at any signal in the window, so there are no flows to plan for.")
    return Flows(tuple(where for where, _ in found), np.column_stack([counts for _, counts in found]))


def periods(config: ScheduleConfig, volumes: Volumes, flows: Flows) -> tuple[list[Period], Division | None]:
    """Return the periods and how the demand was cut, or `None` where the user's table says when they begin.

    Raises:
        InputError: the table cannot be read or does not fit the demand.
    """
    rows = [] if config.periods is None else _table(config.periods)
    if rows and rows[0].begins_s is not None:
        return _given(config, rows, volumes), None
    division = divide(
        flows.counts,
        max(1, round(config.shortest_min / config.bin_min)),
        config.most,
        config.gain,
    )
    n = len(division.starts)
    if rows and len(rows) != n:
        raise InputError(
            f"periods='{config.periods}' has {len(rows)} rows, and the demand has {n} periods. Say when each plan begins: "
            f"add the column begins; the periods begin at {', '.join(clock(volumes.periods[s][0]) for s in division.starts)}."
        )
    ends = [*division.starts[1:], len(volumes.periods)]
    found = [
        Period(
            volumes.periods[start][0],
            volumes.periods[end - 1][1],
            pattern,
            rows[i].plan if rows else WEBSTER,
            tuple(range(start, end)),
        )
        for i, (start, end, pattern) in enumerate(zip(division.starts, ends, division.patterns, strict=True))
    ]
    return found, division


def volumes_of(volumes: Volumes, bins: Sequence[int]) -> Volumes:
    """Return the mean traffic of some bins as that of one period, as long as a bin."""
    chosen = list(bins)
    mean = {movement: counts[chosen].mean(axis=0, keepdims=True) for movement, counts in volumes.vehicles.items()}
    walks = {crossing: counts[chosen].mean(keepdims=True) for crossing, counts in volumes.walks.items()}
    return Volumes((volumes.periods[chosen[0]],), mean, walks)


def _given(config: ScheduleConfig, rows: Sequence[_Row], volumes: Volumes) -> list[Period]:
    """Return the periods of the user's table; the first one reaches back to the window's begin."""
    first_s, last_s = volumes.periods[0][0], volumes.periods[-1][1]
    begins = [row.begins_s or 0.0 for row in rows]
    for i, begins_s in enumerate(begins):
        if i and not first_s < begins_s < last_s:
            raise InputError(
                f"periods='{config.periods}': no period can begin at {clock(begins_s)}: the window is from {clock(first_s)} to "
                f"{clock(last_s)}. Change the table, or scenario.begin_s and scenario.end_s."
            )
    begins[0] = first_s
    ends = [*begins[1:], last_s]
    middles = [(start + end) / 2.0 for start, end in volumes.periods]
    found = []
    for i, (begins_s, ends_s) in enumerate(zip(begins, ends, strict=True)):
        bins = tuple(k for k, middle in enumerate(middles) if begins_s <= middle < ends_s)
        if not bins:
            raise InputError(
                f"periods='{config.periods}': the period from {clock(begins_s)} to {clock(ends_s)} is shorter than "
                f"bin_min={config.bin_min:g}. Lower bin_min."
            )
        found.append(Period(begins_s, ends_s, i, rows[i].plan, bins))
    return found


def _table(path: Path) -> list[_Row]:
    """Return the rows of a table of plans, in order of time.

    Raises:
        InputError: it cannot be read, a time is none, or times do not rise.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restval="", strict=True)
            lines = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"periods='{path}' cannot be read as CSV: {error}. Save it as CSV in UTF-8.") from error
    names = reader.fieldnames or ()
    for column in names:
        if column not in COLUMNS:
            raise InputError(f"periods='{path}', line 1: column {column} is not known.{nearest(column, COLUMNS)}")
    if "plan" not in names or not lines:
        raise InputError(f"periods='{path}' needs the column plan, and a row for each period: begins,plan.")
    rows: list[_Row] = []
    for line, row in lines:
        where = f"periods='{path}', line {line}"
        if not row["plan"] or None in row:
            raise InputError(f"{where}: name one plan: a file, a study's folder, baseline or {WEBSTER}.")
        begins_s = _begins_s(row["begins"], where) if "begins" in names else None
        before_s = rows[-1].begins_s if rows else None
        if begins_s is not None and before_s is not None and begins_s <= before_s:
            raise InputError(f"{where}: {clock(begins_s)} is not after {clock(before_s)}. Sort the rows by time.")
        rows.append(_Row(begins_s, row["plan"]))
    return rows


def _begins_s(text: str, where: str) -> float:
    try:
        found = clock_s(text)
    except ValueError as error:
        raise InputError(f"{where}: begins is '{text}'. Give a time such as 07:30, or seconds.") from error
    if found != int(found) or found < 0.0:
        raise InputError(f"{where}: begins is {found:g} s. Schedules switch at whole seconds.")
    return found
