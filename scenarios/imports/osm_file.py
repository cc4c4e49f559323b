"""Reads an OSM extract (.osm, .osm.gz, .osm.bz2, .osm.pbf) and writes what a road network needs of it as plain .osm.

An extract is cut out of a map: ways lead to nodes that are not in it, and turn restrictions name ways that are not. What is
cut is mended here and counted, so that netconvert has nothing to complain of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import InputError

__all__ = ["ROADS", "OsmExtract", "node_places", "write_roads"]

ROADS = frozenset(
    name + link
    for name in ("motorway", "trunk", "primary", "secondary", "tertiary")
    for link in ("", "_link")
) | {"unclassified", "residential", "living_street", "road"}  # fmt: skip
"""Values of ``highway`` that carry through traffic of cars. Service roads, tracks and ways for people alone do not."""

MOTOR = ("access", "vehicle", "motor_vehicle")
CLOSED = ("no", "private", "agricultural", "forestry", "delivery")
KEPT_OF_NODES = ("highway", "crossing", "traffic_signals", "traffic_signals:direction", "railway", "barrier")
NEEDED = "osmium==4.3.2"


@dataclass
class OsmExtract:
    """What an extract held, and what was mended or left out of it.

    Attributes:
        roads: ways that are kept.
        signals: (lon, lat) of every node that is tagged as a traffic signal and lies on a kept road, by node id.
        cut: ways that end at the extract's edge, where nodes are missing.
        lost: ways of which fewer than two nodes are in the extract.
        restrictions, lost_restrictions: turn restrictions that are kept; that name something that is not there.
        left_out: ways by value of ``highway`` that carry no through traffic of cars.
        closed: roads that are closed to cars.
    """

    roads: int = 0
    signals: dict[int, tuple[float, float]] = field(default_factory=dict)
    cut: int = 0
    lost: int = 0
    restrictions: int = 0
    lost_restrictions: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    closed: int = 0

    def told(self) -> list[str]:
        """Return what was mended and left out, a sentence each."""
        said = []
        if self.cut:
            said.append(f"{self.cut} roads end at the extract's edge; they were cut there.")
        if self.lost:
            said.append(f"{self.lost} roads have fewer than two nodes within the extract; they were left out.")
        if self.lost_restrictions:
            said.append(
                f"{self.lost_restrictions} turn restrictions name roads or nodes that are not kept; they were left out, "
                f"{self.restrictions} were taken."
            )
        if self.closed:
            said.append(f"{self.closed} roads are closed to cars; they were left out.")
        if self.left_out:
            kinds = ", ".join(f"{kind} ({n})" for kind, n in sorted(self.left_out.items(), key=lambda x: (-x[1], x[0])))
            said.append(f"Ways that carry no through traffic of cars were left out: {kinds}.")
        return said


def write_roads(source: Path, target: Path) -> OsmExtract:
    """Write the roads of an extract, with their nodes and turn restrictions, as plain .osm; return what was found.

    Nothing in the file is resolved or run: pyosmium refuses XML entities.

    Raises:
        InputError: pyosmium is missing, or the file is cut, broken, or holds no roads.
    """
    try:
        import osmium  # noqa: PLC0415  only OSM extracts need it
    except ImportError as error:
        raise InputError(f"reading OSM extracts needs pyosmium. Run: pip install '{NEEDED}'") from error
    found = OsmExtract()
    try:
        ways, restrictions = _chosen(osmium, source, found)
        there = _there(osmium, source, {node for nodes, _ in ways.values() for node in nodes})
        kept = _mended(ways, there, found)
        if not kept:
            raise InputError(
                f"'{source}' holds no roads for cars (highway=motorway ... residential). Take an extract with streets in it."
            )
        _write(osmium, source, target, kept, _whole(restrictions, kept, found), found)
    except (RuntimeError, OSError, UnicodeDecodeError) as error:  # what pyosmium raises for whatever is wrong in a file
        said = " ".join(str(error).split())[:200]
        raise InputError(
            f"'{source}' cannot be read as OSM data: {said}. It may be cut off: download or export it anew."
        ) from error
    return found


def _objects(osmium: Any, source: Path, kinds: Any) -> Iterator[Any]:
    yield from osmium.FileProcessor(str(source), kinds)


def _chosen(
    osmium: Any, source: Path, found: OsmExtract
) -> tuple[dict[int, tuple[list[int], dict[str, str]]], dict[int, list[tuple[str, int, str]]]]:
    """Return nodes and tags of each way that is a road, and the members of each turn restriction."""
    ways: dict[int, tuple[list[int], dict[str, str]]] = {}
    restrictions = {}
    for item in _objects(osmium, source, osmium.osm.WAY | osmium.osm.RELATION):
        tags = {tag.k: tag.v for tag in item.tags}
        if item.is_relation():
            if tags.get("type") == "restriction":
                restrictions[item.id] = [(member.type, member.ref, member.role) for member in item.members]
            continue
        kind = tags.get("highway")
        if kind is None or tags.get("area") == "yes":
            continue
        if kind not in ROADS:
            found.left_out[kind] = found.left_out.get(kind, 0) + 1
        elif _closed(tags):
            found.closed += 1
        else:
            ways[item.id] = ([node.ref for node in item.nodes], tags)
    return ways, restrictions


def _closed(tags: dict[str, str]) -> bool:
    """Return whether cars may not use a road; the most special tag that is there decides."""
    stated = [tags[key] for key in MOTOR if key in tags]
    return bool(stated) and stated[-1] in CLOSED


def _unread(key: str, value: str) -> bool:
    """Return whether netconvert has no use for a way's tag in a network for cars, and would warn of it."""
    return key.split(":", maxsplit=1)[0] in ("cycleway", "psv", "sidewalk") or (
        key.startswith("placement") and value == "transition"
    )


