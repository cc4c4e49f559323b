"""Recorded bands: what measures were, seed by seed, and whether they have moved since.

Where origins are equal (`engine.origin.Origin.excuses`) equal inputs give equal bytes, and a measure has moved when its
value with any seed differs by a bit. Elsewhere a last bit may turn SUMO's resolution of a tie, and from there on a run
is another draw of the same traffic: single values then say nothing, and a measure has moved when the mean over the seeds
differs by more than chance allows. With d the differences by seed (now - recorded), n of them, that is

    |mean(d)| > t * sd(d) / sqrt(n)     and     |mean(d)| > the recorded mean's standard error

with t Student's quantile of n - 1 degrees at `CHANCE` / (2 * number of measures judged): Bonferroni's correction, so that
a whole suite gives a false alarm on one platform in a hundred at most, and fewer as measures go together. The second
condition is a floor. Differences may have no spread to speak of (a count that is one more with each of few seeds, a last
digit that is another one everywhere), and the first condition would then make much of little. `ROUNDING` is the floor
where the record itself has no spread.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["CHANCE", "Band", "CaseRecord", "Check", "compare", "limit_errors"]

CHANCE = 0.01
"""Of a false alarm in a whole suite, where origins differ."""

ROUNDING = 1e-9
"""Of a recorded mean: what sums may differ by for their last digits."""


@dataclass(frozen=True)
class Band:
    """One measure of one case by seed, in the order of the case's seeds."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return math.fsum(self.values) / len(self.values)

    @property
    def standard_error(self) -> float:
        """Of the mean; 0 where a single seed gives none."""
        return _standard_error(self.values) or 0.0


@dataclass(frozen=True)
class CaseRecord:
    """One case on record.

    Attributes:
        asked: scenario, window, plan and kind of measures, as a suite asks for them.
        seeds: SUMO's seeds.
        inputs: SHA-256 of network and demand by file, signal programs left out: what the record holds for.
        settings: signal programs and options in force; what a change of theirs does is for the bands to show.
        bands: by measure.
        digests: by table, 12 hexadecimal digits for each seed.
    """

    asked: Mapping[str, Any]
    seeds: tuple[int, ...]
    inputs: Mapping[str, str]
    settings: Mapping[str, str]
    bands: Mapping[str, Band]
    digests: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Check:
    """One measure, or one table by its digests, held against its record.

    Attributes:
        case, measure: which.
        recorded, now: means over the seeds; `None` of a table, and where there is none.
        errors: their difference in standard errors of the paired differences; `None` where these have no spread.
        differing: seeds whose values differ in any bit.
        seed_values: seed, recorded value and present value of the first of these; `None` of a table.
        moved: the verdict.
    """

    case: str
    measure: str
    recorded: float | None
    now: float | None
    errors: float | None
    differing: tuple[int, ...]
    seed_values: tuple[int, float, float] | None
    moved: bool


def limit_errors(n_seeds: int, n_measures: int) -> float:
    """Return how many standard errors of the paired differences chance allows a mean; infinite for a single seed."""
    from scipy.special import stdtrit  # noqa: PLC0415  scipy takes its time to import

    return float(stdtrit(n_seeds - 1, 1.0 - CHANCE / (2.0 * n_measures))) if n_seeds > 1 else math.inf


def compare(recorded: Mapping[str, CaseRecord], now: Mapping[str, CaseRecord], exact: bool) -> list[Check]:
    """Return a check of every measure on record, case by case.

    Args:
        recorded: by case.
        now: the same cases, with the same seeds.
        exact: whether equal bytes are expected; tables are checked only then.
    """
    n_measures = sum(len(case.bands) for case in recorded.values())
    checks = []
    for name, then in recorded.items():
        limit = math.inf if exact or not n_measures else limit_errors(len(then.seeds), n_measures)
        for measure, band in then.bands.items():
            checks.append(_check(name, measure, then.seeds, band, now[name].bands.get(measure), exact, limit))
        if exact:
            checks += [_check_table(name, table, then, now[name]) for table in then.digests]
    return checks


def _check(
    case: str, measure: str, seeds: tuple[int, ...], then: Band, now: Band | None, exact: bool, limit: float
) -> Check:
    if now is None:
        return Check(case, measure, then.mean, None, None, seeds, None, True)
    pairs = list(zip(seeds, then.values, now.values, strict=True))
    # Of floats == takes -0.0 for 0.0; .hex() has each bit.
    differing = [pair for pair in pairs if pair[1].hex() != pair[2].hex()]
    differences = [b - a for _, a, b in pairs]
    difference = math.fsum(differences) / len(differences)
    error = _standard_error(differences)
    if exact:
        moved = bool(differing)
    else:
        floor = then.standard_error or ROUNDING * abs(then.mean)
        moved = abs(difference) > max(limit * (error or 0.0), floor)
    return Check(
        case,
        measure,
        then.mean,
        now.mean,
        difference / error if error else None,
        tuple(seed for seed, _, _ in differing),
        differing[0] if differing else None,
        moved,
    )


def _check_table(case: str, table: str, then: CaseRecord, now: CaseRecord) -> Check:
    ours = now.digests.get(table, ("",) * len(then.seeds))
    differing = tuple(s for s, a, b in zip(then.seeds, then.digests[table], ours, strict=True) if a != b)
    return Check(case, f"table {table}", None, None, None, differing, None, bool(differing))


def _standard_error(values: Iterable[float]) -> float | None:
    """Return the standard error of the mean; `None` of a single value."""
    values = list(values)
    return statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None
