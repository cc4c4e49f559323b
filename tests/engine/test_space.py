"""Plan spaces: every point is a whole-second plan within its bounds, and encoding is the way back."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.plan import Phase, Plan, Program
from engine.rounding import share
from engine.search import Grid, Sobol
from engine.space import PlanSpace, SpaceOptions


def program(signal="a", greens=(30, 12), offset_s=0.0, low=5.0, high=600.0, yellow_s=3.0):
    phases = []
    for stage, green in enumerate(greens):
        phases += [Phase(green, "G" * (stage + 1), stage), Phase(yellow_s, "y" * (stage + 1), -1)]
    return Program(signal, tuple(phases), offset_s, (low,) * len(greens), (high,) * len(greens))


programs = st.lists(
    st.tuples(st.lists(st.integers(5, 60), min_size=2, max_size=5), st.integers(0, 20)), min_size=1, max_size=4
)


@settings(max_examples=200, deadline=None)
@given(
    drawn=programs,
    unit=st.lists(st.floats(0, 1), min_size=30, max_size=30),
    radius=st.sampled_from([0.1, 0.3, math.inf]),
)
def test_every_point_is_a_plan_that_encodes_back(drawn, unit, radius):
    of_signals = [program(f"s{i}", greens, float(offset)) for i, (greens, offset) in enumerate(drawn)]
    space = PlanSpace(of_signals, SpaceOptions(radius=radius, max_cycle_s=320.0))
    plan = space.decode(space.from_unit(np.array(unit[: space.n_dimensions])))
    for new, old in zip(plan.programs, space.programs, strict=True):
        assert all(phase.duration_s == int(phase.duration_s) for phase in new.phases)
        assert all(
            low <= green <= high
            for low, green, high in zip(new.min_green_s, new.greens_s, new.max_green_s, strict=True)
        )
        assert 0 <= new.offset_s < new.cycle_s
        assert new.cycle_s == sum(new.greens_s) + old.fixed_s
        assert [p for p in new.phases if p.stage < 0] == [p for p in old.phases if p.stage < 0]
    assert space.decode(space.encode(plan)) == plan


stages = st.lists(
    st.tuples(st.floats(0.5, 80.0), st.integers(1, 20), st.integers(0, 60)), min_size=1, max_size=8
)  # weight, least, and what the most is above it


@settings(max_examples=500, deadline=None)
@given(drawn=stages, place=st.floats(0, 1))
def test_rounding_keeps_the_sum_and_the_bounds_and_moves_nothing_by_a_second(drawn, place):
    weights = [weight for weight, _, _ in drawn]
    low = [least for _, least, _ in drawn]
    high = [least + more for _, least, more in drawn]
    total = round(sum(low) + place * (sum(high) - sum(low)))
    greens = share(total, weights, low, high)
    assert sum(greens) == total
    assert all(isinstance(g, int) and a <= g <= b for g, a, b in zip(greens, low, high, strict=True))
    # The exact answer by water filling: bounded shares of one factor, found on a grid of every factor that matters.
    factors = sorted({bound / w for w, a, b in zip(weights, low, high, strict=True) for bound in (a, b)})

    def filled(factor):
        return [min(max(w * factor, a), b) for w, a, b in zip(weights, low, high, strict=True)]

    below = max((f for f in factors if sum(filled(f)) <= total), default=0.0)
    above = min((f for f in factors if sum(filled(f)) >= total), default=below)
    gap = sum(filled(above)) - sum(filled(below))
    exact = filled(below + (above - below) * ((total - sum(filled(below))) / gap if gap > 1e-9 else 0.0))
    assert all(abs(green - ideal) < 1.0 + 1e-6 for green, ideal in zip(greens, exact, strict=True))


@settings(max_examples=200, deadline=None)
@given(greens=st.lists(st.integers(6, 70), min_size=2, max_size=5), data=st.data())
def test_every_plan_within_the_bounds_encodes_and_decodes_to_itself(greens, data):
    in_net = [program("a", greens, 3.0), program("b", (20, 30), 0.0)]
    space = PlanSpace(in_net, SpaceOptions(radius=math.inf, min_cycle_s=10.0, max_cycle_s=400.0))
    other = data.draw(st.lists(st.integers(5, 75), min_size=len(greens), max_size=len(greens)))
    # Signals keep the ratio of their cycles; within it any whole seconds will do.
    ratio = program("a", other).cycle_s / in_net[0].cycle_s
    cycle_s = math.floor(in_net[1].cycle_s * ratio + 0.5)
    if not 16 <= cycle_s <= 400:
        return
    first = data.draw(st.integers(5, cycle_s - 11))
    offset_s = data.draw(st.integers(0, cycle_s - 1))
    theirs = Plan(
        (program("a", other, offset_of(in_net[0], other)), program("b", (first, cycle_s - 6 - first), offset_s))
    )
    assert space.decode(space.encode(theirs)) == theirs
    point = space.encode(theirs)
    assert np.array_equal(space.encode(space.decode(point)), point)


def offset_of(in_net, greens):
    """Return the first signal's offset under other greens: it stays at its share of the cycle."""
    cycle_s = program("a", greens).cycle_s
    return float(math.floor(in_net.offset_s / in_net.cycle_s * cycle_s + 0.5) % cycle_s)


