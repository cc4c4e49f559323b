"""The traffic of one signal's lanes, period by period: who uses which lane, and what they meet at the junction."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.hcm.discharge import ACROSS, KERB, LEAST_VEH, THROUGH, Discharge, Junction, Key, LaneUse, discharge, waits
from engine.hcm.green import effective_green
from engine.hcm.lanes import spread
from engine.hcm.method import Method
from engine.hcm.volumes import Volumes
from engine.network import Approach, LaneGroup, Link, Signal, edge_of
from engine.plan import Program
from engine.sumo.lanes import Roads
from kernels import formulas
from kernels.classes import CLASSES

__all__ = ["Loaded", "Traffic"]

HEAVY = [CLASSES.index(name) for name in ("bus", "truck")]
MOTOR = [i for i, name in enumerate(CLASSES) if name != "bicycle"]
NARROWEST_M, STEEPEST, MOST_HEAVY = 2.4384, (-0.04, 0.10), 0.5
"""Limits of the manual's adjustments of saturation flow."""
ROUNDS, SETTLED = 12, 0.005
"""Drivers' choice of lanes and what the lanes send off are found in turns, until both stay within half a per cent."""


@dataclass(frozen=True)
class Loaded:
    """One period: the lanes of each lane group by (approach, lane group), its share of heavies, what it meets."""

    lanes: Mapping[Key, Sequence[LaneUse]]
    heavy: Mapping[Key, float]
    junction: Junction


