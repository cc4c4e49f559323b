"""How many vehicles a queue of a lane group sends off in each interval of a cycle."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.hcm.green import Green
from engine.hcm.method import Method
from engine.network import Link
from kernels import formulas

__all__ = [
    "ACROSS",
    "KERB",
    "LEAST_VEH",
    "THROUGH",
    "Discharge",
    "Junction",
    "Key",
    "LaneUse",
    "Slice",
    "discharge",
    "waits",
]

KERB, ACROSS, THROUGH = "kerb", "across", "through"
EPS_S = 1e-9
LEAST_VEH = 1e-6
"""Fewer vehicles a cycle are none."""

Key = tuple[str, str]
"""Names of an approach and one of its lane groups."""


@dataclass(frozen=True)
class LaneUse:
    """One lane and its traffic.

    Attributes:
        saturation: veh/h of through traffic in it, all factors but those of turns applied.
        links: the signal's links that leave from it.
        flows: veh/h over each of them.
        alone: whether its approach has no other lane.
    """

    saturation: float
    links: tuple[Link, ...]
    flows: tuple[float, ...]
    alone: bool = False

    @property
    def flow(self) -> float:
        """Veh/h in the lane."""
        return math.fsum(self.flows)

    @property
    def used(self) -> tuple[tuple[Link, float], ...]:
        """(link, share of the lane's vehicles) of links with traffic; of all links where there is none."""
        total = self.flow
        if total <= 0.0:
            return tuple((link, 1.0 / len(self.links)) for link in self.links)
        return tuple((link, flow / total) for link, flow in zip(self.links, self.flows, strict=True) if flow > 0.0)


@dataclass(frozen=True)
class Junction:
    """What a lane group meets at its signal.

    Attributes:
        green: effective green of every link.
        links: by index.
        sides: for each link index whether it goes through, to the kerb, or across the road.
        flows: veh/h over each vehicle link.
        group_of: the lane group of each vehicle link.
        queued_s: of each lane group, for how long of each interval its own queue passes.
        walks: pedestrians per hour over each crossing link.
        free_exit: whether the edge that a vehicle link leads to has more lanes than turn into it.
        method: the manual's choices.
    """

    green: Green
    links: Mapping[int, tuple[Link, ...]]
    sides: Mapping[int, str]
    flows: Mapping[int, float]
    group_of: Mapping[int, Key]
    queued_s: Mapping[Key, Sequence[float]]
    walks: Mapping[int, float]
    free_exit: Mapping[int, bool]
    method: Method


@dataclass(frozen=True)
class Slice:
    """Part of an interval: its length, whether the lane group has effective green, and veh/h that then depart."""

    seconds: float
    active: bool
    rate: float


@dataclass(frozen=True)
class Discharge:
    """A lane group's cycle, interval by interval."""

    intervals: tuple[tuple[Slice, ...], ...]

    @property
    def slices(self) -> tuple[Slice, ...]:
        """All parts of the cycle in order."""
        return tuple(piece for interval in self.intervals for piece in interval)

    @property
    def green_s(self) -> float:
        """Effective green, seconds; giving way to an opposing queue is part of it."""
        return sum(piece.seconds for piece in self.slices if piece.active)

    @property
    def per_cycle(self) -> float:
        """Vehicles that a queue sends off in a cycle."""
        return sum(piece.seconds * piece.rate for piece in self.slices) / 3600.0

    @property
    def plain(self) -> bool:
        """Whether it is one red and one green with one saturation flow, as the manual's closed formulas want."""
        around = self.slices
        if not all(piece.active == (piece.rate > 0.0) for piece in around):
            return False
        rates = [piece.rate for piece in around if piece.active]
        starts = sum(a.active and not around[i - 1].active for i, a in enumerate(around))
        return starts == 1 and max(rates) - min(rates) < 1e-6 * max(rates)


def discharge(lanes: Sequence[LaneUse], junction: Junction) -> Discharge:
    """Return what a lane group sends off, the sum of its lanes."""
    intervals = []
    for i, length in enumerate(junction.green.seconds):
        cuts = {0.0, length}
        for lane in lanes:
            cuts |= {cut for cut in _cuts(lane, i, junction) if EPS_S < cut < length - EPS_S}
        edges = sorted(cuts)
        pieces = []
        for begin_s, end_s in itertools.pairwise(edges):
            of_lanes = [_rate(lane, i, begin_s, end_s, junction) for lane in lanes]
            active = any(rate is not None for rate in of_lanes)
            pieces.append(Slice(end_s - begin_s, active, sum(rate or 0.0 for rate in of_lanes)))
        intervals.append(tuple(pieces))
    return Discharge(tuple(intervals))


def _opposing(link: Link, i: int, junction: Junction) -> list[Link]:
    """Return the vehicle links that a link gives way to in an interval."""
    spell = junction.green.spells[link.index][i]
    if spell is None or spell.letter != "g":
        return []
    found = []
    for foe in link.foes:
        theirs = junction.green.spells.get(foe, ())
        if theirs and theirs[i] is not None and theirs[i].letter == "G":  # type: ignore[union-attr]
            found += [other for other in junction.links[foe] if other.kind == "vehicle" and other.lane != link.lane]
    return found


def _against(link: Link, i: int, junction: Junction) -> float:
    """Return v_o, veh/h of the vehicles that a link gives way to in an interval."""
    return sum(junction.flows.get(other.index, 0.0) for other in _opposing(link, i, junction))


def _blocked_s(link: Link, i: int, junction: Junction) -> float:
    """Return for how long of an interval, from its start, the opposing queue passes."""
    against = [other for other in _opposing(link, i, junction) if junction.flows.get(other.index, 0.0) > 0.0]
    groups = {junction.group_of[other.index] for other in against}
    return max((junction.queued_s[group][i] for group in groups if group in junction.queued_s), default=0.0)


def _first_turn_s(lane: LaneUse, junction: Junction) -> float:
    """Return how much of its green a shared lane runs before the first turn that has to wait stands at its head."""
    waiting = [(link, share) for link, share in lane.used if waits(link, junction)]
    share = sum(part for _, part in waiting)
    if share <= 0.0 or share >= 1.0 - 1e-9:
        return 0.0
    shown_s = min(junction.green.effective_s(link.index) for link, _ in waiting)
    flow, cycle_s = share * lane.flow, junction.green.cycle_s
    return float(formulas.time_to_first_left(shown_s, flow, cycle_s, junction.method.startup_s, lane.alone))


def waits(link: Link, junction: Junction) -> bool:
    """Return whether a link ever gives way to vehicles."""
    return any(_opposing(link, i, junction) for i in range(len(junction.green.seconds)))


def _cuts(lane: LaneUse, i: int, junction: Junction) -> set[float]:
    cuts = set()
    for link, _ in lane.used:
        spell = junction.green.spells[link.index][i]
        if spell is not None and _opposing(link, i, junction):
            cuts |= {_blocked_s(link, i, junction), _first_turn_s(lane, junction) - spell.since_s}
    return cuts


def _rate(lane: LaneUse, i: int, begin_s: float, end_s: float, junction: Junction) -> float | None:
    """Return veh/h that depart from a lane in part of an interval; `None` without effective green."""
    going = [(link, share, spell) for link, share in lane.used if (spell := junction.green.spells[link.index][i])]
    if not going:
        return None
    may_go = sum(share for _, share, _ in going)
    turns, through_cars, more, blocked = 0.0, 0.0, 0.0, False
    for link, share, spell in going:
        opposed = bool(_opposing(link, i, junction))
        if opposed and _blocked_s(link, i, junction) > begin_s + EPS_S:
            blocked |= spell.since_s + begin_s >= _first_turn_s(lane, junction) - EPS_S
        if junction.sides[link.index] != THROUGH or opposed:
            turns += share / may_go
            through_cars += share / may_go * _equivalent(link, i, junction)
        if spell.extension and _against(link, i, junction) > 0.0:
            # Who waits within the junction leaves it in yellow: HCM eq. 31-119 and, in a shared lane, 31-121.
            waiting = junction.method.sneakers if len(lane.used) == 1 else min(junction.method.sneakers, 1.0 + share)
            more = max(more, 3600.0 * waiting / junction.green.seconds[i])
    if blocked:
        return more
    mean = through_cars / turns if turns > 0.0 else 1.0
    rate = lane.saturation * float(formulas.mixed_flow_factor(min(turns, 1.0), mean)) + more
    if may_go >= 1.0 - EPS_S:
        return rate
    run_s = _run_s(lane, i, junction)
    before, after = (_before_block(may_go, rate * (run_s + at_s) / 3600.0) for at_s in (begin_s, end_s))
    return 3600.0 * (after - before) / (end_s - begin_s)


def _before_block(may_go: float, most: float) -> float:
    """Return how many of at most `most` vehicles depart before one at the head may not go: P/(1-P) (1 - P^n).

    A shared lane whose turns have green at different times stands when the wrong vehicle is at its head. The manual
    counts the vehicles before it like this in yellow (HCM eq. 31-60).
    """
    return may_go / (1.0 - may_go) * (1.0 - math.pow(may_go, most))


def _run_s(lane: LaneUse, i: int, junction: Junction) -> float:
    """Return for how long the same links of a lane, and no others, have had green when an interval begins."""
    rows = list(zip(*(junction.green.spells[link.index] for link, _ in lane.used), strict=True))
    shape = [tuple(spell is not None for spell in row) for row in rows]
    run_s = 0.0
    for back in range(1, len(rows)):
        if shape[i - back] != shape[i]:
            break
        run_s += junction.green.seconds[i - back]
    return run_s


def _equivalent(link: Link, i: int, junction: Junction) -> float:
    """Return the through cars that one vehicle over a link stands for."""
    method = junction.method
    side = junction.sides[link.index]
    least = {KERB: method.right, ACROSS: method.left, THROUGH: 1.0}[side]
    opposing = _opposing(link, i, junction)
    crossing = max(
        (
            foe
            for foe in link.foes
            if junction.links[foe][0].kind == "pedestrian" and junction.green.shared_s(link.index, foe) > 0.0
        ),
        key=lambda foe: junction.walks.get(foe, 0.0),
        default=None,
    )
    flow = _against(link, i, junction)
    if opposing:
        gaps = formulas.permitted_saturation(flow, method.critical_s, method.follow_s)
        least = max(least, method.base_veh_h / max(float(gaps), 1.0))
    if crossing is None or not junction.walks.get(crossing):
        return least
    green_s, cycle_s = junction.green.effective_s(link.index), junction.green.cycle_s
    clear_s = junction.links[crossing][0].length_m / method.walking_m_s
    walk_s = min(green_s, junction.green.shared_s(link.index, crossing) + clear_s)
    walks, free = junction.walks[crossing], junction.free_exit.get(link.index, False)
    if opposing:
        blocked_s = sum(_blocked_s(link, j, junction) for j in range(len(junction.green.seconds)))
        factor = formulas.left_walk_factor(walks, flow, green_s, min(blocked_s, green_s), walk_s, cycle_s, free)
    else:
        factor = formulas.right_walk_factor(walks, green_s, walk_s, cycle_s, free)
    # Where pedestrians fill the crossing the factor reaches 0; one turn a cycle still goes as they stop.
    return least / max(float(factor), 0.05)
