"""A road network as the screening model's arrays: only what the demand uses, plain stretches joined into one."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engine.network import Network
from engine.sumo.roads import Connection, Roads
from engine.sumo.traces import VehicleType

__all__ = ["Journey", "RoadArrays", "road_arrays"]

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

LEAST_STORED = 2.5
"""Vehicles that the shortest lane holds: with one, the model jams where SUMO does not."""
LANE_CHANGE_M = 50.0
"""What a vehicle needs for a change of lanes; on shorter edges it must arrive on a lane that leads on."""
WAITING_ACCEL = 2.6
"""How a waiting vehicle starts to cross, m/s2 (SUMO's default)."""
ROLLING = 6.6
"""Speed at which those who yield come to the line while nothing is in the way, m/s."""
SAFETY_S = 1.0
"""Time that one who yields keeps from those with priority (SUMO's jmTimegapMinor)."""

Journey = tuple[tuple[str, ...], str]
"""A route as the ids of its edges, and the class of those who drive it."""


@dataclass(frozen=True)
class RoadArrays:
    """Lanes, links and routes by index, read-only by contract. Lists of lists are (start, items) pairs.

    A lane is a queue: one of the parallel lanes of a stretch of road without junctions, or a pocket within a junction.
    A link joins two lanes. A step is a stretch of a route; its options are the lanes that lead on, and the link from
    each of them (-1 where the route ends).

    Attributes:
        lane_ids: id of the last lane of the network that a lane stands for; for a pocket, the connection's.
        edges: ids of the edges that each stretch joins; pockets are stretches of their own, without edges.
        lane_length_m, lane_free_s, lane_storage_m: length, time at the limit, and metres of standing vehicles.
        lane_edge, lane_place: the stretch of each lane, and its place from the right.
        lane_pocket: for a lane its first pocket, for a pocket the next one of the same lane, or -1.
        lane_clear_m: what may stand in a pocket without blocking the lane before it, metres.
        link_lane, link_to: the lanes that a link joins.
        link_signal, link_letter: what shows for it: index of the signal, and of the letter among those used; or -1.
        link_pocket, link_onward: where those on this link may wait within the junction, and the link out of it; or -1.
        link_cross_s, link_speed: time over the junction and speed at the line, at the limit.
        link_minor: 1 where those on the link yield, unless a signal gives them priority.
        link_gap_s, link_roll_s: what one who yields needs to cross ahead of those with priority, from standing and
            when it comes rolling.
        link_clear_s: for how long one who has crossed the line keeps those who yield to it waiting.
        foe_start, foe_link: for each link those that it yields to.
        signal_letters: how many letters of each signal are used.
        letters: for each signal the letters used, as indices of its state.
        route_start: step of each route; steps of one route follow one another, with an empty one at the end.
        step_start, options: options of each step, shape (n_options, 2): lane and link.
        spot_start, spot_end_m: for each stretch on which routes that are compared lie, the edges that it joins, from its
            line upstream, and the distance of each one's beginning from the line.
        spot_length_m, spot_speed: of those edges.
        way_start, way_spot: for each route that is compared with others the watched edges on it.
        way_free_s: time at the limit over its junctions.
        choice_start, choice_route: sets of routes of which a vehicle takes the quickest when it departs.
        bar_start, bar_link: by lane, for a pocket the links that cross it: one who finds no room beyond the junction
            stands in their way.
        spacing_m: what a vehicle takes standing, on average.
        step_s: of the simulation that the model stands for: vehicles get in at whole steps.
    """

    lane_ids: tuple[str, ...]
    edges: tuple[tuple[str, ...], ...]
    lane_length_m: Floats
    lane_free_s: Floats
    lane_storage_m: Floats
    lane_edge: Ints
    lane_place: Ints
    lane_pocket: Ints
    lane_clear_m: Floats
    n_edges: int
    link_lane: Ints
    link_to: Ints
    link_signal: Ints
    link_letter: Ints
    link_pocket: Ints
    link_onward: Ints
    link_cross_s: Floats
    link_speed: Floats
    link_gap_s: Floats
    link_roll_s: Floats
    link_clear_s: Floats
    link_minor: Ints
    foe_start: Ints
    foe_link: Ints
    signal_letters: Ints
    letters: tuple[tuple[int, ...], ...]
    route_start: Ints
    step_start: Ints
    options: Ints
    spot_start: Ints
    spot_end_m: Floats
    spot_length_m: Floats
    spot_speed: Floats
    way_start: Ints
    way_spot: Ints
    way_free_s: Floats
    choice_start: Ints
    choice_route: Ints
    bar_start: Ints
    bar_link: Ints
    spacing_m: float
    step_s: float


@dataclass
class _Stretch:
    edges: list[str]
    lanes: list[int] = field(default_factory=list)


def road_arrays(
    roads: Roads,
    network: Network,
    journeys: Sequence[Journey],
    choices: Sequence[Sequence[int]],
    typical: VehicleType,
    step_s: float,
) -> RoadArrays:
    """Return the arrays for some journeys, route i for journey i, and for choices among them by their indices."""
    return _Builder(roads, network, journeys, choices, typical, step_s).arrays()


class _Builder:
    def __init__(
        self,
        roads: Roads,
        network: Network,
        journeys: Sequence[Journey],
        choices: Sequence[Sequence[int]],
        typical: VehicleType,
        step_s: float,
    ) -> None:
        self._roads, self._network, self._journeys, self._typical = roads, network, journeys, typical
        self._choices, self._step_s = choices, step_s
        self._spacing_m = typical.length_m + typical.gap_m
        self._edge_lanes: dict[str, list[str]] = defaultdict(list)
        for lane in roads.lanes.values():
            self._edge_lanes[lane.edge].append(lane.id)
        used = {pair for edges, _ in journeys for pair in pairwise(edges)}
        self._between: dict[tuple[str, str], list[int]] = defaultdict(list)
        for i, connection in enumerate(roads.connections):
            pair = (self._edge_of(connection.lane), self._edge_of(connection.to_lane))
            if pair in used:
                self._between[pair].append(i)
        self._used = used
        self._stretches = self._joined()

    def _edge_of(self, lane: str) -> str:
        return self._roads.lanes[lane].edge

    def _joined(self) -> list[_Stretch]:
        """Return the edges in use, those that follow one another without a choice or a conflict joined."""
        after: dict[str, set[str]] = defaultdict(set)
        before: dict[str, set[str]] = defaultdict(set)
        for a, b in self._used:
            after[a].add(b)
            before[b].add(a)
        starts = {edges[0] for edges, _ in self._journeys}
        ends = {edges[-1] for edges, _ in self._journeys}
        follows: dict[str, str] = {}
        for a, b in sorted(self._used):
            plain = after[a] == {b} and before[b] == {a} and a not in ends and b not in starts and a != b
            if plain and self._parallel(a, b):
                follows[a] = b
        self._follows = follows
        heads = dict.fromkeys(edge for edges, _ in self._journeys for edge in edges if edge not in follows.values())
        stretches = []
        for head in heads:
            edges = [head]
            while edges[-1] in follows:
                edges.append(follows[edges[-1]])
            stretches.append(_Stretch(edges))
        return stretches

    def _parallel(self, a: str, b: str) -> bool:
        """Return whether each lane of edge `a` leads to the same lane of `b`, with priority and without a signal."""
        connections = [self._roads.connections[i] for i in self._between[a, b]]
        pairs = sorted((self._roads.lanes[c.lane].index, self._roads.lanes[c.to_lane].index) for c in connections)
        same = [(i, i) for i in range(len(self._edge_lanes[a]))]
        free = all(not c.signal and not c.yields_to for c in connections)
        return len(self._edge_lanes[a]) == len(self._edge_lanes[b]) and pairs == same and free

    def arrays(self) -> RoadArrays:
        self._make_lanes()
        self._make_links()
        self._make_routes()
        self._make_spots()
        lanes, links = self._lanes, self._links
        return RoadArrays(
            tuple(lane[0] for lane in lanes),
            (*(tuple(stretch.edges) for stretch in self._stretches), *(() for _ in self._clear_m)),
            _floats(lane[1] for lane in lanes),
            _floats(lane[2] for lane in lanes),
            _floats(lane[3] for lane in lanes),
            _ints(lane[4] for lane in lanes),
            _ints(lane[5] for lane in lanes),
            _ints(self._pocket_after.get(i, -1) for i in range(len(lanes))),
            _floats(self._clear_m.get(i, 0.0) for i in range(len(lanes))),
            1 + max(lane[4] for lane in lanes),
            _ints(link[0] for link in links),
            _ints(link[1] for link in links),
            _ints(link[2] for link in links),
            _ints(link[3] for link in links),
            _ints(link[4] for link in links),
            _ints(link[5] for link in links),
            _floats(link[6] for link in links),
            _floats(link[7] for link in links),
            _floats(link[8] for link in links),
            _floats(link[9] for link in links),
            _floats(link[10] for link in links),
            _ints(link[11] for link in links),
            _starts(self._foes),
            _ints(foe for foes in self._foes for foe in foes),
            _ints(len(letters) for letters in self._letters),
            tuple(tuple(letters) for letters in self._letters),
            _ints(self._route_start),
            _starts(self._steps),
            np.array([option for step in self._steps for option in step], np.int32).reshape(-1, 2),
            _starts(self._spots),
            _floats(spot[0] for spots in self._spots for spot in spots),
            _floats(spot[1] for spots in self._spots for spot in spots),
            _floats(spot[2] for spots in self._spots for spot in spots),
            _starts(self._ways),
            _ints(spot for way in self._ways for spot in way),
            _floats(self._ways_free_s),
            _starts(self._choices),
            _ints(route for choice in self._choices for route in choice),
            _starts(self._bars),
            _ints(link for bars in self._bars for link in bars),
            self._spacing_m,
            self._step_s,
        )

    def _make_lanes(self) -> None:
        self._lanes: list[tuple[str, float, float, float, int, int]] = []
        self._lane_at: dict[str, int] = {}
        self._stretch_of: dict[str, int] = {}
        for i_stretch, stretch in enumerate(self._stretches):
            for edge in stretch.edges:
                self._stretch_of[edge] = i_stretch
            for place in range(len(self._edge_lanes[stretch.edges[0]])):
                length_m = free_s = 0.0
                for edge, following in zip(stretch.edges, [*stretch.edges[1:], ""], strict=True):
                    lane = self._roads.lanes[self._edge_lanes[edge][place]]
                    length_m += lane.length_m
                    free_s += lane.length_m / lane.speed
                    for i in self._between.get((edge, following), ()):
                        connection = self._roads.connections[i]
                        if connection.lane == lane.id:
                            length_m += sum(connection.lengths_m)
                            free_s += _free_s(connection)
                last = self._edge_lanes[stretch.edges[-1]][place]
                storage_m = max(length_m, LEAST_STORED * self._spacing_m)
                stretch.lanes.append(len(self._lanes))
                for edge in stretch.edges:
                    self._lane_at[self._edge_lanes[edge][place]] = len(self._lanes)
                self._lanes.append((last, length_m, free_s, storage_m, i_stretch, place))

    def _make_links(self) -> None:
        letters: list[dict[int, int]] = [{} for _ in self._network.signals]
        numbers = {s.id: i for i, s in enumerate(self._network.signals) if s.program is not None}
        self._links: list[tuple[int, int, int, int, int, int, float, float, float, float, float, int]] = []
        self._link_of: dict[int, int] = {}
        last_link: dict[int, int] = {}
        self._pocket_after: dict[int, int] = {}
        self._clear_m: dict[int, float] = {}
        n_edges = len(self._stretches)
        self._pairs: dict[tuple[str, str], list[int]] = {}
        for pair, connections in self._between.items():
            if self._follows.get(pair[0]) == pair[1]:
                continue
            self._pairs[pair] = connections
            for i in connections:
                connection = self._roads.connections[i]
                signal = numbers.get(connection.signal, -1)
                letter = letters[signal].setdefault(connection.index, len(letters[signal])) if signal >= 0 else -1
                lane, to_lane = self._lane_at[connection.lane], self._lane_at[connection.to_lane]
                speed = min([self._roads.lanes[connection.lane].speed, *connection.speeds[:1]])
                self._link_of[i] = len(self._links)
                if len(connection.lengths_m) > 1 and connection.yields_to:
                    first_m, rest_m = connection.lengths_m[0], sum(connection.lengths_m[1:])
                    pocket, onward = len(self._lanes), len(self._links) + 1
                    fits = (first_m + self._typical.gap_m) / self._spacing_m
                    storage_m = max(round(fits), 1) * self._spacing_m
                    self._lanes.append(
                        (connection.lane, first_m, first_m / connection.speeds[0], storage_m, n_edges, 0)
                    )
                    n_edges += 1
                    self._clear_m[pocket] = math.floor(fits) * self._spacing_m + 0.01
                    self._pocket_after[pocket] = self._pocket_after.get(lane, -1)
                    self._pocket_after[lane] = pocket
                    self._links.append((lane, pocket, signal, letter, pocket, onward, 0.0, speed, 0.0, 0.0, 0.0, 1))
                    out = (pocket, to_lane, -1, -1, -1, -1)
                    rest_s = rest_m / connection.speeds[-1]
                    self._links.append((*out, rest_s, connection.speeds[-1], *self._conflict_s(rest_m, speed), 1))
                    last_link[i] = onward
                else:
                    way_m = sum(connection.lengths_m)
                    conflict_s = self._conflict_s(way_m, speed)
                    out = (lane, to_lane, signal, letter, -1, -1)
                    self._links.append((*out, _free_s(connection), speed, *conflict_s, int(bool(connection.yields_to))))
                    last_link[i] = len(self._links) - 1
        self._letters = letters
        self._n_edges = n_edges
        self._foes: list[list[int]] = [[] for _ in self._links]
        self._bars: list[list[int]] = [[] for _ in self._lanes]
        for i, link in last_link.items():
            pocket = self._links[link][0]
            if link != self._link_of[i]:
                self._bars[pocket] = [self._link_of[j] for j in self._roads.connections[i].crosses if j in last_link]
            self._foes[link] = [last_link[foe] for foe in self._roads.connections[i].yields_to if foe in last_link]

    def _conflict_s(self, way_m: float, speed: float) -> tuple[float, float, float]:
        """Return how long one who yields takes to cross, standing and rolling, and how long one with priority takes."""
        body_m = way_m + self._typical.length_m
        return (
            _accelerating_s(body_m, 0.0, speed) + SAFETY_S,
            _accelerating_s(body_m, min(ROLLING, speed), speed) + SAFETY_S,
            body_m / speed,
        )

    def _make_routes(self) -> None:
        """Fill in each route's steps, from its end: which lanes lead on depends on what comes after."""
        held = {self._stretch_of[a] for (a, _), cs in self._pairs.items() if any(self._held(i) for i in cs)}
        self._route_start: list[int] = []
        self._steps: list[list[tuple[int, int]]] = []
        for edges, kind in self._journeys:
            stretches = [self._stretch_of[edges[0]]]
            pairs = []
            for pair in pairwise(edges):
                if pair in self._pairs:
                    pairs.append(pair)
                    stretches.append(self._stretch_of[pair[1]])
            last = len(stretches) - 1
            while last > 0 and stretches[last] not in held:
                last -= 1
            steps: list[list[tuple[int, int]]] = []
            allowed: set[int] | None = None
            if last == len(stretches) - 1:
                lanes = [i for i in self._stretches[stretches[last]].lanes if self._open(i, kind)]
                steps.append([(i, -1) for i in lanes or self._stretches[stretches[last]].lanes])
                last -= 1
            for i_step in range(last, -1, -1):
                options = self._options(pairs[i_step], kind, allowed)
                steps.append(options)
                here = self._stretches[stretches[i_step]].lanes
                length_m = self._lanes[here[0]][1]
                leads = {lane for lane, _ in options}
                moves = int(length_m / LANE_CHANGE_M)
                allowed = {lane for lane in here if any(abs(lane - other) <= moves for other in leads)}
            self._route_start.append(len(self._steps))
            self._steps += [*reversed(steps), []]

    def _make_spots(self) -> None:
        """Fill in the edges whose speeds decide between routes, and those of them that each route passes."""
        deciding: dict[int, list[str]] = {}
        for choice in self._choices:
            # What all ways have in common decides nothing between them.
            common = frozenset.intersection(*(frozenset(self._journeys[i][0]) for i in choice))
            if len(choice) > 1:
                deciding |= {i: [edge for edge in self._journeys[i][0] if edge not in common] for i in choice}
        watched = {self._stretch_of[edge] for edges in deciding.values() for edge in edges}
        self._spots: list[list[tuple[float, float, float]]] = [[] for _ in range(self._n_edges)]
        place: dict[str, int] = {}
        for i_stretch in sorted(watched):
            end_m = 0.0
            for edge in reversed(self._stretches[i_stretch].edges):
                lane = self._roads.lanes[self._edge_lanes[edge][0]]
                end_m += lane.length_m
                place[edge] = len(place)
                self._spots[i_stretch].append((end_m, lane.length_m, lane.speed))
        self._ways = [[place[edge] for edge in deciding.get(i, ())] for i in range(len(self._journeys))]
        self._ways_free_s = [
            sum(min(map(_free_s, connections)) for pair in pairwise(edges) if (connections := self._ways_over(pair)))
            for edges, _ in self._journeys
        ]

    def _ways_over(self, pair: tuple[str, str]) -> list[Connection]:
        return [self._roads.connections[i] for i in self._between[pair]]

    def _held(self, i: int) -> bool:
        connection = self._roads.connections[i]
        return bool(connection.signal) or bool(connection.yields_to)

    def _open(self, lane: int, kind: str) -> bool:
        return self._roads.lanes[self._lanes[lane][0]].allows(kind)

    def _options(self, pair: tuple[str, str], kind: str, allowed: set[int] | None) -> list[tuple[int, int]]:
        """Return the lanes that lead from one edge to the next, and the link from each."""
        found: dict[int, tuple[int, int, int]] = {}
        for i in self._pairs[pair]:
            connection = self._roads.connections[i]
            lane, to_lane = self._lane_at[connection.lane], self._lane_at[connection.to_lane]
            shut = not (self._open(lane, kind) and self._open(to_lane, kind))
            away = 0 if allowed is None or to_lane in allowed else min(abs(to_lane - a) for a in allowed)
            rank = (int(shut), away, self._link_of[i])
            if lane not in found or rank < found[lane]:
                found[lane] = rank
        best = min(rank[:2] for rank in found.values())
        return [(lane, rank[2]) for lane, rank in sorted(found.items()) if rank[:2] == best]


def _accelerating_s(way_m: float, speed: float, top: float) -> float:
    """Return the time for a distance, from one speed to another and on at that, seconds."""
    gained_m = (top * top - speed * speed) / (2.0 * WAITING_ACCEL)
    if way_m > gained_m:
        return (top - speed) / WAITING_ACCEL + (way_m - gained_m) / top
    return (math.sqrt(speed * speed + 2.0 * WAITING_ACCEL * way_m) - speed) / WAITING_ACCEL


def _free_s(connection: Connection) -> float:
    return sum(m / speed for m, speed in zip(connection.lengths_m, connection.speeds, strict=True))


def _ints(values: object) -> Ints:
    return np.array(list(values), np.int32)  # type: ignore[call-overload]


def _floats(values: object) -> Floats:
    return np.array(list(values), np.float64)  # type: ignore[call-overload]


def _starts(lists: Sequence[Sequence[object]]) -> Ints:
    return np.cumsum([0, *(len(items) for items in lists)]).astype(np.int32)
