"""The keys of `greensplit check`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from experiments.config._checks import path_field
from experiments.config.scenario import ScenarioConfig

__all__ = ["CheckConfig"]


@dataclass(frozen=True)
class CheckConfig:
    """`greensplit check`.

    Attributes:
        scenario: what is looked at.
        json: print the findings as JSON.
        out: where they are also written, as .json.
    """

    scenario: ScenarioConfig
    json: bool = False
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        if self.out is not None and self.out.suffix != ".json":
            raise InputError(f"out='{self.out}' must end in .json.")
