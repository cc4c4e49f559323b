"""Differences of every rival from its reference, by place, class and time of day, with what is sure about them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from engine.multiple import Judged, judge_overall, judge_paired
from engine.result import EXTRA_MEASURES
from experiments.compare.places import Place
from experiments.compare.rivals import Rival
from experiments.compare.values import NETWORK, Unit

__all__ = [
    "JUDGED",
    "MORE_IS_BETTER",
    "Difference",
    "Overall",
    "Verdict",
    "differences",
    "judged_columns",
    "overall",
    "verdict",
]

Verdict = Literal["better", "worse", "level", "jams", "missing", "unpaired"]
"""Less delay for sure; more for sure; neither; less, but more gridlock; less, but runs failed; no seed in common."""

MEASURE = "delay_s"
"""What the verdict is about."""
JUDGED = {
    "network": (
        "delay_s", "control_delay_s", "stops_per_veh", "travel_time_s", "travel_time_p95_ratio", "throughput_veh",
        "queue_max_m", "spillback_s", "split_failures", "arrivals_on_green", "pedestrian_delay_s", *EXTRA_MEASURES,
    ),
    "junction": ("control_delay_s", "stops_per_veh", "queue_p95_m"),
    "approach": ("control_delay_s", "stops_per_veh", "queue_p95_m"),
    "lane group": ("control_delay_s", "stops_per_veh", "queue_p95_m"),
    "class": ("delay_s", "stops_per_veh"),
    "time": ("control_delay_s",),
}  # fmt: skip
"""The measures of each level. All rivals and places of a level and measure are one family under Holm's correction."""
MORE_IS_BETTER = frozenset({"throughput_veh", "arrivals_on_green"})


def judged_columns(judged: Judged, relative: float | None, effect: str) -> dict[str, Any]:
    """Return what a row of comparison.parquet says of a judged difference: interval, p and effect, plain and by Holm."""
    plain, corrected = judged.plain, judged.corrected
    return {
        "low95": plain.low,
        "high95": plain.high,
        "relative": relative,
        "p": judged.p,
        "p_holm": judged.p_holm,
        "holm_level": 1.0 - judged.alpha,
        "holm_low": corrected.low,
        "holm_high": corrected.high,
        "effect": effect or None,
    }


@dataclass(frozen=True)
class Difference:
    """One measure of one place, class or time of day: a rival against the reference, over the seeds that both have.

    Attributes:
        scenario, rival, unit, measure: what is compared.
        seeds: those that both have, sorted.
        theirs, ours: the values of the reference and of the rival, in that order.
        judged: the paired difference ours - theirs.
        vehicles: of the unit, mean of the reference; `None` where they were not counted.
    """

    scenario: str
    rival: str
    unit: Unit
    measure: str
    seeds: tuple[int, ...]
    theirs: tuple[float, ...]
    ours: tuple[float, ...]
    judged: Judged
    vehicles: float | None

    @property
    def effect(self) -> Literal["gains", "loses", ""]:
        """Whether it gains or loses for sure, whichever direction of the measure is the better one."""
        direction = self.judged.direction * (-1 if self.measure in MORE_IS_BETTER else 1)
        return "gains" if direction < 0 else "loses" if direction > 0 else ""

    @property
    def relative(self) -> float | None:
        """The difference as a share of the reference; `None` where that is 0."""
        middle = statistics.median if self.judged.plain.of == "median" else statistics.fmean
        theirs = middle(self.theirs)
        return self.judged.plain.centre / theirs if theirs else None

    def to_row(self) -> dict[str, Any]:
        """Return the row of comparison.parquet."""
        plain = self.judged.plain
        return {
            "scenario": self.scenario,
            "rival": self.rival,
            **{name: value if value != "" else None for name, value in self.unit._asdict().items()},
            "measure": self.measure,
            "n_seeds": len(self.seeds),
            "vehicles": self.vehicles,
            "reference_mean": statistics.fmean(self.theirs),
            "reference_median": statistics.median(self.theirs),
            "rival_mean": statistics.fmean(self.ours),
            "rival_median": statistics.median(self.ours),
            "difference_mean": plain.mean,
            "difference_median": plain.median,
            "interval_of": plain.of,
            **judged_columns(self.judged, self.relative, self.effect),
        }


