"""The distribution of delay on the page: percentiles of both plans, their spread over the seeds, and old studies."""

import json

import pytest

from experiments.report import draw
from experiments.report.percentiles import delay_percentiles, percentiles
from experiments.report.study import read_study
from tests.experiments.study_folder import make_study
from tests.experiments.test_report_page import Page


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return read_study(make_study(tmp_path_factory.mktemp("spread") / "study", percentiles=True))


def test_percentiles_are_means_and_ranges_over_the_seeds(study):
    found = percentiles(study)
    for plan, rows in zip(study.plans, found.seconds, strict=True):
        # The made-up delays run evenly from nothing to twice the mean.
        means = [run.network["delay_s"] for run in plan.runs.values()]
        assert rows[0] == (0.0, 0.0, 0.0)
        assert rows[50] == pytest.approx((min(means), sum(means) / len(means), max(means)), abs=0.01)
        assert rows[100][1] == pytest.approx(2 * rows[50][1], abs=0.02)
    assert [of for of, _ in found.rows] == [10, 25, 50, 75, 85, 95, 99]
    assert found.rows[2][1] == [found.seconds[0][50][1], found.seconds[1][50][1]]


def test_the_chart_has_a_line_in_a_band_for_each_plan(study):
    data = json.loads(delay_percentiles(study, percentiles(study)))["data"]
    assert [trace.get("fill") for trace in data] == ["toself", None, "toself", None]
    for band, line in ((data[0], data[1]), (data[2], data[3])):
        assert line["x"] == list(range(101))
        assert all(
            low <= middle <= high for high, middle, low in zip(band["y"], line["y"], band["y"][:100:-1], strict=False)
        )
        assert len(band["y"]) == 202


def test_the_page_has_section_chart_and_table(study):
    page = Page(draw(study.folder).read_text(encoding="utf-8"))
    assert "percentiles" in page.figures()
    assert page.has("a", href="#distribution")
    before, after = (plan.summary["delay_s"]["mean"] for plan in study.plans)
    assert f"50{before:.1f}{after:.1f}\N{MINUS SIGN}{before - after:.1f}" in page.text.replace(" ", "")


def test_results_of_a_former_version_have_no_distribution(tmp_path):
    folder = make_study(tmp_path / "study")
    assert percentiles(read_study(folder)) is None
    page = Page(draw(folder).read_text(encoding="utf-8"))
    assert "percentiles" not in page.figures()
    assert not page.has("a", href="#distribution")
