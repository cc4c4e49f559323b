"""Who drives: the vehicle types of a scenario's own demand by their shares, and what of it stays."""

from __future__ import annotations

import xml.etree.ElementTree as PlainElementTree
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from engine.sumo.demand import vehicles
from engine.sumo.street import DEFAULT_TYPE, Street
from engine.sumo.travellers import copied, departure_s, number_text, seconds_of
from scenarios.conditions.demand import TIMETABLED
from scenarios.junction.demand import CAR, TRUCK

__all__ = ["MIX", "Drivers", "Fleet", "fleet_of"]

MIX = "mix"
"""Id of the distribution of types that made vehicles are of."""
SPEED_FACTOR = "normc(1,0.1,0.2,2)"
"""SUMO's own for cars, where a type states none."""
CLASS_GAPS_M = {"bicycle": 0.5}


@dataclass(frozen=True)
class Drivers:
    """How a fleet drives, as factors on what its types state.

    Attributes:
        tau, min_gap, sigma, speed_factor: of SUMO's ``tau``, ``minGap``, ``sigma`` and the mean of ``speedFactor``.
    """

    tau: float = 1.0
    min_gap: float = 1.0
    sigma: float = 1.0
    speed_factor: float = 1.0


@dataclass(frozen=True)
class Fleet:
    """Types with their shares, and what of a demand stays beside the made vehicles.

    Attributes:
        types: attributes of each type.
        shares: of the made vehicles, by type.
        staying: elements of people on foot, buses and trains, in order of departure.
        staying_types: attributes of the types that only those have.
    """

    types: tuple[dict[str, str], ...]
    shares: tuple[float, ...]
    staying: tuple[Any, ...] = ()
    staying_types: tuple[dict[str, str], ...] = ()

    def lines(self, drivers: Drivers, step_s: float) -> Iterator[str]:
        """Yield the lines that define the types, driven so, and their mixture `MIX`."""
        for of in self.types:
            yield _line(driven(of, drivers, step_s))
        for of in self.staying_types:
            yield _line(of)
        names = " ".join(of["id"] for of in self.types)
        shares = " ".join(f"{share:.4f}" for share in self.shares)
        yield f'<vTypeDistribution id="{MIX}" vTypes="{names}" probabilities="{shares}"/>'

    def moved(self, shift_s: float) -> Fleet:
        """Return the fleet with what stays moved in time by some seconds."""
        return replace(self, staying=tuple(_shifted(of, shift_s) for of in self.staying)) if shift_s else self


def driven(of: dict[str, str], drivers: Drivers, step_s: float) -> dict[str, str]:
    """Return a type's attributes under other drivers; a headway never falls below the simulation's step.

    Shorter ones let vehicles collide in SUMO, so that no count would be worth them.
    """
    if drivers == Drivers():
        return of
    tau_s = float(of.get("tau", 1.0))
    gap_m = float(of.get("minGap", CLASS_GAPS_M.get(of.get("vClass", ""), 2.5)))
    sigma = min(float(of.get("sigma", 0.5)) * drivers.sigma, 1.0)
    return {
        **of,
        "tau": number_text(round(max(tau_s * drivers.tau, min(step_s, tau_s)), 4)),
        "minGap": number_text(round(gap_m * drivers.min_gap, 4)),
        "sigma": number_text(round(sigma, 4)),
        "speedFactor": _faster(of, drivers.speed_factor),
    }


def _faster(of: dict[str, str], factor: float) -> str:
    text = of.get("speedFactor", "1" if "speedDev" in of else SPEED_FACTOR)
    if not text.startswith(("norm(", "normc(")):
        return number_text(round(float(text) * factor, 4))
    head, _, inner = text.partition("(")
    numbers = [float(part) for part in inner.rstrip(")").split(",")]
    numbers[0] = round(numbers[0] * factor, 4)
    return f"{head}({','.join(number_text(number) for number in numbers)})"


def fleet_of(street: Street, trucks: float) -> Fleet:
    """Return the fleet of a scenario's demand; where nobody drives in it, cars and a share of trucks."""
    street.name_default_type()
    types = {element.get("id"): dict(element.attrib) for element in street.types()}
    types.setdefault(DEFAULT_TYPE, {"id": DEFAULT_TYPE, "vClass": "passenger"})
    weights: dict[str, float] = {}
    staying = []
    for element in street.traffic:
        if element.tag in ("person", "personFlow"):
            staying.append(element)
            continue
        members = street.members(element.get("type", DEFAULT_TYPE))
        if types.get(members[0][0], {}).get("vClass", "passenger") in TIMETABLED:
            staying.append(_own_route(element, street))
            continue
        number = vehicles(element, street.scenario.end_s)
        for name, share in members:
            weights[name] = weights.get(name, 0.0) + number * share
    staying.sort(key=lambda element: departure_s(element) or 0.0)
    used = {element.get("type") for element in staying} & types.keys()
    total = sum(weights.values())
    if not total:
        car, truck = (dict(PlainElementTree.fromstring(line).attrib) for line in (CAR, TRUCK))
        known = ((car, 1.0 - trucks), (truck, trucks))
        made = [(of, share) for of, share in known if share]
    else:
        made = [(types[name], weight / total) for name, weight in sorted(weights.items()) if name in types and weight]
    names = {of["id"] for of, _ in made}
    others = tuple(types[name] for name in sorted(used - names))
    return Fleet(tuple(of for of, _ in made), tuple(share for _, share in made), tuple(staying), others)


def _own_route(element: Any, street: Street) -> Any:
    """Return a vehicle with the route that it refers to within it."""
    edges = street.way(element)
    if not element.get("route") or not edges:
        return element
    own = copied(element, route=None)
    own.insert(0, PlainElementTree.Element("route", {"edges": " ".join(edges)}))
    return own


def _shifted(element: Any, shift_s: float) -> Any:
    times: dict[str, object] = {}
    for name in ("depart", "begin", "end"):
        if element.get(name, "").replace(":", "").replace(".", "").isdigit():
            times[name] = seconds_of(element, name, 0.0) + shift_s
    return copied(element, **times)


def _line(attributes: dict[str, str]) -> str:
    kept = {name: value for name, value in attributes.items() if name not in ("probability",)}
    return PlainElementTree.tostring(PlainElementTree.Element("vType", kept), encoding="unicode")
