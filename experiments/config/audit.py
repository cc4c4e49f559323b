"""The keys of `greensplit audit`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.audit import Rules
from engine.errors import InputError
from engine.plan import BASELINE
from experiments.config._checks import path_field
from experiments.config.scenario import ScenarioConfig

__all__ = ["AuditConfig"]


@dataclass(frozen=True)
class AuditConfig:
    """`greensplit audit`."""

    scenario: ScenarioConfig
    rules: Rules = field(default_factory=Rules)
    plan: str = field(default=BASELINE, metadata={"path": True})
    json: bool = False
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        if self.plan != BASELINE and not Path(self.plan).exists():
            raise InputError(f"plan: there is no file or study '{self.plan}'. Check the path.")
        if self.out is not None and self.out.suffix not in (".json", ".csv"):
            raise InputError(f"out='{self.out}' must end in .json or .csv.")
