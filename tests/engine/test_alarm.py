"""The switching rules, on courses made by hand: how often usual days alarm, what is named, when it is over."""

import numpy as np
import pytest

from engine.alarm import Course, course, fit_alarm, fit_all_clear
from engine.result import GroupResult, Interval, RunResult

NAMES = ("A:E:crossed_veh", "A:N:crossed_veh", "A:N:queue_m")
ENDS_S = tuple(180.0 * (i + 1) for i in range(10))


def days(n, seed, shift=(0.0, 0.0, 0.0), since=0):
    rng = np.random.default_rng(seed)
    values = rng.normal([40.0, 30.0, 60.0], [4.0, 3.0, 10.0], (n, 10, 3))
    values[:, since:] += shift
    return [Course(NAMES, ENDS_S, of) for of in values]


EVENT, CLOSED = (30.0, 0.0, 0.0), (0.0, -15.0, 120.0)


@pytest.fixture(scope="module")
def alarm():
    return fit_alarm(days(20, 1), {"event": days(20, 2, EVENT), "closed": days(20, 3, CLOSED)}, 2)


def test_usual_days_seldom_alarm(alarm):
    calls = [alarm.first(day) for day in days(400, 4)]
    assert sum(call is not None for call in calls) <= 20


@pytest.mark.parametrize(("name", "shift"), [("event", EVENT), ("closed", CLOSED)])
def test_a_trouble_is_named_once_it_has_held_for_its_windows(alarm, name, shift):
    for day in days(50, 5, shift, since=4):
        call = alarm.first(day)
        assert call is not None
        assert call.trouble == name
        assert ENDS_S[4] <= call.time_s <= ENDS_S[5], "chance may count the window before, no more"


def test_one_window_alone_is_no_alarm(alarm):
    day = days(1, 6)[0]
    day.values[3, 2] += 500.0
    assert alarm.first(day) is None


def test_thresholds_are_written_by_window(alarm):
    row = alarm.to_json()["indicators"]["A:N:queue_m"]
    assert row["above"][0] == pytest.approx(alarm.usual[0, 2] + alarm.limit * alarm.spread[2], abs=0.01)
    assert len(row["below"]) == len(ENDS_S)


def test_the_all_clear_waits_for_the_trouble_to_end():
    rule = fit_all_clear(days(20, 7), days(20, 8, CLOSED), 2)
    assert all(rule.first(day) is None for day in days(50, 9, CLOSED))
    assert all(rule.first(day) == ENDS_S[1] for day in days(50, 10))


def test_an_approach_sums_its_lane_groups_and_takes_their_longest_queue():
    def group(name):
        none = (0.0,) * 5
        return GroupResult("A", "N", name, 0, 0, 0.0, None, None, None, none, none, 0.0, 0.0, 0.0, False, 0.0, *[None] * 3, 0, None, None)  # fmt: skip  # noqa: E501

    rows = (
        Interval(0.0, 60.0, -1, 9, 0, 0.0, 0, 0, 99.0, 9),
        Interval(0.0, 60.0, 0, 2, None, 0.0, 3, 4, 20.0, 3),
        Interval(0.0, 60.0, 1, 5, None, 0.0, 6, 7, 50.0, 8),
    )
    found = course(RunResult({}, (group("N-left"), group("N-through")), (), series=rows))
    assert dict(zip(found.names, found.values[0], strict=True)) == {
        "A:N:crossed_veh": 11.0, "A:N:present_veh": 7.0, "A:N:queue_m": 50.0,
    }  # fmt: skip
