"""Ways through the empty network from edge to edge, and where traffic can come from and leave."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.sumo.programs import parse_xml

__all__ = ["Streets", "read_streets"]

KIND = "passenger"
TURNAROUND_S = 300.0
"""Turning round costs a way this much: hardly anybody does where another way leads on."""


@dataclass(frozen=True)
class Streets:
    """The edges that cars may use, and what follows on what.

    Attributes:
        free_s: seconds over each edge at its limit.
        onward: edges that may follow on an edge, in the file's order, those by turning round last.
        back: the same the other way round.
        turnarounds: pairs of edges that are joined by turning round alone.
        junctions: id of the junction at the end of each edge.
        lengths_m: of each edge, metres.
    """

    free_s: dict[str, float]
    onward: dict[str, tuple[str, ...]]
    back: dict[str, tuple[str, ...]]
    turnarounds: frozenset[tuple[str, str]]
    junctions: dict[str, str]
    lengths_m: dict[str, float]

    @property
    def sources(self) -> tuple[str, ...]:
        """Edges that nothing leads onto, turning round aside: traffic begins there."""
        return tuple(edge for edge in self.free_s if not self.before(edge))

    @property
    def sinks(self) -> tuple[str, ...]:
        """Edges that lead onto nothing, turning round aside: traffic ends there."""
        return tuple(edge for edge in self.free_s if not self.after(edge))

    def after(self, edge: str) -> list[str]:
        """Return what follows on an edge, turning round aside."""
        return [to for to in self.onward[edge] if (edge, to) not in self.turnarounds]

    def before(self, edge: str) -> list[str]:
        """Return what leads onto an edge, turning round aside."""
        return [start for start in self.back[edge] if (start, edge) not in self.turnarounds]

    def ways(self, start: str, backward: bool = False) -> dict[str, tuple[str, ...]]:
        """Return the quickest way from an edge to every other that can be reached, both ends included.

        Args:
            start: the edge.
            backward: ways that lead to `start` instead, by where they begin; each still in the order of driving.
        """
        following = self.back if backward else self.onward
        best = {start: 0.0}
        by: dict[str, str] = {}
        queue = [(0.0, start)]
        while queue:
            cost, edge = heapq.heappop(queue)
            if cost > best[edge]:
                continue
            for other in following[edge]:
                pair = (other, edge) if backward else (edge, other)
                more = cost + self.free_s[other] + (TURNAROUND_S if pair in self.turnarounds else 0.0)
                if more < best.get(other, float("inf")):
                    best[other], by[other] = more, edge
                    heapq.heappush(queue, (more, other))
        return {edge: _way(edge, by, backward) for edge in best}


def _way(edge: str, by: dict[str, str], backward: bool) -> tuple[str, ...]:
    found = [edge]
    while found[-1] in by:
        found.append(by[found[-1]])
    return tuple(found if backward else reversed(found))


def read_streets(net: Path) -> Streets:
    """Return the streets of a ``.net.xml`` file.

    Raises:
        InputError: the file is missing, is no XML, or has no edge for cars.
    """
    root = parse_xml(net)
    free_s, junctions, lengths_m = {}, {}, {}
    open_lanes = set()
    for edge in root.iter("edge"):
        lanes = (
            [lane for lane in edge.iter("lane") if _open(lane)] if edge.get("function", "normal") == "normal" else []
        )
        if lanes:
            name = edge.get("id")
            lengths_m[name] = float(lanes[0].get("length"))
            free_s[name] = min(float(lane.get("length")) / float(lane.get("speed")) for lane in lanes)
            junctions[name] = edge.get("to", "")
            open_lanes |= {lane.get("id") for lane in lanes}
    if not free_s:
        raise InputError(f"'{net}' has no road for cars. Build the network anew.")
    straight: dict[tuple[str, str], bool] = {}
    for connection in root.iter("connection"):
        ends = connection.get("from"), connection.get("to")
        pair = f"{ends[0]}_{connection.get('fromLane')}", f"{ends[1]}_{connection.get('toLane')}"
        if open_lanes.issuperset(pair):
            straight[ends] = straight.get(ends, False) or connection.get("dir") != "t"
    pairs = sorted(straight, key=lambda pair: not straight[pair])
    onward: dict[str, list[str]] = {edge: [] for edge in free_s}
    back: dict[str, list[str]] = {edge: [] for edge in free_s}
    for start, to in pairs:
        onward[start].append(to)
        back[to].append(start)
    return Streets(
        free_s,
        {edge: tuple(of) for edge, of in onward.items()},
        {edge: tuple(of) for edge, of in back.items()},
        frozenset(pair for pair, is_straight in straight.items() if not is_straight),
        junctions,
        lengths_m,
    )


def _open(lane: Any) -> bool:
    allow, disallow = lane.get("allow", "").split(), lane.get("disallow", "").split()
    return KIND in allow if allow else KIND not in disallow and "all" not in disallow
