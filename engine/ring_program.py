"""Turns ring-and-barrier timing into a stage-based program: who has green when two rings run side by side."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.errors import InputError
from engine.network import RANK, Link, facing
from engine.plan import Program
from engine.rings import RingTiming
from engine.stages import NetPhase, NetProgram, stage_program

__all__ = ["Service", "Wiring", "crossings", "ring_program", "shared_greens", "walks", "whole_seconds"]


@dataclass(frozen=True)
class Service:
    """The links, by index, that a phase gives green: with the right of way, and giving way."""

    protected: frozenset[int] = frozenset()
    permitted: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Wiring:
    """Which phase gives green to which of a signal's links.

    Attributes:
        services: the vehicle links of each phase by its number; crossings find theirs by `walks`.
        always: links that no phase holds back; they give way to every green that they meet.
        on_red: links that may turn on red after a stop.
        overlaps: the links of each overlap of the timing by its name; they have the right of way in its parents.
    """

    services: Mapping[int, Service]
    always: frozenset[int] = frozenset()
    on_red: frozenset[int] = frozenset()
    overlaps: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def served(self, timing: RingTiming) -> dict[int, Service]:
        """Return the links of each phase, those of its overlaps among them."""
        services = dict(self.services)
        for overlap in timing.overlaps:
            for number in overlap.parents:
                old = services.get(number, Service())
                services[number] = Service(old.protected | self.overlaps.get(overlap.name, frozenset()), old.permitted)
        return services


def whole_seconds(timing: RingTiming) -> tuple[RingTiming, str]:
    """Return the timing in whole seconds, and what that changed in one sentence (empty where nothing).

    Phases begin at the nearest second. Yellow, all-red and don't walk are rounded up, so that no change interval gets
    shorter; greens give what that takes.

    Raises:
        InputError: a phase is left without green.
    """
    starts, greens = timing.starts_s(), timing.greens_s()
    phases, grown = [], []
    for phase in timing.phases:
        begin_s = starts[phase.number]
        end_s = begin_s + greens[phase.number] + phase.yellow_s + phase.all_red_s
        yellow_s, all_red_s = _up(phase.yellow_s), _up(phase.all_red_s)
        green_s = _nearest(end_s) - _nearest(begin_s) - yellow_s - all_red_s
        if green_s < 1.0:
            raise InputError(
                f"signal '{timing.signal}', phase {phase.number}: a split of {phase.split_s:g} s leaves no green beside "
                f"{yellow_s:g} s of yellow and {all_red_s:g} s of all-red. Lengthen it."
            )
        if (yellow_s, all_red_s) != (phase.yellow_s, phase.all_red_s):
            grown.append(phase.number)
        dont_walk_s = None if phase.dont_walk_s is None else _up(phase.dont_walk_s)
        phases.append(
            dataclasses.replace(phase, green_s=green_s, yellow_s=yellow_s, all_red_s=all_red_s, dont_walk_s=dont_walk_s)
        )
    rounded = dataclasses.replace(timing, cycle_s=_nearest(timing.cycle_s), phases=tuple(phases))
    offset_s = (_nearest(timing.begins_s) + rounded.reference_s) % rounded.cycle_s
    rounded = dataclasses.replace(rounded, offset_s=offset_s)
    if not grown and rounded.greens_s() == greens:
        return rounded, ""
    more = f", yellow and all-red of phase {', '.join(map(str, grown))} up at the cost of green" if grown else ""
    return rounded, f"signal '{timing.signal}': its times are rounded to whole seconds{more}"


def _up(value: float) -> float:
    return float(math.ceil(value - 1e-6))


def _nearest(value: float) -> float:
    return float(math.floor(value + 0.5))


def walks(timing: RingTiming, services: Mapping[int, Service], links: Sequence[Link]) -> dict[int, tuple[int, ...]]:
    """Return the phases with whose walk each crossing goes, by the crossing's index; empty where it goes with none."""
    return {
        crossing: tuple(number for number in beside if timing.phase(number).walk_s)
        for crossing, beside in crossings(services, links).items()
    }


def crossings(services: Mapping[int, Service], links: Sequence[Link]) -> dict[int, tuple[int, ...]]:
    """Return the phases that each crossing belongs to, by the crossing's index.

    A crossing goes with the through movement whose right turn drives over it: in ring-and-barrier timing the walk of a
    phase is for the crossing on its right. Where that phase has no walk, the crossing has none: with the through traffic
    from the other side it would meet the left turns that are protected beside it. Only where no phase is of that kind,
    any will do whose through traffic it is clear of.
    """
    kinds: dict[int, set[str]] = {}
    approaches: dict[int, set[str]] = {}
    foes: dict[int, set[int]] = {}
    for link in links:
        kinds.setdefault(link.index, set()).add(link.turn)
        approaches.setdefault(link.index, set()).add(link.approach)
        foes.setdefault(link.index, set()).update(link.foes)
    found = {}
    for crossing in sorted({link.index for link in links if link.kind == "pedestrian"}):
        over = {index for index in foes[crossing] if index in kinds}
        clear: list[tuple[int, int]] = []
        for number, service in services.items():
            through = {index for index in service.protected if "through" in kinds[index]}
            if not service.protected or through & over:
                continue
            beside = set().union(*(approaches[index] for index in through))
            right = any("right" in kinds[index] and approaches[index] & beside for index in over)
            clear.append((2 if right else 1 if through else 0, number))
        best = max((how for how, _ in clear), default=0)
        found[crossing] = tuple(number for how, number in clear if how == best)
    return found


