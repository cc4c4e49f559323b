"""Mean, worst and CVaR over members against closed forms, and what a member alone makes sure of."""

import math

import numpy as np
import pytest

from engine.risk import OVER, Risk, normalised

VALUES, WEIGHTS = (10.0, 40.0, 20.0, 30.0), (0.4, 0.1, 0.3, 0.2)


def test_the_mean_counts_each_member_by_its_weight():
    assert Risk("mean").value(VALUES, WEIGHTS) == pytest.approx(0.4 * 10 + 0.1 * 40 + 0.3 * 20 + 0.2 * 30)


def test_the_worst_is_the_largest_value_of_a_member_that_counts():
    assert Risk("worst").value(VALUES, WEIGHTS) == 40.0
    assert Risk("worst").value((10.0, 40.0), (1.0, 0.0)) == 10.0


def test_cvar_is_the_mean_of_the_worst_share_and_takes_a_part_of_the_member_on_its_edge():
    # The worst 40 %: all of 40 (0.1) and 30 (0.2), and a third of 20's weight.
    assert Risk("cvar", 0.4).value(VALUES, WEIGHTS) == pytest.approx((0.1 * 40 + 0.2 * 30 + 0.1 * 20) / 0.4)
    assert Risk("cvar", 0.4).shares(VALUES, WEIGHTS) == pytest.approx((0.0, 0.25, 0.25, 0.5))


def test_the_worst_third_of_six_equal_members_is_the_mean_of_two():
    assert Risk("cvar").value((1.0, 2.0, 3.0, 4.0, 5.0, 6.0), (1 / 6,) * 6) == pytest.approx(5.5)


def test_cvar_runs_from_the_mean_to_the_worst():
    assert Risk("cvar", 1.0).value(VALUES, WEIGHTS) == pytest.approx(Risk("mean").value(VALUES, WEIGHTS))
    assert Risk("cvar", 1e-6).value(VALUES, WEIGHTS) == pytest.approx(40.0)


def test_cvar_is_the_least_of_rockafellar_and_uryasevs_sum():
    random = np.random.default_rng(3)
    for _ in range(50):
        values, weights = random.exponential(30.0, 7), normalised(list(random.random(7)))
        tail = float(random.uniform(0.05, 1.0))
        sums = [t + sum(w * max(0.0, v - t) for v, w in zip(values, weights, strict=True)) / tail for t in values]
        assert Risk("cvar", tail).value(list(values), weights) == pytest.approx(min(sums))


@pytest.mark.parametrize("over", OVER)
def test_shares_sum_to_one_and_a_member_of_no_weight_never_counts(over):
    shares = Risk(over, 0.3).shares((1.0, 99.0, 5.0, 3.0), (0.5, 0.0, 0.25, 0.25))
    assert math.fsum(shares) == pytest.approx(1.0)
    assert shares[1] == 0.0


@pytest.mark.parametrize("over", OVER)
def test_a_member_beyond_its_most_makes_the_risk_exceed_the_limit_alone(over):
    risk, limit = Risk(over, 0.4), 50.0
    for i, weight in enumerate(WEIGHTS):
        values = [0.0] * len(WEIGHTS)
        values[i] = risk.most(limit, weight)
        assert risk.value(values, WEIGHTS) == pytest.approx(limit)


def test_a_table_is_made_one_number_column_by_column():
    table = np.array([[[1.0, 8.0]], [[5.0, 2.0]]])
    assert Risk("worst").values(table, (0.5, 0.5)).tolist() == [[5.0, 8.0]]


@pytest.mark.parametrize("weights", [(1.0, -0.1), (0.0, 0.0), (math.nan, 1.0), (math.inf, 1.0)])
def test_weights_that_weigh_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        normalised(weights)