@dataclass(frozen=True)
class Overall:
    """A rival's delay over several scenarios, each weighing the same.

    Attributes:
        rival: its label.
        scenarios: those in which it has seeds in common with the reference.
        judged: the mean of logarithms, see `overall`.
    """

    rival: str
    scenarios: tuple[str, ...]
    judged: Judged

    @property
    def relative(self) -> float:
        """The difference as a share of the reference's delay: -0.1 is 10 % less."""
        return math.expm1(self.judged.plain.mean)

    @property
    def ends(self) -> tuple[float, float] | None:
        """The corrected interval of that share."""
        of = self.judged.corrected
        return None if of.low is None or of.high is None else (math.expm1(of.low), math.expm1(of.high))


def differences(place: Place) -> list[Difference]:
    """Return every difference that can be paired, by level, measure, rival and unit."""
    found = []
    for level, measures in JUDGED.items():
        for measure in measures:
            family = [*_family(place, level, measure)]
            judged = judge_paired([(pair[4], pair[3]) for pair in family])
            found += [
                Difference(place.scenario, rival.label, unit, measure, seeds, theirs, ours, of, _vehicles(place, unit))
                for (rival, unit, seeds, theirs, ours), of in zip(family, judged, strict=True)
            ]
    return found


def _family(
    place: Place, level: str, measure: str
) -> Iterator[tuple[Rival, Unit, tuple[int, ...], tuple[float, ...], tuple[float, ...]]]:
    units = [unit for unit, of in place.reference.values if unit.level == level and of == measure]
    if measure == "pedestrian_delay_s" and not any(place.reference.values.get((NETWORK, "pedestrians"), {}).values()):
        return
    for rival in place.rivals:
        for unit in sorted(units, key=lambda unit: (unit.from_s or 0.0, unit)):
            theirs, ours = place.reference.values[unit, measure], rival.values.get((unit, measure), {})
            seeds = tuple(sorted(set(theirs) & set(ours)))
            if seeds:
                yield rival, unit, seeds, tuple(theirs[seed] for seed in seeds), tuple(ours[seed] for seed in seeds)


def _vehicles(place: Place, unit: Unit) -> float | None:
    of = place.reference.values.get((unit, "vehicles"), {})
    return statistics.fmean(of.values()) if of else None


def verdict(place: Place, rival: Rival, found: Sequence[Difference]) -> Verdict:
    """Return what a comparison says of a rival's delay.

    It is better only where the corrected interval lies below zero, it gridlocks no more often than the reference on the
    seeds that both have, and none of its runs failed on a seed that the reference has: the mean of those that went well
    would flatter it.
    """
    of = next((of for of in found if (of.rival, of.unit, of.measure) == (rival.label, NETWORK, MEASURE)), None)
    if of is None:
        return "unpaired"
    if of.judged.direction >= 0:
        return "worse" if of.judged.direction > 0 else "level"
    shared = set(of.seeds)
    if len(rival.gridlocks & shared) > len(place.reference.gridlocks & shared):
        return "jams"
    failed = (set(rival.asked) - set(rival.seeds)) & set(place.reference.seeds)
    return "missing" if failed else "better"


def overall(found: Sequence[Difference]) -> list[Overall]:
    """Return each rival's delay against the reference's over several scenarios: the geometric mean of their ratio.

    Of every pair the logarithm of ours over theirs, its mean in each scenario, and the mean of these: a scenario with
    long delays or many seeds counts no more than another, a jam is far away and not beyond all measure, and exchanging
    rival and reference turns the sign and nothing else. Rivals with pairs in two scenarios or more are in it.
    """
    by_rival: dict[str, list[Difference]] = {}
    for of in found:
        if of.unit == NETWORK and of.measure == MEASURE and min(*of.theirs, *of.ours) > 0.0:
            by_rival.setdefault(of.rival, []).append(of)
    several = {rival: of for rival, of in by_rival.items() if len(of) > 1}
    judged = judge_overall([[_logarithms(of) for of in rows] for rows in several.values()])
    return [
        Overall(rival, tuple(of.scenario for of in rows), result)
        for (rival, rows), result in zip(several.items(), judged, strict=True)
    ]


def _logarithms(of: Difference) -> list[float]:
    return [math.log(ours / theirs) for ours, theirs in zip(of.ours, of.theirs, strict=True)]
