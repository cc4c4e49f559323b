"""The scoring state machine against theory on made-up traffic, and against a plain twin on random traffic."""

from types import SimpleNamespace

import numpy as np
import pytest

from experiments.bench.peers.plain_scorer import PlainScorer
from kernels.scoring import scorer

SPEED = 13.89


def road(**changes):
    """One signal at the end of a 500 m road: 0 the road, 1 the junction's interior, 2 the exit."""
    arrays = dict(
        lane_length_m=[500.0, 20.0, 500.0],
        lane_limit=[SPEED, SPEED, SPEED],
        lane_zone=[0, 0, -1],
        lane_queue=[0, 0, -1],
        lane_inside=[0, 1, 0],
        lane_exit=[0, 0, 1],
        feed_start=[0, 1, 1, 1],
        feed_queue=[0],
        feed_base_m=[0.0],
        queue_group=[0],
        queue_bit=[0],
        queue_storage_m=[500.0],
        link_start=[0, 1],
        link_index=[0],
        signal_group_start=[0, 1],
        group_approach=[0],
    )
    return SimpleNamespace(**{name: np.array(values) for name, values in (arrays | changes).items()})


def stand(kernel, queue_m, seconds, vehicles, begin_s=0.0):
    """Let vehicles stand for some seconds, each with its front at a distance from the stop line."""
    for second in range(int(begin_s), int(begin_s) + seconds):
        kernel.begin_step(second + 1.0)
        for i, distance_m in zip(vehicles, queue_m, strict=True):
            kernel.see_vehicle(i, 0, 500.0 - distance_m, 0.0)
        kernel.end_step()


def test_back_of_queue_reaches_the_rear_of_the_last_vehicle_within_20_m():
    kernel = scorer(road(), 1.0, 0.0, 100.0)
    vehicles = [kernel.add_vehicle(5.0, 1.0, 50.0, 0.0, 0.0, 0) for _ in range(4)]
    # Gaps 1, 2.5 and 20 m are queue; the fourth vehicle stands 20.1 m behind and is none of it.
    stand(kernel, [1.0, 8.5, 33.5, 58.6], 10, vehicles)
    kernel.close()
    assert [row[:5] for row in kernel.cycle_rows()] == [(0, 0.0, 10.0, 38.5, 3)]


def test_a_member_that_creeps_keeps_the_queue_together_and_does_not_lengthen_it():
    kernel = scorer(road(), 1.0, 0.0, 100.0)
    first, second = (kernel.add_vehicle(5.0, 1.0, 50.0, 0.0, 0.0, 0) for _ in range(2))
    stand(kernel, [0.0, 10.0], 5, [first, second])
    kernel.show_signal(0, b"G")
    kernel.show_signal(0, b"r")
    kernel.begin_step(6.0)
    kernel.see_vehicle(first, 0, 500.0, 0.0)
    kernel.see_vehicle(second, 0, 490.0, 2.0)
    kernel.end_step()
    kernel.close()
    # In the new cycle the second is a member that moves: the back is the first's rear, the members are two.
    assert kernel.cycle_rows()[-1][3:5] == (5.0, 2)


def test_control_delay_is_time_less_free_flow_time():
    kernel = scorer(road(), 1.0, 0.0, 1000.0)
    vehicle = kernel.add_vehicle(5.0, 1.0, 50.0, 0.0, 7.0, 0)
    position_m, second = 0.0, 0
    while position_m < 480.0:
        position_m += SPEED
        second += 1
        kernel.begin_step(float(second))
        kernel.see_vehicle(vehicle, 0, position_m, SPEED)
        kernel.end_step()
    for _ in range(30):
        second += 1
        kernel.begin_step(float(second))
        kernel.see_vehicle(vehicle, 0, position_m, 0.0)
        kernel.end_step()
    for lane in (1, 2):
        second += 1
        kernel.begin_step(float(second))
        kernel.see_vehicle(vehicle, lane, 10.0, SPEED)
        kernel.end_step()
    vehicles, crossed, stops, delay_s = (
        kernel.group_sums()[name] for name in ("vehicles", "crossed", "stops", "delay_s")
    )
    # 30 s at the light and 7 s of waiting to be inserted; driving at the limit costs nothing.
    assert (vehicles[0], crossed[0], stops[0]) == (1, 1, 1)
    assert delay_s[0] == pytest.approx(37.0, abs=1e-9)


