"""Means and differences over replications, paired or not: their intervals, and what these say of no difference."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "ALPHA",
    "Interval",
    "interval",
    "overall_interval",
    "overall_p",
    "paired_interval",
    "paired_p",
    "unpaired_interval",
    "unpaired_p",
]


ALPHA = 0.05
"""What an interval misses: 1 - 95 %."""
LEAST_RANKED = 6
"""Signed ranks of fewer pairs give no 95 % interval."""
JAM = 10.0
"""Median absolute deviations from the median, of which a normal distribution's standard deviation is 1.48."""


@dataclass(frozen=True)
class Interval:
    """A mean with its confidence interval, of 95 % unless another was asked for.

    Attributes:
        mean: of the values.
        low, high: ends of the interval; `None` where so few values allow none.
        median: of the values.
        n: how many values; of two samples, how many are in the smaller one.
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


def interval(values: Sequence[float], alpha: float = ALPHA) -> Interval:
    """Return mean and Student-t interval of independent values, which misses the true mean in `alpha` of all cases.

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
    half = _t_quantile(len(values) - 1, alpha) * statistics.stdev(values, mean) / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half, statistics.median(values), len(values))


def paired_interval(ours: Sequence[float], theirs: Sequence[float], alpha: float = ALPHA) -> Interval:
    """Return the interval of the differences ours - theirs, pair by pair (common random numbers).

    Student's, of their mean, as long as they may be normal. Where one of them is a jam, it makes up the whole spread, and
    the interval is that of Wilcoxon's signed ranks, of their median (Hollander and Wolfe, Nonparametric Statistical
    Methods, section 3.3): exact for differences that lie symmetrically, whatever their tails. Which one it is does not
    depend on the sign of any difference, so that the choice favours neither side.

    Raises:
        ValueError: lengths differ, or no pairs.
    """
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    of_mean = interval(differences, alpha)
    if not _by_ranks(differences):
        return of_mean
    averages = sorted((a + b) / 2.0 for i, a in enumerate(differences) for b in differences[i:])
    place = _signed_rank(len(differences), alpha)
    low, high = (None, None) if place < 0 else (averages[place], averages[-1 - place])
    return Interval(of_mean.mean, low, high, of_mean.median, of_mean.n, "median")


