"""Calibration on streets that are another simulation: its counts, times and queues are what was observed, its demand and
drivers what is to be found again."""

import csv
import json
import random

import pytest

from engine.network import edge_of
from engine.sumo.routes import read_streams
from experiments import cli
from experiments.calibrate.fitting import STEPS, _corrected, _driven
from experiments.calibrate.trial import Observed, Seen, Street, Trial, loss, rows
from experiments.report._language import speaking
from experiments.report.calibration import Calibration, Driven, Missed, Row, calibration_page
from scenarios.demand.counts import Count
from scenarios.demand.fleet import Drivers, driven
from scenarios.demand.making import Asked, Sources, ground_of
from scenarios.demand.targets import TravelTime
from scenarios.folder import read_entry
from tests.conftest import built
from tests.experiments.test_report_page import Page

A, B = ("in", "left"), ("in", "through")
HOUR = [(900.0 * i, 900.0 * (i + 1)) for i in range(4)]


def street(numbers, **more):
    bins = {interval: {A: numbers[0], B: numbers[1]} for interval in HOUR}
    counts = tuple(Count(place, 0.0, 3600.0, 1.0, "J", place[1], "here") for place in (A, B))
    return Street(None, Asked(), Sources(), counts, bins, **more)


def seen(left, through, **more):
    passed = [{A: left, B: through} for _ in HOUR]
    return Seen(passed, more.get("travel_s", []), more.get("queues_m", []))


def test_geh_is_of_hourly_flows_and_the_mean_of_the_seeds():
    observed = Observed((1, 2), (seen(10, 90), seen(14, 110)))
    left, through = rows(street((20, 100)), observed)
    # 48 for 80, by hand: sqrt(2 * 32^2 / 128) = 4; and 400 for 400.
    assert (left.counted_veh_h, left.simulated_veh_h, left.geh) == (80.0, 48.0, pytest.approx(4.0))
    assert (left.least_veh_h, left.most_veh_h, left.fits) == (40.0, 56.0, True)
    assert (through.geh, through.junction, through.label) == (0.0, "J", "through")


def test_a_geh_of_5_and_a_travel_time_15_percent_off_weigh_alike():
    time = TravelTime("in", "through", 0.0, 3600.0, 100.0)
    exact = Observed((1,), (seen(20, 100, travel_s=[115.0]),))
    assert loss(street((20, 100), travel_times=(time,)), exact) == pytest.approx(1.0)
    missed = Observed((1,), (seen(20, 100, travel_s=[None]),))
    assert loss(street((20, 100), travel_times=(time,)), missed) == pytest.approx((1.0 / 0.15) ** 2)
    assert loss(street((20, 100)), exact) == 0.0


def test_a_demand_is_corrected_by_what_was_missed_and_within_bounds():
    of = street((20, 100))
    wanted = _corrected(of.bins, of.bins, Observed((1,), (seen(10, 110),)))
    assert wanted[HOUR[0]] == {A: pytest.approx(27.0), B: pytest.approx(93.0)}
    for _ in range(9):  # a movement that never comes is not asked for without end
        wanted = _corrected(of.bins, wanted, Observed((1,), (seen(0, 300),)))
    assert wanted[HOUR[3]] == {A: 30.0, B: 50.0}


def test_drivers_are_found_again_within_bounds_and_budget():
    bounds = {"tau": (0.8, 1.6), "speed_factor": (0.85, 1.15), "min_gap": (0.7, 1.4), "sigma": (0.4, 1.6)}
    truth = Drivers(tau=1.3, speed_factor=0.95)
    asked = []

    def misfit_of(drivers):
        asked.append(drivers)
        return 1.0 + sum(abs(getattr(drivers, key) - getattr(truth, key)) / step for key, step in STEPS.items())

    best, least = _driven(Drivers(), misfit_of(Drivers()), bounds, misfit_of, lambda _: None)
    assert (best, least) == (truth, pytest.approx(1.0))
    assert len(asked) == len(set(asked))
    narrow = bounds | {"tau": (1.0, 1.1)}
    assert _driven(Drivers(), 99.0, narrow, misfit_of, lambda _: None)[0].tau == 1.1
    assert _driven(Drivers(), 99.0, bounds, lambda _: None, lambda _: None) == (Drivers(), 99.0)


