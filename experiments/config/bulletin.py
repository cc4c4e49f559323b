"""The keys of `greensplit bulletin`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import InputError
from experiments.config._checks import path_field
from experiments.config.report import ReportConfig

__all__ = ["BulletinConfig"]


@dataclass(frozen=True)
class BulletinConfig:
    """`greensplit bulletin`."""

    folder: Path | None = path_field()  # noqa: RUF009  a field, not a value
    since: Path | None = path_field()  # noqa: RUF009  a field, not a value
    order: str = "control_delay"
    report: ReportConfig = field(default_factory=ReportConfig)
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        if self.folder is None:
            raise InputError("bulletin needs a folder of studies. Say: greensplit bulletin FOLDER")
        for key, path in (("folder", self.folder), ("since", self.since)):
            if path is not None and not path.is_dir():
                raise InputError(f"{key}: there is no folder '{path}'. Check the path.")
