"""Finds the ring-and-barrier timing that shows what a stage-based program shows, where there is one."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.conflicts import GREEN
from engine.errors import InputError
from engine.network import COMPASS, Link, facing
from engine.plan import Phase, Program
from engine.ring_program import Service, Wiring, crossings, ring_program
from engine.rings import OffsetReference, Recall, RingPhase, RingTiming, problems
from engine.stages import WALK_S

__all__ = ["RingForm", "differences", "ring_form"]

MOST_PHASES = 8


@dataclass(frozen=True)
class RingForm:
    """A program as ring-and-barrier timing.

    Attributes:
        timing: the phases.
        wiring: the links that each of them serves.
        differences: links that it shows otherwise than the program for a part of an intergreen.
    """

    timing: RingTiming
    wiring: Wiring
    differences: frozenset[int] = frozenset()


@dataclass(frozen=True)
class _Green:
    """A phase in the making.

    Attributes:
        place: barrier, ring and position.
        intervals: the indices of the program's intervals in which it is green.
        yellow_s, all_red_s: seconds.
        approach: whose movement it is; empty where it is not one approach's.
        left: whether it is that approach's left turns, or its other movements.
    """

    place: tuple[int, int, int]
    intervals: tuple[int, ...]
    yellow_s: float
    all_red_s: float
    approach: str = ""
    left: bool = False


def ring_form(program: Program, links: Sequence[Link]) -> tuple[RingForm | None, str]:
    """Return the timing, and why there is none (empty where there is).

    Two rings are tried first: phases 2 and 6, 4 and 8 are opposite through movements, 1, 3, 5 and 7 the left turns
    against them, with either road as the main one. Then one ring, whose phases are the stages. A form counts if turning
    it back into a program shows every link the same during every stage. One that shows the same at every moment is
    taken first; what another one shows otherwise between stages is in `RingForm.differences`.
    """
    reason = "it has no stage"
    loose: RingForm | None = None
    for phases in itertools.chain(_two_rings(program, links), _one_ring(program)):
        try:
            form = _form(program, links, phases)
            back = ring_program(form.timing, form.wiring, links)
        except InputError as error:
            reason = str(error)
            continue
        differing = differences(program, back)
        if differing is None:
            reason = "its stages follow each other in a way that no sequence of phases has"
        elif not differing:
            return form, ""
        elif loose is None:
            loose = dataclasses.replace(form, differences=differing)
    return loose, "" if loose else reason


def differences(program: Program, other: Program) -> frozenset[int] | None:
    """Return the links that another program shows otherwise during intergreens; `None` where stages or cycle differ."""
    if abs(program.cycle_s - other.cycle_s) > 1e-6:
        return None
    edges = sorted({round(at_s, 3) for of in (program, other) for at_s, _ in _timeline(of)})
    differing: set[int] = set()
    for begin_s, end_s in zip(edges, [*edges[1:], edges[0] + program.cycle_s], strict=True):
        middle_s = (begin_s + end_s) / 2.0
        mine, theirs = _shown(program, middle_s), _shown(other, middle_s)
        if mine.state != theirs.state:
            if mine.stage >= 0:
                return None
            differing |= {i for i, pair in enumerate(zip(mine.state, theirs.state, strict=True)) if pair[0] != pair[1]}
    return frozenset(differing)


def _timeline(program: Program) -> list[tuple[float, Phase]]:
    """Return (time at which it begins, phase) of every phase, in the master clock's cycle, ascending."""
    at_s, events = program.offset_s, []
    for phase in program.phases:
        events.append((at_s % program.cycle_s, phase))
        at_s += phase.duration_s
    return sorted(events, key=lambda event: event[0])


def _shown(program: Program, at_s: float) -> Phase:
    timeline = _timeline(program)
    at_s %= program.cycle_s
    return next((phase for begin_s, phase in reversed(timeline) if begin_s <= at_s), timeline[-1][1])