def test_factors_are_of_what_a_type_states_and_no_headway_falls_below_the_step():
    of = {"id": "car", "tau": "1.1", "sigma": "0.8", "speedFactor": "normc(1,0.1,0.7,1.3)"}
    faster = driven(of, Drivers(tau=0.5, min_gap=1.2, sigma=1.5, speed_factor=1.1), step_s=1.0)
    wanted = {"tau": "1", "minGap": "3", "sigma": "1", "speedFactor": "normc(1.1,0.1,0.7,1.3)"}
    assert faster == {"id": "car", **wanted}
    assert driven(of, Drivers(), 1.0) is of
    assert driven({"id": "x", "speedDev": "0.1"}, Drivers(speed_factor=0.9), 1.0)["speedFactor"] == "0.9"


def calibration(**changed):
    found = [Row("J", "W through", 27000.0, 30600.0, 400.0, 402.5, 390.0, 410.0, 0.12)]
    found += [
        Row("J", f"W {turn}", 27000.0, 30600.0, 80.0, 40.0, 30.0, 50.0, 5.16) for turn in changed.pop("missed", ())
    ]
    values = {
        "scenario": "J & co", "sources": ("counts.csv",), "window": (27000.0, 30600.0), "seeds": (1, 2),
        "holdout_seeds": (101, 102), "simulations": 20, "rows": tuple(found), "n_before": 0,
        "travel_times": (Missed("a \N{RIGHTWARDS ARROW} b", 100.0, 140.0, 110.0),), "queues": (Missed("J W", 80.0, 40.0, 70.0),),
        "fleet": (Driven("car", 1.0, {"tau": "1.1"}, {"tau": "1.43"}),), "drivers_fitted": True, "notes": (),
    }  # fmt: skip
    return Calibration(**(values | changed))


def test_the_page_says_what_is_met_and_what_is_missed():
    page = Page(calibration_page(calibration()))
    assert "Calibrated: 1 of 1 counts (100 %) have a GEH below 5." in page.text
    assert "1.1 → 1.43" in page.text
    failed = calibration(missed=("left",))
    assert not failed.passes
    text = Page(calibration_page(failed)).text
    assert "Not calibrated: 1 of 2 counts (50 %)" in text
    assert "✗ missed" in text
    late = calibration(travel_times=(Missed("a", 100.0, 100.0, 116.0),))
    assert "Not calibrated: the counts are met, and 1 of 1 travel times are missed." in calibration_page(late)
    with speaking("zh"):
        chinese = calibration_page(failed)
    assert "未标定：2 个计数中只有 1 个（50%）的 GEH 低于 5。" in chinese


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["seeds=[1,101]"], "seed 101 is among seeds and holdout_seeds"),
        (["tau=[1.2,1.4]"], "tau=[1.2, 1.4] are no bounds"),
        (["queues=queues.csv"], "'C' has no approach 'Q', but N, E, S, W"),
        (["travel_times=times.csv"], "no way leads from 'out1' to 'in3'"),
    ],
)
def test_what_cannot_be_calibrated_ends_with_2_and_leaves_nothing(tmp_path, monkeypatch, capsys, arguments, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "counts.csv").write_text("junction,from,to,begin,end,count\nC,W,left,07:30,07:45,30\n")
    (tmp_path / "queues.csv").write_text("junction,approach,metres\nC,Q,30\n")
    (tmp_path / "times.csv").write_text("from,to,begin,end,seconds\nout1,in3,07:30,07:45,30\n")
    assert cli.main(["calibrate", "counts=counts.csv", *arguments, "out=made"]) == 2
    assert says in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"counts.csv", "queues.csv", "times.csv"}


