"""Emergency plans: what is refused, and the whole way once."""

import json

import pytest

from engine.errors import InputError
from engine.ledger import Ledger
from experiments._compose import compose
from experiments.emergency import main
from tests.experiments.test_sweep import greensplit

SET = "members:\n  dry: {}\n  busy: {conditions: {growth: {factor: {value: 1.3}}}}\n"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["alarm.seeds=[101,102,103]"], "seed 101, 102, 103 is in alarm.seeds and in search.holdout_seeds"),
        (["alarm.seeds=[1,2]"], "at least 3"),
        (["alarm.window_s=0"], "alarm.window_s=0"),
        (["search.holdout_seeds=[]"], "search.holdout_seeds is empty"),
        (["controller=max_pressure", "search=tpe"], "emergency plans are fixed plans"),
        (["alarm.windows=3"], "no key 'alarm.windows'"),
    ],
)
def test_what_cannot_be_used_is_refused(given, says):
    with pytest.raises(InputError, match=says):
        compose("emergency", ["scenario_set=weather", *given])


def test_one_day_alone_has_no_emergency(tmp_path):
    with pytest.raises(InputError, match="two members or more"):
        main(compose("emergency", [f"out={tmp_path / 'study'}"]))
    assert not (tmp_path / "study").exists()


@pytest.mark.slow
def test_a_busy_day_is_seen_and_gets_its_plan_whatever_the_workers(tmp_path):
    (tmp_path / "set.yaml").write_text(SET)
    given = (
        "emergency", "scenario=cologne1", "scenario.end_s=26100", f"scenario_set={tmp_path / 'set.yaml'}", "seeds=[1,2]",
        "search.budget=20", "search.finalists=1", "search.holdout_seeds=[101,102,103,104,105]", "report.playback_s=0",
        "alarm.seeds=[301,302,303,304,305,306,307,308]", "alarm.window_s=120",
    )  # fmt: skip
    one, two = tmp_path / "one", tmp_path / "two"
    greensplit(*given, "workers=2", f"out={two}")
    dry, busy = json.loads((two / "emergency.json").read_text())["members"]
    assert dry["delay_s"]["day"] == dry["delay_s"]["oracle"]
    assert busy["own_plan"]
    assert busy["switched"] == busy["named_right"] == 5
    assert busy["delay_s"]["oracle"] < busy["delay_s"]["rule"] < busy["delay_s"]["day"]
    rule = json.loads((two / "emergency" / "rule.json").read_text())
    assert set(rule["all_clear"]) == {"busy"}
    assert (two / "emergency" / "busy.add.xml").read_bytes() != (two / "emergency" / "day.add.xml").read_bytes()
    with Ledger(two / "ledger.sqlite") as ledger:
        results = [result for key in ledger.finished() if (result := ledger.result(key))]
    seen = [(tuple(row for row in of.series if row.end_s <= 25440.0), of.network["delay_s"]) for of in results]
    pairs = {(a, b) for first, a in seen for other, b in seen if first == other and a < b}
    assert len(pairs) >= 5, "a run that changes its plan is that of the day's plan until then"
    greensplit(*given, "workers=1", f"out={one}")
    for name in ("emergency.json", "emergency/rule.json", "emergency/busy.add.xml"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
