"""The keys of `greensplit report`, and those under ``report`` of a study."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from experiments.config._checks import one_of, path_field

__all__ = ["ReportCommandConfig", "ReportConfig"]


@dataclass(frozen=True)
class ReportConfig:
    """How the page is written."""

    language: str = "en"

    def __post_init__(self) -> None:
        one_of("report.language", self.language, ("en",))


@dataclass(frozen=True)
class ReportCommandConfig:
    """`greensplit report`."""

    dir: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        if self.dir is None:
            raise InputError("report needs a study's folder. Say: greensplit report DIR")
