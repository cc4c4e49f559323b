"""What every search promises."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.plan import Plan
from engine.space import PlanSpace, Vector

__all__ = ["Evaluation", "Search", "Trial"]


class Trial(NamedTuple):
    """One simulation that a search asks for: a plan and a seed.

    Its run may be given up once it is sure that its value exceeds `limit`.
    """

    plan: Plan
    seed: int
    limit: float = math.inf


@dataclass(frozen=True)
class Evaluation:
    """What came of a trial.

    Attributes:
        trial: what was asked for.
        values: one number for each objective, the smaller the better; `None` where the simulation has no result.
        violation: how far limits are exceeded, as a share of what they allow; 0 where all are kept.
        gridlock: whether the run ended in gridlock.
        at_least: where the run was given up, what its value would have exceeded.
    """

    trial: Trial
    values: tuple[float, ...] | None
    violation: float = 0.0
    gridlock: bool = False
    at_least: float | None = None

    @property
    def penalised(self) -> tuple[float, ...] | None:
        """The values, made worse by exceeded limits: what a search without limits of its own is to follow."""
        return None if self.values is None else tuple(value * (1.0 + self.violation) for value in self.values)


class Search(ABC):
    """Asks for simulations of plans of one space, and is told what came of them.

    Duties of an implementation:

    - It is deterministic: the same space, seeds and answers give the same questions in the same order.
    - ``ask(n)`` is a beginning of what ``ask(n + 1)`` would have been, so that a larger budget extends a study.
    - It does not know the budget: after every answer it has made the best of what was spent so far.
    - It may ask for a trial that it asked for before; the answer costs nothing then.

    Not safe for several threads.

    Args:
        space: where plans come from.
        seed: of the search's own random numbers; nothing to do with the simulations' seeds.
        seeds: training seeds of the simulations.
    """

    several: bool = False
    """Whether it can follow several objectives at once."""

    learns: bool = True
    """Whether answers change what it asks for; one that does not can be asked for everything at once."""

    def __init__(self, space: PlanSpace, seed: int = 0, seeds: Sequence[int] = (1,)) -> None:
        self.space = space
        self.seed = seed
        self.seeds = tuple(seeds)

    def check(self, budget: int) -> None:  # noqa: B027  most can make something of any budget
        """Raise InputError where the search cannot do its work within so many simulations."""

    @abstractmethod
    def ask(self, most: int) -> list[Trial]:
        """Return the next trials, at most that many; none where the search is over or so few are of no use to it."""

    @abstractmethod
    def tell(self, evaluations: Sequence[Evaluation]) -> None:
        """Take in what came of the trials of the last `ask`, in its order; at first the plan in the net, unasked."""

    def _today(self) -> Vector | None:
        """Return the plan in the net as a point of the unit cube, or `None` where it lies outside the space."""
        try:
            return np.clip(self.space.to_unit(self.space.encode(Plan(self.space.programs))), 0.0, 1.0)
        except ValueError:
            return None

    def favourites(self) -> list[str]:
        """Return the ids of plans that ran on every seed, the one believed best first; none where all it has are means."""
        return []

    def of_plan(self, plan: Plan) -> list[Trial]:
        """Return the trials of a plan on every training seed."""
        return [Trial(plan, seed) for seed in self.seeds]