def shared_greens(timing: RingTiming, program: Program) -> list[int]:
    """Return the phases whose green is not that of one stage and fixed intervals, so that nothing holds their least green."""
    return [number for number, stages in _stages_of(timing, program).items() if len(stages) != 1 or None in stages]


def _stages_of(timing: RingTiming, program: Program) -> dict[int, dict[int | None, float]]:
    """Return the stages within each phase's green with their seconds; `None` stands for one that goes beyond it."""
    starts, greens = timing.starts_s(), timing.greens_s()
    found: dict[int, dict[int | None, float]] = {number: {} for number in greens}
    at_s = program.offset_s - timing.begins_s
    for interval in program.phases:
        for number, green_s in greens.items():
            since_s = (at_s - starts[number] + 1e-6) % timing.cycle_s
            if interval.stage < 0:
                continue
            if since_s + interval.duration_s <= green_s + 2e-6:
                stages = found[number]
                stages[interval.stage] = stages.get(interval.stage, 0.0) + interval.duration_s
            elif since_s < green_s - 1e-6 or since_s + interval.duration_s > timing.cycle_s + 2e-6:
                found[number][None] = interval.duration_s
        at_s += interval.duration_s
    return found


def ring_program(timing: RingTiming, wiring: Wiring, links: Sequence[Link], min_green_s: float = 5.0) -> Program:
    """Return the program that shows what the timing does.

    A link keeps its green from one of its phases to the next where the one begins as the other ends (an overlap), unless
    it loses the right of way by that. A crossing has green from its phase's begin until don't walk has to flash (rest in
    walk); while it flashes, SUMO's pedestrians see red and finish crossing.

    Args:
        timing: in whatever unit of time it is; see `whole_seconds`.
        wiring: what each phase serves.
        links: the signal's links.
        min_green_s: least green of a stage where its phases need no longer one, seconds.

    Raises:
        InputError: two links that conflict, and neither of which gives way by a rule of the road, have green at once.
    """
    show = _Show(timing, wiring, links)
    edges = show.edges_s()
    phases: list[NetPhase] = []
    for begin_s, end_s in zip(edges, [*edges[1:], edges[0] + timing.cycle_s], strict=True):
        state = show.state((begin_s + end_s) / 2.0)
        seconds = round(end_s - begin_s, 3)
        if phases and phases[-1].state == state:
            seconds += phases.pop().duration_s
        phases.append(NetPhase(seconds, state))
    begins_s = timing.begins_s + edges[0]
    if len(phases) > 1 and phases[0].state == phases[-1].state:
        # The cycle would be cut in the middle of an interval: it begins with that interval instead.
        last = phases.pop()
        phases[0] = NetPhase(phases[0].duration_s + last.duration_s, last.state)
        begins_s -= last.duration_s
    raw = NetProgram(timing.signal, "0", "static", round(begins_s % timing.cycle_s, 3), tuple(phases))
    program, reason = stage_program(raw, links, min_green_s)
    if program is None:
        raise InputError(f"signal '{timing.signal}': its timing gives no fixed-time program: {reason}.")
    return _with_least_greens(timing, program)


def _with_least_greens(timing: RingTiming, program: Program) -> Program:
    """Return the program with each stage's bound raised to what the phases need whose green is that stage alone.

    What a green has beside the stage is of fixed length, as don't walk is, and counts towards the phase's least green.
    """
    low, high = list(program.min_green_s), list(program.max_green_s)
    greens = timing.greens_s()
    for number, stages in _stages_of(timing, program).items():
        ((stage, seconds),) = stages.items() if len(stages) == 1 else ((None, 0.0),)
        if stage is not None:
            needed_s = timing.phase(number).min_green_s - (greens[number] - seconds)
            low[stage] = max(low[stage], math.ceil(needed_s - 1e-6))
            high[stage] = max(high[stage], low[stage])
    return dataclasses.replace(program, min_green_s=tuple(low), max_green_s=tuple(high))


