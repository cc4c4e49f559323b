"""Drives a search: asks, has simulated, tells, until the budget is spent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.plan import Plan
from engine.search._base import Evaluation, Search, Trial

__all__ = ["drive"]

FRUITLESS = 50
"""A search that asks for nothing new this many times in a row has nothing new to ask."""


def drive(
    search: Search,
    baseline: Plan,
    evaluate: Callable[[Sequence[Trial]], list[Evaluation]],
    budget: int,
    batch: int,
    admits: Callable[[Plan], bool] = lambda plan: True,
) -> list[Plan]:
    """Return every plan that was simulated, the plan in the net first, in the order of proposal.

    Args:
        search: who proposes.
        baseline: the plan in the net: simulated on every seed before anything is asked.
        evaluate: simulates trials and returns an evaluation of each, in their order.
        budget: simulations in all, those of the plan in the net included; one that is asked for again counts once.
        batch: simulations between two answers; results depend on it, and not on the number of workers. A search that
            does not learn is asked for everything at once.
        admits: whether a plan may be run at all; of one that may not, a search learns that it has no result.

    Raises:
        InputError: the search cannot do its work within the budget.
    """
    search.check(budget)
    first = search.of_plan(baseline)
    if not search.learns:
        trials = [*first, *(trial for trial in search.ask(budget - len(first)) if admits(trial.plan))]
        evaluate(trials)
        return list({trial.plan.plan_id: trial.plan for trial in trials}.values())
    search.tell(evaluate(first))
    seen = {(trial.plan.plan_id, trial.seed) for trial in first}
    plans = {baseline.plan_id: baseline}
    fruitless = 0
    while len(seen) < budget and fruitless < FRUITLESS:
        asked = search.ask(min(batch, budget - len(seen)))
        if not asked:
            break
        allowed = [trial for trial in asked if admits(trial.plan)]
        known = dict(zip(allowed, evaluate(allowed), strict=True)) if allowed else {}
        search.tell([known.get(trial) or Evaluation(trial, None) for trial in asked])
        before = len(seen)
        for trial in allowed:
            seen.add((trial.plan.plan_id, trial.seed))
            plans.setdefault(trial.plan.plan_id, trial.plan)
        fruitless = 0 if len(seen) > before else fruitless + 1
    return list(plans.values())
