"""Intergreens between stages that a program does not show one after the other, from what it shows of each link."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from engine.conflicts import GREEN
from engine.plan import Phase, Program

__all__ = ["Transitions"]

Closing = tuple[tuple[float, str], ...]
"""(seconds, letter) of a link from the end of its last stage to the start of the stage without it."""


class Transitions:
    """The intergreens of one program: those that it shows, and those that another order of its stages needs.

    One that it shows is kept as it is. Any other is made link by link. A link that loses green closes as it does today,
    with the same flashing, yellow and clearance: after the same stage where it loses green there, else as it takes
    longest. One that has green on both sides keeps it. One that gains green waits for the end, which comes when the
    slowest link has closed and, after the last yellow, the longest all-red of today has passed. So no link gets green
    beside one that is not green beside it in a stage already.

    Args:
        program: each stage in one interval.
    """

    def __init__(self, program: Program) -> None:
        at = [i for i, phase in enumerate(program.phases) if phase.stage >= 0]
        self.order = tuple(program.phases[i].stage for i in at)
        """Today's stages in the order in which they are shown."""
        self.states = {program.phases[i].stage: program.phases[i].state for i in at}
        n = len(program.phases)
        self._shown: dict[tuple[int, int], tuple[Phase, ...]] = {}
        self._closings: dict[tuple[int, int], Closing] = {}
        self._slowest: dict[int, Closing] = {}
        self._ready_s: dict[int, float] = {}
        for k, start in enumerate(at):
            end = at[(k + 1) % len(at)]
            between = tuple(program.phases[i % n] for i in range(start + 1, end if end > start else end + n))
            self._learn(program.phases[start].stage, program.phases[end].stage, between)
        self._red_s = max((_all_red_s(phases) for phases in self._shown.values()), default=0.0)

    def _learn(self, one: int, other: int, phases: tuple[Phase, ...]) -> None:
        self._shown[one, other] = phases
        for link, (before, after) in enumerate(zip(self.states[one], self.states[other], strict=True)):
            if before in GREEN and after not in GREEN:
                closing = tuple((phase.duration_s, phase.state[link]) for phase in phases)
                self._closings[one, link] = closing
                if _seconds(closing) > _seconds(self._slowest.get(link, ())) or link not in self._slowest:
                    self._slowest[link] = closing
            elif before not in GREEN and after in GREEN:
                ready = itertools.takewhile(lambda phase, link=link: phase.state[link] == "u", reversed(phases))  # type: ignore[misc]
                self._ready_s[link] = max(self._ready_s.get(link, 0.0), sum(phase.duration_s for phase in ready))

    def between(self, one: int, other: int, more_red_s: float = 0.0) -> tuple[Phase, ...]:
        """Return the intergreen from one stage to another; none where no link loses green.

        Args:
            one, other: the stages.
            more_red_s: all-red beyond today's longest, for one that the program does not show.
        """
        if (one, other) in self._shown:
            return self._shown[one, other]
        before, after = self.states[one], self.states[other]
        closings = {
            link: self._closings.get((one, link)) or self._slowest[link]
            for link in range(len(before))
            if before[link] in GREEN and after[link] not in GREEN
        }
        ready_s = {
            link: self._ready_s.get(link, 0.0)
            for link in range(len(before))
            if before[link] not in GREEN and after[link] in GREEN
        }
        cleared_s = max((_yellow_ends_s(closing) for closing in closings.values()), default=0.0)
        end_s = max((_seconds(closing) for closing in closings.values()), default=0.0)
        end_s = max(end_s, cleared_s + self._red_s + more_red_s if closings else 0.0, *ready_s.values(), 0.0)
        cuts = {0.0, end_s, *(end_s - seconds for seconds in ready_s.values())}
        for closing in closings.values():
            cuts |= {min(cut, end_s) for cut in itertools.accumulate(seconds for seconds, _ in closing)}

        def letter(link: int, at_s: float) -> str:
            if link in closings:
                return _letter(closings[link], at_s)
            if link in ready_s:
                return "u" if at_s >= end_s - ready_s[link] - 1e-9 else "r"
            return before[link] if before[link] in GREEN or before[link] == after[link] else "r"

        phases: list[Phase] = []
        for start_s, stop_s in itertools.pairwise(sorted(round(cut, 9) for cut in cuts)):
            state = "".join(letter(link, start_s) for link in range(len(before)))
            if phases and phases[-1].state == state:
                phases[-1] = Phase(phases[-1].duration_s + stop_s - start_s, state, -1)
            elif stop_s > start_s:
                phases.append(Phase(stop_s - start_s, state, -1))
        return tuple(phases)


def _seconds(closing: Closing) -> float:
    return sum(seconds for seconds, _ in closing)


def _letter(closing: Closing, at_s: float) -> str:
    """Return what a closing link is shown; red once it has closed."""
    end_s = 0.0
    for seconds, letter in closing:
        end_s += seconds
        if at_s < end_s - 1e-9:
            return letter
    return "r"


def _yellow_ends_s(closing: Closing) -> float:
    """Return when the last yellow of a closing link ends."""
    ends = [
        end
        for end, (_, letter) in zip(itertools.accumulate(s for s, _ in closing), closing, strict=True)
        if letter == "y"
    ]
    return max(ends, default=0.0)


def _all_red_s(phases: Sequence[Phase]) -> float:
    """Return how long an intergreen goes on after its last yellow; 0 where it has none."""
    if not any("y" in phase.state for phase in phases):
        return 0.0
    return sum(
        phase.duration_s for phase in itertools.takewhile(lambda phase: "y" not in phase.state, reversed(phases))
    )
