"""How short a stage and how long a cycle may be under the rules, from the checks that audit a program."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.audit.checks import Check
from engine.plan import Program

__all__ = ["Bounds", "bounds"]


@dataclass(frozen=True)
class Bounds:
    """Within these, a plan with the program's phases breaks no more than the program itself.

    Attributes:
        min_green_s, max_green_s: of each stage, seconds; no narrower than the program's own where the rules allow those.
        min_cycle_s, max_cycle_s: of the cycle, seconds.
    """

    min_green_s: tuple[float, ...]
    max_green_s: tuple[float, ...]
    min_cycle_s: float = 0.0
    max_cycle_s: float = math.inf


def bounds(program: Program, checks: Sequence[Check]) -> Bounds:
    """Return the bounds that a program's checks amount to.

    A limit that the program breaks is neither repaired nor broken further: what it has today counts in its place.
    """
    durations = [phase.duration_s for phase in program.phases]
    whole_cycle = {i for i, seconds in enumerate(durations) if seconds > 0.0}
    low, high = list(program.min_green_s), list(program.max_green_s)
    shortest_s, longest_s = 0.0, math.inf
    for check in checks:
        today_s = check.measured_s(durations)
        stages = [program.phases[i].stage for i in check.phases if program.phases[i].stage >= 0]
        if set(check.phases) == whole_cycle:
            if check.at_least:
                shortest_s = max(shortest_s, min(check.value, today_s))
            else:
                longest_s = min(longest_s, max(check.value, today_s))
        elif check.at_least and check.sign > 0.0:
            fixed_s = sum(durations[i] for i in check.phases if program.phases[i].stage < 0)
            _raise(low, program.greens_s, stages, min(check.value, today_s) - fixed_s)
        elif check.at_least:
            for stage in stages:
                high[stage] = max(low[stage], min(high[stage], program.greens_s[stage]))
    # A red is the cycle less what is not red: with the least of that, its limit is one of the cycle. Where that would
    # be shorter than the shortest cycle, what is not red has to last longer.
    reds = [check for check in checks if not check.at_least and set(check.phases) != whole_cycle]
    for check in reds:
        rest = [phase for i, phase in enumerate(program.phases) if i not in check.phases]
        stages = [phase.stage for phase in rest if phase.stage >= 0]
        fixed_s = sum(phase.duration_s for phase in rest if phase.stage < 0)
        most_s = max(check.value, check.measured_s(durations))
        if any(program.phases[i].stage >= 0 for i in check.phases):
            _raise(low, program.greens_s, stages, shortest_s - most_s - fixed_s)
            longest_s = min(longest_s, most_s + fixed_s + sum(low[stage] for stage in stages))
    return Bounds(tuple(low), tuple(high), shortest_s, longest_s)


def _raise(low: list[float], greens_s: Sequence[float], stages: Sequence[int], total_s: float) -> None:
    """Raise the least greens of some stages until they sum to `total_s`, those with most to spare first."""
    missing = math.ceil(total_s - sum(low[stage] for stage in stages) - 1e-9)
    for stage in sorted(stages, key=lambda stage: low[stage] - greens_s[stage]):
        if missing <= 0:
            return
        step = min(missing, max(0, math.ceil(greens_s[stage]) - low[stage]))
        low[stage] += step
        missing -= int(step)
