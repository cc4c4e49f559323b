"""How plans are proposed: the keys under ``search``."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import InputError
from engine.search import SEARCHES
from experiments.config._checks import above_zero, at_least, one_of, seeds_once

__all__ = ["SearchConfig"]


@dataclass(frozen=True)
class SearchConfig:
    """How plans are proposed, and what may be spent on them.

    Attributes:
        name: who proposes.
        budget: training simulations started, those of the plan in the net among them.
        batch: how many answers the search is told at a time.
        seed: of the search's own draws; SUMO's seeds are others.
        levels: of each coordinate of a grid.
        screen: whether a fast traffic model, built from runs of today's plan, leads the race.
        leader_seeds: training seeds that the race runs only those plans with that may still be the best after all of
            `seeds`; those that confirm or prove a plan are left out.
        finalists: plans that are set against today's on seeds of their own; 1 takes the first.
        zone: the share of today's delay below which differences do not matter to that choice.
        confirm_seeds: those seeds; as many are used as the choice takes.
        holdout_seeds: seeds that prove the winner, which nothing before has seen; [] switches them off.
    """

    name: str = "sobol"
    budget: int = 96
    batch: int = 8
    seed: int = 0
    levels: int = 3
    screen: bool = True
    leader_seeds: tuple[int, ...] = tuple(range(11, 18))
    finalists: int = 3
    zone: float = 0.02
    confirm_seeds: tuple[int, ...] = tuple(range(201, 221))
    holdout_seeds: tuple[int, ...] = tuple(range(101, 111))

    def __post_init__(self) -> None:
        one_of("search.name", self.name, SEARCHES)
        at_least("search.batch", self.batch, 1)
        at_least("search.levels", self.levels, 1)
        at_least("search.finalists", self.finalists, 1)
        above_zero("search.zone", self.zone)
        seeds_once("search.leader_seeds", self.leader_seeds)
        seeds_once("search.confirm_seeds", self.confirm_seeds)
        seeds_once("search.holdout_seeds", self.holdout_seeds)
        if 0 < len(self.confirm_seeds) < 5:
            raise InputError(
                f"search.confirm_seeds names {len(self.confirm_seeds)} seeds; a choice among finalists takes at least 5. "
                "Name more, or none: []."
            )
