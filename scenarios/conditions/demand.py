"""More traffic or less: growth, plates that may not drive today, freight that is banned or kept to its hours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from engine.errors import InputError
from engine.sumo.demand import vehicles
from engine.sumo.street import DEFAULT_TYPE, Street
from engine.sumo.travellers import copied, departure_s, parts, scaled_flow
from scenarios.conditions.condition import Condition, Figure, within_range
from scenarios.conditions.draws import draw, pick

__all__ = ["FREIGHT", "PRIVATE", "Freight", "Growth", "Plates", "by_class"]

PRIVATE = ("passenger", "private", "evehicle", "hov", "custom1", "custom2")
"""SUMO's classes of cars that carry a private plate."""
FREIGHT = ("truck", "trailer", "delivery")
TIMETABLED = ("bus", "coach", "tram", "rail", "rail_urban", "rail_electric", "rail_fast", "subway", "emergency")
"""Classes that do not become more when traffic grows."""
SPREAD_S = 60.0
"""A vehicle that growth adds departs within this time after the one that it resembles."""


@dataclass(frozen=True)
class Growth(Condition):
    """All road traffic but buses and trains times a factor, each flow and each vehicle alike.

    Attributes:
        factor: traffic over today's.
        seed: of the choice which vehicles are doubled or left out.
    """

    STAGE: ClassVar[int] = 0

    factor: Figure = field(default_factory=lambda: Figure(1.0))
    seed: int = 1

    def __post_init__(self) -> None:
        within_range(self, "factor", 0.0, 10.0)

    def apply(self, street: Street) -> str:
        """Multiply flows; double or leave out vehicles."""
        factor = self.factor.value

        def grown(element: Any, kind: str) -> list[Any]:
            if kind in TIMETABLED:
                return [element]
            if element.tag == "flow":
                return scaled_flow(element, factor)
            name = element.get("id")
            more = factor - int(factor)
            n_copies = int(factor) + (draw(name, "growth", self.seed) < more)
            found = [element] if n_copies else []
            at_s = departure_s(element)
            for i in range(1, n_copies):
                copy = copied(element, id=f"{name}.growth{i}")
                if at_s is not None:
                    copy.set("depart", f"{at_s + SPREAD_S * draw(copy.get('id'), 'departure', self.seed):.2f}")
                found.append(copy)
            return found

        by_class(street, grown)
        return f"{self.name}: traffic x {factor:g}"


@dataclass(frozen=True)
class Plates(Condition):
    """Private cars may drive when the last digit of their plate is odd, or when it is even.

    A vehicle's plate is a hash of its id, so on the other day the other half drives.

    Attributes:
        allowed: odd or even.
        exempt: share of the cars without a right to drive that drive all the same: exempted, a second car, no matter.
        begin_s, end_s: departures that it concerns, seconds; all where they are left out.
        seed: of the plates.
    """

    STAGE: ClassVar[int] = 0

    allowed: str = "even"
    exempt: Figure = field(default_factory=lambda: Figure(0.0))
    begin_s: float | None = None
    end_s: float | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        within_range(self, "exempt", 0.0, 1.0)
        self.ordered(self.begin_s, self.end_s)
        if self.allowed not in ("odd", "even"):
            raise InputError(f"conditions.{self.name}.allowed={self.allowed} is not known. Choose odd or even.")

    def apply(self, street: Street) -> str:
        """Take away the cars that stay at home."""
        begin_s, end_s = self.times(street, self.begin_s, self.end_s)

        def left(element: Any, kind: str) -> list[Any]:
            if kind not in PRIVATE or not begin_s <= (departure_s(element) or 0.0) < end_s:
                return [element]
            if element.tag == "flow":
                return scaled_flow(element, 0.5 + 0.5 * self.exempt.value)
            name = element.get("id")
            odd = int(10.0 * draw(name, "plate", self.seed)) % 2 == 1
            stays = odd == (self.allowed == "odd") or draw(name, "exempt", self.seed) < self.exempt.value
            return [element] if stays else []

        by_class(street, left, (begin_s, end_s))
        return (
            f"{self.name}: only {self.allowed} plates drive from {begin_s:g} to {end_s:g} s, and {self.exempt.value:.0%} of "
            "the others"
        )


