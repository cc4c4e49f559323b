"""The keys of `greensplit emergency`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from engine.errors import InputError
from experiments.config._checks import above_zero, at_least, seeds_once
from experiments.config.controller import FIXED
from experiments.config.optimize import OptimizeConfig
from experiments.config.study import SearchStudyConfig

__all__ = ["AlarmConfig", "EmergencyConfig"]

LEAST_SEEDS = 3


@dataclass(frozen=True)
class AlarmConfig:
    """How the rule is fitted that changes plans; the keys under ``alarm``.

    Attributes:
        window_s: length of a window in which detectors count, seconds.
        in_a_row: how many windows in a row it takes.
        seeds: training runs; of n, a further usual day exceeds the limit with a chance of about 1/(n+1).
    """

    window_s: float = 180.0
    in_a_row: int = 2
    seeds: tuple[int, ...] = tuple(range(301, 321))

    def __post_init__(self) -> None:
        above_zero("alarm.window_s", self.window_s)
        at_least("alarm.in_a_row", self.in_a_row, 1)
        seeds_once("alarm.seeds", self.seeds)
        if len(self.seeds) < LEAST_SEEDS:
            raise InputError(f"alarm.seeds has {len(self.seeds)} seeds. Give at least {LEAST_SEEDS}, better 20.")


@dataclass(frozen=True)
class EmergencyConfig(SearchStudyConfig):
    """`greensplit emergency`."""

    alarm: AlarmConfig = field(default_factory=AlarmConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        shared = sorted(set(self.alarm.seeds) & set(self.search.holdout_seeds))
        if shared:
            raise InputError(
                f"seed {', '.join(map(str, shared))} is in alarm.seeds and in search.holdout_seeds. A rule is fitted to "
                "one set and proven on the other: name different seeds."
            )
        if not self.search.holdout_seeds:
            raise InputError("search.holdout_seeds is empty, and emergency plans are proven on them. Name some.")
        if self.controller.kind != FIXED:
            raise InputError(
                f"controller={self.controller.kind} answers to troubles by itself; emergency plans are fixed plans. "
                "Leave controller= out."
            )

    def searches(self) -> dict[str, OptimizeConfig]:
        """Return the configuration of the search in each member, by name.

        Raises:
            InputError: the set has fewer than two members.
        """
        members = self.members()
        if len(members) < 2:
            raise InputError(
                "emergency needs a usual day and at least one trouble. Give scenario_set=NAME with two members or more; "
                "the first one is the usual day."
            )
        names = [of.name for of in dataclasses.fields(OptimizeConfig)]
        return {
            name: OptimizeConfig(**{key: getattr(member, key) for key in names}) for name, member in members.items()
        }
