"""Which limits of an objective no plan of a study keeps, and by how much the nearest plan misses them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from engine.objective import APPROACH_DELAY, Objective
from engine.plan import BASELINE
from engine.result import RunResult
from engine.scenario_set import SetStudy
from engine.selection import Ranked
from engine.study import Study

__all__ = ["unmet"]


def unmet(study: Study | SetStudy, objective: Objective, ranked: Sequence[Ranked], seeds: Sequence[int]) -> list[str]:
    """Return a sentence that names the limits which the nearest plan misses; none where a plan keeps them all.

    The nearest is the plan whose excesses, as shares of what is allowed, sum to the least, on the training seeds that it
    ran with. The plan in the net is one of them.
    """
    if not (objective.worse_by or objective.at_most):
        return []
    if isinstance(study, SetStudy):
        of_each = ((name, unmet(part, objective, ranked, seeds)) for name, part in study.parts.items())
        return [f"{name}: {sentence}" for name, sentences in of_each for sentence in sentences]
    nearest: tuple[float, str, list[tuple[RunResult, RunResult]]] | None = None
    n_plans = 0
    for plan in ranked:
        if plan.failed:
            continue
        pairs = [(study.result(plan.plan_id, seed), study.result(BASELINE, seed)) for seed in seeds]
        runs = [(ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None]
        if not runs:
            continue
        n_plans += 1
        violation = objective.violation([objective.excesses(*pair) for pair in runs])
        if violation <= 0.0:
            return []
        if nearest is None or violation < nearest[0]:
            nearest = violation, plan.plan_id, runs
    if nearest is None:
        return []
    _, plan_id, runs = nearest
    excess = _means([objective.excesses(*pair) for pair in runs])
    has = _means([{name: value for name, (value, _) in objective.limits(*pair).items()} for pair in runs])
    may = _means([{name: allowed for name, (_, allowed) in objective.limits(*pair).items()} for pair in runs])
    missed = [
        f"{_limit(objective, name, may[name])} by {has[name] - may[name]:.3g} (it has {has[name]:.4g})"
        for name in excess
        if excess[name] > 0.0
    ]
    called = "the plan in the net" if plan_id == BASELINE else f"plan {plan_id}"
    return [
        f"No plan keeps the limits: the nearest of {n_plans}, {called}, misses {', '.join(missed)}, "
        f"mean of {len(runs)} training seed{'s' * (len(runs) != 1)}."
    ]


def _means(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for of_run in runs for name in of_run)
    return {name: math.fsum(of[name] for of in runs if name in of) / len(runs) for name in names}


def _limit(objective: Objective, name: str, allowed: float) -> str:
    """Return a limit in words, as in ``delay_s at most 1``."""
    if name.endswith(" at most"):
        return f"{name} {allowed:.4g}"
    measure = name.partition(" ")[0]
    more = objective.worse_by[APPROACH_DELAY if measure == APPROACH_DELAY else name]
    return f"{name} at most {more:g} above today's"
