"""What a SUMO network says of its lanes and crossings beyond `engine.network`: width, grade, who may use them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from engine.sumo.programs import parse_xml

__all__ = ["Lane", "Roads", "read_roads"]

USUAL_WIDTH_M = 3.2
"""What SUMO takes where a network states no width."""

GRADE_M = 50.0
"""The grade is that of this many metres before the stop line; what lies further back has little to do with it."""


@dataclass(frozen=True)
class Lane:
    """One lane of an edge: width in metres, grade (uphill positive), and whether cars may use it."""

    width_m: float
    grade: float
    cars: bool


@dataclass(frozen=True)
class Roads:
    """Lanes and crossings of a network.

    Attributes:
        lanes: by id, junction interiors left out.
        crossed: for each crossing's edge id the edges that it crosses.
        lefthand: whether traffic drives on the left.
    """

    lanes: dict[str, Lane]
    crossed: dict[str, frozenset[str]]
    lefthand: bool


def read_roads(path: Path) -> Roads:
    """Return the lanes and crossings of a ``.net.xml`` file.

    Raises:
        InputError: the file is missing or no XML.
    """
    root = parse_xml(path)
    lanes, crossed = {}, {}
    for edge in root.iter("edge"):
        if edge.get("function") == "crossing":
            crossed[edge.get("id")] = frozenset(edge.get("crossingEdges", "").split())
        if edge.get("function", "normal") != "normal":
            continue
        for lane in edge.iter("lane"):
            lanes[lane.get("id")] = Lane(
                float(lane.get("width", USUAL_WIDTH_M)),
                _grade(lane.get("shape", "")),
                _allows_cars(lane.get("allow"), lane.get("disallow")),
            )
    return Roads(lanes, crossed, root.get("lefthand") in ("true", "1"))


def _allows_cars(allow: str | None, disallow: str | None) -> bool:
    if allow is not None:
        return bool({"passenger", "all"} & set(allow.split()))
    return disallow is None or not {"passenger", "all"} & set(disallow.split())


def _grade(shape: str) -> float:
    points = [tuple(float(value) for value in point.split(",")) for point in shape.split()]
    if len(points) < 2 or len(points[-1]) < 3 or len(points[0]) < 3:
        return 0.0
    run_m, end = 0.0, points[-1]
    for ahead, back in zip(reversed(points), reversed(points[:-1]), strict=False):
        run_m += math.dist(ahead[:2], back[:2])
        if run_m >= GRADE_M or back is points[0]:
            return (end[2] - back[2]) / run_m if run_m > 0.0 else 0.0
    return 0.0
