"""Controllers in live simulations: part of the plan, the same bytes again, and back to the fixed plan when they fail."""

import dataclasses
import itertools
import json
import pickle

import msgspec
import pytest

from engine.audit import Limit, Rules
from engine.control.registry import CONTROLLERS, make_controller
from engine.control.spec import Control, Priority, Sensing, UserClass
from engine.control.street import wanted_at
from engine.errors import InputError
from engine.formats.plan_json import parse_plan_json, plan_json
from engine.nursery import Nursery
from engine.plan import BASELINE, Plan
from engine.result import RunResult
from tests.engine.control.judge import violations

RULES = Rules(name="test", min_green_s=Limit(5.0, source="a test"), yellow_min_s=Limit(3.0, source="a test"))
USERS = """
class Breaks:
    decision_s = 5.0

    def __init__(self, after=6.0):
        self.left = after

    def start(self, place):
        self.stages = [[p.state for p in s.program.phases if p.stage >= 0] for s in place.network.signals]

    def decide(self, state, lights):
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("no idea")
        return [stages[-1] for stages in self.stages]


class Chatters(Breaks):
    def decide(self, state, lights):
        return ["G"]
"""


def control(kind, **values):
    return Control(kind, rules=RULES, **values)


def ran(scenario, network, plan, seed=1, minutes=5, backend="native"):
    short = dataclasses.replace(scenario, end_s=scenario.begin_s + 60.0 * minutes)
    with Nursery(short, network, backend) as nursery:
        return nursery.run(plan, seed)


def users(tmp_path, name):
    file = tmp_path / "mine.py"
    file.write_text(USERS, encoding="utf-8")
    return UserClass.at(file, name)


def test_plans_without_a_controller_are_what_they_were():
    plan = Plan(())
    assert plan.plan_id == BASELINE
    assert sorted(plan.__getstate__()) == ["parameters", "programs"]
    assert "control" not in plan.to_json()


def test_a_plan_carries_its_controller(cologne1):
    _, network = cologne1
    programs = tuple(signal.program for signal in network.signals)
    plan = Plan(
        programs,
        control=control("greedy", parameters=(("range_m", 40.0),), sensing=Sensing("loops", detectors_m=(1.0,))),
    )
    again = Plan.from_json(json.loads(json.dumps(plan.to_json())))
    assert again == plan
    assert again.plan_id == plan.plan_id == pickle.loads(pickle.dumps(plan)).plan_id
    assert parse_plan_json(plan_json(plan), network) == plan
    ids = {
        Plan((), control=one).plan_id
        for one in (
            control("greedy"),
            control("max_pressure"),
            control("greedy", parameters=(("range_m", 40.0),)),
            control("greedy", max_red_s=90.0),
            control("greedy", sensing=Sensing(range_m=50.0)),
            control("greedy", priority=Priority(transit=True)),
            dataclasses.replace(control("greedy"), rules=Rules()),
        )
    }
    assert len(ids) == 7


@pytest.mark.parametrize("kind", ["greedy", "max_pressure", "sotl", "program"])
def test_controllers_run_and_repeat(kind, cologne1):
    plan = Plan((), control=control(kind))
    result = ran(*cologne1, plan)
    assert result.control.controller["kind"] == kind
    assert result.control.fallbacks == ()
    assert result.to_bytes() == ran(*cologne1, plan).to_bytes()
    assert RunResult.from_bytes(result.to_bytes()) == result


def test_the_fixed_plan_is_what_the_program_shows(cologne1):
    program = cologne1[1].signals[0].program
    at_s = program.offset_s
    for phase in program.phases:
        wanted = wanted_at(program, at_s)
        assert [letter in "Gg" for letter in wanted] == [letter in "Gg" for letter in phase.state]
        at_s += phase.duration_s
    assert wanted_at(program, at_s) == wanted_at(program, program.offset_s)


def test_backends_agree_and_a_plain_run_says_nothing_of_control(cologne1):
    plan = Plan((), control=control("greedy"))
    assert ran(*cologne1, plan, minutes=3).to_bytes() == ran(*cologne1, plan, minutes=3, backend="libsumo").to_bytes()
    plain = ran(*cologne1, Plan(()), minutes=1)
    assert plain.control is msgspec.UNSET
    assert b'control":' not in msgspec.json.encode(plain)


def test_lights_keep_the_rules_in_the_street(cologne1):
    """What SUMO shows, second by second, is held against the rules by the judge."""
    from engine.simulation import Simulation

    scenario, network = cologne1
    record = []
    with Simulation(
        scenario, network, Plan((), control=control("greedy", parameters=(("decision_s", 1.0),))), 1
    ) as live:
        for second in range(600):
            live.run_until(scenario.begin_s + 1.0 + second)
            record.append(live.state().letters[0])
    judged = {"min_green_s": 5.0, "yellow_s": 3.0, "all_red_s": 0.0, "walk_s": 5.0, "walking_m_s": 1.0}
    assert violations(network.signals[0], record, **judged) == []
    assert len(set(record)) >= 4


