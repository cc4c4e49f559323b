"""Reads a folder of GMNS tables (General Modeling Network Specification, 0.9x) as roads, lanes and movements, in metres."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from engine.errors import InputError, nearest
from scenarios.imports.pieces import Point, length_m

__all__ = ["Gmns", "GmnsLink", "GmnsMovement", "GmnsNode", "Table", "read_gmns"]

READ = (
    "config", "node", "link", "geometry", "lane", "segment", "segment_lane", "movement", "signal_controller",
    "signal_timing_plan", "signal_timing_phase", "signal_phase_mvmt", "signal_coordination",
)  # fmt: skip
"""Tables that are taken in; whatever else lies in the folder is named."""
LENGTHS_M = {
    "ft": 0.3048, "foot": 0.3048, "feet": 0.3048, "m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0,
    "km": 1000.0, "kilometer": 1000.0, "kilometers": 1000.0, "kilometres": 1000.0, "mi": 1609.344, "mile": 1609.344,
    "miles": 1609.344,
}  # fmt: skip
SPEEDS_M_S = {
    "mph": 0.44704, "mi/h": 0.44704, "miles per hour": 0.44704, "kph": 1 / 3.6, "kmh": 1 / 3.6, "km/h": 1 / 3.6, "kmph": 1 / 3.6,
    "m/s": 1.0, "mps": 1.0,
}  # fmt: skip
UNITS = {"metric": (1.0, 1 / 3.6), "us": (0.3048, 0.44704)}
"""Short length in metres and speed in metres a second of a user's answer."""
CARS = ("all", "auto", "car", "sov", "hov", "hov2", "hov3", "truck", "passenger", "vehicle", "driving", "mv", "motor")
NO_ROADS = re.compile(r"side.?walk|cross.?walk|walk|bike|cycle|foot|path|stairs|rail|connector|ferry", re.IGNORECASE)
DEFAULT_M_S = 50.0 / 3.6
REACHES_M = 30.0
"""A pocket that ends this near to the end of its link is one of the stop line."""
EARTH_M = 6_371_000.0
FOOT_M = 0.3048
FAR_OFF = 0.15
"""Lengths that are stated twice may differ by this share; curves and rounding make some of it."""


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        path: the file.
        rows: cells by column in lower case, each row with its line.
    """

    path: Path
    rows: tuple[tuple[int, Mapping[str, str]], ...] = ()

    def where(self, line: int) -> str:
        """Return what messages call a row."""
        return f"'{self.path}', line {line}"


@dataclass(frozen=True)
class GmnsNode:
    """A node; position in metres."""

    id: str
    x_m: float
    y_m: float
    control: str


@dataclass(frozen=True)
class Pocket:
    """Lanes beside those of the whole link, which begin so far before its end."""

    lane: int
    length_m: float


@dataclass(frozen=True)
class GmnsLink:
    """A road in one direction.

    Attributes:
        id, name, from_node, to_node: as in the file; the way back of an undirected link has ``.back`` behind its id.
        speed_m_s: free-flow speed.
        lanes: numbers of the lanes for cars, from the middle of the road to the kerb.
        pockets: turn lanes at its end.
        line: its geometry, metres.
    """

    id: str
    name: str
    from_node: str
    to_node: str
    speed_m_s: float
    lanes: tuple[int, ...]
    pockets: tuple[Pocket, ...]
    line: tuple[Point, ...]


@dataclass(frozen=True)
class GmnsMovement:
    """What traffic of one link does at its end; lanes as their numbers, none where the file does not say."""

    id: str
    node: str
    start: str
    to: str
    start_lanes: tuple[int, ...]
    to_lanes: tuple[int, ...]
    turn: str
    control: str


@dataclass(frozen=True)
class Gmns:
    """What a folder holds.

    Attributes:
        nodes, links: by id, in the file's order.
        movements: those of cars.
        tables: every table that was read, by name.
        told: what was assumed or left out, a sentence each.
    """

    nodes: dict[str, GmnsNode]
    links: dict[str, GmnsLink]
    movements: tuple[GmnsMovement, ...]
    tables: dict[str, Table]
    told: tuple[str, ...] = field(default=())


def read_gmns(folder: Path, units: str = "file") -> Gmns:
    """Return what a folder of GMNS tables says of the roads for cars.

    Args:
        folder: with ``node.csv`` and ``link.csv`` at least.
        units: metric, us, or file: what ``config.csv`` says.

    Raises:
        InputError: a table or column is missing, a value is broken, or a row names what is not there.
    """
    tables = {name: _table(folder / f"{name}.csv") for name in READ if (folder / f"{name}.csv").is_file()}
    told: list[str] = []
    others = sorted(path.name for path in folder.glob("*.csv") if path.stem not in READ)
    if others:
        told.append(f"Not taken in, as a SUMO network has no place for it or it is not for cars: {', '.join(others)}.")
    short_m, speed_m_s = _units(folder, tables, units)
    degrees, raw = _raw_nodes(_needed(tables, folder, "node", ("node_id", "x_coord", "y_coord")))
    place = _Projection(raw) if degrees else _Scale(_unit_of_coordinates(tables, raw, told))
    nodes = {name: GmnsNode(name, *place((x, y)), control) for name, (x, y, control) in raw.items()}
    links = _links(tables, folder, nodes, place, (short_m, speed_m_s), told)
    movements = _movements(tables.get("movement"), nodes, links, told)
    return Gmns(nodes, links, movements, tables, tuple(told))


def _table(path: Path) -> Table:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restval="", strict=True)
            rows = [
                (reader.line_num, {(key or "").strip().lower(): _cell(value) for key, value in row.items() if key})
                for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"'{path}' cannot be read as CSV: {error}. Save it as CSV in UTF-8.") from error
    return Table(path, tuple(rows))


def _cell(value: str | None) -> str:
    text = (value or "").strip()
    return "" if text.lower() in ("nan", "null", "none") else text


def _needed(tables: Mapping[str, Table], folder: Path, name: str, columns: Sequence[str]) -> Table:
    if name not in tables:
        raise InputError(f"'{folder}' has no {name}.csv, which every GMNS network has. Export it as well.")
    table = tables[name]
    if not table.rows:
        raise InputError(f"'{table.path}' has no rows. Export the network anew.")
    for column in columns:
        if column not in table.rows[0][1]:
            known = table.rows[0][1]
            raise InputError(f"'{table.path}' has no column '{column}'.{nearest(column, known)} Export it as well.")
    return table


def number(table: Table, line: int, row: Mapping[str, str], column: str, default: float | None = None) -> float:
    """Return a number of a row.

    Raises:
        InputError: it is none, or is missing without a default.
    """
    text = row.get(column, "")
    if not text and default is not None:
        return default
    try:
        value = float(text)
    except ValueError as error:
        raise InputError(f"{table.where(line)}: {column} '{text}' is no number. Correct it.") from error
    if not math.isfinite(value):
        raise InputError(f"{table.where(line)}: {column} is {text}. Give a number.")
    return value


def _units(folder: Path, tables: Mapping[str, Table], units: str) -> tuple[float, float]:
    """Return metres of a short length, and metres a second of a speed."""
    if units != "file":
        return UNITS[units]
    config = tables.get("config")
    if config is None or not config.rows:
        raise InputError(
            f"'{folder}' has no config.csv that says in what units it is. Say so: units=us (feet, mph) or units=metric "
            "(metres, km/h)."
        )
    line, row = config.rows[0]
    found = []
    for column, known in (("short_length", LENGTHS_M), ("speed", SPEEDS_M_S)):
        text = row.get(column, "").lower().rstrip(".")
        if text not in known:
            raise InputError(
                f"{config.where(line)}: {column} '{row.get(column, '')}' is no unit that we know.{nearest(text, known)} "
                "Say units=us or units=metric."
            )
        found.append(known[text])
    return found[0], found[1]


def _raw_nodes(table: Table) -> tuple[bool, dict[str, tuple[float, float, str]]]:
    nodes: dict[str, tuple[float, float, str]] = {}
    for line, row in table.rows:
        name = row["node_id"]
        if not name or name in nodes:
            what = f"node {name} is there twice" if name else "node_id is empty"
            raise InputError(f"{table.where(line)}: {what}. Give each node an id of its own.")
        x, y = (number(table, line, row, column) for column in ("x_coord", "y_coord"))
        nodes[name] = x, y, row.get("ctrl_type", "").lower()
    return all(abs(x) <= 180.0 and abs(y) <= 90.0 for x, y, _ in nodes.values()), nodes


class _Projection:
    """Metres east and north of the nodes' middle; a town is small enough for the Earth to be flat."""

    def __init__(self, nodes: Mapping[str, tuple[float, float, str]]) -> None:
        self._lon = median(x for x, _, _ in nodes.values())
        self._lat = median(y for _, y, _ in nodes.values())

    def __call__(self, point: Point) -> Point:
        east = math.radians(point[0] - self._lon) * math.cos(math.radians(self._lat))
        return EARTH_M * east, EARTH_M * math.radians(point[1] - self._lat)


