"""The keys of `greensplit report`, and those under ``report`` of a study."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import InputError
from experiments.config._checks import at_least, one_of, path_field

__all__ = ["ReportCommandConfig", "ReportConfig"]

LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class ReportConfig:
    """How the page is written; `language` is `None` where the study was told before.

    Attributes:
        language: what it is written in.
        playback_s: how many seconds of both plans a study records for its page to play, none with 0.
    """

    language: str | None = None
    playback_s: int = 300

    def __post_init__(self) -> None:
        if self.language is not None:
            one_of("report.language", self.language, LANGUAGES)
        at_least("report.playback_s", self.playback_s, 0)


@dataclass(frozen=True)
class ReportCommandConfig:
    """`greensplit report`."""

    dir: Path | None = path_field()  # noqa: RUF009  a field, not a value
    report: ReportConfig = field(default_factory=ReportConfig)

    def __post_init__(self) -> None:
        if self.dir is None:
            raise InputError("report needs a study's folder. Say: greensplit report DIR")
