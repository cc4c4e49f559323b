"""Optimising a real junction: a proven plan, limits that are kept, and the same study whatever happens to it."""

import html
import json
import os
import re
import signal

import polars
import pytest

from tests.experiments.test_sweep import greensplit, rows, same_outcome, start, wait_for_runs

pytestmark = pytest.mark.slow

SMALL = (
    "optimize",
    "scenario=cologne1",
    "scenario.end_s=25800",
    "seeds=[1,2]",
    "search.budget=20",
    "search.finalists=2",
    "search.confirm_seeds=[201,202,203,204,205]",
    "search.holdout_seeds=[101,102,103,104,105]",
)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies") / "undisturbed"
    greensplit(*SMALL, "workers=2", f"out={folder}")
    return folder


def test_it_spends_its_budget_and_counts_what_it_confirms_apart(study):
    summary = json.loads((study / "summary.json").read_text())
    counts = summary["simulations"]
    assert counts["training"] == 20
    # Two finalists and the plan in the net, five seeds each at most; dropped ones do without the rest.
    assert 10 <= counts["confirmation"] <= 15
    assert counts["holdout"] in (5, 10)
    results = polars.read_parquet(study / "results.parquet")
    assert results.height == counts["done"]
    by_plan = results.filter(polars.col("role") == "training").group_by("plan_id").len()
    assert by_plan["len"].min() == 1, "every plan ran on every seed: nothing was dropped early"
    assert by_plan.filter(polars.col("plan_id") == "baseline")["len"].item() == 2


def test_the_winner_was_confirmed_and_proven(study):
    summary = json.loads((study / "summary.json").read_text())
    confirmation = summary["confirmation"]
    assert 0.0 <= confirmation["probability"] <= 1.0
    chosen = summary["candidate"] or summary["best"]
    assert confirmation["plan_id"] == chosen["plan_id"]
    if summary["verdict"] == "better":
        low, high = summary["difference"]["delay_s"]["ci95"]
        assert low < high < 0.0
    assert f"{confirmation['n_seeds']} confirmation seeds" in (study / "report.html").read_text()


def test_one_worker_gives_the_same_as_two(study, tmp_path):
    greensplit(*SMALL, "workers=1", f"out={tmp_path / 'study'}")
    same_outcome(study, tmp_path / "study")


def test_a_kill_in_mid_search_changes_nothing(study, tmp_path):
    folder = tmp_path / "study"
    search = start(*SMALL, "workers=2", f"out={folder}")
    wait_for_runs(folder, 6, search)
    os.killpg(search.pid, signal.SIGKILL)
    search.wait()
    search.stderr.close()
    before = rows(folder, "id, key, started")
    greensplit(*SMALL, "workers=2", f"out={folder}")
    assert rows(folder, "id, key, started")[: len(before)] == before
    same_outcome(study, folder)


def test_a_larger_budget_extends_the_study(study, tmp_path):
    done = rows(study, "key")
    folder = tmp_path / "study"
    smaller = [argument for argument in SMALL if not argument.startswith("search.budget")]
    greensplit(*smaller, "search.budget=12", f"out={folder}")
    greensplit(*SMALL, f"out={folder}")
    assert set(done) <= set(rows(folder, "key"))
    same = [json.loads((f / "summary.json").read_text())["ranking"] for f in (study, folder)]
    assert same[0] == same[1]


def test_a_limit_that_no_change_keeps_leaves_the_plan_in_the_net(tmp_path):
    folder = tmp_path / "study"
    said = greensplit(*SMALL, "objective.at_most={stops_per_veh:0.01}", f"out={folder}")
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["best"]["plan_id"] == "baseline"
    assert all(row["violation"] > 0.0 for row in summary["ranking"] if row["plan_id"] != "baseline")
    (missed,) = summary["unmet"]
    assert re.search(r"the nearest of \d+, .*, misses stops_per_veh at most 0.01 by \d", missed)
    assert missed in " ".join(said.stdout.split())
    assert missed in html.unescape((folder / "report.html").read_text())
