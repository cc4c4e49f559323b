"""Stages are told from intergreens."""

import pytest

from engine.network import Link
from engine.stages import NetPhase, NetProgram, stage_program


def links(n_vehicle, crossings=()):
    vehicle = [Link(i, "N-through", "N", "through", "vehicle", f"l{i}", f"o{i}", 20.0) for i in range(n_vehicle)]
    walking = [
        Link(n_vehicle + i, "crossing N", "N", "crossing", "pedestrian", "w", "c", length_m)
        for i, length_m in enumerate(crossings)
    ]
    return [*vehicle, *walking]


def staged(phases, of=None, min_green_s=5.0):
    raw = NetProgram("s", "0", "static", 0.0, tuple(NetPhase(*phase) for phase in phases))
    return stage_program(raw, of or links(len(phases[0][1])), min_green_s)


def test_greens_are_stages_and_the_rest_is_not():
    program, reason = staged([(30, "GGrr"), (3, "yyrr"), (2, "rrrr"), (20, "rrGg"), (3, "rryy")])
    assert reason == ""
    assert [phase.stage for phase in program.phases] == [0, -1, -1, 1, -1]
    assert (program.cycle_s, program.greens_s, program.fixed_s) == (58, (30, 20), 8)


def test_an_always_green_link_does_not_turn_all_red_into_a_stage():
    program, _ = staged([(30, "GrG"), (3, "yrG"), (9, "rrG"), (20, "rGG"), (3, "ryG")])
    assert [phase.stage for phase in program.phases] == [0, -1, -1, 1, -1]


def test_an_interval_that_the_file_allows_one_length_is_no_stage():
    program, _ = staged([(30, "Grr"), (6, "GrG", 6, 6), (3, "yry"), (20, "rGr"), (3, "ryr")])
    assert [phase.stage for phase in program.phases] == [0, -1, -1, 1, -1]


def test_a_short_early_start_is_no_stage_and_a_short_stage_is_one():
    program, _ = staged([(30, "Grr"), (2, "GGr"), (3, "yGr"), (20, "rGr"), (3, "ryr"), (4, "rrG"), (3, "rry")])
    assert [phase.stage for phase in program.phases] == [0, -1, -1, 1, -1, 2, -1]
    assert program.min_green_s[2] == 5


def test_pedestrian_clearance_is_kept_and_walking_time_bounds_the_green():
    phases = [(30, "GrGr"), (5, "Grrr"), (3, "yrrr"), (20, "rGrG"), (3, "ryrr")]
    program, _ = staged(phases, links(2, (12.0, 18.0)))
    assert [phase.stage for phase in program.phases] == [0, -1, -1, 1, -1]
    # Walk 5 s and 12 m at 1 m/s, of which 5 + 3 s follow while the crossing is red.
    assert program.min_green_s[0] == 5 + 12 - 8
    # 18 m with 3 s following: 20 s; the plan in the street has just that.
    assert program.min_green_s[1] == 20


def test_a_flashing_green_belongs_to_the_intergreen_however_it_is_stated():
    end, other = [(3, "yyrr"), (2, "rrrr")], [(20, "rrGG"), (3, "rryy"), (2, "rrrr")]
    by_turns = [(30, "GGrr"), (1, "rrrr"), (1, "GGrr"), (1, "rrrr"), (1, "GGrr"), *end, *other]
    program, _ = staged(by_turns)
    assert [phase.stage for phase in program.phases] == [0, -1, -1, -1, -1, -1, -1, 1, -1, -1]
    # In half seconds, with lamps off, only one of two links, beside a green that stays.
    one_of_two = [(30, "GGrr"), *[(0.5, "GOrr"), (0.5, "GGrr")] * 3, (3, "Gyrr"), (9, "Grrr"), *end, *other]
    program, _ = staged(one_of_two)
    assert [phase.stage for phase in program.phases] == [0, *[-1] * 6, -1, 1, -1, -1, 2, -1, -1]
    as_green = [(30, "GGrr"), (3, "GGrr"), *end, *other]
    program, _ = staged(as_green)
    assert [phase.stage for phase in program.phases] == [0, -1, -1, -1, 1, -1, -1]
    assert program.greens_s == (30, 20)


def test_a_crossing_that_flashes_is_being_cleared():
    phases = [(30, "GrG"), *[(1, "Grr"), (1, "GrG")] * 4, (3, "yrr"), (20, "rGr"), (3, "ryr")]
    program, _ = staged(phases, links(2, (12.0,)))
    assert [phase.stage for phase in program.phases] == [0, *[-1] * 9, 1, -1]
    # Walk 5 s and 12 m at 1 m/s, of which 8 s flash and 3 s are yellow.
    assert program.min_green_s[0] == 5 + 12 - 8 - 3


def test_a_street_plan_short_of_walking_time_is_not_cut_further():
    program, _ = staged([(10, "GrG"), (3, "yrr"), (20, "rGr"), (3, "ryr")], links(2, (30.0,)))
    assert program.min_green_s == (10, 5)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (NetProgram("s", "0", "actuated", 0.0, (NetPhase(30, "Gr"),)), "of type actuated"),
        (NetProgram("s", "0", "static", 0.0, (), "WAUT 'w' switches"), "WAUT"),
        (NetProgram("s", "0", "static", 0.0, ()), "no phases"),
        (NetProgram("s", "0", "static", 0.0, (NetPhase(30, "Gr"), NetPhase(3, "y"))), "differ in length"),
    ],
)
def test_programs_that_no_plan_replaces_say_why(raw, reason):
    program, why = stage_program(raw, links(2), 5.0)
    assert program is None
    assert reason in why


def test_one_stage_leaves_nothing_to_vary():
    program, why = staged([(60, "GG")])
    assert program.n_stages == 0
    assert why == "it has fewer than two stages"
