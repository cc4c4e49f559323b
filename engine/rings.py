"""Ring-and-barrier (NEMA) timing as data: phases in rings, barriers that the rings cross together, overlaps.

Phase numbers, splits and offsets are those of a controller's timing plan and of UTDF. Positions in a ring say what leads
and what lags. Nothing here knows a file format or a signal's links; `engine.ring_program` turns it into stages.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["OffsetReference", "Overlap", "Recall", "RingPhase", "RingTiming", "problems", "shortfalls"]

TOLERANCE_S = 0.05
"""Splits are given in tenths of a second: sums that differ by less are equal."""


class OffsetReference(IntEnum):
    """Which moment of the reference phases the offset is given for; the numbers are UTDF's `Referenced To`."""

    LAST_GREEN = 0
    FIRST_YELLOW = 1
    FIRST_RED = 2  # the end of all-red, so that the split is over
    FIRST_GREEN = 3
    FLASHING_DONT_WALK = 4


class Recall(IntEnum):
    """Whether a phase is served without a call; the numbers are UTDF's."""

    NONE = 0
    MINIMUM = 1
    PEDESTRIAN = 2
    MAXIMUM = 3
    REST_IN_WALK = 4


@dataclass(frozen=True)
class RingPhase:
    """One phase of a controller.

    Attributes:
        number: its number; by convention 2, 4, 6, 8 are through movements and 1, 3, 5, 7 the left turns against them.
        barrier, ring, position: its place, each counted from 1.
        green_s: green of its split (UTDF's MaxGreen), seconds.
        yellow_s, all_red_s: its change interval, seconds.
        min_green_s: least green, seconds.
        walk_s, dont_walk_s: walk and flashing don't walk, seconds; `None` where no crossing goes with it.
        min_split_s: shortest split, seconds.
        recall: whether it is served without a call.
        dual_entry: whether it comes up with a phase of the other ring without a call of its own.
    """

    number: int
    barrier: int
    ring: int
    position: int
    green_s: float
    yellow_s: float
    all_red_s: float
    min_green_s: float
    walk_s: float | None = None
    dont_walk_s: float | None = None
    min_split_s: float = 0.0
    recall: Recall = Recall.NONE
    dual_entry: bool = False

    @property
    def split_s(self) -> float:
        """Green, yellow and all-red together, seconds."""
        return self.green_s + self.yellow_s + self.all_red_s

    @property
    def needed_s(self) -> float:
        """The split that minimum green and walking need: max(MinGreen, Walk + DontWalk) + Yellow + AllRed, seconds."""
        walking_s = (self.walk_s or 0.0) + (self.dont_walk_s or 0.0)
        return max(self.min_green_s, walking_s) + self.yellow_s + self.all_red_s


@dataclass(frozen=True)
class Overlap:
    """Movements that have green while any of several phases has it, and from one to the next of them.

    Attributes:
        name: a letter, A to P.
        parents: the phases that it goes with.
    """

    name: str
    parents: tuple[int, ...]


@dataclass(frozen=True)
class RingTiming:
    """One signal's ring-and-barrier timing.

    Attributes:
        signal: the signal's id, or the node's number where the timing comes from a tool that has no more.
        cycle_s: cycle length, seconds.
        offset_s: time at which the reference moment comes, seconds after the master clock's zero.
        reference: which moment of the reference phases that is.
        reference_phases: their numbers.
        phases: sorted by barrier, ring and position.
        overlaps: sorted by name.
    """

    signal: str
    cycle_s: float
    offset_s: float
    reference: OffsetReference
    reference_phases: tuple[int, ...]
    phases: tuple[RingPhase, ...]
    overlaps: tuple[Overlap, ...] = ()

    def phase(self, number: int) -> RingPhase:
        """Return one phase. Raises KeyError for an unknown number."""
        for phase in self.phases:
            if phase.number == number:
                return phase
        raise KeyError(number)

    @property
    def barriers(self) -> tuple[int, ...]:
        """Numbers of the barriers, in their order."""
        return tuple(sorted({phase.barrier for phase in self.phases}))

    @property
    def rings(self) -> tuple[int, ...]:
        """Numbers of the rings, in their order."""
        return tuple(sorted({phase.ring for phase in self.phases}))

    def members(self, barrier: int, ring: int) -> tuple[RingPhase, ...]:
        """Return the phases of a ring between two barriers, in their order."""
        found = [phase for phase in self.phases if (phase.barrier, phase.ring) == (barrier, ring)]
        return tuple(sorted(found, key=lambda phase: phase.position))

    def barrier_s(self, barrier: int) -> float:
        """Return the time that the rings spend between two barriers: the longest ring's, seconds."""
        return max(sum(phase.split_s for phase in self.members(barrier, ring)) for ring in self.rings)

    def starts_s(self) -> dict[int, float]:
        """Return when each phase turns green by its number, seconds after the first barrier is crossed."""
        starts = {}
        begin_s = 0.0
        for barrier in self.barriers:
            for ring in self.rings:
                at_s = begin_s
                for phase in self.members(barrier, ring):
                    starts[phase.number] = at_s
                    at_s += phase.split_s
            begin_s += self.barrier_s(barrier)
        return starts

    def greens_s(self) -> dict[int, float]:
        """Return each phase's green by its number, seconds: the last phase of a ring that is early at a barrier waits there."""
        greens = {phase.number: phase.green_s for phase in self.phases}
        for barrier, ring in itertools.product(self.barriers, self.rings):
            members = self.members(barrier, ring)
            if members:
                greens[members[-1].number] += self.barrier_s(barrier) - sum(phase.split_s for phase in members)
        return greens

    def leads(self, number: int) -> bool:
        """Return whether a phase is the first of its ring between its barriers."""
        phase = self.phase(number)
        return self.members(phase.barrier, phase.ring)[0].number == number

    @property
    def reference_s(self) -> float:
        """The moment that the offset is given for, seconds after the first barrier is crossed, in [0, cycle).

        The definitions were held against the Start times that Synchro itself computed, in 254 signals of three files.
        """
        starts, greens = self.starts_s(), self.greens_s()
        moments = []
        for phase in (self.phase(number) for number in self.reference_phases):
            green_s = greens[phase.number]
            moments.append(
                starts[phase.number]
                + {
                    OffsetReference.LAST_GREEN: 0.0,
                    OffsetReference.FIRST_GREEN: 0.0,
                    OffsetReference.FIRST_YELLOW: green_s,
                    OffsetReference.FIRST_RED: green_s + phase.yellow_s + phase.all_red_s,
                    OffsetReference.FLASHING_DONT_WALK: green_s - (phase.dont_walk_s or 0.0),
                }[self.reference]
            )
        moment_s = max(moments) if self.reference is OffsetReference.LAST_GREEN else min(moments)
        return moment_s % self.cycle_s

    @property
    def begins_s(self) -> float:
        """When the first barrier is crossed, seconds after the master clock's zero, in [0, cycle)."""
        return (self.offset_s - self.reference_s) % self.cycle_s