def test_deterministic_queue_has_the_delay_of_theory():
    """D/D/1 with arrivals 20/min, service 50/min, red = green = 30 s.

    The textbook's fluid waits 12.5 s each; whole vehicles k = 0..15 wait 30 + 1.2 k - (1.5 + 3 k), 12.0 s on average.
    """
    kernel = scorer(road(lane_limit=[1e6, SPEED, SPEED]), 0.1, 0.0, 6000.0)
    waiting, arrived, left_at = [], 0, -10.0
    for tick in range(1, 600 * 10 + 1):
        now = tick / 10
        kernel.begin_step(now)
        green = (now % 60.0) > 30.0
        if waiting and green and now - left_at >= 1.2 - 1e-9:
            kernel.see_vehicle(waiting.pop(0), 2, 0.0, SPEED)
            left_at, arrived = now, arrived + 1
        if tick % 30 == 15:
            waiting.append(kernel.add_vehicle(0.0, 1.0, 1e6, now - 0.1, 0.0, 0))
        for i in waiting:
            kernel.see_vehicle(i, 0, 500.0, 0.0)
        kernel.end_step()
    vehicles, crossed, delay_s = (kernel.group_sums()[name] for name in ("vehicles", "crossed", "delay_s"))
    assert vehicles[0] == crossed[0] == arrived == 200
    assert delay_s[0] / vehicles[0] == pytest.approx(12.0, abs=0.15)


def test_a_stop_needs_a_start():
    kernel = scorer(road(), 1.0, 0.0, 100.0)
    vehicle = kernel.add_vehicle(5.0, 1.0, 50.0, 0.0, 0.0, 0)
    for second, speed in enumerate([0.0, 2.0, 1.0, 3.0, 1.0, 2.5, 1.0, 14.0, 0.0]):
        kernel.begin_step(second + 1.0)
        kernel.see_vehicle(vehicle, 0, 100.0, speed)
        kernel.end_step()
    kernel.retire_vehicle(vehicle, 0.0, 0.0, False)
    # Below 5 km/h after having been above 10 km/h: at 3.0 -> 1.0 and 14.0 -> 0.0, nowhere else.
    assert kernel.n_stops == 2


def test_vehicles_that_never_got_in_count():
    kernel = scorer(road(), 1.0, 100.0, 200.0)
    for second in range(200):
        kernel.begin_step(second + 1.0)
        kernel.end_step()
    kernel.wait(0, 150.0, 0)
    kernel.wait(-1, 120.0, 1)
    kernel.wait(0, 99.0, 0)  # due before the window
    assert (kernel.n_vehicles, kernel.n_waiting, kernel.delay_sum_s) == (2, 2, 50.0 + 80.0)
    assert kernel.group_sums()["vehicles"][0] == 1
    assert kernel.group_sums()["delay_s"][0] == 50.0
    assert kernel.class_sums()["delay_s"].tolist() == [50.0, 80.0, 0.0, 0.0]


def test_a_turn_into_a_side_road_is_no_crossing():
    layout = road(
        lane_length_m=[100.0, 20.0, 500.0, 400.0],
        lane_limit=[SPEED] * 4,
        lane_zone=[0, 0, -1, 0],
        lane_queue=[0, 0, -1, -1],
        lane_inside=[0, 1, 0, 0],
        lane_exit=[0, 0, 0, 0],
        feed_start=[0, 1, 1, 1, 2],
        feed_queue=[0, 0],
        feed_base_m=[0.0, 100.0],
    )
    kernel = scorer(layout, 1.0, 0.0, 100.0)
    vehicle = kernel.add_vehicle(5.0, 1.0, 50.0, 0.0, 0.0, 0)
    for second, lane in enumerate([3, 2]):
        kernel.begin_step(second + 1.0)
        kernel.see_vehicle(vehicle, lane, 50.0, 5.0)
        kernel.end_step()
    assert {name: sums[0] for name, sums in kernel.group_sums().items() if sums[0]} == {}


