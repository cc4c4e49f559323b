"""Objectives: weights, limits against the plan in the net, and the measures that may be named."""

import pytest

from engine.objective import APPROACH_DELAY, Objective
from engine.result import NETWORK_MEASURES, RunResult
from engine.selection import judge, rank
from tests.made import approach_results, group_result


def result(delay_s=30.0, north_s=20.0, south_s=20.0, **network):
    groups = (
        group_result("j", "N", "N-through", north_s, "C", vehicles=100),
        group_result("j", "N", "N-left", north_s + 30.0, "D", vehicles=50),
        group_result("j", "S", "S-through", south_s, "C", vehicles=80),
    )
    measured = {"delay_s": delay_s, "gridlock": 0, "stops_per_veh": 1.0, **network}
    return RunResult(measured, groups, (), approach_results(groups))


def test_the_value_is_the_weighted_sum():
    objective = Objective({"delay_s": 1.0, "stops_per_veh": 5.0})
    assert objective.value({"delay_s": 30.0, "stops_per_veh": 0.8}) == 34.0
    assert objective.values({"delay_s": 30.0, "stops_per_veh": 0.8}) == (34.0,)
    front = Objective(front=("delay_s", "stops_per_veh"))
    assert front.values({"delay_s": 30.0, "stops_per_veh": 0.8}) == (30.0, 0.8)


def test_no_approach_may_lose_more_than_the_limit():
    objective = Objective(worse_by={APPROACH_DELAY: 5.0})
    # North: (100 x 20 + 50 x 50) / 150 = 30 s today, so 35 s are allowed.
    gains_and_loses = objective.excesses(result(25.0, north_s=29.0, south_s=5.0), result())
    assert gains_and_loses[f"{APPROACH_DELAY} j N"] == pytest.approx((39.0 - 35.0) / 35.0)
    assert gains_and_loses[f"{APPROACH_DELAY} j S"] == pytest.approx((5.0 - 25.0) / 25.0)
    assert objective.violation([gains_and_loses]) == pytest.approx(4.0 / 35.0)


def test_limits_hold_for_the_mean_over_the_seeds():
    objective = Objective(worse_by={"delay_s": 0.0}, at_most={"stops_per_veh": 1.2})
    above, below = objective.excesses(result(33.0), result(30.0)), objective.excesses(result(26.0), result(30.0))
    assert objective.violation([above]) == pytest.approx(0.1)
    assert objective.violation([above, below]) == 0.0
    assert objective.violation([objective.excesses(result(stops_per_veh=1.5), result())]) == pytest.approx(0.3 / 1.2)


def test_a_plan_that_exceeds_a_limit_is_ranked_after_those_that_keep_it():
    runs = {name: {1: result(delay).network} for name, delay in (("baseline", 40.0), ("fast", 20.0), ("fair", 30.0))}
    ranked = rank(list(runs), runs, [1], violations={"fast": 0.2})
    assert [plan.plan_id for plan in ranked] == ["fair", "baseline", "fast"]


def test_a_limit_exceeded_on_held_out_seeds_leaves_the_plan_in_the_net():
    ours = {seed: result(20.0 + 0.1 * seed).network for seed in range(5)}
    theirs = {seed: result(30.0 + 0.2 * seed).network for seed in range(5)}
    assert judge(ours, theirs, range(5))[0] == "better"
    assert judge(ours, theirs, range(5), violation=0.1)[0] == "baseline"


def test_every_run_has_the_measures_that_objectives_may_name(cologne1):
    from engine.nursery import Nursery
    from engine.plan import Plan

    with Nursery(*cologne1) as nursery:
        assert sorted(nursery.run(Plan(()), 1).network) == sorted(NETWORK_MEASURES)