def test_a_controller_that_raises_in_mid_run_leaves_the_fixed_plan(tmp_path, cologne1):
    plan = Plan((), control=control("user", code=users(tmp_path, "Breaks")))
    of = ran(*cologne1, plan).control
    (fallback,) = of.fallbacks
    assert (fallback.time_s, fallback.signal) == (cologne1[0].begin_s + 30.0, "")
    assert fallback.reason == "RuntimeError: no idea"


def test_after_a_fallback_the_street_is_coordinated_within_a_cycle(tmp_path, cologne1):
    """From a cycle after the fault on, the lights are those of the fixed plan through the same monitor."""
    from engine.simulation import Simulation

    scenario, network = cologne1

    def shown(plan):
        with Simulation(scenario, network, plan, 1) as live:
            found = []
            for second in range(300):
                live.run_until(scenario.begin_s + 1.0 + second)
                found.append(live.state().letters[0])
            return found

    code = users(tmp_path, "Breaks")
    failed = shown(Plan((), control=control("user", code=code)))
    fixed = shown(Plan((), control=control("program")))
    cycle_s = int(network.signals[0].program.cycle_s)
    assert failed[:30] != fixed[:30]
    assert failed[30 + cycle_s :] == fixed[30 + cycle_s :]


def test_nonsense_is_no_answer(tmp_path, cologne1):
    of = ran(*cologne1, Plan((), control=control("user", code=users(tmp_path, "Chatters"))), minutes=1).control
    assert of.fallbacks[0].reason.startswith("ValueError: 'G' for signal")


def test_dead_detectors_lead_back_too(cologne1):
    sensing = Sensing("loops", detectors_m=(1.0, 40.0), dead_share=1.0)
    of = ran(*cologne1, Plan((), control=control("greedy", sensing=sensing)), minutes=2).control
    assert of.fallbacks[0].signal == cologne1[1].signals[0].id
    assert of.fallbacks[0].time_s == cologne1[0].begin_s


def test_code_comes_from_the_command_line_alone(tmp_path, cologne1):
    plan = Plan((), control=control("user", code=users(tmp_path, "Breaks")))
    data = plan.to_json()
    data["control"]["code"]["file"] = str(tmp_path / "mine.py")
    again = Plan.from_json(data)
    assert again.plan_id == plan.plan_id
    with pytest.raises(InputError, match="no file can bring code"):
        make_controller(again.control)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def (", "cannot be loaded: SyntaxError"),
        ("x = 1", "has no class 'Mine'"),
        ("class Mine: pass", "no method 'start'"),
        ("class Mine:\n def __init__(self): 1 / 0", "cannot be made: ZeroDivisionError"),
    ],
)
def test_a_class_that_does_not_load_is_one_line(text, said, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        make_controller(control("user", code=UserClass.at(file, "Mine")))


def test_unknown_controllers_and_parameters_are_named():
    with pytest.raises(InputError, match="controller=gredy is not known. Did you mean 'greedy'"):
        make_controller(control("gredy"))
    with pytest.raises(InputError, match="no parameter 'rnge_m'. Did you mean 'range_m'"):
        make_controller(control("greedy", parameters=(("rnge_m", 40.0),)))
    assert {"greedy", "max_pressure", "sotl", "program", "rolling_horizon"} <= set(CONTROLLERS)


def test_stages_come_in_order_where_that_is_asked_for(cologne1):
    from engine.control.stages import stages_of
    from engine.simulation import Simulation

    scenario, network = cologne1
    stages = stages_of(network.signals[0])
    plan = Plan((), control=control("greedy", order="program"))
    with Simulation(scenario, network, plan, 1) as live:
        seen = []
        for second in range(600):
            live.run_until(scenario.begin_s + 1.0 + second)
            letters = live.state().letters[0]
            if letters in stages and seen[-1:] != [stages.index(letters)]:
                seen.append(stages.index(letters))
    assert len(seen) > 8
    assert all(b == (a + 1) % len(stages) for a, b in itertools.pairwise(seen))


def test_a_longest_red_is_kept(ingolstadt7):
    """Whoever is seen on an approach has green within the longest red, one change of stages and one stage on top."""
    from engine.simulation import Simulation

    scenario, network = ingolstadt7
    plan = Plan((), control=control("sotl", parameters=(("threshold", 1e9),), max_red_s=60.0))
    with Simulation(scenario, network, plan, 1) as live:
        live.run_until(scenario.begin_s + 600.0)
        changed = {i: set() for i in range(len(network.signals))}
        for second in range(120):
            live.run_until(scenario.begin_s + 601.0 + second)
            for i, letters in enumerate(live.state().letters):
                changed[i].add(letters)
        assert sum(len(of) > 1 for of in changed.values()) >= len(changed) - 1
    assert ran(scenario, network, plan, minutes=5).control.interventions["longest red"] > 3