def _form(program: Program, links: Sequence[Link], greens: Mapping[int, _Green]) -> RingForm:
    """Return the form with these phases; whether it shows the same is for the caller to see."""
    states = [phase.state for phase in program.phases]
    begins_s = [sum(phase.duration_s for phase in program.phases[:i]) for i in range(len(states))]
    vehicles = {link.index for link in links if link.kind == "vehicle"}
    always = frozenset(index for index in vehicles if all(state[index] in GREEN for state in states))
    on_red = frozenset(index for index in vehicles if any(state[index] == "s" for state in states))
    services = _services(states, links, greens, vehicles - always)
    beside = crossings(services, links)
    phases = []
    for number, green in greens.items():
        green_s = sum(program.phases[i].duration_s for i in green.intervals)
        walk_s, dont_walk_s = _walk(program, [c for c, of in beside.items() if number in of], green, green_s)
        phases.append(
            RingPhase(
                number,
                *green.place,
                green_s,
                green.yellow_s,
                green.all_red_s,
                _least_green(program, green),
                walk_s,
                dont_walk_s,
                0.0,
                Recall.MAXIMUM,
                number % 2 == 0,
            )
        )
    phases.sort(key=lambda phase: (phase.barrier, phase.ring, phase.position))
    phases = [dataclasses.replace(phase, min_split_s=min(phase.needed_s, phase.split_s)) for phase in phases]
    reference = _references(phases)
    timing = RingTiming(program.signal, program.cycle_s, 0.0, OffsetReference.LAST_GREEN, reference, tuple(phases), ())
    trouble = problems(timing)
    if trouble:
        raise InputError(f"as rings, {trouble[0]}")
    # The moment at which the first phase of the first barrier begins, by the program's own clock.
    first = greens[phases[0].number].intervals[0]
    begins_s_clock = program.offset_s + begins_s[first]
    return RingForm(
        dataclasses.replace(timing, offset_s=round((begins_s_clock + timing.reference_s) % program.cycle_s, 3)),
        Wiring(services, always, on_red),
    )


def _services(
    states: Sequence[str], links: Sequence[Link], greens: Mapping[int, _Green], indices: Iterable[int]
) -> dict[int, Service]:
    """Return the links of each phase: for every link as few phases as have all its green, its own movement's first."""
    of_link = {link.index: link for link in links}

    def strangeness(index: int, number: int) -> tuple[int, int]:
        green, link = greens[number], of_link[index]
        if green.approach != link.approach:
            return 2, number
        return int(green.left != (link.turn in ("left", "uturn"))), number

    protected: dict[int, set[int]] = {number: set() for number in greens}
    permitted: dict[int, set[int]] = {number: set() for number in greens}
    for index in indices:
        covered: set[int] = set()
        for number in sorted(greens, key=functools.partial(strangeness, index)):
            shown = {states[i][index] for i in greens[number].intervals}
            if shown <= set(GREEN) and not set(greens[number].intervals) <= covered:
                (protected if "G" in shown else permitted)[number].add(index)
                covered |= set(greens[number].intervals)
    return {number: Service(frozenset(protected[number]), frozenset(permitted[number])) for number in greens}


def _references(phases: Sequence[RingPhase]) -> tuple[int, ...]:
    """Return 2 and 6 where they run side by side, else the first phase."""
    pair = [phase for phase in phases if phase.number in (2, 6)]
    if len(pair) == 2 and pair[0].barrier == pair[1].barrier and pair[0].ring != pair[1].ring:
        return 2, 6
    return (pair[0].number,) if pair else (phases[0].number,)


def _least_green(program: Program, green: _Green) -> float:
    """Return the least green of a phase: that of its stages together, as far as it has the whole of them."""
    least_s = 0.0
    for i in green.intervals:
        phase = program.phases[i]
        least_s += program.min_green_s[phase.stage] if phase.stage >= 0 and program.min_green_s else phase.duration_s
    return min(least_s, sum(program.phases[i].duration_s for i in green.intervals))


def _walk(program: Program, indices: Sequence[int], green: _Green, green_s: float) -> tuple[float | None, float | None]:
    """Return walk and don't walk of a phase: from that of its crossings which begins with it and is green longest."""
    longest_s = 0.0
    before = program.phases[green.intervals[0] - 1].state
    for index in indices:
        lengths = [program.phases[i].duration_s for i in green.intervals if program.phases[i].state[index] in GREEN]
        if program.phases[green.intervals[0]].state[index] in GREEN and before[index] not in GREEN:
            longest_s = max(longest_s, sum(lengths))
    if not longest_s:
        return None, None
    return min(WALK_S, longest_s), green_s - longest_s


def _one_ring(program: Program) -> Iterator[dict[int, _Green]]:
    """Yield the form in which each stage, with the clearance that follows it up to yellow, is a phase."""
    phases = program.phases
    first = next((i for i, phase in enumerate(phases) if phase.stage >= 0), None)
    if first is None:
        return
    order = [*range(first, len(phases)), *range(first)]
    greens: dict[int, _Green] = {}
    for at, i in enumerate(order):
        if phases[i].stage < 0 or (at and phases[order[at - 1]].stage == phases[i].stage):
            continue
        rest = list(itertools.takewhile(lambda j, i=i: phases[j].stage in (-1, phases[i].stage), order[at:]))  # type: ignore[misc]
        yellow = [k for k, j in enumerate(rest) if "y" in phases[j].state]
        begin, end = (yellow[0], yellow[-1] + 1) if yellow else (len(rest), len(rest))
        greens[len(greens) + 1] = _Green(
            (1, 1, len(greens) + 1),
            tuple(rest[:begin]),
            sum(phases[j].duration_s for j in rest[begin:end]),
            sum(phases[j].duration_s for j in rest[end:]),
        )
    if len(greens) <= MOST_PHASES:
        yield greens


