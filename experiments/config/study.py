"""The keys that `greensplit sweep` and `greensplit optimize` share."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass, field
from pathlib import Path

from engine.audit import Rules
from engine.control.spec import Sensing
from engine.errors import InputError
from engine.search import SEARCHES
from experiments.config._checks import BACKENDS, MEASURES, at_least, one_of, path_field, seeds_once
from experiments.config.controller import FIXED, ControllerConfig
from experiments.config.objective import ObjectiveConfig
from experiments.config.plans import PlansConfig
from experiments.config.report import ReportConfig
from experiments.config.scenario import QueueConfig, ScenarioConfig
from experiments.config.scenario_set import ScenarioSetConfig
from experiments.config.search import SearchConfig
from experiments.config.workers import AttemptsConfig, RayConfig

__all__ = ["SearchStudyConfig"]

OF_FIXED_PLANS = ("race", "maxband", "webster")
"""Searches that begin with what textbooks and models say of fixed plans."""


@dataclass(frozen=True)
class SearchStudyConfig:
    """What `sweep` and `optimize` share."""

    scenario: ScenarioConfig
    scenario_set: ScenarioSetConfig = field(default_factory=ScenarioSetConfig)
    plans: PlansConfig = field(default_factory=PlansConfig)
    search: SearchConfig = field(default_factory=SearchConfig)
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    controller: ControllerConfig = field(default_factory=ControllerConfig)
    sensing: Sensing = field(default_factory=Sensing)
    rules: Rules = field(default_factory=Rules)
    report: ReportConfig = field(default_factory=ReportConfig)
    queue: QueueConfig = field(default_factory=QueueConfig)
    run: AttemptsConfig = field(default_factory=AttemptsConfig)
    ray: RayConfig = field(default_factory=RayConfig)
    seeds: tuple[int, ...] = (1, 2, 3)
    workers: int | None = None
    measures: str = "traffic"
    backend: str = "native"
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        one_of("backend", self.backend, BACKENDS[:3])
        one_of("measures", self.measures, MEASURES)
        if self.measures != "all" and self.objective.extra_measures():
            raise InputError(
                f"objective names {self.objective.extra_measures()[0]}, which is not measured. Add measures=all."
            )
        if self.controller.kind != FIXED and self.search.name in OF_FIXED_PLANS:
            raise InputError(
                f"search={self.search.name} knows fixed plans only. To tune controller={self.controller.kind}, choose one of: "
                f"{', '.join(name for name in SEARCHES if name not in OF_FIXED_PLANS)}."
            )
        at_least("workers", self.workers, 1)
        if not self.seeds:
            raise InputError("seeds is empty. Name at least one training seed, as in seeds=[1,2,3].")
        seeds_once("seeds", self.seeds)
        sets = {
            "seeds": self.seeds,
            "search.holdout_seeds": self.search.holdout_seeds,
            "search.confirm_seeds": self.search.confirm_seeds,
        }
        for (one, a), (other, b) in itertools.combinations(sets.items(), 2):
            shared = sorted(set(a) & set(b))
            if shared:
                raise InputError(
                    f"seed {', '.join(map(str, shared))} is in {one} and in {other}. A plan is chosen on one set and "
                    "proven on the other: name different seeds."
                )
        members = self.members()
        if self.search.budget < len(self.seeds) * len(members):
            of_members = f" in each of {len(members)} members" if len(members) > 1 else ""
            raise InputError(
                f"search.budget={self.search.budget} is below the {len(self.seeds)} seeds that each plan runs "
                f"with{of_members}. Raise the budget or name fewer seeds."
            )
        if not self.scenario_set.members and self.objective.over != "mean":
            raise InputError(
                f"objective.over={self.objective.over} is over the members of a set. Give scenario_set=NAME."
            )

    def members(self) -> dict[str, SearchStudyConfig]:
        """Return the configuration of each scenario that a plan runs in: of a set's members by name, else this one as ""."""
        parsed = self.scenario_set.parsed()
        if not parsed:
            return {"": self}
        alone = dataclasses.replace(self.objective, over="mean")
        return {
            name: dataclasses.replace(
                self, scenario=member.scenario(self.scenario), scenario_set=ScenarioSetConfig(), objective=alone
            )
            for name, member in parsed.items()
        }

    def weights(self) -> tuple[float, ...]:
        """Return the weights of `members`, which sum to 1."""
        return tuple(member.weight for member in self.scenario_set.parsed().values()) or (1.0,)
