"""What is made small, and what is kept: the keys under ``objective``."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from engine.errors import InputError
from engine.objective import APPROACH_DELAY, Objective
from engine.result import EXTRA_MEASURES, NETWORK_MEASURES
from experiments.config._checks import one_of

__all__ = ["ObjectiveConfig"]


@dataclass(frozen=True)
class ObjectiveConfig:
    """What is made small, and what must be kept; measures are those of docs/measures.md."""

    name: str = "delay"
    weights: dict[str, float] = field(default_factory=lambda: {"delay_s": 1.0})
    worse_by: dict[str, float] = field(default_factory=dict)
    at_most: dict[str, float] = field(default_factory=dict)
    front: tuple[str, ...] = ()

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

    def extra_measures(self) -> list[str]:
        """Return the measures named here that only `measures=all` brings."""
        named = (*self.weights, *self.worse_by, *self.at_most, *self.front)
        return [name for name in EXTRA_MEASURES if name in named]

    def objective(self) -> Objective:
        """Return what the engine calls this."""
        return Objective(self.weights, self.worse_by, self.at_most, self.front)