def random_layout(random):
    """Two signals of two lane groups each, short lanes upstream that feed several queues, an interior and exits."""
    n_lanes, n_queues = 14, 6
    feeds = [[(q, float(random.uniform(0, 60)))] for q in range(n_queues)]
    for lane in range(4):
        fed = sorted(random.choice(3, 2, replace=False) + 3 * (lane % 2))
        feeds.append([(int(q), 60.0 + float(random.uniform(0, 40))) for q in fed])
    feeds += [[] for _ in range(4)]
    zone = [0, 0, 0, 1, 1, 1] + [0, 1, 0, 1] + [0, 1, -1, -1]
    return SimpleNamespace(
        lane_length_m=random.uniform(1, 80, n_lanes),
        lane_limit=random.uniform(8, 20, n_lanes),
        lane_zone=np.array(zone),
        lane_queue=np.array([0, 1, 2, 3, 4, 5, -1, -1, -1, -1, 1, 4, -1, -1]),
        lane_inside=np.array([0] * 10 + [1, 1, 0, 0]),
        lane_exit=np.array([0] * 12 + [1, 0]),
        feed_start=np.cumsum([0] + [len(of) for of in feeds]),
        feed_queue=np.array([q for of in feeds for q, _ in of]),
        feed_base_m=np.array([m for of in feeds for _, m in of]),
        queue_group=np.array([0, 0, 1, 2, 3, 3]),
        queue_bit=np.array([0, 1, 2, 0, 1, 2]),
        queue_storage_m=random.uniform(50, 150, n_queues),
        link_start=np.array([0, 2, 3, 4, 6]),
        link_index=np.array([0, 1, 2, 0, 1, 2]),
        signal_group_start=np.array([0, 2, 4]),
        group_approach=np.array([0, 1, 2, 2]),
    )


@pytest.mark.parametrize("seed", range(20))
def test_kernel_equals_its_plain_twin(seed):
    random = np.random.default_rng(seed)
    layout = random_layout(random)
    kernels = [kind(layout, 1.0, 50.0, 400.0) for kind in (scorer, PlainScorer)]
    running, at_stops = {}, []
    for second in range(1, 401):
        for kernel in kernels:
            kernel.begin_step(float(second))
        if random.random() < 0.5:
            values = (random.uniform(4, 12), random.uniform(0.8, 1.2), 30.0, second - 3.0, 2.0)
            kind = int(random.integers(4))
            indices = [kernel.add_vehicle(*map(float, values), kind) for kernel in kernels]
            assert indices[0] == indices[1]
            running[indices[0]] = int(random.integers(14))
        for i in sorted(running):
            running[i] = int(random.integers(14)) if random.random() < 0.1 else running[i]
            position, speed = float(random.uniform(0, 60)), max(0.0, float(random.normal(1.5, 2.0)))
            for kernel in kernels:
                kernel.see_vehicle(i, running[i], position, speed)
        for signal in range(2):
            if random.random() > 0.15:
                continue
            state = bytes(random.choice(list(b"GgryrG"), 3).astype(np.uint8))
            for kernel in kernels:
                kernel.show_signal(signal, state)
        for kernel in kernels:
            kernel.end_step()
        if second % 60 == 0:
            at_stops.append([[list(kernel.on_approaches()), *map(list, kernel.take_peaks())] for kernel in kernels])
            at_stops[-1][0].append([kernels[0].owed_s(i, 2.5) for i in running])
            at_stops[-1][1].append([kernels[1].owed_s(i, 2.5) for i in running])
            assert kernels[0].n_driving == len(running)
        if running and random.random() < 0.4:
            gone = int(random.choice(sorted(running)))
            arrived = bool(random.random() < 0.8)
            for kernel in kernels:
                kernel.retire_vehicle(gone, 3.5, second - 20.0, arrived)
            del running[gone]
    for kernel in kernels:
        kernel.close()
    ours, theirs = kernels
    for name in ("group_sums", "class_sums", "class_group_sums"):
        sums, plain = getattr(ours, name)(), getattr(theirs, name)()
        assert {key: values.tolist() for key, values in sums.items()} == plain, name
    assert [values.tolist() for values in ours.spilled_s()] == list(theirs.spilled_s())
    assert all(ours_then == theirs_then for ours_then, theirs_then in at_stops)
    # A junction spills back where one of its approaches does: at least as long as each, at most as long as their sum.
    approaches, junctions = ours.spilled_s()
    assert max(approaches[:2]) <= junctions[0] <= sum(approaches[:2])
    assert junctions[1] == approaches[2] <= ours.group_sums()["spilled_s"][2:].sum()
    assert ours.cycle_rows() == theirs.cycle_rows()
    # What is counted in the cycles is what is counted in all.
    for place, name in ((10, "vehicles"), (11, "stops"), (7, "crossed"), (13, "spilled_s")):
        assert sum(row[place] for row in ours.cycle_rows()) == ours.group_sums()[name].sum()
    for name in ("delay_sum_s", "travel_sum_s", "vehicle_seconds", "n_vehicles", "n_arrived", "n_stops", "still_s"):
        assert getattr(ours, name) == getattr(theirs, name), name
    sums = ours.group_sums()
    assert all(
        sums[name].sum() > 0 for name in ("vehicles", "crossed", "on_green", "green_s", "occupied_s", "spilled_s")
    )


