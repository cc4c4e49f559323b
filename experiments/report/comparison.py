"""The page's tables: measures, approaches and lane groups of the plan in the net and of its rival."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from engine.result import EXTRA_MEASURES, GroupResult, RunResult
from engine.statistics import Interval, paired_interval
from experiments.report._language import N_, gettext, translated
from experiments.report.study import ShownPlan, StudyData

__all__ = [
    "MEASURES",
    "Approach",
    "Group",
    "Measure",
    "SignalExtras",
    "approaches",
    "direction",
    "extras",
    "groups",
    "measures",
]

MEASURES = (
    ("delay_s", N_("delay"), N_("s per vehicle"), 1),
    ("control_delay_s", N_("control delay at the signals"), N_("s per vehicle"), 1),
    ("stops_per_veh", N_("stops"), N_("per vehicle"), 2),
    ("travel_time_s", N_("travel time of arrived vehicles"), N_("s"), 1),
    ("throughput_veh", N_("arrived vehicles"), "", 0),
    ("queue_max_m", N_("longest back of queue"), N_("m"), 0),
    ("co2_g", "CO2", N_("g"), 0),
    ("fuel_ml", N_("fuel"), N_("ml"), 0),
    ("conflicts_ttc", N_("conflicts, time to collision < 3 s"), "", 0),
    ("conflicts_drac", N_("conflicts, needed deceleration > 3 m/s²"), "", 0),
    ("conflicts_pet", N_("conflicts, post-encroachment time < 2 s"), "", 0),
)
"""What the page's table shows, as far as the study measured it; the last five with `measures=all`."""
DIRECTIONS = {
    "N": N_("north"), "NE": N_("north-east"), "E": N_("east"), "SE": N_("south-east"),
    "S": N_("south"), "SW": N_("south-west"), "W": N_("west"), "NW": N_("north-west"),
}  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """One network measure: the key of its values in a plan's summary, and the paired difference of the plans.

    Label and unit are in the language that is spoken.
    """

    key: str
    label: str
    unit: str
    digits: int
    difference: Interval | None


@dataclass(frozen=True)
class Group:
    """One lane group, a value for each plan: means over the reporting seeds; `None` where no vehicle came."""

    signal: str
    approach: str
    name: str
    flow_veh_h: float
    delay_s: tuple[float | None, ...]
    los: tuple[str, ...]
    queue_p95_m: tuple[float, ...]
    stops: tuple[float | None, ...]
    truncated: tuple[bool, ...]

    @property
    def change_s(self) -> float:
        """By how much the plans differ for all its vehicles together, vehicle-seconds per hour, without a sign."""
        first, last = self.delay_s[0], self.delay_s[-1]
        return 0.0 if first is None or last is None else abs(last - first) * self.flow_veh_h


@dataclass(frozen=True)
class Approach:
    """One approach, a value for each plan; `difference` is paired by seed, rival - plan in the net.

    Means over the seeds of the approach's control delay per vehicle and of the 95th percentile of its back of queue.
    """

    signal: str
    name: str
    vehicles: float
    delay_s: tuple[float, ...]
    los: tuple[str, ...]
    queue_p95_m: tuple[float, ...]
    difference: Interval | None


@dataclass(frozen=True)
class SignalExtras:
    """What `measures=all` adds for one signal: for each of `EXTRA_MEASURES` a mean over the seeds for each plan."""

    signal: str
    values: tuple[tuple[float, ...], ...]


def direction(name: str) -> str:
    """Return an approach's compass name as a word: ``north`` for ``N``, ``north (2)`` for a second one, ``N2``."""
    letters = name.rstrip("0123456789")
    if letters not in DIRECTIONS:
        return name
    word = translated(DIRECTIONS[letters])
    return (
        word if name == letters else gettext("%(direction)s (%(number)s)", direction=word, number=name[len(letters) :])
    )


