"""How likely a plan breaks down on a day like any other, and what that costs: what a mean over three seeds does not show."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["breakdown_chances", "breakdown_cost"]

Floats = npt.NDArray[np.float64]

WIDTH = 0.1
"""Root mean square distance in the unit cube over which plans are alike in this."""
NEIGHBOURS = 4.0
"""Runs that all that is known of its neighbours counts for, at most."""
PRIOR = 1.0
"""Runs without a breakdown that are taken as given."""
COSTS = (0.5, 4.0)
"""Least and most that a breakdown is taken to cost, in the plan in the net's values."""


def breakdown_chances(at: Floats, own: npt.NDArray[np.int_], points: Floats, runs: Floats, broken: Floats) -> Floats:
    """Return the chance that a run of a plan breaks down, shape (n,).

    That of a beta distribution whose observations are the plan's own runs and, as far as they are near, its neighbours':
    plans that differ by a second of green jam for the same reason.

    Args:
        at: the plans in the unit cube, shape (n, d).
        own: which of `points` each of them is, -1 for none, shape (n,).
        points: plans that ran, shape (m, d).
        runs: how often, shape (m,).
        broken: how many of these broke down, shape (m,).
    """
    squared = ((at[:, None, :] - points[None, :, :]) ** 2).mean(axis=2)
    near = np.exp(-0.5 * squared / WIDTH**2)
    rows = np.flatnonzero(own >= 0)
    ours = own[rows]
    near[rows, ours] = 0.0
    their_runs, their_broken = near @ runs, near @ broken
    share = np.minimum(1.0, NEIGHBOURS / np.maximum(their_runs, 1e-12))
    our_runs, our_broken = np.zeros(len(at)), np.zeros(len(at))
    our_runs[rows], our_broken[rows] = runs[ours], broken[ours]
    chances: Floats = (our_broken + share * their_broken) / (our_runs + share * their_runs + PRIOR)
    return chances


def breakdown_cost(ratios: Sequence[float]) -> float:
    """Return by how much a breakdown raises a run's value, over the plan in the net's.

    Args:
        ratios: logarithms of value over the plan in the net's, of the runs that broke down.
    """
    least, most = COSTS
    excesses = [min(math.expm1(min(ratio, most)), most) for ratio in ratios]
    return max(least, math.fsum(excesses) / len(excesses)) if excesses else least
