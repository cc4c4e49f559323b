"""Conflicts: what theory says of two vehicles, and the plain twin on random traffic."""

import itertools
import random
from types import SimpleNamespace

import numpy as np
import pytest

from kernels.conflicts import conflicts, encounter
from kernels.emissions import Emissions
from tests.kernels.plain_conflicts import PlainConflicts

# Two approaches of two lanes and one lane, two exits; inside: 5 and 6 merge into exit 3, 7 crosses 5 and 6 on its way to
# exit 4, 8 and 9 are a left turn in two parts that crosses 7 and merges with it.
APPROACH, BESIDE, SIDE, EXIT, FAR, A, B, C, D, E = range(10)
LENGTHS = [120.0, 120.0, 90.0, 60.0, 60.0, 12.0, 14.0, 16.0, 4.0, 11.0]
HOPS = {APPROACH: [(EXIT, A), (FAR, D)], BESIDE: [(EXIT, B)], SIDE: [(FAR, C)], D: [(FAR, E)]}
HOPS |= {A: [(EXIT, -1)], B: [(EXIT, -1)], C: [(FAR, -1)], E: [(FAR, -1)], EXIT: [], FAR: []}
AREAS = [
    (A, B, (7.0, 12.0), (9.0, 14.0), 1),
    (A, C, (3.0, 6.0), (8.0, 11.0), 0),
    (B, C, (4.0, 7.5), (5.0, 8.0), 0),
    (C, D, (2.0, 4.0), (1.0, 3.0), 0),
    (C, E, (11.0, 16.0), (6.0, 11.0), 1),
]


def made_up(areas=AREAS, lengths=LENGTHS, hops=HOPS):
    sides = [[] for _ in lengths]
    for i, (lane, foe, *_) in enumerate(areas):
        sides[lane].append(2 * i)
        sides[foe].append(2 * i + 1)
    onward = [hops.get(lane, []) for lane in range(len(lengths))]
    return SimpleNamespace(
        lane_length_m=np.array(lengths),
        lane_edge=np.array([0, 0, *range(1, len(lengths) - 1)], np.int32),
        lane_signal=np.array([lane % 3 for lane in range(len(lengths))], np.int32),
        hop_start=np.cumsum([0, *map(len, onward)]).astype(np.int32),
        hop_to=np.array([to for of in onward for to, _ in of], np.int32),
        hop_via=np.array([via for of in onward for _, via in of], np.int32),
        area_lane=np.array([area[0] for area in areas], np.int32),
        area_foe=np.array([area[1] for area in areas], np.int32),
        area_merges=np.array([area[4] for area in areas], np.int32),
        enter_m=np.array([m for area in areas for m in (area[2][0], area[3][0])], np.float64),
        leave_m=np.array([m for area in areas for m in (area[2][1], area[3][1])], np.float64),
        side_start=np.cumsum([0, *map(len, sides)]).astype(np.int32),
        side=np.array([side for of in sides for side in of], np.int32),
        n_signals=2,
    )


def counted(layout, steps, window_start_s=0.0, make=conflicts):
    """Return (ttc, drac, pet) after steps of {vehicle: (lane, onward, position, speed)}; vehicles are 5 m long."""
    counter = make(layout, 1.0, window_start_s)
    lanes = {}
    for now, vehicles in enumerate(steps, start=1):
        for vehicle in vehicles:
            if vehicle not in lanes:
                counter.enter_vehicle(vehicle, 5.0)
        for vehicle in set(lanes) - set(vehicles):
            counter.retire_vehicle(vehicle)
        counter.begin_step(float(now))
        for vehicle, (lane, onward, position, speed) in sorted(vehicles.items()):
            if lanes.get(vehicle) != lane:
                counter.head_vehicle(vehicle, lane, onward)
            counter.see_vehicle(vehicle, position, speed)
        lanes = {vehicle: state[0] for vehicle, state in vehicles.items()}
        counter.end_step()
    return tuple(int(sum(counter.sums()[measure])) for measure in ("ttc", "drac", "pet"))


def test_twenty_metres_apart_closing_at_ten_metres_a_second():
    assert encounter(20.0, 10.0) == (2.0, 2.5)
    follower, leader = (APPROACH, [APPROACH, EXIT], 20.0, 15.0), (APPROACH, [APPROACH, EXIT], 45.0, 5.0)
    assert counted(made_up(), [{0: follower, 1: leader}]) == (1, 0, 0)


