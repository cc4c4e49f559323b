"""What is simulated, and how its queues are measured: the keys under ``scenario`` and ``queue``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import InputError
from experiments.config._checks import above_zero, at_least, one_of, path_field, there

__all__ = ["QueueConfig", "ScenarioConfig"]

KINDS = ("junction", "streets", "benchmark", "sumo")


@dataclass(frozen=True)
class ScenarioConfig:
    """What is simulated; one option of the group ``scenario``.

    Attributes:
        name: what the scenario is called in tables and folders.
        kind: who builds it: junction, streets (from a description), benchmark (from the installed package), sumo (your files).
        summary: one line for `greensplit scenarios`.
        sumocfg: with scenario=sumo: your SUMO configuration.
        file: with scenario=junction: your junction's description; the built-in one where it is left out. With
            scenario=streets: your streets' description.
        folder, files: of a benchmark network: where it is in its package, and the SHA-256 of each file.
        conditions: what holds in it besides, by name; ``conditions=[rain,lane_closed]`` chooses them, and
            ``conditions.rain.speed.value=0.8`` changes a key of one.
        begin_s, end_s: simulated seconds, in place of the scenario's own.
        warmup_s: seconds from the beginning that are simulated and not evaluated.
    """

    name: str = ""
    kind: str = "sumo"
    summary: str = ""
    sumocfg: Path | None = path_field()  # noqa: RUF009  a field, not a value
    file: Path | None = path_field()  # noqa: RUF009  a field, not a value
    folder: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    conditions: dict[str, Any] = field(default_factory=dict)
    begin_s: float | None = None
    end_s: float | None = None
    warmup_s: float | None = None

    def __post_init__(self) -> None:
        one_of("scenario.kind", self.kind, KINDS)
        if self.kind == "sumo" and self.sumocfg is None:
            raise InputError("scenario=sumo needs the configuration to run. Give scenario.sumocfg=PATH.")
        if self.kind == "sumo" and self.sumocfg is not None and self.name == "sumo":
            # Every scenario's folder holds a scenario.sumocfg: the folder says which.
            stem, folder = self.sumocfg.stem, self.sumocfg.absolute().parent.name
            object.__setattr__(self, "name", folder if stem == "scenario" and folder else stem)
        if self.kind == "streets" and self.file is None and self.name == "streets":
            raise InputError("scenario=streets needs a description. Give scenario.file=PATH.")
        if self.file is not None and self.name == self.kind and self.kind in ("junction", "streets"):
            object.__setattr__(self, "name", self.file.stem)
        if self.conditions:
            from scenarios.conditions import parse  # noqa: PLC0415  it brings SUMO's files, and most studies do without

            parse(self.conditions)
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
    """How queues are measured.

    Attributes:
        max_m: how far upstream a queue is followed, metres.
    """

    max_m: float = 1000.0

    def __post_init__(self) -> None:
        above_zero("queue.max_m", self.max_m)
