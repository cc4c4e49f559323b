"""The pages of comparisons, look-backs, bulletins and calibrations in a real browser: accessible, quiet, offline."""

import datetime

import pytest

from experiments import cli
from experiments.compare.comparison import compare
from experiments.compare.lookback import look_back
from experiments.compare.page import comparison_page, lookback_page
from experiments.report._language import speaking
from experiments.report.calibration import calibration_page
from tests.experiments.bulletin.test_bulletin import write_months
from tests.experiments.calibrate.test_calibrate import calibration
from tests.experiments.compare.test_lookback import MONDAY, write_log
from tests.experiments.compare.test_page import town
from tests.experiments.reader import Reader

pytestmark = pytest.mark.slow


def draw_comparison(folder, language):
    with speaking(language):
        return comparison_page(compare([*town("one"), *town("two")[:2]]))


def draw_lookback(folder, language):
    before = write_log(folder / "b", 5, on_green=0.4)
    after = write_log(folder / "a", 5, on_green=0.7, start=MONDAY + datetime.timedelta(days=14))
    with speaking(language):
        return lookback_page(look_back(before, after))


def draw_bulletin(folder, language):
    march, april = write_months(folder)
    assert cli.main(["bulletin", str(april), f"since={march}", f"report.language={language}"]) == 0
    return (april / "bulletin.html").read_text(encoding="utf-8")


def draw_calibration(folder, language):
    with speaking(language):
        return calibration_page(calibration(missed=("left", "right")))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("drawn", [draw_comparison, draw_lookback, draw_bulletin, draw_calibration])
def test_no_barriers_no_errors_and_no_network(browser, tmp_path, drawn, language, scheme):
    file = tmp_path / "page.html"
    file.write_text(drawn(tmp_path, language), encoding="utf-8")
    with Reader(browser, file, color_scheme=scheme) as reader:
        reader.scroll_through()
        assert reader.barriers() == []
        assert reader.page.evaluate("document.documentElement.dataset.theme") == scheme
        assert reader.page.get_attribute("html", "lang") == {"en": "en", "zh": "zh-Hans"}[language]
        assert reader.said == []
        assert reader.asked == [reader.url]