@pytest.mark.parametrize(("gap_m", "found"), [(31.0, (0, 0, 0)), (29.0, (1, 0, 0)), (16.0, (1, 1, 0))])
def test_the_thresholds_are_three_seconds_and_three_metres_per_second_squared(gap_m, found):
    """Closing at 10 m/s: TTC falls below 3 s at 30 m, DRAC passes 3 m/s2 at 16.7 m."""
    steps = [{0: (APPROACH, [APPROACH], 10.0, 10.0), 1: (APPROACH, [APPROACH], 15.0 + gap_m, 0.0)}]
    assert counted(made_up(), steps) == found


def test_a_leader_beyond_the_junction_is_one():
    follower = (APPROACH, [APPROACH, EXIT], 110.0, 10.0)
    assert counted(made_up(), [{0: follower, 1: (EXIT, [EXIT], 10.0, 0.0)}]) == (1, 0, 0)  # 10 + 12 + 5 m
    assert counted(made_up(), [{0: follower, 1: (FAR, [FAR], 10.0, 0.0)}]) == (0, 0, 0)


def test_an_encounter_counts_once_however_long_it_lasts():
    steps = [{0: (APPROACH, [APPROACH], 10.0 + 2 * t, 2.0), 1: (APPROACH, [APPROACH], 25.0 + t, 0.5)} for t in range(5)]
    steps = [{}] + steps
    steps[3] = {0: (APPROACH, [APPROACH], 14.0, 2.0), 1: (BESIDE, [BESIDE], 27.0, 2.0)}  # it changes lanes and back
    assert counted(made_up(), steps) == (0, 0, 0)
    near = [{0: (APPROACH, [APPROACH], 10.0, 9.0), 1: (APPROACH, [APPROACH], 33.0, 0.0)}] * 4
    assert counted(made_up(), near) == (1, 0, 0)


def test_two_ways_that_cross():
    """One is 10 m before the area of 3 m at 10 m/s and gone after 1.8 s; the other comes after 1.5 s: TTC 1.5 s.

    To come when the first has gone it needs 2 (10 - 15 / 1.8) / 1.8 = 1.9 m/s2.
    """
    one, two = (APPROACH, [APPROACH, EXIT], 113.0, 10.0), (SIDE, [SIDE, FAR], 83.0, 10.0)
    assert counted(made_up(), [{0: one, 1: two}]) == (1, 0, 0)
    # Where the second comes after 1.9 s, nothing happens; nor where it stands.
    assert counted(made_up(), [{0: one, 1: (SIDE, [SIDE, FAR], 79.0, 10.0)}]) == (0, 0, 0)
    assert counted(made_up(), [{0: one, 1: (SIDE, [SIDE, FAR], 83.0, 0.0)}]) == (0, 0, 0)


def test_who_brakes_for_the_line_is_no_conflict():
    """At 10 m/s and braking with 4 m/s2 it stops after 12.5 m, and the area is 15 m away."""
    steps = [
        {0: (APPROACH, [APPROACH, EXIT], 113.0, 0.0), 1: (SIDE, [SIDE, FAR], 71.0, 14.0)},
        {0: (APPROACH, [APPROACH, EXIT], 113.0, 10.0), 1: (SIDE, [SIDE, FAR], 83.0, 10.0)},
    ]
    assert counted(made_up(), steps[1:]) == (1, 0, 0)
    assert counted(made_up(), steps) == (0, 0, 0)


@pytest.mark.parametrize(("lag_m", "pets"), [(0, 1), (4, 1), (8, 0)])
def test_the_time_between_one_leaving_and_the_other_entering(lag_m, pets):
    """At 5 m/s the rear leaves the crossing at 123 + 6 + 5 - 3 m; who enters it `lag_m` / 5 + 1 s later has that PET."""
    one, two = [], []
    for t in range(-12, 12):
        x, y = 120.0 + 11.0 + 5.0 * t, 90.0 + 8.0 - 5.0 - lag_m + 5.0 * t  # one's rear is at 126 m at t = 0
        one.append((APPROACH, x) if x < 120.0 else (A, x - 120.0) if x < 132.0 else (EXIT, x - 132.0))
        two.append((SIDE, y) if y < 90.0 else (C, y - 90.0) if y < 106.0 else (FAR, y - 106.0))
    steps = [
        {0: (one[t][0], [EXIT] if one[t][0] != APPROACH else [APPROACH, EXIT], one[t][1], 5.0),
         1: (two[t][0], [FAR] if two[t][0] != SIDE else [SIDE, FAR], two[t][1], 5.0)}
        for t in range(24)
    ]  # fmt: skip
    assert counted(made_up([AREAS[1]]), steps)[2] == pets


