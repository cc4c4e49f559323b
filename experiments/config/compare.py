"""The keys of `greensplit compare`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import InputError
from experiments.config._checks import BACKENDS, MEASURES, at_least, one_of, path_field, paths_field, seeds_once
from experiments.config.report import ReportConfig
from experiments.config.scenario import QueueConfig, ScenarioConfig
from experiments.config.workers import AttemptsConfig, RayConfig

__all__ = ["CompareConfig"]


@dataclass(frozen=True)
class CompareConfig:
    """`greensplit compare`.

    Attributes:
        scenario: what plan files are simulated in; without a name: that of the only study, and its window counts for
            scenarios that are compared by name.
        seeds: those of what is simulated; empty: those that the studies report, or 101 to 110.
    """

    scenario: ScenarioConfig
    rivals: tuple[str, ...] = paths_field()
    reference: str | None = path_field()
    before: Path | None = path_field()  # noqa: RUF009  a field, not a value
    after: Path | None = path_field()  # noqa: RUF009  a field, not a value
    queue: QueueConfig = field(default_factory=QueueConfig)
    report: ReportConfig = field(default_factory=ReportConfig)
    run: AttemptsConfig = field(default_factory=AttemptsConfig)
    ray: RayConfig = field(default_factory=RayConfig)
    seeds: tuple[int, ...] = ()
    workers: int | None = None
    measures: str = "traffic"
    backend: str = "native"
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        one_of("backend", self.backend, BACKENDS[:3])
        one_of("measures", self.measures, MEASURES)
        at_least("workers", self.workers, 1)
        seeds_once("seeds", self.seeds)
        if (self.before is None) != (self.after is None):
            raise InputError("a look-back needs both: before=DIR after=DIR.")
        if self.before is not None and self.rivals:
            raise InputError(
                f"'{self.rivals[0]}' cannot be compared beside before= and after=. Name either rivals or the two periods."
            )
        if self.before is None and not self.rivals:
            raise InputError(
                "compare needs studies, plan files or scenarios. Say: greensplit compare A B, or before=DIR after=DIR."
            )
