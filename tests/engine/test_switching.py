"""Changes between plans: in step, within bounds, no intergreen cut, as SUMO shows them second by second."""

import dataclasses
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audit import Auditor, Limit, Rules
from engine.day import DayPlan, day_schedules, transition_findings
from engine.errors import InputError
from engine.plan import Phase, Plan, Program
from engine.sumo.waut import read_schedules, write_schedules
from engine.switching import handover

RULES = Rules(
    name="test", min_green_s=Limit(7.0, source="test"), yellow_min_s=Limit(3.0, source="test"),
    yellow_max_s=Limit(6.0, source="test"), red_clearance_min_s=Limit(1.0, source="test"),
)  # fmt: skip


def program(greens, offset_s=0, low=5.0, high=600.0, states=("Gr", "rG")):
    phases = []
    for stage, (green, state) in enumerate(zip(greens, states, strict=True)):
        closing = state.replace("G", "y")
        phases += [Phase(float(green), state, stage), Phase(3.0, closing, -1), Phase(2.0, "rr", -1)]
    return Program("a", tuple(phases), float(offset_s), (low,) * len(greens), (high,) * len(greens))


def shown(program, time_s):
    """The state of a program at a time, by the definition of its offset."""
    place_s = (time_s - program.offset_s) % program.cycle_s
    for phase in program.phases:
        if place_s < phase.duration_s:
            return phase.state
        place_s -= phase.duration_s
    raise AssertionError


def timeline(old, new, way, begin_s, end_s):
    """The states second by second that a handover promises."""
    for time_s in range(begin_s, end_s):
        of = old if time_s < way.leaves_s else new if time_s >= way.enters_s else way.between
        yield shown(of, time_s)


def greens_of(states, link):
    """Lengths of the whole greens of a link, seconds: those at the ends are left out."""
    runs = [(letter in "Gg", len(list(group))) for letter, group in itertools.groupby(s[link] for s in states)]
    return [length for green, length in runs[1:-1] if green]


greens = st.tuples(st.integers(5, 60), st.integers(5, 60))


@settings(max_examples=300, deadline=None)
@given(greens, greens, st.integers(0, 200), st.integers(0, 200), st.integers(0, 500))
def test_every_change_keeps_minimum_greens_and_intergreens_and_ends_in_step(old, new, offset, other, at):
    old, new = program(old, offset % (sum(old) + 10)), program(new, other % (sum(new) + 10))
    way = handover(old, new, at)
    assert at <= way.leaves_s < at + old.cycle_s
    assert way.n_cycles <= 4 or min(new.greens_s) < 10
    states = list(timeline(old, new, way, at, int(way.enters_s + 2 * new.cycle_s)))
    for link in (0, 1):
        assert min(greens_of(states, link)) >= 5
    # Between two greens of different stages there are 3 s of yellow and 2 s of all-red, always.
    runs = [(state, len(list(group))) for state, group in itertools.groupby(states)]
    for (one, _), (two, seconds), (three, more) in zip(runs, runs[1:], runs[2:], strict=False):
        if "G" in one and "y" in two:
            assert two == one.replace("G", "y")
            assert (seconds, three) == (3, "rr")
            assert more == 2 or three == runs[-1][0]
        assert not ("G" in one and "G" in two)
    if way.between is not None:
        low, high = 0.8 * new.cycle_s - 1, 1.25 * new.cycle_s + 1
        assert low <= way.between.cycle_s / way.n_cycles <= high
        assert way.between.cycle_s == way.enters_s - way.leaves_s


def test_the_same_program_with_another_offset_gets_into_step_the_short_way():
    way = handover(program((30, 20)), program((30, 20), offset_s=6), 100)
    # 6 s more in a cycle of 60 s: one cycle of 66 s, begun when the old program begins a stage.
    assert (way.between.cycle_s, way.n_cycles) == (66.0, 1)
    way = handover(program((30, 20)), program((30, 20), offset_s=54), 100)
    assert (way.between.cycle_s, way.n_cycles) == (54.0, 1)


def test_programs_that_begin_a_stage_together_need_nothing_between():
    way = handover(program((30, 20)), program((40, 20)), 0)
    assert (way.leaves_s, way.enters_s, way.between) == (0, 0, None)


def test_a_stage_in_several_intervals_is_not_cut():
    phases = (
        Phase(20.0, "Gr", 0),
        Phase(10.0, "gr", 0),
        Phase(5.0, "yr", -1),
        Phase(20.0, "rG", 1),
        Phase(5.0, "ry", -1),
    )
    several = Program("a", phases, 0.0, (5.0, 5.0), (60.0, 60.0))
    way = handover(several, dataclasses.replace(several, offset_s=50.0), 0)
    assert way.between.cycle_s == 50.0
    assert [phase.duration_s for phase in way.between.phases if phase.stage == 0] == [20.0, 10.0]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (program((30, 20)), program((30, 20), states=("GG", "rr")), "show no stage in common"),
        (program((30.5, 20)), program((30, 20)), "no whole seconds"),
        (program((30, 20)), program((30, 20), offset_s=30, low=600.0, high=5.0), "leave no room"),
    ],
)
def test_what_cannot_be_is_one_line(old, new, says):
    with pytest.raises(InputError, match=says) as error:
        handover(old, new, 0)
    assert "\n" not in str(error.value)


