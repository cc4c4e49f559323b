"""The roads of a UTDF file as netconvert's plain files."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from engine.formats.utdf_roads import Movement, Node, Road, Roads
from engine.sumo.tools import plain_xml_text
from scenarios.imports.lanes import Lane, exits, stop_lanes

__all__ = ["Built", "Piece", "plain_files"]

Point = tuple[float, float]
NODE_TYPES = {"signal": "traffic_light", "external": "priority", "bend": "priority"}
CURVE_POINTS = 9
LEAST_PIECE_M = 10.0


@dataclass(frozen=True)
class Piece:
    """A stretch of a road with the same lanes from end to end: an edge of the network.

    Attributes:
        edge: its id.
        lanes: those of the stop line that it has, as places in the road's list, from the kerb on.
    """

    edge: str
    lanes: tuple[int, ...]


@dataclass(frozen=True)
class Built:
    """A road as it is built: its lanes at the stop line, and its pieces from its beginning on."""

    road: Road
    lanes: tuple[Lane, ...]
    pieces: tuple[Piece, ...]

    @property
    def begins(self) -> str:
        """Id of its first edge."""
        return self.pieces[0].edge

    @property
    def ends(self) -> str:
        """Id of the edge at its stop line."""
        return self.pieces[-1].edge


def plain_files(
    roads: Roads, signals: Collection[str]
) -> tuple[dict[str, str], dict[tuple[str, str], Built], list[str]]:
    """Return the texts of the node, edge and connection files, the roads by (from, to), and what was assumed.

    Args:
        roads: the file's roads.
        signals: ids of nodes with a signal.
    """
    notes: list[str] = []
    lines = {(road.from_node, road.to_node): _line(road, roads) for road in roads.roads}
    built = {}
    for road in roads.roads:
        key = road.from_node, road.to_node
        lanes, more = stop_lanes(road, _length_m(lines[key]))
        notes += more
        built[key] = (road, lanes)
    _widened(built, notes)
    nodes = [_node(node, signals) for node in roads.nodes.values()]
    edges: list[str] = []
    whole = {}
    for key, (road, lanes) in built.items():
        pieces, more_nodes, more_edges = _pieces(road, lanes, lines[key])
        nodes += more_nodes
        edges += more_edges
        whole[key] = Built(road, tuple(lanes), pieces)
    connections = [line for of in whole.values() for line in (*_into_bays(of), *_over(of, whole))]
    texts = {
        "nod": plain_xml_text("nodes", nodes),
        "edg": plain_xml_text("edges", edges),
        "con": plain_xml_text("connections", connections),
    }
    return texts, whole, notes


def _node(node: Node, signals: Collection[str]) -> str:
    kind = "traffic_light" if node.id in signals else "priority"
    return f'<node id={quoteattr(node.id)} x="{node.x_m:.2f}" y="{node.y_m:.2f}" type="{kind}"/>'


def _line(road: Road, roads: Roads) -> list[Point]:
    """Return the road's line: straight, or bent by the points that it and its opposite have near their ends."""
    start, end = roads.nodes[road.from_node], roads.nodes[road.to_node]
    ends = [(start.x_m, start.y_m), (end.x_m, end.y_m)]
    back = next((r for r in roads.roads if (r.from_node, r.to_node) == (road.to_node, road.from_node)), None)
    bends = [point for point in (back.curve_m if back else None, road.curve_m) if point is not None]
    if not bends:
        return ends
    control = [ends[0], *bends, ends[1]]
    return [_bezier(control, i / (CURVE_POINTS - 1)) for i in range(CURVE_POINTS)]


def _bezier(control: Sequence[Point], t: float) -> Point:
    points = list(control)
    while len(points) > 1:
        points = [(x + (x2 - x) * t, y + (y2 - y) * t) for (x, y), (x2, y2) in itertools.pairwise(points)]
    return points[0]


def _length_m(line: Sequence[Point]) -> float:
    return sum(math.dist(a, b) for a, b in itertools.pairwise(line))


def _widened(built: dict[tuple[str, str], tuple[Road, list[Lane]]], notes: list[str]) -> None:
    """Give a road that several lanes turn into at once as many whole lanes, by making bays as long as the road."""
    wanted: dict[tuple[str, str], int] = defaultdict(int)
    for road, lanes in built.values():
        for movement in road.movements:
            key = road.to_node, movement.to_node
            wanted[key] = max(wanted[key], sum(movement.column in lane.columns for lane in lanes))
    for key, n_lanes in wanted.items():
        road, lanes = built[key]
        have = sum(lane.bay_m is None for lane in lanes)
        if have >= n_lanes:
            continue
        bays = sorted(
            (i for i, lane in enumerate(lanes) if lane.bay_m is not None), key=lambda i: -(lanes[i].bay_m or 0)
        )
        for i in bays[: n_lanes - have]:
            lanes[i] = Lane(lanes[i].columns, None)
        if not road.movements:
            lanes += [Lane((), None)] * (n_lanes - have)
        if sum(lane.bay_m is None for lane in lanes) >= n_lanes:
            notes.append(
                f"Road {key[0]} to {key[1]} has {n_lanes} lanes from its beginning, not {have}: so many turn into it at once."
            )
        else:
            notes.append(f"Road {key[0]} to {key[1]}: more lanes turn into it than it has; two of them merge.")


