"""The keys of `greensplit hcm`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import InputError
from engine.hcm.method import Method
from engine.plan import BASELINE
from experiments.config._checks import above_zero, at_least, one_of, path_field, there
from experiments.config.scenario import QueueConfig, ScenarioConfig

__all__ = ["HcmConfig"]


@dataclass(frozen=True)
class HcmConfig:
    """`greensplit hcm`."""

    scenario: ScenarioConfig
    queue: QueueConfig = field(default_factory=QueueConfig)
    method: Method = field(default_factory=Method)
    plan: str = field(default=BASELINE, metadata={"path": True})
    study: Path | None = path_field()  # noqa: RUF009  a field, not a value
    periods: str = "peak"
    platoon: str = "random"
    json: bool = False
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        one_of("periods", self.periods, ("peak", "all"))
        one_of("platoon", self.platoon, ("random", "measured"))
        for key, value in vars(self.method).items():
            if key in ("startup_s", "extension_s", "sneakers"):
                at_least(f"method.{key}", value, 0.0)
            else:
                above_zero(f"method.{key}", value)
        if self.study is None and (self.plan == "best" or self.platoon == "measured"):
            asked = "plan=best" if self.plan == "best" else "platoon=measured"
            raise InputError(f"{asked} is what a study found. Name its folder with study=DIR.")
        if self.study is not None and not self.study.is_dir():
            raise InputError(f"study: there is no folder '{self.study}'. Check the path.")
        if self.plan not in (BASELINE, "best"):
            there("plan", Path(self.plan))