def other_street(scenario, network, drivers):
    """Return a street that is not the scenario: its departures moved, each route a quarter more or less busy, other drivers."""
    chance = random.Random(7)
    busier, vehicles = {}, []
    for stream in read_streams(scenario).vehicles:
        number = stream.number * busier.setdefault(stream.edges, chance.uniform(0.75, 1.25))
        for _ in range(int(number) + (chance.random() < number % 1.0)):
            at_s = stream.begin_s + chance.random() * (stream.end_s - stream.begin_s) + chance.gauss(0.0, 60.0)
            vehicles.append((round(min(max(at_s, scenario.begin_s), scenario.end_s - 1.0), 2), stream.edges))
    start_s = scenario.begin_s + scenario.warmup_s
    bins = {(at, at + 900.0): {} for at in (start_s, start_s + 900.0)}
    times = tuple(TravelTime(*ends, start_s, start_s + 1800.0, 1.0) for ends in (("in3", "out1"), ("in1", "out3")))
    place = Street(ground_of(scenario, network, Asked()), Asked(), Sources(), (), bins, times)
    return place, Trial(bins, tuple(sorted(vehicles)), drivers).run(place, [901], 1).runs[0]


def write_observed(folder, network, place, run):
    """Write the other street's whole vehicles by movement and quarter of an hour, and its mean travel time."""
    movements = {(edge_of(of.lane), edge_of(of.to_lane)) for of in network.signals[0].links if of.kind == "vehicle"}
    with (folder / "counts.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["junction", "from", "to", "begin", "end", "count"])
        for i, (begin_s, end_s) in enumerate(place.bins):
            table.writerows(["C", *pair, begin_s, end_s, run.passed[i].get(pair, 0)] for pair in sorted(movements))
    times = zip(place.travel_times, run.travel_s, strict=True)
    lines = [f"{of.start},{of.end},{of.begin_s},{of.end_s},{seconds:.1f}" for of, seconds in times]
    (folder / "times.csv").write_text("\n".join(["from,to,begin,end,seconds", *lines, ""]))
    return len(movements)


FEW = ("seeds=[1,2]", "holdout_seeds=[101,102,103]", "workers=2")


@pytest.mark.slow
def test_turning_counts_and_travel_times_of_another_street_are_met_on_held_out_seeds(tmp_path):
    scenario, network = built(tmp_path / "street", "scenario=junction", "scenario.end_s=28800")
    place, run = other_street(scenario, network, Drivers(tau=1.3, speed_factor=0.85))
    n_movements = write_observed(tmp_path, network, place, run)
    out = tmp_path / "calibrated"
    files = (f"counts={tmp_path / 'counts.csv'}", f"travel_times={tmp_path / 'times.csv'}")
    assert cli.main(["calibrate", *files, f"out={out}", *FEW, "rounds=2", "driver_runs=20"]) == 0
    found = json.loads((out / "calibration.json").read_text())
    assert found["holdout_seeds"] == [101, 102, 103]
    assert len(found["rows"]) == n_movements == 12
    assert sum(row["geh"] < 5.0 for row in found["rows"]) >= 0.85 * n_movements
    off = {when: [abs(of[when] / of["observed"] - 1.0) for of in found["travel_times"]] for when in ("before", "after")}
    assert max(off["before"]) > 0.15 >= max(off["after"])
    assert found["drivers"]["speed_factor"] < 1.0
    assert Page((out / "calibration.html").read_text()).text.count("✓ met") >= 12
    assert "held-out seeds" in read_entry(out).notes[-1]
    assert cli.main(["check", f"scenario={out}"]) == 0


@pytest.mark.slow
def test_counts_that_a_junction_cannot_serve_are_not_called_calibrated(tmp_path, capsys):
    (tmp_path / "counts.csv").write_text(
        "junction,from,to,begin,end,count\nC,W,through,07:30,07:45,600\nC,E,left,07:30,07:45,20\n"
    )
    arguments = [f"counts={tmp_path / 'counts.csv'}", f"out={tmp_path / 'made'}"]
    arguments += ["seeds=[1]", "holdout_seeds=[101,102]", "workers=2", "rounds=2", "driver_runs=0"]
    assert cli.main(["calibrate", *arguments]) == 1
    assert "C: W through: 2400 counted" in capsys.readouterr().out
    assert "Not calibrated: 1 of 2" in (tmp_path / "made" / "calibration.html").read_text()
