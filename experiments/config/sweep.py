"""The keys of `greensplit sweep`."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import InputError
from engine.search import SEARCHES
from experiments.config.study import SearchStudyConfig

__all__ = ["SweepConfig"]


@dataclass(frozen=True)
class SweepConfig(SearchStudyConfig):
    """`greensplit sweep`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if SEARCHES[self.search.name].learns:
            still = ", ".join(name for name, kind in SEARCHES.items() if not kind.learns)
            raise InputError(
                f"search={self.search.name} learns as it goes, and a sweep does not. "
                f"Choose one of: {still}; or say 'greensplit optimize'."
            )
