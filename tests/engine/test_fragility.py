"""How likely a plan breaks down, from its own runs and its neighbours'."""

import math

import numpy as np
import pytest

from engine.search._fragility import NEIGHBOURS, PRIOR, breakdown_chances, breakdown_cost

FAR = np.array([[0.1, 0.1], [0.9, 0.9]])


def chances(at, own, points, runs, broken):
    return breakdown_chances(np.array(at), np.array(own), np.array(points), *map(np.array, (runs, broken)))


def test_a_plan_far_from_others_counts_by_its_own_runs():
    found = chances(FAR, [0, 1], FAR, [3.0, 9.0], [0.0, 1.0])
    assert found == pytest.approx([0.0, 1.0 / (9.0 + PRIOR)], abs=1e-6)


def test_of_a_plan_that_never_ran_its_neighbours_tell():
    (found,) = chances([[0.1, 0.1]], [-1], FAR, [50.0, 9.0], [25.0, 0.0])
    # However often they ran, they count for so many runs at most.
    assert found == pytest.approx(0.5 * NEIGHBOURS / (NEIGHBOURS + PRIOR), abs=1e-6)


def test_more_clean_runs_of_its_own_outweigh_neighbours_that_jam():
    points = [[0.1, 0.1], [0.1, 0.12]]
    few, many = (chances(points, [0, 1], points, [n, 10.0], [0.0, 5.0])[0] for n in (3.0, 10.0))
    assert 0.0 < many < few


def test_without_any_breakdown_nothing_is_likely_to_break_down():
    assert not chances(FAR, [0, -1], FAR, [3.0, 3.0], [0.0, 0.0]).any()


def test_what_a_breakdown_costs_is_bounded():
    assert breakdown_cost([]) == breakdown_cost([0.1]) == 0.5
    assert breakdown_cost([math.log(3.0)]) == pytest.approx(2.0)
    assert breakdown_cost([math.inf, 20.0]) == 4.0