def discharge(headway_s, n_queued, green_s, red_s=30, cycles=3):
    """Let a standing queue discharge at a fixed headway, in steps of 0.1 s; the rest waits for the next green."""
    kernel = scorer(road(), 0.1, 0.0, 1e4)
    queue = [kernel.add_vehicle(5.0, 1.0, 50.0, 0.0, 0.0, 0) for _ in range(n_queued)]
    tick, left = 0, -1e9
    for _ in range(cycles):
        for state, seconds in ((b"r", red_s), (b"G", green_s)):
            for i in range(round(seconds * 10)):
                tick += 1
                kernel.begin_step(tick / 10)
                if i == 0:
                    kernel.show_signal(0, state)
                if state == b"G" and queue and tick - left >= round(headway_s * 10):
                    gone, left = queue.pop(0), tick
                    kernel.see_vehicle(gone, 2, 0.0, SPEED)
                for place, vehicle in enumerate(queue):
                    kernel.see_vehicle(vehicle, 0, 500.0 - 7.5 * place, 0.0)
                kernel.end_step()
    for now in range(60):
        kernel.begin_step(tick / 10 + (now + 1) / 10)
        kernel.show_signal(0, b"r")
        for place, vehicle in enumerate(queue):
            kernel.see_vehicle(vehicle, 0, 500.0 - 7.5 * place, 0.0)
        kernel.end_step()
    return kernel, {name: values[0] for name, values in kernel.group_sums().items()}, len(queue)


def test_saturation_flow_is_measured_from_the_fifth_vehicle_on():
    _, sums, left = discharge(headway_s=2.0, n_queued=20, green_s=60, cycles=1)
    assert left == 0
    assert sums["headways"] == 16
    assert 3600.0 * sums["headways"] / sums["headway_s"] == pytest.approx(1800.0)


def test_a_split_fails_where_the_zone_stays_full_in_green_and_in_the_red_after_it():
    kernel, sums, left = discharge(headway_s=2.0, n_queued=60, green_s=20)
    # Ten leave in each green of 20 s; after three of them thirty still stand.
    assert left == 30
    assert sums["failed"] == 3
    assert [row[9] for row in kernel.cycle_rows()] == [1, 1, 1]
    assert sums["occupied_s"] == pytest.approx(sums["green_s"])
    _, sums, left = discharge(headway_s=2.0, n_queued=20, green_s=60)
    assert (left, sums["failed"]) == (0, 0)


