"""What looks wrong in a network's roads and in the demand that is to drive on them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from defusedxml import ElementTree

from engine.errors import InputError
from engine.network import Network
from engine.sumo.demand import TRAVELLERS, opened, seconds
from engine.sumo.net import load_net
from engine.trouble import Trouble

__all__ = ["of_files"]

CAR = "passenger"
TURNING_ROUND = "tT"
BACK_DEG = 150.0
"""A road that turns by more than this goes back beside the one that it comes from."""
CONNECT = "connect it in netedit, or remove it"
ADD_DEMAND = "put vehicles, trips or flows into a file and name it in route-files of the configuration"


def of_files(
    net_file: Path, network: Network, files: Sequence[Path], begin_s: float, end_s: float
) -> tuple[list[str], list[Trouble]]:
    """Return the ids of signals that the network defines and no connection names, and what is wrong with roads and demand.

    Args:
        net_file: the network's file.
        network: its signals.
        files: demand and additional files.
        begin_s, end_s: the simulated window.

    Raises:
        InputError: a file is missing or is no XML.
    """
    net = load_net(net_file, programs=True)
    bare = sorted(tls.getID() for tls in net.getTrafficLights() if not tls.getConnections())
    return bare, [*_of_roads(net), *_of_demand(net, network, files, begin_s, end_s)]


def _of_roads(net: Any) -> Iterator[Trouble]:
    """Yield roads for cars that hang on nothing or end where others go on, and lanes that lead nowhere."""
    roads = [edge for edge in net.getEdges(withInternal=False) if edge.allows(CAR)]
    main = _largest(roads)
    for edge in sorted(roads, key=lambda edge: str(edge.getID())):
        where = f"edge '{edge.getID()}'"
        if edge.getID() not in main:
            yield Trouble("disconnected edge", where, "no way joins it to the rest of the network", CONNECT)
            continue
        if not edge.getOutgoing() and any(_onward(edge, other) for other in edge.getToNode().getOutgoing()):
            yield Trouble(
                "disconnected edge", where, "roads leave the junction at its end, and no turn leads off it", CONNECT
            )
        if not edge.getIncoming() and any(_onward(other, edge) for other in edge.getFromNode().getIncoming()):
            yield Trouble("disconnected edge", where, "roads end at its beginning, and no turn leads onto it", CONNECT)
        if any(_leads_on(lane) for lane in edge.getLanes()):
            for lane in edge.getLanes():
                if lane.allows(CAR) and not _turns(lane):
                    yield Trouble(
                        "lane without turns",
                        f"lane '{lane.getID()}'",
                        "the lanes beside it lead on, it does not",
                        "give it a turn in netedit, or end it with the road that it comes from",
                    )


def _turns(lane: Any) -> list[Any]:
    """Return the connections that vehicles take from a lane."""
    return [connection for connection in lane.getOutgoing() if not connection.getTo().getFunction()]


def _leads_on(lane: Any) -> bool:
    """Return whether vehicles may go from a lane to anywhere but back."""
    return lane.allows(CAR) and any(turn.getDirection() not in TURNING_ROUND for turn in _turns(lane))


def _onward(edge: Any, other: Any) -> bool:
    """Return whether a road for cars goes on where another ends, and not back beside it."""
    (x, y), (x_end, y_end) = edge.getShape()[-2:]
    (x_start, y_start), (x2, y2) = other.getShape()[:2]
    turned = math.degrees(math.atan2(y2 - y_start, x2 - x_start) - math.atan2(y_end - y, x_end - x))
    return other.allows(CAR) and edge.allows(CAR) and abs((turned + 180.0) % 360.0 - 180.0) < BACK_DEG


def _largest(roads: Sequence[Any]) -> set[str]:
    """Return the ids of the largest set of roads that turns join, whatever their direction."""
    left = {edge.getID(): edge for edge in roads}
    largest: set[str] = set()
    while left:
        found: set[str] = set()
        todo = [next(iter(left.values()))]
        while todo:
            edge = todo.pop()
            if edge.getID() in found or edge.getID() not in left:
                continue
            found.add(edge.getID())
            todo += [*edge.getOutgoing(), *edge.getIncoming()]
        for edge_id in found:
            del left[edge_id]
        if len(found) > len(largest):
            largest = found
    return largest


@dataclass
class _Seen:
    """What demand files name: the first traveller on each edge and each pair of edges, travellers and trips."""

    edges: dict[str, str] = field(default_factory=dict)
    pairs: dict[tuple[str, str], str] = field(default_factory=dict)
    travellers: int = 0
    in_window: int = 0
    unrouted: int = 0


def _of_demand(net: Any, network: Network, files: Sequence[Path], begin_s: float, end_s: float) -> Iterator[Trouble]:
    """Yield what is missing or impossible in demand files."""
    seen = _Seen()
    for path in files:
        _scan(path, begin_s, end_s, seen)
    if not seen.travellers:
        yield Trouble("missing demand", "scenario", "no vehicle and nobody walking is in it", ADD_DEMAND)
        return
    if not seen.in_window:
        yield Trouble(
            "missing demand",
            "scenario",
            f"none of {seen.travellers} vehicles, trips and flows departs from {begin_s:g} to {end_s:g} s",
            "change scenario.begin_s and scenario.end_s, or the departures",
        )
    known = {edge.getID(): edge for edge in net.getEdges(withInternal=False)}
    for edge, traveller in sorted(seen.edges.items()):
        if edge not in known:
            yield Trouble(
                "impossible demand",
                f"'{traveller}'",
                f"it drives over edge '{edge}', which the network does not have",
                "take the demand that belongs to this network, or route it anew with duarouter",
            )
    for (edge, onward), traveller in sorted(seen.pairs.items()):
        if edge in known and onward in known and known[onward] not in known[edge].getOutgoing():
            yield Trouble(
                "impossible demand",
                f"'{traveller}'",
                f"it goes from edge '{edge}' to '{onward}', and no turn joins them",
                "route it anew with duarouter, or add the turn",
            )
    if not seen.unrouted:
        for signal in network.signals:
            if not any(approach.edge in seen.edges for approach in signal.approaches):
                yield Trouble("missing demand", f"signal '{signal.id}'", "no route passes it", ADD_DEMAND)


def _scan(path: Path, begin_s: float, end_s: float, seen: _Seen) -> None:
    try:
        with opened(path) as stream:
            named: dict[str, list[str]] = {}
            for _, element in ElementTree.iterparse(stream, events=("end",)):
                if element.tag == "route" and element.get("id"):
                    named[element.get("id")] = element.get("edges", "").split()
                elif element.tag in TRAVELLERS:
                    _traveller(element, named, begin_s, end_s, seen)
                    element.clear()
    except ElementTree.ParseError as error:
        raise InputError(f"demand file '{path}' is not well-formed XML: {error}. Write it anew.") from error
    except OSError as error:
        raise InputError(f"demand file '{path}' cannot be read: {error}. Check the path.") from error


def _traveller(element: Any, named: dict[str, list[str]], begin_s: float, end_s: float, seen: _Seen) -> None:
    name = element.get("id", "")
    seen.travellers += 1
    seen.in_window += _departs(element, begin_s, end_s)
    walks = element.tag in ("person", "personFlow")
    child = element.find("route")
    way = child.get("edges", "").split() if child is not None else named.get(element.get("route", ""), [])
    if not walks:
        seen.unrouted += not way
        for pair in itertools.pairwise(way):
            seen.pairs.setdefault(pair, name)
    ends = [element.get(key) for key in ("from", "to") if element.get(key)]
    for edge in (*way, *ends, *element.get("via", "").split()):
        seen.edges.setdefault(edge, name)


def _departs(element: Any, begin_s: float, end_s: float) -> bool:
    """Return whether it may depart within the window; what names no time may."""
    flow = element.tag in ("flow", "personFlow")
    try:
        first = seconds(element.get("begin", "0") if flow else element.get("depart", "0"))
        last = seconds(element.get("end", "")) if flow and element.get("end") else first
    except ValueError:
        return True
    return first <= end_s and (flow or first >= begin_s) and (not flow or not element.get("end") or last >= begin_s)
