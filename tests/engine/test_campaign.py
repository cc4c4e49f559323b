"""Ten thousand plans as plan spaces propose them: none breaks more rules than the plan in the street."""

import itertools
import math

import numpy as np
import pytest

from engine.audit import Auditor
from engine.space import SpaceOptions, plan_space
from experiments._compose import compose
from tests.conftest import built

SCENARIOS = (
    "junction", "cologne1", "cologne3", "cologne8", "ingolstadt1", "ingolstadt7", "ingolstadt21", "grid4x4", "arterial4x4",
)  # fmt: skip
RULES = ("default", "gb", "mutcd", "benchmark")
N_PLANS = 10_000


def proposed(network, rules, radius, n_plans, seed, **choices):
    """Return how many plans a space proposed, and what they break beyond the plan in the net."""
    auditor = Auditor(network, rules)
    space = plan_space(network, SpaceOptions(radius=radius, **choices), auditor)
    random = np.random.default_rng(seed)
    broken = []
    for _ in range(n_plans):
        # Corners and edges of the space are where bounds are met: a third of the coordinates lies on them.
        unit = random.random(space.n_dimensions)
        unit = np.where(random.random(space.n_dimensions) < 1 / 3, np.round(unit), unit)
        plan = space.decode(space.from_unit(unit))
        broken += auditor.worse(plan)
        assert all(program.cycle_s == int(program.cycle_s) for program in plan.programs)
    return n_plans, broken


@pytest.mark.slow
def test_no_plan_of_a_campaign_breaks_a_rule_that_the_street_keeps(tmp_path):
    cases = list(itertools.product(SCENARIOS, RULES, (math.inf, 0.3)))
    per_case = math.ceil(N_PLANS / len(cases))
    total = 0
    for name, of_scenario in itertools.groupby(cases, key=lambda case: case[0]):
        _, network = built(tmp_path / name, f"scenario={name}")
        for i, (_, rules, radius) in enumerate(of_scenario):
            book = compose("audit", [f"scenario={name}", f"rules={rules}"]).rules.for_scenario(name)
            n_plans, broken = proposed(network, book, radius, per_case, seed=i)
            assert broken == [], f"{name}, rules={rules}, radius={radius}"
            total += n_plans
    assert total >= N_PLANS


@pytest.mark.slow
def test_no_choice_of_order_or_half_cycle_breaks_one_either(tmp_path):
    for name, rules in itertools.product(SCENARIOS, RULES):
        _, network = built(tmp_path / f"{name}-{rules}", f"scenario={name}")
        book = compose("audit", [f"scenario={name}", f"rules={rules}"]).rules.for_scenario(name)
        # On grid4x4 eight stages of sixteen signals may be left out: 784 arrangements of each would be judged.
        skip = name != "grid4x4"
        _, broken = proposed(network, book, math.inf, 100, seed=9, order=True, skip=skip, half_cycle=True)
        assert broken == [], f"{name}, rules={rules}"


def test_a_small_campaign_on_the_built_in_junction(junction):
    for rules, radius in itertools.product(RULES, (math.inf, 0.3)):
        _, broken = proposed(junction[1], compose("audit", [f"rules={rules}"]).rules, radius, 10, seed=1)
        assert broken == []
        _, broken = proposed(junction[1], compose("audit", [f"rules={rules}"]).rules, radius, 10, seed=1, order=True)
        assert broken == []


def test_without_the_rules_a_space_would_break_them(junction):
    auditor = Auditor(junction[1], compose("audit", ["rules=gb", "rules.max_red_s.value=75"]).rules)
    free, held = (plan_space(junction[1], SpaceOptions(radius=math.inf), of) for of in (None, auditor))
    points = np.random.default_rng(0).random((30, free.n_dimensions))
    assert any(auditor.worse(free.decode(free.from_unit(unit))) for unit in points)
    assert not any(auditor.worse(held.decode(held.from_unit(unit))) for unit in points)
