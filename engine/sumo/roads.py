"""Reads from a SUMO network what a traffic model needs: lanes, the connections between them, and who yields to whom."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.sumo.programs import parse_xml

__all__ = ["Connection", "Lane", "Roads", "read_roads"]

SKIPPED = ("internal", "crossing", "walkingarea")


@dataclass(frozen=True)
class Lane:
    """One lane between two junctions.

    Attributes:
        id: its id; ``EDGE_0`` is the rightmost lane of an edge.
        edge: id of the edge that it is a lane of.
        index: its number on the edge, 0 the rightmost.
        length_m, speed: metres, and the limit in metres per second.
        allow, disallow: vehicle classes as the network states them; both empty where every class may drive.
    """

    id: str
    edge: str
    index: int
    length_m: float
    speed: float
    allow: frozenset[str]
    disallow: frozenset[str]

    def allows(self, kind: str) -> bool:
        """Return whether vehicles of a class may use the lane."""
        return kind in self.allow if self.allow else kind not in self.disallow and "all" not in self.disallow


@dataclass(frozen=True)
class Connection:
    """A way from one lane over a junction to another lane.

    Attributes:
        lane, to_lane: ids of the lanes that it joins.
        signal, index: the signal and the letter of its state that show for it; empty and -1 without a signal.
        state: SUMO's letter for its priority without a signal: ``M`` has it, ``m`` yields, ``s`` stops, ...
        lengths_m, speeds: of the junction's lanes that it runs over; those who may wait within the junction have two.
        yields_to: places in `Roads.connections` of those that it must let pass.
        crosses: places of all that it crosses or merges with.
    """

    lane: str
    to_lane: str
    signal: str
    index: int
    state: str
    lengths_m: tuple[float, ...]
    speeds: tuple[float, ...]
    yields_to: tuple[int, ...]
    crosses: tuple[int, ...]


@dataclass(frozen=True)
class Roads:
    """A road network for vehicles.

    Attributes:
        lanes: by id, in the file's order.
        connections: in the file's order.
    """

    lanes: dict[str, Lane]
    connections: tuple[Connection, ...]


def read_roads(path: Path) -> Roads:
    """Return the roads in a ``.net.xml`` file.

    Raises:
        InputError: the file is missing, is no XML, or lacks what every SUMO network has.
    """
    root = parse_xml(path)
    lanes: dict[str, Lane] = {}
    inner: dict[str, Lane] = {}
    for edge in root.iter("edge"):
        function = edge.get("function", "normal")
        if function in SKIPPED[1:]:
            continue
        for element in edge.iter("lane"):
            lane = _lane(element, edge.get("id"))
            (inner if function == "internal" else lanes)[lane.id] = lane
    if not lanes:
        raise InputError(f"'{path}' has no lanes, so it is no SUMO network. Build it with netconvert.")
    elements, onward = [], {}
    for element in root.iter("connection"):
        start = f"{element.get('from')}_{element.get('fromLane')}"
        if start in lanes:
            elements.append((start, f"{element.get('to')}_{element.get('toLane')}", element))
        else:
            onward[start] = element.get("via", "")
    known = [(start, to, element) for start, to, element in elements if to in lanes]
    yields, crosses = _priorities(root, elements, {id(element): i for i, (_, _, element) in enumerate(known)})
    connections = []
    for i, (start, to, element) in enumerate(known):
        ways = []
        via = element.get("via", "")
        while via in inner:
            ways.append(inner[via])
            via = onward.get(via, "")
        connections.append(
            Connection(
                start,
                to,
                element.get("tl", ""),
                int(element.get("linkIndex", -1)),
                element.get("state", "M"),
                tuple(way.length_m for way in ways),
                tuple(way.speed for way in ways),
                tuple(sorted(yields[i])),
                tuple(sorted(crosses[i])),
            )
        )
    return Roads(lanes, tuple(connections))


def _lane(element: Any, edge: str) -> Lane:
    return Lane(
        element.get("id"),
        edge,
        int(element.get("index")),
        float(element.get("length")),
        float(element.get("speed")),
        frozenset(element.get("allow", "").split()),
        frozenset(element.get("disallow", "").split()),
    )


def _priorities(
    root: Any, elements: list[tuple[str, str, Any]], place: dict[int, int]
) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Return, by connection, those that it yields to and those that it crosses.

    A junction numbers its connections by its incoming lanes in their order, and on each lane in the file's order. The
    bits of a request are written from the right.
    """
    by_lane: dict[str, list[Any]] = defaultdict(list)
    for start, _, element in elements:
        by_lane[start].append(element)
    yields: dict[int, set[int]] = defaultdict(set)
    crosses: dict[int, set[int]] = defaultdict(set)
    for junction in root.iter("junction"):
        if junction.get("type") == "internal":
            continue
        ours = [element for lane in junction.get("incLanes", "").split() for element in by_lane[lane]]
        for request in junction.iter("request"):
            i = int(request.get("index"))
            if i >= len(ours) or id(ours[i]) not in place:
                continue
            for found, bits in ((yields, request.get("response")), (crosses, request.get("foes"))):
                for j, bit in enumerate(reversed(bits)):
                    if bit == "1" and j < len(ours) and id(ours[j]) in place:
                        found[place[id(ours[i])]].add(place[id(ours[j])])
    return yields, crosses
