"""The report: one offline page that says what was found, whatever the study holds."""

import json
import re
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.jobs import Attempt, Job
from engine.ledger import Ledger
from engine.plan import Phase, Plan, Program
from engine.result import Cycle, GroupResult, RunResult
from experiments.report import draw

HOSTILE = '</script><img src=x onerror="alert(1)">'


def program(signal, green):
    phases = (Phase(green, "GGr", 0), Phase(3, "yyr", -1), Phase(60 - green, "rrG", 1), Phase(3, "rry", -1))
    return Program(signal, phases, 0.0, (5, 5), (90, 90))


def result(delay_s, signal, shift=0.0):
    groups = tuple(
        GroupResult(signal, name, f"{name}-through", 100, 98, 400.0, delay_s + i + shift * (i == 1), 0.9, "D",
                    (50.0, 45.0, 70.0, 80.0, 95.0), (7.0, 6.0, 9.0, 10.0, 12.0), i == 0, 200.0)
        for i, name in enumerate("NESW")
    )  # fmt: skip
    cycles = tuple(Cycle(g, 60.0 * c, 60.0 * (c + 1), 20.0 + 5 * c + g, 4) for c in range(10) for g in range(4))
    network = {"delay_s": delay_s, "gridlock": 0, "stops_per_veh": 1.0, "throughput_veh": 400, "travel_time_s": 90.0}
    return RunResult(network, groups, cycles)


def write_study(
    folder, signal="C", verdict="better", n_plans=5, held_out=(101, 102, 103), failures=(), scenario="West Gate"
):
    best = Plan((program(signal, 40),), {"cycle": 0.1})
    (folder / "config.yaml").write_text("identity: x\n")
    environment = {
        "versions": {"greensplit": "0.1.0"},
        "python": "3.11",
        "platform": "p",
        "commit": None,
        "inputs": {"a": "0" * 64},
    }
    (folder / "environment.json").write_text(json.dumps(environment))
    seeds = list(held_out) or [1, 2]
    with Ledger(folder / "ledger.sqlite") as ledger:
        for plan, delay_s in ((Plan(()), 50.0), (best, 40.0)):
            ledger.add_plan(plan)
            for seed in seeds:
                run = result(delay_s + seed % 3, signal, 12.0 if plan is best else 0.0)
                job = Job(f"{plan.plan_id}{seed}", plan, seed, "holdout")
                ledger.record(Attempt(job, 1, "done", "", "h:1", "2030-01-01", 1.0, run))

    def measures(mean):
        of = {"mean": mean, "median": mean, "ci95": [mean - 1, mean + 1], "n": len(seeds)}
        names = ("delay_s", "control_delay_s", "stops_per_veh", "travel_time_s", "throughput_veh", "queue_max_m")
        return dict.fromkeys(names, of) | {"gridlock_share": 0.0, "parameters": {}, "command": "sumo -c x"}

    better = verdict != "baseline"
    nothing = {"mean": None, "median": None, "ci95": None, "n": 0}
    difference = {"mean": -10.0, "median": -10.0, "ci95": [-12.0, -8.0], "n": len(seeds)}
    programs = [
        {
            "signal": signal,
            "offset_s": 0,
            "phases": [[p.duration_s, p.state, p.stage] for p in program(signal, g).phases],
        }
        for g in (30, 40)
    ]
    links = [
        {"index": i, "movement": m, "approach": "N", "turn": "t", "kind": "vehicle"}
        for i, m in enumerate(["N-left", "N-through", "E-through"])
    ]
    summary = {
        "command": "sweep", "scenario": scenario, "seeds": [1, 2], "holdout_seeds": list(held_out), "notes": ["a note"],
        "window": {"begin_s": 0.0, "end_s": 600.0, "warmup_s": 0.0},
        "baseline": {"plan_id": "baseline", **measures(50.0)},
        "best": {"plan_id": best.plan_id if better else "baseline", **measures(40.0 if better else 50.0)},
        "candidate": None if better else {"plan_id": best.plan_id, **measures(49.0)},
        "candidate_difference": {"delay_s": difference}, "difference": {"delay_s": difference if better and held_out else nothing},
        "verdict": verdict, "wall_s": 1.0,
        "simulations": {"done": 6, "failed": len(failures), "cached": 0, "training": 0, "holdout": 6, "calibration": 0},
        "ranking": [
            {"plan_id": f"plan{i:08d}", "delay_s_mean": 40.0 + i, "delay_s_median": 40.0, "gridlock_share": 0.0, "n": 3, "failed": 0, "parameters": {"cycle": 0.1}}
            for i in range(n_plans)
        ],
        "failures": list(failures), "programs": {"baseline": programs[:1], "best": programs[1:]}, "signals": {signal: {"links": links}},
    }  # fmt: skip
    (folder / "summary.json").write_text(json.dumps(summary))
    return folder


