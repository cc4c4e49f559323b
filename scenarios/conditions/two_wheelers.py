"""E-bikes and cycles that share the road with today's cars."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from engine.errors import InputError
from engine.sumo.street import Street
from engine.sumo.travellers import copied, departure_s, scaled_flow
from scenarios.conditions.condition import Condition, Figure, within_range
from scenarios.conditions.demand import PRIVATE, SPREAD_S, by_class
from scenarios.conditions.draws import draw

__all__ = ["TwoWheelers"]

BICYCLE = "bicycle"
LATERAL_M = 0.8
"""Strips of a lane in which SUMO places vehicles: as wide as a bicycle, so that two of them ride side by side."""


@dataclass(frozen=True)
class TwoWheelers(Condition):
    """E-bikes and cycles on the ways of today's cars, as far as they may use them, side by side within lanes.

    Attributes:
        per_car: two-wheelers for each car.
        electric: share of e-bikes among them.
        electric_km_h, cycle_km_h: mean speeds that they choose.
        spread: standard deviation of the chosen speed over its mean.
        seed: of which car's way is taken, and when.
    """

    STAGE: ClassVar[int] = 1

    per_car: Figure = field(default_factory=lambda: Figure(0.0))
    electric: Figure = field(default_factory=lambda: Figure(0.5))
    electric_km_h: Figure = field(default_factory=lambda: Figure(17.0, "km/h"))
    cycle_km_h: Figure = field(default_factory=lambda: Figure(13.0, "km/h"))
    spread: Figure = field(default_factory=lambda: Figure(0.2))
    seed: int = 1

    def __post_init__(self) -> None:
        within_range(self, "per_car", 0.0, 20.0)
        within_range(self, "electric", 0.0, 1.0)
        within_range(self, "electric_km_h", 5.0, 50.0)
        within_range(self, "cycle_km_h", 5.0, 50.0)
        within_range(self, "spread", 0.0, 0.5)

    def apply(self, street: Street) -> str:
        """Add two types of vehicles, and vehicles of them beside the cars."""
        types = {
            f"condition_{self.name}_ebike": self.electric.value,
            f"condition_{self.name}_cycle": 1 - self.electric.value,
        }
        n_ways = [0, 0]

        def joined(element: Any, kind: str) -> list[Any]:
            if kind not in PRIVATE:
                return [element]
            n_ways[0] += 1
            if not self._rideable(street, element):
                return [element]
            n_ways[1] += 1
            return [element, *self._beside(element, types)]

        by_class(street, joined)
        if not n_ways[1]:
            raise InputError(
                f"conditions.{self.name}: bicycles may not ride anywhere where cars do in '{street.scenario.net.name}'. "
                "Allow them on lanes of the network, or leave the condition out."
            )
        for name, km_h in zip(types, (self.electric_km_h.value, self.cycle_km_h.value), strict=True):
            width_m, length_m = (0.8, 1.9) if name.endswith("ebike") else (0.65, 1.7)
            street.add(
                "vType",
                id=name,
                vClass=BICYCLE,
                length=length_m,
                width=width_m,
                minGap=0.5,
                latAlignment="right",
                maxSpeed=round(2.0 * km_h / 3.6, 3),
                desiredMaxSpeed=round(km_h / 3.6, 3),
                speedFactor=f"normc(1,{self.spread.value:g},0.4,1.8)",
            )
        street.options.setdefault("lateral-resolution", f"{LATERAL_M:g}")
        # With strips of lanes it matters to SUMO how long arrived vehicles are kept; plain SUMO is to do as we do.
        street.options["keep-after-arrival"] = f"{street.scenario.step_s:.3f}"
        left_out = f", on {n_ways[1]} of {n_ways[0]} ways of cars" if n_ways[1] < n_ways[0] else ""
        electric = f"{self.electric.value:.0%} of them electric"
        return f"{self.name}: {self.per_car.value:g} two-wheelers for each car, {electric}{left_out}"

    def _rideable(self, street: Street, element: Any) -> bool:
        edges = street.way(element) or [edge for edge in (street.starts_on(element), street.ends_on(element)) if edge]
        return bool(edges) and all(street.open_to(edge, BICYCLE) for edge in edges)

    def _beside(self, element: Any, types: dict[str, float]) -> list[Any]:
        plain = {"departLane": "best", "departSpeed": "max", "departPos": None, "arrivalLane": None, "arrivalPos": None}
        found = []
        if element.tag == "flow":
            for name, share in types.items():
                for flow in scaled_flow(element, self.per_car.value * share, f".{name.rpartition('_')[2]}"):
                    found.append(copied(flow, type=name, **plain))
            return found
        car, at_s = element.get("id"), departure_s(element)
        n_whole = int(self.per_car.value)
        for i in range(n_whole + (draw(car, "two-wheelers", self.seed) < self.per_car.value - n_whole)):
            one = f"{car}.bike{i}"
            electric = draw(one, "electric", self.seed) < self.electric.value
            bike = copied(element, id=one, type=list(types)[0 if electric else 1], **plain)
            if at_s is not None:
                bike.set("depart", f"{at_s + SPREAD_S * draw(one, 'departure', self.seed):.2f}")
            found.append(bike)
        return found
