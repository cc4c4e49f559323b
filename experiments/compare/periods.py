"""The two sides of a look-back: simulated days or seeds, tables of `greensplit measures`, or counts."""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.errors import InputError
from experiments.compare.reading import is_study, rivals_of
from experiments.compare.rivals import Rival
from experiments.compare.values import NETWORK, Unit, Values

__all__ = ["Period", "Source", "aligned", "read_period"]

Source = Literal["simulation", "log", "counts"]
LOG = (
    "device",
    "phase",
    "time",
    "arrivals_veh",
    "on_green_veh",
    "cycles",
    "split_failures",
    "green_occupancy",
    "red_occupancy",
)
"""Columns of what `greensplit measures out=` writes, as far as they are looked at."""
COUNTS = ("time", "vehicles")
"""Columns that make a table one of counts; every other column tells places apart."""
ENDINGS = (".csv", ".parquet")


@dataclass(frozen=True)
class Period:
    """What was measured before or after.

    Attributes:
        path: where it lies.
        source: simulations, a controller's log, or counts.
        days: what each replicate is called: a seed, or a date; values carry its place in this list.
        values: what was measured, by unit, measure and day.
        rows: for logs and counts the single rows, from which `aligned` takes the times of day that all days have.
        rivals: the studies that simulations are from.
    """

    path: Path
    source: Source
    days: tuple[str, ...]
    values: Values
    rows: tuple[Mapping[str, Any], ...] = ()
    rivals: tuple[Rival, ...] = field(default=())


def read_period(path: Path, key: str) -> Period:
    """Return what lies in a folder or file: a study, a folder of studies or runs, or tables.

    Of a study it is the plan in the net: a look-back asks what the street did. Runs of one plan in several folders are
    so many days; the same run twice is one.

    Args:
        path: where it lies.
        key: ``before`` or ``after``, for messages.

    Raises:
        InputError: there is nothing that can be read, or things of several kinds.
    """
    if not path.exists():
        raise InputError(f"{key}: there is no '{path}'. Check the path.")
    if path.is_dir():
        folders = [path] if is_study(path) else sorted(folder for folder in path.iterdir() if is_study(folder))
        if folders:
            return _simulated(path, key, [rivals_of(folder)[0] for folder in folders])
    files = [path] if path.is_file() else sorted(of for of in path.rglob("*") if of.suffix in ENDINGS)
    if not files:
        raise InputError(
            f"{key}='{path}' holds neither a study nor tables. Give the folder of a study, of runs, of what 'greensplit "
            "measures' wrote, or of counts."
        )
    rows = [row for file in files for row in _table(file)]
    sources = {row["source"] for row in rows}
    if len(sources) != 1:
        what = " and ".join(sorted(sources)) or "no rows"
        raise InputError(f"{key}='{path}' holds {what}. Give tables of one kind, from one folder.")
    days = sorted({row["day"] for row in rows})
    source: Source = "log" if "log" in sources else "counts"
    return Period(path, source, tuple(days), _by_day(rows, days), tuple(rows))


def _simulated(path: Path, key: str, rivals: Sequence[Rival]) -> Period:
    scenarios = sorted({rival.scenario for rival in rivals})
    if len(scenarios) > 1:
        raise InputError(f"{key}='{path}' holds studies of {', '.join(scenarios)}. A look-back is of one scenario.")
    days: list[str] = []
    values: dict[tuple[Unit, str], dict[int, float]] = defaultdict(dict)
    seen = set()
    for rival in rivals:
        for seed in rival.seeds:
            run = (seed, rival.plan_id, *sorted(rival.inputs.items()))
            if run in seen:
                continue
            seen.add(run)
            for what, of in rival.values.items():
                if seed in of:
                    values[what][len(days)] = of[seed]
            days.append(f"seed {seed}" if len(rivals) == 1 else f"{Path(rival.source).name}, seed {seed}")
    return Period(path, "simulation", tuple(days), dict(values), rivals=tuple(rivals))


