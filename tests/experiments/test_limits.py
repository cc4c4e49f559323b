"""Limits that no plan keeps: the sentence that says so, and by how much the nearest plan misses."""

import pytest

from engine.objective import APPROACH_DELAY, Objective
from engine.selection import Ranked
from experiments._limits import unmet
from experiments.report.finding import finding
from tests.engine.test_objective import result


class Ran:
    """A study that knows the results it is made with."""

    def __init__(self, results):
        self.results = results

    def result(self, plan_id, seed):
        return self.results.get((plan_id, seed))


def ranked(*plan_ids, **more):
    return [Ranked(plan_id, (), (), 0, **({"failed": ()} | more)) for plan_id in plan_ids]


def study(**delays):
    return Ran({(name, seed): result(delay_s + seed) for name, delay_s in delays.items() for seed in (1, 2)})


def test_the_nearest_plan_is_named_with_what_it_misses():
    found = unmet(
        study(baseline=40.0, fast=30.0, fair=35.0),
        Objective(at_most={"delay_s": 1.0}),
        ranked("fast", "fair", "baseline"),
        [1, 2],
    )
    assert found == [
        "No plan keeps the limits: the nearest of 3, plan fast, misses delay_s at most 1 by 30.5 (it has 31.5), "
        "mean of 2 training seeds."
    ]


def test_the_plan_in_the_net_may_be_the_nearest():
    objective = Objective(at_most={"delay_s": 20.0}, worse_by={"stops_per_veh": 0.0})
    (found,) = unmet(study(baseline=30.0, slow=50.0), objective, ranked("slow", "baseline"), [1, 2])
    assert "the nearest of 2, the plan in the net, misses delay_s at most 20 by 11.5 (it has 31.5), mean" in found


def test_a_limit_against_today_is_named_as_one():
    objective = Objective(worse_by={"delay_s": -20.0, APPROACH_DELAY: -5.0})
    (found,) = unmet(study(baseline=40.0, fast=30.0), objective, ranked("fast", "baseline"), [1, 2])
    assert "delay_s at most -20 above today's by 10 (it has 31.5)" in found
    assert "approach_delay_s j N at most -5 above today's by 5 (it has 30)" in found


@pytest.mark.parametrize(
    ("objective", "plans"),
    [
        (Objective(), ranked("fast", "baseline")),
        (Objective(at_most={"delay_s": 35.0}), ranked("fast", "baseline")),
        (Objective(at_most={"delay_s": 45.0}), ranked("fast", "baseline")),
        (Objective(at_most={"delay_s": 1.0}), ranked("fast", failed=(2,))),
        (Objective(at_most={"delay_s": 1.0}), ranked("lost")),
    ],
)
def test_nothing_is_said_where_a_plan_keeps_them_or_none_ran(objective, plans):
    assert unmet(study(baseline=40.0, fast=30.0), objective, plans, [1, 2]) == []


def test_it_ends_the_finding_of_the_page_and_the_terminal():
    summary = {"baseline": {"delay_s": None}, "ranking": [{}, {}], "verdict": "baseline"}
    assert finding(summary) == "No plan beat the plan in the net with confidence on the held-out seeds: it stays."
    assert finding(summary | {"unmet": ["No plan keeps the limits: ..."]}).endswith(
        "it stays. No plan keeps the limits: ..."
    )
