"""The periods of a day: stretches of time with much the same demand, found by clustering its flows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Division", "divide", "stabilised"]

BY_CHANCE = 0.01
"""How often a day without any change is cut."""

Flows = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Division:
    """A day cut into periods, each with the pattern of demand that it belongs to.

    Attributes:
        starts: index of the first bin of each period.
        patterns: of each period, from 0 in the order of first appearance; periods of one pattern share a plan.
        unexplained: for 1, 2, ... periods the share of the flows' variation that the best cut leaves within periods.
        price: what a further period, or pattern, has to explain to be worth it, as such a share.
    """

    starts: tuple[int, ...]
    patterns: tuple[int, ...]
    unexplained: tuple[float, ...]
    price: float


def stabilised(counts: Flows) -> Flows:
    """Return counts of random arrivals on a scale on which their variance is 1, whatever their mean (Anscombe 1948)."""
    scaled: Flows = 2.0 * np.sqrt(np.asarray(counts, np.float64) + 0.375)
    return scaled


def divide(counts: Flows, shortest: int = 2, most: int = 8, gain: float = 0.02) -> Division:
    """Return the periods of a day.

    Cuts are exact: of all cuts into so many periods the one with the least squares within periods, by dynamic
    programming over `stabilised` counts. Another period is taken while it explains at least `gain` of the whole
    variation, and more than chance does where counts are Poisson: the chi-squared quantile that one of the possible
    cuts exceeds once in a hundred days without any change. Periods apart in time share a pattern where telling them
    apart is not worth that price either (Ward's clustering).

    Args:
        counts: vehicles by bin and flow, shape (n_bins, n_flows).
        shortest: least number of bins of a period.
        most: most periods.
        gain: see above.

    Raises:
        ValueError: no bin, or bounds below 1.
    """
    from scipy.stats import chi2  # noqa: PLC0415  scipy takes its time to import

    scaled = stabilised(counts)
    n, n_flows = scaled.shape
    if n < 1 or shortest < 1 or most < 1:
        raise ValueError("a day has at least one bin, and periods at least one each")
    within = _within(scaled)
    cuts = _cuts(within, shortest, min(most, max(1, n // shortest)))
    total = within[0, n]
    costs = [cost for cost, _ in cuts]
    price = max(gain * total, float(chi2.isf(BY_CHANCE / n, n_flows)))
    best = min(range(len(cuts)), key=lambda k: (costs[k] + price * k, k))
    starts = cuts[best][1]
    patterns = _patterns(scaled, starts, price)
    # Neighbours that fell to one pattern are one period.
    kept = [i for i in range(len(starts)) if i == 0 or patterns[i] != patterns[i - 1]]
    share = 1.0 / total if total > 0.0 else 0.0
    return Division(
        tuple(starts[i] for i in kept),
        tuple(patterns[i] for i in kept),
        tuple(cost * share for cost in costs),
        price * share if share else gain,
    )


def _within(scaled: Flows) -> Flows:
    """Return the squares around their own mean of bins i to j - 1 at [i, j], shape (n + 1, n + 1)."""
    n, n_flows = scaled.shape
    centred = scaled - scaled.mean(axis=0)  # the sums of squares lose fewer digits
    sums = np.vstack([np.zeros((1, n_flows)), np.cumsum(centred, axis=0)])
    squares = np.concatenate([[0.0], np.cumsum((centred**2).sum(axis=1))])
    table = np.zeros((n + 1, n + 1))
    for i in range(n):
        lengths = np.arange(1, n - i + 1)
        means = ((sums[i + 1 :] - sums[i]) ** 2).sum(axis=1) / lengths
        table[i, i + 1 :] = np.maximum(squares[i + 1 :] - squares[i] - means, 0.0)
    return table


def _cuts(within: Flows, shortest: int, most: int) -> list[tuple[float, tuple[int, ...]]]:
    """Return (squares within, starts) of the best cut into 1, 2, ... `most` periods."""
    n = within.shape[0] - 1
    best = within[0].copy()
    best[1:shortest] = math.inf if n >= shortest else best[1:shortest]
    before: list[npt.NDArray[np.int64]] = []
    found: list[tuple[float, tuple[int, ...]]] = [(float(best[n]), (0,))]
    for k in range(2, most + 1):
        longer = np.full(n + 1, math.inf)
        last = np.zeros(n + 1, np.int64)
        for end in range(k * shortest, n + 1):
            starts = np.arange((k - 1) * shortest, end - shortest + 1)
            costs = best[starts] + within[starts, end]
            at = int(costs.argmin())
            longer[end], last[end] = costs[at], starts[at]
        before.append(last)
        best = longer
        end, cut = n, [0]
        for of in reversed(before):
            end = int(of[end])
            cut.insert(1, end)
        found.append((float(best[n]), tuple(cut)))
    return found


def _patterns(scaled: Flows, starts: Sequence[int], price: float) -> list[int]:
    """Return the pattern of each period: those whose union costs less than `price` are one, the closest first."""
    ends = [*starts[1:], len(scaled)]
    members = [[i] for i in range(len(starts))]
    sizes = [float(end - start) for start, end in zip(starts, ends, strict=True)]
    means = [scaled[start:end].mean(axis=0) for start, end in zip(starts, ends, strict=True)]
    while len(members) > 1:
        unions = [
            (sizes[a] * sizes[b] / (sizes[a] + sizes[b]) * float(((means[a] - means[b]) ** 2).sum()), a, b)
            for a in range(len(members))
            for b in range(a + 1, len(members))
        ]
        cost, a, b = min(unions)
        if cost >= price:
            break
        means[a] = (sizes[a] * means[a] + sizes[b] * means[b]) / (sizes[a] + sizes[b])
        sizes[a] += sizes[b]
        members[a] = sorted(members[a] + members[b])
        del means[b], sizes[b], members[b]
    number = {period: k for k, of in enumerate(sorted(members)) for period in of}
    return [number[i] for i in range(len(starts))]
