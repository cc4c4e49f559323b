"""Other orders of stages, stages left out, half cycles: choices of a plan space that stay within its bounds and rules."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audit import Auditor
from engine.conflicts import GREEN
from engine.plan import Phase, Plan, Program
from engine.search import Sobol
from engine.space import PlanSpace, SpaceOptions, plan_space
from experiments._compose import compose
from tests.engine.test_transitions import any_program

CHOICES = {"order": True, "skip": True, "half_cycle": True}
WIDE = SpaceOptions(radius=math.inf, min_cycle_s=30.0, max_cycle_s=300.0, **CHOICES)


def program(states, signal="a", greens=(20, 20, 20, 20), offset_s=0.0):
    """Return a program of stages with 3 s of yellow for whoever loses green."""
    phases = []
    for stage, (state, after) in enumerate(zip(states, (*states[1:], states[0]), strict=True)):
        yellow = "".join(a if b in GREEN else "y" if a in GREEN else "r" for a, b in zip(state, after, strict=True))
        phases.append(Phase(float(greens[stage]), state, stage))
        phases.append(Phase(3.0, yellow, -1))
    n = len(states)
    return Program(signal, tuple(phases), offset_s, (5.0,) * n, (120.0,) * n)


FOUR = ("Ggrr", "rGrr", "rrGg", "rrrG")
"""Through traffic with permissive left turns, then those turns alone, for two roads."""


def sequences(space, n_points=400, seed=0):
    """Return every order of states that a space's plans show."""
    random = np.random.default_rng(seed)
    found = set()
    for _ in range(n_points):
        plan = space.decode(space.from_unit(random.random(space.n_dimensions)))
        found.add(tuple(phase.state for phase in plan.programs[0].phases if phase.stage >= 0))
    return found


def test_every_order_of_four_stages_is_a_choice():
    space = PlanSpace([program(FOUR)], SpaceOptions(order=True))
    assert space.names[-1] == "order a"
    expected = {(FOUR[0], *order) for order in itertools.permutations(FOUR[1:])}
    assert sequences(space) == expected


def test_what_has_green_elsewhere_may_be_left_out_and_nothing_else():
    space = PlanSpace([program(FOUR)], SpaceOptions(skip=True))
    assert space.names[-2:] == ("skip a 1", "skip a 3")
    whole, no_left, no_other, neither = FOUR, (*FOUR[:1], *FOUR[2:]), FOUR[:3], (FOUR[0], FOUR[2])
    assert sequences(space) == {whole, no_left, no_other, neither}
    protected_only = ("Grrr", "rGrr", "rrGg", "rrrG")
    assert PlanSpace([program(protected_only)], SpaceOptions(skip=True)).names[-1] == "skip a 3"


def test_a_stage_that_is_the_only_one_left_for_a_link_stays():
    # Either of the first two may go, but not both.
    states = ("Grr", "GrG", "rGr", "rGG")
    found = sequences(PlanSpace([program(states)], SpaceOptions(skip=True)))
    for left in found:
        assert {i for state in left for i in range(3) if state[i] in GREEN} == {0, 1, 2}
    assert len(found) > 2


def test_a_crossing_keeps_its_walk_when_a_stage_is_left_out(junction):
    network = junction[1]
    auditor = Auditor(network, compose("audit", []).rules)
    space = plan_space(network, SpaceOptions(radius=math.inf, order=True, skip=True), auditor)
    signal = network.signals[0]
    crossings = {link.index: link.length_m for link in signal.links if link.kind == "pedestrian"}
    for plan in Sobol(space, 4).propose(60):
        (made,) = plan.programs
        for index, length_m in crossings.items():
            n = len(made.phases)
            end = next(i for i in range(n) if made.phases[i - 1].state[index] == "G" != made.phases[i].state[index])
            order = [made.phases[(end + i) % n] for i in range(n)]
            walk_s = sum(phase.duration_s for phase in order if phase.state[index] == "G")
            clear_s = sum(phase.duration_s for phase in itertools.takewhile(lambda phase: phase.stage < 0, order))
            assert walk_s >= 5.0
            assert walk_s + clear_s >= 5.0 + length_m / 1.0 - 1e-9


def test_two_stages_have_one_order_and_none_to_spare():
    space = PlanSpace([program(("Gr", "rG"), greens=(20, 20))], SpaceOptions(order=True, skip=True))
    assert not {name.split()[0] for name in space.names} & {"order", "skip"}


