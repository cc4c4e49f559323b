"""The main job end to end, on a real junction: proof, resuming, lost workers, and the same bytes whatever happened."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import polars
import pytest

from tests.conftest import tripinfo_delay

pytestmark = pytest.mark.slow

GREENSPLIT = str(Path(sys.executable).parent / "greensplit")
SMALL = (
    "sweep",
    "scenario=cologne1",
    "scenario.end_s=25800",
    "seeds=[1,2]",
    "search.budget=12",
    "search.holdout_seeds=[101,102,103,104]",
)


def greensplit(*arguments, check=0):
    done = subprocess.run([GREENSPLIT, *arguments], check=False, capture_output=True, text=True, timeout=280)
    assert done.returncode == check, done.stderr
    return done


def start(*arguments):
    return subprocess.Popen(
        [GREENSPLIT, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def rows(folder, what="status"):
    with sqlite3.connect(f"file:{folder}/ledger.sqlite?mode=ro", uri=True) as database:
        found = list(database.execute(f"SELECT {what} FROM runs ORDER BY id"))
    database.close()
    return found


def wait_for_runs(folder, number, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read()
        if (folder / "ledger.sqlite").exists():
            try:
                if len(rows(folder)) >= number:
                    return
            except sqlite3.OperationalError:
                pass
        time.sleep(0.05)
    raise AssertionError("the sweep records nothing")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies") / "undisturbed"
    greensplit(*SMALL, "workers=2", "ray.head_start_s=0", f"out={folder}")
    return folder


def same_outcome(one, other):
    assert (one / "results.parquet").read_bytes() == (other / "results.parquet").read_bytes()
    for name in ("movements", "approaches", "junctions", "cycles"):
        assert (one / f"{name}.parquet").read_bytes() == (other / f"{name}.parquet").read_bytes()
    assert (one / "best.add.xml").read_bytes() == (other / "best.add.xml").read_bytes()
    summaries = [json.loads((folder / "summary.json").read_text()) for folder in (one, other)]
    for summary in summaries:
        for key in ("wall_s", "failures"):
            summary.pop(key)
        summary["simulations"].pop("cached")
        for plan in ("baseline", "best", "candidate"):
            if summary[plan]:
                summary[plan].pop("command")
    assert summaries[0] == summaries[1]


def test_a_study_holds_what_the_design_says(study):
    summary = json.loads((study / "summary.json").read_text())
    results = polars.read_parquet(study / "results.parquet")
    assert results.height == 12 + 8 == summary["simulations"]["done"]
    assert summary["simulations"]["training"] == 12
    assert summary["simulations"]["holdout"] == 8
    assert set(results["role"]) == {"training", "holdout"}
    held_out = results.filter(polars.col("role") == "holdout")
    assert set(held_out["plan_id"]) <= {"baseline", summary["best"]["plan_id"]} | {
        (summary["candidate"] or {}).get("plan_id")
    }
    baseline = held_out.filter(polars.col("plan_id") == "baseline")
    assert summary["baseline"]["delay_s"]["mean"] == pytest.approx(baseline["delay_s"].mean())
    low, high = summary["difference"]["delay_s"]["ci95"] or summary["candidate_difference"]["delay_s"]["ci95"]
    assert low < high
    movements = polars.read_parquet(study / "movements.parquet")
    assert movements.height == results.height * 8
    assert set(movements["los"].drop_nulls()) <= set("ABCDEF")
    for name, where in (("approaches", ["signal", "approach"]), ("junctions", ["signal"])):
        level = polars.read_parquet(study / f"{name}.parquet")
        assert level.height == results.height * movements.select(where).n_unique()
        assert level["vehicles"].sum() == movements["vehicles"].sum()
    cycles = polars.read_parquet(study / "cycles.parquet")
    assert set(cycles["plan_id"]) == {"baseline", summary["best"]["plan_id"]}
    counted = movements.filter(polars.col("plan_id").is_in(cycles["plan_id"].unique().to_list()))
    assert cycles["throughput_veh"].sum() == counted["throughput_veh"].sum()
    for name in ("config.yaml", "environment.json", "report.html"):
        assert (study / name).stat().st_size > 100
    assert not [path.name for path in study.iterdir() if path.name.startswith(".") and path.name != ".lock"]


def test_plain_sumo_with_the_best_plan_gives_the_delay_of_the_table(study, tmp_path):
    """In a folder with its inputs, by their names. SUMO resolves ties by addresses, and those hang on the lengths of paths
    (docs/determinism.md): the table's delay is that of one of the folders, and the others are near it."""
    summary = json.loads((study / "summary.json").read_text())
    results = polars.read_parquet(study / "results.parquet")
    for plan in ("best", "baseline"):
        command = summary[plan]["command"].split()
        named = [",".join(Path(path).name for path in word.split(",")) for word in command[1:]]
        seed = int(command[command.index("--seed") + 1])
        row = results.filter((polars.col("plan_id") == summary[plan]["plan_id"]) & (polars.col("seed") == seed))
        delays = []
        for n in range(1, 17):
            folder = tmp_path / f"{plan}{'-' * 9 * n}"
            shutil.copytree(Path(command[command.index("-c") + 1]).parent, folder)
            if plan == "best":
                shutil.copy(study / "best.add.xml", folder)
            sumo = str(Path(sys.executable).parent / "sumo")
            subprocess.run([sumo, *named], cwd=folder, check=True, capture_output=True, timeout=120)
            delays.append(tripinfo_delay(folder / "tripinfo.xml")[0])
            assert row["delay_s"][0] == pytest.approx(delays[-1], rel=0.05)
            if row["delay_s"][0] == pytest.approx(delays[-1], rel=1e-3):
                break
        assert row["delay_s"][0] == pytest.approx(delays[-1], rel=1e-3), delays


