"""What runs have shown of plans so far: how each does on a usual day, and how likely it breaks down on another."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.plan import Plan
from engine.search._fragility import breakdown_chances, breakdown_cost
from engine.search._surrogate import Surrogate, fit
from engine.space import Vector

__all__ = ["HOPELESS", "Belief", "Seen", "believe"]

Floats = npt.NDArray[np.float64]

HOPELESS = 1.25
"""Beyond this many times the leader's value (at first today's plan's) a run has broken down, and can be given up."""
BAD = 0.2
"""How far beyond a breakdown the process learns what is bad: all else would be noise among the good."""


@dataclass
class Seen:
    """One plan with what its runs have shown: logarithms of value over the plan in the net's, by seed.

    One that was given up on a seed is not gone on with; its ratio there is a lower estimate. A run that ended in gridlock has
    a ratio of infinity.
    """

    plan: Plan
    unit: Vector
    known: float
    ratios: dict[int, float] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)
    given_up: int | None = None

    @property
    def usual(self) -> float:
        """The median ratio."""
        return statistics.median(self.ratios.values())

    def split(self, breakdown: float) -> tuple[list[float], list[float]]:
        """Return ratios of the runs that went as usual, and of those that exceed `breakdown`.

        Of a plan without a usual run all of them are both, the former at most `BAD` beyond it.
        """
        broken = {seed: ratio for seed, ratio in self.ratios.items() if ratio > breakdown or seed == self.given_up}
        usual = [ratio for seed, ratio in self.ratios.items() if seed not in broken]
        return usual or [min(ratio, breakdown + BAD) for ratio in broken.values()], list(broken.values())


@dataclass(frozen=True)
class Belief:
    """What all runs together say: how plans do on usual days, how likely and how bad others are.

    Attributes:
        surrogate: the process of the runs that went as usual.
        seen: the plans behind it, in its order.
        points: theirs, shape (m, d).
        runs, broken: how often each ran, and broke down, shape (m,).
        cost: what a breakdown adds to a plan's value.
    """

    surrogate: Surrogate
    seen: Sequence[Seen]
    points: Floats
    runs: Floats
    broken: Floats
    cost: float

    def risk(self, units: Floats) -> Floats:
        """Return what breakdowns add to the values of plans that never ran, shape (n,)."""
        nobody = np.full(len(units), -1)
        return self.cost * breakdown_chances(units, nobody, self.points, self.runs, self.broken)

    def of_seen(self) -> tuple[Floats, Floats]:
        """Return the believed values of the plans seen, shape (m,), and the covariance of what is left, shape (m, m)."""
        mean, covariance = self.surrogate.predict(self.points, np.array([of.known for of in self.seen]))
        own = np.arange(len(self.seen))
        return mean + self.cost * breakdown_chances(self.points, own, self.points, self.runs, self.broken), covariance


def believe(groups: Sequence[npt.NDArray[np.intp]], seen: Sequence[Seen], leader: Seen | None) -> Belief | None:
    """Return what to believe of plans, or `None` where fewer than two have run.

    Args:
        groups: coordinates that share a correlation length.
        seen: plans that ran at least once.
        leader: the one that is best on a usual day; today's plan stands in where none is better.
    """
    if len(seen) < 2:
        return None
    breakdown = math.log(HOPELESS) + (min(leader.usual, 0.0) if leader is not None else 0.0)
    parts = [of.split(breakdown) for of in seen]
    points = np.array([of.unit for of in seen])
    known = np.array([of.known for of in seen])
    values = np.array([statistics.fmean(usual) for usual, _ in parts])
    n_usual = np.array([float(len(usual)) for usual, _ in parts])
    # Only what a plan does apart from its usual days is a breakdown: one that is bad on all of them is just bad.
    apart = [
        ratio for of, (_, broken) in zip(seen, parts, strict=True) for ratio in broken if len(broken) < len(of.ratios)
    ]
    n_runs = np.array([float(len(of.ratios)) for of in seen])
    n_broken = np.array([float(len(broken)) for _, broken in parts])
    surrogate = fit(groups, points, known, values, n_usual)
    return Belief(surrogate, seen, points, n_runs, n_broken, breakdown_cost(apart))
