"""Reads a SUMO network into `engine.network.Network`."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.network import COMPASS, Approach, LaneGroup, Link, Network, Signal, StopLane
from engine.stages import NetProgram, stage_program
from engine.sumo.foes import foes_of, interior, is_vehicle

__all__ = ["Conflict", "conflicts", "load_net", "read_network", "street_names"]

TURNS = {"s": "through", "l": "left", "L": "left", "r": "right", "R": "right", "t": "uturn", "T": "uturn"}
TURN_ORDER = ("left", "through", "right", "uturn")


def read_network(
    path: Path,
    programs: Mapping[str, NetProgram],
    demand: Mapping[str, float],
    queue_max_m: float = 1000.0,
    min_green_s: float = 5.0,
    persons: bool = False,
) -> Network:
    """Return the network in a ``.net.xml`` file.

    Args:
        path: the file.
        programs: the program in force of each signal (`engine.sumo.programs.in_force`).
        demand: vehicles over each edge; where two edges merge upstream of a stop line the busier one is followed.
        queue_max_m: how far upstream of a stop line queues are followed, metres.
        min_green_s: a shorter green that its neighbours also hold is taken as part of an intergreen, seconds.
        persons: whether the demand holds persons.

    Raises:
        InputError: the file is no SUMO network, or has no traffic signals.
    """
    net = load_net(path)
    lights = [tls for tls in net.getTrafficLights() if tls.getConnections()]
    if not lights:
        raise InputError(
            f"'{path}' has no traffic signals, so there is no plan to improve. "
            "Choose a network with signals, or let netconvert set them (--tls.set)."
        )
    upstream = _Upstream(net, demand, queue_max_m)
    signals = tuple(
        _signal(net, tls, upstream, programs.get(tls.getID()), min_green_s)
        for tls in sorted(lights, key=lambda tls: tls.getID())
    )
    exits = frozenset(out.getID() for tls in lights for _, out, _ in tls.getConnections())
    taken = frozenset(name for program in programs.values() for name in (*program.replaced, program.program_id))
    return Network(signals, _vehicle_lanes(net), exits, persons, program_ids=taken)


def load_net(path: Path, programs: bool = False) -> Any:
    """Return SUMO's own reading of a network, for modules of this package; with `programs` signals that control nothing, too.

    Raises:
        InputError: the file is no SUMO network.
    """
    import sumolib  # noqa: PLC0415  SUMO's packages wait until they are needed

    try:
        return sumolib.net.readNet(
            str(path), withInternal=True, withPedestrianConnections=True, withFoes=True, withPrograms=programs
        )
    except Exception as error:  # sumolib lets whatever its parser raises through
        raise InputError(f"'{path}' cannot be read as a SUMO network: {_one_line(error)}. Build it anew.") from error


@dataclass(frozen=True)
class Conflict:
    """One link of a signal and what it conflicts with.

    Attributes:
        index: its letter in the signal's state.
        from_edge, to_edge: ids of the edges that it joins; for a crossing the areas at its ends.
        crossed_edges: for a crossing the edges that it crosses, else empty.
        length_m: its way over the junction.
        foes: indices of links that cross or merge with it.
        yields: those of them that the network makes it give way to.
    """

    index: int
    from_edge: str
    to_edge: str
    crossed_edges: tuple[str, ...]
    length_m: float
    foes: frozenset[int]
    yields: frozenset[int]


def conflicts(path: Path, signal_id: str) -> list[Conflict]:
    """Return the links of one signal in a network that is being built, by index."""
    net = load_net(path)
    connections = _connections(net, net.getTLS(signal_id))
    foes = foes_of(net, connections)
    found = []
    for connection in connections:
        crossed: tuple[str, ...] = ()
        length_m = sum(lane.getLength() for lane in interior(net, connection))
        if not is_vehicle(connection):
            crossed = tuple(edge.getID() for edge in connection.getTo().getCrossingEdges())
            length_m = connection.getTo().getLength()
        index = connection.getTLLinkIndex()
        ends = connection.getFrom().getID(), connection.getTo().getID()
        of = foes[index]
        yields = frozenset(i for i, foe in of.items() if foe.first)
        found.append(Conflict(index, *ends, crossed, length_m, frozenset(of), yields))
    return found


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _vehicle_lanes(net: Any) -> tuple[tuple[str, float, float], ...]:
    lanes = []
    for edge in net.getEdges(withInternal=True):
        if edge.getFunction() not in ("crossing", "walkingarea"):
            lanes += [(lane.getID(), lane.getLength(), lane.getSpeed()) for lane in edge.getLanes()]
    return tuple(sorted(lanes))


def _signal(net: Any, tls: Any, upstream: _Upstream, raw: NetProgram | None, min_green_s: float) -> Signal:
    connections = _connections(net, tls)
    nodes = {id(edge.getToNode()): edge.getToNode() for edge in {c.getFrom() for c in connections if is_vehicle(c)}}
    centres = [node.getCoord() for node in nodes.values()] or [(0.0, 0.0)]
    centre = (sum(x for x, _ in centres) / len(centres), sum(y for _, y in centres) / len(centres))
    edges = sorted({c.getFrom() for c in connections if is_vehicle(c)}, key=lambda edge: (_bearing(edge), edge.getID()))
    names = _compass_names(edges)
    links = _links(net, connections, names, centre)
    approaches = tuple(
        Approach(
            names[edge.getID()], edge.getID(), upstream.edges(edge), _lane_groups(edge, names, links, upstream, net)
        )
        for edge in edges
    )
    program, reason = (None, "it has no program") if raw is None else stage_program(raw, links, min_green_s)
    return Signal(tls.getID(), links, approaches, program, reason, (round(centre[0], 2), round(centre[1], 2)))


def _connections(net: Any, tls: Any) -> list[Any]:
    """Return the signal's connections sorted by link index, each once."""
    found = {}
    for lane_in, lane_out, index in tls.getConnections():
        for connection in lane_in.getOutgoing():
            ours = connection.getTLSID() == tls.getID() and connection.getTLLinkIndex() == index
            if ours and connection.getToLane().getID() == lane_out.getID():
                found[index, lane_in.getID(), lane_out.getID()] = connection
    return [found[key] for key in sorted(found)]