class Traffic:
    """Loads the lanes of one signal under one program.

    Attributes:
        green: effective green of its links.
        notes: where the manual's ranges were left.
    """

    def __init__(self, signal: Signal, program: Program, roads: Roads, volumes: Volumes, method: Method) -> None:
        self._signal = signal
        self._roads = roads
        self._volumes = volumes
        self._method = method
        self.notes: set[str] = set()
        self._links: dict[int, tuple[Link, ...]] = {}
        for link in signal.links:
            self._links[link.index] = (*self._links.get(link.index, ()), link)
        self.green = effective_green(program, sorted(self._links), method)
        kerb, across = ("left", "right") if roads.lefthand else ("right", "left")
        side = {kerb: KERB, across: ACROSS, "uturn": ACROSS}
        self._sides = {index: side.get(links[0].turn, THROUGH) for index, links in self._links.items()}
        self._group_of = {
            index: (approach.name, group.name)
            for approach in signal.approaches
            for group in approach.groups
            for index in group.links
        }
        self._exits: dict[str, int] = {}
        for name, lane in roads.lanes.items():
            self._exits[edge_of(name)] = self._exits.get(edge_of(name), 0) + lane.cars

    def busiest(self) -> int:
        """Return the period in which most vehicles come."""
        total = np.zeros(len(self._volumes.periods))
        for movement in {(edge_of(link.lane), edge_of(link.to_lane)) for link in self._signal.links}:
            if movement in self._volumes.vehicles:
                total += self._volumes.vehicles[movement][:, MOTOR].sum(axis=1)
        return int(total.argmax())

    def load(self, period: int) -> Loaded:
        """Return the lanes with a period's traffic."""
        supply: dict[str, float] = {}
        loaded = self._load(period, supply)
        for _ in range(ROUNDS):
            if not self._rebalance(loaded, supply):
                break
            loaded = self._load(period, supply)
        return loaded

    def _load(self, period: int, supply: Mapping[str, float]) -> Loaded:
        lanes: dict[Key, Sequence[LaneUse]] = {}
        heavy: dict[Key, float] = {}
        for approach in self._signal.approaches:
            for group, uses, share in self._lanes(approach, period, supply):
                lanes[approach.name, group.name] = uses
                heavy[approach.name, group.name] = share
        return Loaded(lanes, heavy, self._junction(lanes, period))

    def _rebalance(self, loaded: Loaded, supply: dict[str, float]) -> bool:
        """Note what each lane sends off with the traffic that it has; return whether drivers would choose anew.

        Only where turns give way in a lane that other movements share does its capacity depend on who is in it.
        """
        moved = False
        by_approach: dict[str, list[LaneUse]] = {}
        for (approach, _), lanes in loaded.lanes.items():
            by_approach.setdefault(approach, []).extend(lanes)
        for lanes in by_approach.values():
            if len(lanes) < 2 or not any(waits(link, loaded.junction) for lane in lanes for link in lane.links):
                continue
            for lane in lanes:
                sends = max(discharge([lane], loaded.junction).per_cycle, 0.1) * 3600.0 / self.green.cycle_s
                old = supply.get(lane.links[0].lane)
                # Halfway in ratio, for a lane that loses traffic gains capacity, and the reverse.
                new = sends if old is None else math.sqrt(old * sends)
                moved |= old is None or abs(new / old - 1.0) > SETTLED
                supply[lane.links[0].lane] = new
        return moved

    def _junction(self, uses: Mapping[Key, Sequence[LaneUse]], period: int) -> Junction:
        flows: dict[int, float] = {}
        for lanes in uses.values():
            for lane in lanes:
                for link, flow in zip(lane.links, lane.flows, strict=True):
                    flows[link.index] = flows.get(link.index, 0.0) + flow
        start_s, end_s = self._volumes.periods[period]
        hourly = 3600.0 / (end_s - start_s)
        walks: dict[int, float] = {}
        free_exit: dict[int, bool] = {}
        for index, links in self._links.items():
            link = links[0]
            if link.kind == "pedestrian":
                crossing = next(
                    (edge_of(e) for e in (link.to_lane, link.lane) if edge_of(e) in self._roads.crossed), ""
                )
                counted = self._volumes.walks.get(crossing)
                walks[index] = 0.0 if counted is None else float(counted[period]) * hourly
            else:
                onward = edge_of(link.to_lane)
                beside = {
                    other.lane
                    for other in self._signal.links
                    if edge_of(other.to_lane) == onward and edge_of(other.lane) == edge_of(link.lane)
                }
                free_exit[index] = self._exits.get(onward, 0) > len(beside)
        junction = Junction(
            self.green, self._links, self._sides, flows, self._group_of, {}, walks, free_exit, self._method
        )
        # Whoever gives way waits for the queue of those who need not: theirs first, then everyone's.
        queued = {key: self._queued(discharge(lanes, junction), lanes) for key, lanes in uses.items()}
        return replace(junction, queued_s=queued)

    def _lanes(
        self, approach: Approach, period: int, supply: Mapping[str, float]
    ) -> list[tuple[LaneGroup, list[LaneUse], float]]:
        """Return the approach's lane groups with the traffic of each of their lanes and their share of heavies.

        Args:
            approach, period: which.
            supply: what lanes send off with the traffic that they have, veh/h, where that is known; where it is not,
                drivers choose by through cars and green.
        """
        start_s, end_s = self._volumes.periods[period]
        hourly = 3600.0 / (end_s - start_s)
        lanes, group_at, links = [], [], []
        for group in approach.groups:
            for stop in group.lanes:
                if self._cars(stop.lane):
                    lanes.append(stop.lane)
                    group_at.append(group)
                    links.append(tuple(k for k in self._signal.links if k.lane == stop.lane and k.kind == "vehicle"))
        known = all(lane in supply for lane in lanes)
        can = [
            supply[lane] if known else max(self._green_of(of_lane), 1.0) * self._base(lane)
            for lane, of_lane in zip(lanes, links, strict=True)
        ]
        movements = sorted({(approach.edge, edge_of(link.to_lane)) for of_lane in links for link in of_lane})
        counts = [self._volumes.vehicles.get(movement) for movement in movements]
        vehicles = [0.0 if c is None else float(c[period, MOTOR].sum()) * hourly for c in counts]
        heavies = [0.0 if c is None else float(c[period, HEAVY].sum()) * hourly for c in counts]
        serving = [
            [i for i, of_lane in enumerate(links) if any(edge_of(link.to_lane) == onward for link in of_lane)]
            for _, onward in movements
        ]
        cars = [1.0 if known else self._cars_each(onward, links) for _, onward in movements]
        shares = spread([v * e for v, e in zip(vehicles, cars, strict=True)], serving, can)
        made = []
        for group in approach.groups:
            mine = [i for i, of in enumerate(group_at) if of is group]
            if not mine:
                continue
            flow = sum(shares[m][i] / cars[m] for m in range(len(movements)) for i in mine)
            heavy = sum(
                shares[m][i] / cars[m] * heavies[m] / vehicles[m]
                for m in range(len(movements))
                for i in mine
                if vehicles[m] > 0.0
            )
            share = heavy / flow if flow > 0.0 else 0.0
            uses = []
            for i in mine:
                factor = self._lane_factor(lanes[i], group, len(mine), share)
                onward = [movements.index((approach.edge, edge_of(link.to_lane))) for link in links[i]]
                flows = tuple(shares[m][i] / cars[m] / onward.count(m) for m in onward)
                uses.append(LaneUse(self._base(lanes[i]) * factor, links[i], flows, len(lanes) == 1))
            made.append((group, uses, share))
        return made

    def _cars(self, lane: str) -> bool:
        known = self._roads.lanes.get(lane)
        return known is None or known.cars

    def _green_of(self, links: Sequence[Link]) -> float:
        """Return for how long a lane may send off vehicles of all its turns, or, where it never may, of any."""
        rows = list(zip(*(self.green.spells[link.index] for link in links), strict=True))
        lengths = self.green.seconds
        whole = sum(length for length, row in zip(lengths, rows, strict=True) if all(row))
        return whole or sum(length for length, row in zip(lengths, rows, strict=True) if any(row))

    def _base(self, lane: str) -> float:
        """Return s_o f_w f_a of one lane, veh/h."""
        known = self._roads.lanes.get(lane)
        width_m = NARROWEST_M if known is None else max(known.width_m, NARROWEST_M)
        return self._method.base_veh_h * self._method.area_factor * float(formulas.lane_width_factor(width_m))

    def _lane_factor(self, lane: str, group: LaneGroup, n_lanes: int, heavy: float) -> float:
        """Return f_HVg f_LU of a lane in its group."""
        known = self._roads.lanes.get(lane)
        grade = 0.0 if known is None else known.grade
        clipped = min(max(grade, STEEPEST[0]), STEEPEST[1])
        if clipped != grade or heavy > MOST_HEAVY:
            self.notes.add(
                f"'{self._signal.id}', {group.name}: a grade of {100 * grade:.1f} % or a share of heavy vehicles of "
                f"{100 * heavy:.0f} % lies beyond the manual's range; its limit is used."
            )
        turn = group.turns[0] if len(group.turns) == 1 and group.turns[0] in ("left", "right") else "through"
        used = formulas.lane_use_factor(n_lanes, turn) if len(group.turns) == 1 else 1.0
        return float(formulas.heavy_grade_factor(min(heavy, MOST_HEAVY), clipped)) * used

    def _cars_each(self, onward: str, links: Sequence[Sequence[Link]]) -> float:
        """Return the through cars that a vehicle of a movement stands for when drivers choose their lanes."""
        sides = {self._sides[link.index] for of_lane in links for link in of_lane if edge_of(link.to_lane) == onward}
        return max({KERB: self._method.right, ACROSS: self._method.left, THROUGH: 1.0}[side] for side in sides)

    def _queued(self, found: Discharge, lanes: Sequence[LaneUse]) -> tuple[float, ...]:
        """Return for how long of each interval a lane group's own queue passes."""
        slices = found.slices
        if found.per_cycle <= LEAST_VEH:
            return tuple(0.0 for _ in found.intervals)
        coming = min(sum(lane.flow for lane in lanes), found.per_cycle * 3600.0 / self.green.cycle_s)
        polygon = formulas.queue_polygon(
            [piece.seconds for piece in slices], [coming] * len(slices), [piece.rate for piece in slices]
        )
        queued, at = [], 0
        for interval in found.intervals:
            queued.append(float(polygon.queued_s[at : at + len(interval)].sum()))
            at += len(interval)
        return tuple(queued)
