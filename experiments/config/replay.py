"""The keys of `greensplit replay`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import InputError
from experiments.config._checks import BACKENDS, at_least, one_of, path_field
from experiments.config.suite import SuiteConfig
from experiments.config.workers import AttemptsConfig, RayConfig

__all__ = ["ReplayConfig"]


@dataclass(frozen=True)
class ReplayConfig:
    """`greensplit replay`."""

    suite: SuiteConfig
    run: AttemptsConfig = field(default_factory=AttemptsConfig)
    ray: RayConfig = field(default_factory=RayConfig)
    path: Path | None = path_field()  # noqa: RUF009  a field, not a value
    record: bool = False
    recorded: Path | None = path_field()  # noqa: RUF009  a field, not a value
    junit: Path | None = path_field()  # noqa: RUF009  a field, not a value
    annotations: bool | None = None
    json: bool = False
    workers: int | None = None
    backend: str = "native"

    def __post_init__(self) -> None:
        one_of("backend", self.backend, BACKENDS[:3])
        at_least("workers", self.workers, 1)
        if self.path is not None and not self.path.exists():
            raise InputError(f"path: there is no study's folder and no suite '{self.path}'. Check the path.")
        if self.path is not None and self.path.is_dir() and (self.record or self.recorded):
            raise InputError(
                f"'{self.path}' is a study, whose tables are its record: it takes neither --record nor recorded=PATH."
            )
