"""Plans that a textbook gives: proposed as they are, and as the first of the race."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.plan import Plan
from engine.search._sampling import Sampling
from engine.space import PlanSpace

__all__ = ["Textbook"]


class Textbook(Sampling):
    """Proposes given plans in their order; each is taken to the nearest plan of the space."""

    endless = False

    def __init__(
        self, space: PlanSpace, seed: int = 0, seeds: Sequence[int] = (1,), starts: Sequence[Plan] = ()
    ) -> None:
        super().__init__(space, seed, seeds)
        self._starts = tuple(starts)

    def candidates(self) -> Iterator[Plan]:
        """Yield the plans."""
        for plan in self._starts:
            yield self.space.nearest(plan)
