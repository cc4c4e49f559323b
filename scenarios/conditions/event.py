"""Traffic that today's demand has not: visitors of an event, and an emergency vehicle on its way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from engine.errors import InputError
from engine.sumo.demand import vehicles
from engine.sumo.street import Street
from scenarios.conditions.condition import Condition, Figure, within_range
from scenarios.conditions.demand import TIMETABLED
from scenarios.conditions.draws import draw, pick

__all__ = ["EmergencyRoute", "Event"]


@dataclass(frozen=True)
class Event(Condition):
    """Visitors who come by car from wherever today's traffic begins, and leave to wherever it ends.

    Departures gather around the middle of their interval (the sum of two even draws).

    Attributes:
        arrive_at, leave_from: the edges at the venue; without one of them nobody comes, or nobody leaves.
        attendance: visitors.
        car_share: of them who come by car.
        persons_per_car: how many share one.
        arrive_begin_s, arrive_end_s, leave_begin_s, leave_end_s: departures, seconds; the whole simulation where left out.
        seed: of who comes from where and when.
    """

    STAGE: ClassVar[int] = 1

    arrive_at: str | None = None
    leave_from: str | None = None
    attendance: Figure = field(default_factory=lambda: Figure(0.0))
    car_share: Figure = field(default_factory=lambda: Figure(1.0))
    persons_per_car: Figure = field(default_factory=lambda: Figure(1.0))
    arrive_begin_s: float | None = None
    arrive_end_s: float | None = None
    leave_begin_s: float | None = None
    leave_end_s: float | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        within_range(self, "attendance", 0.0, 1e6)
        within_range(self, "car_share", 0.0, 1.0)
        within_range(self, "persons_per_car", 1.0, 100.0)
        self.ordered(self.arrive_begin_s, self.arrive_end_s)
        self.ordered(self.leave_begin_s, self.leave_end_s)

    def apply(self, street: Street) -> str:
        """Add a trip for each car that comes, and one for each that leaves."""
        if self.arrive_at is None and self.leave_from is None:
            where = f"conditions.{self.name}"
            raise InputError(
                f"{where} needs the edge of its venue. Give {where}.arrive_at=EDGE, {where}.leave_from=EDGE or both."
            )
        n_cars = round(self.attendance.value * self.car_share.value / self.persons_per_car.value)
        said = []
        if self.arrive_at is not None:
            begin_s, end_s = self.times(street, self.arrive_begin_s, self.arrive_end_s)
            self._surge(street, n_cars, self.arrive_at, True, begin_s, end_s)
            said.append(f"{n_cars} cars come to {self.arrive_at} from {begin_s:g} to {end_s:g} s")
        if self.leave_from is not None:
            begin_s, end_s = self.times(street, self.leave_begin_s, self.leave_end_s)
            self._surge(street, n_cars, self.leave_from, False, begin_s, end_s)
            said.append(f"{n_cars} cars leave {self.leave_from} from {begin_s:g} to {end_s:g} s")
        return f"{self.name}: {', '.join(said)}"

    def _surge(self, street: Street, n_cars: int, venue: str, inbound: bool, begin_s: float, end_s: float) -> None:
        where = f"conditions.{self.name}.{'arrive_at' if inbound else 'leave_from'}"
        street.edge(venue, where)
        linked = street.reaching(venue, backwards=inbound)
        weights: dict[str, float] = {}
        classes = street.classes()
        for element in street.vehicles():
            edge = street.starts_on(element) if inbound else street.ends_on(element)
            if edge in linked and edge != venue and classes.get(element.get("type", ""), "") not in TIMETABLED:
                weights[edge] = weights.get(edge, 0.0) + vehicles(element, street.scenario.end_s)
        if not weights:
            way = "from which it can be reached" if inbound else "that can be reached from it"
            raise InputError(
                f"{where}={venue}: today's traffic has no {'start' if inbound else 'end'} {way}. Name another."
            )
        ends, shares = list(weights), list(weights.values())
        kind = "in" if inbound else "out"
        for i in range(n_cars):
            name = f"{self.name}.{kind}{i}"
            other = ends[pick(shares, draw(name, "place", self.seed))]
            middle = (draw(name, "time", self.seed) + draw(name, "time again", self.seed)) / 2.0
            street.add_traveller(
                "trip",
                id=name,
                depart=round(begin_s + (end_s - begin_s) * middle, 2),
                departLane="best",
                departSpeed="max",
                **{"from": other if inbound else venue, "to": venue if inbound else other},
            )


@dataclass(frozen=True)
class EmergencyRoute(Condition):
    """A vehicle with blue light on a route of its own; it passes red lights, and others give way. Signals do not answer it.

    Attributes:
        route: the edges that it has to pass, in order; the first and the last are enough where the way between is clear.
        depart_s: when it sets out, seconds; the middle of the evaluated window where that is left out.
        speed: its desired speed over the limit.
    """

    STAGE: ClassVar[int] = 1

    route: tuple[str, ...] = ()
    depart_s: float | None = None
    speed: Figure = field(default_factory=lambda: Figure(1.0))

    def __post_init__(self) -> None:
        within_range(self, "speed", 0.5, 3.0)

    def apply(self, street: Street) -> str:
        """Add the vehicle and its type."""
        where = f"conditions.{self.name}.route"
        if len(self.route) < 2:
            raise InputError(
                f"{where} needs at least two edges. Name where it sets out and where it goes: {where}=[A,B]."
            )
        for edge in self.route:
            street.edge(edge, where)
        for here, there in zip(self.route, self.route[1:], strict=False):
            if there not in street.reaching(here, "emergency", backwards=False):
                raise InputError(f"{where}: no way leads from edge '{here}' to edge '{there}'. Name others.")
        scenario = street.scenario
        at_s = (scenario.begin_s + scenario.warmup_s + scenario.end_s) / 2.0 if self.depart_s is None else self.depart_s
        self.times(street, at_s, None)
        kind = street.add("vType", id=f"condition_{self.name}", vClass="emergency", speedFactor=self.speed.value)
        street.within(kind, "param", key="has.bluelight.device", value="true")
        street.add_traveller(
            "trip",
            id=self.name,
            type=f"condition_{self.name}",
            depart=at_s,
            departSpeed="max",
            via=" ".join(self.route[1:-1]) or None,
            **{"from": self.route[0], "to": self.route[-1]},
        )
        return f"{self.name}: a vehicle with blue light from {self.route[0]} to {self.route[-1]} at {at_s:g} s"
