"""Vehicles that pass counted places as often as was counted."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.errors import InputError
from engine.sumo.programs import parse_xml
from engine.sumo.quickest import Streets
from engine.sumo.sampling import Place, sampled_routes
from engine.sumo.turning import Turning, write_turning_intervals
from scenarios.demand.counts import Interval
from scenarios.demand.trips import Vehicle

__all__ = ["METHODS", "by_routes", "by_turns", "passing", "possible_routes"]

METHODS = ("routes", "turns")
MANY = 4000
"""Pairs of ends beyond which only the ways past counted places are possible routes."""
NEAR = 4
"""Ends that ways past a counted place lead from and to at least: the nearest ones."""


def possible_routes(places: Sequence[Place], streets: Streets, sources: Sequence[str]) -> list[tuple[str, ...]]:
    """Return routes past counted places, each place with several: from where traffic enters to where it leaves.

    Args:
        places: edges, or pairs of edges, with traffic.
        streets: of the network.
        sources: edges at which traffic begins and ends besides the network's edge.

    Raises:
        InputError: no route passes one of the places.
    """
    starts = tuple(dict.fromkeys((*streets.sources, *sources)))
    ends = tuple(dict.fromkeys((*streets.sinks, *sources)))
    if not starts or not ends:
        raise InputError(
            "no road leads into the network or out of it, so traffic has nowhere to begin. Name such roads: sources=[ID,...]."
        )
    counted: set[Place] = {place for place in places if len(place) == 2}
    wanted = set(places)
    found: dict[tuple[str, ...], None] = {}
    if len(starts) * len(ends) <= MANY:
        for start in starts:
            ways = streets.ways(start)
            for end in ends:
                way = ways.get(end, ())
                if len(way) > 1 and not wanted.isdisjoint(passing(way)):
                    found[way] = None
    for place in places:
        before, after = streets.ways(place[0], backward=True), streets.ways(place[-1])
        fronts = sorted((before[of] for of in starts if of in before), key=lambda way: _cost(way, streets))
        backs = sorted((after[of] for of in ends if of in after), key=lambda way: _cost(way, streets))
        for front, back in itertools.product(fronts[:NEAR], backs[:NEAR]):
            way = (*front, *(back if len(place) == 2 else back[1:]))
            if len(set(way)) == len(way):
                found[way] = None
    routes = [way for way in found if _forward(way, streets, counted)]
    passed = {place for way in routes for place in passing(way)}
    for place in places:
        if place not in passed:
            # Rather a way that turns round than none.
            around = [way for way in found if place in passing(way)]
            if not around:
                raise InputError(
                    f"vehicles are counted at {' to '.join(repr(of) for of in place)}, and no way leads from where traffic "
                    "enters over it to where it leaves. Correct the count, or name a road where traffic begins or ends: "
                    "sources=[ID]."
                )
            routes += around
    return list(dict.fromkeys(routes))


def passing(way: Sequence[str]) -> list[Place]:
    """Return the places that a route passes: its edges, and the movements between them."""
    return [*((edge,) for edge in way), *itertools.pairwise(way)]


def _cost(way: Sequence[str], streets: Streets) -> tuple[float, str]:
    return sum(streets.free_s[edge] for edge in way), way[0]


def _forward(way: Sequence[str], streets: Streets, counted: set[Place]) -> bool:
    return not any(pair in streets.turnarounds and pair not in counted for pair in itertools.pairwise(way))


def by_routes(
    bins: Mapping[Interval, Mapping[Place, float]], streets: Streets, sources: Sequence[str], seed: int
) -> list[Vehicle]:
    """Return vehicles on whole routes, which SUMO's routeSampler chooses so that every count is met as well as can be.

    Raises:
        InputError: no route passes one of the places.
    """
    places = list(dict.fromkeys(place for at in bins.values() for place, number in at.items() if number > 0.0))
    return sampled_routes(possible_routes(places, streets, sources), bins, seed)


def by_turns(
    bins: Mapping[Interval, Mapping[Place, float]], net: Path, streets: Streets, sources: Sequence[str], seed: int
) -> list[Vehicle]:
    """Return vehicles that enter and turn by the counts' shares, junction by junction, by SUMO's jtrrouter.

    Raises:
        InputError: no vehicle enters where movements are counted.
    """
    counted: set[Place] = {place for at in bins.values() for place in at if len(place) == 2}
    entries = {edge: _entry(edge, counted, streets, sources) for edge, *_ in sorted(counted)}
    intervals = []
    for (begin_s, end_s), at in bins.items():
        turns: dict[str, dict[str, float]] = {}
        entering: dict[str, tuple[str, float]] = {}
        for place, number in at.items():
            if len(place) != 2:
                continue
            turns.setdefault(place[0], {})[place[1]] = number
            entry = entries[place[0]]
            if entry:
                before = entering.get(entry, ("", 0.0))[1]
                entering[entry] = "car", before + number * 3600.0 / (end_s - begin_s)
        intervals.append(Turning(begin_s, end_s, entering, turns))
    with TemporaryDirectory(prefix="greensplit-") as scratch:
        target = Path(scratch) / "out.rou.xml"
        write_turning_intervals(net, target, ['<vType id="car"/>'], intervals, seed)
        vehicles = list(parse_xml(target).iter("vehicle"))
    return sorted((float(of.get("depart")), tuple(of.find("route").get("edges").split())) for of in vehicles)


def _entry(edge: str, counted: set[Place], streets: Streets, sources: Sequence[str]) -> str:
    """Return where vehicles begin that are counted on leaving an edge; empty where counted movements lead onto it."""
    passed = {edge}
    while True:
        before = streets.before(edge)
        if any((start, edge) in counted for start in before):
            return ""
        if len(before) != 1 or edge in sources or before[0] in passed or len(streets.after(before[0])) != 1:
            return edge
        edge = before[0]
        passed.add(edge)
