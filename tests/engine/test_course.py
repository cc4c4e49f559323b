"""The course of a search: steps down, what parameters are worth, and fronts."""

import numpy as np
import pytest

from engine.course import Step, course, front, importances
from engine.plan import Plan


def test_only_plans_with_every_seed_count_as_best():
    runs = [("baseline", 1, 40.0), ("baseline", 2, 42.0), ("a", 1, 10.0), ("b", 2, 30.0), ("b", 1, 32.0),
            ("c", 1, None), ("a", 2, 35.0), ("d", 1, 50.0), ("d", 2, 50.0)]  # fmt: skip
    assert course(runs, [1, 2]) == [Step(2, "baseline", 41.0), Step(5, "b", 31.0), Step(7, "a", 22.5)]


def test_the_parameter_that_matters_has_the_largest_share():
    random = np.random.default_rng(5)
    plans = [
        Plan((), {"cycle": random.random(), "green a": random.random(), "green b": random.random()}) for _ in range(80)
    ]
    shares = importances(plans, [30.0 + 20.0 * (plan.parameters["green a"] - 0.4) ** 2 for plan in plans])
    assert next(iter(shares)) == "green a"
    assert shares["green a"] > 0.8
    assert sum(shares.values()) == pytest.approx(1.0)
    assert importances(plans[:5], [1.0] * 5) == {}


def test_a_front_holds_what_nothing_beats():
    values = {"a": (1.0, 9.0), "b": (2.0, 5.0), "c": (3.0, 6.0), "d": (4.0, 1.0), "twin": (2.0, 5.0)}
    assert front(values) == ["a", "b", "twin", "d"]