def test_queued_vehicles_arrive_when_they_join_and_the_others_when_they_cross():
    _, sums, _ = discharge(headway_s=2.0, n_queued=20, green_s=60)
    # All stood in red.
    assert (sums["crossed"], sums["on_green"]) == (20, 0)
    kernel = scorer(road(), 1.0, 0.0, 100.0)
    kernel.show_signal(0, b"G")
    vehicle = kernel.add_vehicle(5.0, 1.0, 50.0, 0.0, 0.0, 0)
    for second, (lane, position_m) in enumerate([(0, 480.0), (0, 495.0), (1, 8.0), (2, 3.0)]):
        kernel.begin_step(second + 1.0)
        kernel.see_vehicle(vehicle, lane, position_m, SPEED)
        kernel.end_step()
    assert [kernel.group_sums()[name][0] for name in ("crossed", "on_green")] == [1, 1]
    # Its zone is full while a part of the vehicle is within 12 m of the line: in the second step only.
    assert kernel.group_sums()["occupied_s"][0] == 1.0


def test_reliability_is_a_percentile_of_travel_time_over_free_flow_time():
    kernel = scorer(road(), 1.0, 0.0, 1000.0)
    kernel.begin_step(201.0)
    for i in range(100):
        # 100 s on the road, of which i lost: travel time over free-flow time is 100 / (100 - i).
        kernel.retire_vehicle(kernel.add_vehicle(5.0, 1.0, 50.0, 100.0, 0.0, 0), float(i), 100.0, True)
    assert kernel.slowness_percentile(0.5) == pytest.approx(2.0, abs=0.011)
    assert kernel.slowness_percentile(0.95) == pytest.approx(20.0, abs=0.011)
    assert scorer(road(), 1.0, 0.0, 10.0).slowness_percentile(0.95) == 0.0


def test_every_vehicle_that_was_due_in_the_window_has_its_delay():
    kernel = scorer(road(), 1.0, 50.0, 1000.0)
    kernel.begin_step(201.0)
    for lost_s, due_s, waited_s in (
        (7.0, 100.0, 3.0),
        (1.0, 60.0, 0.0),
        (9.0, 49.0, 0.0),
    ):  # the last one was due before
        kernel.retire_vehicle(kernel.add_vehicle(5.0, 1.0, 50.0, due_s, waited_s, 0), lost_s, 100.0, True)
    kernel.wait(-1, 151.0, 0)
    kernel.wait(-1, 20.0, 0)
    assert sorted(kernel.delays_s()) == [1.0, 10.0, 50.0]
    assert kernel.delays_s().sum() == kernel.delay_sum_s
    assert len(kernel.delays_s()) == kernel.n_vehicles
    assert len(scorer(road(), 1.0, 0.0, 10.0).delays_s()) == 0


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="lane_limit has 2 entries for 3 lanes"):
        scorer(road(lane_limit=[1.0, 2.0]), 1.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="queue_group holds an index"):
        scorer(road(queue_group=[1]), 1.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="nothing to score"):
        scorer(road(), 1.0, 10.0, 10.0)


def test_an_empty_network_scores_nothing():
    names = ("lane_length_m", "lane_limit", "lane_zone", "lane_queue", "lane_inside", "lane_exit", "feed_queue")
    names = (*names, "feed_base_m", "queue_group", "queue_bit", "queue_storage_m", "link_index", "group_approach")
    empty = {name: [] for name in names}
    kernel = scorer(road(**empty, feed_start=[0], link_start=[0], signal_group_start=[0]), 1.0, 0.0, 10.0)
    kernel.begin_step(1.0)
    kernel.end_step()
    kernel.close()
    assert kernel.cycle_rows() == []
    assert kernel.n_vehicles == 0


def test_read_only_and_strided_arrays_are_taken():
    layout = road(lane_length_m=np.repeat([500.0, 20.0, 500.0], 2)[::2])
    layout.lane_limit.flags.writeable = False
    assert scorer(layout, 1.0, 0.0, 10.0).n_lanes == 3
