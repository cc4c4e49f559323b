"""The page in a real browser: accessible in both languages and themes, quiet, offline, printable, and fast to open."""

import io
import re
import shutil
import subprocess

import pytest

from experiments.report import draw
from tests.experiments.reader import Reader
from tests.experiments.study_folder import make_study

pytestmark = pytest.mark.slow

SECONDS_TO_OPEN = 3.0
A4_BETWEEN_MARGINS_PX = 182 / 25.4 * 96


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    failure = {"plan_id": "abc", "seed": 2, "role": "training", "attempt": 1, "status": "crashed", "reason": "lost"}
    return make_study(
        tmp_path_factory.mktemp("study") / "study",
        corridor=True,
        geometry=True,
        measures_all=True,
        failures=(failure,),
        notes=("x",),
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_barriers_no_errors_and_no_network(browser, study, language, scheme):
    with Reader(browser, draw(study, language=language), color_scheme=scheme) as reader:
        reader.scroll_through()
        assert reader.barriers() == []
        assert reader.page.evaluate("document.documentElement.dataset.theme") == scheme
        assert reader.said == []
        assert reader.asked == [reader.url]


def ink(page):
    return page.evaluate("document.querySelector('#evidence').layout.font.color")


def test_the_theme_is_chosen_by_keyboard_repaints_the_charts_and_is_remembered(browser, study):
    with Reader(browser, draw(study), color_scheme="light") as reader:
        page = reader.page
        page.wait_for_selector("#evidence .main-svg")
        light = ink(page)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "theme"
        assert page.get_attribute(".theme", "aria-pressed") == "false"
        page.keyboard.press("Space")
        assert page.get_attribute(".theme", "aria-pressed") == "true"
        dark = ink(page)
        assert dark != light
        page.reload()
        page.wait_for_selector("#evidence .main-svg")
        assert ink(page) == dark
        assert reader.said == []


def test_everything_that_scrolls_and_folds_is_reached_by_keyboard(browser, study):
    with Reader(browser, draw(study)) as reader:
        reached = set()
        for _ in range(100):
            reader.page.keyboard.press("Tab")
            reached.add(reader.page.evaluate("document.activeElement.outerHTML.slice(0, 60)"))
        wanted = "a[href], button, summary, .wide, input:checked, select"
        for element in reader.page.query_selector_all(wanted):
            assert element.evaluate("e => e.outerHTML.slice(0, 60)") in reached


def test_the_map_is_switched_by_keyboard(browser, study):
    with Reader(browser, draw(study)) as reader:
        page = reader.page
        shown = "[...new Set(document.querySelector('#map').data.filter(t => t.meta && t.visible).map(t => t.meta.view))].join()"
        page.focus("input[value='los-0']")
        page.wait_for_selector("#map .main-svg")
        assert page.evaluate(shown) == "los-0"
        for view in ("los-1", "queue-0", "queue-1", "change"):
            page.keyboard.press("ArrowRight")
            assert page.evaluate(shown) == view
        legend = page.locator("#map .legendtext").all_text_contents()
        assert [text for text in legend if "loses" in text] == ["loses time", "loses 10 s or more"]
        page.click("button.theme")
        assert page.evaluate(shown) == "change"
        assert reader.said == []


def chinese_fonts():
    """Return what fontconfig knows: without such a font a browser prints boxes, which are no text."""
    found = shutil.which("fc-list")
    return found and subprocess.run([found, ":lang=zh"], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_prints_whole(browser, study, language):
    from pypdf import PdfReader

    with Reader(browser, draw(study, language=language), color_scheme="dark") as reader:
        pages = [of.extract_text() for of in PdfReader(io.BytesIO(reader.page.pdf(format="A4"))).pages]
        assert 4 <= len(pages) <= 20
        for number, text in enumerate(pages, start=1):
            assert "two junctions: sweep" in text
            assert re.search(rf"{number}\s*/\s*{len(pages)}", text)
        assert reader.said == []
        if language == "zh" and not chinese_fonts():
            pytest.skip("no font with Chinese characters on this machine (Debian: apt-get install fonts-wqy-zenhei)")
        heading = {"en": "What was run", "zh": "仿真说明"}[language]
        assert any(heading in text for text in pages)


def test_no_chart_or_row_is_cut_on_paper(browser, study):
    with Reader(browser, draw(study)) as reader:
        page = reader.page
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        sizes = page.evaluate(
            "[...document.querySelectorAll('.chart')].map(c => [c.querySelector('.main-svg').getBoundingClientRect().width,"
            " c.getBoundingClientRect().height, getComputedStyle(c).breakInside])"
        )
        assert len(sizes) >= 6
        for width, height, rule in sizes:
            assert 500 < width <= A4_BETWEEN_MARGINS_PX
            assert height < 900  # what `break-inside` cannot keep whole is what no page holds
            assert rule == "avoid"
        rows = page.evaluate(
            "[...new Set([...document.querySelectorAll('tr')].map(r => getComputedStyle(r).breakInside))]"
        )
        assert rows == ["avoid"]
        assert page.evaluate("document.querySelectorAll('details.fold:not([open])').length") == 0


def test_a_study_of_ten_thousand_runs_opens_in_three_seconds(browser, tmp_path):
    # 3,333 plans on three seeds; what the page shows of each run is its delay.
    folder = make_study(
        tmp_path / "study", n_plans=3333, signals=("J1",), approaches=("N", "E"), cycles_per_group=2, n_parameters=12
    )
    file = draw(folder)
    assert file.stat().st_size < 6_000_000
    with Reader(browser, file, open_now=False) as reader:
        # What the page's thread computes, and not the clock: the machine may be busy with something else.
        session = reader.context.new_cdp_session(reader.page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        reader.page.goto(reader.url)
        reader.page.wait_for_selector("#evidence .main-svg")
        took = {of["name"]: of["value"] for of in session.send("Performance.getMetrics")["metrics"]}
        assert took["Nodes"] > 5000
        assert 0.1 < took["ThreadTime"] < SECONDS_TO_OPEN
        assert reader.page.locator("#ranking tbody tr").count() == 200
        assert reader.said == []
