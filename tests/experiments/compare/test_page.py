"""The pages of comparisons and look-backs: one language throughout, nothing loaded, nothing of the user's taken as HTML."""

import datetime
import re

import pytest

from experiments.compare.comparison import compare
from experiments.compare.lookback import look_back
from experiments.compare.page import comparison_page, lookback_page
from experiments.compare.values import NETWORK, Unit
from experiments.report._language import speaking
from tests.experiments.compare.made import NORTH, SOUTH, delays, rival
from tests.experiments.compare.test_judging import noisy
from tests.experiments.compare.test_lookback import MONDAY, write_log
from tests.experiments.test_report_page import Page

HOSTILE = "<script>alert(1)</script>&amp;\"'%{x}"


def more(factor):
    times = [Unit("time", from_s=t, to_s=t + 900.0) for t in (0.0, 900.0)]
    return {
        **{(unit, "control_delay_s"): noisy(20.0 * factor) for unit in (NORTH, Unit("junction", "J1"), *times)},
        (SOUTH, "control_delay_s"): noisy(30.0 / factor),
        (SOUTH, "vehicles"): dict.fromkeys(delays(0), 9.0),
        **{(Unit("class", vehicle_class=kind), "delay_s"): noisy(9.0) for kind in ("car", "bus", "truck", "bicycle")},
        **{(Unit("lane group", "J1", of, f"{of}-left"), "control_delay_s"): noisy(20.0 * factor) for of in "NS"},
        **{
            (NETWORK, name): noisy(5.0 * factor)
            for name in ("stops_per_veh", "throughput_veh", "conflicts_ttc", "co2_g")
        },
    }


def town(scenario="town"):
    other = {"versions": {"eclipse-sumo": "1.27.0"}, "inputs": {}}
    return [
        rival("baseline", delays(48.0), scenario, "net", more=more(1.0)),
        rival("tuned", noisy(40.0), scenario, more=more(0.8)),
        rival("slower", noisy(52.0), scenario, more=more(1.1)),
        rival("jams", noisy(30.0), scenario, gridlocks=(103,)),
        rival(
            "fails",
            {s: d for s, d in noisy(40.0).items() if s < 109},
            scenario,
            asked=range(101, 111),
            failures={109: "lost"},
        ),
        rival("same", delays(48.0), scenario, "candidate", environment=other),
        rival("alone", {101: 40.0}, scenario),
        rival("elsewhere", {1: 40.0}, scenario),
    ]


@pytest.fixture(scope="module")
def comparison():
    return compare(town())


def test_the_finding_stands_on_top_and_every_rival_has_its_sentence(comparison):
    page = Page(comparison_page(comparison))
    assert "tuned saves 8.0 s per vehicle (95 % interval " in page.text
    for said in (
        "slower costs 4.0 s per vehicle",
        "jams has less delay (−18.0 s per vehicle) and ends in gridlock more often",
        "fails has less delay (−7.9 s per vehicle) on the seeds that ended, and some did not",
        "same: no difference is shown (0.0 s per vehicle, 95 % interval 0.0 to 0.0)",
        "alone: −6.0 s per vehicle on the one seed in common, which proves nothing",
        "elsewhere shares no seed with the reference",
        "Under tuned 1 of 2 approaches gains time: north 4.0 s.",
        "Under tuned 1 of 2 approaches loses time: south 7.5 s.",
        "town: runs of fails without a result, seeds 109, 110: lost",
        "town: alone was not run with seeds 102, 103",
        "same ran with another version than the reference (eclipse-sumo 1.27.0, 1.28.0)",
        "elsewhere has 0 seeds in common with the reference",
        "not confirmed by its study",
    ):
        assert said in page.text, said
    assert set(page.figures()) == {"intervals-0", "approaches-0", "times-0"}


def test_scenarios_have_sections_of_their_own_and_the_overall_verdict():
    page = Page(comparison_page(compare([*town("one"), *town("two")[:2]])))
    assert page.has("section", id="overall")
    assert page.has("section", id="place-1")
    assert "tuned has 16.7 % less delay, mean of 2 scenarios" in page.text
    assert "slower has no runs of two." in page.text


def test_a_chinese_page_is_chinese_throughout(comparison, tmp_path):
    before = write_log(tmp_path / "b", 2, hours=(7, 8, 9))
    after = write_log(tmp_path / "a", 3, start=MONDAY + datetime.timedelta(days=12), arrivals=90)
    with speaking("zh"):
        pages = [comparison_page(comparison), lookback_page(look_back(before, after))]
    for text in pages:
        page = Page(text)
        assert page.has("html", lang="zh-Hans")
        spoken = [attrs[name] for _, attrs in page.elements for name in ("aria-label", "title") if name in attrs]
        for said in [*page.texts, *spoken]:
            words = re.findall(
                r"\b(?:the|of|and|plan|seed|approach|per|vehicle|delay|days)\b", said.replace(str(tmp_path), "")
            )
            assert not words, said
    assert "tuned使车均延误减少 8.0 秒" in Page(pages[0]).text
    assert "现状方案" in Page(pages[0]).text


def test_nothing_of_the_users_is_taken_as_html():
    rivals = [
        rival("baseline", delays(48.0), HOSTILE, "net", source=HOSTILE),
        rival(HOSTILE, noisy(40.0), HOSTILE, source=HOSTILE, asked=range(101, 112), failures={111: HOSTILE}),
    ]
    text = comparison_page(compare(rivals, notes=[HOSTILE]))
    assert "<script>alert" not in text
    assert HOSTILE in Page(text).text


def test_the_page_loads_nothing(comparison):
    text = comparison_page(comparison)
    page = Page(text)
    assert not [attrs for tag, attrs in page.elements if tag in ("link", "img", "iframe") or "src" in attrs]
    assert len(text) < 6e6


def test_a_look_back_tells_before_after_and_change(tmp_path):
    before = write_log(tmp_path / "b", 5, on_green=0.4)
    after = write_log(tmp_path / "a", 5, on_green=0.7, start=MONDAY + datetime.timedelta(days=14))
    text = lookback_page(look_back(before, after))
    page = Page(text)
    assert len(text) < 1e5  # no charts, no Plotly
    assert re.search(r"Arrivals on green changed by \+0\.\d+ share \(95 % interval", page.text)
    assert "452 2" in page.text
    assert "2026-03-02, 2026-03-03" in page.text