@pytest.fixture
def day(junction):
    """The junction's plan, and one with another cycle, other splits and another offset."""
    net = junction[1].signals[0].program
    more = (9, 3, -4, -3)
    phases = tuple(
        dataclasses.replace(phase, duration_s=phase.duration_s + (more[phase.stage] if phase.stage >= 0 else 0))
        for phase in net.phases
    )
    peak = dataclasses.replace(net, phases=phases, offset_s=31.0)
    calm, busy = Plan((net,)), Plan((peak,))
    return [DayPlan("calm", 27000, calm), DayPlan("peak", 27200, busy), DayPlan("calm", 27650, calm)]


def recorded(net, additional, begin_s, end_s):
    """What SUMO shows at signal C in every second."""
    import libsumo

    libsumo.start(
        ["sumo", "-n", str(net), "-a", str(additional), "-b", str(begin_s), "-e", str(end_s), "--no-step-log"]
    )
    try:
        states = []
        for _ in range(end_s - begin_s):
            libsumo.simulationStep()
            states.append(libsumo.trafficlight.getRedYellowGreenState("C"))
        return states
    finally:
        libsumo.close()


def as_program(states):
    phases = [Phase(float(len(list(group))), state) for state, group in itertools.groupby(states)]
    return Program("C", tuple(phases[1:-1]), 0.0)  # the first and the last are cut


def faults(auditor, states, *programs):
    """What a trace breaks that the programs themselves do not break; where it is cut says nothing."""
    known = {finding.key for of in programs for finding in auditor.findings(Plan((of,)))}
    found = auditor.findings(Plan((as_program(states),)))
    return [
        f
        for f in found
        if f.key not in known and f.rule in ("minimum green", "yellow", "red clearance", "conflict", "walk")
    ]


def test_sumo_shows_the_change_second_by_second_and_the_trace_passes_the_audit(day, junction, tmp_path):
    schedules, changes = day_schedules(day)
    write_schedules(schedules, tmp_path / "day.add.xml")
    states = recorded(junction[0].net, tmp_path / "day.add.xml", 27000, 28200)
    calm, peak = day[0].plan.programs[0], day[1].plan.programs[0]
    first, second = (change.way for change in changes)
    promised = list(timeline(calm, peak, first, 27000, 27650))
    promised += list(timeline(peak, calm, second, 27650, 28200))
    assert states == promised
    assert first.between is not None
    assert second.between is not None
    auditor = Auditor(junction[1], RULES)
    assert faults(auditor, states, calm, peak) == []
    assert [finding for change in changes for finding in transition_findings(change, auditor)] == []


def test_a_switch_without_transition_would_fail_that_audit(day, junction, tmp_path):
    # The check can fail: the same plans, switched on the second that the periods begin at.
    schedules, _ = day_schedules(day)
    bare = dataclasses.replace(
        schedules[0],
        switches=tuple(dataclasses.replace(schedules[0].switches[0], at_s=of.begins_s, plan=of.name) for of in day[1:]),
    )
    write_schedules([bare], tmp_path / "bare.add.xml")
    states = recorded(junction[0].net, tmp_path / "bare.add.xml", 27000, 28200)
    calm, peak = (of.plan.programs[0] for of in day[:2])
    assert faults(Auditor(junction[1], RULES), states, calm, peak)


def test_a_simulation_that_begins_later_runs_the_plan_of_that_time(day, junction, tmp_path):
    schedules, changes = day_schedules(day)
    write_schedules(schedules, tmp_path / "day.add.xml")
    states = recorded(junction[0].net, tmp_path / "day.add.xml", 27500, 27600)
    assert changes[0].way.enters_s <= 27500
    assert states == [shown(day[1].plan.programs[0], time_s) for time_s in range(27500, 27600)]


def test_a_days_schedules_come_back(day, junction, tmp_path):
    schedules, _ = day_schedules(day)
    write_schedules(schedules, tmp_path / "day.add.xml")
    assert read_schedules([tmp_path / "day.add.xml"], junction[1]) == schedules


def test_plans_that_do_not_differ_at_a_signal_never_switch_it(day, junction, tmp_path):
    same = [dataclasses.replace(of, plan=day[1].plan) for of in day]
    schedules, changes = day_schedules(same)
    assert (schedules[0].switches, changes) == ((), ())
    write_schedules(schedules, tmp_path / "day.add.xml")
    states = recorded(junction[0].net, tmp_path / "day.add.xml", 27000, 27120)
    assert states == [shown(day[1].plan.programs[0], time_s) for time_s in range(27000, 27120)]