def _bearing(edge: Any) -> float:
    """Return where an edge's traffic comes from, degrees clockwise from north, looking back from its end."""
    shape = edge.getShape()
    x_end, y_end = shape[-1]
    x, y = shape[0]
    # 50 m back is what a person at the stop line would call the direction; a last bend of 5 m is not.
    for x_back, y_back in reversed(shape[:-1]):
        x, y = x_back, y_back
        if math.hypot(x_end - x, y_end - y) > 50.0:
            break
    return math.degrees(math.atan2(x - x_end, y - y_end)) % 360.0


def _grade(lane: Any) -> float:
    """Return the rise over the run of a lane's last 50 m; 0 in a flat network."""
    shape = lane.getShape3D()
    x_end, y_end, z_end = shape[-1]
    run_m = rise_m = 0.0
    for x, y, z in reversed(shape[:-1]):
        run_m, rise_m = math.hypot(x_end - x, y_end - y), z_end - z
        if run_m > 50.0:
            break
    return round(rise_m / run_m, 4) if run_m > 0.0 else 0.0


def _compass(bearing: float) -> str:
    return COMPASS[round(bearing / 45.0) % 8]


def _compass_names(edges: list[Any]) -> dict[str, str]:
    names: dict[str, str] = {}
    used: dict[str, int] = defaultdict(int)
    for edge in edges:
        name = _compass(_bearing(edge))
        used[name] += 1
        names[edge.getID()] = name if used[name] == 1 else f"{name}{used[name]}"
    return names


def _links(net: Any, connections: list[Any], names: Mapping[str, str], centre: tuple[float, float]) -> tuple[Link, ...]:
    foes = foes_of(net, connections)
    links = []
    for connection in connections:
        index = connection.getTLLinkIndex()
        if is_vehicle(connection):
            approach = names[connection.getFrom().getID()]
            turn = TURNS.get(connection.getDirection(), "through")
            movement = f"{approach}-{turn}"
            kind = "vehicle"
            length_m = sum(lane.getLength() for lane in interior(net, connection))
        else:
            crossing = connection.getTo() if connection.getTo().getFunction() == "crossing" else connection.getFrom()
            shape = crossing.getLanes()[0].getShape()
            x, y = (sum(point[axis] for point in shape) / len(shape) for axis in (0, 1))
            approach = _compass(math.degrees(math.atan2(x - centre[0], y - centre[1])) % 360.0)
            turn, kind = "crossing", "pedestrian"
            movement = f"crossing {approach}"
            length_m = crossing.getLength()
        of = sorted(foes[index].items())
        approach_m_s = connection.getFromLane().getSpeed()
        links.append(
            Link(
                index,
                movement,
                approach,
                turn,
                kind,
                connection.getFromLane().getID(),
                connection.getToLane().getID(),
                round(length_m, 2),
                tuple(i for i, _ in of),
                frozenset(i for i, foe in of if foe.first),
                tuple(round(foe.clear_m, 2) for _, foe in of),
                round(approach_m_s, 3),
                round(min((lane.getSpeed() for lane in interior(net, connection)), default=approach_m_s), 3),
                _grade(connection.getFromLane()),
            )
        )
    return tuple(links)


