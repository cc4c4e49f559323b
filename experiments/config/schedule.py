"""The keys of `greensplit schedule`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.audit import Rules
from engine.errors import InputError
from experiments.config._checks import above_zero, at_least, path_field, there
from experiments.config.scenario import ScenarioConfig

__all__ = ["ScheduleConfig"]


@dataclass(frozen=True)
class ScheduleConfig:
    """`greensplit schedule`."""

    scenario: ScenarioConfig
    rules: Rules = field(default_factory=Rules)
    periods: Path | None = path_field()  # noqa: RUF009  a field, not a value
    bin_min: float = 15.0
    shortest_min: float = 30.0
    most: int = 8
    gain: float = 0.02
    min_cycle_s: float = 40.0
    max_cycle_s: float = 120.0
    table: Path | None = path_field()  # noqa: RUF009  a field, not a value
    json: bool = False
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        there("periods", self.periods)
        above_zero("bin_min", self.bin_min)
        at_least("shortest_min", self.shortest_min, self.bin_min)
        at_least("most", self.most, 1)
        if not 0.0 < self.gain < 1.0:
            raise InputError(f"gain={self.gain:g} is no share. Give one between 0 and 1, such as 0.02.")
        above_zero("min_cycle_s", self.min_cycle_s)
        if self.max_cycle_s < self.min_cycle_s:
            raise InputError(f"max_cycle_s={self.max_cycle_s:g} is below min_cycle_s={self.min_cycle_s:g}. Swap them.")
        if self.out is not None and self.out.suffix != ".xml":
            raise InputError(f"out='{self.out}' must end in .xml, as in day.add.xml.")
        if self.table is not None and self.table.suffix != ".csv":
            raise InputError(f"table='{self.table}' must end in .csv.")
