"""A winner is chosen on training seeds and has to prove itself on others."""

import math

import pytest

from engine.selection import judge, rank
from engine.statistics import interval, paired_interval


def runs(delays, gridlocked=()):
    return {seed: {"delay_s": delay, "gridlock": float(seed in gridlocked)} for seed, delay in enumerate(delays, 1)}


def test_ranks_by_mean_with_failures_and_gridlock_last():
    table = {
        "baseline": runs([40, 42, 41]),
        "fast": runs([30, 31, 32]),
        "jams": runs([10, 11, 12], gridlocked={2}),
        "half": {1: {"delay_s": 1.0, "gridlock": 0.0}},
    }
    ranked = rank(["baseline", "half", "jams", "fast"], table, [1, 2, 3])
    assert [plan.plan_id for plan in ranked] == ["fast", "baseline", "jams", "half"]
    assert ranked[3].failed == (2, 3)
    assert ranked[0].mean_s == 31.0


def test_a_plan_in_the_net_that_gridlocks_does_not_shut_out_others_that_do():
    table = {"baseline": runs([90, 95], gridlocked={1}), "new": runs([60, 70], gridlocked={2})}
    assert rank(["baseline", "new"], table, [1, 2])[0].plan_id == "new"


def test_better_needs_an_interval_below_zero():
    seeds = [1, 2, 3, 4, 5]
    baseline = runs([40, 42, 41, 43, 39])
    verdict, difference = judge(runs([30, 33, 31, 32, 30]), baseline, seeds)
    assert verdict == "better"
    assert difference.mean == pytest.approx(-9.8)
    assert judge(runs([30, 55, 31, 50, 38]), baseline, seeds)[0] == "baseline"


def test_better_on_average_is_not_better_with_a_gridlock_or_a_missing_run():
    seeds = [1, 2, 3]
    baseline = runs([40, 41, 42])
    assert judge(runs([30, 31, 32], gridlocked={3}), baseline, seeds)[0] == "baseline"
    assert judge(runs([30, 31]), baseline, seeds)[0] == "baseline"
    assert judge({}, baseline, seeds) == ("baseline", None)


def test_without_held_out_seeds_nothing_is_proven():
    assert judge(runs([1.0]), runs([2.0]), []) == ("unreported", None)


def test_intervals_are_students():
    # 1..10: mean 5.5, s = 3.02765, t(9) = 2.26216 (tables).
    found = interval([float(i) for i in range(1, 11)])
    assert found.mean == 5.5
    assert found.high - found.mean == pytest.approx(2.262157 * 3.027650 / math.sqrt(10), rel=1e-6)
    assert interval([3.0]).low is None
    # Pairing takes out what seeds share.
    paired = paired_interval([10.0, 20.0, 31.0], [9.0, 19.0, 29.0])
    assert paired.mean == pytest.approx(4 / 3)
    with pytest.raises(ValueError, match="zip"):
        paired_interval([1.0], [1.0, 2.0])
