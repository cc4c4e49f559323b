"""What a search did with its budget: the best so far, which parameters mattered, and the front of several objectives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.plan import Plan

__all__ = ["Step", "course", "front", "importances"]

FEWEST = 8
"""Fewer plans than this say nothing of what a parameter is worth."""


@dataclass(frozen=True)
class Step:
    """After so many training simulations, this plan was the best that had run on every seed, with this mean."""

    simulations: int
    plan_id: str
    value: float


def course(runs: Iterable[tuple[str, int, float | None]], seeds: Sequence[int]) -> list[Step]:
    """Return the steps by which the best plan improved.

    Args:
        runs: (plan, seed, the objective's value or `None` for a lost run) of each training simulation, in order.
        seeds: the training seeds.
    """
    values: dict[str, dict[int, float]] = {}
    steps: list[Step] = []
    for n, (plan_id, seed, value) in enumerate(runs, start=1):
        if value is None:
            continue
        of_plan = values.setdefault(plan_id, {})
        of_plan[seed] = value
        if len(of_plan) == len(seeds):
            mean = math.fsum(of_plan.values()) / len(seeds)
            if not steps or mean < steps[-1].value:
                steps.append(Step(n, plan_id, mean))
    return steps


def importances(plans: Sequence[Plan], values: Sequence[float]) -> dict[str, float]:
    """Return the share of each parameter in what sets the better plans apart, largest first; they sum to 1.

    By the PED-ANOVA of optuna (Watanabe et al. 2023). Empty where there are too few plans to tell.

    Args:
        plans: with their parameters.
        values: the objective's mean of each.
    """
    names = list(plans[0].parameters) if plans else []
    known = [(plan, value) for plan, value in zip(plans, values, strict=True) if math.isfinite(value)]
    if len(known) < FEWEST or not names:
        return {}
    import optuna  # noqa: PLC0415  takes a second to import

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study()
    ranges = {name: [plan.parameters[name] for plan, _ in known] for name in names}
    distributions: dict[str, optuna.distributions.BaseDistribution] = {
        name: optuna.distributions.FloatDistribution(min(of), max(of))
        for name, of in ranges.items()
        if max(of) > min(of)
    }
    for plan, value in known:
        parameters = {name: plan.parameters[name] for name in distributions}
        study.add_trial(optuna.create_trial(params=parameters, distributions=distributions, values=[value]))
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    return {
        name: float(share)
        for name, share in optuna.importance.get_param_importances(study, evaluator=evaluator).items()
    }


def front(values: Mapping[str, Sequence[float]]) -> list[str]:
    """Return the plans that no other plan beats in one objective without losing in another, sorted by the first.

    Args:
        values: the means of every objective by plan, the smaller the better.
    """
    kept = [
        plan_id
        for plan_id, own in values.items()
        if not any(
            all(b <= a for a, b in zip(own, other, strict=True)) and tuple(other) != tuple(own)
            for other in values.values()
        )
    ]
    return sorted(kept, key=lambda plan_id: (*values[plan_id], plan_id))