def text(folder):
    return draw(folder).read_text(encoding="utf-8")


def own(page):
    """Return a page without Plotly's own source."""
    return re.sub(r"<script>/\*\*.*?</script>", "", page, flags=re.DOTALL)


def test_the_page_says_what_was_found_and_who_loses(tmp_path):
    page = text(write_study(tmp_path))
    assert re.search(r"Plan \w{12} saves 10\.0 s per vehicle \(95 % interval 8\.0 to 12\.0\)", page)
    assert "Approaches that gain: 3" in page
    assert "Approaches that lose: 1 (most: E 2.0 s)" in page
    assert "None: every simulation that was started gave a result." in page
    assert page.count('<span class="los los-') == 8
    assert 'id="phase-0-0"' in page
    assert 'id="figure-queue"' in page


def test_the_page_is_one_offline_file(tmp_path):
    path = draw(write_study(tmp_path))
    page = own(path.read_text(encoding="utf-8"))
    assert path.stat().st_size < 6e6
    assert not re.search(r"(src|href)\s*=|@import|url\(", page)
    assert page.count("<script") == page.count("</script>")
    assert 'lang="en"' in page
    assert "prefers-color-scheme: dark" in page
    for table in re.findall(r"<table>.*?</table>", page, re.DOTALL):
        assert "<caption>" in table
        assert 'scope="col"' in table


def test_hostile_names_are_shown_as_text(tmp_path):
    failure = {"plan_id": HOSTILE, "seed": 1, "role": "training", "attempt": 1, "status": "crashed", "reason": HOSTILE}
    page = own(text(write_study(tmp_path, signal=HOSTILE, scenario=HOSTILE, failures=[failure])))
    assert "<img" not in page
    assert "&lt;img" in page
    for block in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL):
        assert json.loads(block)["data"] is not None


def test_failures_are_named(tmp_path):
    failure = {
        "plan_id": "p1",
        "seed": 7,
        "role": "training",
        "attempt": 2,
        "status": "timeout",
        "reason": "no result within 5 s",
    }
    page = text(write_study(tmp_path, failures=[failure]))
    assert re.search(r"p1</td>.*7</td>.*training</td>.*2</td>.*timeout</td>.*no result within 5 s", page, re.DOTALL)


def test_the_plan_in_the_net_stays(tmp_path):
    page = text(write_study(tmp_path, verdict="baseline"))
    assert "No plan beat the plan in the net with confidence on the held-out seeds: it stays." in page
    assert "not enough to replace it" in page


def test_nothing_held_out_is_nothing_proven(tmp_path):
    page = text(write_study(tmp_path, verdict="unreported", held_out=()))
    assert "No seeds were held out, so nothing is proven." in page


def test_many_plans_are_cut_and_it_says_so(tmp_path):
    assert "the first 200 of 500" in text(write_study(tmp_path, n_plans=500))


def test_the_same_study_gives_the_same_page(tmp_path):
    write_study(tmp_path)
    assert text(tmp_path) == text(tmp_path)


def test_a_folder_that_is_no_ended_study_is_one_line(tmp_path):
    with pytest.raises(InputError, match="is no study's folder"):
        draw(tmp_path)
    (tmp_path / "config.yaml").write_text("identity: x\n")
    with pytest.raises(InputError, match="has not ended. Run its command again"):
        draw(tmp_path)
    (tmp_path / "summary.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        draw(tmp_path)
    assert not (Path(tmp_path) / "report.html").exists()
