"""The plan space: the keys under ``plans``."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from engine.errors import InputError
from engine.space import SpaceOptions
from experiments.config._checks import above_zero

__all__ = ["PlansConfig"]


@dataclass(frozen=True)
class PlansConfig:
    """The plan space; ``radius`` is a log-ratio or ``full``.

    Attributes:
        cycle, splits, offsets: whether these vary.
        order: whether a signal's stages may come in another order.
        skip: whether a stage may be left out whose links have green in another one.
        half_cycle: whether signals may run at half of the cycle that they share.
        radius: how far plans lie from the plan in the net: the most that the logarithm of a ratio may be, or full.
        min_cycle_s, max_cycle_s: bounds of the cycle, seconds.
        min_green_s: least green of a stage, seconds; walking times and rules hold beside it.
        max_green_s: longest green of a stage; the cycle alone bounds it where it is left out.
        signals: the signals that may change; all of them where it is left out.
    """

    cycle: bool = SpaceOptions.cycle
    splits: bool = SpaceOptions.splits
    offsets: bool = SpaceOptions.offsets
    order: bool = SpaceOptions.order
    skip: bool = SpaceOptions.skip
    half_cycle: bool = SpaceOptions.half_cycle
    radius: Any = SpaceOptions.radius
    min_cycle_s: float = SpaceOptions.min_cycle_s
    max_cycle_s: float = SpaceOptions.max_cycle_s
    min_green_s: float = SpaceOptions.min_green_s
    max_green_s: float | None = SpaceOptions.max_green_s
    signals: tuple[str, ...] | None = SpaceOptions.signals

    def __post_init__(self) -> None:
        if not (self.radius == "full" or isinstance(self.radius, (int, float))) or isinstance(self.radius, bool):
            raise InputError(f"plans.radius={self.radius} is no radius. Give a number such as 0.3, or full.")
        if self.radius != "full":
            above_zero("plans.radius", self.radius)
        above_zero("plans.min_cycle_s", self.min_cycle_s)
        above_zero("plans.min_green_s", self.min_green_s)
        if self.max_cycle_s < self.min_cycle_s:
            raise InputError(
                f"plans.max_cycle_s={self.max_cycle_s:g} is below plans.min_cycle_s={self.min_cycle_s:g}. Swap them."
            )
        if self.max_green_s is not None and self.max_green_s < self.min_green_s:
            raise InputError(
                f"plans.max_green_s={self.max_green_s:g} is below plans.min_green_s={self.min_green_s:g}. Swap them."
            )

    def options(self) -> SpaceOptions:
        """Return what the engine calls this."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        values["radius"] = math.inf if self.radius == "full" else float(self.radius)
        return SpaceOptions(**values)
