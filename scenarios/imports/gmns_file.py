"""Reads a folder of GMNS tables (General Modeling Network Specification, 0.9x) as roads, lanes and movements, in metres."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.errors import InputError, nearest
from scenarios.imports.gmns_table import (
    Place,
    Projection,
    Scale,
    Table,
    needed,
    number,
    read_table,
    unit_of_coordinates,
    units_of,
)
from scenarios.imports.pieces import Point, length_m

__all__ = ["Gmns", "GmnsLink", "GmnsMovement", "GmnsNode", "read_gmns"]

READ = (
    "config", "node", "link", "geometry", "lane", "segment", "segment_lane", "movement", "signal_controller",
    "signal_timing_plan", "signal_timing_phase", "signal_phase_mvmt", "signal_coordination",
)  # fmt: skip
"""Tables that are taken in; whatever else lies in the folder is named."""
CARS = ("all", "auto", "car", "sov", "hov", "hov2", "hov3", "truck", "passenger", "vehicle", "driving", "mv", "motor")
NO_ROADS = re.compile(r"side.?walk|cross.?walk|walk|bike|cycle|foot|path|stairs|rail|connector|ferry", re.IGNORECASE)
DEFAULT_M_S = 50.0 / 3.6
REACHES_M = 30.0
"""A pocket that ends this near to the end of its link is one of the stop line."""


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
    tables = {name: read_table(folder / f"{name}.csv") for name in READ if (folder / f"{name}.csv").is_file()}
    told: list[str] = []
    others = sorted(path.name for path in folder.glob("*.csv") if path.stem not in READ)
    if others:
        told.append(f"Not taken in, as a SUMO network has no place for it or it is not for cars: {', '.join(others)}.")
    short_m, speed_m_s = units_of(folder, tables, units)
    degrees, raw = _raw_nodes(needed(tables, folder, "node", ("node_id", "x_coord", "y_coord")))
    place = Projection(raw) if degrees else Scale(unit_of_coordinates(tables, raw, told))
    nodes = {name: GmnsNode(name, *place((x, y)), control) for name, (x, y, control) in raw.items()}
    links = _links(tables, folder, nodes, place, (short_m, speed_m_s), told)
    movements = _movements(tables.get("movement"), nodes, links, told)
    return Gmns(nodes, links, movements, tables, tuple(told))


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
    table = needed(tables, folder, "link", ("link_id", "from_node_id", "to_node_id"))
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
