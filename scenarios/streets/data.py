"""Reads and checks the description of streets: points, roads between them, signals, and who drives and walks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import InputError, nearest
from scenarios.junction.data import TURNS, Description, Lane, Leg, Reader, load, timing_of

__all__ = ["KINDS", "Flow", "Road", "Streets", "Walk", "read"]

KINDS = ("car", "truck", "bus", "tram", "e_bike", "cycle")
QUARTERS = (1.0, 1.0, 1.0, 1.0)
ONLY = ("bicycle", "tram")


@dataclass(frozen=True)
class Road:
    """One direction of a street.

    Attributes:
        start, end: points.
        lanes: from the kerb to the middle; `turns` are empty where the road leads to a point without a signal.
        only: for each lane the class that it is kept for, or "".
    """

    start: str
    end: str
    speed_km_h: float
    lanes: tuple[Lane, ...]
    only: tuple[str, ...]

    @property
    def id(self) -> str:
        """Its edge's id; a part with more bays is called after it."""
        return f"{self.start}-{self.end}"


@dataclass(frozen=True)
class Flow:
    """Vehicles along a way of points: `veh_h` an hour at random, shaped by `quarters`, or one every `every_s`."""

    way: tuple[str, ...]
    kind: str
    veh_h: float
    trucks: float
    every_s: float
    first_s: float
    quarters: tuple[float, ...]


@dataclass(frozen=True)
class Walk:
    """Pedestrians an hour over a crossing, in either direction."""

    signal: str
    leg: str
    per_h: float
    quarters: tuple[float, ...]


@dataclass(frozen=True)
class Streets:
    """Streets as an engineer describes them; x and y in metres, east and north."""

    name: str
    points: Mapping[str, tuple[float, float]]
    roads: tuple[Road, ...]
    signals: Mapping[str, Description]
    flows: tuple[Flow, ...]
    walks: tuple[Walk, ...]
    warmup_min: float
    radius_m: float

    def road(self, start: str, end: str) -> Road | None:
        """Return the road from one point to the next."""
        return next((road for road in self.roads if (road.start, road.end) == (start, end)), None)

    def length_m(self, road: Road) -> float:
        """Return how far its points are apart."""
        return math.dist(self.points[road.start], self.points[road.end])


def read(file: Path) -> Streets:
    """Return the streets that a file describes.

    Raises:
        InputError: the file is missing, is no YAML, or something in it is missing, unknown or impossible.
    """
    where = f"'{file}'"
    keys = ("name", "points", "roads", "signals", "flows", "walks", "warmup_min", "radius_m")
    top = Reader(where, load(file), keys)
    points = _points(where, top.raw("points"))
    roads = tuple(_road(f"{where}, road {i + 1}", entry, points) for i, entry in enumerate(top.items("roads")))
    if len({road.id for road in roads}) < len(roads):
        raise InputError(f"{where}: two roads lead from one point to the same next one. Take one of them out.")
    radius_m = top.number("radius_m", 8.0, 1.0, 40.0)
    given = top.raw("signals")
    if not isinstance(given, Mapping) or not given:
        raise InputError(f"{where}: there are no signals. Give at least one point its stages under 'signals'.")
    signals = {
        _known(where, "point", str(name), points): _signal(
            f"{where}, signal '{name}'", str(name), timing, points, roads
        )
        for name, timing in given.items()
    }
    for road in roads:
        if road.end in signals and not all(lane.turns for lane in road.lanes):
            raise InputError(f"{where}, road {road.id}: it leads to a signal. Say which turns each lane serves.")
    streets = Streets(
        top.text("name"), points, roads, signals,
        tuple(_flow(f"{where}, flow {i + 1}", entry, points) for i, entry in enumerate(top.items("flows"))),
        tuple(_walk(f"{where}, walk {i + 1}", entry, signals) for i, entry in enumerate(top.items("walks", 0))),
        top.number("warmup_min", 10.0, 0.0, 120.0), radius_m,
    )  # fmt: skip
    for i, flow in enumerate(streets.flows):
        for start, end in zip(flow.way, flow.way[1:], strict=False):
            if streets.road(start, end) is None:
                raise InputError(f"{where}, flow {i + 1}: no road leads from '{start}' to '{end}'. Correct the way.")
    return streets


def _known(where: str, what: str, name: str, known: Mapping[str, Any]) -> str:
    if name not in known:
        raise InputError(f"{where}: there is no {what} '{name}'.{nearest(name, known)} Known: {', '.join(known)}.")
    return name


def _points(where: str, given: Any) -> dict[str, tuple[float, float]]:
    if not isinstance(given, Mapping):
        raise InputError(f"{where}: points are no mapping. Give each its x and y, as in {{west: [-300, 0]}}.")
    points = {}
    for name, at in given.items():
        numbers = isinstance(at, list) and len(at) == 2 and all(type(value) in (int, float) for value in at)
        if not numbers:
            raise InputError(f"{where}, point '{name}': {at!r} is no place. Give x and y in metres, as in [-300, 0].")
        points[str(name)] = (float(at[0]), float(at[1]))
    return points


