"""What of a plan may vary and how far, and the bounds of each signal that follow from it and from rules."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from engine.arrangements import Arrangement
from engine.audit import Bounds
from engine.errors import InputError
from engine.plan import Program
from engine.rounding import share, whole

__all__ = ["Judge", "SpaceOptions", "arrangement", "fitted"]


@dataclass(frozen=True)
class SpaceOptions:
    """What a plan space varies.

    Attributes:
        cycle, splits, offsets: whether each of them is varied.
        order: whether the stages of a signal may come in another order.
        skip: whether a stage may be left out whose links all have green in one that stays.
        half_cycle: whether a signal may run at half of its cycle where others run at the whole.
        radius: log-ratio of cycle and greens to the plan in the net; `math.inf` spans the bounds.
        min_cycle_s, max_cycle_s: bounds of a varied cycle, seconds.
        min_green_s: least green of every stage, seconds; a crossing's walking time is kept beyond that.
        max_green_s: most green of every stage, seconds, or `None` for what the program itself allows.
        signals: ids of the signals that may change, or `None` for all.
    """

    cycle: bool = True
    splits: bool = True
    offsets: bool = True
    order: bool = False
    skip: bool = False
    half_cycle: bool = False
    radius: float = 0.3
    min_cycle_s: float = 40.0
    max_cycle_s: float = 180.0
    min_green_s: float = 5.0
    max_green_s: float | None = None
    signals: tuple[str, ...] | None = None


Judge = Callable[[Program], Bounds | None]
"""Returns what rules allow a program that is not the net's own; `None` where it breaks more of them than that one."""


def arrangement(
    program: Program, stages: tuple[int, ...], options: SpaceOptions, allowed: Bounds | None
) -> Arrangement:
    """Return a program with its bounds.

    Raises:
        InputError: no plan lies within them.
    """
    bounded = _bounded(program, options, allowed)
    low_s, high_s = _cycle_bounds(bounded, options, allowed)
    needed_s = math.ceil(sum(bounded.min_green_s) + bounded.fixed_s)
    floor_s = needed_s if allowed is None else max(needed_s, math.ceil(allowed.min_cycle_s))
    return Arrangement(stages, bounded, low_s, high_s, floor_s)


def fitted(
    today: Arrangement, options: SpaceOptions, judge: Judge | None, program: Program, stages: tuple[int, ...]
) -> Arrangement | None:
    """Return another order of today's stages with its bounds; `None` where rules or bounds leave no plan of it."""
    needed_s = math.ceil(sum(program.min_green_s) + program.fixed_s)
    cycle_s = max(whole(today.program.cycle_s), needed_s)
    if cycle_s > whole(today.program.cycle_s) and not options.cycle:
        return None
    weights = [max(today.program.greens_s[stage], 1.0) for stage in stages]
    greens = share(cycle_s - program.fixed_s, weights, program.min_green_s, program.max_green_s)
    standing = program.with_greens(greens, today.program.offset_s)
    allowed = None if judge is None else judge(standing)
    if judge is not None and allowed is None:
        return None
    try:
        return arrangement(standing, stages, options, allowed)
    except InputError:
        return None


def _bounded(program: Program, options: SpaceOptions, allowed: Bounds | None) -> Program:
    least_s, most_s = program.min_green_s, program.max_green_s
    if allowed is not None:
        least_s, most_s = allowed.min_green_s, allowed.max_green_s
    floor_s = math.ceil(options.min_green_s)
    low = tuple(max(bound, floor_s, math.ceil(held_s)) for bound, held_s in zip(least_s, program.held_s, strict=True))
    most = math.inf if options.max_green_s is None else math.floor(options.max_green_s)
    high = tuple(min(bound, most) for bound in most_s)
    for stage, (least, longest) in enumerate(zip(low, high, strict=True)):
        if least > longest:
            raise InputError(
                f"signal '{program.signal}', stage {stage}: the minimum green of {least:g} s (walking time included) is "
                f"above the maximum of {longest:g} s. Change plans.min_green_s or plans.max_green_s."
            )
    return Program(program.signal, program.phases, program.offset_s, low, high)


def _cycle_bounds(program: Program, options: SpaceOptions, allowed: Bounds | None) -> tuple[int, int]:
    """Return the shortest and longest cycle of one signal, whole seconds.

    Raises:
        InputError: the minimum greens and intergreens do not fit into any cycle that is allowed.
    """
    needed = math.ceil(sum(program.min_green_s) + program.fixed_s)
    longest = math.floor(sum(program.max_green_s) + program.fixed_s)
    today = whole(program.cycle_s)
    # A cycle that is not varied stays as it is; one that is, keeps to the bounds, or to today's where that is beyond.
    low, high = (math.ceil(options.min_cycle_s), math.floor(options.max_cycle_s)) if options.cycle else (today, today)
    if allowed is not None and options.cycle:
        low = max(low, math.ceil(allowed.min_cycle_s))
        high = max(needed, math.floor(allowed.max_cycle_s)) if allowed.max_cycle_s < high else high
    if needed > high:
        raise InputError(
            f"signal '{program.signal}': no plan fits: minimum greens and intergreens need {needed} s, the longest cycle "
            f"is {high} s. Lower plans.min_green_s, raise plans.max_cycle_s, or choose other rules."
        )
    if longest < low:
        raise InputError(
            f"signal '{program.signal}': no plan fits: maximum greens and intergreens reach {longest} s, the shortest "
            f"cycle is {low} s. Raise plans.max_green_s, or lower plans.min_cycle_s."
        )
    return max(low, needed), min(high, longest)
