"""Other ways that a trip may take: SUMO routes trips when they depart, by the travel times of the last minutes."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping

from engine.screening.roads import Journey
from engine.sumo.roads import Roads

__all__ = ["other_ways"]

SEARCHES = 5
PENALTY = 1.4
"""Each way found makes its edges dearer by this factor for the next search: so ways differ where it matters."""
SLOWEST, SLOWEST_S = 2.0, 60.0
"""Ways that take longer in an empty network than this factor and these seconds beyond the quickest are left out."""


def other_ways(roads: Roads, ends: Iterable[tuple[str, str, str]]) -> Mapping[tuple[str, str, str], list[Journey]]:
    """Return, for each (first edge, last edge, vehicle class), different journeys, the quickest in an empty network first.

    An unreachable end has none.
    """
    wanted = sorted(set(ends))
    graphs = {kind: _graph(roads, kind) for kind in {kind for _, _, kind in wanted}}
    return {(first, last, kind): _ways(graphs[kind], first, last, kind) for first, last, kind in wanted}


_Graph = tuple[dict[str, dict[str, float]], dict[str, float]]


def _graph(roads: Roads, kind: str) -> _Graph:
    """Return the seconds from each edge over a junction to each that follows, and over each edge itself."""
    after: dict[str, dict[str, float]] = defaultdict(dict)
    for connection in roads.connections:
        lane, to_lane = roads.lanes[connection.lane], roads.lanes[connection.to_lane]
        if lane.allows(kind) and to_lane.allows(kind):
            cross_s = sum(m / v for m, v in zip(connection.lengths_m, connection.speeds, strict=True))
            after[lane.edge][to_lane.edge] = min(after[lane.edge].get(to_lane.edge, cross_s), cross_s)
    return after, {lane.edge: lane.length_m / lane.speed for lane in roads.lanes.values()}


def _ways(graph: _Graph, first: str, last: str, kind: str) -> list[Journey]:
    after, own_s = graph
    dearer: dict[str, float] = {}
    found: dict[tuple[str, ...], float] = {}
    for _ in range(SEARCHES):
        way = _quickest(after, own_s, dearer, first, last)
        if way is None:
            break
        found.setdefault(way, sum(own_s[edge] for edge in way))
        for edge in way:
            dearer[edge] = dearer.get(edge, 1.0) * PENALTY
    if not found:
        return []
    limit_s = SLOWEST * min(found.values()) + SLOWEST_S
    return [(way, kind) for way, way_s in sorted(found.items(), key=lambda item: item[1]) if way_s <= limit_s]


def _quickest(
    after: Mapping[str, Mapping[str, float]],
    own_s: Mapping[str, float],
    dearer: Mapping[str, float],
    first: str,
    last: str,
) -> tuple[str, ...] | None:
    """Return the quickest way, or `None`: Dijkstra's algorithm, ties by the edges' ids."""
    best = {first: 0.0}
    came: dict[str, str] = {}
    todo = [(0.0, first)]
    while todo:
        cost_s, edge = heapq.heappop(todo)
        if edge == last:
            way = [edge]
            while way[-1] in came:
                way.append(came[way[-1]])
            return tuple(reversed(way))
        if cost_s > best[edge]:
            continue
        for onward, cross_s in after.get(edge, {}).items():
            next_s = cost_s + cross_s + own_s[onward] * dearer.get(onward, 1.0)
            if next_s < best.get(onward, float("inf")) and onward != first:
                best[onward], came[onward] = next_s, edge
                heapq.heappush(todo, (next_s, onward))
    return None