def test_one_worker_gives_the_same_as_two(study, tmp_path):
    greensplit(*SMALL, "workers=1", f"out={tmp_path / 'study'}")
    same_outcome(study, tmp_path / "study")


def test_a_kill_in_mid_sweep_repeats_nothing_that_was_done(study, tmp_path):
    folder = tmp_path / "study"
    sweep = start(*SMALL, "workers=2", f"out={folder}")
    wait_for_runs(folder, 4, sweep)
    os.killpg(sweep.pid, signal.SIGKILL)
    sweep.wait()
    sweep.stderr.close()
    before = rows(folder, "id, key, started, wall_s")
    assert 4 <= len(before) < 20
    greensplit(*SMALL, "workers=2", f"out={folder}")
    after = rows(folder, "id, key, started, wall_s")
    assert after[: len(before)] == before
    assert len({key for _, key, _, _ in after}) == len(after) == 20
    assert json.loads((folder / "summary.json").read_text())["simulations"]["cached"] == len(before)
    same_outcome(study, folder)


def test_ctrl_c_ends_cleanly_and_the_same_command_goes_on(study, tmp_path):
    folder = tmp_path / "study"
    sweep = start(*SMALL, "workers=2", f"out={folder}")
    wait_for_runs(folder, 3, sweep)
    os.killpg(sweep.pid, signal.SIGINT)
    _, said = sweep.communicate(timeout=30)
    assert sweep.returncode == 130
    assert "The same command goes on" in said
    assert "Traceback" not in said
    greensplit(*SMALL, "workers=2", f"out={folder}")
    same_outcome(study, folder)


def nurseries(process):
    """Return the processes of a sweep's simulations: (parent, child) of each nursery that has a child."""
    found = []
    for line in subprocess.check_output(["ps", "-e", "-o", "pid=,ppid=,args="], text=True).splitlines():
        pid, _, args = line.split(None, 2)
        if "engine.nursery" in args and str(process) in Path(f"/proc/{pid}/stat").read_text().split():
            found.append(int(pid))
    return found


