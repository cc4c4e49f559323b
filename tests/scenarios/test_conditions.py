"""Conditions: what they refuse, that their order does not matter, and that each does what its source says."""

import hashlib
from pathlib import Path

import pytest

from engine.errors import InputError
from scenarios.conditions import parse
from scenarios.conditions.kinds import KINDS
from scenarios.conditions.weather import DISCHARGE_M_S, headway_tau_s
from tests.conftest import built, scenario_config
from tests.scenarios.approach import write
from tests.scenarios.condition_effects import EFFECTS

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in (ROOT / "conf" / "conditions").glob("*.yaml"))
SHORT = ("scenario=junction", "scenario.end_s=27600")


def digest(folder):
    """What a folder of files holds, by name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("saturation", [1.0, 0.91, 0.8])
@pytest.mark.parametrize("speed", [1.0, 0.7])
def test_a_headway_in_bad_weather_gives_the_saturation_flow_asked_for(saturation, speed):
    room_m = 7.1
    tau_s = headway_tau_s(1.1, room_m, saturation, speed)
    dry_s, wet_s = 1.1 + room_m / DISCHARGE_M_S, tau_s + room_m / (DISCHARGE_M_S * speed)
    # Nobody follows more closely because he drives slower.
    assert tau_s >= 1.1
    if tau_s > 1.1:
        assert dry_s / wet_s == pytest.approx(saturation)


def test_conditions_are_applied_in_one_order_whatever_order_they_are_named_in():
    rain, growth = {"kind": "weather"}, {"kind": "growth"}
    orders = [[of.name for of in parse(given)] for given in ({"b": rain, "a": growth}, {"a": growth, "b": rain})]
    assert orders == [["a", "b"], ["a", "b"]]


def test_the_same_conditions_make_the_same_bytes_and_leave_the_users_files_alone(tmp_path):
    street = write(tmp_path / "street").parent
    before = digest(street)
    names = ("conditions=[growth,rain,e_bikes]", "conditions=[e_bikes,rain,growth]")
    made = []
    for i, conditions in enumerate(names):
        folder = tmp_path / f"made{i}"
        built(folder, "scenario=sumo", f"scenario.sumocfg={street / 'approach.sumocfg'}", conditions)
        made.append({name: of for name, of in digest(folder).items() if name.endswith((".rou.xml", ".add.xml"))})
    assert made[0] == made[1] != {}
    assert digest(street) == before


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_states_its_source(name):
    given = scenario_config(f"conditions=[{name}]").conditions
    (condition,) = parse(given)
    assert type(condition) in KINDS.values()
    assert condition.summary
    for key, figure in condition.figures():
        # One that changes nothing needs none.
        assert figure.source or figure.value == 1.0, key


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["conditions=[rian]"], "Did you mean 'rain'"),
        (["conditions=[rain]", "conditions.rain.saturaton.value=1"], "no key 'saturaton'. Did you mean 'saturation'"),
        (["conditions=[rain]", "conditions.rain.speed.value=much"], "Give a number"),
        (["conditions=[rain]", "conditions.rain.speed.value=0"], "Give 0.05 to 1"),
        (["conditions=[lane_closed]", "conditions.lane_closed.lanes=[in9_0]"], "no lane 'in9_0'. Did you mean 'in"),
        (["conditions=[lane_closed]"], "conditions.lane_closed.lanes"),
        (["conditions=[road_closed]", "conditions.road_closed.edges=[in9]"], "no edge 'in9'"),
        (["conditions=[signal_dark]", "conditions.signal_dark.signals=[D]"], "no signal 'D'"),
        (
            ["conditions=[road_closed]", "conditions.road_closed.edges=[in1]", "conditions.road_closed.begin_s=99999"],
            "outside of what is simulated",
        ),
        (
            ["conditions=[truck_ban]", "conditions.truck_ban.begin_s=27300", "conditions.truck_ban.end_s=27100"],
            "not after begin_s=27300",
        ),
    ],
)
def test_what_cannot_hold_is_refused_in_one_line_before_anything_is_written(tmp_path, given, says):
    with pytest.raises(InputError, match=".*") as refused:
        built(tmp_path / "made", *SHORT, *given)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.rglob("*conditions*"))


@pytest.mark.slow
@pytest.mark.parametrize("effect", EFFECTS, ids=lambda of: f"{of.condition}-{of.quantity.partition(',')[0]}")
def test_each_condition_does_what_its_source_says(effect, tmp_path_factory):
    # Streets without a condition are measured once for all.
    shared = tmp_path_factory.getbasetemp() / "streets"
    assert effect.low <= effect.measure(shared) <= effect.high


def test_the_table_in_the_docs_has_every_condition():
    page = (ROOT / "docs" / "conditions.md").read_text(encoding="utf-8")
    measured = {effect.condition for effect in EFFECTS}
    for effect in EFFECTS:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{effect.condition}` | {effect.quantity}"))
        assert effect.why in row
        assert effect.low <= float(row.split("|")[-2]) <= effect.high
    assert {*NAMES} == measured
