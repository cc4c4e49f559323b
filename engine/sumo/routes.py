"""Who drives where, without simulating: routes as the demand files state them, trips routed by SUMO's duarouter."""

from __future__ import annotations

import subprocess
import tempfile
import xml.etree.ElementTree as PlainElementTree
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from defusedxml import ElementTree

from engine.errors import InputError
from engine.scenario import Scenario
from engine.sumo.demand import TRAVELLERS, opened, seconds, vehicles
from engine.sumo.installation import binary, environment
from kernels.classes import CLASSES, class_index

__all__ = ["Stream", "Streams", "read_streams"]

Mix = tuple[float, ...]
"""Shares of `kernels.classes.CLASSES`, summing to 1."""

ENDS = ("from", "to", "via", "fromTaz", "toTaz", "fromJunction", "toJunction", "viaJunctions")


@dataclass(frozen=True)
class Stream:
    """Vehicles or persons on one route, evenly over an interval (of length 0: all at once).

    Attributes:
        begin_s, end_s: departures of the first and the last, seconds.
        number: how many, as expected where the file draws them by chance.
        edges: ids of the edges that they pass.
        mix: shares of the vehicle classes; empty for persons on foot.
    """

    begin_s: float
    end_s: float
    number: float
    edges: tuple[str, ...]
    mix: Mix


@dataclass(frozen=True)
class Streams:
    """All traffic of a scenario.

    Attributes:
        vehicles, walks: in the order of the files.
        notes: what could not be taken in, a sentence each.
    """

    vehicles: tuple[Stream, ...]
    walks: tuple[Stream, ...]
    notes: tuple[str, ...]


@dataclass
class _Reader:
    """Collects streams of several files; types and routes may be named before or after they are used."""

    scenario: Scenario
    types: dict[str, Any] = field(default_factory=dict)
    distributions: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    routes: dict[str, list[tuple[tuple[str, ...], float]]] = field(default_factory=dict)
    found: list[Any] = field(default_factory=list)

    def read(self, path: Path) -> None:
        try:
            with opened(path) as stream:
                depth = 0
                for event, element in ElementTree.iterparse(stream, events=("start", "end")):
                    depth += 1 if event == "start" else -1
                    if event == "end" and depth == 1:
                        self._take(element)
        except FileNotFoundError as error:
            raise InputError(f"there is no demand file '{path}'. Check the configuration's route-files.") from error
        except (ElementTree.ParseError, OSError) as error:
            raise InputError(f"demand file '{path}' cannot be read: {error}. Write it anew.") from error

    def _take(self, element: Any) -> None:
        name = element.get("id", "")
        if element.tag == "vType":
            self.types[name] = element
        elif element.tag == "vTypeDistribution":
            for kind in element.findall("vType"):
                self.types[kind.get("id")] = kind
            self.distributions[name] = _members(element, "vTypes", "vType")
        elif element.tag == "route":
            self.routes[name] = [(tuple(element.get("edges", "").split()), 1.0)]
        elif element.tag == "routeDistribution":
            self.routes[name] = self._alternatives(element)
        elif element.tag in TRAVELLERS:
            self.found.append(element)

    def _alternatives(self, element: Any) -> list[tuple[tuple[str, ...], float]]:
        own = {route.get("id", ""): tuple(route.get("edges", "").split()) for route in element.findall("route")}
        ways = []
        for name, share in _members(element, "routes", "route"):
            known = own.get(name) or next((edges for edges, _ in self.routes.get(name, ())), ())
            ways.append((known, share))
        return ways

    def mix(self, type_id: str) -> Mix:
        members = self.distributions.get(type_id, [(type_id, 1.0)])
        shares = [0.0] * len(CLASSES)
        for name, share in members:
            kind = self.types.get(name)
            shares[class_index("" if kind is None else kind.get("vClass", ""))] += share
        return tuple(shares)

    def ways(self, element: Any) -> list[tuple[tuple[str, ...], float]] | None:
        """Return (edges, share) of a vehicle whose route the files write out, or None where it has to be found."""
        if element.get("route"):
            return self.routes.get(element.get("route"), [])
        own = element.find("route")
        if own is not None:
            return [(tuple(own.get("edges", "").split()), 1.0)]
        several = element.find("routeDistribution")
        return None if several is None else self._alternatives(several)

    def times(self, element: Any) -> tuple[float, float] | None:
        """Return (begin, end) of an element's departures, or None where it names no time, as "triggered" ones."""
        try:
            if element.tag in ("flow", "personFlow"):
                begin_s = seconds(element.get("begin", "0"))
                return begin_s, max(begin_s, seconds(element.get("end", str(self.scenario.end_s))))
            at_s = seconds(element.get("depart", ""))
        except ValueError:
            return None
        return at_s, at_s


def _members(element: Any, listed: str, child: str) -> list[tuple[str, float]]:
    """Return (id, share) of what a distribution lists or holds."""
    names = element.get(listed, "").split()
    weights = [float(weight) for weight in element.get("probabilities", "").split()] or [1.0] * len(names)
    for member in element.findall(child):
        names.append(member.get("id", member.get("refId", "")))
        weights.append(float(member.get("probability", 1.0)))
    total = sum(weights) or 1.0
    return [(name, weight / total) for name, weight in zip(names, weights, strict=False)]


