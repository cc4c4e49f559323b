"""`greensplit report`: (re)draws a study's page."""

from __future__ import annotations

from experiments.config import ReportCommandConfig
from experiments.report.page import compile_page, draw

__all__ = ["compile_page", "draw", "main"]


def main(config: ReportCommandConfig) -> int:
    """Draw the page of the study in `config.dir` and say where it is. Returns 0."""
    assert config.dir is not None, "the configuration is checked before"
    print(draw(config.dir.absolute(), language=config.report.language))
    return 0