def _there(osmium: Any, source: Path, wanted: set[int]) -> set[int]:
    return {node.id for node in _objects(osmium, source, osmium.osm.NODE) if node.id in wanted}


def _mended(
    ways: dict[int, tuple[list[int], dict[str, str]]], there: set[int], found: OsmExtract
) -> dict[int, list[int]]:
    """Return the nodes of each way that are within the extract: of a way that leaves and comes back its longest part."""
    kept = {}
    for way, (nodes, _) in ways.items():
        parts: list[list[int]] = [[]]
        for node in nodes:
            if node in there:
                parts[-1].append(node)
            elif parts[-1]:
                parts.append([])
        longest = max(parts, key=len)
        if len(longest) < 2:
            found.lost += 1
            continue
        found.cut += len(longest) < len(nodes)
        kept[way] = longest
    found.roads = len(kept)
    return kept


def _whole(
    restrictions: dict[int, list[tuple[str, int, str]]], kept: dict[int, list[int]], found: OsmExtract
) -> set[int]:
    """Return the turn restrictions whose members are all there."""
    nodes = {node for of_way in kept.values() for node in of_way}
    whole = set()
    for relation, members in restrictions.items():
        roles = {role for _, _, role in members}
        if {"from", "to", "via"} <= roles and all(ref in (kept if kind == "w" else nodes) for kind, ref, _ in members):
            whole.add(relation)
        else:
            found.lost_restrictions += 1
    found.restrictions = len(whole)
    return whole


def _write(
    osmium: Any, source: Path, target: Path, kept: dict[int, list[int]], restrictions: set[int], found: OsmExtract
) -> None:
    nodes = {node for of_way in kept.values() for node in of_way}
    with osmium.SimpleWriter(str(target), overwrite=True) as writer:
        for item in _objects(osmium, source, osmium.osm.NODE | osmium.osm.WAY | osmium.osm.RELATION):
            if item.is_node() and item.id in nodes:
                tags = {tag.k: tag.v for tag in item.tags}
                if tags.get("highway") == "traffic_signals":
                    found.signals[item.id] = (item.lon, item.lat)
                writer.add_node(item.replace(tags={key: tags[key] for key in KEPT_OF_NODES if key in tags}))
            elif item.is_way() and item.id in kept:
                tags = {tag.k: tag.v for tag in item.tags if not _unread(tag.k, tag.v)}
                writer.add_way(item.replace(nodes=kept[item.id], tags=tags))
            elif item.is_relation() and item.id in restrictions:
                writer.add_relation(item)


def node_places(source: Path, wanted: set[int]) -> dict[int, tuple[float, float]]:
    """Return (lon, lat) of nodes that `write_roads` has written."""
    import osmium  # noqa: PLC0415  only OSM extracts need it

    return {node.id: (node.lon, node.lat) for node in _objects(osmium, source, osmium.osm.NODE) if node.id in wanted}