def read_streams(scenario: Scenario) -> Streams:
    """Return the traffic that is due within a scenario's simulated time.

    Flows count as what they are expected to be, so no chance is in the numbers. Trips take the quickest way through
    the empty network.

    Raises:
        InputError: a file is missing or broken, or duarouter refuses the demand.
    """
    reader = _Reader(scenario)
    for path in (*scenario.additional, *scenario.routes):
        reader.read(path)
    options = dict(scenario.options)
    scale = float(options.get("scale", "1"))
    driving: list[Stream] = []
    walking: list[Stream] = []
    notes = []
    unrouted: list[tuple[int, Any]] = []
    untimed = 0
    for element in reader.found:
        times = reader.times(element)
        if times is None:
            untimed += 1
            continue
        number = vehicles(element, scenario.end_s)
        if element.tag in ("person", "personFlow"):
            walking += _walks(element, times, number)
            continue
        ways = reader.ways(element)
        mix = reader.mix(element.get("type", "DEFAULT_VEHTYPE"))
        if ways is None:
            unrouted.append((len(driving), element))
            ways = [((), 1.0)]
        driving += [Stream(*times, number * scale * share, edges, mix) for edges, share in ways]
    if unrouted:
        routes = _routed(reader, [element for _, element in unrouted])
        for place, (i, _) in enumerate(unrouted):
            old = driving[i]
            driving[i] = Stream(old.begin_s, old.end_s, old.number, routes.get(str(place), ()), old.mix)
        lost = len(unrouted) - len(routes)
        notes.append(
            f"{len(unrouted)} trips were given the quickest way through the empty network; a simulation reroutes some."
        )
        if lost:
            notes.append(f"{lost} trips have no way to their destination and are left out.")
    if untimed:
        notes.append(f"{untimed} vehicles or persons name no time of departure and are left out.")
    return Streams(tuple(driving), tuple(walking), tuple(notes))


def _walks(element: Any, times: tuple[float, float], number: float) -> Iterator[Stream]:
    for walk in element.findall("walk"):
        if walk.get("edges"):
            yield Stream(*times, number, tuple(walk.get("edges").split()), ())


def _routed(reader: _Reader, elements: list[Any]) -> Mapping[str, tuple[str, ...]]:
    """Return the edges of each trip by its place in `elements`; those without a way are left out."""
    with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
        folder = Path(scratch)
        (folder / "trips.xml").write_text(_trips_xml(reader, elements), encoding="utf-8")
        done = subprocess.run(
            _duarouter(reader.scenario, elements, folder),
            cwd=folder,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if done.returncode:
            said = " ".join(done.stderr.split())[:400]
            raise InputError(f"SUMO's duarouter refuses the demand of '{reader.scenario.name}': {said}")
        routes = {}
        for _, element in ElementTree.iterparse(folder / "routes.xml"):
            if element.tag == "vehicle":
                routes[element.get("id")] = tuple(element.find("route").get("edges").split())
                element.clear()
        return routes


def _duarouter(scenario: Scenario, elements: list[Any], folder: Path) -> list[str]:
    # Links, because SUMO splits paths at commas and spaces.
    (folder / "net.xml").symlink_to(scenario.net)
    command = [str(binary("duarouter")), "--net-file", "net.xml", "--route-files", "trips.xml"]
    if any(element.get(key) for element in elements for key in ("fromTaz", "toTaz")):
        for i, path in enumerate(scenario.additional):
            (folder / f"{i}{''.join(path.suffixes)}").symlink_to(path)
        links = [f"{i}{''.join(path.suffixes)}" for i, path in enumerate(scenario.additional)]
        command += ["--additional-files", ",".join(links)]
    command += ["--output-file", "routes.xml", "--ignore-errors", "true", "--no-warnings", "true"]
    return [*command, "--no-step-log", "true", "--xml-validation", "never", "--xml-validation.net", "never"]


def _trips_xml(reader: _Reader, elements: list[Any]) -> str:
    """Return a route file of one trip for each element, all at the same time: the empty network has no clock."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<routes>"]
    used = {element.get("type", "") for element in elements}
    used = {name for kind in used for name, _ in reader.distributions.get(kind, [(kind, 1.0)])}
    for name in sorted(used & reader.types.keys()):
        attributes = {k: v for k, v in reader.types[name].attrib.items() if k != "probability"}
        lines.append(PlainElementTree.tostring(PlainElementTree.Element("vType", attributes), encoding="unicode"))
    for place, element in enumerate(elements):
        type_id = element.get("type", "")
        # Of a mixture the commonest type finds the way for all.
        name = max(reader.distributions.get(type_id, [(type_id, 1.0)]), key=lambda member: member[1])[0]
        kind = f" type={quoteattr(name)}" if name in reader.types else ""
        ends = "".join(f" {key}={quoteattr(element.get(key))}" for key in ENDS if element.get(key))
        lines.append(f'<trip id="{place}" depart="0"{kind}{ends}/>')
    return "\n".join([*lines, "</routes>\n"])
