"""A scenario's files as a working copy: its traffic and what stands in its streets are changed, then written elsewhere."""

from __future__ import annotations

import os
import xml.etree.ElementTree as PlainElementTree
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from defusedxml import ElementTree

from engine.errors import InputError, nearest
from engine.files import write_text
from engine.scenario import Scenario
from engine.sumo.configuration import READERS, load
from engine.sumo.demand import TRAVELLERS, opened
from engine.sumo.options import LIST_SEPARATORS
from engine.sumo.programs import in_force
from engine.sumo.roads import Lane, Roads, read_roads
from engine.sumo.travellers import departure_s, number_text

__all__ = ["DEFAULT_TYPE", "Street"]

DEFAULT_TYPE = "DEFAULT_VEHTYPE"
"""The type of vehicles whose demand names none."""


class Street:
    """What conditions change. Nothing is written before `write`, and never beside the user's files.

    Attributes:
        scenario: as it was found.
        options: SUMO options by their long names; to be changed in place.
        traffic: elements of every vehicle, trip, flow and person, as `engine.sumo.demand` names them. They may be
            changed in place; `replace_traffic` takes some away or puts others in.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.options = dict(scenario.options)
        self._routes = [_root(path) for path in scenario.routes]
        # The quiet copies write nothing; what plain SUMO reads may as well be those.
        self._additional = [_root(path) for path in scenario.additional_quiet]
        for path, root in zip(scenario.additional_quiet, self._additional, strict=True):
            _at_home(root, path.parent)
        self._furniture: list[Any] = []
        self._travellers: list[Any] = []

    @cached_property
    def roads(self) -> Roads:
        """The roads of the network."""
        return read_roads(self.scenario.net)

    @cached_property
    def edges(self) -> dict[str, list[Lane]]:
        """Lanes of each edge by its id, from the kerb to the middle."""
        found: dict[str, list[Lane]] = {}
        for lane in self.roads.lanes.values():
            found.setdefault(lane.edge, []).append(lane)
        return found

    def open_to(self, edge: str, kind: str) -> bool:
        """Return whether a class of vehicles may use any lane of an edge."""
        return any(lane.allows(kind) for lane in self.edges.get(edge, ()))

    @cached_property
    def programs(self) -> dict[str, Any]:
        """The program in force of each signal, by its id."""
        return in_force(self.scenario.net, self.scenario.additional)

    def edge(self, name: str, where: str) -> list[Lane]:
        """Return the lanes of an edge.

        Raises:
            InputError: there is none of that name; `where` says what names it.
        """
        if name not in self.edges:
            hint = f" '{name}' is a lane of it." if name in self.roads.lanes else nearest(name, self.edges)
            raise InputError(
                f"{where}: the network '{self.scenario.net.name}' has no edge '{name}'.{hint} Name one of its edges."
            )
        return self.edges[name]

    def lane(self, name: str, where: str) -> Lane:
        """Return a lane.

        Raises:
            InputError: there is none of that name; `where` says what names it.
        """
        if name not in self.roads.lanes:
            lanes = ", ".join(lane.id for lane in self.edges.get(name, ()))
            hint = f" Edge '{name}' has {lanes}." if lanes else nearest(name, self.roads.lanes)
            raise InputError(
                f"{where}: the network '{self.scenario.net.name}' has no lane '{name}'.{hint} "
                "Name a lane: its edge, an underscore, and its number from the kerb."
            )
        return self.roads.lanes[name]

    def signal(self, name: str, where: str) -> Any:
        """Return the program in force of a signal.

        Raises:
            InputError: there is none of that name; `where` says what names it.
        """
        if name not in self.programs:
            raise InputError(
                f"{where}: the network '{self.scenario.net.name}' has no signal '{name}'."
                f"{nearest(name, self.programs)} Name one of its signals."
            )
        return self.programs[name]

    def types(self) -> Iterator[Any]:
        """Yield every vType element of the demand."""
        for root in (*self._additional, *self._routes):
            yield from root.iter("vType")
        yield from (element for element in self._furniture if element.tag == "vType")

    def name_default_type(self) -> None:
        """Make the type of vehicles that name none an element of `types`, so that it can be changed like the others."""
        if any(element.get("id") == DEFAULT_TYPE for element in self.types()):
            return
        if any("type" not in element.attrib for element in self.vehicles()):
            self.add("vType", id=DEFAULT_TYPE, vClass="passenger")

    def members(self, kind: str) -> list[tuple[str, float]]:
        """Return (type, share) of what a type id stands for: itself, or the members of a distribution."""
        for root in (*self._additional, *self._routes):
            for element in root.iter("vTypeDistribution"):
                if element.get("id") == kind:
                    names = element.get("vTypes", "").split()
                    weights = [float(of) for of in element.get("probabilities", "").split()] or [1.0] * len(names)
                    for inner in element.findall("vType"):
                        names.append(inner.get("id", ""))
                        weights.append(float(inner.get("probability", 1.0)))
                    total = sum(weights) or 1.0
                    return [(name, weight / total) for name, weight in zip(names, weights, strict=False)]
        return [(kind, 1.0)]

    def classes(self) -> dict[str, str]:
        """Return SUMO's vehicle class of each type by its id."""
        return {element.get("id"): element.get("vClass", "passenger") for element in self.types()}

    @property
    def traffic(self) -> Iterator[Any]:
        """Yield every traveller of the demand, those added before included."""
        for root in (*self._additional, *self._routes):
            yield from (element for element in root if element.tag in TRAVELLERS)
        yield from self._travellers

    def vehicles(self) -> Iterator[Any]:
        """Yield what of `traffic` drives."""
        return (element for element in self.traffic if element.tag in ("vehicle", "trip", "flow"))

    def replace_traffic(self, change: Callable[[Any], Iterable[Any]]) -> None:
        """Put what `change` returns in the place of each traveller: itself, nothing, or several."""
        for root in (*self._additional, *self._routes):
            kept = [new for element in root for new in (change(element) if element.tag in TRAVELLERS else [element])]
            root[:] = kept
        self._travellers = [new for element in self._travellers for new in change(element)]

    def add(self, tag: str, **attributes: object) -> Any:
        """Add an element to the additional files and return it; attributes that are `None` are left out."""
        element = _element(tag, attributes)
        self._furniture.append(element)
        return element

    def adopt(self, element: Any) -> Any:
        """Add an element that another file holds as well to the additional files, and return it."""
        self._furniture.append(element)
        return element

    @staticmethod
    def within(parent: Any, tag: str, **attributes: object) -> Any:
        """Add an element to another one and return it; attributes that are `None` are left out."""
        element = _element(tag, attributes)
        parent.append(element)
        return element

    def give_everybody(self, device: str) -> None:
        """Equip every vehicle with one of SUMO's devices."""
        self.options[f"device.{device}.probability"] = "1"

    def starts_on(self, element: Any) -> str:
        """Return the edge that a vehicle starts on; empty where the demand does not say, or by chance only."""
        if element.get("from"):
            return str(element.get("from"))
        return next(iter(self.way(element)), "")

    def ends_on(self, element: Any) -> str:
        """Return the edge that a vehicle ends on; empty where the demand does not say, or by chance only."""
        return str(element.get("to") or next(reversed(self.way(element)), ""))

    def way(self, element: Any) -> list[str]:
        """Return the edges of a vehicle's route as the demand writes it out; none of a trip's."""
        inner = element.find("route")
        edges = inner.get("edges", "") if inner is not None else self._named_routes.get(element.get("route", ""), "")
        return edges.split()

    def reaching(self, edge: str, kind: str = "passenger", backwards: bool = True) -> set[str]:
        """Return the edges from which vehicles of a class can reach an edge, or, not backwards, those that they reach."""
        onward: dict[str, set[str]] = {}
        lanes = self.roads.lanes
        for connection in self.roads.connections:
            ends = lanes[connection.lane], lanes[connection.to_lane]
            if all(lane.allows(kind) for lane in ends):
                here, there = (ends[1], ends[0]) if backwards else ends
                onward.setdefault(here.edge, set()).add(there.edge)
        found, todo = {edge}, [edge]
        while todo:
            for following in onward.get(todo.pop(), ()):
                if following not in found:
                    found.add(following)
                    todo.append(following)
        return found

    @property
    def additional(self) -> list[tuple[str, str]]:
        """The additional files by name and text; what they refer to is named by absolute paths."""
        paths = self.scenario.additional_quiet
        texts = (PlainElementTree.tostring(root, encoding="unicode") for root in self._additional)
        return [(_plain(path), f"{text}\n") for path, text in zip(paths, texts, strict=True)]

    @cached_property
    def _named_routes(self) -> dict[str, str]:
        roots = (*self._additional, *self._routes)
        return {of.get("id"): of.get("edges", "") for root in roots for of in root if of.tag == "route"}

    def add_traveller(self, tag: str, **attributes: object) -> Any:
        """Add a vehicle, trip, flow or person and return it; attributes that are `None` are left out."""
        element = _element(tag, attributes)
        self._travellers.append(element)
        return element

    def write(self, folder: Path) -> Scenario:
        """Write the changed files into `folder`, and return the scenario that they make.

        Raises:
            InputError: the folder cannot be written.
        """
        routes = [
            self._written(root, path, folder / f"{i}-{_plain(path)}")
            for i, (path, root) in enumerate(zip(self.scenario.routes, self._routes, strict=True))
        ]
        additional = [
            self._written(root, path, folder / f"{i}-{_plain(path)}")
            for i, (path, root) in enumerate(zip(self.scenario.additional_quiet, self._additional, strict=True))
        ]
        if self._furniture:
            root = _element("additional", {})
            root.extend(self._furniture)
            additional.append(_write(root, folder / "conditions.add.xml"))
        if self._travellers:
            root = _element("routes", {})
            root.extend(self._travellers)
            routes.append(_write(_sorted(root), folder / "conditions.rou.xml"))
        files = {"net-file": [self.scenario.net], "route-files": routes, "additional-files": additional}
        configuration = _element("configuration", {})
        for name, paths in files.items():
            if paths:
                value = ",".join(_reference(path, folder) for path in paths)
                configuration.append(_element(name, {"value": value}))
        for name, value in self.options.items():
            configuration.append(_element(name, {"value": value}))
        scenario = self.scenario
        configuration.append(_element("begin", {"value": f"{scenario.begin_s:g}"}))
        configuration.append(_element("end", {"value": f"{scenario.end_s:g}"}))
        file = _write(configuration, folder / "conditions.sumocfg")
        return load(file, scenario.name, folder / "quiet", scenario.begin_s, scenario.end_s, scenario.warmup_s)

    def _written(self, root: Any, original: Path, target: Path) -> Path:
        """Return a file that holds `root`: the original where nothing was changed."""
        if ElementTree.tostring(root) == ElementTree.tostring(_at_home(_root(original), original.parent)):
            return original
        return _write(_sorted(root), target)


