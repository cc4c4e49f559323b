"""What the page computes itself: paired differences, means, phase bars, queues by the minute."""

import dataclasses
import json
import re

import pytest

from engine.result import EXTRA_MEASURES
from engine.statistics import paired_interval
from experiments.report import draw
from experiments.report._templates import fixed
from experiments.report.charts import plain
from experiments.report.comparison import approaches, direction, extras, groups, measures
from experiments.report.finding import gains, headline
from experiments.report.phases import diagrams
from experiments.report.queues import _binned, queue_times
from experiments.report.search import pareto_front, worth
from experiments.report.study import read_study
from tests.experiments.study_folder import Traits, make_study, run_result
from tests.made import cycle


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return read_study(make_study(tmp_path_factory.mktemp("tables") / "study"))


def test_approach_delays_are_weighted_and_paired_by_seed(study):
    row = next(row for row in approaches(study) if (row.signal, row.name) == ("J2", "E"))

    def of(factor, seed):
        mine = [g for g in run_result(Traits(), factor, seed).groups if (g.signal, g.approach) == ("J2", "E")]
        return sum(g.vehicles * g.control_delay_s for g in mine) / sum(g.vehicles for g in mine)

    seeds = Traits().holdout
    expected = paired_interval([of(0.8, seed) for seed in seeds], [of(1.0, seed) for seed in seeds])
    assert row.difference == expected
    assert row.delay_s[1] - row.delay_s[0] == pytest.approx(expected.mean)
    assert row.vehicles == 220
    assert row.los == ("D", "C")


def test_measures_agree_with_the_summary(study):
    delay = next(row for row in measures(study) if row.key == "delay_s")
    assert delay.difference.mean == pytest.approx(study.summary["difference"]["delay_s"]["mean"])
    assert [delay.difference.low, delay.difference.high] == pytest.approx(
        study.summary["difference"]["delay_s"]["ci95"]
    )


def test_lane_groups_have_both_plans(study):
    rows = groups(study)
    assert len(rows) == 2 * 4 * 2
    first = rows[0]
    assert (first.signal, first.name) == ("J1", "N-left")
    # The first approach loses where the others gain.
    assert first.delay_s[1] > first.delay_s[0]
    assert first.queue_p95_m == pytest.approx((40.0, 48.0))
    assert [row.truncated for row in rows if row.approach == "W"] == [(True, True)] * 4


def test_gains_count_only_what_is_sure(study):
    rows = approaches(study)
    assert [sentence.split(" approaches")[0] for sentence in gains(rows)] == ["7 of 8", "1 of 8"]
    assert gains([]) == []


def test_the_headline_names_who_loses_most_or_else_who_gains_most(study):
    rows, plan = approaches(study), study.summary["best"]["plan_id"]
    saves = re.escape(f"Plan {plan} saves ") + r"\d+\.\d ± \d\.\d s per vehicle"
    lost = next(row for row in rows if row.difference.low > 0.0)
    gained = [row for row in rows if row is not lost]
    assert re.fullmatch(saves + r"; the north approach at J1 loses 6\.1 s\.", headline(study.summary, rows))
    twice = dataclasses.replace(lost, name="S")
    assert re.fullmatch(
        saves + r"; 2 approaches lose, the north approach at J1 most: 6\.1 s\.", headline(study.summary, [*rows, twice])
    )
    assert re.fullmatch(saves + r"; the west approach at J\d gains most: 10\.\d s\.", headline(study.summary, gained))
    alone = [row for row in gained if row.signal == "J2"]
    assert "; the west approach gains most" in headline(study.summary, alone)
    assert re.fullmatch(saves + r"\.", headline(study.summary))


def test_phase_bars_join_neighbours_and_share_one_scale(tmp_path):
    folder = make_study(tmp_path / "study")
    summary = json.loads((folder / "summary.json").read_text())
    summary["programs"]["best"][0]["phases"] = [[50.0, "GGgrrrrr", 0], [30.0, "GGgrrrrr", 0], [50.0, "rrrGGGgu", 1]]
    (folder / "summary.json").write_text(json.dumps(summary))
    before, after = diagrams(read_study(folder))[0].plans
    assert (before.cycle_s, after.cycle_s) == (65.0, 130.0)
    assert (before.width, after.width) == (50.0, 100.0)
    assert before.greens_s == (30.0, 25.0)
    assert after.greens_s == (80.0, 50.0)
    bar = after.rows[0].bars[0]
    assert (bar.style, bar.title, bar.left) == ("green", "green 0\N{EN DASH}80 s", 0.0)
    assert bar.width == pytest.approx(100.0 * 80 / 130)
    assert [b.style for b in before.rows[0].bars] == ["green", "yellow"]
    assert after.rows[-1].bars[0].style == "ready"
    assert before.rows[0].label == "N-left, N-through"
    # A link that is red throughout has a row, and no bar.
    assert before.rows[-1].bars == ()


