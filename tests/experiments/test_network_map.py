"""The map of a study: lines where the geometry has them, colours and lengths as the tables have them, and small files."""

import json
import math

import pytest

from engine.errors import InputError
from engine.geometry import Geometry
from engine.sumo.shapes import read_geometry
from experiments import _compose, _summary
from experiments.report import draw, network_map
from experiments.report._language import speaking
from experiments.report.comparison import approaches
from experiments.report.network_map import _cut, _length_m
from experiments.report.study import read_study
from tests.experiments.study_folder import LEGS, make_study
from tests.experiments.test_report_page import Page


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("map") / "study", geometry=True)


def drawn(folder):
    study = read_study(folder)
    found = network_map.network_map(study, approaches(study))
    return study, found, json.loads(found.figure)


def traces(figure, view):
    return {trace["name"]: trace for trace in figure["data"] if trace.get("meta") == {"view": view}}


def lines(trace):
    """Return the lines of a trace with what they say."""
    found = [[]]
    for x, y, text in zip(trace["x"], trace["y"], trace["text"], strict=True):
        if x is None:
            found.append([])
        else:
            found[-1].append((x, y, text))
    return [line for line in found if line]


def test_every_approach_is_drawn_once_in_each_view(folder):
    _, found, figure = drawn(folder)
    assert [key for key, _ in found.views] == ["los-0", "los-1", "queue-0", "queue-1", "change"]
    for view, _ in found.views:
        assert sum(len(lines(trace)) for trace in traces(figure, view).values()) == 2 * 4
    assert {trace.get("visible", True) for trace in figure["data"] if "meta" not in trace} == {True}
    shown = {trace["meta"]["view"] for trace in figure["data"] if "meta" in trace and trace["visible"]}
    assert shown == {"los-0"}


def test_colours_are_the_tables_levels(folder):
    study, _, figure = drawn(folder)
    rows = approaches(study)
    for i in (0, 1):
        of_view = traces(figure, f"los-{i}")
        assert list(of_view) == list("ABCDEF")
        for level, trace in of_view.items():
            assert trace["line"]["color"] == f"var(--map-{level.lower()})"
            said = {line[0][2] for line in lines(trace)}
            expected = [row for row in rows if row.los[i] == level]
            assert len(said) == len(expected)
            assert all(any(f"{row.delay_s[i]:.1f} s, {level}" in text for text in said) for row in expected)


def test_a_queue_is_as_long_as_it_was_and_begins_at_the_stop_line(folder):
    study, _, figure = drawn(folder)
    rows = {(row.signal, row.name): row.queue_p95_m[1] for row in approaches(study)}
    found = [line for trace in traces(figure, "queue-1").values() for line in lines(trace)]
    for s, signal in enumerate(("J1", "J2")):
        for name, (dx, dy) in LEGS.items():
            # The middle one of two lanes for cars; the footway does not count.
            stop = (400.0 * s + 3.0 * dy + 10.0 * dx, -3.0 * dx + 10.0 * dy)
            (line,) = [line for line in found if line[0][:2] == pytest.approx(stop)]
            assert math.dist(line[0][:2], line[-1][:2]) == pytest.approx(rows[signal, name], abs=0.01)


def test_a_change_has_its_colour_only_where_it_is_sure(folder):
    study, _, figure = drawn(folder)
    of_view = traces(figure, "change")
    assert [line[0][2] for line in lines(of_view["loses time"])] == ["north · J1: +6.1 s"]
    sure = [row.difference for row in approaches(study) if row.difference.high < 0.0]
    assert len(lines(of_view["saves 10 s or more"])) == sum(of.centre <= -10.0 for of in sure)
    assert lines(of_view["no clear change"]) == []
    with speaking("zh"):
        _, found, figure = drawn(folder)
        assert ("change", "延误变化") in found.views
        assert len(lines(traces(figure, "change")["增加"])) == 1


def test_a_line_is_cut_at_its_length():
    line = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)]
    assert _length_m(line) == 20.0
    assert _cut(line, 15.0) == [(0.0, 0.0), (10.0, 0.0), (10.0, 5.0)]
    assert _cut(line, 0.0) == [(0.0, 0.0), (0.0, 0.0)]
    assert _cut(line, 99.0) == line


def test_the_page_has_a_switch_that_names_every_view(folder):
    page = Page(draw(folder).read_text(encoding="utf-8"))
    assert "map" in page.figures()
    assert page.has("a", href="#map-section")
    radios = [attrs for tag, attrs in page.elements if tag == "input"]
    assert [of["value"] for of in radios] == ["los-0", "los-1", "queue-0", "queue-1", "change"]
    assert ["checked" in of for of in radios] == [True, False, False, False, False]


def test_a_study_without_geometry_has_no_map(tmp_path):
    page = Page(draw(make_study(tmp_path / "study")).read_text(encoding="utf-8"))
    assert "map" not in page.figures()
    assert not page.has("a", href="#map-section")


@pytest.mark.parametrize("text", ["", "[]", '{"lanes": [["a"]], "junctions": [], "heads": []}', '{"lanes": []}'])
def test_a_damaged_geometry_is_named(tmp_path, text):
    folder = make_study(tmp_path / "study", geometry=True)
    (folder / "geometry.json").write_text(text)
    with pytest.raises(InputError, match=r"geometry\.json' cannot be read"):
        draw(folder)


def test_damaged_approaches_are_named(tmp_path):
    folder = make_study(tmp_path / "study", geometry=True)
    summary = json.loads((folder / "summary.json").read_text())
    summary["approaches"][3]["edges"] = 7
    (folder / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(InputError, match=r"approaches\[3\]\.edges' is 7"):
        draw(folder)


def test_a_very_large_network_has_its_approaches_without_the_other_roads(folder, monkeypatch):
    monkeypatch.setattr(network_map, "MOST_POINTS", 10)
    _, _, figure = drawn(folder)
    assert all("meta" in trace for trace in figure["data"])


@pytest.mark.slow
def test_the_largest_benchmark_network_takes_little_of_the_page(tmp_path):
    from experiments._prepare import prepare

    config = _compose.compose("sweep", ["scenario=ingolstadt21"])
    scenario, network = prepare(config.scenario, tmp_path, config.queue.max_m, "traffic")
    file = tmp_path / "geometry.json"
    read_geometry(scenario.net).write(file)
    assert file.stat().st_size < 600_000
    roads = network_map._roads(Geometry.read(file))
    assert sum(len(trace["x"]) for trace in roads) < 2 * network_map.MOST_POINTS
    assert len(json.dumps(roads)) < 400_000
    edges = {lane.edge for lane in Geometry.read(file).lanes if lane.use == "road"}
    assert all(of["edges"][0] in edges for of in _summary.approaches(network))