def _table(file: Path) -> list[dict[str, Any]]:
    """Return a table's rows with `source`, `day`, `clock` and `place` beside its measures."""
    import polars  # noqa: PLC0415  takes its time to import

    try:
        table = polars.read_parquet(file) if file.suffix == ".parquet" else polars.read_csv(file, try_parse_dates=True)
    except (OSError, polars.exceptions.PolarsError) as error:
        raise InputError(f"'{file}' cannot be read: {str(error).splitlines()[0]}. Give CSV or Parquet.") from error
    is_log = all(name in table.columns for name in LOG)
    if not is_log and not all(name in table.columns for name in COUNTS):
        raise InputError(
            f"'{file}' is neither a table of 'greensplit measures' nor one of counts, which has the columns "
            f"{', '.join(COUNTS)} and others for the place. Name the columns so."
        )
    if table["time"].dtype != polars.Datetime:
        raise InputError(
            f"'{file}': column time holds {table['time'].dtype}, not dates with times of day. Write them so."
        )
    names = [name for name in table.columns if name not in COUNTS]
    rows = []
    for row in table.iter_rows(named=True):
        time: datetime.datetime | None = row["time"]
        if time is None:
            raise InputError(f"'{file}': a row has no time. Remove it.")
        place = (str(row["device"]), str(row["phase"])) if is_log else (" ".join(str(row[name]) for name in names), "")
        rows.append(
            {
                **row, "source": "log" if is_log else "counts", "day": f"{time:%Y-%m-%d}",
                "clock": f"{time:%H:%M:%S}", "place": place,
            }
        )  # fmt: skip
    return rows


def aligned(before: Period, after: Period) -> tuple[Period, Period, list[str]]:
    """Return both sides over the times of day that every day has at a place, and the times that were left out.

    A day that was observed for longer would otherwise differ for that alone.

    Raises:
        InputError: they are of different kinds, or have no time of day in common.
    """
    if before.source != after.source:
        raise InputError(
            f"before is of a {before.source}, after of a {after.source}. Give the same kind of data on both sides."
        )
    if not before.rows:
        return before, after, []
    rows = [*before.rows, *after.rows]
    n_days = len(before.days) + len(after.days)
    seen: dict[tuple[Any, str], set[str]] = defaultdict(set)
    for row in rows:
        seen[row["place"], row["clock"]].add(row["day"])
    kept = {key for key, days in seen.items() if len(days) == n_days}
    if not kept:
        raise InputError(
            "no time of day was observed on every day of both periods. Give days that were observed alike."
        )

    def part(period: Period) -> Period:
        of = [row for row in period.rows if (row["place"], row["clock"]) in kept]
        return Period(period.path, period.source, period.days, _by_day(of, period.days), tuple(of))

    left_out = sorted({clock for place, clock in seen if (place, clock) not in kept})
    return part(before), part(after), left_out


def _by_day(rows: Iterable[Mapping[str, Any]], days: Sequence[str]) -> Values:
    """Return sums over each day: of everything, of each device or place, and of each phase."""
    index = {day: i for i, day in enumerate(days)}
    sums: dict[tuple[Unit, int], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in rows:
        device, phase = row["place"]
        units = [NETWORK, Unit("junction", device)] + ([Unit("lane group", device, "", phase)] if phase else [])
        for unit in units:
            of = sums[unit, index[row["day"]]]
            if row["source"] == "counts":
                of["vehicles"] += row["vehicles"] or 0
                continue
            cycles = row["cycles"] or 0
            for name in ("arrivals_veh", "on_green_veh", "split_failures"):
                of[name] += row[name] or 0
            of["cycles"] += cycles
            for name in ("green_occupancy", "red_occupancy"):
                of[name] += cycles * (row[name] or 0.0)
    values: dict[tuple[Unit, str], dict[int, float]] = defaultdict(dict)
    for (unit, day), of in sums.items():
        measures = {"vehicles": of["vehicles"] or of["arrivals_veh"]}
        measures["arrivals_on_green"] = _per(of["on_green_veh"], of["arrivals_veh"])
        for name in ("split_failures", "green_occupancy", "red_occupancy"):
            named = "split_failure_share" if name == "split_failures" else name
            measures[named] = _per(of[name], of["cycles"])
        for name, value in measures.items():
            if math.isfinite(value):
                values[unit, name][day] = value
    return dict(values)


def _per(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
