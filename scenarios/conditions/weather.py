"""Rain, snow, fog: everybody drives slower, keeps a longer headway, and brakes no harder than the road lets him."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

from engine.sumo.street import Street
from engine.sumo.traces import CLASSES, VehicleType
from scenarios.conditions.condition import Condition, Figure, within_range

__all__ = ["Weather", "headway_tau_s"]

DISCHARGE_M_S = 10.0
"""About the speed at which a queue crosses the stop line once it moves."""
GRAVITY_M_S2 = 9.81
ON_FOOT = ("pedestrian",)
DISTRIBUTION = re.compile(r"(\w+)\(([^)]*)\)")
DECELERATION = {
    "bus": 4.0,
    "coach": 4.0,
    "truck": 4.0,
    "trailer": 4.0,
    "bicycle": 3.0,
    "moped": 7.0,
    "motorcycle": 10.0,
}
"""SUMO's default of ``decel`` by vehicle class, where it is not 4.5 m/s2."""


@dataclass(frozen=True)
class Weather(Condition):
    """Weather over the whole scenario and all of its time.

    Attributes:
        speed: free speed over that of a dry day.
        saturation: saturation flow over that of a dry day.
        startup_s: seconds that the first driver of a queue needs more at the beginning of green.
        friction: between tyre and road; nobody accelerates or brakes harder than it allows.
    """

    STAGE: ClassVar[int] = 2

    speed: Figure = field(default_factory=lambda: Figure(1.0))
    saturation: Figure = field(default_factory=lambda: Figure(1.0))
    startup_s: Figure = field(default_factory=lambda: Figure(0.0, "s"))
    friction: Figure = field(default_factory=lambda: Figure(0.8))

    def __post_init__(self) -> None:
        for name in ("speed", "saturation", "friction"):
            within_range(self, name, 0.05, 1.0)
        within_range(self, "startup_s", 0.0, 10.0)

    def apply(self, street: Street) -> str:
        """Change every vehicle type."""
        street.name_default_type()
        for element in street.types():
            if element.get("vClass") not in ON_FOOT:
                self._change(element)
        return (
            f"{self.name}: free speed x {self.speed.value:g}, saturation flow x {self.saturation.value:g}, start-up "
            f"{self.startup_s.value:+g} s, friction {self.friction.value:g}"
        )

    def _change(self, element: Any) -> None:
        kind = element.get("vClass", "passenger")
        default = CLASSES.get(kind, VehicleType(kind))
        room_m = float(element.get("length", default.length_m)) + float(element.get("minGap", default.gap_m))
        tau_s = float(element.get("tau", default.tau_s))
        element.set("tau", f"{headway_tau_s(tau_s, room_m, self.saturation.value, self.speed.value):.4f}")
        element.set("speedFactor", _scaled(element.get("speedFactor", "1"), self.speed.value))
        if self.startup_s.value:
            startup_s = float(element.get("startupDelay", 0.0)) + self.startup_s.value
            element.set("startupDelay", f"{startup_s:g}")
        most = self.friction.value * GRAVITY_M_S2
        deceleration = float(element.get("decel", DECELERATION.get(kind, 4.5)))
        element.set("accel", f"{min(float(element.get('accel', default.accel)), most):.4g}")
        element.set("decel", f"{min(deceleration, most):.4g}")
        if "emergencyDecel" in element.attrib or deceleration > most:
            emergency = min(float(element.get("emergencyDecel", most)), most)
            element.set("emergencyDecel", f"{max(emergency, min(deceleration, most)):.4g}")


def headway_tau_s(tau_s: float, room_m: float, saturation: float, speed: float, at_m_s: float = DISCHARGE_M_S) -> float:
    """Return the time headway ``tau`` at which a queue discharges at a share `saturation` of what it did.

    The headway in a queue that crosses the stop line at speed v is tau + room / v (Krauss); it is to be longer by
    1 / saturation while v itself falls by `speed`.

    Args:
        tau_s: the type's own, seconds.
        room_m: its length and gap, metres.
        saturation, speed: shares of those of a dry day.
        at_m_s: v on a dry day.
    """
    headway_s = (tau_s + room_m / at_m_s) / saturation
    return max(headway_s - room_m / (at_m_s * speed), tau_s)


def _scaled(text: str, factor: float) -> str:
    """Return a type's speedFactor, a number or a distribution with its bounds, times `factor`."""
    found = DISTRIBUTION.fullmatch(text.strip())
    if found is None:
        return f"{float(text) * factor:.4g}"
    return f"{found[1]}({','.join(f'{float(value) * factor:.4g}' for value in found[2].split(','))})"
