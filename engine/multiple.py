"""Several differences judged at once: Holm's correction, and intervals that decide as it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from engine.statistics import (
    ALPHA,
    Interval,
    overall_interval,
    overall_p,
    paired_interval,
    paired_p,
    unpaired_interval,
    unpaired_p,
)

__all__ = ["Judged", "holm", "holm_levels", "judge_overall", "judge_paired", "judge_unpaired"]

Sample = Sequence[float]


@dataclass(frozen=True)
class Judged:
    """One difference of a family.

    Attributes:
        plain: its own interval, as if it were the only one.
        corrected: its interval at the level that Holm's procedure gives it; leaves 0 out just where `sure`.
        p, p_holm: two-sided p-value, by itself and adjusted for the family.
        alpha: what `corrected` misses: 0.05 over the number of differences not yet refused when it is its turn.
    """

    plain: Interval
    corrected: Interval
    p: float
    p_holm: float
    alpha: float

    @property
    def sure(self) -> bool:
        """Whether there is a difference: in families where there is none at all, one of 20 says so wrongly."""
        return self.p_holm <= ALPHA

    @property
    def direction(self) -> int:
        """-1 or 1 where the difference is sure, by its sign; else 0."""
        return 0 if not self.sure else -1 if self.plain.centre < 0.0 else 1


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number, in the given order.

    The smallest of m is multiplied by m, the next by m - 1 and so on, none below an earlier one or above 1 (Holm 1979,
    Scandinavian Journal of Statistics 6: 65-70). Whatever depends on what, the chance that any true hypothesis has an
    adjusted value of at most alpha is at most alpha.
    """
    adjusted = [0.0] * len(p_values)
    least = 0.0
    for place, i in enumerate(_order(p_values)):
        least = min(1.0, max(least, (len(p_values) - place) * p_values[i]))
        adjusted[i] = least
    return adjusted


def holm_levels(p_values: Sequence[float], alpha: float = ALPHA) -> list[float]:
    """Return the level at which Holm's procedure tests each hypothesis, in the given order.

    alpha/m for the smallest p-value, alpha/(m - 1) for the next and so on; the first that is kept ends the procedure,
    and it and all that follow stand at its level ("Holm on the range", Serlin 1993, Journal of Experimental Education
    61: 350-360). An interval at this level leaves 0 out exactly where Holm's adjusted p-value is at most alpha. The
    intervals answer that one question; for ends that all hold at once, every one has to stand at Bonferroni's alpha/m.
    """
    levels = [alpha] * len(p_values)
    level, going = alpha, True
    for place, i in enumerate(_order(p_values)):
        if going:
            level = alpha / (len(p_values) - place)
            going = p_values[i] <= level
        levels[i] = level
    return levels


def judge_paired(pairs: Sequence[tuple[Sample, Sample]]) -> list[Judged]:
    """Return the differences ours - theirs of every (ours, theirs) as one family, each paired within itself.

    Raises:
        ValueError: a pair's lengths differ, or it is empty.
    """
    intervals = [partial(paired_interval, *of) for of in pairs]
    return _judged(intervals, [paired_p(*of) for of in pairs])


def judge_unpaired(pairs: Sequence[tuple[Sample, Sample]]) -> list[Judged]:
    """Return the differences of the means of every (ours, theirs) as one family, samples that share nothing.

    Raises:
        ValueError: a sample is empty.
    """
    intervals = [partial(unpaired_interval, *of) for of in pairs]
    return _judged(intervals, [unpaired_p(*of) for of in pairs])


def judge_overall(groups: Sequence[Sequence[Sample]]) -> list[Judged]:
    """Return the mean of the means of every group of samples as one family; see `engine.statistics.overall_interval`.

    Raises:
        ValueError: a group or a sample is empty.
    """
    intervals = [partial(overall_interval, of) for of in groups]
    return _judged(intervals, [overall_p(of) for of in groups])


def _judged(intervals: Sequence[Callable[[float], Interval]], p_values: Sequence[float]) -> list[Judged]:
    adjusted, levels = holm(p_values), holm_levels(p_values)
    return [
        Judged(interval(ALPHA), interval(alpha), p, p_holm, alpha)
        for interval, p, p_holm, alpha in zip(intervals, p_values, adjusted, levels, strict=True)
    ]


def _order(p_values: Sequence[float]) -> list[int]:
    return sorted(range(len(p_values)), key=lambda i: (p_values[i], i))
