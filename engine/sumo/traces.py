"""What SUMO writes of each vehicle's way when it is asked: routes, times, and every passage of a lane's end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from defusedxml import ElementTree

from engine.files import write_text
from engine.sumo.demand import opened
from engine.sumo.programs import parse_xml

__all__ = [
    "Passage",
    "Trace",
    "Trip",
    "VehicleType",
    "read_trace",
    "routed_at_departure",
    "trace_options",
    "vehicle_types",
    "write_waiting",
]

WAITING, ROUTES, TRIPS, LOOPS = "waiting.json", "routes.xml", "trips.xml", "loops.xml"


@dataclass(frozen=True)
class VehicleType:
    """What of a vehicle type a traffic model needs: SUMO's class, metres, seconds, metres per second squared."""

    kind: str = "passenger"
    length_m: float = 5.0
    gap_m: float = 2.5
    tau_s: float = 1.0
    accel: float = 2.6
    max_speed: float = 55.55


@dataclass(frozen=True)
class Trip:
    """One vehicle of a run.

    Attributes:
        id, type: its id and the id of its type; the type is empty for a vehicle that never got in.
        due_s: when it was to depart, seconds.
        departed_s: when it did; `None` for one that never got in.
        loss_s: time loss and departure delay up to the run's end, seconds.
        speed_factor: its driver's share of a lane's limit.
        lane: the lane that it was put on; empty for one that never got in.
        edges: its route.
        left_s: when it left each edge, seconds; negative for those that it did not.
    """

    id: str
    type: str
    due_s: float
    departed_s: float | None
    loss_s: float
    speed_factor: float
    lane: str
    edges: tuple[str, ...]
    left_s: tuple[float, ...]


@dataclass(frozen=True)
class Passage:
    """A vehicle's front reaches the end of a lane: the trip's id, the lane's id, seconds and metres per second."""

    trip: str
    lane: str
    time_s: float
    speed: float


@dataclass(frozen=True)
class Trace:
    """A run as its vehicles saw it: trips in order of `due_s`, passages in order of time."""

    trips: tuple[Trip, ...]
    passages: tuple[Passage, ...]


def trace_options(folder: Path, lanes: Iterable[str]) -> tuple[list[str], Path]:
    """Return options that make SUMO write a trace into `folder`, and the additional file that it has to load for it.

    Args:
        folder: where the trace goes; `read_trace` reads it from there.
        lanes: ids of the lanes whose ends are watched.
    """
    loops = quoteattr(str(folder / LOOPS))
    text = "".join(
        f'    <instantInductionLoop id={quoteattr(lane)} lane={quoteattr(lane)} pos="-0.1" friendlyPos="true" '
        f"file={loops}/>\n"
        for lane in lanes
    )
    additional = folder / "loops.add.xml"
    write_text(additional, f"<additional>\n{text}</additional>\n")
    options = [
        *("--vehroute-output", str(folder / ROUTES)),
        *("--vehroute-output.exit-times", "true"),
        *("--vehroute-output.last-route", "true"),
        *("--vehroute-output.write-unfinished", "true"),
        *("--tripinfo-output", str(folder / TRIPS)),
        *("--tripinfo-output.write-unfinished", "true"),
    ]
    return options, additional


def write_waiting(folder: Path, waiting: Sequence[tuple[tuple[str, ...], float, int]]) -> None:
    """Add to a trace the vehicles that never got in, as (route, due_s, class) each: SUMO writes no route of theirs."""
    write_text(folder / WAITING, json.dumps([[route, due_s] for route, due_s, _ in waiting]))


def read_trace(folder: Path, end_s: float) -> Trace:
    """Return the trace of a finished run that ended at `end_s`, seconds."""
    ways = {}
    for vehicle in parse_xml(folder / ROUTES).iter("vehicle"):
        route = vehicle.find("route")
        if route is not None:
            left = tuple(float(time) for time in route.get("exitTimes", "").split())
            ways[vehicle.get("id")] = (tuple(route.get("edges").split()), left)
    trips = []
    for info in parse_xml(folder / TRIPS).iter("tripinfo"):
        if info.get("id") not in ways:
            continue
        departed_s, wait_s = float(info.get("depart")), float(info.get("departDelay"))
        trips.append(
            Trip(
                info.get("id"),
                info.get("vType"),
                departed_s - wait_s,
                departed_s,
                wait_s + float(info.get("timeLoss")),
                float(info.get("speedFactor")),
                info.get("departLane"),
                *ways[info.get("id")],
            )
        )
    for i, (route, due_s) in enumerate(json.loads((folder / WAITING).read_text(encoding="utf-8"))):
        never = (-1.0,) * len(route)
        trips.append(Trip(f"waiting {i}", "", due_s, None, end_s - due_s, 1.0, "", tuple(route), never))
    trips.sort(key=lambda trip: (trip.due_s, trip.id))
    passages = []
    with (folder / LOOPS).open("rb") as stream:
        for _, element in ElementTree.iterparse(stream):
            if element.tag == "instantOut" and element.get("state") == "enter":
                passages.append(
                    Passage(
                        element.get("vehID"), element.get("id"), float(element.get("time")), float(element.get("speed"))
                    )
                )
            element.clear()
    passages.sort(key=lambda passage: (passage.time_s, passage.lane))
    return Trace(tuple(trips), tuple(passages))


def vehicle_types(files: Iterable[Path]) -> dict[str, VehicleType]:
    """Return the vehicle types that demand and additional files define, by id, SUMO's defaults filled in."""
    types = {}
    for path in files:
        with opened(path) as stream:
            root: Any = ElementTree.parse(stream).getroot()
        for element in root.iter("vType"):
            kind = element.get("vClass", "passenger")
            default = CLASSES.get(kind, VehicleType(kind))
            types[element.get("id")] = VehicleType(
                kind,
                float(element.get("length", default.length_m)),
                float(element.get("minGap", default.gap_m)),
                float(element.get("tau", default.tau_s)),
                float(element.get("accel", default.accel)),
                float(element.get("maxSpeed", default.max_speed)),
            )
    return types


def routed_at_departure(files: Iterable[Path]) -> frozenset[str]:
    """Return the ids of trips, and of flows that state ends only: SUMO routes them by the travel times at departure."""
    found = set()
    for path in files:
        with opened(path) as stream:
            root: Any = ElementTree.parse(stream).getroot()
        for element in root.iter():
            free = element.tag == "trip" or (element.tag == "flow" and element.get("from") and not element.get("route"))
            if free and element.find("route") is None and not element.get("via"):
                found.add(element.get("id"))
    return frozenset(found)


CLASSES = {
    "bus": VehicleType("bus", 12.0, accel=1.2, max_speed=85.0 / 3.6),
    "coach": VehicleType("coach", 14.0, accel=2.0, max_speed=100.0 / 3.6),
    "truck": VehicleType("truck", 7.1, accel=1.3, max_speed=130.0 / 3.6),
    "trailer": VehicleType("trailer", 16.5, accel=1.0, max_speed=130.0 / 3.6),
    "delivery": VehicleType("delivery", 6.5),
    "motorcycle": VehicleType("motorcycle", 2.2, accel=6.0),
    "moped": VehicleType("moped", 2.1, accel=1.1, max_speed=45.0 / 3.6),
    "bicycle": VehicleType("bicycle", 1.6, gap_m=0.5, accel=1.2, max_speed=50.0 / 3.6),
    "tram": VehicleType("tram", 22.0, accel=1.0, max_speed=80.0 / 3.6),
}
"""SUMO's defaults by vehicle class, where they differ from a passenger car's."""
