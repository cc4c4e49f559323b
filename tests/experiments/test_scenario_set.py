"""Sets of scenarios: what their configuration refuses, that old studies keep their names, and the whole way once."""

import json
import os
import signal

import polars
import pytest

from engine.errors import InputError
from experiments._compose import compose
from experiments.config import identity
from tests.experiments.test_sweep import greensplit, rows, start, wait_for_runs

SET = (
    "members:\n  dry: {weight: 3}\n  wet: {conditions: [rain]}\n"
    "  busy: {conditions: {growth: {factor: {value: 1.2}}}, weight: 0}\n"
)


@pytest.fixture
def own(tmp_path):
    file = tmp_path / "my, days=1.yaml"
    file.write_text(SET)
    return file


def test_a_set_is_named_or_read_from_a_file(own):
    config = compose("optimize", [f"scenario_set={own}"])
    members = config.members()
    assert list(members) == ["dry", "wet"], "a member of weight 0 is left out"
    assert config.weights() == (0.75, 0.25)
    assert list(members["wet"].scenario.conditions) == ["rain"]
    assert list(compose("optimize", ["scenario_set=weather"]).members()) == ["dry", "rain", "fog", "snow"]
    again = compose("optimize", [f"scenario_set={own}", "scenario_set.weights={busy:4,wet:0}"])
    factors = {name: of.scenario.conditions.get("growth", {}).get("factor") for name, of in again.members().items()}
    assert factors["dry"] is None
    assert factors["busy"]["value"] == 1.2


def test_the_identity_of_a_study_without_a_set_knows_nothing_of_sets(own):
    alone = identity(compose("optimize", []))
    assert not {"scenario_set", "members", "over"} & set(alone)
    assert "conditions" not in alone["scenario"]
    assert not {"over", "tail"} & set(alone["objective"])
    one, other = (
        identity(compose("optimize", [f"scenario_set={own}", *more])) for more in ([], ["objective.over=cvar"])
    )
    assert one != other


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["scenario_set=wether"], "Did you mean 'weather'"),
        (["scenario_set=weather", "scenario_set.weights={rian:1}"], "no member 'rian'. Did you mean 'rain'"),
        (["scenario_set=weather", "scenario_set.weights={rain:-1}"], "member 'rain' has weight -1"),
        (["scenario_set=weather", "scenario_set.weights={dry:0,rain:0,fog:0,snow:0}"], "sum to zero"),
        (["scenario_set=nowhere.yaml"], "no file 'nowhere.yaml'"),
        (["objective.over=cvar"], "Give scenario_set=NAME"),
        (["scenario_set=weather", "objective.over=median"], "objective.over=median is not known"),
        (["scenario_set=weather", "objective.tail=0"], "objective.tail=0 is no share"),
        (["scenario_set=weather", "search.budget=11"], "in each of 4 members"),
    ],
)
def test_what_cannot_be_used_is_refused(given, says):
    with pytest.raises(InputError, match=says.replace("(", "\\(")):
        compose("optimize", given)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("members: {wet: {conditions: [rian]}}", "condition 'rian' is not known. Did you mean 'rain'"),
        ("members: {wet: {demand: 2}}", "there is no key 'demand'"),
        ("members: {wet: {weight: much}}", "weight='much' cannot be used"),
        ("members: {a/b: {}}", "a folder is named after it"),
        ("- 1", "is no set of scenarios"),
        ("members: {", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path, text, says):
    (tmp_path / "set.yaml").write_text(text)
    with pytest.raises(InputError, match=says):
        compose("sweep", [f"scenario_set={tmp_path / 'set.yaml'}"])


SMALL = (
    "optimize", "scenario=cologne1", "scenario.end_s=25500", "seeds=[1,2]", "search.budget=20", "search.finalists=1",
    "search.holdout_seeds=[101,102]", "objective.over=worst", "report.playback_s=0",
)  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    (folder / "set.yaml").write_text(SET)
    greensplit(*SMALL, f"scenario_set={folder / 'set.yaml'}", "workers=2", f"out={folder / 'study'}")
    return folder / "study"


def outcome(folder):
    summary = json.loads((folder / "summary.json").read_text())
    for key in ("wall_s", "failures"):
        summary.pop(key)
    summary["simulations"].pop("cached")
    for plan in ("baseline", "best", "candidate"):
        (summary[plan] or {}).pop("command", None)
    return summary, (folder / "results.parquet").read_bytes(), (folder / "best.add.xml").read_bytes()


@pytest.mark.slow
def test_both_plans_run_in_every_member(study):
    summary = json.loads((study / "summary.json").read_text())
    assert summary["simulations"]["training"] == 20, "the budget counts simulations"
    of = summary["set"]
    results = polars.read_parquet(study / "results.parquet")
    for row in of["members"]:
        mine = results.filter((polars.col("member") == row["name"]) & (polars.col("role") == "holdout"))
        baseline = mine.filter(polars.col("plan_id") == "baseline")["delay_s"]
        assert row["baseline"]["delay_s"]["mean"] == pytest.approx(baseline.mean())
    by_seed = results.filter((polars.col("plan_id") == "baseline") & (polars.col("role") == "holdout"))
    worst = by_seed.group_by("seed").agg(polars.col("delay_s").max())["delay_s"].mean()
    assert of["risks"]["worst"]["baseline"]["mean"] == pytest.approx(worst)
    assert summary["baseline"]["delay_s"]["mean"] == pytest.approx(worst)
    page = (study / "report.html").read_text()
    assert "members/wet/report.html" in page
    assert (study / "members" / "wet" / "report.html").is_file()


@pytest.mark.slow
def test_one_worker_gives_the_same_as_two_and_a_kill_changes_nothing(study, tmp_path):
    folder = tmp_path / "study"
    given = (*SMALL, f"scenario_set={study.parent / 'set.yaml'}", "workers=1", f"out={folder}")
    search = start(*given)
    wait_for_runs(folder / "members" / "dry", 2, search)
    os.killpg(search.pid, signal.SIGKILL)
    search.wait()
    search.stderr.close()
    before = rows(folder / "members" / "dry", "id, key, started")
    greensplit(*given)
    assert rows(folder / "members" / "dry", "id, key, started")[: len(before)] == before
    assert outcome(folder) == outcome(study)