def _two_rings(program: Program, links: Sequence[Link]) -> Iterator[dict[int, _Green]]:
    """Yield the forms with opposite through movements as 2 and 6, 4 and 8, for either road as the main one."""
    roads = _roads(links)
    if roads is None:
        return
    # By convention 2 and 6 are the main road: the one with more lanes through the junction.
    roads = sorted(roads, key=lambda road: -sum(link.approach in road for link in links))
    for main, cross in (roads, roads[::-1]):
        numbers = dict(zip((2, 6), main, strict=False)) | dict(zip((4, 8), cross, strict=False))
        lefts = {5: numbers.get(2), 1: numbers.get(6), 7: numbers.get(4), 3: numbers.get(8)}
        movements = {number: _movement(links, approach, False) for number, approach in numbers.items()}
        movements |= {number: _movement(links, approach, True) for number, approach in lefts.items() if approach}
        found = _ring_greens(program, movements)
        if found:
            own = numbers | lefts
            yield {
                number: dataclasses.replace(green, approach=own[number] or "", left=number in lefts)
                for number, green in found.items()
            }


def _roads(links: Sequence[Link]) -> list[list[str]] | None:
    """Return the approaches of two roads, each at most two that face each other; `None` where they are not of that kind."""
    approaches = sorted(
        {link.approach for link in links if link.kind == "vehicle"}, key=lambda name: (_point(name), name)
    )
    if not 1 <= len(approaches) <= 4:
        return None
    left = list(approaches)
    roads = []
    while left:
        one = left.pop(0)
        opposite = [name for name in left if facing(name, one) <= 1]
        best = min(opposite, key=functools.partial(facing, one), default=None)
        if best:
            left.remove(best)
        roads.append([one, best] if best else [one])
    return [*roads, []][:2] if len(roads) <= 2 else None


def _point(approach: str) -> int:
    return COMPASS.index(approach.rstrip("0123456789"))


def _movement(links: Sequence[Link], approach: str, left: bool) -> list[int]:
    """Return the links that tell when an approach's left turns, or its other movements, have the right of way."""
    by_turn: dict[str, list[int]] = {}
    for link in links:
        if link.approach == approach and link.kind == "vehicle":
            by_turn.setdefault(link.turn, []).append(link.index)
    if left:
        return by_turn.get("left", []) if "through" in by_turn else []
    return by_turn.get("through") or by_turn.get("left") or by_turn.get("right") or by_turn.get("uturn") or []


def _ring_greens(program: Program, movements: Mapping[int, Sequence[int]]) -> dict[int, _Green] | None:
    """Return each phase's place and intervals, or `None` where a movement has no one green or rings do not fit."""
    n = len(program.phases)
    runs: dict[int, list[int]] = {}
    for number, indices in movements.items():
        green = [i for i in range(n) if indices and all(program.phases[i].state[k] == "G" for k in indices)]
        if not green:
            continue
        begins = [i for i in green if (i - 1) % n not in green]
        if len(begins) != 1:
            return None
        runs[number] = [(begins[0] + k) % n for k in range(len(green))]
    if not runs or set(runs) <= {2, 6} or set(runs) <= {4, 8}:
        return None
    greens: dict[int, _Green] = {}
    # Barrier 1 begins where a phase of {1, 2, 5, 6} follows one of {3, 4, 7, 8} in the same ring.
    for ring, members in ((1, (1, 2, 3, 4)), (2, (5, 6, 7, 8))):
        there = [number for number in members if number in runs]
        if not there:
            continue
        order = sorted(there, key=lambda number: runs[number][0])
        cut = next((i for i, k in enumerate(order) if _barrier(k) == 1 and _barrier(order[i - 1]) == 2), 0)
        order = order[cut:] + order[:cut]
        for i, number in enumerate(order):
            following = order[(i + 1) % len(order)]
            change = _between(runs[number][-1], runs[following][0], n)
            if change is None or (i and _barrier(order[i - 1]) > _barrier(number)):
                return None
            index = movements[number][0]
            yellow = [k for k in change if program.phases[k].state[index] == "y"]
            position = 1 + sum(_barrier(k) == _barrier(number) for k in order[:i])
            greens[number] = _Green(
                (_barrier(number), ring, position),
                tuple(runs[number]),
                sum(program.phases[k].duration_s for k in yellow),
                sum(program.phases[k].duration_s for k in change if k not in yellow),
            )
    return greens


def _barrier(number: int) -> int:
    return 1 if number in (1, 2, 5, 6) else 2


def _between(last: int, following: int, n: int) -> list[int] | None:
    """Return the indices of the intervals after `last` and before `following`, of `n` in a circle."""
    return [(last + 1 + k) % n for k in range((following - last - 1) % n)]