def test_queue_bins_take_the_cycle_over_their_middle():
    cycles = [
        cycle(0, 0.0, 90.0, 10.0, 1),
        cycle(0, 90.0, 100.0, 30.0, 3),
        cycle(0, 100.0, 240.0, 20.0, 2),
        cycle(1, -50.0, 20.0, 5.0, 1),
        cycle(1, 900.0, 990.0, 99.0, 9),
    ]
    assert _binned(cycles, 2, 0.0, 60.0, 4) == [[10.0, 30.0, 20.0, 20.0], [5.0, 0.0, 0.0, 0.0]]


def test_queues_over_time_are_spreads_over_the_seeds(study):
    times = queue_times(study)
    assert len(times.labels) == 16
    assert times.minutes[:3] == [0.0, 1.0, 2.0]
    assert len(times.minutes) == 30
    for of_plan in times.metres:
        for group in of_plan:
            assert len(group) == 30
            assert all(low <= middle <= high for low, middle, high in group)


def test_long_windows_have_few_bins(tmp_path):
    folder = make_study(tmp_path / "study")
    summary = json.loads((folder / "summary.json").read_text())
    summary["window"]["end_s"] = 24 * 3600.0
    (folder / "summary.json").write_text(json.dumps(summary))
    assert len(queue_times(read_study(folder)).minutes) <= 180


@pytest.mark.parametrize(
    ("name", "word"), [("N", "north"), ("SW", "south-west"), ("E2", "east (2)"), ("ramp", "ramp"), ("7", "7")]
)
def test_directions(name, word):
    assert direction(name) == word


@pytest.mark.parametrize(
    ("value", "digits", "sign", "text"),
    [
        (None, 1, False, "\N{EN DASH}"),
        (1234.56, 1, False, "1,234.6"),
        (-0.04, 1, True, "0.0"),
        (-3.25, 2, True, "\N{MINUS SIGN}3.25"),
        (3.25, 2, True, "+3.25"),
    ],
)
def test_numbers(value, digits, sign, text):
    assert fixed(value, digits, sign) == text


def test_labels_of_charts_hold_no_markup():
    assert plain("<b>a&amp;b</b>%{x}") == "[b]a+amp;b[/b]% {x}"
    assert len(plain("x" * 100)) == 24


def test_emissions_and_conflicts_are_shown_where_they_were_measured(tmp_path):
    folder = make_study(tmp_path / "study", measures_all=True)
    data = read_study(folder)
    assert [row.key for row in measures(data)][-5:] == list(EXTRA_MEASURES)
    co2 = next(row for row in measures(data) if row.key == "co2_g")
    assert co2.difference.mean == pytest.approx(-2000.0)  # 8,000 g at a factor of 0.8, 10,000 g without
    rows = extras(data)
    assert [row.signal for row in rows] == ["J1", "J2"]
    assert rows[0].values[0] == pytest.approx((5000.0, 4000.0))
    assert rows[0].values[2] == pytest.approx((3.0, 2.0))
    page = draw(folder).read_text(encoding="utf-8")
    assert "Emissions and conflicts by signal" in page
    assert '<th scope="row">CO2<small>, g</small></th>' in page


def test_the_front_is_a_line_from_left_to_right(study):
    plans = [("a", (30.0, 1.2), True), ("b", (20.0, 1.306), True), ("c", (25.0, 1.25), True), ("d", (31.0, 1.3), False)]
    rows = [{"plan_id": plan_id, "values": values, "front": best} for plan_id, values, best in plans]
    study = dataclasses.replace(
        study, summary={**study.summary, "front": {"measures": ["delay_s", "stops_per_veh"], "plans": rows}}
    )
    drawn = json.loads(pareto_front(study))
    front = next(trace for trace in drawn["data"] if trace["name"] == "front")
    assert (front["x"], front["y"]) == ([20.0, 25.0, 30.0], [1.306, 1.25, 1.2])
    assert drawn["layout"]["xaxis"]["title"]["text"] == "delay, s per vehicle"


def test_names_of_parameters_keep_their_kind_and_their_stage(study):
    name = "green cluster_1200363791_1200363826_1200363834 3"
    shown = json.loads(worth(dataclasses.replace(study, summary={**study.summary, "importance": {name: 1.0}})))
    (label,) = shown["data"][0]["y"]
    assert label.startswith("green cluster")
    assert label.endswith(" 3")
    assert len(label) <= 28


def test_a_study_of_traffic_shows_none(study):
    assert extras(study) == []
    assert "co2_g" not in [row.key for row in measures(study)]
    assert "Emissions" not in draw(study.folder).read_text(encoding="utf-8")
