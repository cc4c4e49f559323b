"""Pedestrians who walk in groups: they come together, and slower than one who walks alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

from engine.errors import InputError
from engine.sumo.demand import vehicles
from engine.sumo.street import Street
from engine.sumo.travellers import copied, departure_s, seconds_of
from scenarios.conditions.condition import Condition, Figure, within_range
from scenarios.conditions.draws import draw

__all__ = ["Groups"]


@dataclass(frozen=True)
class Groups(Condition):
    """As many pedestrians as today, in groups that set out together.

    Attributes:
        size: persons of a group.
        alone_m_s: walking speed of one alone.
        slower_m_s: by which each further member slows the group.
        seed: of when the groups set out; SUMO's seed no longer changes that.
    """

    STAGE: ClassVar[int] = 1

    size: Figure = field(default_factory=lambda: Figure(2.0))
    alone_m_s: Figure = field(default_factory=lambda: Figure(1.3, "m/s"))
    slower_m_s: Figure = field(default_factory=lambda: Figure(0.0, "m/s"))
    seed: int = 1

    def __post_init__(self) -> None:
        within_range(self, "size", 1.0, 50.0)
        within_range(self, "alone_m_s", 0.3, 3.0)
        within_range(self, "slower_m_s", 0.0, 0.5)

    def apply(self, street: Street) -> str:
        """Put groups in the place of those who walk."""
        size = round(self.size.value)
        speed = max(self.alone_m_s.value - self.slower_m_s.value * (size - 1), 0.3)
        kind = f"condition_{self.name}"
        found = [0]

        def grouped(element: Any) -> list[Any]:
            if element.tag not in ("person", "personFlow") or element.find("walk") is None:
                return [element]
            starts = self._starts(element, street.scenario.end_s, size)
            found[0] += len(starts)
            return [
                copied(
                    element, id=f"{element.get('id')}.{i}.{j}", type=kind, depart=at_s, begin=None, end=None, number=None,
                    period=None, perHour=None, probability=None,
                )
                for i, at_s in enumerate(starts)
                for j in range(size)
            ]  # fmt: skip

        street.replace_traffic(grouped)
        if not found[0]:
            raise InputError(
                f"conditions.{self.name}: nobody walks in '{street.scenario.name}'. Give it persons, or leave it out."
            )
        for element in street.traffic:
            element.tag = "person" if element.tag == "personFlow" and element.get("type") == kind else element.tag
        street.add("vType", id=kind, vClass="pedestrian", desiredMaxSpeed=round(speed, 3))
        return f"{self.name}: {found[0]} groups of {size} who walk at {speed:.2f} m/s"

    def _starts(self, element: Any, end_s: float, size: int) -> list[float]:
        """Return when groups set out that stand for an element's persons: one in `size` of them, or as a Poisson process."""
        at_s, name = departure_s(element), element.get("id")
        if at_s is None:
            return []
        if element.tag == "person":
            return [at_s] if draw(name, "group", self.seed) < 1.0 / size else []
        last_s = seconds_of(element, "end", end_s)
        rate = vehicles(element, end_s) / size / max(last_s - at_s, 1.0)
        starts: list[float] = []
        while rate > 0.0:
            at_s -= math.log(1.0 - draw(f"{name}.{len(starts)}", "group", self.seed)) / rate
            if at_s >= last_s:
                break
            starts.append(round(at_s, 2))
        return starts