def test_more_stages_than_five_move_one_at_a_time():
    states = tuple("".join("G" if i == k else "r" for i in range(7)) for k in range(7))
    space = PlanSpace([program(states, greens=(20,) * 7)], SpaceOptions(order=True, max_cycle_s=240.0))
    found = sequences(space, 3000)
    assert len(found) == 26  # 6 stages to 6 places, today's and the swaps of neighbours counted once
    for order in found:
        rest = [states.index(state) for state in order][1:]
        assert any([s for s in rest if s != moved] == [s for s in range(1, 7) if s != moved] for moved in rest)


def test_orders_more_like_todays_lie_nearer_to_it():
    states = tuple("".join("G" if i == k else "r" for i in range(5)) for k in range(5))
    space = PlanSpace([program(states, greens=(20,) * 5)], SpaceOptions(order=True, splits=False, cycle=False))
    assert space.names == ("order a",)

    def new_neighbours(place):
        (made,) = space.decode(np.array([place])).programs
        order = [phase.stage for phase in made.phases if phase.stage >= 0]
        return sum((b - a) % 5 != 1 for a, b in itertools.pairwise((*order, order[0])))

    places = [abs(i) / 24 for i in range(-11, 13)]
    assert new_neighbours(0.0) == 0
    near, far = (
        [new_neighbours(sign * p) for p in places if low <= p < high]
        for sign, low, high in ((1, 0.04, 0.2), (1, 0.3, 0.49))
    )
    assert max(near) <= min(far)


def test_a_signal_at_half_cycle_runs_twice_while_the_others_run_once():
    of_signals = [program(FOUR, f"s{i}", offset_s=7.0 * i) for i in range(3)]
    space = PlanSpace(of_signals, SpaceOptions(half_cycle=True))
    assert space.names[-3:] == ("half s0", "half s1", "half s2")
    point = dict.fromkeys(space.names, 0.0)
    point["half s1"] = 0.4
    point["cycle"] = math.log(91.4 / 92.0)
    plan = space.decode(np.array(list(point.values())))
    assert [program.cycle_s for program in plan.programs] == [92, 46, 92]
    assert [program.offset_s for program in plan.programs] == [0, 7, 14]
    assert space.decode(space.encode(plan)) == plan
    point["offset s1"] = 0.5
    assert space.decode(np.array(list(point.values()))).programs[1].offset_s == 53 % 46


def test_a_cycle_whose_half_is_too_short_for_the_minimum_greens_is_not_halved():
    of_signals = [program(FOUR, f"s{i}") for i in range(2)]
    space = PlanSpace(of_signals, SpaceOptions(half_cycle=True, min_green_s=12.0))
    point = dict.fromkeys(space.names, 0.0) | {"half s0": 0.4}
    assert [p.cycle_s for p in space.decode(np.array(list(point.values()))).programs] == [92, 92]
    point["cycle"] = math.log(121.0 / 92.0)  # 4 x (12 + 3) = 60 s fit into half of it
    assert [p.cycle_s for p in space.decode(np.array(list(point.values()))).programs] == [61, 122]


def test_a_signal_alone_on_its_cycle_has_no_half():
    space = PlanSpace([program(FOUR, "a"), program(("Gr", "rG"), "b", (40, 20))], SpaceOptions(half_cycle=True))
    assert not any(name.startswith("half") for name in space.names)


def test_without_choices_a_space_is_what_it_was():
    of_signals = [program(FOUR, f"s{i}", offset_s=7.0 * i) for i in range(2)]
    plain, choosing = PlanSpace(of_signals, SpaceOptions()), PlanSpace(of_signals, SpaceOptions(**CHOICES))
    assert choosing.names[: plain.n_dimensions] == plain.names
    for unit in np.random.default_rng(2).random((30, plain.n_dimensions)):
        with_choices = np.concatenate([unit, np.full(choosing.n_dimensions - plain.n_dimensions, 0.5)])
        plan = choosing.decode(choosing.from_unit(with_choices))
        assert plan == plain.decode(plain.from_unit(unit))
        assert plan.plan_id == plain.decode(plain.from_unit(unit)).plan_id