@dataclass(frozen=True)
class _Scale:
    """Metres of coordinates that are lengths already."""

    unit_m: float

    def __call__(self, point: Point) -> Point:
        return point[0] * self.unit_m, point[1] * self.unit_m


Place = Callable[[Point], Point]


def _unit_of_coordinates(
    tables: Mapping[str, Table], nodes: Mapping[str, tuple[float, float, str]], told: list[str]
) -> float:
    """Return metres of a coordinate's unit: feet where the links' stated lengths say so, else metres."""
    config = tables.get("config")
    unit = config.rows[0][1].get("long_length", "").lower() if config and config.rows else ""
    ratios = []
    for line, row in tables["link"].rows if unit in LENGTHS_M and "link" in tables else ():
        ends = [nodes[row[key]] for key in ("from_node_id", "to_node_id") if row.get(key) in nodes]
        apart = math.dist(ends[0][:2], ends[1][:2]) if len(ends) == 2 else 0.0
        stated_m = number(tables["link"], line, row, "length", 0.0) * LENGTHS_M[unit]
        if apart > 1.0 and stated_m > 0.0:
            ratios.append(stated_m / apart)
    if not ratios:
        return 1.0
    ratio = median(ratios)
    if abs(ratio / FOOT_M - 1.0) < FAR_OFF:
        told.append("The coordinates are in feet, as the lengths of the links tell.")
        return FOOT_M
    if abs(ratio - 1.0) > FAR_OFF:
        told.append(
            f"The links' stated lengths are {ratio:.2g} times those of their coordinates, which count, as metres. Look at "
            "long_length in config.csv."
        )
    return 1.0


