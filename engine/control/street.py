"""`program`: the fixed plan, shown through the monitors; what every signal goes back to when its controller fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.conflicts import GREEN
from engine.control.controller import Place
from engine.control.monitor import Monitor
from engine.plan import Program
from engine.state import State

__all__ = ["FixedPlan", "wanted_at"]


def wanted_at(program: Program, time_s: float) -> str:
    """Return the letters that a program wants at a time: what is no green of its is its red.

    The cycle begins at its offset, on the clock that all signals share, so whoever follows it again is coordinated.
    """
    into_s = (time_s - program.offset_s) % program.cycle_s
    for phase in program.phases:
        if into_s < phase.duration_s:
            return "".join(letter if letter in GREEN or letter in "soO" else "r" for letter in phase.state)
        into_s -= phase.duration_s
    return wanted_at(program, program.offset_s)  # rounding at the cycle's very end


class FixedPlan:
    """Wants what the fixed plan shows at this second.

    Args:
        programs: of the plan that is in force, by signal; others have the network's.
    """

    decision_s = 1.0

    def __init__(self, programs: Mapping[str, Program] | None = None) -> None:
        self._given = programs or {}

    def start(self, place: Place) -> None:
        """See `engine.control.controller.Controller`."""
        self._programs = [self._given.get(signal.id, signal.program) for signal in place.network.signals]

    def decide(self, state: State, lights: Sequence[Monitor]) -> Sequence[str]:
        """See `engine.control.controller.Controller`."""
        return [self.wanted(i, state.time_s) for i in range(len(self._programs))]

    def wanted(self, i: int, time_s: float) -> str:
        """Return what signal `i` wants at a time."""
        program = self._programs[i]
        return "" if program is None else wanted_at(program, time_s)