@settings(max_examples=100, deadline=None)
@given(
    tenths=st.lists(st.integers(0, 9), min_size=3, max_size=3), unit=st.lists(st.floats(0, 1), min_size=3, max_size=3)
)
def test_a_plan_in_the_net_with_fractions_decodes_to_whole_greens(tenths, unit):
    fractional = program("a", (30 + tenths[0] / 10, 12 + tenths[1] / 10), yellow_s=3.0)
    space = PlanSpace([fractional], SpaceOptions())
    (made,) = space.decode(space.from_unit(np.array(unit[: space.n_dimensions]))).programs
    assert all(phase.duration_s == int(phase.duration_s) for phase in made.phases)
    assert made.cycle_s == sum(made.greens_s) + made.fixed_s


def test_the_centre_is_the_plan_in_the_net():
    of_signals = [program("a", (31, 13), 4.0), program("b", (22, 7, 9), 11.0)]
    space = PlanSpace(of_signals, SpaceOptions())
    centre = space.decode(space.from_unit(np.full(space.n_dimensions, 0.5)))
    assert [(p.greens_s, p.offset_s) for p in centre.programs] == [((31, 13), 4), ((22, 7, 9), 11)]
    assert np.allclose(space.encode(centre), 0.0, atol=1e-6)


def test_signals_on_a_common_cycle_stay_on_it():
    space = PlanSpace([program("a", (40, 20)), program("b", (25, 35))], SpaceOptions())
    for plan in Sobol(space, 1).propose(40):
        assert len({p.cycle_s for p in plan.programs}) == 1


@pytest.mark.parametrize(
    ("options", "varied"),
    [
        (SpaceOptions(splits=False, offsets=False), {"cycle"}),
        (SpaceOptions(cycle=False, offsets=False), {"green"}),
        (SpaceOptions(cycle=False, splits=False), {"offset"}),
        (SpaceOptions(cycle=False, splits=False, offsets=False), set()),
    ],
)
def test_each_kind_of_parameter_can_be_switched_off(options, varied):
    space = PlanSpace([program("a"), program("b")], options)
    assert {name.split()[0] for name in space.names} == varied
    for plan in Sobol(space, 0).propose(5):
        for new, old in zip(plan.programs, space.programs, strict=True):
            assert "cycle" in varied or new.cycle_s == old.cycle_s
            assert varied & {"cycle", "green"} or new.greens_s == old.greens_s
            assert "offset" in varied or new.offset_s == pytest.approx(old.offset_s)


def test_a_plan_outside_the_space_is_not_encoded():
    space = PlanSpace([program("a", (30, 12))], SpaceOptions(max_cycle_s=60.0))
    with pytest.raises(ValueError, match="outside the space"):
        space.encode(Plan((program("a", (90, 12)),)))
    with pytest.raises(ValueError, match="other signals"):
        space.encode(Plan((program("b"),)))


def test_bounds_that_no_plan_satisfies_name_the_signal():
    with pytest.raises(InputError, match=r"signal 'a': no plan fits: minimum greens and intergreens need 206 s"):
        PlanSpace([program("a")], SpaceOptions(min_green_s=100.0))
    with pytest.raises(InputError, match=r"signal 'a', stage 0: the minimum green of 20 s"):
        PlanSpace([program("a")], SpaceOptions(min_green_s=20.0, max_green_s=10.0))
    with pytest.raises(InputError, match=r"maximum greens and intergreens reach 20 s, the shortest cycle is 40 s"):
        PlanSpace([program("a")], SpaceOptions(max_green_s=7.0))


def test_a_larger_budget_begins_with_the_plans_of_a_smaller_one():
    space = PlanSpace([program("a"), program("b", (20, 20, 10))], SpaceOptions())
    for n_small, n_large in ((3, 8), (8, 31), (31, 100)):
        assert Sobol(space, 5).propose(n_large)[:n_small] == Sobol(space, 5).propose(n_small)
    assert Sobol(space, 5).propose(8) != Sobol(space, 6).propose(8)


def test_a_grid_is_evenly_spaced():
    space = PlanSpace([program("a")], SpaceOptions(offsets=False, splits=False))
    cycles = [plan.programs[0].cycle_s for plan in Grid(space, 0, levels=5).propose(5)]
    assert cycles == sorted(set(cycles))
    assert len(cycles) == 5


def test_proposals_differ_from_one_another():
    plans = Sobol(PlanSpace([program("a", (6, 6))], SpaceOptions(radius=0.05, min_cycle_s=18.0)), 0).propose(50)
    assert len({plan.plan_id for plan in plans}) == len(plans) < 50


def test_the_nearest_plan_of_a_plan_beyond_the_bounds_is_at_them():
    of_signals = [program("a", (30, 20)), program("b", (25, 25), 10.0)]
    space = PlanSpace(of_signals, SpaceOptions(radius=0.2))
    far = Plan((program("a", (90, 20)), program("b", (20, 90), 40.0)))
    near = space.nearest(far)
    assert space.decode(space.encode(near)) == near
    assert near.programs[0].greens_s[0] > 30
    assert near.programs[1].greens_s[1] > 25
    inside = space.decode(space.from_unit(np.full(space.n_dimensions, 0.7)))
    assert space.nearest(inside) == inside


def test_a_plan_whose_id_was_asked_for_is_sent_as_the_same_bytes():
    plan, other = (Plan((program("a"),), {"cycle": 0.1}) for _ in range(2))
    assert len(plan.plan_id) == 12
    assert pickle.dumps(plan) == pickle.dumps(other)
    assert pickle.loads(pickle.dumps(plan)).plan_id == other.plan_id
