"""Lanes and roads that are closed for a time, or kept for some: incidents, works, bus lanes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from engine.errors import InputError
from engine.sumo.roads import Lane
from engine.sumo.street import Street
from engine.sumo.traces import VehicleType
from engine.sumo.travellers import copied, departure_s, parts
from scenarios.conditions.condition import Condition, Figure, within_range
from scenarios.conditions.weather import DISCHARGE_M_S

__all__ = ["LaneClosure", "RoadClosure", "upstream"]

CAR = VehicleType()
SLOWEST_M_S = 1.0


@dataclass(frozen=True)
class LaneClosure(Condition):
    """Lanes that are closed for a time, over the length of their edges.

    Attributes:
        lanes: which; ``EDGE_0`` is the lane at the kerb.
        begin_s, end_s: from when to when, seconds; the whole simulation where they are left out.
        allow: vehicle classes that may use them all the same, as ``bus``; empty: none.
        saturation: saturation flow of each lane beside them over what it is without; 1: nobody slows down.
        warning_m: how far upstream drivers know of it and may choose another way, metres; 0: nobody does.
    """

    STAGE: ClassVar[int] = 3

    lanes: tuple[str, ...] = ()
    begin_s: float | None = None
    end_s: float | None = None
    allow: tuple[str, ...] = ()
    saturation: Figure = field(default_factory=lambda: Figure(1.0))
    warning_m: float = 0.0

    def __post_init__(self) -> None:
        within_range(self, "saturation", 0.05, 1.0)
        self.ordered(self.begin_s, self.end_s)

    def apply(self, street: Street) -> str:
        """Change who may use the lanes, and at which speed the lanes beside them are passed."""
        where = f"conditions.{self.name}.lanes"
        if not self.lanes:
            raise InputError(f"{where} is empty. Name what is closed, as in {where}=[EDGE_0].")
        closed = [street.lane(name, where) for name in self.lanes]
        begin_s, end_s = self.times(street, self.begin_s, self.end_s)
        for edge in dict.fromkeys(lane.edge for lane in closed):
            _passable(street, edge, {lane.id for lane in closed}, where)
        edges = dict.fromkeys(lane.edge for lane in closed)
        told = upstream(street, edges, self.warning_m) if self.warning_m > 0.0 else tuple(edges)
        rerouter = street.add("rerouter", id=f"condition_{self.name}", edges=" ".join(told))
        interval = street.within(rerouter, "interval", begin=begin_s, end=end_s)
        for lane in closed:
            allow = " ".join(self.allow)
            street.within(
                interval, "closingLaneReroute", id=lane.id, allow=allow or None, disallow=None if allow else "all"
            )
        if self.warning_m > 0.0:
            street.give_everybody("rerouting")
        beside = [lane for edge in edges for lane in street.edges[edge] if lane.id not in self.lanes]
        if self.saturation.value < 1.0:
            self._slow(street, beside, begin_s, end_s)
        what = f"only for {' and '.join(self.allow)}" if self.allow else "closed"
        lanes = f"lane{'s' * (len(closed) > 1)} {', '.join(self.lanes)} {what} from {begin_s:g} to {end_s:g} s"
        slower = (
            f", saturation flow beside x {self.saturation.value:.3g} of each lane"
            if self.saturation.value < 1.0
            else ""
        )
        known = f", known {self.warning_m:g} m upstream" if self.warning_m > 0.0 else ""
        return f"{self.name}: {lanes}{slower}{known}"

    def _slow(self, street: Street, beside: Sequence[Lane], begin_s: float, end_s: float) -> None:
        """Let lanes be passed at the speed at which a queue on them discharges at the condition's share.

        The headway at speed v is tau + room / v (Krauss), so a lower v is what lengthens it.
        """
        room_m = CAR.length_m + CAR.gap_m
        headway_s = (CAR.tau_s + room_m / DISCHARGE_M_S) / self.saturation.value
        speed = max(room_m / (headway_s - CAR.tau_s), SLOWEST_M_S)
        for lane in beside:
            if lane.speed > speed and lane.allows("passenger"):
                sign = street.add("variableSpeedSign", id=f"condition_{self.name}_{lane.id}", lanes=lane.id)
                street.within(sign, "step", time=begin_s, speed=round(speed, 3))
                street.within(sign, "step", time=end_s, speed=lane.speed)


@dataclass(frozen=True)
class RoadClosure(Condition):
    """Whole edges that nobody can enter for a time.

    Who has another way takes it: from the junction before the closed edge, or from `warning_m` upstream. Who has none waits
    in front of it. Vehicles that start on it depart once it is open again.

    Attributes:
        edges: which.
        begin_s, end_s: from when to when, seconds; the whole simulation where they are left out.
        warning_m: how far upstream drivers know of it, metres; 0: they see it at the junction before.
    """

    STAGE: ClassVar[int] = 3

    edges: tuple[str, ...] = ()
    begin_s: float | None = None
    end_s: float | None = None
    warning_m: float = 0.0

    def __post_init__(self) -> None:
        self.ordered(self.begin_s, self.end_s)

    def apply(self, street: Street) -> str:
        """Close the edges, and let those who start on them wait."""
        where = f"conditions.{self.name}.edges"
        if not self.edges:
            raise InputError(f"{where} is empty. Name what is closed, as in {where}=[EDGE].")
        for edge in self.edges:
            street.edge(edge, where)
        begin_s, end_s = self.times(street, self.begin_s, self.end_s)
        before = upstream(street, dict.fromkeys(self.edges), self.warning_m)
        told = tuple(edge for edge in before if edge not in self.edges)
        if told:  # else it is where the network begins, and all traffic on it starts there
            rerouter = street.add("rerouter", id=f"condition_{self.name}", edges=" ".join(told))
            interval = street.within(rerouter, "interval", begin=begin_s, end=end_s)
            for edge in self.edges:
                street.within(interval, "closingReroute", id=edge, disallow="all")
        # Vehicles that depart while their route is closed are refused otherwise; the rerouter sends them elsewhere.
        street.options["ignore-route-errors"] = "true"
        late = self._hold(street, begin_s, end_s)
        known = f", known {self.warning_m:g} m upstream" if self.warning_m > 0.0 else ""
        waiting = f"; {late} that start there wait until then" if late else ""
        edges = f"edge{'s' * (len(self.edges) > 1)} {', '.join(self.edges)}"
        return f"{self.name}: {edges} closed from {begin_s:g} to {end_s:g} s{known}{waiting}"

    def _hold(self, street: Street, begin_s: float, end_s: float) -> int:
        """Let vehicles that start on a closed edge depart when it opens; return how many elements that were."""
        changed = 0

        def held(element: object) -> Iterable[object]:
            nonlocal changed
            if street.starts_on(element) not in self.edges:
                return [element]
            kept: list[object] = []
            for part in parts(element, (begin_s, end_s), street.scenario.end_s):
                departs_s = departure_s(part)
                if departs_s is None or not begin_s <= departs_s < end_s:
                    kept.append(part)
                    continue
                changed += 1
                if part.tag == "flow":
                    length_s = float(part.get("end")) - departs_s
                    kept.append(copied(part, begin=end_s, end=end_s + length_s))
                else:
                    kept.append(copied(part, depart=end_s))
            return kept

        street.replace_traffic(held)
        return changed


def upstream(street: Street, edges: Iterable[str], within_m: float) -> tuple[str, ...]:
    """Return the edges, those that lead to them, and all whose end is less than `within_m` before them, nearest first."""
    leading: dict[str, list[str]] = {}
    for connection in street.roads.connections:
        leading.setdefault(_edge(street, connection.to_lane), []).append(_edge(street, connection.lane))
    far = dict.fromkeys(edges, 0.0)
    todo = list(far)
    while todo:
        here = todo.pop(0)
        for before in leading.get(here, ()):
            reach_m = far[here] + (street.edges[here][0].length_m if far[here] or here not in edges else 0.0)
            if before not in far and (here in edges or reach_m < within_m):
                far[before] = max(reach_m, 0.001)
                todo.append(before)
    return tuple(far)


def _edge(street: Street, lane: str) -> str:
    return street.roads.lanes[lane].edge


def _passable(street: Street, edge: str, closed: set[str], where: str) -> None:
    """Refuse to close the last lane of an edge, or the last one from which a car can turn somewhere.

    Raises:
        InputError: the lane, and what it is the only one for.
    """
    for_cars = [lane.id for lane in street.edges[edge] if lane.allows("passenger")]
    ours = [lane for lane in for_cars if lane in closed]
    if for_cars and not set(for_cars) - closed:
        only = "is the only lane" if len(ours) == 1 else "are the only lanes"
        raise InputError(
            f"{where}: {', '.join(ours)} {only} of edge '{edge}' for cars. Leave one open, or close the whole edge with "
            "conditions=[road_closed]."
        )
    ways: dict[str, set[str]] = {}
    for connection in street.roads.connections:
        if connection.lane in for_cars:
            ways.setdefault(_edge(street, connection.to_lane), set()).add(connection.lane)
    for to, lanes in ways.items():
        if lanes <= closed:
            raise InputError(
                f"{where}: {', '.join(sorted(lanes))} is the only lane from which edge '{to}' can be reached. Name another "
                "lane, or an edge further upstream."
            )
