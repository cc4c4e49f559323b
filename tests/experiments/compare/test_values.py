"""Values of runs from the rows of a study's tables."""

import pytest

from experiments.compare.values import NETWORK, Unit, bin_length_s, values


def row(seed, **measures):
    return {"plan_id": "p", "seed": seed, "role": "holdout", "p.cycle": 90.0, **measures}


def test_network_and_classes_by_seed():
    results = [
        row(
            1,
            delay_s=40.0,
            gridlock=0,
            bus_veh=2,
            bus_delay_s=9.0,
            bus_stops_per_veh=0.5,
            truck_veh=0,
            truck_delay_s=0.0,
        ),
        row(
            2,
            delay_s=44.0,
            gridlock=1,
            bus_veh=0,
            bus_delay_s=0.0,
            bus_stops_per_veh=0.0,
            truck_veh=0,
            truck_delay_s=0.0,
        ),
    ]
    found = values(results, {}, [], 0.0, 3600.0)
    assert found[NETWORK, "delay_s"] == {1: 40.0, 2: 44.0}
    assert found[NETWORK, "gridlock"] == {1: 0.0, 2: 1.0}
    # A class that did not come has no delay, rather than one of 0.
    assert found[Unit("class", vehicle_class="bus"), "delay_s"] == {1: 9.0}
    assert not [unit for unit, _ in found if unit.vehicle_class == "truck"]
    assert not [measure for _, measure in found if measure in ("p.cycle", "seed", "role", "plan_id")]


def test_places_leave_out_seeds_in_which_nobody_came():
    def of(seed, vehicles, delay_s):
        return {"seed": seed, "signal": "J", "approach": "N", "vehicles": vehicles, "control_delay_s": delay_s,
                "stops_per_veh": delay_s, "queue_p95_m": 30.0}  # fmt: skip

    found = values([], {"approaches": [of(1, 10, 20.0), of(2, 0, None)]}, [], 0.0, 3600.0)
    unit = Unit("approach", "J", "N")
    assert found[unit, "control_delay_s"] == {1: 20.0}
    assert found[unit, "queue_p95_m"] == {1: 30.0}
    assert found[unit, "vehicles"] == {1: 10.0}


def test_times_of_day_weigh_cycles_by_their_vehicles_where_they_end():
    cycles = [
        {"seed": 1, "end_s": 7200.0 + 899.0, "vehicles": 3, "control_delay_s": 10.0},
        {"seed": 1, "end_s": 7200.0 + 100.0, "vehicles": 1, "control_delay_s": 30.0},
        {"seed": 1, "end_s": 7200.0 + 900.0, "vehicles": 2, "control_delay_s": 50.0},
        {"seed": 1, "end_s": 7200.0 + 3600.0, "vehicles": 4, "control_delay_s": 8.0},  # the window's end is in it
        {"seed": 1, "end_s": 7200.0 + 950.0, "vehicles": 0, "control_delay_s": None},
        {"seed": 2, "end_s": 7200.0 + 10.0, "vehicles": 5, "control_delay_s": 4.0},
    ]
    found = values([], {}, cycles, 7200.0, 10800.0)
    delays = {unit.from_s: of for (unit, measure), of in found.items() if measure == "control_delay_s"}
    assert delays == {7200.0: {1: 15.0, 2: 4.0}, 8100.0: {1: 50.0}, 9900.0: {1: 8.0}}
    assert {unit.to_s for unit, _ in found} == {8100.0, 9000.0, 10800.0}


@pytest.mark.parametrize(("hours", "length_s"), [(0.5, 900.0), (4.0, 900.0), (5.0, 3600.0), (24.0, 3600.0)])
def test_a_day_is_told_by_the_hour(hours, length_s):
    assert bin_length_s(0.0, 3600.0 * hours) == length_s


def test_a_window_that_is_no_multiple_has_a_short_last_time():
    found = values([], {}, [{"seed": 1, "end_s": 1000.0, "vehicles": 1, "control_delay_s": 1.0}], 0.0, 1000.0)
    (unit, _), *_ = found
    assert (unit.from_s, unit.to_s) == (900.0, 1000.0)
