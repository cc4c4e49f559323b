"""Which orders of a signal's stages, and which of its stages left out, a plan space may choose."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.conflicts import GREEN
from engine.plan import Phase, Program
from engine.rounding import whole
from engine.transitions import Transitions

__all__ = ["CHOSEN", "YES", "Arrangement", "Arrangements", "Fit"]

CHOSEN = 0.25
"""A choice between yes and no is a coordinate from -0.5 to 0.5, and this is where yes begins: a quarter of all."""
YES = 0.375
"""Where a yes is encoded: in the middle of that part."""
ALL_ORDERS = 5
"""Up to so many stages every order is a choice, 24 of them; with more, those in which one stage has moved."""
MORE_RED_S = 5
"""An order that today's all-red is too short for may have up to so many seconds more of it between its new neighbours."""


@dataclass(frozen=True)
class Arrangement:
    """A program's stages in some order, some of them perhaps left out.

    Attributes:
        stages: which of today's stages, in the order of their numbers here.
        program: what is shown; its greens stand for any that sum to a cycle.
        low_s, high_s: the shortest and the longest cycle, seconds.
        floor_s: the shortest cycle where it is half of the network's.
    """

    stages: tuple[int, ...]
    program: Program
    low_s: int
    high_s: int
    floor_s: int


Fit = Callable[[Program, tuple[int, ...]], Arrangement | None]
"""Returns a program with the bounds of its greens and cycle; `None` where it is not to be proposed."""


class Arrangements:
    """The choices of one signal.

    An order is a place among `orders`: today's is the first, and the more alike one is to today's the nearer it lies to
    the first, from either end. A combination that is not to be proposed stands for the same order with less left out.
    Orders are judged at once, what may be left out of them when it is first asked for. Not safe for several threads.

    Args:
        today: today's order.
        reorder, leave_out: what may be chosen.
        fit: judges each candidate.
    """

    def __init__(self, today: Arrangement, reorder: bool, leave_out: bool, fit: Fit) -> None:
        self.today = today
        self.orders: tuple[tuple[int, ...], ...] = ()
        self.optional: tuple[int, ...] = ()
        self._fit = fit
        self._known: dict[tuple[int, ...], Arrangement | None] = {}
        shown = [phase.stage for phase in today.program.phases if phase.stage >= 0]
        if not (reorder or leave_out) or len(set(shown)) != len(shown) or len(shown) < 3:
            return
        self._transitions = Transitions(today.program)
        first = self._transitions.order
        self._known[first] = today
        kept = [order for order in _orders(first) if self._judged(order)] if reorder else [first]
        # The first, the third, the fifth ... and, from the other end, the second, the fourth ...
        self.orders = (*kept[::2], *reversed(kept[1::2]))
        self._greens = {
            stage: {i for i, letter in enumerate(state) if letter in GREEN}
            for stage, state in self._transitions.states.items()
        }
        if leave_out:
            self.optional = tuple(
                stage for stage in sorted(first) if any(self._without(order, (stage,)) for order in self.orders)
            )

    def chosen(self, place: float, gone: Sequence[int]) -> Arrangement:
        """Return what a place among the orders, -0.5 to 0.5, and the stages to be left out stand for."""
        if not self.orders:
            return self.today
        n = len(self.orders)
        order = self.orders[whole(place * n) % n]
        for n_gone in range(len(gone), -1, -1):
            found = self._without(order, gone[:n_gone])
            if found is not None:
                return found
        return self.today

    def located(self, program: Program) -> tuple[float, tuple[int, ...], Arrangement]:
        """Return a place, stages left out and the arrangement that `chosen` makes of them: the program's own.

        One that shows something else is taken for today's order.
        """
        numbers = [phase.stage for phase in program.phases if phase.stage >= 0]
        states = {phase.stage: phase.state for phase in program.phases if phase.stage >= 0}
        kept = self._first_with([states[number] for number in sorted(states)]) if self.orders else None
        if kept is not None and len(numbers) == len(kept):
            key = tuple(kept[number] for number in numbers)
            gone = tuple(stage for stage in sorted(self.orders[0]) if stage not in kept)
            n = len(self.orders)
            for i in sorted(range(n), key=lambda i: min(i, n - i)):
                if self._sequence(self.orders[i], gone) == key:
                    return (i / n + 0.5) % 1.0 - 0.5, gone, self.chosen(i / n, gone)
        return 0.0, (), self.today

    def _without(self, order: Sequence[int], gone: Sequence[int]) -> Arrangement | None:
        """Return an order with stages left out; `None` where it is not to be proposed."""
        left = [self._greens[stage] for stage in order if stage not in gone]
        if len(left) < 2 or not set().union(*(self._greens[stage] for stage in gone)) <= set().union(*left):
            return None
        return self._judged(self._sequence(order, gone))

    def _judged(self, order: tuple[int, ...]) -> Arrangement | None:
        if order not in self._known:
            stages = tuple(sorted(order))
            tries = (
                self._fit(_arranged(self.today.program, order, self._transitions, float(more_red_s)), stages)
                for more_red_s in range(MORE_RED_S + 1)
            )
            self._known[order] = next((found for found in tries if found is not None), None)
        return self._known[order]

    def _sequence(self, order: Sequence[int], gone: Sequence[int]) -> tuple[int, ...]:
        """Return what is left of an order, beginning with the stage that comes first today.

        Of stages that show the same the first ones stay, whichever are to go.
        """
        left = [stage for stage in order if stage not in gone]
        kept = self._first_with([self._transitions.states[stage] for stage in sorted(left)])
        assert kept is not None  # these states are today's
        left = [kept[sorted(left).index(stage)] for stage in left]
        start = min(range(len(left)), key=lambda i: self._transitions.order.index(left[i]))
        return (*left[start:], *left[:start])

    def _first_with(self, states: Sequence[str]) -> tuple[int, ...] | None:
        """Return the first of today's stages, by number, that show these states in this order, or `None`."""
        found: list[int] = []
        for state in states:
            after = found[-1] if found else -1
            own = [s for s, shown in sorted(self._transitions.states.items()) if s > after and shown == state]
            if not own:
                return None
            found.append(own[0])
        return tuple(found)


def _orders(first: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return orders of the stages in a cycle, today's first, then by how many neighbours are new."""
    rest = first[1:]
    if len(first) <= ALL_ORDERS:
        found = {(first[0], *order) for order in itertools.permutations(rest)}
    else:
        found = {first}
        for i, j in itertools.product(range(len(rest)), repeat=2):
            left = [*rest[:i], *rest[i + 1 :]]
            found.add((first[0], *left[:j], rest[i], *left[j:]))
    pairs = set(itertools.pairwise((*first, first[0])))
    place = {stage: i for i, stage in enumerate(first)}
    return sorted(
        found,
        key=lambda order: (
            sum(pair not in pairs for pair in itertools.pairwise((*order, order[0]))),
            [place[stage] for stage in order],
        ),
    )


def _arranged(program: Program, order: Sequence[int], transitions: Transitions, more_red_s: float) -> Program:
    """Return the program with its stages in another order; those left out leave no gap in the numbers."""
    kept = sorted(order)
    greens_s = program.greens_s
    phases: list[Phase] = []
    for stage, after in itertools.pairwise((*order, order[0])):
        phases.append(Phase(float(math.ceil(greens_s[stage])), transitions.states[stage], kept.index(stage)))
        phases += transitions.between(stage, after, more_red_s)
    return Program(
        program.signal,
        tuple(phases),
        program.offset_s,
        tuple(program.min_green_s[stage] for stage in kept),
        tuple(program.max_green_s[stage] for stage in kept),
    )