def _for_cars(row: Mapping[str, str]) -> bool:
    uses = [use.strip().lower() for use in re.split(r"[,;|]", row.get("allowed_uses", "")) if use.strip()]
    return not uses or any(use in CARS for use in uses)


def _links(
    tables: Mapping[str, Table],
    folder: Path,
    nodes: Mapping[str, GmnsNode],
    place: Place,
    units: tuple[float, float],
    told: list[str],
) -> dict[str, GmnsLink]:
    table = _needed(tables, folder, "link", ("link_id", "from_node_id", "to_node_id"))
    geometries = {row.get("geometry_id", ""): row.get("geometry", "") for _, row in tables.get("geometry", table).rows}
    lanes = _lanes(tables.get("lane"))
    links: dict[str, GmnsLink] = {}
    left_out = assumed_lanes = assumed_speed = 0
    seen: set[str] = set()
    for line, row in table.rows:
        name = row["link_id"]
        ends = row["from_node_id"], row["to_node_id"]
        if not name:
            raise InputError(f"{table.where(line)}: link_id is empty. Give each link an id of its own.")
        lanes_said = row.get("lanes", "")
        if not _for_cars(row) or NO_ROADS.search(row.get("facility_type", "")) or lanes_said in ("0", "0.0"):
            left_out += 1
            continue
        if name in seen:
            raise InputError(f"{table.where(line)}: link {name} is there twice. Give each link an id of its own.")
        seen.add(name)
        for end in ends:
            if end not in nodes:
                raise InputError(
                    f"{table.where(line)}: link {name} joins node '{end}', which node.csv does not have."
                    f"{nearest(end, nodes)} Correct it."
                )
        if ends[0] == ends[1]:
            raise InputError(f"{table.where(line)}: link {name} leads from node {ends[0]} to itself. Take it out.")
        n_lanes = int(number(table, line, row, "lanes", 0.0))
        numbers = lanes.get(name) or tuple(range(1, (n_lanes or 1) + 1))
        assumed_lanes += not (lanes.get(name) or n_lanes)
        speed = number(table, line, row, "free_speed", 0.0) * units[1]
        if speed < 0.0 or n_lanes < 0:
            raise InputError(f"{table.where(line)}: link {name} has a speed or lanes below 0. Correct it.")
        assumed_speed += not speed
        text = row.get("geometry", "") or geometries.get(row.get("geometry_id", ""), "")
        drawn = _line(text, table.where(line), place) if text else ()
        if row.get("dir_flag", "").startswith("-1"):
            drawn = drawn[::-1]
        start, end_node = nodes[ends[0]], nodes[ends[1]]
        line_m = drawn or ((start.x_m, start.y_m), (end_node.x_m, end_node.y_m))
        if length_m(line_m) < 1.0:
            raise InputError(
                f"{table.where(line)}: link {name} is shorter than 1 m. Take it out, or correct its nodes."
            )
        link = GmnsLink(name, row.get("name", ""), *ends, speed or DEFAULT_M_S, numbers, (), line_m)
        links[name] = link
        if row.get("directed", "1").lower() in ("0", "false", "f", "no"):
            links[f"{name}.back"] = GmnsLink(
                f"{name}.back", link.name, ends[1], ends[0], link.speed_m_s, numbers, (), line_m[::-1]
            )
    if not links:
        raise InputError(f"'{table.path}' has no link for cars. Look at allowed_uses, lanes and facility_type.")
    for count, what in (
        (left_out, "links are not for cars (by allowed_uses, facility_type or 0 lanes) and are left out"),
        (assumed_lanes, "links state no lanes and have one"),
        (assumed_speed, "links state no speed and have 50 km/h"),
    ):
        if count:
            told.append(f"{count} {what}.")
    return _with_pockets(tables, links, units[0], told)


