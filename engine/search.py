"""Searches propose plans in batches and in order, so results do not depend on the number of workers."""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np

from engine.errors import InputError
from engine.plan import Plan
from engine.space import PlanSpace

__all__ = ["SEARCHES", "Grid", "Search", "Sobol"]


class Search(ABC):
    """Proposes plans of one space.

    Implementations are deterministic: the same space, seed and arguments give the same plans in the same order, and
    a larger number of plans begins with those of a smaller one, so that a larger budget extends a study.
    """

    def __init__(self, space: PlanSpace, seed: int) -> None:
        self.space = space
        self.seed = seed

    @abstractmethod
    def candidates(self, n_plans: int) -> Iterator[Plan]:
        """Yield candidate plans, enough for `n_plans` different ones where the space holds as many.

        Raises:
            InputError: the search cannot cover the space with so few plans.
        """

    def propose(self, n_plans: int) -> list[Plan]:
        """Return up to `n_plans` plans that differ from one another."""
        plans: dict[str, Plan] = {}
        if n_plans > 0 and self.space.n_dimensions:
            for plan in self.candidates(n_plans):
                plans.setdefault(plan.plan_id, plan)
                if len(plans) == n_plans:
                    break
        return list(plans.values())


class Sobol(Search):
    """A scrambled Sobol sequence: fills the space evenly at every length."""

    def candidates(self, n_plans: int) -> Iterator[Plan]:
        """Yield plans along the sequence; rounding makes some the same, so it goes on for four times the number."""
        from scipy.stats import qmc  # noqa: PLC0415  takes half a second to import

        sequence = qmc.Sobol(self.space.n_dimensions, scramble=True, rng=np.random.default_rng(self.seed))
        # Powers of two keep the sequence balanced, and its beginning the same whatever the number.
        for unit in sequence.random_base2(math.ceil(math.log2(4 * n_plans))):
            yield self.space.decode(self.space.from_unit(unit))


class Grid(Search):
    """Every combination of evenly spaced levels, the plan in the net at the centre."""

    def __init__(self, space: PlanSpace, seed: int, levels: int = 3) -> None:
        super().__init__(space, seed)
        self.levels = levels

    def candidates(self, n_plans: int) -> Iterator[Plan]:
        """Yield the whole grid."""
        n_points = self.levels**self.space.n_dimensions
        if n_points > n_plans:
            raise InputError(
                f"a grid of {self.levels} levels over {self.space.n_dimensions} dimensions has {n_points} plans, and the "
                f"budget allows {n_plans}. Vary less (plans=cycle, plans.signals=[...]), lower search.levels, raise "
                "search.budget, or use search=sobol."
            )
        levels = [0.5] if self.levels == 1 else [i / (self.levels - 1) for i in range(self.levels)]
        for unit in itertools.product(levels, repeat=self.space.n_dimensions):
            yield self.space.decode(self.space.from_unit(np.array(unit)))


SEARCHES: dict[str, type[Search]] = {"sobol": Sobol, "grid": Grid}
"""Search strategies by the name that the configuration gives them."""
