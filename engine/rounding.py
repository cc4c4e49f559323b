"""Whole seconds: how a cycle is shared among the greens of its stages."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence

__all__ = ["clip", "share", "whole"]


def share(total_s: float, weights: Sequence[float], low: Sequence[float], high: Sequence[float]) -> list[int]:
    """Return whole seconds in proportion to the weights, within bounds, that sum to `total_s`.

    Stages held at a bound leave the rest to the others (water filling); what rounding leaves over goes to the largest
    remainders, the first stage first.
    """
    # Scaled by a factor, the bounded greens sum to a broken line over it: the piece that holds the total is looked up.
    stages = list(zip(weights, low, high, strict=True))
    breaks = sorted({0.0, *(bound / w for w, a, b in stages for bound in (a, b))})

    def scaled(factor: float) -> list[float]:
        # A search decodes thousands of points: comparisons cost a third of min() and max().
        greens = []
        for w, a, b in stages:
            green = w * factor
            greens.append(b if green > b else a if green < a else green)
        return greens

    piece = bisect.bisect_left(breaks, total_s, lo=1, hi=len(breaks) - 1, key=lambda factor: sum(scaled(factor)))
    left, right = breaks[piece - 1], breaks[piece]
    below, above = sum(scaled(left)), sum(scaled(right))
    factor = left + (right - left) * (total_s - below) / (above - below) if above > below else right
    # Nine digits: proportions that are whole seconds must not lose one to the last bit.
    greens = [round(green, 9) for green in scaled(factor)]
    floors = [math.floor(green) for green in greens]
    missing = whole(total_s) - sum(floors)
    order = sorted(range(len(floors)), key=lambda i: (floors[i] - greens[i], i))
    for i in order * (abs(missing) + 1):
        if missing <= 0:
            break
        if floors[i] + 1 <= high[i]:
            floors[i] += 1
            missing -= 1
    return floors


def whole(value: float) -> int:
    """Return the nearest whole number, the upper one of two."""
    return math.floor(value + 0.5)


def clip(value: int, low: int, high: int) -> int:
    """Return the number within bounds that is nearest to `value`."""
    return min(max(value, low), high)
