"""Who goes first gets its green within the rules, and no oftener than it may."""

import dataclasses

import numpy as np

from engine.control.controller import Place
from engine.control.monitor import Monitor
from engine.control.priority import Precedence
from engine.control.spec import Priority
from engine.control.timing import timing
from engine.layout import layout
from engine.plan import Plan
from engine.simulation import Simulation
from kernels.classes import CLASSES, EMERGENCY
from tests.conftest import built
from tests.engine.control.test_control import control, ran
from tests.engine.made_signals import JUNCTION, network, program, rules

STAGES = ("GGrrrr", "rrrGrr")


def junction_with(priority):
    net = network(JUNCTION, program((20.0, STAGES[0]), (3.0, "yyrrrr"), (15.0, STAGES[1]), (3.0, "rrryrr")))
    of = timing(net.signals[0], rules(min_green_s=5.0, yellow_min_s=3.0), 6)
    place = Place(net, layout(net), [of], 0.0, 1000.0)
    light = Monitor(of, STAGES[0], 0.0)
    light.step(STAGES[0], 0.0)
    return Precedence(priority, place), light


class Coming:
    """A state in which vehicles come: (class, link, metres)."""

    def __init__(self, *vehicles):
        self.kind = np.array([kind for kind, _, _ in vehicles], np.int32)
        self.next_link = np.array([link for _, link, _ in vehicles], np.int32)
        self.to_line_m = np.array([at_m for _, _, at_m in vehicles])
        self.next_signal = np.zeros(len(vehicles), np.int32)


BUS = CLASSES.index("bus")


def test_a_green_is_held_for_a_bus_and_not_for_ever():
    first, light = junction_with(Priority(transit=True, extension_s=10.0, every_s=60.0))
    wanted = []
    for now in range(80):
        first.see(Coming((BUS, 0, 100.0)))
        wanted.append(first.wanted(0, STAGES[1], light, float(now)))
    assert wanted[:10] == [STAGES[0]] * 10
    assert wanted[10:60] == [STAGES[1]] * 50
    assert wanted[60] == STAGES[0]
    assert first.served() == {"extension": 2}


def test_a_bus_before_red_gets_an_early_green():
    first, light = junction_with(Priority(transit=True))
    first.see(Coming((BUS, 3, 60.0), (BUS, 0, 900.0)))
    assert first.wanted(0, STAGES[0], light, 0.0) == STAGES[1]
    first.see(Coming())
    assert first.wanted(0, STAGES[0], light, 1.0) == STAGES[0]
    assert first.served() == {"early green": 1}


def test_blue_light_is_answered_until_it_has_passed_and_cars_are_not():
    first, light = junction_with(Priority(emergency=True, every_s=1000.0))
    for now in range(100):
        first.see(Coming((EMERGENCY, 3, 140.0), (BUS, 0, 10.0), (0, 0, 10.0)))
        assert first.wanted(0, STAGES[0], light, float(now)) == STAGES[1]
    assert first.served() == {"emergency": 1}


def test_an_emergency_vehicle_saves_time(tmp_path):
    """On the route of a vehicle with blue light, simulated with and without an answer to it."""
    where = (
        "conditions=[emergency]",
        "conditions.emergency.route=[in0,in0bay1,out2]",
        "conditions.emergency.depart_s=27280",
    )
    scenario, net = built(tmp_path / "scenario", "scenario=junction", "scenario.end_s=27600", *where)

    def travelled(plan):
        with Simulation(scenario, net, plan, 1) as live:
            seconds = 0
            while live.now_s < scenario.end_s:
                live.run_until(live.now_s + 1.0)
                seconds += int((live.state().kind == EMERGENCY).any())
            return seconds

    without = travelled(Plan((), control=control("program")))
    answered = travelled(Plan((), control=control("program", priority=Priority(emergency=True))))
    assert 0 < answered < without
    of = ran(scenario, net, Plan((), control=control("program", priority=Priority(emergency=True))), minutes=30)
    assert dataclasses.asdict(of.control)["priority"]["emergency"] >= 1