class _Show:
    """What each link shows at any moment of the cycle."""

    def __init__(self, timing: RingTiming, wiring: Wiring, links: Sequence[Link]) -> None:
        self._timing = timing
        self._starts, self._greens = timing.starts_s(), timing.greens_s()
        self._services = wiring.served(timing)
        self._walks = walks(timing, self._services, links)
        self._always = wiring.always
        self._on_red = wiring.on_red
        self._width = 1 + max(link.index for link in links)
        self._links: dict[int, list[Link]] = {}
        for link in links:
            self._links.setdefault(link.index, []).append(link)
        self._foes = {index: set().union(*(link.foes for link in of)) for index, of in self._links.items()}
        self._turns = {
            index: min((link.turn for link in of), key=RANK.__getitem__) for index, of in self._links.items()
        }

    def edges_s(self) -> list[float]:
        """Return every moment at which something may change, seconds in [0, cycle), ascending."""
        moments = set()
        for phase in self._timing.phases:
            begin_s, green_s = self._starts[phase.number], self._greens[phase.number]
            spans = (0.0, self._walk_s(phase.number), green_s, green_s + phase.yellow_s, self._split_s(phase.number))
            moments |= {round((begin_s + span) % self._timing.cycle_s, 3) % self._timing.cycle_s for span in spans}
        return sorted(moments)

    def _split_s(self, number: int) -> float:
        phase = self._timing.phase(number)
        return self._greens[number] + phase.yellow_s + phase.all_red_s

    def _walk_s(self, number: int) -> float:
        phase = self._timing.phase(number)
        green_s = self._greens[number]
        return max(green_s - (phase.dont_walk_s or 0.0), min(phase.walk_s or 0.0, green_s))

    def _since_s(self, number: int, at_s: float) -> float:
        return (at_s - self._starts[number]) % self._timing.cycle_s

    def state(self, at_s: float) -> str:
        """Return the letters at a moment that is no edge."""
        letters = {index: self._letter(index, at_s) for index in self._links}
        self._give_way(letters)
        return "".join(letters.get(index, "r") for index in range(self._width))

    def _letter(self, index: int, at_s: float) -> str:
        if index in self._always:
            return "G"
        if index in self._walks:
            walking = any(self._since_s(number, at_s) < self._walk_s(number) for number in self._walks[index])
            return "G" if walking else "r"
        shown = "r"
        for number, service in self._services.items():
            for letter, of in (("G", service.protected), ("g", service.permitted)):
                if index in of:
                    shown = min(shown, self._of_phase(number, index, letter, at_s), key="Ggyr".index)
        return "s" if shown == "r" and index in self._on_red else shown

    def _of_phase(self, number: int, index: int, letter: str, at_s: float) -> str:
        since_s = self._since_s(number, at_s)
        if since_s < self._greens[number]:
            return letter
        if since_s >= self._split_s(number):
            return "r"
        if self._goes_on(number, index, letter):
            return letter
        return "y" if since_s < self._greens[number] + self._timing.phase(number).yellow_s else "r"

    def _goes_on(self, number: int, index: int, letter: str) -> bool:
        """Return whether another phase of the link begins as this one ends, and takes no right of way from it."""
        end_s = self._starts[number] + self._split_s(number)
        for other, service in self._services.items():
            if index in service.protected or (letter == "g" and index in service.permitted):
                apart_s = abs(self._starts[other] - end_s) % self._timing.cycle_s
                if min(apart_s, self._timing.cycle_s - apart_s) < 1e-6:
                    return True
        return False

    def _give_way(self, letters: dict[int, str]) -> None:
        """Turn `G` into `g` where a green meets one that goes first."""
        granted = {index for index, letter in letters.items() if letter == "G"}
        for index in sorted(granted):
            for foe in sorted(self._foes[index] & granted):
                if index in self._always and foe not in self._always:
                    letters[index] = "g"
                elif foe not in self._always and RANK[self._turns[index]] < RANK[self._turns[foe]]:
                    self._check(index, foe)
                    letters[index] = "g"
                elif index < foe and self._turns[index] == self._turns[foe] == "through":
                    self._check(index, foe)

    def _check(self, index: int, foe: int) -> None:
        """Refuse greens at the same time that no rule of the road resolves."""
        one, other = self._links[index][0], self._links[foe][0]
        turns = {self._turns[index], self._turns[foe]}
        resolved = (
            (one.approach == other.approach and "crossing" not in turns)
            or ("crossing" in turns and "through" not in turns)
            or "uturn" in turns
            or ("right" in turns and len(turns) > 1 and "crossing" not in turns)
            or (turns == {"left", "through"} and facing(one.approach, other.approach) <= 1)
        )
        if not resolved:
            raise InputError(
                f"signal '{self._timing.signal}': '{one.movement}' and '{other.movement}' conflict, and the phases give both "
                "green. Check which approach each movement of the file is (map=FILE), or make one of them permitted."
            )
