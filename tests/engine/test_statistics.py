"""Intervals of paired differences: Student's, and the signed ranks' where a run has jammed."""

import numpy as np
import pytest
from scipy.stats import t, wilcoxon

from engine.objective import Objective
from engine.selection import judge
from engine.statistics import interval, paired_interval

ZERO = [0.0] * 10
STEADY = [-3.1, -2.4, -4.0, -1.9, -3.3, -2.2, -3.6, -2.8, -1.2, -2.6]
ONE_JAM = [*STEADY[:9], -570.0]


def test_differences_without_a_jam_have_students_interval():
    of = paired_interval(STEADY, ZERO)
    half = t.ppf(0.975, 9) * np.std(STEADY, ddof=1) / np.sqrt(10)
    assert (of.of, of.centre) == ("mean", of.mean)
    assert (of.low, of.high) == pytest.approx((np.mean(STEADY) - half, np.mean(STEADY) + half))


@pytest.mark.parametrize("n", [6, 8, 10, 13])
def test_a_jam_brings_the_interval_that_wilcoxons_test_does_not_refuse(n):
    values = ONE_JAM[-n:] if n <= 10 else [*STEADY[:3], *ONE_JAM]
    values = [value + 0.013 * i for i, value in enumerate(values)]  # no ties, for which SciPy has no exact test
    of = paired_interval(values, [0.0] * n)
    assert (of.of, of.centre, of.mean) == ("median", float(np.median(values)), pytest.approx(np.mean(values)))
    for end, inward in ((of.low, 1e-6), (of.high, -1e-6)):
        refused = wilcoxon(np.array(values) - end + inward, method="exact").pvalue
        kept = wilcoxon(np.array(values) - end - inward, method="exact").pvalue
        assert refused <= 0.05 < kept


def test_five_pairs_are_too_few_for_signed_ranks():
    assert paired_interval(ONE_JAM[-5:], ZERO[:5]).of == "mean"


def test_a_plan_that_is_better_on_every_seed_is_better_although_one_seed_jams_without_it():
    runs = [{s: {"delay_s": 40.0 + d, "gridlock": 0} for s, d in enumerate(of)} for of in (ZERO, [-d for d in ONE_JAM])]
    assert interval(ONE_JAM).high > 0.0
    verdict, difference = judge(*runs, range(10), Objective())
    assert verdict == "better"
    assert difference.high < 0.0
    # The other way round the same rule keeps the plan in the net.
    assert judge(*reversed(runs), range(10), Objective())[0] == "baseline"


def test_a_jam_alone_proves_nothing():
    level = [0.3, -0.2, 0.1, -0.4, 0.25, -0.15, 0.05, -0.3, 0.2, -570.0]
    of = paired_interval(level, ZERO)
    assert of.of == "median"
    assert of.low < 0.0 < of.high


def test_the_signed_ranks_find_nothing_in_19_of_20_times_where_nothing_is():
    random = np.random.default_rng(5)
    noise = random.standard_t(1.5, (4000, 10))
    found = [of for of in (paired_interval(list(row), ZERO) for row in noise) if of.of == "median"]
    assert len(found) > 500
    wrong = np.mean([not of.low <= 0.0 <= of.high for of in found])
    assert wrong < 0.06
