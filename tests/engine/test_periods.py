"""The periods of a day: exact cuts, the price of a further one, and periods that share a pattern."""

import itertools

import numpy as np
import pytest

from engine.periods import divide, stabilised


def day(*periods):
    """Counts of three flows: (bins, level) one after the other."""
    shares = np.array([1.0, 0.5, 0.25])
    return np.vstack([np.tile(level * shares, (bins, 1)) for bins, level in periods])


def squares(counts, starts):
    scaled = stabilised(counts)
    return sum(
        ((part - part.mean(axis=0)) ** 2).sum()
        for part in (scaled[a:b] for a, b in itertools.pairwise([*starts, len(scaled)]))
    )


def test_the_cuts_are_those_of_the_demand():
    found = divide(day((20, 100), (12, 300), (24, 180), (12, 320), (28, 20)))
    assert found.starts == (0, 20, 32, 56, 68)
    # Two peaks of much the same height share a plan.
    assert found.patterns == (0, 1, 2, 1, 3)
    assert found.unexplained[0] == 1.0
    assert found.unexplained[4] == pytest.approx(0.0, abs=0.01)


def test_each_cut_is_the_best_of_all():
    counts = np.random.default_rng(3).poisson(day((5, 20), (4, 60), (5, 30)))
    found = divide(counts, shortest=2, most=4)
    n, whole = len(counts), squares(counts, [0])
    for k in (1, 2, 3, 4):
        cuts = (
            [0, *cut]
            for cut in itertools.combinations(range(1, n), k - 1)
            if all(b - a >= 2 for a, b in itertools.pairwise([0, *cut, n]))
        )
        least = min(squares(counts, cut) for cut in cuts)
        assert found.unexplained[k - 1] == pytest.approx(least / whole)


@pytest.mark.parametrize("n_bins", [4, 16, 96])
def test_chance_makes_no_periods(n_bins):
    draw = np.random.default_rng(1)
    days = [divide(draw.poisson(day((n_bins, 120))), gain=0.01) for _ in range(100)]
    assert sum(len(found.starts) > 1 for found in days) <= 5


def test_a_peak_that_chance_does_not_explain_is_found():
    draw = np.random.default_rng(2)
    cuts = [divide(draw.poisson(day((16, 100), (8, 160), (16, 100)))).starts for _ in range(50)]
    assert sum(cut == (0, 16, 24) for cut in cuts) >= 45


def test_periods_are_no_shorter_than_asked_and_no_more_than_asked():
    counts = day((3, 100), (1, 400), (3, 100), (6, 300), (3, 50))
    for shortest in (1, 2, 3, 4):
        found = divide(counts, shortest=shortest)
        lengths = [b - a for a, b in itertools.pairwise([*found.starts, len(counts)])]
        assert min(lengths) >= shortest
    assert len(divide(counts, shortest=1, most=2).starts) == 2


def test_a_small_gain_is_not_worth_a_period():
    counts = 100.0 * day((8, 100), (8, 400), (8, 110))
    assert divide(counts, gain=0.001).patterns == (0, 1, 2)
    assert divide(counts, gain=0.05).patterns == (0, 1, 0)
    assert divide(counts, gain=0.95).starts == (0,)


def test_demand_that_never_changes_is_one_period():
    found = divide(day((12, 200)))
    assert (found.starts, found.patterns, found.unexplained[0]) == ((0,), (0,), 0.0)
    assert divide(day((1, 200))).starts == (0,)
    # A day shorter than the shortest period is one period.
    assert divide(day((1, 100), (1, 900)), shortest=4).starts == (0,)


def test_counts_on_the_stabilised_scale_vary_by_one():
    draw = np.random.default_rng(5)
    for mean in (5.0, 50.0, 500.0):
        assert stabilised(draw.poisson(mean, 20_000)).var() == pytest.approx(1.0, abs=0.06)


def test_a_day_without_bins_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="at least one bin"):
        divide(np.zeros((0, 3)))