def _lanes(table: Table | None) -> dict[str, tuple[int, ...]]:
    """Return the numbers of the lanes for cars of each link, from the middle of the road on."""
    found: dict[str, list[int]] = {}
    for line, row in table.rows if table else ():
        assert table is not None
        if _for_cars(row):
            found.setdefault(row.get("link_id", ""), []).append(int(number(table, line, row, "lane_num")))
    return {name: tuple(sorted(set(numbers))) for name, numbers in found.items()}


def _line(text: str, where: str, place: Place) -> tuple[Point, ...]:
    found = re.fullmatch(r"\s*LINESTRING\s*Z?\s*\((.*)\)\s*", text, re.IGNORECASE | re.DOTALL)
    try:
        points = [tuple(map(float, part.split()[:2])) for part in found[1].split(",")] if found else []
        line = [(x, y) for x, y in points]
    except ValueError:
        line = []
    if len(line) < 2:
        raise InputError(f"{where}: geometry '{text[:40]}' is no LINESTRING of well-known text. Correct it.")
    return tuple(place(point) for point in line)


def _with_pockets(
    tables: Mapping[str, Table], links: dict[str, GmnsLink], short_m: float, told: list[str]
) -> dict[str, GmnsLink]:
    """Return links with the turn lanes that their segments add at the stop line."""
    table = tables.get("segment")
    if table is None:
        return links
    added: dict[str, list[int]] = {}
    for line, row in tables["segment_lane"].rows if "segment_lane" in tables else ():
        if _for_cars(row):
            lane = int(number(tables["segment_lane"], line, row, "lane_num"))
            added.setdefault(row.get("segment_id", ""), []).append(lane)
    pockets: dict[str, dict[int, float]] = {}
    within = 0
    for line, row in table.rows:
        name = row.get("link_id", "")
        if name not in links:
            continue
        link = links[name]
        start_m, end_m = (number(table, line, row, column) * short_m for column in ("start_lr", "end_lr"))
        if end_m <= start_m:
            raise InputError(
                f"{table.where(line)}: the segment ends at {row['end_lr']}, not after its begin. Correct it."
            )
        before_m = start_m if row.get("ref_node_id") == link.to_node else length_m(link.line) - end_m
        numbers = [lane for lane in added.get(row.get("segment_id", ""), []) if lane < 0 or lane > max(link.lanes)]
        if not numbers:
            left, right = (int(number(table, line, row, f"{side}_lanes_added", 0.0)) for side in "lr")
            numbers = [*range(-left, 0), *(max(link.lanes) + i + 1 for i in range(right))]
        if before_m > REACHES_M and numbers:
            within += 1
            continue
        for lane in numbers:
            pockets.setdefault(name, {})[lane] = end_m - start_m
    if within:
        told.append(f"{within} segments add lanes that do not reach the junction; they are left out.")
    for name, of in pockets.items():
        own = tuple(Pocket(lane, long_m) for lane, long_m in sorted(of.items()))
        links[name] = replace(links[name], pockets=own)
    return links


