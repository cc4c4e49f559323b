"""Means, paired differences and their intervals over replications."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["Interval", "interval", "paired_interval"]


LEAST_RANKED = 6
"""Signed ranks of fewer pairs give no 95 % interval."""
JAM = 10.0
"""Median absolute deviations from the median, of which a normal distribution's standard deviation is 1.48."""


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % confidence interval.

    Attributes:
        mean: of the values.
        low, high: ends of the interval; `None` where fewer than two values allow none.
        median: of the values.
        n: how many values.
        of: what `low` and `high` are an interval of. The mean's says nothing where one value of many is a jam.
    """

    mean: float
    low: float | None
    high: float | None
    median: float
    n: int
    of: Literal["mean", "median"] = "mean"

    @property
    def centre(self) -> float:
        """The mean or the median, whichever the interval is of."""
        return self.median if self.of == "median" else self.mean

    def to_json(self) -> dict[str, object]:
        """Return ``mean``, ``median``, ``ci95`` (list of two, or null), ``n``, ``of`` and ``centre``."""
        ci95 = None if self.low is None else [self.low, self.high]
        named = {"mean": self.mean, "median": self.median, "ci95": ci95, "n": self.n}
        return named | {"of": self.of, "centre": self.centre}


def interval(values: Sequence[float]) -> Interval:
    """Return mean and 95 % Student-t interval of independent values.

    Valid for values whose mean is close to normally distributed; delays with a share of gridlocked runs are not, so
    the median is reported beside it.

    Raises:
        ValueError: no values.
    """
    if not values:
        raise ValueError("an interval needs at least one value")
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return Interval(mean, None, None, mean, 1)
    half = _t_quantile(len(values) - 1) * statistics.stdev(values, mean) / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half, statistics.median(values), len(values))


def paired_interval(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """Return the interval of the differences ours - theirs, pair by pair (common random numbers).

    Student's, of their mean, as long as they may be normal. Where one of them is a jam, it makes up the whole spread, and
    the interval is that of Wilcoxon's signed ranks, of their median (Hollander and Wolfe, Nonparametric Statistical
    Methods, section 3.3): exact for differences that lie symmetrically, whatever their tails. Which one it is does not
    depend on the sign of any difference, so that the choice favours neither side.

    Raises:
        ValueError: lengths differ, or no pairs.
    """
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    of_mean = interval(differences)
    if len(differences) < LEAST_RANKED or not _jammed(differences):
        return of_mean
    averages = sorted((a + b) / 2.0 for i, a in enumerate(differences) for b in differences[i:])
    place = _signed_rank(len(differences))
    low, high = averages[place], averages[-1 - place]
    return Interval(of_mean.mean, low, high, of_mean.median, of_mean.n, "median")


def _jammed(differences: Sequence[float]) -> bool:
    """Return whether one difference lies so far out that no normal distribution has it: beyond 6.7 deviations."""
    middle = statistics.median(differences)
    away = [abs(difference - middle) for difference in differences]
    usual = statistics.median(away)
    return usual > 0.0 and max(away) > JAM * usual


def _signed_rank(n: int) -> int:
    """Return how many of the means of pairs lie below the signed ranks' 95 % interval, and as many above it."""
    ways = [1]  # of the sums of ranks from 1 to n, each with either sign: in how many ways each sum of positives comes
    for rank in range(1, n + 1):
        ways = [
            (ways[total] if total < len(ways) else 0) + (ways[total - rank] if total >= rank else 0)
            for total in range(len(ways) + rank)
        ]
    place, below = 0, ways[0]
    while below + ways[place + 1] <= 0.025 * 2**n:
        place += 1
        below += ways[place]
    return place


def _t_quantile(degrees: int) -> float:
    """Return the 97.5 % quantile of Student's t."""
    from scipy.special import stdtrit  # noqa: PLC0415  scipy takes its time to import

    return float(stdtrit(degrees, 0.975))
