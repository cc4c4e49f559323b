"""Means, paired differences and their intervals over replications."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Interval", "interval", "paired_interval"]


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % confidence interval.

    Attributes:
        mean: of the values.
        low, high: ends of the interval; `None` where fewer than two values allow none.
        median: of the values.
        n: how many values.
    """

    mean: float
    low: float | None
    high: float | None
    median: float
    n: int

    def to_json(self) -> dict[str, object]:
        """Return ``mean``, ``median``, ``ci95`` (list of two, or null) and ``n``."""
        ci95 = None if self.low is None else [self.low, self.high]
        return {"mean": self.mean, "median": self.median, "ci95": ci95, "n": self.n}


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

    Raises:
        ValueError: lengths differ, or no pairs.
    """
    return interval([a - b for a, b in zip(ours, theirs, strict=True)])


def _t_quantile(degrees: int) -> float:
    """Return the 97.5 % quantile of Student's t."""
    from scipy.special import stdtrit  # noqa: PLC0415  scipy takes its time to import

    return float(stdtrit(degrees, 0.975))