def _movements(
    table: Table | None, nodes: Mapping[str, GmnsNode], links: Mapping[str, GmnsLink], told: list[str]
) -> tuple[GmnsMovement, ...]:
    if table is None:
        told.append("There is no movement.csv: which lane leads where is netconvert's guess.")
        return ()
    found = []
    left_out = 0
    for line, row in table.rows:
        node, start, to = (row.get(column, "") for column in ("node_id", "ib_link_id", "ob_link_id"))
        if node not in nodes:
            raise InputError(f"{table.where(line)}: there is no node '{node}'.{nearest(node, nodes)} Correct it.")
        if start not in links or to not in links or not _for_cars(row):
            left_out += 1  # of links that are not for cars, such as a cycle path
            continue
        if links[start].to_node != node or links[to].from_node != node:
            raise InputError(
                f"{table.where(line)}: link {start} does not lead to node {node}, or {to} does not begin there. Correct it."
            )
        own = {*links[start].lanes, *(pocket.lane for pocket in links[start].pockets)}
        start_lanes = _range(table, line, row, "ib")
        kept = tuple(lane for lane in start_lanes if lane in own)
        if start_lanes and not kept:
            left_out += 1
            continue
        turn, control = row.get("type", "").lower(), row.get("ctrl_type", "").lower()
        to_lanes = _range(table, line, row, "ob")
        found.append(GmnsMovement(row.get("mvmt_id", ""), node, start, to, kept, to_lanes, turn, control))
    if left_out:
        told.append(f"{left_out} movements are of links or lanes that are not for cars and are left out.")
    return tuple(found)


def _range(table: Table, line: int, row: Mapping[str, str], end: str) -> tuple[int, ...]:
    if not row.get(f"start_{end}_lane"):
        return ()
    first = int(number(table, line, row, f"start_{end}_lane"))
    last = int(number(table, line, row, f"end_{end}_lane", float(first)))
    # There is no lane 0: the numbers go from -1 to 1.
    return tuple(lane for lane in range(min(first, last), max(first, last) + 1) if lane)
