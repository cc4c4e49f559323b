"""When to change to an emergency plan and back, told from what is measured at the approaches: rules fitted to training runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.result import RunResult

__all__ = ["USUAL", "Alarm", "AllClear", "Call", "Course", "course", "fit_alarm", "fit_all_clear"]

Values = npt.NDArray[np.float64]

USUAL = ""
"""The name under which the usual day stands beside the troubles."""
LEAST = {"veh": 1.0, "m": 7.5}
"""The least spread of an indicator by its unit: one vehicle, or the room that it stands in. Training days may agree by luck."""


@dataclass(frozen=True)
class Course:
    """What one run measured: `values` of shape (n_windows, n_indicators), windows ending at `ends_s`, seconds."""

    names: tuple[str, ...]
    ends_s: tuple[float, ...]
    values: Values


@dataclass(frozen=True)
class Call:
    """A rule's decision: at what simulation time, seconds, and which trouble it takes for the cause."""

    time_s: float
    trouble: str


def course(result: RunResult) -> Course:
    """Return what detectors see of a run in each interval of its time series.

    For each approach: vehicles that crossed the stop line, that are before it, and the longest back of queue, metres.
    """
    places = [(group.signal, group.approach) for group in result.groups]
    ends = sorted({row.end_s for row in result.series})
    sums: dict[str, dict[float, float]] = {}
    for row in result.series:
        if row.group < 0:
            continue
        where = ":".join(places[row.group])
        for name, value in (("crossed_veh", row.throughput_veh), ("present_veh", row.vehicles)):
            of = sums.setdefault(f"{where}:{name}", {})
            of[row.end_s] = of.get(row.end_s, 0.0) + value
        of = sums.setdefault(f"{where}:queue_m", {})
        of[row.end_s] = max(of.get(row.end_s, 0.0), row.queue_m)
    names = sorted(sums)
    values = np.array([[sums[name][end_s] for name in names] for end_s in ends], np.float64)
    return Course(tuple(names), tuple(ends), values)


@dataclass(frozen=True)
class Alarm:
    """The rule that leaves the day's plan.

    An indicator is out of the ordinary by (value - usual) / spread. There is an alarm where one of them is by more than
    `limit`, on the same side, `in_a_row` windows in a row; it names the trouble, or the usual day, whose course the last
    windows are nearest to.

    Attributes:
        names, ends_s: indicators, and ends of the windows.
        usual, spread: mean of the usual days by window and indicator, and standard deviation by indicator.
        limit, in_a_row: see above.
        troubles: the mean course of each, shaped as `usual`.
    """

    names: tuple[str, ...]
    ends_s: tuple[float, ...]
    usual: Values
    spread: Values
    limit: float
    in_a_row: int
    troubles: Mapping[str, Values]

    def first(self, measured: Course) -> Call | None:
        """Return the first call of a trouble in a run of the day's plan, or `None`."""
        away = (measured.values - self.usual) / self.spread
        known = {USUAL: self.usual, **self.troubles}
        for i, level in enumerate(_levels(away, self.in_a_row)):
            windows = slice(i, i + self.in_a_row)
            if level > self.limit:
                far = {name: _far(measured.values, of, self.spread, windows) for name, of in known.items()}
                trouble = min(far, key=lambda name: far[name])
                if trouble != USUAL:
                    return Call(self.ends_s[i + self.in_a_row - 1], trouble)
        return None

    def to_json(self) -> dict[str, Any]:
        """Return the rule as plain data: for each indicator what is usual, and the thresholds, by window."""
        margin = self.limit * self.spread
        rows = {
            name: {
                "spread": round(float(self.spread[i]), 3),
                "usual": np.round(self.usual[:, i], 2).tolist(),
                "above": np.round(self.usual[:, i] + margin[i], 2).tolist(),
                "below": np.round(self.usual[:, i] - margin[i], 2).tolist(),
                "troubles": {trouble: np.round(of[:, i], 2).tolist() for trouble, of in self.troubles.items()},
            }
            for i, name in enumerate(self.names)
        }
        limit = round(self.limit, 4)
        return {"limit": limit, "in_a_row": self.in_a_row, "window_ends_s": list(self.ends_s), "indicators": rows}


