"""A road with turn bays as edges in a row: a piece ends where a bay begins."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from scenarios.imports.lanes import Lane

__all__ = ["Piece", "Point", "Stretch", "connection", "into_bays", "length_m", "pieces_of"]

Point = tuple[float, float]
LEAST_PIECE_M = 10.0


@dataclass(frozen=True)
class Stretch:
    """A one-way road between two nodes: what its edges are called, and how fast it is."""

    id: str
    from_node: str
    to_node: str
    name: str
    speed_m_s: float


@dataclass(frozen=True)
class Piece:
    """A stretch of a road with the same lanes from end to end: an edge of the network.

    Attributes:
        edge: its id.
        lanes: those of the stop line that it has, as places in the road's list, from the kerb on.
    """

    edge: str
    lanes: tuple[int, ...]


def length_m(line: Sequence[Point]) -> float:
    """Return the length of a line."""
    return sum(math.dist(a, b) for a, b in itertools.pairwise(line))


def pieces_of(
    road: Stretch, lanes: Sequence[Lane], line: Sequence[Point]
) -> tuple[tuple[Piece, ...], list[str], list[str]]:
    """Return the road's pieces, and the lines of nodes and edges that they take.

    Args:
        road: what the edges are called, what they join, and how fast they are.
        lanes: at its end, from the kerb on; those with a bay's length begin so far before it.
        line: of the road.
    """
    stem = road.id
    whole_m = length_m(line)
    cuts: list[float] = []
    for bay_m in sorted({lane.bay_m for lane in lanes if lane.bay_m is not None}, reverse=True):
        if not cuts or cuts[-1] - bay_m >= LEAST_PIECE_M:
            cuts.append(max(bay_m, LEAST_PIECE_M))
    starts = [whole_m, *cuts]
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
        shape = _between(line, whole_m - from_m, whole_m - until_m)
        begin = road.from_node if i == 0 else edge
        end = f"{stem}bay{i + 1}" if until_m else road.to_node
        if i:
            nodes.append(f'<node id={quoteattr(edge)} x="{shape[0][0]:.2f}" y="{shape[0][1]:.2f}" type="priority"/>')
        drawn = " ".join(f"{x:.2f},{y:.2f}" for x, y in shape)
        edges.append(
            f'<edge id={quoteattr(edge)} from={quoteattr(begin)} to={quoteattr(end)} numLanes="{len(there)}" '
            f'speed="{road.speed_m_s:.3f}" shape="{drawn}"{f" name={quoteattr(road.name)}" if road.name else ""}/>'
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


def connection(edge: str, lane: int, onward: str, to_lane: int) -> str:
    """Return the line that joins two lanes."""
    return f'<connection from={quoteattr(edge)} to={quoteattr(onward)} fromLane="{lane}" toLane="{to_lane}"/>'


def into_bays(pieces: Sequence[Piece]) -> list[str]:
    """Connect each lane with itself, and each bay that begins with the lane beside it."""
    connections = []
    for piece, onward in itertools.pairwise(pieces):
        for to_lane, lane in enumerate(onward.lanes):
            beside = min(piece.lanes, key=lambda old: (abs(old - lane), old))
            connections.append(connection(piece.edge, piece.lanes.index(beside), onward.edge, to_lane))
    return connections
