"""What is simulated, and how its queues are measured: the keys under ``scenario`` and ``queue``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import InputError
from experiments.config._checks import above_zero, at_least, one_of, path_field, there

__all__ = ["QueueConfig", "ScenarioConfig"]

KINDS = ("junction", "benchmark", "sumo")


@dataclass(frozen=True)
class ScenarioConfig:
    """What is simulated; one option of the group ``scenario``."""

    name: str = ""
    kind: str = "sumo"
    summary: str = ""
    sumocfg: Path | None = path_field()  # noqa: RUF009  a field, not a value
    file: Path | None = path_field()  # noqa: RUF009  a field, not a value
    folder: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    begin_s: float | None = None
    end_s: float | None = None
    warmup_s: float | None = None

    def __post_init__(self) -> None:
        one_of("scenario.kind", self.kind, KINDS)
        if self.kind == "sumo" and self.sumocfg is None:
            raise InputError("scenario=sumo needs the configuration to run. Give scenario.sumocfg=PATH.")
        if self.kind == "sumo" and self.sumocfg is not None and self.name == "sumo":
            object.__setattr__(self, "name", self.sumocfg.stem)
        if self.kind == "junction" and self.file is not None and self.name == "junction":
            object.__setattr__(self, "name", self.file.stem)
        there("scenario.sumocfg", self.sumocfg)
        there("scenario.file", self.file)
        at_least("scenario.begin_s", self.begin_s, 0.0)
        at_least("scenario.warmup_s", self.warmup_s, 0.0)
        if self.begin_s is not None and self.end_s is not None and self.end_s <= self.begin_s:
            raise InputError(
                f"scenario.end_s={self.end_s:g} is not after scenario.begin_s={self.begin_s:g}. Give a later end."
            )


@dataclass(frozen=True)
class QueueConfig:
    """How queues are measured."""

    max_m: float = 1000.0

    def __post_init__(self) -> None:
        above_zero("queue.max_m", self.max_m)
