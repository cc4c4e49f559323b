"""The planner does what a signal engineer would do where that is plain."""

import numpy as np
import pytest

from kernels.horizon import Behaviour, Horizon, Junction

NORTH, EAST = 0, 1
LANES = 4  # two that end at the lines, two behind the junction


def crossroads(room_m=200.0, **changed):
    """Return a planner of two one-way roads that cross: letter and lane 0 from north, 1 from east; two stages."""
    given = {
        "lanes": (0, 1),
        "speeds": (14.0, 14.0),
        "feeds": (((0, 0.0),), ((1, 0.0),)),
        "exits": (2, 3),
        "link_lanes": ((0,), (1,)),
        "link_exit": (0, 1),
        "gives_way": ((), ()),
        "stages": ((2, 0), (0, 2)),
        "least_s": (5.0, 5.0),
        "intergreen_s": ((0.0, 3.0), (3.0, 0.0)),
    }
    horizon = Horizon(np.array([200.0, 200.0, room_m, room_m]), Behaviour())
    horizon.add(Junction(**{**given, **changed}))
    return horizon


def see(horizon, vehicles, now_s=100.0, n_letters=2, red_s=(0.0, 20.0)):
    """Show vehicles as (lane, letter, metres to the line, speed); letter -1 is behind the junction, metres from its end."""
    n = len(vehicles)
    lane, letter, metres, speed = (list(column) for column in zip(*vehicles, strict=True)) if vehicles else ([],) * 4
    letter = np.array(letter, np.int32)
    horizon.see(
        np.arange(n, dtype=np.int32),
        np.array(lane, np.int32),
        200.0 - np.array(metres, np.float64),
        np.full(n, 5.0),
        np.array(speed, np.float64),
        np.where(letter >= 0, 0, -1).astype(np.int32),
        letter,
        np.where(letter >= 0, metres, np.inf).astype(np.float64),
        np.where(np.array(speed) < 0.1, 30.0, 0.0),
        np.array([red_s]),
        np.full((1, n_letters), -1.0),
        np.zeros((1, n_letters), np.int8),
        now_s,
        [],
    )
    return horizon


def chosen(horizon, green_s=(10.0, -1.0), stage=NORTH, now_s=100.0):
    return horizon.plan(0, stage, np.array(green_s), now_s)


def queue(lane, letter, n, first_m=1.0):
    return [(lane, letter, first_m + 7.5 * i, 0.0) for i in range(n)]


def test_it_goes_to_those_who_wait_when_nobody_is_served():
    assert chosen(see(crossroads(), queue(EAST, 1, 4))) == EAST


def test_it_stays_while_a_queue_is_leaving():
    assert chosen(see(crossroads(), queue(NORTH, 0, 8) + queue(EAST, 1, 2))) == NORTH


def test_it_stays_for_a_platoon_that_is_about_to_come_and_longer_than_the_queue():
    platoon = [(NORTH, 0, 30.0 + 25.0 * i, 14.0) for i in range(6)]
    assert chosen(see(crossroads(), platoon + queue(EAST, 1, 1))) == NORTH


def test_nobody_is_served_into_a_full_exit():
    full = [(2, -1, 199.0, 0.0)]  # its rear stands at the exit's beginning
    waiting = queue(NORTH, 0, 10)
    assert chosen(see(crossroads(), waiting + queue(EAST, 1, 2))) == NORTH
    assert chosen(see(crossroads(), waiting + queue(EAST, 1, 2) + full)) == EAST


def test_a_lane_whose_first_vehicle_turns_elsewhere_is_not_served():
    """Letters 0 and 2 share the lane from north; stage 0 shows 0 alone, and the first in line wants 2."""
    shared = {
        "link_lanes": ((0,), (1,), (0,)),
        "link_exit": (0, 1, 0),
        "gives_way": ((), (), ()),
        "stages": ((2, 0, 0), (0, 2, 0), (2, 0, 2)),
        "least_s": (5.0,) * 3,
        "intergreen_s": ((0.0, 3.0, 0.0), (3.0, 0.0, 3.0), (0.0, 3.0, 0.0)),
    }
    first = [(NORTH, 2, 1.0, 0.0), *queue(NORTH, 0, 5, first_m=8.5)]
    horizon = see(crossroads(**shared), first, n_letters=3)
    assert chosen(horizon, green_s=(10.0, -1.0, -1.0)) == 2


def test_its_departures_follow_the_headway_and_the_start_up():
    horizon = see(crossroads(), queue(NORTH, 0, 3))
    chosen(horizon, green_s=(0.0, -1.0))
    times = [at_s for at_s, letter in horizon.departures(0)]
    assert len(times) == 3
    assert times[0] >= Behaviour.startup_s
    assert np.diff(times) == pytest.approx([Behaviour.headway_s] * 2, abs=2.1)  # a step of the plan
    assert all(np.diff(times) >= Behaviour.headway_s - 1e-6)


def test_the_same_traffic_gets_the_same_plan():
    vehicles = queue(NORTH, 0, 3) + queue(EAST, 1, 5)
    plans = []
    for _ in range(2):
        horizon = see(crossroads(), vehicles)
        plans.append((chosen(horizon), horizon.departures(0)))
    assert plans[0] == plans[1]


def test_a_signal_without_vehicles_keeps_its_stage():
    assert chosen(see(crossroads(), [])) == NORTH


def test_a_signal_that_is_too_large_is_refused():
    with pytest.raises(ValueError, match="it has 33 stages, and the planner has room for 32"):
        crossroads(stages=((2, 0),) * 33)
