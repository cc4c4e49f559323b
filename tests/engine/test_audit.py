"""Plans against timing rules: worked examples, a second audit as oracle, and the plans of a space."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.audit import Auditor, Rules, stated, violations
from engine.errors import InputError
from engine.plan import Plan, Program
from engine.space import PlanSpace, SpaceOptions, plan_space
from engine.stages import NetPhase, NetProgram
from tests.engine.made_signals import JUNCTION, link, network, program, programs, rule_books, rules
from tests.engine.plain_audit import broken_times


def found(links, made, book=None, saturation=None):
    """Return {rule: (where, measured, limit)} of a program."""
    findings = violations(Plan((made,)), network(links), book or rules(), saturation)
    return {finding.rule: (finding.where, finding.measured, finding.limit) for finding in findings}


CROSSING_WAYS = (link(0, "N-through", (1,)), link(1, "E-through", (0,)))


def test_greens_conflict_unless_one_is_shown_to_give_way_and_does():
    together = program((30, "GG"), (3, "yy"), (5, "rr"))
    assert found(CROSSING_WAYS, together)["conflicting greens"] == (
        "N-through (link 0) with E-through (link 1)", "G and G in phase 0", "one of them red or giving way",
    )  # fmt: skip
    permissive = program((30, "gG"), (3, "yy"), (5, "rr"))
    # The letter alone resolves nothing: the network has to make it give way.
    assert "conflicting greens" in found(CROSSING_WAYS, permissive)
    assert found((link(0, "N-left", (1,), (1,)), CROSSING_WAYS[1]), permissive) == {}
    assert "conflicting greens" in found((link(0, "N-left", (1,), (1,)), CROSSING_WAYS[1]), together)


def test_yellow_follows_speed_and_grade():
    # 45 mph, 4 % uphill, 10 ft/s2, 1 s: 3.93 s.
    ways = (link(0, "N-through", speed=1.47 * 45 * 0.3048, grade=0.04), link(1, "E-through", speed=5.0))
    book = rules(yellow_min_s=3.0, yellow_max_s=6.0, reaction_s=1.0, deceleration_m_s2=3.048)
    made = program((30, "Gr"), (3, "yr"), (20, "rG"), (3, "ry"))
    assert found(ways, made, book) == {"yellow": ("N-through", 3.0, pytest.approx(3.93, abs=0.005))}
    assert found(ways, program((30, "Gr"), (4, "yr"), (20, "rG"), (3, "ry")), book) == {}
    assert found(ways, program((30, "Gr"), (7, "yr"), (20, "rG"), (3, "ry")), book) == {
        "longest yellow": ("N-through", 7.0, 6.0)
    }
    # Held within the bounds: 200 km/h would ask for 10 s.
    fast = (link(0, "N-through", speed=200 / 3.6), link(1, "E-through", speed=5.0))
    assert found(fast, made, book)["yellow"] == ("N-through", 3.0, 6.0)


def test_red_clearance_follows_the_distance_to_clear():
    # (60 + 16) ft at 35 mph: 1.477 s, here from north before east; the other way is shorter.
    ways = (
        link(0, "N-through", (1,), clear_m=(60 * 0.3048,), speed=1.47 * 35 * 0.3048),
        link(1, "E-through", (0,), clear_m=(0.0,), speed=20.0),
    )
    book = rules(vehicle_length_m=16 * 0.3048, red_clearance_max_s=6.0)
    made = program((30, "Gr"), (3, "yr"), (1, "rr"), (20, "rG"), (3, "ry"), (1, "rr"))
    assert found(ways, made, book) == {
        "red clearance": ("N-through before E-through", 1.0, pytest.approx(1.477, abs=0.001))
    }
    assert found(ways, made, rules(red_clearance_min_s=1.0)) == {}
    # East starts while north still has 2 s of yellow.
    early = program((30, "Gr"), (1, "yr"), (2, "yG"), (20, "rG"), (3, "ry"), (3, "rr"))
    assert found(ways, early, rules(red_clearance_min_s=1.0))["red clearance"] == (
        "N-through before E-through",
        -2.0,
        1.0,
    )


def test_who_gives_way_needs_no_clearance_before_the_one_that_goes_first():
    ways = (link(0, "N-left", (1,), (1,)), link(1, "S-through", (0,)))
    book = rules(red_clearance_min_s=2.0)
    assert found(ways, program((20, "gr"), (3, "yr"), (20, "rG"), (3, "ry"), (2, "rr")), book) == {}
    protected = program((20, "Gr"), (3, "yr"), (20, "rG"), (3, "ry"), (2, "rr"))
    assert found(ways, protected, book)["red clearance"] == ("N-left before S-through", 0.0, 2.0)


def test_pedestrians_walk_and_clear():
    # A crossing of 130 ft at 3.5 ft/s is cleared in 38 s.
    ways = (
        link(0, "crossing N", (1,), kind="pedestrian", length_m=130 * 0.3048),
        link(1, "N-through", (0,)),
    )
    book = rules(walk_s=7.0, walking_m_s=3.5 * 0.3048)
    made = program((6, "Gr"), (37, "rr"), (30, "rG"), (3, "ry"))
    assert found(ways, made, book) == {
        "walk": ("crossing N", 6.0, 7.0),
        "pedestrian clearance": ("crossing N", 37.0, 38.0),
        "walk and clearance": ("crossing N", 43.0, 45.0),
    }
    assert found(ways, program((7, "Gr"), (38, "rr"), (30, "rG"), (3, "ry")), book) == {}
    # SUMO states no flashing don't-walk: a green that lasts to the end leaves enough in all, and is no clearance.
    assert set(found(ways, program((45, "Gr"), (30, "rG"), (3, "ry")), book)) == {"pedestrian clearance"}


@pytest.mark.parametrize(
    ("phases", "rule", "where", "measured"),
    [
        ([(30, "Gr"), (20, "rG"), (3, "ry")], "yellow after green", "N-through, phase 1", "red after green"),
        ([(30, "Gr"), (3, "yr"), (20, "GG"), (3, "yy")], "order of colours", "N-through, phase 2", "green after yellow"),
        (
            [(30, "Gr"), (3, "yr"), (2, "rr"), (3, "ur"), (3, "rr"), (20, "rG"), (3, "ry")],
            "order of colours", "N-through, phase 4", "red after red and yellow",
        ),
        ([(30, "Gr"), (20, "sG"), (3, "ry")], "yellow after green", "N-through, phase 1", "turn on red after green"),
        ([(30, "Gr"), (3, "yr")], "green", "E-through", "red throughout"),
    ],
)  # fmt: skip
def test_colours_follow_one_another_as_drivers_expect(phases, rule, where, measured):
    ways = (link(0, "N-through"), link(1, "E-through"))
    assert found(ways, program(*phases))[rule][:2] == (where, measured)


def test_red_and_yellow_as_long_as_the_rules_have_it():
    made = program((30, "Gr"), (3, "yr"), (1, "ru"), (20, "rG"), (3, "ry"), (2, "ur"))
    ways = (link(0, "N-through"), link(1, "E-through"))
    assert found(ways, made, rules(red_yellow_max_s=1.0)) == {"red and yellow": ("N-through", 2.0, 1.0)}
    assert found(ways, made) == {}


def test_reds_and_greens_count_over_the_end_of_the_cycle():
    ways = (link(0, "N-through"), link(1, "E-through"))
    made = program((10, "rG"), (3, "ry"), (4, "Gr"), (3, "yr"), (50, "rG"), (3, "ry"), (5, "Gr"), (3, "yr"), (9, "rG"))
    assert found(ways, made, rules(max_red_s=50.0, min_green_s=5.0)) == {
        "maximum red": ("N-through", 53.0, 50.0),
        "minimum green": ("N-through", 4.0, 5.0),
    }


def test_cycle_offset_and_whole_seconds():
    ways = (link(0, "N-through"), link(1, "E-through"))
    made = program((30, "Gr"), (3, "yr"), (20, "rG"), (3, "ry"))
    assert found(ways, made, rules(cycle_max_s=50.0))["longest cycle"] == ("cycle", 56.0, 50.0)
    assert found(ways, made, rules(cycle_min_s=60.0))["shortest cycle"] == ("cycle", 56.0, 60.0)
    broken = Program("s", (made.phases[0].__class__(30.5, "Gr", 0), *made.phases[1:]), 60.0)
    assert found(ways, broken)["offset"] == ("program", "60 s", "0 to below 56.5 s")
    places = {f.where for f in violations(Plan((broken,)), network(ways), rules()) if f.rule == "whole seconds"}
    assert places == {"phase 0", "cycle"}


def test_a_program_as_its_file_states_it():
    raw = NetProgram("s", "0", "static", -4.0, (NetPhase(30, "Gr"), NetPhase(20, "rGr"), NetPhase(5, "xr")))
    assert [(f.where, f.rule, f.measured) for f in stated(raw, CROSSING_WAYS)] == [
        ("phase 1", "state", "3 letters"),
        ("phase 2", "letters", "x"),
        ("program", "offset", "-4 s"),
    ]


def test_saturation_is_held_against_its_limit_where_it_is_known():
    made = program((30, "Gr"), (3, "yr"), (20, "rG"), (3, "ry"))
    ways = (link(0, "N-through"), link(1, "E-through"))
    book = rules(saturation_max=0.9)
    known = {("s", "N-through"): 0.95, ("s", "E-through"): 0.9}
    assert found(ways, made, book, known) == {"v/c": ("N-through", 0.95, 0.9)}
    assert found(ways, made, book) == {}


def test_signals_that_a_plan_leaves_out_keep_the_nets_program():
    together = program((30, "GG"), (3, "yy"), (5, "rr"))
    in_net = network(CROSSING_WAYS, together)
    assert [finding.rule for finding in violations(Plan(()), in_net, rules())] == ["conflicting greens"]


def test_of_a_program_without_fixed_times_the_states_are_judged():
    auditor = Auditor(network(CROSSING_WAYS), rules())
    assert auditor.notes() == ["Of signal 's' no times are judged: it has no program."]
    (finding,) = auditor.states("s", ["Gr", "GG", "rG", "GG"])
    assert (finding.rule, finding.measured) == ("conflicting greens", "G and G in phase 1, 3")
    assert auditor.states("s", ["Gr", "rG"]) == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"yellow_min_s": 6.0, "yellow_max_s": 3.0}, "yellow_min_s (6 s) is above yellow_max_s (3 s)"),
        ({"cycle_min_s": 90.0, "cycle_max_s": 60.0}, "cycle_min_s (90 s) is above cycle_max_s (60 s)"),
        ({"min_green_s": 90.0, "cycle_max_s": 60.0}, "min_green_s (90 s) is above cycle_max_s (60 s)"),
        ({"walk_s": 5.0}, "walk_s and walking_m_s belong together"),
        ({"walk_s": 5.0, "walking_m_s": 0.0}, "walking_m_s is 0; it must be above 0"),
        ({"max_red_s": -1.0}, "max_red_s is -1; it must be 0 or more"),
        ({"max_red_s": math.nan}, "max_red_s is nan"),
    ],
)
def test_rules_that_contradict_themselves_are_one_line(values, message):
    with pytest.raises(InputError) as caught:
        rules(**values)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_exceptions_hold_in_their_scenario_only():
    book = Rules(
        name="x", yellow_min_s=rules(yellow_min_s=3.0).yellow_min_s, exceptions={"there": {"yellow_min_s": 2.0}}
    )
    assert book.for_scenario("there").yellow_min_s.value == 2.0
    assert book.for_scenario("here") == book
    with pytest.raises(InputError, match="there is no limit 'yelow_min_s'. Did you mean 'yellow_min_s'"):
        Rules(name="x", exceptions={"there": {"yelow_min_s": 2.0}})


@settings(max_examples=300, deadline=None)
@given(made=programs(), book=rule_books)
def test_times_are_those_of_an_audit_second_by_second(made, book):
    from kernels.formulas import all_red, yellow

    value = {name: limit.value for name, limit in book.limits()}
    yellow_s = {
        way.index: min(6.0, max(1.0, yellow(way.approach_m_s, 0.0, value["reaction_s"], value["deceleration_m_s2"])))
        for way in JUNCTION
    }
    red_s = {
        (way.index, foe): min(6.0, float(all_red(metres, value["vehicle_length_m"], way.clearing_m_s)))
        for way in JUNCTION
        for foe, metres in zip(way.foes, way.clear_m, strict=True)
    }
    # Limits that the plan would meet but for the last bit are the same to neither.
    times = ("walk", "pedestrian clearance", "walk and clearance", "minimum green", "yellow", "maximum red",
             "red clearance", "longest cycle", "shortest cycle")  # fmt: skip
    findings = violations(Plan((made,)), network(JUNCTION), book)
    mine = {(finding.rule, finding.where) for finding in findings if finding.rule in times}
    assert mine == broken_times(network(JUNCTION).signals[0], made, book, yellow_s, red_s)


@settings(max_examples=300, deadline=None)
@given(
    made=programs(),
    book=rule_books,
    unit=st.lists(st.floats(0, 1), min_size=6, max_size=6),
    radius=st.sampled_from([0.3, math.inf]),
    min_green_s=st.sampled_from([1.0, 3.0]),
)
def test_no_plan_of_a_space_breaks_more_than_the_plan_in_the_net(made, book, unit, radius, min_green_s):
    of = network(JUNCTION, made)
    auditor = Auditor(of, book)
    options = SpaceOptions(radius=radius, min_green_s=min_green_s, min_cycle_s=20.0, max_cycle_s=400.0)
    try:
        space = plan_space(of, options, auditor)
    except InputError:
        assume(False)  # no cycle is both allowed and wanted: such a space is refused, and proposes nothing
    plan = space.decode(space.from_unit(np.array(unit[: space.n_dimensions])))
    assert auditor.worse(plan) == []
    assert space.decode(space.encode(plan)) == plan


def test_rules_narrow_a_space_and_nothing_else_does():
    made = program((30, "Gr"), (3, "yr"), (20, "rG"), (3, "ry"))
    of = network((link(0, "N-through"), link(1, "E-through")), made)
    free = plan_space(of, SpaceOptions(), Auditor(of, rules()))
    assert free.programs == PlanSpace([made], SpaceOptions()).programs
    narrow = plan_space(of, SpaceOptions(radius=math.inf), Auditor(of, rules(min_green_s=12.0, cycle_max_s=80.0)))
    assert narrow.programs[0].min_green_s == (12, 12)
    longest = narrow.decode(narrow.from_unit(np.ones(narrow.n_dimensions)))
    assert longest.programs[0].cycle_s == 80.0
    # What the plan in the street has less of is neither repaired nor cut.
    short = plan_space(of, SpaceOptions(), Auditor(of, rules(min_green_s=25.0)))
    assert short.programs[0].min_green_s == (25, 20)


def test_a_plan_that_is_worse_is_told_from_one_that_is_as_bad():
    made = program((30, "Gr"), (3, "yr"), (20, "rG"), (3, "ry"))
    of = network((link(0, "N-through"), link(1, "E-through")), made)
    auditor = Auditor(of, rules(min_green_s=25.0))
    same = program((25, "Gr"), (3, "yr"), (21, "rG"), (3, "ry"))
    worse = program((25, "Gr"), (3, "yr"), (19, "rG"), (3, "ry"))
    new = program((24, "Gr"), (3, "yr"), (20, "rG"), (3, "ry"))
    assert auditor.worse(Plan((same,))) == []
    assert [(f.where, f.measured) for f in auditor.worse(Plan((worse,)))] == [("E-through", 19.0)]
    assert [(f.where, f.measured) for f in auditor.worse(Plan((new,)))] == [("N-through", 24.0)]


def test_a_cycle_that_rules_and_options_exclude_is_one_line():
    made = program((10, "Gr"), (3, "yr"), (10, "rG"), (3, "ry"))
    of = network((link(0, "N-through"), link(1, "E-through")), made)
    with pytest.raises(InputError, match=r"rules=test: no cycle may be longer than 35 s, and plans.min_cycle_s=40"):
        plan_space(of, SpaceOptions(), Auditor(of, rules(cycle_max_s=35.0)))


@pytest.mark.parametrize("name", ["junction", "cologne1", "ingolstadt7"])
def test_floors_hold_in_real_networks(name, request):
    _, of = request.getfixturevalue(name)
    auditor = Auditor(of, rules(walk_s=5.0, walking_m_s=1.0))
    assert {f.rule for f in auditor.findings(Plan(()))} <= {"order of colours", "conflicting greens"}
    floors = plan_space(of, SpaceOptions(radius=math.inf), auditor)
    assert floors.programs == plan_space(of, SpaceOptions(radius=math.inf)).programs