def _root(path: Path) -> Any:
    try:
        with opened(path) as stream:
            return ElementTree.parse(stream).getroot()
    except (ElementTree.ParseError, OSError) as error:
        raise InputError(f"'{path}' cannot be read: {error}. Write the file anew.") from error


def _at_home(root: Any, folder: Path) -> Any:
    """Return a root whose references to other files are absolute, as its file is going to lie elsewhere."""
    for element in root.iter():
        attribute = READERS.get(element.tag)
        if attribute and element.get(attribute):
            element.set(attribute, str((folder / element.get(attribute)).absolute()))
    return root


def _sorted(root: Any) -> Any:
    """Return a root whose travellers are in the order of their departures, which SUMO needs; the rest comes first."""
    others = [element for element in root if element.tag not in TRAVELLERS]
    travellers = [element for element in root if element.tag in TRAVELLERS]
    travellers.sort(key=lambda element: departure_s(element) or 0.0)
    root[:] = [*others, *travellers]
    return root


def _element(tag: str, attributes: dict[str, Any]) -> Any:
    kept = {name.rstrip("_"): number_text(value) for name, value in attributes.items() if value is not None}
    return PlainElementTree.Element(tag, kept)


def _write(root: Any, path: Path) -> Path:
    PlainElementTree.indent(root)
    write_text(path, PlainElementTree.tostring(root, encoding="unicode") + "\n")
    return path


def _plain(path: Path) -> str:
    return path.name.removesuffix(".gz")


def _reference(path: Path, folder: Path) -> str:
    """Return how a configuration in `folder` names a file: as short as can be, and without what SUMO splits lists at."""
    near = path.is_relative_to(folder.parent)
    name = os.path.relpath(path, folder) if near else str(path)
    if not any(letter in name for letter in LIST_SEPARATORS):
        return name
    link = folder / f"link-{''.join(letter if letter.isalnum() or letter in '._-' else '-' for letter in path.name)}"
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    return link.name
