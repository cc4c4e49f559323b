"""The playback of a study: what is recorded, how it is read from the folder, and what the page makes of it."""

import dataclasses
import json
import re
import shutil

import numpy as np
import polars
import pytest

from engine.errors import InputError
from engine.plan import BASELINE, Plan
from engine.sumo.recording import record
from experiments import _compose, _recorded
from experiments.report import draw, playback
from experiments.report import page as pages
from experiments.report.packing import KINDS, Tracks
from experiments.report.study import read_study
from tests.experiments.footage import BEGIN_S, driven, filmed
from tests.experiments.study_folder import make_study
from tests.experiments.test_report_page import MOST_BYTES, drawn
from tests.experiments.unpacking import unpacked

SECONDS, VEHICLES = 60, 150


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return filmed(make_study(tmp_path_factory.mktemp("study") / "study"), VEHICLES, SECONDS)


@pytest.fixture(scope="module")
def recording(junction):
    """A minute of the built-in junction, from the third on."""
    scenario, _ = junction
    return record(scenario, Plan(()), 1, scenario.begin_s + 120.0, scenario.begin_s + 180.0)


def test_signals_show_what_their_program_says(junction, recording):
    _, network = junction
    (signal,) = network.signals
    program = signal.program
    ends = np.cumsum([phase.duration_s for phase in program.phases])
    for second in range(61):
        time_s = recording.begin_s + second
        shown = [of for of in recording.shown if of.time_s <= time_s][-1]
        at = (time_s - program.offset_s) % program.cycle_s
        assert shown.letters == program.phases[int(np.searchsorted(ends, at, "right"))].state, second
    first, *changes = recording.shown_between(recording.begin_s, recording.end_s)
    assert first.time_s <= recording.begin_s
    assert all(recording.begin_s < of.time_s <= recording.end_s for of in changes)


def test_vehicles_are_seen_every_second_and_drive_where_they_look(recording):
    seen = recording.vehicles
    assert sorted(seen["time_s"].unique()) == [recording.begin_s + k for k in range(61)]
    steps = seen.sort("vehicle", "time_s").with_columns(
        east=polars.col("x_m").diff().over("vehicle"),
        north=polars.col("y_m").diff().over("vehicle"),
        forward=polars.col("pos_m").diff().over("vehicle", "lane"),
    )
    straight = steps.filter(polars.col("forward") > 2.0, ~polars.col("lane").str.starts_with(":"))
    assert len(straight) > 100
    angle = np.radians(straight["angle_deg"].to_numpy())
    along = straight["east"].to_numpy() * np.sin(angle) + straight["north"].to_numpy() * np.cos(angle)
    assert np.median(np.abs(along - straight["forward"].to_numpy())) < 0.05
    assert not recording.persons.is_empty()


def test_what_is_recorded_is_what_the_page_plays(junction, recording, tmp_path):
    scenario, _ = junction
    begin_s, end_s = recording.begin_s, recording.end_s
    _recorded._write_playback(scenario, {BASELINE: recording}, begin_s, end_s, tmp_path)
    table = polars.read_parquet(tmp_path / "playback.parquet")
    assert set(table["kind"]) <= set(KINDS)
    assert {"car", "person"} <= set(table["kind"])
    tracks = playback._tracks(table, begin_s)
    assert tracks.count.sum() == len(table)
    for second in (0, 30, 60):
        there = (tracks.start_s <= second) & (second < tracks.start_s + tracks.count)
        at = polars.col("time_s") == begin_s + second
        assert there.sum() == recording.vehicles.filter(at).height + recording.persons.filter(at).height
    states = polars.read_parquet(tmp_path / "signal_states.parquet")
    assert states["time_s"].min() == begin_s
    assert states["time_s"].is_sorted()


def test_a_vehicle_that_was_away_has_two_tracks():
    rows = [("b", 2), ("b", 3), ("b", 7), ("a", 5)]
    table = polars.DataFrame(
        [
            {"vehicle": v, "time_s": BEGIN_S + k, "kind": "bus", "length_m": 12.0, "x_dm": 10 * k, "y_dm": 0, "angle_deg": 90}
            for v, k in rows
        ]
    )  # fmt: skip
    tracks = playback._tracks(table, BEGIN_S)
    assert (tracks.start_s.tolist(), tracks.count.tolist()) == ([2, 5, 7], [2, 1, 1])
    assert tracks.x_m.tolist() == [2.0, 3.0, 5.0, 7.0]
    assert tracks.kind.tolist() == [KINDS.index("bus")] * 3