def measures(study: StudyData) -> list[Measure]:
    """Return the network measures that the plan in the net has, those of `measures=all` included."""
    rows = []
    for key, label, unit, digits in MEASURES:
        if study.plans[0].summary.get(key) is not None:
            of: Callable[[RunResult], float] = lambda run, key=key: run.network[key]  # type: ignore[misc]  # noqa: E731
            rows.append(Measure(key, translated(label), translated(unit), digits, _paired(study.plans, of)))
    return rows


def _paired(plans: Sequence[ShownPlan], of: Callable[[RunResult], float]) -> Interval | None:
    shared = _shared_seeds(plans)
    if len(plans) < 2 or not shared:
        return None
    return paired_interval([of(plans[1].runs[s]) for s in shared], [of(plans[0].runs[s]) for s in shared])


def _shared_seeds(plans: Sequence[ShownPlan]) -> list[int]:
    return [seed for seed in plans[0].runs if all(seed in plan.runs for plan in plans)]


def approaches(study: StudyData) -> list[Approach]:
    """Return every approach with traffic, over the seeds in which every plan has a result and a vehicle came."""
    shared = _shared_seeds(study.plans)
    tables = [
        {seed: {(row.signal, row.approach): row for row in plan.runs[seed].approaches} for seed in shared}
        for plan in study.plans
    ]
    rows = []
    for key in tables[0][shared[0]] if shared else ():
        seeds = [seed for seed in shared if all(key in of[seed] and of[seed][key].vehicles for of in tables)]
        if not seeds:
            continue
        delays = [[of[seed][key].control_delay_s or 0.0 for seed in seeds] for of in tables]
        means = [sum(values) / len(values) for values in delays]
        rows.append(
            Approach(
                *key,
                sum(tables[0][seed][key].vehicles for seed in seeds) / len(seeds),
                tuple(means),
                tuple(_los(mean) for mean in means),
                tuple(sum(of[seed][key].queue_m[3] for seed in seeds) / len(seeds) for of in tables),
                paired_interval(delays[1], delays[0]) if len(delays) > 1 else None,
            )
        )
    return rows


def extras(study: StudyData) -> list[SignalExtras]:
    """Return emissions and conflicts of every signal, over the seeds in which every plan has a result."""
    seeds = _shared_seeds(study.plans)
    rows = []
    for i, first in enumerate(study.plans[0].runs[seeds[0]].signals if seeds else ()):
        of_plans = [[plan.runs[seed].signals[i] for seed in seeds] for plan in study.plans]
        values = tuple(tuple(fmean(getattr(row, name) for row in of) for of in of_plans) for name in EXTRA_MEASURES)
        rows.append(SignalExtras(first.signal, values))
    return rows


def groups(study: StudyData) -> list[Group]:
    """Return every lane group that had traffic under one of the plans."""
    tables: list[dict[tuple[str, str, str], list[GroupResult]]] = [{} for _ in study.plans]
    for table, plan in zip(tables, study.plans, strict=True):
        for result in plan.runs.values():
            for group in result.groups:
                table.setdefault((group.signal, group.approach, group.group), []).append(group)
    rows = []
    for key in dict.fromkeys(key for table in tables for key in table):
        of_plans = [table.get(key, []) for table in tables]
        if not any(group.vehicles for of in of_plans for group in of):
            continue
        delays = tuple(_mean(g.control_delay_s for g in of) for of in of_plans)
        rows.append(
            Group(
                *key,
                _mean(g.flow_veh_h for g in of_plans[0] or of_plans[-1]) or 0.0,
                delays,
                tuple(_los(delay) for delay in delays),
                tuple(_mean(g.queue_m[3] for g in of) or 0.0 for of in of_plans),
                tuple(_mean(g.stops_per_veh for g in of) for of in of_plans),
                tuple(any(g.queue_truncated for g in of) for of in of_plans),
            )
        )
    return rows


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _los(delay_s: float | None) -> str:
    from kernels.formulas import level_of_service  # noqa: PLC0415  the kernels load with it

    return "" if delay_s is None else level_of_service(delay_s)
