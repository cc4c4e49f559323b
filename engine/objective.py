"""What a search is to make small, and what it must keep: weights of measures, limits, and several goals at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.result import RunResult

__all__ = ["APPROACH_DELAY", "Objective"]

APPROACH_DELAY = "approach_delay_s"
"""Beside the network's measures: the control delay of the approach that fares worst against the plan in the net."""


@dataclass(frozen=True)
class Objective:
    """One number to make small, limits to keep, and further goals for a Pareto front. Measures: docs/measures.md.

    Attributes:
        weights: the number is the sum of weight times network measure; with ``delay_s: 1`` it is the delay.
        worse_by: by how much a measure may exceed the plan in the net's, paired by seed, mean over the seeds. Besides
            the network's measures, `APPROACH_DELAY` limits every approach.
        at_most: what a network measure may be, mean over the seeds.
        front: measures of the Pareto front; empty where the one number is all that counts.
    """

    weights: Mapping[str, float] = field(default_factory=lambda: {"delay_s": 1.0})
    worse_by: Mapping[str, float] = field(default_factory=dict)
    at_most: Mapping[str, float] = field(default_factory=dict)
    front: Sequence[str] = ()

    @property
    def delay_weight(self) -> float | None:
        """What a second of delay per vehicle weighs, where that is all that counts; else `None`."""
        weight = self.weights.get("delay_s", 0.0)
        alone = len(self.weights) == 1 and not (self.worse_by or self.at_most or self.front)
        return weight if alone and weight > 0.0 else None

    def value(self, network: Mapping[str, float]) -> float:
        """Return the number that is made small of one run's network measures."""
        return math.fsum(weight * network[name] for name, weight in self.weights.items())

    def values(self, network: Mapping[str, float]) -> tuple[float, ...]:
        """Return what a search follows: the measures of the front, or the one number."""
        return tuple(float(network[name]) for name in self.front) or (self.value(network),)

    def limits(self, run: RunResult, baseline: RunResult) -> dict[str, tuple[float, float]]:
        """Return (what one run has, what it may have) for each limit, in the measure's unit."""
        found = {}
        for name, most in self.worse_by.items():
            if name == APPROACH_DELAY:
                delays = run.approach_delays_s
                for key, delay_s in baseline.approach_delays_s.items():
                    found[f"{name} {' '.join(key)}"] = (delays.get(key, 0.0), delay_s + most)
            else:
                found[name] = (run.network[name], baseline.network[name] + most)
        for name, most in self.at_most.items():
            found[f"{name} at most"] = (run.network[name], most)
        return found

    def excesses(self, run: RunResult, baseline: RunResult) -> dict[str, float]:
        """Return by how much one run exceeds each limit, as a share of what it allows; negative below it."""
        return {name: _share(value, allowed) for name, (value, allowed) in self.limits(run, baseline).items()}

    def violation(self, excesses: Sequence[Mapping[str, float]]) -> float:
        """Return how far the means over some runs exceed the limits, summed over those that are; 0 where none is."""
        names = dict.fromkeys(name for of_run in excesses for name in of_run)
        means = {name: math.fsum(of_run[name] for of_run in excesses) / len(excesses) for name in names}
        return math.fsum(max(0.0, mean) for mean in means.values())


def _share(value: float, allowed: float) -> float:
    return (value - allowed) / max(abs(allowed), 1.0)
