"""The keys of `greensplit tournament`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from conf import options
from engine.errors import InputError
from engine.search import SEARCHES
from experiments.config._checks import at_least, one_of, path_field

__all__ = ["TournamentConfig"]


@dataclass(frozen=True)
class TournamentConfig:
    """`greensplit tournament`."""

    scenarios: tuple[str, ...] = ("cologne1", "cologne3", "cologne8", "ingolstadt1")
    searches: tuple[str, ...] = ("race", "tpe", "cmaes")
    budgets: tuple[int, ...] = (100,)
    repeats: int = 3
    workers: int | None = None
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        for name in self.scenarios:
            one_of("scenarios", name, options("scenario"))
        for name in self.searches:
            one_of("searches", name, SEARCHES)
        if not (self.scenarios and self.searches and self.budgets):
            raise InputError("a tournament needs scenarios, searches and budgets. Name at least one of each.")
        for budget in self.budgets:
            at_least("budgets", budget, 3)
        at_least("repeats", self.repeats, 1)
        at_least("workers", self.workers, 1)
        if self.out is None:
            raise InputError("out is missing: the folder that the tournament grows in, as in out=studies/tournament.")
