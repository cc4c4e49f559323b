"""The playback in a real Chromium: it plays, pauses, jumps and paints, asks nobody for anything, and is quick enough."""

import re
import shutil
import statistics

import pytest

from experiments.report import draw
from experiments.report.playback import shown
from experiments.report.study import read_study
from tests.experiments.footage import filmed
from tests.experiments.study_folder import make_study

pytestmark = pytest.mark.slow

MOST_MS = 8.0
"""For one frame of both plans: half of what 60 frames a second leave."""
VEHICLES, SECONDS = 500, 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study whose playback has five hundred vehicles under each plan."""
    folder = filmed(make_study(tmp_path_factory.mktemp("study") / "study"), VEHICLES, SECONDS)
    draw(folder)
    return folder


@pytest.fixture
def page(browser, folder):
    """The opened page; whatever it complains of or asks for fails the test."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    troubles, requests = [], []
    page.on("console", lambda message: troubles.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto((folder / "report.html").as_uri())
    page.wait_for_selector("#playback.unpacked")
    yield page
    page.close()
    assert troubles == []
    assert requests == [(folder / "report.html").as_uri()]


def player(page, expression):
    """Return what an expression of the player `p` is."""
    return page.evaluate(f"((p) => {expression})(document.getElementById('playback').playback)")


def wait(page, expression):
    """Wait until it is true; the page's policy refuses playwright's own way, which evaluates text."""
    for _ in range(200):
        if player(page, expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never: {expression}")


def time_of(page):
    return player(page, "p.time")


def pictures(page):
    """What both canvases show, as data URLs."""
    return page.evaluate("[...document.querySelectorAll('#playback canvas')].map((c) => c.toDataURL())")


def test_nothing_moves_until_it_is_asked_to_and_stops_when_told(page):
    before = pictures(page)
    assert before[0] != before[1]
    page.wait_for_timeout(400)
    assert time_of(page) == 0
    assert pictures(page) == before
    page.get_by_role("button", name="Play", exact=True).click()
    wait(page, "p.time > 1")
    after = pictures(page)
    assert all(a != b for a, b in zip(before, after, strict=True))
    page.get_by_role("button", name="Pause", exact=True).click()
    stopped = time_of(page)
    page.wait_for_timeout(300)
    assert time_of(page) == stopped
    assert page.get_by_role("button", name="Play", exact=True).is_visible()


def test_speed_counts_and_the_end_stops_it(page):
    page.get_by_label("Speed").select_option("20")
    player(page, "p.seek(115)")
    page.get_by_role("button", name="Play", exact=True).click()
    wait(page, "!p.playing")
    assert time_of(page) == SECONDS
    page.get_by_role("button", name="Play", exact=True).click()  # once more, from the begin
    wait(page, "p.time > 1")
    assert time_of(page) < SECONDS


def test_the_slider_jumps_and_says_where_it_is(page):
    slider = page.get_by_role("slider", name="Time of the playback")
    before = pictures(page)
    slider.fill("60")
    assert time_of(page) == 60
    assert slider.get_attribute("aria-valuetext") == "07:31:00"
    assert page.locator("#playback output").inner_text() == "07:31:00"
    assert all(a != b for a, b in zip(before, pictures(page), strict=True))


def test_keys(page):
    page.locator("#playback .stage").focus()
    for key, time in (("ArrowRight", 1), ("Shift+ArrowRight", 11), ("ArrowLeft", 10), ("End", SECONDS), ("Home", 0)):
        page.keyboard.press(key)
        assert time_of(page) == time, key
    page.keyboard.press("ArrowUp")
    assert page.get_by_label("Speed").input_value() == "10"
    near = player(page, "p.view.scale")
    page.keyboard.press("+")
    assert player(page, "p.view.scale") == pytest.approx(1.5 * near)
    page.keyboard.press("-")
    page.keyboard.press("0")
    assert player(page, "p.view.scale") < near
    page.keyboard.press("Space")
    wait(page, "p.time > 0.5")
    page.keyboard.press("Space")
    assert not player(page, "p.playing")


def test_both_pictures_move_together(page):
    before = pictures(page)
    page.locator("#playback canvas").first.scroll_into_view_if_needed()
    box = page.locator("#playback canvas").first.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 160, steps=4)
    page.mouse.up()
    assert all(a != b for a, b in zip(before, pictures(page), strict=True))


def test_the_player_counts_what_the_table_says(page, folder):
    rows = shown(read_study(folder)).rows
    assert len(rows) > 5
    for row in rows:
        player(page, f"p.seek({row.time_s - 27000.0})")
        texts = page.locator("#playback .count").all_inner_texts()
        assert texts == [f"{present} vehicles, {standing} of them standing" for present, standing in row.counts]


def test_dark_and_print(page):
    before = pictures(page)
    light = player(page, "p.colours.road")
    page.emulate_media(color_scheme="dark")
    wait(page, f"p.colours.road !== '{light}'")
    assert all(a != b for a, b in zip(before, pictures(page), strict=True))
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert pictures(page) == before  # paper is light
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert pictures(page) != before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barriers(page, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme=scheme)
    found = Axe().run(page, "#playback-section").response
    assert len(found["passes"]) > 10
    assert [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in found["violations"]] == []


def test_it_speaks_chinese(browser, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "study")
    page = browser.new_page()
    page.goto(draw(tmp_path / "study", language="zh").as_uri())
    page.wait_for_selector("#playback.unpacked")
    assert re.fullmatch(r"车辆 500 辆，其中停车 \d+ 辆", page.locator("#playback .count").first.inner_text())
    page.get_by_role("button", name="播放", exact=True).click()
    assert page.get_by_role("button", name="暂停", exact=True).is_visible()
    page.close()


def test_a_frame_of_a_thousand_vehicles_takes_less_than_eight_milliseconds(page):
    measured = page.evaluate(
        """() => {
          const playback = document.getElementById("playback").playback;
          playback.act("0");
          playback.repaint();
          return Array.from({ length: 200 }, (_, i) => {
            playback.time = 10 + i / 12;
            const began = performance.now();
            playback.show();
            return performance.now() - began;
          });
        }"""
    )
    median = statistics.median(measured)
    print(f"{median:.2f} ms a frame, the slowest {max(measured):.1f} ms")
    assert median < MOST_MS


def test_a_browser_that_cannot_unpack_says_so(browser, folder):
    page = browser.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto((folder / "report.html").as_uri())
    page.wait_for_selector("#playback.unreadable")
    assert page.get_by_text("This browser cannot unpack the playback.").is_visible()
    assert not page.locator("#playback .stage").is_visible()
    page.close()
