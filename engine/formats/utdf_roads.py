"""Geometry, lanes and volumes in a UTDF file: Network, Nodes, Links and Lanes as roads between nodes, in metres."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from engine.errors import InputError, nearest
from engine.formats.utdf import Utdf

__all__ = ["TURNS", "Movement", "Node", "Road", "Roads", "read_roads"]

NEEDED = ("Network", "Nodes", "Links", "Lanes")
DIRECTIONS = ("NB", "SB", "EB", "WB", "NE", "NW", "SE", "SW")
TURNS = ("R2", "R", "T", "L", "L2", "U")
"""Turns from the kerb to the middle of the road, where traffic keeps right."""
KINDS = {"0": "signal", "1": "external", "2": "bend", "3": "unsignalised", "4": "roundabout"}
FOOT_M, MILE_H_M_S, KM_H_M_S = 0.3048, 0.44704, 1.0 / 3.6
FAR_OFF = 0.1
"""Lengths and times that are stated twice may differ by this share; curves and rounding make some of it."""


@dataclass(frozen=True)
class Node:
    """A junction, a bend, or an end of the network; position in metres."""

    id: str
    kind: str
    x_m: float
    y_m: float
    description: str = ""


@dataclass(frozen=True)
class Movement:
    """What traffic of a road does at its end.

    Attributes:
        column: UTDF's name, as in NBL: the left turn of the northbound traffic.
        turn: one of `TURNS`.
        to_node: where it goes.
        lanes: of its own, the bays among them.
        shared: whether its outermost lane also serves the movement to its left (1), to its right (2), or both (3).
        bay_lanes, bay_m: how many of its lanes begin so far before the stop line only.
        volume_veh_h: vehicles an hour, growth included; `None` where the file says nothing.
        trucks: share of heavy vehicles.
    """

    column: str
    turn: str
    to_node: str
    lanes: int
    shared: int
    bay_lanes: int
    bay_m: float
    volume_veh_h: float | None
    trucks: float


@dataclass(frozen=True)
class Road:
    """A one-way road between two nodes.

    Attributes:
        from_node, to_node: their ids.
        direction: UTDF's name of it at its end: NB, SB, ...
        lanes: at its end, bays included.
        speed_m_s: speed limit.
        name: the street's.
        curve_m: the point that bends it near its end, or `None`.
        movements: from the kerb to the middle of the road; none where it ends at a bend or leaves the network.
    """

    from_node: str
    to_node: str
    direction: str
    lanes: int
    speed_m_s: float
    name: str
    curve_m: tuple[float, float] | None
    movements: tuple[Movement, ...]


@dataclass(frozen=True)
class Roads:
    """A whole network. `notes` say what the file holds and is not taken, a sentence each."""

    nodes: Mapping[str, Node]
    roads: tuple[Road, ...]
    notes: tuple[str, ...] = ()


Table = dict[str, dict[str, dict[str, str]]]
"""Cells by node, record name and column."""


class _Reader:
    """Reads numbers of one file in its units, and says where one is that is none."""

    def __init__(self, data: Utdf, source: str, units: str) -> None:
        self.source = source
        self.settings = {record.cells[0]: record.cells[1] for _, record in data.records("Network")}
        stated = self.settings.get("Metric", "").strip()
        if units == "file" and stated not in ("0", "1"):
            raise InputError(
                f"'{source}': Metric in [Network] is '{stated}'; it has to be 0 (feet, mph) or 1 (metres, km/h). "
                "Say units=us or units=metric."
            )
        self.metric = units == "metric" if units != "file" else stated == "1"
        self.metre = 1.0 if self.metric else FOOT_M
        self.speed_unit = KM_H_M_S if self.metric else MILE_H_M_S
        self.corner = (0.0, 0.0)

    def number(self, text: str, where: str, default: float | None = None) -> float:
        text = text.strip().lstrip("*")  # an asterisk marks what a user has overridden in the other tool
        if not text and default is not None:
            return default
        try:
            value = float(text)
        except ValueError as error:
            raise InputError(f"'{self.source}': {where} '{text}' is no number. Mend it in the other tool.") from error
        if not math.isfinite(value):
            raise InputError(f"'{self.source}': {where} '{text}' is no number. Mend it in the other tool.")
        return value


def read_roads(data: Utdf, source: str = "UTDF", units: str = "file") -> Roads:
    """Return the roads in a UTDF file.

    Args:
        data: the file.
        source: what messages call it.
        units: metric or us, against what the file says; or file.

    Raises:
        InputError: a section is missing, a value is no number, a link leads nowhere, or the units cannot be as stated.
    """
    missing = [name for name in NEEDED if not data.named(name)]
    if missing:
        raise InputError(
            f"'{source}' has no section {', '.join(f'[{name}]' for name in missing)}, so there is no network in it. Export the "
            "whole file, or bring its timings onto a network: scenario=NAME out=plan.add.xml."
        )
    read = _Reader(data, source, units)
    nodes = _nodes(data, read)
    links, lanes = (_table(data, name, nodes, source) for name in ("Links", "Lanes"))
    roads = [
        _road(read, nodes, node, direction, records, lanes.get(node, {}))
        for node, records in links.items()
        for direction in DIRECTIONS
        if records.get("Up ID", {}).get(direction, "").strip()
    ]
    if not roads:
        raise InputError(f"'{source}': section [Links] names no upstream node (Up ID), so there is no road in it.")
    _check_units(read, nodes, links)
    known = {(road.from_node, road.to_node) for road in roads}
    for road in roads:
        for movement in road.movements:
            if (road.to_node, movement.to_node) not in known:
                raise InputError(
                    f"'{source}': node {road.to_node}: {movement.column} goes to node {movement.to_node}, and [Links] has no "
                    f"road from {road.to_node} to it. Mend Dest Node, or export the file anew."
                )
    return Roads(nodes, tuple(roads), tuple(_notes(nodes, lanes)))


def _nodes(data: Utdf, read: _Reader) -> dict[str, Node]:
    found = {}
    for section, record in data.records("Nodes"):
        cells = dict(zip(section.columns, record.cells, strict=True))
        node, where = cells.get("INTID", ""), f"line {record.line}: node {cells.get('INTID', '')}"
        kind = KINDS.get(cells.get("TYPE", "").strip(), "unsignalised")
        x, y = (read.number(cells.get(axis, ""), f"{where}, {axis}") * read.metre for axis in "XY")
        found[node] = Node(node, kind, x, y, cells.get("DESCRIPTION", ""))
    if not found:
        raise InputError(f"'{read.source}': section [Nodes] is empty, so there is no network in it.")
    # Coordinates of a projection are large numbers: measured from the network's corner they keep their digits.
    x0, y0 = read.corner = min(node.x_m for node in found.values()), min(node.y_m for node in found.values())
    return {n: Node(n, of.kind, of.x_m - x0, of.y_m - y0, of.description) for n, of in found.items()}


def _table(data: Utdf, name: str, nodes: Mapping[str, Node], source: str) -> Table:
    found: Table = defaultdict(dict)
    for section, record in data.records(name):
        node, kind = record.cells[section.column("INTID")], record.cells[section.column("RECORDNAME")]
        if node not in nodes:
            raise InputError(
                f"'{source}', line {record.line}: section [{name}] is about node '{node}', which [Nodes] does not have."
                f"{nearest(node, nodes)} Mend INTID, or export the file anew."
            )
        found[node][kind] = dict(zip(section.columns, record.cells, strict=True))
    return dict(found)


def _road(
    read: _Reader,
    nodes: Mapping[str, Node],
    node: str,
    direction: str,
    records: Mapping[str, Mapping[str, str]],
    lanes: Mapping[str, Mapping[str, str]],
) -> Road:
    def cell(name: str) -> str:
        return records.get(name, {}).get(direction, "")

    where = f"node {node}, {direction}"
    upstream = cell("Up ID").strip()
    if upstream not in nodes:
        raise InputError(
            f"'{read.source}': {where}: the upstream node '{upstream}' is not in [Nodes].{nearest(upstream, nodes)} "
            "Mend Up ID, or export the file anew."
        )
    speed = read.number(cell("Speed"), f"{where}, Speed in [Links]")
    if speed <= 0.0:
        raise InputError(f"'{read.source}': {where}: a speed limit of {speed:g} cannot be. Mend Speed in [Links].")
    curve = None
    if cell("Curve Pt X").strip():
        x, y = (read.number(cell(f"Curve Pt {axis}"), f"{where}, Curve Pt {axis}") * read.metre for axis in "XY")
        curve = (x - read.corner[0], y - read.corner[1])
    movements = tuple(_movements(read, node, direction, lanes))
    return Road(
        upstream,
        node,
        direction,
        max(1, round(read.number(cell("Lanes"), f"{where}, Lanes in [Links]", 1.0))),
        speed * read.speed_unit,
        cell("Name").strip(),
        curve,
        movements,
    )


def _movements(read: _Reader, node: str, direction: str, lanes: Mapping[str, Mapping[str, str]]) -> Iterator[Movement]:
    for turn in TURNS:
        column = direction + turn
        target = lanes.get("Dest Node", {}).get(column, "").strip()
        if not target:
            continue

        def value(name: str, default: float = 0.0, column: str = column) -> float:
            where = f"node {node}, {column}, {name} in [Lanes]"
            return read.number(lanes.get(name, {}).get(column, ""), where, default)

        volume = None
        if lanes.get("Volume", {}).get(column, "").strip():
            volume = value("Volume") * value("Growth", 100.0) / 100.0
            if volume < 0.0:
                raise InputError(f"'{read.source}': node {node}, {column}: a volume of {volume:g} cannot be.")
        yield Movement(
            column,
            turn,
            target,
            int(value("Lanes")),
            int(value("Shared")),
            int(value("StLanes")) if value("Storage") > 0.0 else 0,
            value("Storage") * read.metre,
            volume,
            min(value("HeavyVehicles", 2.0), 100.0) / 100.0,
        )


def _check_units(read: _Reader, nodes: Mapping[str, Node], links: Table) -> None:
    """Refuse a file whose units contradict each other: lengths beside coordinates, and times beside lengths and speeds."""
    apart, slow = [], []
    for node, records in links.items():
        for direction in DIRECTIONS:
            cells = {name: records.get(name, {}).get(direction, "") for name in ("Up ID", "Distance", "Speed", "Time")}
            if cells["Up ID"].strip() not in nodes or not cells["Distance"].strip():
                continue
            where = f"node {node}, {direction}"
            length_m = read.number(cells["Distance"], f"{where}, Distance") * read.metre
            one, other = nodes[node], nodes[cells["Up ID"].strip()]
            straight_m = math.hypot(one.x_m - other.x_m, one.y_m - other.y_m)
            if straight_m > 0.0 and length_m > 0.0:
                apart.append(length_m / straight_m)
            if cells["Time"].strip():
                took_s = length_m / (read.number(cells["Speed"], f"{where}, Speed") * read.speed_unit)
                stated_s = read.number(cells["Time"], f"{where}, Time")
                if stated_s > 0.0:
                    slow.append(took_s / stated_s)
    stated = "metres and km/h" if read.metric else "feet and mph"
    other_units = "us" if read.metric else "metric"
    if slow and abs(median(slow) - 1.0) > FAR_OFF:
        raise InputError(
            f"'{read.source}': the units cannot be {stated}: by Distance and Speed in [Links] driving takes "
            f"{median(slow):.2f} times as long as Time says. Correct Metric in [Network], or say units={other_units}."
        )
    if apart and abs(median(apart) - 1.0) > 2.0 * FAR_OFF:
        raise InputError(
            f"'{read.source}': the units cannot be {stated}: Distance in [Links] is {median(apart):.2f} times what lies between "
            "the coordinates in [Nodes]. Export the file anew, with both in one unit."
        )
    width = read.settings.get("DefWidth", "").strip()
    if width and not 2.0 <= read.number(width, "DefWidth in [Network]") * read.metre <= 7.0:
        raise InputError(
            f"'{read.source}': the units cannot be {stated}: a lane would be "
            f"{float(width) * read.metre:.1f} m wide (DefWidth {width}). Correct Metric in [Network], or say units={other_units}."
        )


def _notes(nodes: Mapping[str, Node], lanes: Table) -> Iterator[str]:
    round_ = [node.id for node in nodes.values() if node.kind == "roundabout"]
    if round_:
        yield f"Roundabouts are built as junctions with priority: node {', '.join(round_)}."
    walked = [
        node
        for node, records in lanes.items()
        if any(
            cell.strip() not in ("", "0")
            for column, cell in records.get("Peds", {}).items()
            if column[:2] in DIRECTIONS
        )
    ]
    if walked:
        yield f"Pedestrians are counted in the file and not simulated: node {', '.join(walked)}."
    channelled = [
        f"{node} {column}"
        for node, records in lanes.items()
        for column, cell in records.get("Right Channeled", {}).items()
        if column[:2] in DIRECTIONS and cell.strip() not in ("", "0")
    ]
    if channelled:
        yield (
            "Right turns past an island are built as turns at the signal that may go on red after a stop: "
            f"{', '.join(channelled)}."
        )
