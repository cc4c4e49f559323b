"""Which plan wins: chosen on training seeds, confirmed on seeds that the search never saw."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal

from engine.objective import Objective
from engine.plan import BASELINE
from engine.statistics import Interval, paired_interval

__all__ = ["Ranked", "Runs", "Verdict", "judge", "rank"]

Verdict = Literal["better", "baseline", "unreported"]
Runs = Mapping[int, Mapping[str, float]]
"""Network measures of one plan by seed."""


@dataclass(frozen=True)
class Ranked:
    """One plan's place.

    Attributes:
        plan_id: the plan.
        values: the objective's value of its runs, in the order of the seeds that were done.
        delay_s: its runs' delays, seconds per vehicle, in the same order.
        gridlocks: how many of them ended in gridlock.
        failed: seeds whose run has no result.
        untried: seeds that it was never run with, because the search had dropped it.
        stopped: seeds whose run was given up on the way, because it could not win any more.
        violation: how far it exceeds the objective's limits; 0 where it keeps them all.
    """

    plan_id: str
    values: tuple[float, ...]
    delay_s: tuple[float, ...]
    gridlocks: int
    failed: tuple[int, ...]
    untried: tuple[int, ...] = ()
    violation: float = 0.0
    stopped: tuple[int, ...] = ()

    @property
    def mean(self) -> float:
        """Mean of the objective; infinite where nothing was done."""
        return math.fsum(self.values) / len(self.values) if self.values else math.inf

    @property
    def mean_s(self) -> float:
        """Mean delay; infinite where nothing was done."""
        return math.fsum(self.delay_s) / len(self.delay_s) if self.delay_s else math.inf


def rank(
    plan_ids: Sequence[str],
    runs: Mapping[str, Runs],
    seeds: Sequence[int],
    objective: Objective | None = None,
    violations: Mapping[str, float] | None = None,
    asked: Mapping[str, Set[int]] | None = None,
    stopped: Mapping[str, Set[int]] | None = None,
) -> list[Ranked]:
    """Return the plans, best first.

    Plans with a run missing come last: a mean over the seeds that went well would flatter them. Then come plans that
    gridlock on more seeds than the plan in the net, whatever their mean, then those that exceed a limit. The rest is
    ordered by the objective's mean, and equal plans by the order in which they were proposed.

    Args:
        runs: network measures by plan and seed.
        objective: what is made small; delay by default.
        violations: by plan; none by default.
        asked: the seeds that each plan was run with; all of them by default.
        stopped: the seeds on which its run was given up; none by default.
    """
    objective = objective or Objective()
    ranked = []
    for plan_id in plan_ids:
        done = runs.get(plan_id, {})
        tried = seeds if asked is None else asked.get(plan_id, frozenset())
        given_up = (stopped or {}).get(plan_id, frozenset())
        ranked.append(
            Ranked(
                plan_id,
                tuple(objective.value(done[seed]) for seed in seeds if seed in done),
                tuple(done[seed]["delay_s"] for seed in seeds if seed in done),
                sum(done[seed]["gridlock"] > 0 for seed in seeds if seed in done),
                tuple(seed for seed in seeds if seed in tried and seed not in done and seed not in given_up),
                tuple(seed for seed in seeds if seed not in tried),
                (violations or {}).get(plan_id, 0.0),
                tuple(seed for seed in seeds if seed in given_up),
            )
        )
    accepted = next((plan.gridlocks for plan in ranked if plan.plan_id == BASELINE), 0)

    def place(plan: Ranked) -> tuple[int, bool, float, float]:
        missing = 2 if plan.failed or plan.stopped else 1 if plan.untried else 0
        return missing, plan.gridlocks > accepted, plan.violation, plan.mean

    return sorted(ranked, key=place)


def judge(
    candidate: Runs,
    baseline: Runs,
    seeds: Sequence[int],
    objective: Objective | None = None,
    violation: float = 0.0,
) -> tuple[Verdict, Interval | None]:
    """Return whether a candidate is better than the plan in the net on held-out seeds, and the paired difference.

    It is, where every seed was done by both, the 95 % interval of the objective, candidate - baseline, lies below
    zero, the candidate gridlocks no more often, and it exceeds no limit on these seeds. Anything less leaves the plan
    in the net in its place. The difference that is returned is the objective's.
    """
    objective = objective or Objective()
    if not seeds:
        return "unreported", None
    both = [seed for seed in seeds if seed in candidate and seed in baseline]
    if not both:
        return "baseline", None
    difference = paired_interval(
        [objective.value(candidate[seed]) for seed in both], [objective.value(baseline[seed]) for seed in both]
    )
    more_gridlocks = sum(candidate[s]["gridlock"] for s in both) > sum(baseline[s]["gridlock"] for s in both)
    sure = difference.high is not None and difference.high < 0.0
    better = len(both) == len(seeds) and sure and not more_gridlocks and violation <= 0.0
    return ("better" if better else "baseline"), difference
