"""The keys of `greensplit run`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.audit import Rules
from engine.control.spec import Sensing
from engine.errors import InputError
from engine.plan import BASELINE
from experiments.config._checks import BACKENDS, MEASURES, at_least, one_of, path_field, there
from experiments.config.controller import ControllerConfig
from experiments.config.scenario import QueueConfig, ScenarioConfig

__all__ = ["RunConfig"]

RECORDED = "recorded"
"""The plan that is on record for a junction of the gallery, as ``plan=recorded``."""


@dataclass(frozen=True)
class RunConfig:
    """`greensplit run`."""

    scenario: ScenarioConfig
    queue: QueueConfig = field(default_factory=QueueConfig)
    controller: ControllerConfig = field(default_factory=ControllerConfig)
    sensing: Sensing = field(default_factory=Sensing)
    rules: Rules = field(default_factory=Rules)
    seed: int = 1
    plan: str = field(default=BASELINE, metadata={"path": True})
    tripinfo: Path | None = path_field()  # noqa: RUF009  a field, not a value
    series_s: float = 0.0
    json: bool = False
    measures: str = "traffic"
    backend: str = "native"
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        one_of("backend", self.backend, BACKENDS)
        one_of("measures", self.measures, MEASURES)
        at_least("seed", self.seed, 0)
        at_least("series_s", self.series_s, 0.0)
        if self.series_s > 0.0 and self.out is None:
            raise InputError(f"series_s={self.series_s:g} needs a folder for series.parquet. Give out=DIR.")
        if self.plan == RECORDED:
            object.__setattr__(self, "plan", str(_recorded(self.scenario)))
        if self.plan != BASELINE:
            there("plan", Path(self.plan))


def _recorded(scenario: ScenarioConfig) -> Path:
    """Return the plan file on record. Raises InputError where the scenario has none."""
    from scenarios.streets import GALLERY  # noqa: PLC0415  it brings SUMO's files, and most runs do without

    plans = {path.name.partition(".")[0]: path for path in sorted((GALLERY / "plans").glob("*.add.xml"))}
    if scenario.kind != "streets" or scenario.name not in plans:
        raise InputError(
            f"plan=recorded: no plan is on record for scenario '{scenario.name}'. There is one for {', '.join(plans)}; "
            "give plan=PATH for others."
        )
    return plans[scenario.name]