def paired_p(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return how likely differences as large as ours - theirs are where there is none: the two-sided p-value.

    Of the same test that `paired_interval` turns round, so that it is at most alpha where that interval leaves 0 out:
    Student's, or Wilcoxon's signed ranks where a difference is a jam. One pair tells nothing: 1.

    Raises:
        ValueError: lengths differ.
    """
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    n = len(differences)
    if not _by_ranks(differences):
        mean = math.fsum(differences) / max(n, 1)
        return _t_p(mean, statistics.stdev(differences, mean) / math.sqrt(n), n - 1) if n > 1 else 1.0
    # Wilcoxon's statistic counted from the means of pairs, as the interval's ends are.
    averages = [(a + b) / 2.0 for i, a in enumerate(differences) for b in differences[i:]]
    least = min(sum(average <= 0.0 for average in averages), sum(average >= 0.0 for average in averages))
    return min(1.0, 2.0 * math.fsum(_ways(n)[: least + 1]) / 2.0**n)


def unpaired_interval(ours: Sequence[float], theirs: Sequence[float], alpha: float = ALPHA) -> Interval:
    """Return Welch's interval of mean(ours) - mean(theirs), samples that share nothing and may scatter differently.

    Degrees of freedom after Welch and Satterthwaite (Welch 1947, Biometrika 34: 28-35). A jam in one of them widens the
    interval; it finds less then, and nothing that is not there.

    Raises:
        ValueError: a sample is empty.
    """
    median = statistics.median(ours) - statistics.median(theirs) if ours and theirs else 0.0
    return _contrast_interval((ours, theirs), (1.0, -1.0), median, alpha)


def unpaired_p(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the two-sided p-value of Welch's test; 1 where a sample has fewer than two values."""
    return _contrast_p((ours, theirs), (1.0, -1.0))


def overall_interval(samples: Sequence[Sequence[float]], alpha: float = ALPHA) -> Interval:
    """Return the interval of the mean of the samples' true means: samples weigh the same, however many values they have.

    Samples are taken as they are, and not as drawn from more of their kind; so the interval says nothing of others.
    Degrees of freedom after Satterthwaite (1946, Biometrics Bulletin 2: 110-114); with one sample it is `interval`.

    Raises:
        ValueError: no sample, or an empty one.
    """
    median = statistics.fmean([statistics.median(sample) for sample in samples if sample] or [0.0])
    return _contrast_interval(samples, [1.0 / max(len(samples), 1)] * len(samples), median, alpha)


def overall_p(samples: Sequence[Sequence[float]]) -> float:
    """Return the two-sided p-value of the mean of the samples' means being 0; 1 where one has fewer than two values."""
    return _contrast_p(samples, [1.0 / max(len(samples), 1)] * len(samples))


def _contrast_interval(
    samples: Sequence[Sequence[float]], weights: Sequence[float], median: float, alpha: float
) -> Interval:
    mean, error, degrees = _contrast(samples, weights)
    n = min(len(sample) for sample in samples)
    if degrees is None:
        return Interval(mean, None, None, median, n)
    half = _t_quantile(degrees, alpha) * error if error > 0.0 else 0.0
    return Interval(mean, mean - half, mean + half, median, n)


def _contrast_p(samples: Sequence[Sequence[float]], weights: Sequence[float]) -> float:
    mean, error, degrees = _contrast(samples, weights)
    return 1.0 if degrees is None else _t_p(mean, error, degrees)


def _contrast(samples: Sequence[Sequence[float]], weights: Sequence[float]) -> tuple[float, float, float | None]:
    """Return the weighted sum of independent samples' means, its standard error, and Satterthwaite's degrees of freedom.

    The degrees are `None` where a sample has fewer than two values.
    """
    if not samples or not all(samples):
        raise ValueError("every sample needs at least one value")
    mean = math.fsum(weight * math.fsum(of) / len(of) for of, weight in zip(samples, weights, strict=True))
    if min(len(of) for of in samples) < 2:
        return mean, math.inf, None
    parts = [weight**2 * statistics.variance(of) / len(of) for of, weight in zip(samples, weights, strict=True)]
    shares = math.fsum(part**2 / (len(of) - 1) for part, of in zip(parts, samples, strict=True))
    steady = float(sum(len(of) - 1 for of in samples))
    degrees = math.fsum(parts) ** 2 / shares if shares > 0.0 else steady
    return mean, math.sqrt(math.fsum(parts)), degrees


def _by_ranks(differences: Sequence[float]) -> bool:
    return len(differences) >= LEAST_RANKED and _jammed(differences)


def _jammed(differences: Sequence[float]) -> bool:
    """Return whether one difference lies so far out that no normal distribution has it: beyond 6.7 deviations."""
    middle = statistics.median(differences)
    away = [abs(difference - middle) for difference in differences]
    usual = statistics.median(away)
    return usual > 0.0 and max(away) > JAM * usual


def _ways(n: int) -> list[int]:
    """Return in how many ways the positives among the ranks 1 to n add up to each sum, either sign being as likely."""
    ways = [1]
    for rank in range(1, n + 1):
        ways = [
            (ways[total] if total < len(ways) else 0) + (ways[total - rank] if total >= rank else 0)
            for total in range(len(ways) + rank)
        ]
    return ways


def _signed_rank(n: int, alpha: float) -> int:
    """Return how many of the means of pairs lie below the signed ranks' interval, and as many above it; -1: too few."""
    place, below = -1, 0
    ways = _ways(n)
    while below + ways[place + 1] <= alpha / 2.0 * 2**n:
        place += 1
        below += ways[place]
    return place


def _t_quantile(degrees: float, alpha: float) -> float:
    """Return the quantile of Student's t that is exceeded in alpha/2 of all cases."""
    from scipy.special import stdtrit  # noqa: PLC0415  scipy takes its time to import

    return float(stdtrit(degrees, 1.0 - alpha / 2.0))


def _t_p(mean: float, error: float, degrees: float) -> float:
    from scipy.special import stdtr  # noqa: PLC0415

    if error <= 0.0:
        return 1.0 if mean == 0.0 else 0.0
    return 2.0 * float(stdtr(degrees, -abs(mean) / error))
