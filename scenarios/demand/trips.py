"""Vehicles of flows from road to road, and of matrices from zone to zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import InputError, nearest
from engine.sumo.quickest import Streets
from scenarios.demand.counts import Count
from scenarios.demand.table import read_rows

__all__ = ["Vehicle", "Zones", "driven", "read_flows", "read_zones"]

Vehicle = tuple[float, tuple[str, ...]]
"""When it departs, seconds, and its route."""


@dataclass(frozen=True)
class Zones:
    """Where trips of each zone begin and end: (edge, weight), by the zone's name; `None` stands for the edges themselves."""

    edges: Mapping[str, tuple[tuple[str, float], ...]] | None

    def of(self, name: str) -> tuple[tuple[str, float], ...]:
        """Return the edges of a zone with their weights; without zones a name is an edge's."""
        return ((name, 1.0),) if self.edges is None else self.edges[name]


def read_zones(path: Path, streets: Streets) -> Zones:
    """Return the zones in a CSV file with columns zone, edge and, if need be, weight.

    Raises:
        InputError: a row is wrong, or an edge is none for cars.
    """
    edges: dict[str, list[tuple[str, float]]] = {}
    for row in read_rows(path, ("zone", "edge"), ("weight",)):
        edge = row.text("edge")
        if edge not in streets.free_s:
            raise InputError(
                f"{row.where}: edge '{edge}' is no road for cars.{nearest(edge, streets.free_s)} Correct it."
            )
        weight = row.number("weight") if row.cells["weight"] else 1.0
        if not weight:
            raise InputError(f"{row.where}: weight is 0. Give a weight above 0, or take the row out.")
        edges.setdefault(row.text("zone"), []).append((edge, weight))
    return Zones({zone: tuple(of) for zone, of in edges.items()})


def read_flows(path: Path, streets: Streets, zones: Zones) -> tuple[Count, ...]:
    """Return the flows in a CSV file with columns from, to, begin, end, count; ends are edges, or zones.

    Raises:
        InputError: a row is wrong, an end is not known, or no way leads from one to the other.
    """
    known = streets.free_s if zones.edges is None else zones.edges
    what = "road for cars" if zones.edges is None else "zone of zones=FILE"
    flows: list[Count] = []
    ways = _Ways(streets)
    seen: dict[tuple[str, str, float], str] = {}
    for row in read_rows(path, ("from", "to", "begin", "end", "count")):
        ends = row.text("from"), row.text("to")
        for column, name in zip(("from", "to"), ends, strict=True):
            if name not in known:
                raise InputError(f"{row.where}: {column} '{name}' is no {what}.{nearest(name, known)} Correct it.")
        begin_s, end_s = row.interval()
        if (*ends, begin_s) in seen:
            raise InputError(
                f"{row.where}: {ends[0]} to {ends[1]} is at {row.cells['begin']} in {seen[*ends, begin_s]} as well. "
                "Take one out."
            )
        seen[*ends, begin_s] = f"line {row.line}"
        number = row.number("count")
        if number and not _pairs(ends, zones, ways):
            raise InputError(f"{row.where}: no way leads from '{ends[0]}' to '{ends[1]}'. Correct one of them.")
        flows.append(Count(ends, begin_s, end_s, number, "", " to ".join(ends), row.where))
    if not any(flow.number for flow in flows):
        raise InputError(f"'{path}': every count is 0. Give the vehicles of each flow.")
    return tuple(flows)


def driven(flows: Sequence[Count], streets: Streets, zones: Zones, seed: int) -> list[Vehicle]:
    """Return the vehicles of flows in order of departure: each at a random time of its interval, by the quickest way.

    Of parts of a vehicle none is lost: rounding carries over from one flow to the next.
    """
    draws = np.random.default_rng(seed)
    ways = _Ways(streets)
    found: list[Vehicle] = []
    exact = 0.0
    done = 0
    for flow in flows:
        exact += flow.number
        number = round(exact) - done
        done += number
        if not number:
            continue
        times = np.sort(flow.begin_s + draws.random(number) * (flow.end_s - flow.begin_s))
        pairs = _pairs(flow.place, zones, ways)
        weights = np.array(list(pairs.values()))
        chosen = draws.choice(len(pairs), number, p=weights / weights.sum())
        routes = [ways[start][to] for start, to in pairs]
        found += [(round(float(at_s), 2), routes[i]) for at_s, i in zip(times, chosen, strict=True)]
    return sorted(found)


class _Ways(dict[str, dict[str, tuple[str, ...]]]):
    """The quickest ways from each edge, found when they are first asked for."""

    def __init__(self, streets: Streets) -> None:
        super().__init__()
        self._streets = streets

    def __missing__(self, start: str) -> dict[str, tuple[str, ...]]:
        self[start] = self._streets.ways(start)
        return self[start]


def _pairs(ends: Sequence[str], zones: Zones, ways: _Ways) -> dict[tuple[str, str], float]:
    """Return the weight of each pair of edges between which a flow can drive; zones hold roads of both directions."""
    return {
        (start, to): weight * to_weight
        for start, weight in zones.of(ends[0])
        for to, to_weight in zones.of(ends[1])
        if start != to and to in ways[start]
    }
