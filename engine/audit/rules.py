"""Timing rules as data: each limit with its unit, jurisdiction, source, and whether that source was read."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.errors import InputError, nearest

__all__ = ["SEQUENCE", "SOUND", "Limit", "Rules"]

ABOVE_ZERO = ("walking_m_s", "deceleration_m_s2", "saturation_max", "cycle_max_s")
ORDERED = (
    ("yellow_min_s", "yellow_max_s"),
    ("red_clearance_min_s", "red_clearance_max_s"),
    ("cycle_min_s", "cycle_max_s"),
    ("min_green_s", "cycle_max_s"),
    ("walk_s", "cycle_max_s"),
)


@dataclass(frozen=True)
class Limit:
    """One number of a rule book.

    Attributes:
        value: the number, or `None` where these rules set none.
        unit: s, m, m/s, m/s2, or nothing for a ratio.
        jurisdiction: where it holds.
        source: what states it.
        verified: whether that source was read; `False` for what was written down from memory.
    """

    value: float | None = None
    unit: str = "s"
    jurisdiction: str = ""
    source: str = ""
    verified: bool = False


@dataclass(frozen=True)
class Rules:
    """The limits that a plan is held against; one option of the group ``rules``.

    Attributes:
        name, title: what the option is called, and what it stands for.
        min_green_s: least green of a movement.
        yellow_min_s, yellow_max_s: bounds of yellow; the least yellow is also what the formula gives, where there is one.
        reaction_s, deceleration_m_s2: of the yellow formula t + v/(2a + 2Gg); without them yellow has its bounds only.
        red_clearance_min_s, red_clearance_max_s: from the end of yellow to the green of a conflicting movement.
        vehicle_length_m: of the formula (w + L)/v for that time; without it the time has its least value only.
        red_yellow_max_s: longest red and yellow before green; 0 where it is not shown.
        flashing_green_s: flashing green before yellow, where it is asked for.
        walk_s, walking_m_s: least walk of a crossing, and the speed at which its length is cleared.
        cycle_min_s, cycle_max_s: bounds of the cycle.
        max_red_s: longest red of a movement.
        saturation_max: highest v/c of a lane group.
        exceptions: other values by scenario and limit, as in ``{arterial4x4: {yellow_min_s: 2}}``.
    """

    name: str = ""
    title: str = ""
    min_green_s: Limit = field(default_factory=Limit)
    yellow_min_s: Limit = field(default_factory=Limit)
    yellow_max_s: Limit = field(default_factory=Limit)
    reaction_s: Limit = field(default_factory=Limit)
    deceleration_m_s2: Limit = field(default_factory=Limit)
    red_clearance_min_s: Limit = field(default_factory=Limit)
    red_clearance_max_s: Limit = field(default_factory=Limit)
    vehicle_length_m: Limit = field(default_factory=Limit)
    red_yellow_max_s: Limit = field(default_factory=Limit)
    flashing_green_s: Limit = field(default_factory=Limit)
    walk_s: Limit = field(default_factory=Limit)
    walking_m_s: Limit = field(default_factory=Limit)
    cycle_min_s: Limit = field(default_factory=Limit)
    cycle_max_s: Limit = field(default_factory=Limit)
    max_red_s: Limit = field(default_factory=Limit)
    saturation_max: Limit = field(default_factory=Limit)
    exceptions: dict[str, dict[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, limit in self.limits():
            if limit.value is not None:
                self._check(name, limit.value)
                if not limit.source:
                    stated = dataclasses.replace(limit, source="given by the user", verified=False)
                    object.__setattr__(self, name, stated)
        for low, high in ORDERED:
            least, most = self.limit(low).value, self.limit(high).value
            if least is not None and most is not None and least > most:
                raise InputError(
                    f"rules={self.name}: {low} ({least:g} s) is above {high} ({most:g} s), so that no plan can pass. "
                    f"Change rules.{low}.value or rules.{high}.value."
                )
        for one, other in (("reaction_s", "deceleration_m_s2"), ("walk_s", "walking_m_s")):
            if (self.limit(one).value is None) != (self.limit(other).value is None):
                raise InputError(f"rules={self.name}: {one} and {other} belong together. Give both, or neither.")
        known = [name for name, _ in self.limits()]
        for scenario, values in self.exceptions.items():
            for name in values:
                if name not in known:
                    raise InputError(
                        f"rules={self.name}, exceptions for {scenario}: there is no limit '{name}'.{nearest(name, known)}"
                    )

    def _check(self, name: str, value: float) -> None:
        if not math.isfinite(value) or value < 0.0 or (name in ABOVE_ZERO and value == 0.0):
            least = "above 0" if name in ABOVE_ZERO else "0 or more"
            raise InputError(f"rules={self.name}: {name} is {value:g}; it must be {least}. Change rules.{name}.value.")

    def limits(self) -> Iterator[tuple[str, Limit]]:
        """Yield every limit by name, those without a value included."""
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if isinstance(value, Limit):
                yield item.name, value

    def limit(self, name: str) -> Limit:
        """Return one limit by name."""
        found: Limit = getattr(self, name)
        return found

    def for_scenario(self, scenario: str) -> Rules:
        """Return the rules as they hold in one scenario: its exceptions applied."""
        values = self.exceptions.get(scenario, {})
        changed: dict[str, Any] = {
            name: dataclasses.replace(self.limit(name), value=value) for name, value in values.items()
        }
        return dataclasses.replace(self, **changed)


SOUND = Limit(
    0.0, "", "any", "a fixed-time program: whole seconds, one letter for each link, one way free at a time", True
)
"""What makes a program sound whatever the jurisdiction."""

SEQUENCE = Limit(0.0, "", "any", "GB 14886-2016 (red, green, yellow, red); MUTCD (yellow after green)", True)
"""The order of colours that a driver may rely on."""