def problems(timing: RingTiming) -> list[str]:
    """Return what keeps a timing from being run, a sentence each that names phase, value and rule."""
    return list(itertools.chain(_structure(timing), _sums(timing), _splits(timing)))


def _structure(timing: RingTiming) -> Iterator[str]:
    numbers = [phase.number for phase in timing.phases]
    if not timing.phases:
        yield "it has no phase"
        return
    for number in sorted({number for number in numbers if numbers.count(number) > 1}):
        yield f"phase {number} is there twice"
    places: dict[tuple[int, int, int], int] = {}
    for phase in timing.phases:
        place = (phase.barrier, phase.ring, phase.position)
        if place in places:
            yield (
                f"phases {places[place]} and {phase.number} are both at barrier {place[0]}, ring {place[1]}, "
                f"position {place[2]}"
            )
        places[place] = phase.number
    known = set(numbers)
    if not timing.reference_phases:
        yield "no reference phase says what the offset is given for"
    for number in timing.reference_phases:
        if number not in known:
            yield f"reference phase {number} is none of its phases"
    for overlap in timing.overlaps:
        for number in overlap.parents:
            if number not in known:
                yield f"overlap {overlap.name} goes with phase {number}, which it does not have"
    if not 0.0 <= timing.offset_s < timing.cycle_s:
        yield f"offset {timing.offset_s:g} s is not within the cycle of {timing.cycle_s:g} s"


def _sums(timing: RingTiming) -> Iterator[str]:
    total_s = sum(timing.barrier_s(barrier) for barrier in timing.barriers)
    if timing.barriers and abs(total_s - timing.cycle_s) > TOLERANCE_S:
        uneven = "; ".join(text for _, text in _uneven(timing))
        yield f"the splits sum to {total_s:g} s, the cycle is {timing.cycle_s:g} s{f' ({uneven})' if uneven else ''}"


def _uneven(timing: RingTiming) -> Iterator[tuple[float, str]]:
    """Yield every pair of rings whose splits before a barrier differ: by how many seconds, and in words."""
    for barrier in timing.barriers:
        used = {ring: timing.members(barrier, ring) for ring in timing.rings if timing.members(barrier, ring)}
        sums = {ring: sum(phase.split_s for phase in phases) for ring, phases in used.items()}
        longest = max(sums, key=lambda ring: (sums[ring], -ring))
        for ring, sum_s in sums.items():
            if sums[longest] - sum_s > TOLERANCE_S:
                yield (
                    sums[longest] - sum_s,
                    f"up to barrier {barrier} ring {longest} ({_listed(used[longest])}) takes {sums[longest]:g} s and "
                    f"ring {ring} ({_listed(used[ring])}) {sum_s:g} s",
                )


def _listed(phases: Sequence[RingPhase]) -> str:
    numbers = ", ".join(str(phase.number) for phase in phases)
    return f"phase {numbers}" if len(phases) == 1 else f"phases {numbers}"


def _splits(timing: RingTiming) -> Iterator[str]:
    for phase in timing.phases:
        times = {
            "green": phase.green_s,
            "yellow": phase.yellow_s,
            "all-red": phase.all_red_s,
            "minimum green": phase.min_green_s,
            "walk": phase.walk_s or 0.0,
            "don't walk": phase.dont_walk_s or 0.0,
        }
        for name, value in times.items():
            if value < 0.0:
                yield f"phase {phase.number}: {name} is {value:g} s, below 0"
        if phase.green_s == 0.0:
            yield f"phase {phase.number}: its split leaves no green"


def shortfalls(timing: RingTiming) -> list[str]:
    """Return what is out of order in a timing that can be run all the same, a sentence each: reported, not repaired."""
    found = [f"{text}: its last phase keeps green for {apart_s:g} s more" for apart_s, text in _uneven(timing)]
    for phase in timing.phases:
        if phase.min_split_s + TOLERANCE_S < phase.needed_s:
            found.append(
                f"phase {phase.number}: MinSplit {phase.min_split_s:g} s is below the {phase.needed_s:g} s that "
                "max(MinGreen, Walk + DontWalk) + Yellow + AllRed needs"
            )
        if phase.split_s + TOLERANCE_S < phase.min_split_s:
            found.append(
                f"phase {phase.number}: its split of {phase.split_s:g} s is below its MinSplit of {phase.min_split_s:g} s"
            )
    return found