def test_before_the_window_nothing_counts():
    near = [{0: (APPROACH, [APPROACH], 10.0, 9.0), 1: (APPROACH, [APPROACH], 33.0, 0.0)}] * 3
    assert counted(made_up(), near, window_start_s=2.0) == (1, 0, 0)
    assert counted(made_up(), near, window_start_s=3.0) == (0, 0, 0)


ROUTES = [
    (APPROACH, A, EXIT),
    (APPROACH, D, E, FAR),
    (BESIDE, B, EXIT),
    (SIDE, C, FAR),
]


def traffic(seed, n_steps=400):
    """Yield the calls of random traffic: it ignores all rules, and now and then changes lanes, parks or is moved."""
    random_of = random.Random(seed)
    vehicles, free, calls = {}, [], []
    for now in range(1, n_steps):
        for _ in range(random_of.choice([0, 0, 1, 1, 2])):
            index = free.pop() if free else len(vehicles)
            route = random_of.choice(ROUTES)
            vehicles[index] = dict(route=list(route), at=0, x=random_of.uniform(0, 60), v=random_of.uniform(0, 14))
            calls.append(("enter_vehicle", index, random_of.choice([5.0, 12.0])))
        calls.append(("begin_step", float(now)))
        gone = []
        for index, v in sorted(vehicles.items()):
            if random_of.random() < 0.01:
                continue  # it parks, or SUMO moves it
            v["v"] = max(0.0, min(16.0, v["v"] + random_of.uniform(-4, 3)))
            v["x"] += v["v"]
            while v["at"] < len(v["route"]) and v["x"] >= LENGTHS[v["route"][v["at"]]]:
                v["x"] -= LENGTHS[v["route"][v["at"]]]
                v["at"] += 1
            if v["at"] == len(v["route"]):
                gone.append(index)
                continue
            if v["route"][v["at"]] == APPROACH and random_of.random() < 0.03:
                v["route"] = [BESIDE, B, EXIT]
            elif random_of.random() < 0.003:
                v.update(route=[SIDE, C, FAR], at=0)
                v["x"] = min(v["x"], 60.0)
            lane = v["route"][v["at"]]
            if v.get("lane") != lane:
                onward = [there for there in v["route"][v["at"] :] if there < A]
                calls.append(("head_vehicle", index, lane, onward))
            v["lane"] = lane
            calls.append(("see_vehicle", index, v["x"], v["v"]))
        calls.append(("end_step",))
        for index in gone:
            del vehicles[index]
            free.append(index)
            calls.append(("retire_vehicle", index))
    return calls


@pytest.mark.parametrize("seed", range(6))
def test_the_plain_twin_counts_the_same(seed):
    layout = made_up()
    ours, twin = conflicts(layout, 1.0, 20.0), PlainConflicts(layout, 1.0, 20.0)
    for name, *arguments in traffic(seed):
        getattr(ours, name)(*arguments)
        getattr(twin, name)(*arguments)
    found = {measure: values.tolist() for measure, values in ours.sums().items()}
    assert found == twin.sums()
    assert min(sum(values) for values in found.values()) >= 10
    kinds = {kind for _, kind in twin.pairs.values()}
    assert kinds == {"following", "crossing", "merging"}


def test_no_vehicle_and_no_area():
    layout = made_up([])
    counter = conflicts(layout, 1.0, 0.0)
    for now in (1.0, 2.0):
        counter.begin_step(now)
        counter.end_step()
    assert all(values.tolist() == [0, 0, 0] for values in counter.sums().values())


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("lane_edge", np.zeros(3, np.int32), "lane_edge has 3 entries"),
        ("area_foe", np.full(5, 10, np.int32), "area_foe holds an index outside 0 to 9"),
        ("hop_via", np.full(9, -2, np.int32), "hop_via holds an index outside -1 to 9"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(name, value, said):
    layout = made_up()
    setattr(layout, name, value)
    with pytest.raises(ValueError, match=said):
        conflicts(layout, 1.0, 0.0)


def test_emissions_add_up_by_signal_within_the_window():
    sums = Emissions(np.array([0, 1, 1], np.int32), 1, 0.5, 10.0)
    for now, lane in itertools.product((10.0, 10.5, 11.0), range(3)):
        sums.begin_step(now)
        sums.see_vehicle(lane, 2000.0 * (lane + 1), 3.0)
    # Two steps of half a second: 2 g/s on lane 0; 4 and 6 g/s off every signal.
    assert {name: values.tolist() for name, values in sums.sums().items()} == {
        "co2_g": [2.0, 10.0],
        "fuel_ml": [3.0, 6.0],
    }
    with pytest.raises(ValueError, match="outside 0 to 1"):
        Emissions(np.array([2], np.int32), 1, 1.0, 0.0)
