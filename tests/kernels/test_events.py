"""Signal performance measures on made-up events whose answer is plain."""

import numpy as np
import pytest

from kernels.events import arrivals_on_green, cycle_occupancies, mended, phase_state

G, Y, R, OFF, ON = 1, 8, 10, 81, 82


def events(*pairs):
    times, codes = zip(*pairs, strict=True)
    return np.array(times, np.int64) * 1000, np.array(codes, np.int64)


def test_arrivals_are_counted_by_the_state_that_they_meet():
    times, codes = events((5, ON), (10, G), (11, ON), (12, ON), (30, Y), (31, ON), (34, R), (40, ON), (60, G), (60, ON))
    starts, came, on_green = arrivals_on_green(times, codes, 20_000)
    # Before the first green nothing is known to be green; yellow and red are not; green and arrival at once are.
    assert starts.tolist() == [0, 20_000, 40_000, 60_000]
    assert came.tolist() == [3, 1, 1, 1]
    assert on_green.tolist() == [2, 0, 0, 1]


def test_events_may_come_in_any_order_and_be_read_only():
    times, codes = events((12, ON), (10, G), (11, ON))
    times.flags.writeable = False
    assert arrivals_on_green(times[::-1], codes[::-1], 60_000)[2].tolist() == [2]


def test_nothing_gives_nothing():
    empty = np.zeros(0, np.int64)
    assert [len(part) for part in arrivals_on_green(empty, empty, 1000)] == [0, 0, 0]
    assert len(cycle_occupancies(empty, empty, 0).failed) == 0
    assert [len(part) for part in mended(empty, empty)] == [0, 0]
    assert [len(part) for part in phase_state([])] == [0, 0]


def test_lost_detector_events_are_put_in():
    # An off between two ons: at once within 2 s, else half-way; an on between two offs; an on before a first off.
    times, codes = mended(*events((1, OFF), (4, ON), (6, ON), (7, OFF), (20, ON), (30, ON), (32, OFF), (36, OFF)))
    assert list(zip(times.tolist(), codes.tolist(), strict=True)) == [
        (999, ON), (1000, OFF), (4000, ON), (6000, OFF), (6000, ON), (7000, OFF), (20000, ON), (25000, OFF),
        (30000, ON), (32000, OFF), (34000, ON), (36000, OFF),
    ]  # fmt: skip


def test_a_phase_is_occupied_while_any_detector_is():
    times, codes = phase_state([events((1, ON), (5, OFF)), events((3, ON), (8, OFF))])
    assert list(zip(times.tolist(), codes.tolist(), strict=True)) == [(1000, ON), (3000, ON), (5000, ON), (8000, OFF)]


def cycle(occupied_until, free_from_red=None):
    pairs = [(0, ON), (10, G), (30, Y), (33, R), (50, G)]
    pairs.append((occupied_until, OFF))
    return events(*pairs)


def test_occupancies_and_split_failures():
    cycles = cycle_occupancies(*cycle(occupied_until=20), 10**9)
    assert (cycles.green_s[0], cycles.green_occupancy[0], cycles.red_occupancy[0]) == (20.0, 0.5, 0.0)
    assert cycles.judged_ms.tolist() == [38_000]
    assert not cycles.failed[0]
    assert cycle_occupancies(*cycle(occupied_until=37), 10**9).failed[0]  # four of the five seconds of red
    assert not cycle_occupancies(*cycle(occupied_until=36), 10**9).failed[0]
    # The cycle that began at 50 s has no red yet; one whose red is not over at the end is not judged either.
    assert len(cycles.failed) == 1
    assert len(cycle_occupancies(*cycle(occupied_until=37), 36_000).failed) == 0


def test_a_cycle_before_the_detector_first_spoke_is_left_out():
    assert len(cycle_occupancies(*events((10, G), (12, ON), (30, Y), (33, R), (50, G)), 10**9).failed) == 0


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="bin of 0 ms"):
        arrivals_on_green(np.zeros(0, np.int64), np.zeros(0, np.int64), 0)
    with pytest.raises(ValueError, match="equally long"):
        mended(np.zeros(2, np.int64), np.zeros(3, np.int64))
