"""Approaches and junctions from lane groups: numbers worked out by hand, and sums that have to agree in a real run."""

import dataclasses
import math
from collections import defaultdict

import polars
import pytest

from engine.levels import combine, queue_statistics
from engine.nursery import Nursery
from engine.plan import Plan
from engine.result import RunResult
from engine.tables import run_rows, write_cycles
from kernels.classes import CLASSES
from kernels.formulas import level_of_service
from tests.made import cycle, group_result

CLASS_SUMS = {"vehicles": [8, 2, 0, 0], "crossed": [7, 2, 0, 0], "stops": [4, 3, 0, 0], "delay_s": [80.0, 50.0, 0, 0]}


def lane_groups():
    """A busy through group (300 vehicles) and a left turn (100) of one approach."""
    through = group_result("J", "N", "N-through", 30.0, "C", vehicles=300, stops=0.5)
    left = group_result("J", "N", "N-left", 90.0, "F", vehicles=100, stops=1.5)
    through = dataclasses.replace(
        through, throughput_veh=290, flow_veh_h=290.0, storage_ratio=0.3, green_ratio=0.5, green_utilisation=0.8,
        arrivals_on_green=0.6, split_failures=1, degree_of_saturation=0.7,
    )  # fmt: skip
    left = dataclasses.replace(
        left, throughput_veh=97, flow_veh_h=97.0, storage_ratio=0.9, green_ratio=0.1, green_utilisation=0.2,
        arrivals_on_green=0.2, split_failures=4, degree_of_saturation=1.1,
    )  # fmt: skip
    return through, left


def test_an_approach_is_weighted_by_the_vehicles_of_its_lane_groups():
    row = combine("J", "N", lane_groups(), [[], []], 12.0, CLASS_SUMS)
    # (300 x 30 + 100 x 90) / 400 = 45 s: D by delay alone, though the left turn has v/c above 1.
    assert (row.vehicles, row.throughput_veh, row.flow_veh_h) == (400, 387, 387.0)
    assert (row.control_delay_s, row.los) == (45.0, "D")
    assert row.stops_per_veh == pytest.approx((300 * 0.5 + 100 * 1.5) / 400) == 0.75
    # Of those that crossed: 290 x 0.6 + 97 x 0.2 on green, against 290 x 0.5 + 97 x 0.1 by chance.
    assert row.arrivals_on_green == pytest.approx(193.4 / 387)
    assert row.green_ratio == pytest.approx(154.7 / 387)
    assert row.platoon_ratio == pytest.approx(193.4 / 154.7)
    # Of 0.5 + 0.1 of the time green, 0.5 x 0.8 + 0.1 x 0.2 occupied.
    assert row.green_utilisation == pytest.approx(0.42 / 0.6)
    assert (row.split_failures, row.degree_of_saturation, row.storage_ratio) == (5, 1.1, 0.9)
    assert row.spillback_s == 12.0
    cars, buses, trucks, bicycles = row.classes
    assert (cars.vehicles, cars.throughput_veh, cars.control_delay_s, cars.stops_per_veh) == (8, 7, 10.0, 0.5)
    assert (buses.control_delay_s, buses.stops_per_veh) == (25.0, 1.5)
    assert trucks == bicycles
    assert trucks.control_delay_s is None


def test_the_queue_of_an_approach_is_the_longest_of_each_cycle_of_its_busiest_lane_group():
    busy = [cycle(0, 0, 60, 50.0, 7), cycle(0, 60, 120, 20.0, 3), cycle(0, 120, 150, 10.0, 1)]
    # They end at 30 and 60 (in the first), 90 and 110 (in the second), and with the simulation.
    other = [cycle(1, 0, 30, 10.0, 9), cycle(1, 30, 60, 70.0, 2), cycle(1, 60, 90, 30.0, 4)]
    other += [cycle(1, 90, 110, 25.0, 8), cycle(1, 110, 150, 5.0, 1)]
    row = combine("J", "N", lane_groups(), [busy, other], 0.0, CLASS_SUMS)
    # 70, 30 and 10 m; 9, 8 and 1 vehicles.
    assert row.queue_m == pytest.approx((110 / 3, 30.0, 30 + 0.7 * 40, 30 + 0.9 * 40, 70.0))
    assert row.queue_veh == pytest.approx((6.0, 8.0, 8.7, 8.9, 9.0))
    # The order of the lane groups says nothing: the busiest one leads.
    swapped = combine("J", "N", lane_groups()[::-1], [other, busy], 0.0, CLASS_SUMS)
    assert swapped.queue_m == row.queue_m


def test_nothing_came_is_no_delay_of_zero():
    idle = dataclasses.replace(
        group_result("J", "N", "N-left", None, None, vehicles=0, stops=None),
        throughput_veh=0, flow_veh_h=0.0, green_utilisation=None, arrivals_on_green=None, degree_of_saturation=None,
    )  # fmt: skip
    nothing = {name: [0] * 4 for name in CLASS_SUMS}
    for groups, cycles in (([idle], [[]]), ([], [])):
        row = combine("J", "N", groups, cycles, 0.0, nothing)
        assert (row.vehicles, row.control_delay_s, row.los, row.arrivals_on_green) == (0, None, None, None)
        assert row.degree_of_saturation is None
        assert row.queue_m == (0.0,) * 5


