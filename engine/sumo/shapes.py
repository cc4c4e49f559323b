"""Reads the geometry of a SUMO network for a map."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.geometry import Geometry, Head, Junction, Lane, Point, simplified
from engine.sumo.lanes import USUAL_WIDTH_M
from engine.sumo.programs import parse_xml

__all__ = ["read_geometry"]

MOTORS = frozenset(
    {"private", "emergency", "authority", "army", "vip", "passenger", "hov", "taxi", "bus", "coach", "delivery"}
    | {"truck", "trailer", "motorcycle", "moped", "evehicle"}
)
RAILS = frozenset({"tram", "rail_urban", "rail", "rail_electric", "rail_fast", "subway", "cable_car"})


def read_geometry(path: Path) -> Geometry:
    """Return the lanes that vehicles and people see, junctions and signal heads of a ``.net.xml`` file.

    Lanes within junctions are left out, as the junctions' outlines cover them, and so are areas to walk on.

    Raises:
        InputError: the file is missing or no XML.
    """
    root = parse_xml(path)
    lanes, of_edge = [], {}
    for edge in root.iter("edge"):
        function, edge_id = edge.get("function", "normal"), edge.get("id", "")
        if function not in ("normal", "crossing"):
            continue
        for lane in edge.iter("lane"):
            shape = simplified(_points(lane.get("shape", "")))
            if len(shape) > 1:
                use = "crossing" if function == "crossing" else _use(lane)
                lanes.append(Lane(lane.get("id"), edge_id, use, float(lane.get("width", USUAL_WIDTH_M)), shape))
                of_edge[edge_id, lane.get("index")] = lane.get("id")
    lights = {logic.get("id") for logic in root.iter("tlLogic")}
    junctions = tuple(
        Junction(of.get("id"), of.get("id") if of.get("id") in lights else "", shape)
        for of in root.iter("junction")
        if of.get("type") != "internal" and len(shape := simplified(_points(of.get("shape", "")))) > 2
    )
    return Geometry(tuple(lanes), junctions, _heads(root.iter("connection"), of_edge))


def _points(text: str) -> list[Point]:
    """Return the points of a shape; heights are left out."""
    points = [point.split(",") for point in text.split()]
    return [(float(x), float(y)) for x, y, *_ in points]


def _use(lane: Any) -> str:
    """Return who a lane is for, by SUMO's classes that may use it."""
    allow, disallow = lane.get("allow"), frozenset((lane.get("disallow") or "").split())
    if allow is None or allow == "all":
        return "road" if MOTORS - disallow and "all" not in disallow else "footway"
    allowed = frozenset(allow.split())
    if allowed & MOTORS:
        return "road"
    if allowed & RAILS:
        return "rail"
    return "cycleway" if "bicycle" in allowed else "footway"


def _heads(connections: Iterable[Any], lanes: dict[tuple[str, str | None], str]) -> tuple[Head, ...]:
    """Return the heads at the ends of lanes, and at the crossings themselves for those who walk, each once."""
    found = set()
    for of in connections:
        signal, index = of.get("tl"), of.get("linkIndex")
        if signal and index is not None:
            crossing = lanes.get((of.get("to"), of.get("toLane"))) if of.get("from", "").startswith(":") else None
            lane = crossing or lanes.get((of.get("from"), of.get("fromLane")))
            if lane:
                found.add(Head(signal, int(index), lane))
    return tuple(sorted(found, key=lambda head: (head.signal, head.lane, head.index)))
