"""The keys of `greensplit optimize`."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.config.study import SearchStudyConfig

__all__ = ["OptimizeConfig"]


@dataclass(frozen=True)
class OptimizeConfig(SearchStudyConfig):
    """`greensplit optimize`."""
