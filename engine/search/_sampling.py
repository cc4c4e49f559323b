"""Searches that do not learn: a space-filling sample, and a grid. Every plan runs with every seed."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np

from engine.errors import InputError
from engine.plan import Plan
from engine.search._base import Evaluation, Search, Trial
from engine.space import PlanSpace

__all__ = ["Grid", "Sampling", "Sobol"]

DRAWN = 16
"""Points drawn at a time; a power of two keeps the sequence balanced."""

STALE = 256
"""Where so many draws in a row bring no new plan, the space holds no more of them."""


class Sampling(Search):
    """Proposes plans in an order that is fixed beforehand."""

    several = True
    learns = False
    endless = True

    def __init__(self, space: PlanSpace, seed: int = 0, seeds: Sequence[int] = (1,)) -> None:
        super().__init__(space, seed, seeds)
        self._coming = self._different()

    @abstractmethod
    def candidates(self) -> Iterator[Plan]:
        """Yield candidate plans; the same one may come again."""

    def _different(self) -> Iterator[Plan]:
        seen: set[str] = set()
        stale = 0
        for plan in self.candidates() if self.space.n_dimensions else ():
            stale += 1
            if plan.plan_id not in seen:
                seen.add(plan.plan_id)
                stale = 0
                yield plan
            if stale >= STALE and self.endless:
                return

    def propose(self, n_plans: int) -> list[Plan]:
        """Return the next plans, up to `n_plans`, that differ from all before."""
        return list(itertools.islice(self._coming, max(n_plans, 0)))

    def ask(self, most: int) -> list[Trial]:
        """Return the next plans on every seed."""
        return [trial for plan in self.propose(most // len(self.seeds)) for trial in self.of_plan(plan)]

    def tell(self, evaluations: Sequence[Evaluation]) -> None:
        """Learn nothing."""


class Sobol(Sampling):
    """A scrambled Sobol sequence: fills the space evenly at every length."""

    def candidates(self) -> Iterator[Plan]:
        """Yield plans along the sequence without an end."""
        from scipy.stats import qmc  # noqa: PLC0415  takes half a second to import

        sequence = qmc.Sobol(self.space.n_dimensions, scramble=True, rng=np.random.default_rng(self.seed))
        while True:
            for unit in sequence.random(DRAWN):
                yield self.space.decode(self.space.from_unit(unit))


class Grid(Sampling):
    """Every combination of evenly spaced levels, the plan in the net at the centre."""

    endless = False

    def __init__(self, space: PlanSpace, seed: int = 0, seeds: Sequence[int] = (1,), levels: int = 3) -> None:
        super().__init__(space, seed, seeds)
        self.levels = levels

    def check(self, budget: int) -> None:
        """Raise InputError where the budget is below the whole grid and the plan in the net."""
        n_points, n_plans = self.levels**self.space.n_dimensions, budget // len(self.seeds) - 1
        if n_points > n_plans:
            raise InputError(
                f"a grid of {self.levels} levels over {self.space.n_dimensions} dimensions has {n_points} plans, and the "
                f"budget allows {n_plans}. Vary less (plans=cycle, plans.signals=[...]), lower search.levels, raise "
                "search.budget, or use search=sobol."
            )

    def candidates(self) -> Iterator[Plan]:
        """Yield the whole grid."""
        levels = [0.5] if self.levels == 1 else [i / (self.levels - 1) for i in range(self.levels)]
        for unit in itertools.product(levels, repeat=self.space.n_dimensions):
            yield self.space.decode(self.space.from_unit(np.array(unit)))