@dataclass(frozen=True)
class AllClear:
    """The rule that returns to the day's plan, from runs of the emergency plan.

    There is an all-clear where the measured course is nearer to the usual day's than to the trouble's, by more than
    `limit` (in squared spreads per indicator), `in_a_row` windows in a row.
    """

    usual: Values
    trouble: Values
    spread: Values
    limit: float
    in_a_row: int
    ends_s: tuple[float, ...]

    def first(self, measured: Course) -> float | None:
        """Return when a run of the emergency plan is first taken for a usual day, seconds, or `None`."""
        held = _held(_nearer(measured.values, self.usual, self.trouble, self.spread), self.in_a_row)
        found = np.flatnonzero(held > self.limit)
        return self.ends_s[int(found[0]) + self.in_a_row - 1] if found.size else None

    def to_json(self, names: Sequence[str]) -> dict[str, Any]:
        """Return the rule as plain data."""
        rows = {
            name: {
                "spread": round(float(self.spread[i]), 3),
                "usual": np.round(self.usual[:, i], 2).tolist(),
                "trouble": np.round(self.trouble[:, i], 2).tolist(),
            }
            for i, name in enumerate(names)
        }
        return {"limit": round(self.limit, 4), "in_a_row": self.in_a_row, "indicators": rows}


def fit_alarm(usual: Sequence[Course], troubles: Mapping[str, Sequence[Course]], in_a_row: int) -> Alarm:
    """Return the rule whose limit no usual day exceeds when it is left out of the fit.

    A further day exceeds the highest of n such levels with a chance of about 1/(n+1): 5 % with 20 days.

    Args:
        usual: courses of usual days under the day's plan, at least three.
        troubles: courses of each trouble under it.
        in_a_row: windows.
    """
    days = np.array([day.values for day in usual])
    names, ends_s = usual[0].names, usual[0].ends_s
    levels = []
    for i, day in enumerate(days):
        others = np.delete(days, i, axis=0)
        levels.append(_levels((day - others.mean(axis=0)) / _spread(others, names), in_a_row).max())
    means = {name: np.mean([of.values for of in runs], axis=0) for name, runs in troubles.items()}
    return Alarm(names, ends_s, days.mean(axis=0), _spread(days, names), float(max(levels)), in_a_row, means)


def fit_all_clear(usual: Sequence[Course], trouble: Sequence[Course], in_a_row: int) -> AllClear:
    """Return the rule whose limit, never below 0, no run in the trouble exceeds when it is left out of the fit.

    Args:
        usual, trouble: courses of usual days, and of the trouble, under the emergency plan.
        in_a_row: windows.
    """
    days, bad = (np.array([of.values for of in runs]) for runs in (usual, trouble))
    spread, mean = _spread(days, usual[0].names), days.mean(axis=0)
    levels = [
        _held(_nearer(run, mean, np.delete(bad, i, axis=0).mean(axis=0), spread), in_a_row).max()
        for i, run in enumerate(bad)
    ]
    return AllClear(mean, bad.mean(axis=0), spread, max(0.0, float(max(levels))), in_a_row, usual[0].ends_s)


def _spread(days: Values, names: Sequence[str]) -> Values:
    """Return the standard deviation of each indicator between days of shape (n_days, n_windows, n_indicators)."""
    least = np.array([LEAST[name.rpartition("_")[2]] for name in names])
    return np.asarray(np.maximum(np.sqrt(days.var(axis=0, ddof=1).mean(axis=0)), least))


def _levels(away: Values, in_a_row: int) -> Values:
    """Return how far out the farthest indicator is throughout the windows from each one on."""
    runs = np.lib.stride_tricks.sliding_window_view(away, in_a_row, axis=0)
    return np.asarray(np.maximum(runs.min(axis=-1), -runs.max(axis=-1)).max(axis=1))


def _held(values: Values, in_a_row: int) -> Values:
    return np.asarray(np.lib.stride_tricks.sliding_window_view(values, in_a_row).min(axis=-1))


def _nearer(values: Values, usual: Values, trouble: Values, spread: Values) -> Values:
    """Return by how much each window is nearer to the usual course, squared spreads per indicator."""
    away = [(((values - of) / spread) ** 2).mean(axis=1) for of in (trouble, usual)]
    return np.asarray(away[0] - away[1])


def _far(values: Values, of: Values, spread: Values, windows: slice) -> float:
    return float((((values[windows] - of[windows]) / spread).mean(axis=0) ** 2).sum())
