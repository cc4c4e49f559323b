"""What a condition is: figures with their sources, places and times, and a change to the street."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.errors import InputError
from engine.sumo.street import Street

__all__ = ["Condition", "Figure", "within_range"]


@dataclass(frozen=True)
class Figure:
    """One number of a condition.

    Attributes:
        value: the number.
        unit: s, km/h, veh/h, ...; nothing for a ratio.
        source: what states it.
        verified: whether that source was read; `False` for what was written down from memory.
    """

    value: float = 0.0
    unit: str = ""
    source: str = ""
    verified: bool = False


@dataclass(frozen=True)
class Condition(ABC):
    """A change of the street or of its traffic; one option of the group ``conditions``, or several of them.

    A condition is data: the same one changes the same scenario in the same way, whatever else is composed with it.

    Attributes:
        name: what it is called in ``conditions=[...]``.
        summary: what it stands for, one line.
    """

    STAGE: ClassVar[int]
    """When it is applied: demand (0), what is added to it (1), how all of it drives (2), where it may not (3), signals (4)."""

    name: str = ""
    summary: str = ""

    @abstractmethod
    def apply(self, street: Street) -> str:
        """Change the street, and return one sentence on what was changed, for the user.

        Raises:
            InputError: it names a place that is not there, or one where it cannot be.
        """

    def times(self, street: Street, begin_s: float | None, end_s: float | None) -> tuple[float, float]:
        """Return from when to when it holds, seconds: the whole simulation where that is left open.

        Raises:
            InputError: that is outside of what is simulated.
        """
        scenario = street.scenario
        begin_s, end_s = scenario.begin_s if begin_s is None else begin_s, scenario.end_s if end_s is None else end_s
        if begin_s >= scenario.end_s or end_s <= scenario.begin_s:
            raise InputError(
                f"conditions.{self.name}: {begin_s:g} to {end_s:g} s is outside of what is simulated, {scenario.begin_s:g} to "
                f"{scenario.end_s:g} s. Give other times."
            )
        return begin_s, end_s

    def ordered(self, begin_s: float | None, end_s: float | None) -> None:
        """Refuse an end that is not after the begin.

        Raises:
            InputError: it is not.
        """
        if begin_s is not None and end_s is not None and end_s <= begin_s:
            raise InputError(
                f"conditions.{self.name}: end_s={end_s:g} is not after begin_s={begin_s:g}. Give a later end."
            )

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """Yield its numbers by name."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Figure):
                yield field.name, value

    def effective(self) -> dict[str, Any]:
        """Return what of it changes anything, as plain data: figures by their values, wherever they come from."""
        left_out = ("name", "summary")
        stated = {of.name: getattr(self, of.name) for of in dataclasses.fields(self) if of.name not in left_out}
        values = {key: value.value if isinstance(value, Figure) else value for key, value in stated.items()}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def within_range(condition: Condition, name: str, least: float, most: float) -> None:
    """Refuse a figure outside of its range.

    Raises:
        InputError: it is; the key and the range are named.
    """
    value = getattr(condition, name).value
    if not least <= value <= most:
        raise InputError(
            f"conditions.{condition.name}.{name}.value={value:g} cannot be used. Give {least:g} to {most:g}."
        )
