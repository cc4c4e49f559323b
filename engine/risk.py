"""One number from several: what a plan does over the members of a set of scenarios, on average or where it fares worst."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["OVER", "Over", "Risk", "normalised"]

Over = Literal["mean", "worst", "cvar"]
OVER: tuple[Over, ...] = ("mean", "worst", "cvar")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Risk:
    """How the members' values count, the smaller the better.

    Attributes:
        over: their weighted mean; the worst one; or the conditional value at risk: the mean over the worst share of the
            weight (Rockafellar and Uryasev 2002, J. Banking and Finance 26, 1443; a member on the edge counts in part).
        tail: that share, above 0 and at most 1: with 1 it is the mean, and towards 0 it is the worst.
    """

    over: Over = "mean"
    tail: float = 1.0 / 3.0

    def shares(self, values: Sequence[float], weights: Sequence[float]) -> tuple[float, ...]:
        """Return by what share each member counts; they sum to 1, and sum(share * value) is the number.

        Of equal values the first ones fill the tail.

        Args:
            values: of the members, in the set's order.
            weights: theirs, summing to 1; a member of weight 0 never counts.
        """
        if self.over == "mean":
            return tuple(weights)
        order = sorted((i for i, weight in enumerate(weights) if weight > 0.0), key=lambda i: (-values[i], i))
        shares = [0.0] * len(values)
        if self.over == "worst":
            shares[order[0]] = 1.0
            return tuple(shares)
        left = self.tail
        for i in order:
            taken = min(weights[i], left)
            shares[i] = taken / self.tail
            left -= taken
            if left <= 0.0:
                break
        else:
            # The weights' sum may miss 1 by a last digit.
            shares[order[0]] += left / self.tail
        return tuple(shares)

    def value(self, values: Sequence[float], weights: Sequence[float]) -> float:
        """Return the number."""
        return math.fsum(share * value for share, value in zip(self.shares(values, weights), values, strict=True))

    def most(self, limit: float, weight: float) -> float:
        """Return the value of one member, of this weight, beyond which the number surely exceeds `limit`.

        Sure, because values are not negative and the number grows with each of them: alone, the others at 0, a member
        makes up weight/tail of it, or all of it where it fills the tail.
        """
        alone = {"mean": weight, "worst": 1.0, "cvar": min(1.0, weight / self.tail)}[self.over]
        return limit / alone if alone > 0.0 else math.inf

    def values(self, table: Floats, weights: Sequence[float]) -> Floats:
        """Return the number of each row of a table, shape (n_members, ...), over its first axis."""
        flat = table.reshape(len(weights), -1)
        of_each = np.array([self.value(list(column), weights) for column in flat.T])
        return of_each.reshape(table.shape[1:])


def normalised(weights: Sequence[float]) -> tuple[float, ...]:
    """Return weights that sum to 1. Raises ValueError where one is negative or all are 0."""
    total = math.fsum(weights)
    if any(not weight >= 0.0 or math.isinf(weight) for weight in weights) or total <= 0.0:
        raise ValueError("weights must be 0 or more, and one of them above 0")
    return tuple(weight / total for weight in weights)
