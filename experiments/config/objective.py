"""What is made small, and what is kept: the keys under ``objective``."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import cast

from engine.errors import InputError
from engine.objective import APPROACH_DELAY, Objective
from engine.result import EXTRA_MEASURES, NETWORK_MEASURES
from engine.risk import OVER, Over, Risk
from experiments.config._checks import one_of

__all__ = ["ObjectiveConfig"]


@dataclass(frozen=True)
class ObjectiveConfig:
    """What is made small, and what must be kept; measures are those of docs/measures.md.

    Attributes:
        name: what the option is called.
        weights: the sum of weight times measure is made small.
        worse_by: by how much a measure may exceed today's; approach_delay_s stands for every approach.
        at_most: what a measure may be.
        front: a Pareto front of these measures instead (search=nsga2).
        over: with scenario_set: mean over its members, worst of them, or cvar: the mean over the worst share of the weight.
        tail: that share.
    """

    name: str = "delay"
    weights: dict[str, float] = field(default_factory=lambda: {"delay_s": 1.0})
    worse_by: dict[str, float] = field(default_factory=dict)
    at_most: dict[str, float] = field(default_factory=dict)
    front: tuple[str, ...] = ()
    over: str = "mean"
    tail: float = 1.0 / 3.0

    def __post_init__(self) -> None:
        named = {"weights": self.weights, "worse_by": self.worse_by, "at_most": self.at_most}
        for key, names in (*named.items(), ("front", self.front)):
            known = (*NETWORK_MEASURES, *EXTRA_MEASURES, *([APPROACH_DELAY] if key == "worse_by" else []))
            for name in names:
                one_of(f"objective.{key}", name, known)
        if not self.weights or not all(math.isfinite(weight) for weight in self.weights.values()):
            raise InputError("objective.weights is empty or holds no number. Give one, as in {delay_s: 1}.")
        if not any(self.weights.values()):
            raise InputError(
                "objective.weights are all 0, so that every plan is as good as any. Give one, as in {delay_s: 1}."
            )
        for name, most in self.worse_by.items():
            if not math.isfinite(most):
                raise InputError(
                    f"objective.worse_by: {name} may not be {most:g} worse. Give a number, as in {{{name}: 5}}."
                )
        for name, most in self.at_most.items():
            if not most >= 0.0:
                raise InputError(f"objective.at_most: no plan keeps {name} at {most:g}. Give 0 or more.")
        if len(self.front) == 1:
            raise InputError(f"objective.front names {self.front[0]} alone. A front takes two measures or more.")
        one_of("objective.over", self.over, OVER)
        if not 0.0 < self.tail <= 1.0:
            raise InputError(f"objective.tail={self.tail:g} is no share. Give one above 0 and at most 1, such as 0.33.")
        if self.front and self.over != "mean":
            raise InputError(
                f"objective.front is of means over the members, and objective.over={self.over}. Leave one out."
            )

    def extra_measures(self) -> list[str]:
        """Return the measures named here that only `measures=all` brings."""
        named = (*self.weights, *self.worse_by, *self.at_most, *self.front)
        return [name for name in EXTRA_MEASURES if name in named]

    def objective(self) -> Objective:
        """Return what the engine calls this."""
        return Objective(self.weights, self.worse_by, self.at_most, self.front)

    def risk(self) -> Risk:
        """Return how the members of a set of scenarios count."""
        return Risk(cast("Over", self.over), self.tail)
