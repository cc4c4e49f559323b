"""The tournament: its table from records made by hand, and a small one played for real."""

import json

import polars
import pytest

from experiments import cli
from experiments.tournament import Match, table

VERSIONS = ("0.1.0", "1.28.0")


def match(search, repeat, plan, budget=100, scenario="cologne1"):
    baseline = dict.fromkeys(plan, 50.0)
    return Match(scenario, search, budget, repeat, baseline, plan, VERSIONS)


def test_searches_are_paired_by_seed_over_the_repeats_that_both_played():
    matches = [
        match("race", 1, {"101": 30.0, "102": 34.0}),
        match("race", 2, {"101": 32.0, "102": 36.0}),
        match("tpe", 1, {"101": 33.0, "102": 35.0}),
        match("tpe", 2, {"101": 35.0, "102": 41.0}),
        match("tpe", 3, {"101": 90.0, "102": 90.0}),
    ]
    ours, theirs = table(matches)
    assert (ours.search, ours.repeats, ours.baseline_s, ours.plan_s, ours.worst_s) == ("race", 2, 50.0, 33.0, 34.0)
    assert ours.behind is None
    assert (theirs.search, theirs.repeats, theirs.worst_s) == ("tpe", 3, 90.0)
    # By seed, mean of the two shared repeats: 31 - 34 = -3 and 35 - 38 = -3.
    assert (theirs.behind.mean, theirs.behind.low, theirs.behind.high, theirs.behind.n) == (-3.0, -3.0, -3.0, 2)


def test_budgets_and_networks_are_kept_apart_and_ours_stands_first():
    matches = [
        match("cmaes", 1, {"101": 1.0}, budget=50),
        match("race", 1, {"101": 2.0}, budget=50),
        match("race", 1, {"101": 3.0}),
        match("race", 1, {"101": 4.0}, scenario="arterial4x4"),
    ]
    assert [(row.scenario, row.budget, row.search, row.plan_s) for row in table(matches)] == [
        ("arterial4x4", 100, "race", 4.0),
        ("cologne1", 50, "race", 2.0),
        ("cologne1", 50, "cmaes", 1.0),
        ("cologne1", 100, "race", 3.0),
    ]


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("searches=[tpee]", "tpe"),
        ("scenarios=[cologne2]", "cologne"),
        ("budgets=[2]", "budgets=2 is too small"),
        ("repeats=0", "repeats=0 is too small"),
        ("searches=[]", "Name at least one of each"),
    ],
)
def test_what_cannot_be_played_is_one_line(override, says, tmp_path, capsys):
    assert cli.main(["tournament", override, f"out={tmp_path}"]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_a_record_that_is_broken_is_named(tmp_path, capsys):
    (tmp_path / "matches").mkdir()
    (tmp_path / "matches" / "cologne1-tpe-4-1.json").write_text("{")
    keys = ["scenarios=[cologne1]", "searches=[tpe]", "budgets=[4]", "repeats=1", f"out={tmp_path}"]
    assert cli.main(["tournament", *keys]) == 2
    assert "cologne1-tpe-4-1.json" in capsys.readouterr().err


@pytest.mark.slow
def test_a_match_is_a_study_and_is_not_played_twice(tmp_path, capsys):
    keys = ["scenarios=[cologne1]", "searches=[sobol]", "budgets=[6]", "repeats=1", f"out={tmp_path}"]
    assert cli.main(["tournament", *keys]) == 0
    shown = capsys.readouterr().out
    record = tmp_path / "matches" / "cologne1-sobol-6-1.json"
    played = json.loads(record.read_text())
    results = polars.read_parquet(tmp_path / "studies" / "cologne1-sobol-1" / "results.parquet")
    of_net = results.filter((polars.col("plan_id") == "baseline") & (polars.col("role") == "holdout"))
    assert played["baseline"] == {str(seed): delay for seed, delay in of_net.select("seed", "delay_s").iter_rows()}
    assert len(played["plan"]) == 10
    assert "| cologne1 | 6 | sobol | 1 | " in shown
    written = record.stat().st_mtime_ns
    assert cli.main(["tournament", *keys]) == 0
    assert record.stat().st_mtime_ns == written
    assert capsys.readouterr().out == shown == (tmp_path / "table.md").read_text()