def _road(where: str, entry: Any, points: Mapping[str, Any]) -> Road:
    road = Reader(where, entry, ("from", "to", "speed_km_h", "lanes"))
    ends = [_known(where, "point", road.text(key), points) for key in ("from", "to")]
    lanes, only = [], []
    for i, given in enumerate(road.items("lanes", 1, 8)):
        lane = Reader(f"{where}, lane {i + 1}", given, ("turns", "bay_m", "only"))
        turns = tuple(str(turn) for turn in lane.items("turns", 0, 4))
        for turn in turns:
            if turn not in TURNS:
                raise InputError(f"{where}, lane {i + 1}: there is no turn '{turn}'.{nearest(turn, TURNS)}")
        bay_m = None if lane.raw("bay_m") is None else lane.number("bay_m", None, 10.0, 1000.0)
        if bay_m is not None and bay_m > math.dist(*(points[end] for end in ends)) - 20.0:
            raise InputError(f"{where}, lane {i + 1}: the bay of {bay_m:g} m does not fit into the road. Shorten it.")
        lanes.append(Lane(turns, bay_m))
        only.append("" if lane.raw("only") is None else lane.text("only", None, ONLY))
    if all(lane.bay_m is not None for lane in lanes):
        raise InputError(f"{where}: every lane is a bay. At least one lane has to come from upstream.")
    return Road(ends[0], ends[1], road.number("speed_km_h", 50.0, 5.0, 130.0), tuple(lanes), tuple(only))


def _signal(
    where: str, name: str, timing: Any, points: Mapping[str, tuple[float, float]], roads: Sequence[Road]
) -> Description:
    """Return a signal's junction as it would be described alone: its legs are called after the points they lead to."""
    if not isinstance(timing, Mapping):
        raise InputError(f"{where} is no mapping. Give it its stages.")
    crossed = [str(leg) for leg in timing.get("crossings", ())]
    ways_in = {road.start: road for road in roads if road.end == name}
    ways_out = {road.end: road for road in roads if road.start == name}
    for leg in crossed:
        _known(where, "leg", leg, {**ways_in, **ways_out})
    legs = []
    for other in dict.fromkeys([*ways_in, *ways_out]):
        here, there = points[name], points[other]
        bearing = math.degrees(math.atan2(there[0] - here[0], there[1] - here[1])) % 360.0
        inward, outward = ways_in.get(other), ways_out.get(other)
        n_out = 0 if outward is None else sum(lane.bay_m is None for lane in outward.lanes)
        speed_km_h = max(road.speed_km_h for road in (inward, outward) if road is not None)
        lanes = () if inward is None else inward.lanes
        legs.append(Leg(other, bearing, math.dist(here, there), speed_km_h, lanes, n_out, other in crossed, 0.0))
    own = {key: value for key, value in timing.items() if key != "crossings"}
    return Description(name, "right", tuple(legs), (), timing_of(where, own, legs), 0.0, 0.0, 8.0)


def _quarters(where: str, reader: Reader) -> tuple[float, ...]:
    if reader.raw("quarters") is None:
        return QUARTERS
    given = reader.items("quarters", 1, 96)
    if not all(type(value) in (int, float) and value >= 0.0 for value in given):
        raise InputError(f"{where}: quarters are factors of the hour's flow, 0 or more. Correct them.")
    return tuple(float(value) for value in given)


def _flow(where: str, entry: Any, points: Mapping[str, Any]) -> Flow:
    flow = Reader(where, entry, ("way", "kind", "veh_h", "trucks", "every_s", "first_s", "quarters"))
    way = tuple(_known(where, "point", name, points) for name in flow.text("way").split())
    if (flow.raw("veh_h") is None) == (flow.raw("every_s") is None) or len(way) < 2:
        raise InputError(f"{where}: it needs a way of two points or more, and one of veh_h and every_s. Give them.")
    return Flow(
        way, flow.text("kind", "car", KINDS), flow.number("veh_h", 0.0, 0.0, 1e5), flow.number("trucks", 0.0, 0.0, 1.0),
        flow.number("every_s", 0.0), flow.number("first_s", 0.0), _quarters(where, flow),
    )  # fmt: skip


def _walk(where: str, entry: Any, signals: Mapping[str, Description]) -> Walk:
    walk = Reader(where, entry, ("signal", "leg", "per_h", "quarters"))
    signal = _known(where, "signal", walk.text("signal"), signals)
    leg = walk.text("leg")
    _known(where, "crossing over leg", leg, {of.name: of for of in signals[signal].legs if of.crossing})
    return Walk(signal, leg, walk.number("per_h", None, 0.0, 1e5), _quarters(where, walk))
