"""Where a junction's legs lead, and its plain network files for netconvert."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from engine.errors import InputError
from scenarios.junction.data import Description, Lane, Leg

__all__ = ["CENTRE", "CROSSING_M", "SIDEWALK_M", "edge_names", "inbound_edges", "into_bays", "plain_xml", "target"]

CENTRE = "C"
SIDEWALK_M = 2.5
CROSSING_M = 4.0
CENTRAL = {"left": -90.0, "through": 0.0, "right": 90.0}
"""The heading, degrees clockwise from straight on, that each turn is closest to."""


def target(description: Description, leg: Leg, turn: str) -> Leg:
    """Return the leg that a turn leads to.

    Raises:
        InputError: no leg lies there.
    """
    if turn == "uturn":
        return leg

    def heading(other: Leg) -> float:
        return (other.bearing - leg.bearing) % 360.0 - 180.0

    wanted = CENTRAL[turn]
    others = [other for other in description.legs if other is not leg]
    best = min(others, key=lambda other: abs(heading(other) - wanted))
    if abs(heading(best) - wanted) > 60.0:
        raise InputError(
            f"junction '{description.name}': from leg '{leg.name}' no leg lies {turn}. Take the turn off its lanes, or "
            "correct the bearings."
        )
    return best


def edge_names(description: Description, leg: Leg) -> tuple[str, str]:
    """Return the stems of a leg's inbound and outbound edge ids."""
    number = description.legs.index(leg)
    return f"in{number}", f"out{number}"


def inbound_edges(description: Description, leg: Leg) -> list[tuple[str, float, list[Lane]]]:
    """Return (edge id, metres from the stop line to its start, its lanes), from upstream to the stop line."""
    stem, _ = edge_names(description, leg)
    cuts = sorted({lane.bay_m for lane in leg.inbound if lane.bay_m is not None}, reverse=True)
    edges = []
    for i, from_m in enumerate([leg.length_m, *cuts]):
        lanes = [lane for lane in leg.inbound if lane.bay_m is None or lane.bay_m >= from_m]
        edges.append((stem if i == 0 else f"{stem}bay{i}", from_m, lanes))
    return edges


def _point(leg: Leg, distance_m: float) -> tuple[float, float]:
    angle = math.radians(leg.bearing)
    return distance_m * math.sin(angle), distance_m * math.cos(angle)


def plain_xml(description: Description) -> dict[str, str]:
    """Return the texts of the node, edge and connection files by their suffix.

    Raises:
        InputError: a turn leads nowhere.
    """
    nodes = [f'<node id="{CENTRE}" x="0" y="0" type="traffic_light" radius="{description.corner_radius_m:g}"/>']
    edges, connections = [], []
    sidewalk = f' sidewalkWidth="{SIDEWALK_M}"' if _walking(description) else ""
    for leg in description.legs:
        stem, out = edge_names(description, leg)
        speed = leg.speed_km_h / 3.6
        parts = inbound_edges(description, leg)
        for i, (edge, from_m, lanes) in enumerate(parts):
            x, y = _point(leg, from_m)
            nodes.append(f'<node id="{edge}" x="{x:.2f}" y="{y:.2f}" type="priority"/>')
            onward = parts[i + 1][0] if i + 1 < len(parts) else CENTRE
            edges.append(
                f'<edge id="{edge}" from="{edge}" to="{onward}" numLanes="{len(lanes)}" speed="{speed:.3f}" '
                f"name={quoteattr(leg.name)}{sidewalk}/>"
            )
            if onward != CENTRE:
                connections += [
                    _connection(description, edge, lane, onward, to_lane)
                    for lane, to_lane in into_bays(lanes, parts[i + 1][2])
                ]
        edges.append(
            f'<edge id="{out}" from="{CENTRE}" to="{stem}" numLanes="{leg.outbound}" speed="{speed:.3f}" '
            f"name={quoteattr(leg.name)}{sidewalk}/>"
        )
    connections += _over_the_junction(description)
    for leg in description.legs:
        if leg.crossing:
            stop_edge, out = inbound_edges(description, leg)[-1][0], edge_names(description, leg)[1]
            connections.append(
                f'<crossing node="{CENTRE}" edges="{stop_edge} {out}" priority="true" width="{CROSSING_M}"/>'
            )
    return {
        "nod": _document("nodes", nodes),
        "edg": _document("edges", edges),
        "con": _document("connections", connections),
    }


def _document(root: str, lines: Sequence[str]) -> str:
    return "\n".join(
        ['<?xml version="1.0" encoding="UTF-8"?>', f"<{root}>", *(f"    {line}" for line in lines), f"</{root}>\n"]
    )


def _connection(description: Description, edge: str, lane: int, onward: str, to_lane: int) -> str:
    # netconvert puts the sidewalk in as lane 0 and does not renumber connections that are given.
    kerb = int(_walking(description))
    return f'<connection from="{edge}" to="{onward}" fromLane="{lane + kerb}" toLane="{to_lane + kerb}"/>'


def _walking(description: Description) -> bool:
    return any(leg.crossing for leg in description.legs)


def into_bays(lanes: Sequence[Lane], onward_lanes: Sequence[Lane]) -> list[tuple[int, int]]:
    """Return (from lane, to lane) of each lane with itself, and of each bay that begins here with the lane beside it."""
    pairs = []
    for to_lane, lane in enumerate(onward_lanes):
        if any(lane is old for old in lanes):
            from_lane = next(i for i, old in enumerate(lanes) if old is lane)
        else:
            ahead = [i for i, old in enumerate(onward_lanes) if any(old is known for known in lanes)]
            beside = min(ahead, key=lambda i: abs(i - to_lane))
            from_lane = next(i for i, old in enumerate(lanes) if old is onward_lanes[beside])
        pairs.append((from_lane, to_lane))
    return pairs


def _over_the_junction(description: Description) -> list[str]:
    connections = []
    for leg in description.legs:
        edge, _, lanes = inbound_edges(description, leg)[-1]
        # Turns towards the kerb use the outer exit lanes, turns across the road the inner ones, in order.
        outer = "right" if description.drive_on == "right" else "left"
        for turn in ("left", "through", "right", "uturn"):
            serving = [i for i, lane in enumerate(lanes) if turn in lane.turns]
            if not serving:
                continue
            exit_leg = target(description, leg, turn)
            for place, lane in enumerate(serving):
                if turn in ("through", outer):
                    to_lane = min(place, exit_leg.outbound - 1)
                else:
                    to_lane = max(exit_leg.outbound - len(serving) + place, 0)
                exit_edge = edge_names(description, exit_leg)[1]
                connections.append(_connection(description, edge, lane, exit_edge, to_lane))
    return connections