@settings(max_examples=150, deadline=None)
@given(
    drawn=st.lists(any_program(), min_size=1, max_size=3),
    data=st.data(),
    radius=st.sampled_from([0.3, math.inf]),
    choices=st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
def test_every_point_with_choices_is_a_plan_that_encodes_back(drawn, data, radius, choices):
    of_signals = [Program(f"s{i}", p.phases, 0.0, p.min_green_s, p.max_green_s) for i, (p, _) in enumerate(drawn)]
    order, skip, half_cycle = choices
    options = SpaceOptions(
        radius=radius, min_cycle_s=30.0, max_cycle_s=400.0, order=order, skip=skip, half_cycle=half_cycle
    )
    space = PlanSpace(of_signals, options)
    unit = data.draw(st.lists(st.floats(0, 1), min_size=space.n_dimensions, max_size=space.n_dimensions))
    plan = space.decode(space.from_unit(np.array(unit)))
    for new, old in zip(plan.programs, space.programs, strict=True):
        assert all(phase.duration_s == int(phase.duration_s) > 0 for phase in new.phases)
        assert all(
            low <= green <= high
            for low, green, high in zip(new.min_green_s, new.greens_s, new.max_green_s, strict=True)
        )
        assert 0 <= new.offset_s < new.cycle_s
        shown = {phase.state for phase in new.phases if phase.stage >= 0}
        today = {phase.state for phase in old.phases if phase.stage >= 0}
        assert shown <= today if skip else shown == today
        ever = [{i for state in states for i in range(len(state)) if state[i] in GREEN} for states in (shown, today)]
        assert ever[0] == ever[1]
        if not half_cycle:
            assert new.cycle_s >= 30.0
    point = space.encode(plan)
    assert space.decode(point) == plan
    assert np.array_equal(space.encode(space.decode(point)), point)
    assert np.all(space.to_unit(point)[[n.split()[0] in ("order", "skip", "half") for n in space.names]] <= 1.0)


@settings(max_examples=100, deadline=None)
@given(cycles=st.lists(st.sampled_from([60, 90, 92]), min_size=2, max_size=5), data=st.data())
def test_signals_on_a_common_cycle_run_at_it_or_at_half_of_it(cycles, data):
    of_signals = [
        program(("Gr", "rG"), f"s{i}", (cycle_s // 2 - 3, cycle_s - cycle_s // 2 - 3))
        for i, cycle_s in enumerate(cycles)
    ]
    space = PlanSpace(of_signals, SpaceOptions(radius=math.inf, half_cycle=True))
    unit = data.draw(st.lists(st.floats(0, 1), min_size=space.n_dimensions, max_size=space.n_dimensions))
    plan = space.decode(space.from_unit(np.array(unit)))
    for today_s in set(cycles):
        own = [made.cycle_s for made, cycle_s in zip(plan.programs, cycles, strict=True) if cycle_s == today_s]
        assert {2 * min(own), min(own)} >= {max(own)}
        assert set(own) <= {max(own), max(own) / 2}
    assert space.decode(space.encode(plan)) == plan


@pytest.mark.parametrize("rules", ["default", "gb", "mutcd", "benchmark"])
def test_no_choice_breaks_a_rule_that_the_street_keeps(cologne1, rules):
    network = cologne1[1]
    auditor = Auditor(network, compose("audit", [f"rules={rules}"]).rules)
    space = plan_space(network, WIDE, auditor)
    assert {name.split()[0] for name in space.names} >= {"order", "skip"}
    seen = set()
    for unit in np.random.default_rng(7).random((150, space.n_dimensions)):
        plan = space.decode(space.from_unit(unit))
        assert auditor.worse(plan) == []
        assert space.decode(space.encode(plan)) == plan
        seen.add(tuple(phase.state for phase in plan.programs[0].phases if phase.stage >= 0))
    assert len(seen) > 5


def test_a_new_order_waits_longer_where_rules_ask_for_more_all_red(cologne1):
    network = cologne1[1]
    free = plan_space(network, SpaceOptions(order=True), Auditor(network, compose("audit", []).rules))
    held = plan_space(network, SpaceOptions(order=True), Auditor(network, compose("audit", ["rules=gb"]).rules))

    def fixed_s(space):
        points = np.random.default_rng(1).random((60, space.n_dimensions))
        programs = [space.decode(space.from_unit(unit)).programs[0] for unit in points]
        return {tuple(phase.stage for phase in p.phases if phase.stage >= 0): p.fixed_s for p in programs}

    before, after = fixed_s(free), fixed_s(held)
    assert before[0, 1, 2, 3] == after[0, 1, 2, 3]
    assert {order for order in after if after[order] > before[order]} == set(after) - {(0, 1, 2, 3)}


def test_a_plan_written_and_read_again_is_of_the_space(cologne1, tmp_path):
    from engine.sumo.programs import read_plan, write_plan

    space = plan_space(
        cologne1[1], SpaceOptions(order=True, skip=True), Auditor(cologne1[1], compose("audit", []).rules)
    )
    for number, plan in enumerate(Sobol(space, 2).propose(20)):
        write_plan(plan, tmp_path / f"{number}.add.xml")
        assert read_plan(tmp_path / f"{number}.add.xml", cologne1[1]) == plan
        assert space.decode(space.encode(Plan(read_plan(tmp_path / f"{number}.add.xml", cologne1[1]).programs))) == plan
