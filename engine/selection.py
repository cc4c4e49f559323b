"""Which plan wins: chosen on training seeds, confirmed on seeds that the search never saw."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.plan import BASELINE
from engine.statistics import Interval, paired_interval

__all__ = ["Ranked", "Verdict", "judge", "rank"]

Verdict = Literal["better", "baseline", "unreported"]
Runs = Mapping[int, Mapping[str, float]]
"""Network measures of one plan by seed."""


@dataclass(frozen=True)
class Ranked:
    """One plan's place.

    Attributes:
        plan_id: the plan.
        delay_s: its runs' delays, seconds per vehicle, in the order of the seeds that were done.
        gridlocks: how many of them ended in gridlock.
        failed: seeds that have no result.
    """

    plan_id: str
    delay_s: tuple[float, ...]
    gridlocks: int
    failed: tuple[int, ...]

    @property
    def mean_s(self) -> float:
        """Mean delay; infinite where nothing was done."""
        return math.fsum(self.delay_s) / len(self.delay_s) if self.delay_s else math.inf


def rank(plan_ids: Sequence[str], runs: Mapping[str, Runs], seeds: Sequence[int]) -> list[Ranked]:
    """Return the plans, best first.

    Plans with a run missing come last: a mean over the seeds that went well would flatter them. Then come plans that
    gridlock on more seeds than the plan in the net, whatever their mean. The rest is ordered by mean delay, and equal
    plans by the order in which they were proposed.
    """
    ranked = []
    for plan_id in plan_ids:
        done = runs.get(plan_id, {})
        ranked.append(
            Ranked(
                plan_id,
                tuple(done[seed]["delay_s"] for seed in seeds if seed in done),
                sum(done[seed]["gridlock"] > 0 for seed in seeds if seed in done),
                tuple(seed for seed in seeds if seed not in done),
            )
        )
    accepted = next((plan.gridlocks for plan in ranked if plan.plan_id == BASELINE), 0)
    return sorted(ranked, key=lambda plan: (bool(plan.failed), plan.gridlocks > accepted, plan.mean_s))


def judge(candidate: Runs, baseline: Runs, seeds: Sequence[int]) -> tuple[Verdict, Interval | None]:
    """Return whether a candidate is better than the plan in the net on held-out seeds, and the paired difference.

    It is, where every seed was done by both, the 95 % interval of candidate - baseline lies below zero, and the
    candidate gridlocks no more often. Anything less leaves the plan in the net in its place.
    """
    if not seeds:
        return "unreported", None
    both = [seed for seed in seeds if seed in candidate and seed in baseline]
    if not both:
        return "baseline", None
    difference = paired_interval(
        [candidate[seed]["delay_s"] for seed in both], [baseline[seed]["delay_s"] for seed in both]
    )
    more_gridlocks = sum(candidate[s]["gridlock"] for s in both) > sum(baseline[s]["gridlock"] for s in both)
    sure = difference.high is not None and difference.high < 0.0
    better = len(both) == len(seeds) and sure and not more_gridlocks
    return ("better" if better else "baseline"), difference
