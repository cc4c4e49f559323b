"""The plain network files of streets for netconvert."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import quoteattr

from engine.errors import InputError
from scenarios.junction.data import Description, Lane, Leg
from scenarios.junction.geometry import CROSSING_M, SIDEWALK_M, into_bays, target
from scenarios.streets.data import Road, Streets

__all__ = ["exit_leg", "parts", "plain_xml", "way_edges"]

NARROW_M = 2.0
"""Width of a lane for bicycles."""


def parts(streets: Streets, road: Road) -> list[tuple[str, float, list[Lane]]]:
    """Return (edge id, metres from the stop line to its start, its lanes), from upstream to the stop line."""
    cuts = sorted({lane.bay_m for lane in road.lanes if lane.bay_m is not None}, reverse=True)
    found = []
    for i, from_m in enumerate([streets.length_m(road), *cuts]):
        lanes = [lane for lane in road.lanes if lane.bay_m is None or lane.bay_m >= from_m]
        found.append((road.id if i == 0 else f"{road.id}.bay{i}", from_m, lanes))
    return found


def way_edges(streets: Streets, way: Sequence[str]) -> list[str]:
    """Return the edges along points."""
    roads = [streets.road(start, end) for start, end in itertools.pairwise(way)]
    return [edge for road in roads if road is not None for edge, _, _ in parts(streets, road)]


def exit_leg(signal: Description, leg: Leg, turn: str) -> Leg:
    """Return where a turn leads, among the legs that a road leads onto. Raises InputError where none lies there."""
    legs = (leg, *(of for of in signal.legs if of is not leg and of.outbound))
    return target(dataclasses.replace(signal, legs=legs), leg, turn)


def plain_xml(streets: Streets) -> dict[str, str]:
    """Return the texts of the node, edge and connection files by their suffix.

    Raises:
        InputError: a turn leads nowhere, or a way forks at a point without a signal.
    """
    nodes = [
        f'<node id={quoteattr(name)} x="{x:.2f}" y="{y:.2f}" '
        + (f'type="traffic_light" radius="{streets.radius_m:g}"/>' if name in streets.signals else 'type="priority"/>')
        for name, (x, y) in streets.points.items()
    ]
    edges, connections = [], []
    for road in streets.roads:
        of_road = parts(streets, road)
        for i, (edge, from_m, lanes) in enumerate(of_road):
            begins = road.start if i == 0 else edge
            if i:
                x, y = _back(streets, road, from_m)
                nodes.append(f'<node id="{edge}" x="{x:.2f}" y="{y:.2f}" type="priority"/>')
            ends = of_road[i + 1][0] if i + 1 < len(of_road) else road.end
            edges += _edge(streets, road, edge, begins, ends, lanes)
            if ends != road.end:
                pairs = into_bays(lanes, of_road[i + 1][2])
                connections += [_connection(streets, road, edge, a, road, ends, b) for a, b in pairs]
        connections += list(_onward(streets, road))
    for name, signal in streets.signals.items():
        for leg in signal.legs:
            if leg.crossing:
                connections.append(
                    f'<crossing node="{name}" edges="{" ".join(crossed_edges(streets, name, leg.name))}" priority="true" '
                    f'width="{CROSSING_M}"/>'
                )
    return {
        kind[:3]: f'<?xml version="1.0" encoding="UTF-8"?>\n<{kind}>\n    ' + "\n    ".join(lines) + f"\n</{kind}>\n"
        for kind, lines in (("nodes", nodes), ("edges", edges), ("connections", connections))
    }


def crossed_edges(streets: Streets, signal: str, leg: str) -> list[str]:
    """Return the edges that a crossing lies on: the one to the stop line, and the one that leaves beside it."""
    inward, outward = streets.road(leg, signal), streets.road(signal, leg)
    edges = [] if inward is None else [parts(streets, inward)[-1][0]]
    return edges if outward is None else [*edges, outward.id]


def _back(streets: Streets, road: Road, metres: float) -> tuple[float, float]:
    (x, y), (from_x, from_y) = streets.points[road.end], streets.points[road.start]
    share = metres / math.dist((x, y), (from_x, from_y))
    return x + share * (from_x - x), y + share * (from_y - y)


def _edge(streets: Streets, road: Road, edge: str, begins: str, ends: str, lanes: Sequence[Lane]) -> list[str]:
    rail = road.only[0] == "tram"
    sidewalk = f' sidewalkWidth="{SIDEWALK_M}"' if streets.walks and not rail else ""
    shared = "passenger truck bus coach delivery emergency" if "bicycle" in road.only else ""
    lines = [
        f'<edge id="{edge}" from={quoteattr(begins)} to={quoteattr(ends)} numLanes="{len(lanes)}" '
        f'speed="{road.speed_km_h / 3.6:.3f}"{sidewalk}>'
    ]
    for i, lane in enumerate(lanes):
        only = road.only[next(k for k, own in enumerate(road.lanes) if own is lane)]
        allowed = only or shared
        if allowed:
            width = f' width="{NARROW_M}"' if only == "bicycle" else ""
            lines.append(f'    <lane index="{i}" allow="{allowed}"{width}/>')
    return [*lines, "</edge>"]


def _connection(streets: Streets, road: Road, edge: str, lane: int, onto: Road, onward: str, to_lane: int) -> str:
    # netconvert puts a sidewalk in as lane 0 and does not renumber connections that are given.
    kerb, to_kerb = (int(bool(streets.walks) and of.only[0] != "tram") for of in (road, onto))
    return f'<connection from="{edge}" to="{onward}" fromLane="{lane + kerb}" toLane="{to_lane + to_kerb}"/>'


def _onward(streets: Streets, road: Road) -> Iterator[str]:
    """Yield the connections at a road's end."""
    edge, _, lanes = parts(streets, road)[-1]
    signal = streets.signals.get(road.end)
    if signal is None:
        exits = [of for of in streets.roads if of.start == road.end and of.end != road.start]
        if len(exits) > 1:
            raise InputError(
                f"streets '{streets.name}': at '{road.end}' a way forks, and there is no signal. Give it one."
            )
        for onto in exits:
            n_out = len(parts(streets, onto)[0][2])
            for i in range(max(len(lanes), n_out)):
                yield _connection(streets, road, edge, min(i, len(lanes) - 1), onto, onto.id, min(i, n_out - 1))
        return
    leg = signal.leg(road.start)
    only = {id(lane): kept for lane, kept in zip(road.lanes, road.only, strict=True)}
    for turn in ("left", "through", "right", "uturn"):
        for kept in dict.fromkeys(road.only):
            serving = [i for i, lane in enumerate(lanes) if turn in lane.turns and only[id(lane)] == kept]
            if not serving:
                continue
            to = exit_leg(signal, leg, turn).name
            way_out = next(of for of in streets.roads if (of.start, of.end) == (road.end, to))
            open_lanes = [k for lane, k in zip(way_out.lanes, way_out.only, strict=True) if lane.bay_m is None]
            fitting = [i for i, k in enumerate(open_lanes) if k == kept] or [
                i for i, k in enumerate(open_lanes) if not k
            ]
            for place, lane_at in enumerate(serving):
                # Turns towards the kerb use the outer exit lanes, turns across the road the inner ones, in order.
                near = turn in ("through", "right")
                at = min(place, len(fitting) - 1) if near else max(len(fitting) - len(serving) + place, 0)
                yield _connection(streets, road, edge, lane_at, way_out, way_out.id, fitting[at])