def test_standing_is_below_five_kilometres_an_hour():
    one = np.ones(3, np.int64)
    metres = np.array([[0.0, 1.38, 2.76], [0.0, 1.4, 2.8], [0.0, 0.0, 0.0]]).ravel()
    kinds = np.array([0, 0, KINDS.index("person")])
    tracks = Tracks(0 * one, 3 * one, kinds, 5.0 * one, metres, 0.0 * metres, 0.0 * metres)
    assert playback._counts(tracks, range(4)) == [(2, 1), (2, 1), (2, 1), (0, 0)]


def test_the_page_plays_what_the_folder_holds(study):
    page = drawn(study)
    shown = playback.shown(read_study(study))
    assert (shown.seconds, shown.recorded_s, shown.seed, shown.begin_s) == (SECONDS, SECONDS, 101, BEGIN_S)
    data = next(text for attrs, text in page.scripts if attrs.get("id") == "playback-data")
    assert data == shown.text
    found = unpacked(data)
    assert [len(plan["tracks"]) for plan in found["plans"]] == [VEHICLES] * 2
    assert found["plans"][0]["tracks"][0]["x"] == pytest.approx(
        driven(VEHICLES, SECONDS + 1, 0).x_m[: SECONDS + 1] - 8.0, abs=0.16
    )
    assert page.has("a", href="#playback-section")
    assert "Vehicles and signals of seed 101 from 07:30:00 to 07:31:00." in page.text
    assert (study / "report.html").stat().st_size < MOST_BYTES
    # Nothing plays by itself, and every control has a name.
    buttons = [attrs for tag, attrs in page.elements if tag == "button" and "data-key" in attrs]
    assert len(buttons) == 7
    assert page.has("input", type="range", **{"aria-label": "Time of the playback"})
    assert not page.has("video")
    assert not any("autoplay" in attrs for _, attrs in page.elements)


def test_what_does_not_fit_is_cut_and_the_page_says_so(study, monkeypatch):
    data = read_study(study)
    whole = playback.shown(data)
    monkeypatch.setattr(pages, "MOST_BYTES", draw(study).stat().st_size - len(whole.text) // 4)
    page = drawn(study)
    assert re.search(r"The page has room for \d\d of 60 recorded seconds; playback.parquet has all.", page.text)
    assert (study / "report.html").stat().st_size <= pages.MOST_BYTES
    assert playback.shown(data, 10) is None


def test_a_study_without_a_playback_has_none(tmp_path):
    folder = make_study(tmp_path / "study")
    page = drawn(folder)
    assert not page.has("div", id="playback")
    assert "playback" not in (folder / "report.html").read_text(encoding="utf-8").split("<main")[0].split("</style>")[1]


@pytest.mark.parametrize("name", ["playback.parquet", "signal_states.parquet"])
def test_damaged_files_are_named(study, tmp_path, name):
    folder = tmp_path / "study"
    shutil.copytree(study, folder)
    (folder / name).write_text('{"lanes": 5}')
    with pytest.raises(InputError, match=f"{name}' cannot be read"):
        playback.shown(read_study(folder))
    (folder / name).unlink()
    assert playback.shown(read_study(folder)) is None


def test_a_summary_of_another_form_is_named(study, tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(study, folder)
    summary = json.loads((folder / "summary.json").read_text())
    summary["playback"] = {"begin_s": "soon"}
    (folder / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(InputError, match="summary.playback"):
        read_study(folder)


def test_zero_seconds_record_nothing_and_leave_nothing_old(junction, tmp_path):
    scenario, network = junction
    (tmp_path / "playback.parquet").write_text("old")
    programs = [network.signals[0].program]
    run = dataclasses.make_dataclass("Run", [("approaches", tuple)])(())
    found = _recorded.write(scenario, network, programs, {BASELINE: Plan(())}, run, 1, 0, tmp_path)
    assert found == {"corridors": None, "playback": None}
    assert not list(tmp_path.iterdir())


def test_seconds_below_zero_are_refused():
    with pytest.raises(InputError, match=r"report\.playback_s"):
        _compose.compose("sweep", ["report.playback_s=-1"])


def test_spans_begin_when_the_network_has_filled(junction):
    scenario, _ = junction
    long = dataclasses.replace(scenario, begin_s=100.0, warmup_s=300.0, end_s=4000.0)
    assert _recorded._span(long, 300.0) == (1300.0, 1600.0)
    assert _recorded._span(dataclasses.replace(long, end_s=1000.5), 300.0) == (700.0, 1000.0)
    assert _recorded._span(dataclasses.replace(long, end_s=500.0), 300.0) == (400.0, 500.0)
