"""Holm's correction against the numbers that its definition gives, and what it promises where nothing is."""

import numpy as np
import pytest
from scipy.stats import t, ttest_ind, ttest_rel

from engine.multiple import holm, holm_levels, judge_overall, judge_paired, judge_unpaired
from engine.statistics import interval, overall_interval, paired_interval, paired_p, unpaired_interval, unpaired_p


def test_holm_multiplies_the_smallest_by_their_number_the_next_by_one_less():
    # 4 x 0.01 = 0.04, 3 x 0.02 = 0.06, 2 x 0.03 = 0.06, 0.04 may not fall below its predecessor.
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.01, 0.02, 0.2]) == pytest.approx([0.03, 0.04, 0.2])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([0.7]) == [0.7]
    assert holm([]) == []


def test_levels_rise_while_hypotheses_fall_and_stay_at_the_first_that_stands():
    assert holm_levels([0.001, 0.02, 0.03]) == pytest.approx([0.05 / 3, 0.025, 0.05])
    assert holm_levels([0.03, 0.001, 0.04]) == pytest.approx([0.025, 0.05 / 3, 0.025])
    assert holm_levels([0.2, 0.3, 0.4]) == pytest.approx([0.05 / 3] * 3)


def test_one_difference_is_not_corrected():
    ours, theirs = [3.0, 4.0, 6.0], [1.0, 1.5, 2.0]
    (of,) = judge_paired([(ours, theirs)])
    assert of.plain == of.corrected == paired_interval(ours, theirs)
    assert of.p == of.p_holm == paired_p(ours, theirs)


@pytest.mark.parametrize("jam", [False, True])
def test_a_corrected_interval_leaves_zero_out_just_where_the_adjusted_p_value_is_small(jam):
    random = np.random.default_rng(3)
    seen = set()
    for _ in range(150):
        shifts = random.choice([0.0, -0.7, 1.2], 4)
        pairs = [(list(random.normal(shift, 1.0, 12)), [0.0] * 12) for shift in shifts]
        if jam:
            for ours, _ in pairs:
                ours[3] += 300.0
        for of in judge_paired(pairs):
            if of.corrected.low is None:
                assert not of.sure
                continue
            outside = of.corrected.low > 0.0 or of.corrected.high < 0.0
            assert outside == of.sure
            assert of.plain.low >= of.corrected.low
            seen.add((of.sure, of.direction, of.plain.of))
    kind = "median" if jam else "mean"
    assert {(False, 0, kind), (True, -1, kind), (True, 1, kind)} <= seen


def test_families_in_which_nothing_differs_raise_an_alarm_in_one_of_twenty_at_most():
    random = np.random.default_rng(11)
    alarms = 0
    for _ in range(1500):
        shared = random.normal(0.0, 1.0, 10)  # rivals that share their reference depend on one another
        pairs = [(list(random.normal(0.0, 1.0, 10)), list(shared)) for _ in range(5)]
        alarms += any(of.sure for of in judge_paired(pairs))
    assert 0.02 * 1500 < alarms < 0.06 * 1500


def test_p_values_are_those_of_students_and_welchs_tests():
    random = np.random.default_rng(2)
    ours, theirs = list(random.normal(0.3, 1.0, 9)), list(random.normal(0.0, 2.0, 9))
    assert paired_p(ours, theirs) == pytest.approx(ttest_rel(ours, theirs).pvalue)
    more = [*theirs, 0.2, -3.0]
    welch = ttest_ind(ours, more, equal_var=False)
    assert unpaired_p(ours, more) == pytest.approx(welch.pvalue)
    of = unpaired_interval(ours, more)
    assert (of.low, of.high) == pytest.approx(tuple(welch.confidence_interval(0.95)))
    assert of.n == 9


def test_welchs_interval_in_closed_form():
    # Variances 1 and 4 over 3 and 3: standard error sqrt(5/3), degrees (5/3)^2 / ((1/3)^2/2 + (4/3)^2/2) = 50/17.
    of = unpaired_interval([9.0, 10.0, 11.0], [4.0, 6.0, 8.0])
    half = t.ppf(0.975, 50.0 / 17.0) * np.sqrt(5.0 / 3.0)
    assert (of.mean, of.low, of.high) == pytest.approx((4.0, 4.0 - half, 4.0 + half))


def test_plans_that_are_the_same_do_not_differ():
    (of,) = judge_paired([([40.0, 41.0, 39.5], [40.0, 41.0, 39.5])])
    assert (of.p, of.sure, of.corrected.low, of.corrected.high) == (1.0, False, 0.0, 0.0)
    (of,) = judge_unpaired([([40.0, 40.0], [40.0, 40.0])])
    assert (of.p, of.sure) == (1.0, False)
    (of,) = judge_paired([([41.0, 42.0, 40.5], [40.0, 41.0, 39.5])])
    assert (of.p, of.direction) == (0.0, 1)


def test_one_run_on_either_side_proves_nothing():
    (of,) = judge_paired([([30.0], [60.0])])
    assert (of.plain.low, of.p, of.sure) == (None, 1.0, False)
    (of,) = judge_unpaired([([30.0], [60.0, 61.0])])
    assert (of.plain.low, of.p, of.sure, of.plain.n) == (None, 1.0, False, 1)


def test_too_few_pairs_for_a_strict_level_have_no_interval():
    values = [-1.0, -1.1, -0.9, -1.2, -0.8, -1.05, -400.0]  # seven, one a jam: 2 / 2^7 = 0.0156 is the least p-value
    pairs = [(values, [0.0] * 7)] * 5
    assert all(of.plain.high < 0.0 and of.corrected.low is None and not of.sure for of in judge_paired(pairs))


def test_the_overall_mean_weighs_scenarios_alike_in_closed_form():
    # Means -2 and 4; variances of the means 1/3 and 4/3, a quarter of them each in the mean of both.
    samples = [[-3.0, -2.0, -1.0], [2.0, 2.0, 6.0, 6.0]]
    of = overall_interval(samples)
    parts = [1.0 / 12.0, 1.0 / 3.0]
    degrees = sum(parts) ** 2 / (parts[0] ** 2 / 2.0 + parts[1] ** 2 / 3.0)
    half = t.ppf(0.975, degrees) * np.sqrt(sum(parts))
    assert (of.mean, of.low, of.high, of.n) == pytest.approx((1.0, 1.0 - half, 1.0 + half, 3))


def test_one_scenario_is_its_own_overall_mean():
    values = [-0.1, -0.05, -0.2, -0.12]
    alone, of = interval(values), overall_interval([values])
    assert (of.mean, of.low, of.high) == pytest.approx((alone.mean, alone.low, alone.high))
    (judged,) = judge_overall([[values]])
    assert judged.direction == -1