def _lane_groups(
    edge: Any, names: Mapping[str, str], links: tuple[Link, ...], upstream: _Upstream, net: Any
) -> tuple[LaneGroup, ...]:
    by_lane: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        if link.kind == "vehicle":
            by_lane[link.lane].append(link)
    by_turns: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    for lane in edge.getLanes():
        served = {link.turn for link in by_lane.get(lane.getID(), ())}
        if served:
            by_turns[tuple(turn for turn in TURN_ORDER if turn in served)].append(lane)
    groups = []
    for turns, lanes in sorted(by_turns.items()):
        stops = []
        for lane in lanes:
            inner_lanes = {
                inner.getID()
                for connection in lane.getOutgoing()
                if connection.getTLLinkIndex() >= 0 and is_vehicle(connection)
                for inner in interior(net, connection)
            }
            feeds, storage_m = upstream.feeds(edge, lane)
            stops.append(StopLane(lane.getID(), feeds, tuple(sorted(inner_lanes)), storage_m))
        indices = sorted({link.index for lane in lanes for link in by_lane[lane.getID()]})
        groups.append(LaneGroup(f"{names[edge.getID()]}-{'+'.join(turns)}", turns, tuple(indices), tuple(stops)))
    return tuple(groups)


class _Upstream:
    """Follows approaches from the stop line over short edges to the next signal."""

    def __init__(self, net: Any, demand: Mapping[str, float], max_m: float) -> None:
        self._net = net
        self._demand = demand
        self._max_m = max_m
        self._chains: dict[str, tuple[Any, ...]] = {}

    def edges(self, edge: Any) -> tuple[str, ...]:
        """Return the ids of the approach's edges, the one at the stop line first."""
        return tuple(e.getID() for e in self._chain(edge))

    def _chain(self, edge: Any) -> tuple[Any, ...]:
        if edge.getID() not in self._chains:
            chain, length_m = [edge], edge.getLength()
            while length_m < self._max_m:
                previous = self._previous(chain[-1])
                if previous is None or previous in chain:
                    break
                chain.append(previous)
                length_m += previous.getLength()
            self._chains[edge.getID()] = tuple(chain)
        return self._chains[edge.getID()]

    def _previous(self, edge: Any) -> Any | None:
        """Return the edge whose queue continues this one's, or None at a signal or at the network's edge."""
        candidates = {}
        for before, connections in edge.getIncoming().items():
            if before.getFunction() or all(c.getDirection() in "tT" for c in connections):
                continue
            if any(c.getTLSID() for c in connections):
                return None
            straight = sum(c.getDirection() == "s" for c in connections)
            candidates[before.getID()] = (
                (self._demand.get(before.getID(), 0.0), straight, before.getLaneNumber(), before.getID()),
                before,
            )
        return max(candidates.values(), key=lambda item: item[0])[1] if candidates else None

    def feeds(self, edge: Any, lane: Any) -> tuple[tuple[tuple[str, float], ...], float]:
        """Return the lanes that lead to a stop-line lane with their distance to it, and the observed length."""
        chain = {e.getID() for e in self._chain(edge)}
        base_m: dict[str, float] = {}
        storage_m = 0.0
        todo = [(lane, 0.0)]
        while todo:
            here, to_line_m = todo.pop()
            if here.getID() in base_m or to_line_m >= self._max_m:
                continue
            base_m[here.getID()] = round(to_line_m, 3)
            begins_m = to_line_m + here.getLength()
            storage_m = max(storage_m, min(begins_m, self._max_m))
            for connection in here.getIncomingConnections():
                before = connection.getFromLane()
                if before.getEdge().getID() not in chain:
                    continue
                inner_m = begins_m
                for inner in reversed(interior(self._net, connection)):
                    base_m.setdefault(inner.getID(), round(inner_m, 3))
                    inner_m += inner.getLength()
                todo.append((before, inner_m))
        return tuple(base_m.items()), round(storage_m, 2)


def street_names(path: Path) -> dict[str, str]:
    """Return the street's name of each edge that has one."""
    return {edge.getID(): edge.getName() for edge in load_net(path).getEdges() if edge.getName()}
