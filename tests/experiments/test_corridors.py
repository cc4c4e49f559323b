"""Corridors of a study: which, what vehicles are followed, and what the time-space diagram draws of them."""

import json

import pytest

from engine.arteries import Artery, Hop, arteries
from engine.corridors import corridors
from engine.nursery import Nursery
from engine.plan import Plan
from engine.progression import PROGRESSION_SHARE
from engine.sumo.recording import record
from experiments import _recorded
from experiments.report.corridors import _bends, _parts, shown
from experiments.report.study import read_study
from tests.experiments.study_folder import make_study


def hop(start, end, demand=100.0, length_m=200.0):
    return Hop(start, end, (0,), (0,), 15.0, length_m, demand, ((f"{start}{end}", length_m),))


def test_a_corridor_has_both_ways_and_is_drawn_once():
    there = Artery(("a", "b", "c"), (hop("a", "b"), hop("b", "c", length_m=300.0)))
    back = Artery(("c", "b", "a"), (hop("c", "b", length_m=300.0), hop("b", "a")))
    (found,) = corridors([there, back], "abc")
    out, home = found.directions
    assert (out.signals, out.distances_m, out.travel_s) == (("a", "b", "c"), (0.0, 200.0, 500.0), (0.0, 15.0, 30.0))
    assert (home.signals, home.distances_m) == (("c", "b", "a"), (500.0, 200.0, 0.0))
    # Where one is who is 60 m behind a stop line, out and home.
    assert (out.place_m(1, 60.0), home.place_m(0, 60.0)) == (260.0, 440.0)


def test_no_way_back_no_program_and_no_traffic():
    there = Artery(("a", "b"), (hop("a", "b"),))
    assert len(corridors([there], "ab")[0].directions) == 1
    assert corridors([there], "a") == []
    assert corridors([Artery(("a", "b"), (hop("a", "b", demand=0.0),))], "ab") == []
    many = [Artery((f"a{i}", f"b{i}"), (hop(f"a{i}", f"b{i}"),)) for i in range(9)]
    assert len(corridors(many, {signal for artery in many for signal in artery.signals}, most=4)) == 4


def test_sightings_are_what_sumo_reports_and_keep_to_the_edges_and_the_time(ingolstadt7):
    scenario, network = ingolstadt7
    edge = network.signals[0].approaches[0].edge
    seen = record(scenario, Plan(()), 1, 57900.0, 57960.0).sightings([edge], 57900.0, 57960.0, 2.0)
    assert seen
    assert {at.edge for at in seen} == {edge}
    assert all(57900.0 <= at.time_s <= 57960.0 and at.time_s % 2 == 0 for at in seen)
    length_m = max(length for lane, length, _ in network.lanes if lane.startswith(f"{edge}_"))
    assert all(0.0 <= at.metres <= length_m for at in seen)
    by_vehicle = {}
    for at in seen:
        assert at.metres >= by_vehicle.get(at.vehicle, 0.0)  # nobody drives backwards
        by_vehicle[at.vehicle] = at.metres


@pytest.mark.slow
def test_what_is_written_is_what_the_page_reads(ingolstadt7, tmp_path):
    scenario, network = ingolstadt7
    with Nursery(scenario, network) as nursery:
        run = nursery.run(Plan(()), 1)
    programs = [signal.program for signal in network.signals if signal.program]
    found = _recorded.write(scenario, network, programs, {"baseline": Plan(())}, run, 1, 0, tmp_path)["corridors"]
    assert found["end_s"] - found["begin_s"] == 3 * max(program.cycle_s for program in programs)
    assert all(len(way["signals"]) == len(way["links"]) for ways in found["corridors"] for way in ways)
    import polars

    table = polars.read_parquet(tmp_path / "trajectories.parquet")
    assert set(table["corridor"]) <= set(range(len(found["corridors"])))
    for ways, corridor in zip(found["corridors"], range(9), strict=False):
        distances = table.filter(polars.col("corridor") == corridor)["distance_m"]
        assert distances.is_empty() or 0.0 <= distances.min() <= distances.max() <= max(ways[0]["distances_m"])


def test_arteries_follow_measured_traffic_where_demand_files_hold_trips(ingolstadt7):
    _, network = ingolstadt7
    assert all(artery.demand == 0.0 for artery in arteries(network, {}))


@pytest.fixture
def study(tmp_path):
    return read_study(make_study(tmp_path / "study", corridor=True))


def test_the_bands_of_both_plans_and_both_ways(study):
    (found,) = shown(study)
    assert (found.signals, found.length_m) == (("J1", "J2"), 200.0)
    assert [(way.first, way.last) for way in found.ways] == [("J1", "J2"), ("J2", "J1")]
    # Both signals are green from 0 to 30 s of 65, and 20 s apart at 90 % of the limit: 10 s are left either way.
    assert 18.0 / PROGRESSION_SHARE == 20.0
    assert [(band.width_s, band.cycle_s) for way in found.ways for band in way.bands[:1]] == [(10.0, 65.0)] * 2


def test_the_figure_draws_greens_where_they_are(study):
    figure = json.loads(shown(study)[0].figure)
    first = [trace for trace in figure["data"] if trace["xaxis"] == "x" and trace["yaxis"] == "y"]
    green = next(trace for trace in first if trace["name"] == "green")
    # The window begins at 900 s, 55 s into a cycle of 65 s whose green is its first 30 s.
    assert green["x"][:6] == [10.0, 40.0, None, 75.0, 105.0, None]
    assert set(green["y"]) == {0.0, 200.0, None}
    band = next(trace for trace in first if trace["name"] == "green band")
    assert [10.0, 30.0, 40.0, 20.0, 10.0] in [band["x"][i : i + 5] for i in range(0, len(band["x"]), 6)]
    assert {trace["xaxis"] for trace in figure["data"]} == {"x", "x2", "x3", "x4"}


def test_vehicles_are_lines_that_end_where_they_left(study):
    figure = json.loads(shown(study)[0].figure)
    lines = next(trace for trace in figure["data"] if trace["name"] == "vehicles")
    # Straight to where it stands, level, and another line for when it comes back.
    assert lines["x"] == [0.0, 14.0, 16.0, 44.0, None, 100.0, 102.0, None]
    assert lines["y"] == [0.0, 140.0, 150.0, 150.0, None, 0.0, 20.0, None]


def test_parts_and_bends():
    assert _parts([(0.0, 1.0), (2.0, 2.0), (20.0, 3.0)]) == [[(0.0, 1.0), (2.0, 2.0)], [(20.0, 3.0)]]
    assert _bends([(0.0, 0.0)]) == [(0.0, 0.0)]
    assert _bends([(0.0, 0.0), (1.0, 10.0), (2.0, 20.0), (3.0, 20.0)]) == [(0.0, 0.0), (2.0, 20.0), (3.0, 20.0)]


def test_signals_without_a_common_cycle_have_no_band(tmp_path):
    folder = make_study(tmp_path / "study", corridor=True)
    summary = json.loads((folder / "summary.json").read_text())
    summary["programs"]["best"][0]["phases"][0][0] += 5.0
    (folder / "summary.json").write_text(json.dumps(summary))
    (found,) = shown(read_study(folder))
    assert [band.width_s for band in found.ways[0].bands] == [10.0, None]
    assert "no common cycle" in found.figure


def test_a_study_without_corridors_shows_none(tmp_path):
    assert shown(read_study(make_study(tmp_path / "study"))) == []