@dataclass(frozen=True)
class Freight(Condition):
    """Trucks and delivery vans only within, or only outside of, some hours.

    In a demand that names no freight, a share of the cars is taken for it, chosen by hash.

    Attributes:
        begin_s, end_s: the ban's hours, or the window's, seconds.
        window: whether freight keeps to these hours (the others' departures move into them) or away from them (its
            departures in them are left out).
        share: of the cars that are freight, where the demand names no trucks.
        seed: of that choice, and of where in the window a departure moves.
    """

    STAGE: ClassVar[int] = 0

    begin_s: float | None = None
    end_s: float | None = None
    window: bool = False
    share: Figure = field(default_factory=lambda: Figure(0.0))
    seed: int = 1

    def __post_init__(self) -> None:
        within_range(self, "share", 0.0, 1.0)
        self.ordered(self.begin_s, self.end_s)

    def apply(self, street: Street) -> str:
        """Take away freight, or move its departures."""
        begin_s, end_s = self.times(street, self.begin_s, self.end_s)
        times = (begin_s, end_s, street.scenario.end_s)
        named = any(kind in FREIGHT for kind in street.classes().values())

        def controlled(element: Any, kind: str) -> list[Any]:
            if kind not in (FREIGHT if named else PRIVATE):
                return [element]
            if not named and element.tag == "flow":
                rest = scaled_flow(element, 1.0 - self.share.value)
                return [*rest, *self._moved(scaled_flow(element, self.share.value, ".freight"), times)]
            if not named and draw(element.get("id"), "freight", self.seed) >= self.share.value:
                return [element]
            return self._moved([element], times)

        by_class(street, controlled, (begin_s, end_s))
        what = f"keeps to {begin_s:g} to {end_s:g} s" if self.window else f"stays away from {begin_s:g} to {end_s:g} s"
        of = "" if named else f" (taken to be {self.share.value:.0%} of the cars, as the demand names none)"
        return f"{self.name}: freight{of} {what}"

    def _moved(self, elements: Iterable[Any], times: tuple[float, float, float]) -> list[Any]:
        begin_s, end_s, simulated_s = times
        found = []
        for element in elements:
            at_s = departure_s(element)
            if at_s is None or (begin_s <= at_s < end_s) == self.window:
                found.append(element)
            elif self.window and element.tag == "flow":
                number = round(vehicles(element, simulated_s))
                if number:
                    rate = dict.fromkeys(("period", "vehsPerHour", "perHour", "probability"))
                    found.append(copied(element, begin=begin_s, end=end_s, number=number, **rate))
            elif self.window:
                to_s = begin_s + (end_s - begin_s) * draw(element.get("id"), "window", self.seed)
                found.append(copied(element, depart=round(to_s, 2)))
        return found


def by_class(street: Street, change: Callable[[Any, str], list[Any]], cuts: tuple[float, ...] = ()) -> None:
    """Put what `change` returns for each vehicle and its class in the vehicle's place.

    Flows are cut at `cuts`, seconds, and flows of a mixture of types become one for each of them, so that each has one class.
    """
    classes = {DEFAULT_TYPE: "passenger", **street.classes()}

    def changed(element: Any) -> list[Any]:
        if element.tag not in ("vehicle", "trip", "flow"):
            return [element]
        found = []
        for part in parts(element, cuts, street.scenario.end_s):
            kind = part.get("type", DEFAULT_TYPE)
            members = street.members(kind)
            several = len({classes.get(name, "passenger") for name, _ in members}) > 1
            if not several:
                found += change(part, classes.get(members[0][0], "passenger"))
            elif part.tag == "flow":
                for name, share in members:
                    for one in scaled_flow(part, share, f".{name}"):
                        one.set("type", name)
                        found += change(one, classes.get(name, "passenger"))
            else:
                # SUMO would draw the type by its own seed; by hash it is the same whatever else changes.
                name = members[pick([share for _, share in members], draw(part.get("id"), "type", 1))][0]
                found += change(copied(part, type=name), classes.get(name, "passenger"))
        return found

    street.replace_traffic(changed)