def test_percentiles_are_interpolated():
    assert queue_statistics([4.0, 1.0, 2.0, 3.0, 5.0]) == (3.0, 3.0, 4.4, pytest.approx(4.8), 5.0)


@pytest.fixture(scope="module")
def run(ingolstadt7):
    with Nursery(*ingolstadt7) as nursery:
        return nursery.run(Plan(()), 1)


def total_delay_s(rows):
    return math.fsum(row.vehicles * (row.control_delay_s or 0.0) for row in rows)


def test_levels_of_a_real_run_add_up(run, ingolstadt7):
    _, network = ingolstadt7
    assert len(run.junctions) == len(network.signals) == 7
    assert len(run.approaches) == len(network.approaches)
    for rows in (run.approaches, run.junctions):
        assert sum(row.vehicles for row in rows) == sum(group.vehicles for group in run.groups) > 1000
        assert sum(row.throughput_veh for row in rows) == sum(group.throughput_veh for group in run.groups)
        assert sum(row.split_failures for row in rows) == run.network["split_failures"] > 0
        assert total_delay_s(rows) == pytest.approx(total_delay_s(run.groups), rel=1e-12)
        assert max(row.queue_m[-1] for row in rows) == run.network["queue_max_m"] > 50.0
        assert [sum(of.vehicles for of in row.classes) for row in rows] == [row.vehicles for row in rows]
    for row in run.approaches:
        groups = [g for g in run.groups if (g.signal, g.approach) == (row.signal, row.approach)]
        spilled_s = [group.spillback_s for group in groups]
        assert max(spilled_s) <= row.spillback_s <= sum(spilled_s)
        assert row.queue_m[-1] == max(group.queue_m[-1] for group in groups)
    assert sum(row.spillback_s for row in run.approaches) > 0.0


def test_cycles_add_up_to_their_lane_group(run):
    of_group = defaultdict(list)
    for row in run.cycles:
        of_group[row.group].append(row)
    waiting = 0
    for i, group in enumerate(run.groups):
        rows = of_group[i]
        assert sum(row.crossed for row in rows) == group.throughput_veh
        assert sum(row.failed for row in rows) == group.split_failures
        assert sum(row.spilled_s for row in rows) == group.spillback_s
        # Those never inserted are in no cycle.
        left = sum(row.vehicles for row in rows)
        waiting += group.vehicles - left
        if left == group.vehicles > 0:
            assert sum(row.delay_s for row in rows) / left == pytest.approx(group.control_delay_s)
            assert sum(row.stops for row in rows) / left == pytest.approx(group.stops_per_veh)
        for row in rows:
            assert 0.0 <= row.occupied_s <= row.green_s <= row.end_s - row.start_s + 1e-9
    assert 0 <= waiting <= run.network["waiting_veh"]


def test_the_table_of_cycles_holds_every_cycle(run, tmp_path):
    write_cycles([("baseline", 1, "run", run), ("other", 2, "run", run)], tmp_path / "cycles.parquet")
    table = polars.read_parquet(tmp_path / "cycles.parquet")
    assert table["plan_id"].to_list() == ["baseline"] * len(run.cycles) + ["other"] * len(run.cycles)
    assert table["seed"].unique().sort().to_list() == [1, 2]
    numbers = dict.fromkeys(range(len(run.groups)), 0)
    for row, of in zip(table.iter_rows(named=True), run.cycles, strict=False):
        group = run.groups[of.group]
        numbers[of.group] += 1
        assert (row["signal"], row["approach"], row["lane_group"]) == (group.signal, group.approach, group.group)
        assert (row["cycle"], row["start_s"], row["end_s"]) == (numbers[of.group], of.start_s, of.end_s)
        assert (row["vehicles"], row["queue_m"], row["green_s"]) == (of.vehicles, of.queue_m, of.green_s)
        assert row["arrivals_on_green"] == (of.on_green / of.crossed if of.crossed else None)
        if of.vehicles:
            assert row["control_delay_s"] == of.delay_s / of.vehicles
            assert row["los"] == level_of_service(row["control_delay_s"])
        else:
            assert row["control_delay_s"] is row["los"] is None
        if of.vehicles and of.green_s and group.capacity_veh_h:
            capacity_veh_h = group.capacity_veh_h / group.green_ratio * of.green_s
            assert row["degree_of_saturation"] == pytest.approx(3600.0 * of.vehicles / capacity_veh_h)


def test_rows_survive_the_way_through_bytes_and_into_tables(run):
    assert RunResult.from_bytes(run.to_bytes()) == run
    (first, *_) = run_rows("approaches", "baseline", 1, "run", run)
    assert {f"{name}_control_delay_s" for name in CLASSES} <= first.keys()
    assert first["queue_p95_m"] == run.approaches[0].queue_m[3]
    assert [row["signal"] for row in run_rows("junctions", "baseline", 1, "run", run)] == [
        row.signal for row in run.junctions
    ]
