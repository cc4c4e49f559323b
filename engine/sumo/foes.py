"""Which links of a signal cross or merge, who gives way, and where one has cleared the other's way."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

__all__ = ["Foe", "foes_of", "interior", "is_vehicle"]

Point = tuple[float, float]


@dataclass(frozen=True)
class Foe:
    """What one link knows of another that crosses or merges with it.

    Attributes:
        first: the network lets the other one go first.
        clear_m: metres from this link's stop line to where its way has left the other's.
    """

    first: bool
    clear_m: float


def is_vehicle(connection: Any) -> bool:
    """Return whether vehicles use a connection; else it is a crossing's."""
    to_function, from_function = str(connection.getTo().getFunction()), str(connection.getFrom().getFunction())
    return to_function != "crossing" and from_function != "walkingarea"


def interior(net: Any, connection: Any) -> list[Any]:
    """Return the junction's lanes that a connection runs over; left turns that wait within it have two."""
    lanes = []
    via = connection.getViaLaneID()
    while via:
        lane = net.getLane(via)
        lanes.append(lane)
        via = next((onward.getViaLaneID() for onward in lane.getOutgoing()), "")
    return lanes


def foes_of(net: Any, connections: list[Any]) -> dict[int, dict[int, Foe]]:
    """Return for each link index the links that it conflicts with, by index.

    Connections may share an index: it conflicts, gives way and clears as the most careful of them.
    """
    by_node: dict[str, list[tuple[int, int, _Way]]] = defaultdict(list)
    nodes = {}
    for connection in connections:
        node = _node(connection)
        nodes[node.getID()] = node
        link = node.getLinkIndex(connection)
        if link >= 0:
            by_node[node.getID()].append((connection.getTLLinkIndex(), link, _way(net, connection)))
    foes: dict[int, dict[int, Foe]] = defaultdict(dict)
    for node_id, members in by_node.items():
        node = nodes[node_id]
        for index, link, way in members:
            for other, other_link, other_way in members:
                if index != other and (node.areFoes(link, other_link) or node.areFoes(other_link, link)):
                    # The response in the network's own order; sumolib's `forbids` looks both links up anew each time.
                    first = node._prohibits[link][-1 - other_link] == "1"
                    known = foes[index].get(other, Foe(False, 0.0))
                    foes[index][other] = Foe(known.first or first, max(known.clear_m, way.clear_m(other_way)))
    return foes


def _node(connection: Any) -> Any:
    return connection.getFrom().getToNode() if is_vehicle(connection) else connection.getTo().getToNode()


@dataclass(frozen=True)
class _Way:
    """The line that a connection takes over the junction: stretches, lengths, the width of what moves on it, its end."""

    stretches: tuple[tuple[Point, Point, float], ...]
    width: float
    to_lane: str

    def clear_m(self, other: _Way) -> float:
        """Return the metres after which this way has left the other one.

        That is half of the other's width beyond their last crossing. Ways that merge, or that only touch, are left at
        their end.
        """
        length_m = sum(metres for _, _, metres in self.stretches)
        if self.to_lane == other.to_lane:
            return length_m
        last_m, at_m = -1.0, 0.0
        for a, b, metres in self.stretches:
            for c, d, _ in other.stretches:
                share = _meeting(a, b, c, d)
                if share is not None:
                    last_m = max(last_m, at_m + share * metres)
            at_m += metres
        return length_m if last_m < 0.0 else min(length_m, last_m + 0.5 * other.width)


def _way(net: Any, connection: Any) -> _Way:
    lanes = interior(net, connection) if is_vehicle(connection) else [connection.getTo().getLanes()[0]]
    points: list[Point] = []
    for lane in lanes:
        points += [point for point in lane.getShape() if not points or point != points[-1]]
    stretches = tuple((a, b, math.dist(a, b)) for a, b in itertools.pairwise(points))
    return _Way(stretches, max((lane.getWidth() for lane in lanes), default=0.0), connection.getToLane().getID())


def _meeting(a: Point, b: Point, c: Point, d: Point) -> float | None:
    """Return how far along the stretch a-b it meets c-d, 0 to 1, or None where it does not."""
    ux, uy, vx, vy = b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]
    det = ux * vy - uy * vx
    if abs(det) < 1e-9:
        return None
    along = ((c[0] - a[0]) * vy - (c[1] - a[1]) * vx) / det
    across = ((c[0] - a[0]) * uy - (c[1] - a[1]) * ux) / det
    return along if 0.0 <= along <= 1.0 and 0.0 <= across <= 1.0 else None