def test_a_killed_and_a_hung_worker_are_named_and_change_nothing(study, tmp_path):
    folder = tmp_path / "study"
    sweep = start(*SMALL, "workers=2", "ray.head_start_s=0", "run.deadline_s=5", "run.attempts=4", f"out={folder}")
    wait_for_runs(folder, 2, sweep)
    os.kill(nurseries(sweep.pid)[0], signal.SIGKILL)
    wait_for_runs(folder, 5, sweep)
    hung = nurseries(sweep.pid)
    for pid in hung:
        os.kill(pid, signal.SIGSTOP)
    _, said = sweep.communicate(timeout=120)
    assert sweep.returncode == 0, said
    lost = [(status, reason) for status, reason in rows(folder, "status, reason") if status != "done"]
    assert {status for status, _ in lost} == {"crashed", "timeout"}
    assert all(reason for _, reason in lost)
    assert "timeout: plan" in said
    summary = json.loads((folder / "summary.json").read_text())
    assert len(summary["failures"]) == len(lost)
    assert "no result within 5 s" in (folder / "report.html").read_text()
    same_outcome(study, folder)


def test_a_larger_budget_extends_the_study(tmp_path):
    folder = tmp_path / "study"
    tiny = [argument for argument in SMALL if not argument.startswith("search.budget")]
    greensplit(*tiny, "search.budget=6", f"out={folder}")
    greensplit(*tiny, "search.budget=8", f"out={folder}")
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["simulations"]["training"] == 8
    assert summary["simulations"]["cached"] >= 6


def test_baseline_alone_and_no_held_out_seeds(tmp_path):
    folder = tmp_path / "study"
    done = greensplit(
        "sweep", "scenario=cologne1", "scenario.end_s=25500", "plans=baseline", "search.holdout_seeds=[]",
        "seeds=[1,2,3]", f"out={folder}",
    )  # fmt: skip
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["simulations"]["done"] == 3
    assert summary["best"]["plan_id"] == "baseline"
    assert "No seeds were held out" in done.stdout


def test_a_folder_of_another_study_is_refused_and_untouched(study):
    before = {path.name: path.read_bytes() for path in study.iterdir() if path.is_file() and path.name != ".lock"}
    done = greensplit(*SMALL, "search.seed=5", f"out={study}", check=2)
    assert re.fullmatch(r"greensplit: error: out='.*' holds another study .*\n", done.stderr)
    assert {
        path.name: path.read_bytes() for path in study.iterdir() if path.is_file() and path.name != ".lock"
    } == before


def test_report_draws_the_page_again(study):
    page = (study / "report.html").read_bytes()
    (study / "report.html").unlink()
    greensplit("report", str(study))
    assert (study / "report.html").read_bytes() == page


def test_rules_are_kept_reported_and_audited_with_what_was_measured(tmp_path, capsys):
    folder = tmp_path / "study"
    done = greensplit(
        "sweep", "scenario=cologne1", "scenario.end_s=25800", "seeds=[1]", "search.budget=5", "rules=gb",
        "search.holdout_seeds=[101,102]", f"out={folder}",
    )  # fmt: skip
    assert "The plan in the net breaks rules=gb in 20 places: red clearance (20)." in " ".join(done.stdout.split())
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["audit"]["rules"] == "gb"
    assert len(summary["audit"]["baseline"]) == 20 >= len(summary["audit"]["best"])
    page = (folder / "report.html").read_text()
    assert "breaks the rules of China (GB 14886-2016, design practice) in 20 places" in page
    assert "textbook of traffic control (all-red of 2 to 4 s)" in page
    audit = json.loads(greensplit("audit", str(folder), "rules=gb", "json=true", check=1).stdout)
    assert audit["scenario"] == "cologne1"
    assert not any("v/c is not judged" in note for note in audit["notes"])
    movements = polars.read_parquet(folder / "movements.parquet").filter(
        (polars.col("plan_id") == summary["best"]["plan_id"]) & (polars.col("role") == "holdout")
    )
    means = movements.group_by("lane_group").agg(polars.mean("degree_of_saturation")).drop_nulls()
    above = {group for group, x in means.iter_rows() if x > 0.9}
    assert {row["where"] for row in audit["findings"] if row["rule"] == "v/c"} == above
    mixed = greensplit("audit", str(folder), "scenario=cologne3", check=2)
    assert "is of scenario cologne1, not cologne3" in mixed.stderr