def _pieces(road: Road, lanes: Sequence[Lane], line: Sequence[Point]) -> tuple[tuple[Piece, ...], list[str], list[str]]:
    """Return the road's pieces, and the lines of nodes and edges that they take."""
    stem = f"{road.from_node}to{road.to_node}"
    length_m = _length_m(line)
    cuts: list[float] = []
    for bay_m in sorted({lane.bay_m for lane in lanes if lane.bay_m is not None}, reverse=True):
        if not cuts or cuts[-1] - bay_m >= LEAST_PIECE_M:
            cuts.append(max(bay_m, LEAST_PIECE_M))
    starts = [length_m, *cuts]
    pieces, nodes, edges = [], [], []
    for i, from_m in enumerate(starts):
        edge = stem if i == 0 else f"{stem}bay{i}"
        # A bay whose beginning was put together with a longer one's is a little longer for it.
        there = [
            k
            for k, lane in enumerate(lanes)
            if lane.bay_m is None or (i and lane.bay_m >= from_m - LEAST_PIECE_M + 1e-6)
        ]
        until_m = starts[i + 1] if i + 1 < len(starts) else 0.0
        shape = _between(line, length_m - from_m, length_m - until_m)
        begin = road.from_node if i == 0 else edge
        end = f"{stem}bay{i + 1}" if until_m else road.to_node
        if i:
            nodes.append(f'<node id={quoteattr(edge)} x="{shape[0][0]:.2f}" y="{shape[0][1]:.2f}" type="priority"/>')
        drawn = " ".join(f"{x:.2f},{y:.2f}" for x, y in shape)
        edges.append(
            f'<edge id={quoteattr(edge)} from={quoteattr(begin)} to={quoteattr(end)} numLanes="{len(there)}" '
            f'speed="{road.speed_m_s:.3f}" shape="{drawn}" name={quoteattr(road.name)}/>'
        )
        pieces.append(Piece(edge, tuple(there)))
    return tuple(pieces), nodes, edges


def _between(line: Sequence[Point], from_m: float, until_m: float) -> list[Point]:
    """Return the part of a line between two distances from its beginning."""
    points: list[Point] = []
    at_m = 0.0
    for (x, y), (x2, y2) in itertools.pairwise(line):
        step_m = math.dist((x, y), (x2, y2))
        for mark_m in (max(from_m, at_m), min(until_m, at_m + step_m)):
            if step_m and at_m <= mark_m <= at_m + step_m and from_m <= at_m + step_m and until_m >= at_m:
                share = (mark_m - at_m) / step_m
                point = (x + (x2 - x) * share, y + (y2 - y) * share)
                if not points or math.dist(points[-1], point) > 0.01:
                    points.append(point)
        at_m += step_m
    return points


def _connection(edge: str, lane: int, onward: str, to_lane: int) -> str:
    return f'<connection from={quoteattr(edge)} to={quoteattr(onward)} fromLane="{lane}" toLane="{to_lane}"/>'


def _into_bays(of: Built) -> list[str]:
    """Connect each lane with itself, and each bay that begins with the lane beside it."""
    connections = []
    for piece, onward in zip(of.pieces[:-1], of.pieces[1:], strict=True):
        for to_lane, lane in enumerate(onward.lanes):
            beside = min(piece.lanes, key=lambda old: (abs(old - lane), old))
            connections.append(_connection(piece.edge, piece.lanes.index(beside), onward.edge, to_lane))
    return connections


def _over(of: Built, whole: dict[tuple[str, str], Built]) -> list[str]:
    """Connect the lanes of a road over the junction at its end."""
    connections = []
    for movement in of.road.movements:
        serving = [i for i, lane in enumerate(of.lanes) if movement.column in lane.columns]
        target = whole[of.road.to_node, movement.to_node]
        for lane, to_lane in _exits(movement, serving, target):
            connections.append(_connection(of.ends, lane, target.begins, to_lane))
    return connections


def _exits(movement: Movement, serving: Sequence[int], target: Built) -> list[tuple[int, int]]:
    return exits(movement, serving, len(target.pieces[0].lanes))
