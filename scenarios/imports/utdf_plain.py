"""The roads of a UTDF file as netconvert's plain files."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from engine.formats.utdf_roads import Movement, Node, Road, Roads
from engine.sumo.tools import plain_xml_text
from scenarios.imports.lanes import Lane, exits, stop_lanes
from scenarios.imports.pieces import Piece, Point, Stretch, connection, into_bays, length_m, pieces_of

__all__ = ["Built", "plain_files"]

NODE_TYPES = {"signal": "traffic_light", "external": "priority", "bend": "priority"}
CURVE_POINTS = 9


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
        lanes, more = stop_lanes(road, length_m(lines[key]))
        notes += more
        built[key] = (road, lanes)
    _widened(built, notes)
    nodes = [_node(node, signals) for node in roads.nodes.values()]
    edges: list[str] = []
    whole = {}
    for key, (road, lanes) in built.items():
        stem = f"{road.from_node}to{road.to_node}"
        stretch = Stretch(stem, road.from_node, road.to_node, road.name, road.speed_m_s)
        pieces, more_nodes, more_edges = pieces_of(stretch, lanes, lines[key])
        nodes += more_nodes
        edges += more_edges
        whole[key] = Built(road, tuple(lanes), pieces)
    connections = [line for of in whole.values() for line in (*into_bays(of.pieces), *_over(of, whole))]
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


def _over(of: Built, whole: dict[tuple[str, str], Built]) -> list[str]:
    """Connect the lanes of a road over the junction at its end."""
    connections = []
    for movement in of.road.movements:
        serving = [i for i, lane in enumerate(of.lanes) if movement.column in lane.columns]
        target = whole[of.road.to_node, movement.to_node]
        for lane, to_lane in _exits(movement, serving, target):
            connections.append(connection(of.ends, lane, target.begins, to_lane))
    return connections


def _exits(movement: Movement, serving: Sequence[int], target: Built) -> list[tuple[int, int]]:
    return exits(movement, serving, len(target.pieces[0].lanes))
