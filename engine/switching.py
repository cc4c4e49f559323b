"""From one fixed-time program into another: when the old one ends, what runs between them, when the new one is in step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from engine.errors import InputError
from engine.plan import Phase, Program
from engine.rounding import share

__all__ = ["Handover", "handover"]

SHORTEST, LONGEST = 0.8, 1.25
"""A cycle between two plans is no shorter and no longer than these shares of the new plan's."""
MOST_CYCLES = 12
"""Where greens leave room, three cycles reach every place of the cycle; stages with narrow bounds take more."""


@dataclass(frozen=True)
class Handover:
    """How one signal gets from one program into another.

    Attributes:
        leaves_s: the old program ends then, at the start of a stage that both programs show.
        enters_s: the new program goes on from then, at the start of that stage.
        between: what runs from the one to the other: cycles of the new program, made shorter or longer. Its own cycle is
            all of that time. `None` where the new program is in step at once.
        n_cycles: how many cycles that are.
    """

    leaves_s: float
    enters_s: float
    between: Program | None
    n_cycles: int


def handover(old: Program, new: Program, at_s: float) -> Handover:
    """Return how a signal changes its program from `at_s` on, so that the new one is in step as soon as possible.

    The signal runs on in the old program until a stage begins that both show, and from there in the new one, whose
    greens are shortened or lengthened within their bounds for some cycles, until its offset is right. So every green is
    at least its stage's minimum, and every intergreen is one of the old or the new program, whole.

    Args:
        old, new: programs of one signal, in whole seconds.
        at_s: simulation time, whole seconds.

    Raises:
        InputError: they have no stage in common, are not in whole seconds, or the new one's greens leave no room.
    """
    for program in (old, new):
        if any(value != int(value) for value in (program.offset_s, *(phase.duration_s for phase in program.phases))):
            raise InputError(
                f"signal '{program.signal}': its program has times that are no whole seconds, and a schedule switches at "
                "whole seconds. Round the plan first, as 'greensplit import' does."
            )
    shared = [
        (i, j) for i in _starts(old) for j in _starts(new) if old.phases[i].state == new.phases[j].state
    ]  # fmt: skip
    if not shared:
        raise InputError(
            f"signal '{new.signal}': the two plans show no stage in common, so nothing leads safely from one to the "
            "other. Give plans that share a stage."
        )
    found = [way for i, j in shared if (way := _way(old, new, i, j, at_s)) is not None]
    if not found:
        raise InputError(
            f"signal '{new.signal}': the bounds of its greens leave no room to get into step within {MOST_CYCLES} cycles. "
            "Widen minimum or maximum greens, or give both plans one cycle and offset."
        )
    return min(found, key=lambda way: (way.enters_s, way.leaves_s))


def _starts(program: Program) -> Iterator[int]:
    """Yield the phases at which a stage begins."""
    for i, phase in enumerate(program.phases):
        if phase.stage >= 0 and program.phases[i - 1].stage != phase.stage:
            yield i


def _next(program: Program, phase: int, at_s: float) -> float:
    """Return the first time from `at_s` on at which a phase begins."""
    begins_s = program.offset_s + sum(of.duration_s for of in program.phases[:phase])
    return at_s + (begins_s - at_s) % program.cycle_s


def _way(old: Program, new: Program, i: int, j: int, at_s: float) -> Handover | None:
    """Return the shortest way from the start of the old program's phase `i` to the start of the new one's phase `j`."""
    leaves_s = _next(old, i, at_s)
    cycle_s, missing_s = new.cycle_s, _next(new, j, leaves_s) - leaves_s
    if missing_s == 0.0:
        return Handover(leaves_s, leaves_s, None, 0)
    low, high = _bounds(new)
    least_s = max(new.fixed_s + sum(low), math.ceil(SHORTEST * cycle_s))
    most_s = min(new.fixed_s + sum(high), math.floor(LONGEST * cycle_s))
    for n in range(1, MOST_CYCLES + 1):
        lasts = [missing_s + k * cycle_s for k in range(2 * n + 1)]
        fitting = [last_s for last_s in lasts if n * least_s <= last_s <= n * most_s]
        if fitting:
            last_s = min(fitting, key=lambda last_s: abs(last_s - n * cycle_s))
            return Handover(leaves_s, leaves_s + last_s, _between(new, j, n, last_s, leaves_s, low, high), n)
    return None


def _bounds(program: Program) -> tuple[list[float], list[float]]:
    """Return how short and how long each stage may be between plans, seconds."""
    stages = list(zip(program.greens_s, program.min_green_s, program.max_green_s, program.held_s, strict=True))
    low = [max(min(least_s, green_s), held_s) for green_s, least_s, _, held_s in stages]
    high = [max(most_s, green_s) for green_s, _, most_s, _ in stages]
    return low, high


def _between(
    new: Program, j: int, n: int, last_s: float, leaves_s: float, low: Sequence[float], high: Sequence[float]
) -> Program:
    """Return `n` cycles of the new program from its phase `j` on that last `last_s` in all and begin at `leaves_s`."""
    each_s, longer = divmod(round(last_s), n)
    phases: list[Phase] = []
    for k in range(n):
        greens = share(each_s + (k < longer) - new.fixed_s, [max(green, 1.0) for green in new.greens_s], low, high)
        cycle = new.with_greens(greens).phases
        phases += (*cycle[j:], *cycle[:j])
    return replace(new, phases=tuple(phases), offset_s=leaves_s % last_s)
