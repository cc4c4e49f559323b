"""The speed figures: what counts as met, how counts are read, and the command itself with its cheapest figures."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from engine.sumo.installation import environment
from experiments import cli
from experiments.bench import callgrind, instructions, startup
from experiments.bench.figures import FIGURES
from experiments.bench.networks import peer_loop
from experiments.bench.profile import IN_STEP, REST, parts
from experiments.bench.rows import Row, at_least, at_most, missing
from experiments.bench.spans import SPANS, Span, Spans
from experiments.bench.turns import in_turns

CALLGRIND = """\
# callgrind format
version: 1
positions: line
events: Ir
summary: 160

ob=(1) /lib/one.so
fl=(1) one.c
fn=(1) main
16 10
+4 5
cob=(2) /lib/two.so
cfi=(2) two.c
cfn=(2) work(int, char*)
calls=3 20
+1 145
* 0

ob=(2)
fl=(2)
fn=(2)
20 100
cfn=(3) leaf
calls=9 0
-2 45

fn=(3)
18 45

totals: 160
"""


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (Row("x", "s", 2.0, 1.0, 2.0, at_most(2.0)), True),
        (Row("x", "s", 2.1, 1.0, 2.1, at_most(2.0)), False),
        (Row("x", "s", 2.0, 1.0, 0.5, at_least(0.6)), False),
        # Without a peer the figure itself is judged, and without a target nothing is.
        (Row("x", "s", 0.4, target=at_most(0.5)), True),
        (Row("x", "s", 0.6, target=at_most(0.5)), False),
        (Row("x", "s", 2.0, 1.0, 2.0), None),
        (missing("x", "Run: this"), None),
        # Two loops that must agree and do not: their speed counts for nothing.
        (Row("x", "s", 2.0, 1.0, 2.0, at_most(2.0), sound=False), False),
    ],
)
def test_a_target_is_met_or_missed(row, met):
    assert row.met is met
    assert row.as_json()["met"] is met


def test_callgrind_output_is_read_by_function_and_call(tmp_path):
    file = tmp_path / "callgrind.out"
    file.write_text(CALLGRIND)
    profile = callgrind.read(file)
    assert profile.total == 160
    assert profile.own == {"main": 15, "work(int, char*)": 100, "leaf": 45}
    assert profile.calls == {"main": {"work(int, char*)": 145}, "work(int, char*)": {"leaf": 45}}


def test_the_parts_of_a_run_add_up_to_it():
    step = "__pyx_f_6engine_4sumo_7_native_5Drive__step(__pyx_obj_6engine_4sumo_7_native_Drive*)"
    see = "__pyx_f_6engine_4sumo_7_native_5Drive__see(__pyx_obj_6engine_4sumo_7_native_Drive*, int)"
    kernel = "__pyx_f_7kernels_8_scoring_6Scorer_see(__pyx_obj_7kernels_8_scoring_Scorer*, int, int, double, double)"
    calls = {
        step: {"libsumo::Simulation::step(double)": 900, see: 70, "libsumo::Simulation::getTime()": 5},
        see: {kernel: 40, "MSVehicle::getSpeed() const": 10},
        "main": {step: 1000},
    }
    of = parts(Span(1010, {step: 25, see: 20, kernel: 40, "main": 10}, calls, ""))
    assert of[IN_STEP] == 900
    assert of["kernel: scoring.see"] == 40
    assert of["reading vehicles: lane, position, speed"] == 30
    assert of["step loop: departures, arrivals, incidents, signals' states"] == 30
    assert of[REST] == 10
    assert sum(of.values()) == 1010


def test_turns_change_who_begins_and_judge_each_pair_by_itself():
    order, shares = [], []
    ours = iter([2.0, 30.0, 4.0])
    peer = iter([1.0, 10.0, 4.0])

    def work(name, seconds):
        order.append(name)
        return next(seconds)

    turns = in_turns(lambda: work("ours", ours), lambda: work("peer", peer), 3, shares.append)
    assert order == ["ours", "peer", "peer", "ours", "ours", "peer"]
    # 2, 3 and 1 times as long: the medians' quotient, 4 / 4, would say something else.
    assert (turns.ratio, turns.spread, turns.ours_s, turns.peer_s) == (2.0, (1.0, 3.0), 4.0, 4.0)
    assert sum(shares) == pytest.approx(1.0)


def test_the_command_measures_start_up_and_finds_no_warning(capsys, tmp_path):
    code = cli.main(["bench", "what=startup", "json=true", f"out={tmp_path}/bench.json"])
    said = json.loads(capsys.readouterr().out)
    assert said == json.loads((tmp_path / "bench.json").read_text())
    # How fast it is depends on what else the machine does (test_cli.py asks for it); that the code says so does not.
    assert code == (0 if said["met"] else 1)
    rows = {row["name"]: row for row in said["figures"]["startup"]}
    assert 0.0 < rows["greensplit --help"]["ours"] < rows["greensplit scenarios"]["ours"]
    assert [rows[f"warnings, backend {name}"]["ours"] for name in ("native", "libsumo", "traci")] == [0.0, 0.0, 0.0]


def test_a_missed_target_is_exit_code_1(capsys, monkeypatch):
    monkeypatch.setattr(startup, "ANSWER", at_most(0.001))
    monkeypatch.setattr(startup, "TRIES", 1)
    monkeypatch.setattr(startup, "BACKENDS", ())
    assert cli.main(["bench", "what=startup"]) == 1
    said = capsys.readouterr().out
    assert said.count("MISSED") == 2
    assert "at most 0.001" in said


def test_without_valgrind_the_table_says_what_to_do(capsys, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert cli.main(["bench", "what=instructions,profile"]) == 0
    assert capsys.readouterr().out.count("Run: apt-get install -y valgrind") == 2


def test_a_peer_that_does_not_run_here_is_left_out_and_says_why(monkeypatch):
    shares = []
    kinds = ("traffic", "bare", "sumo-rl")
    for kind in kinds:
        monkeypatch.setitem(SPANS, kind, lambda name, seconds: [sys.executable, "-c", "import nothing_like_it"])
    found = Spans([(kind, "cologne1") for kind in kinds], shares.append)
    row = instructions._row(found, "cologne1", "traffic", "sumo-rl", "sumo-rl's loop")
    assert (row.ours, row.met) == (None, None)
    assert "No module named 'nothing_like_it'" in row.how
    assert sum(shares) == pytest.approx(1.0)


def test_an_unknown_figure_is_one_line(capsys):
    assert cli.main(["bench", "what=startup,lop"]) == 2
    assert "what=lop is not known. Did you mean 'loop'?" in capsys.readouterr().err


def test_every_figure_has_a_module_and_a_duration():
    import importlib

    for figure in FIGURES.values():
        assert callable(importlib.import_module(f"experiments.bench.{figure.module}").rows)
        assert figure.seconds > 0.0


@pytest.mark.parametrize("backend", ["native", "libsumo", "traci"])
def test_a_run_prints_no_warning_even_beside_another_pyarrow(backend, tmp_path):
    # libsumo looks for pyarrow's version, and warns where it is not the one that it was compiled with.
    pyarrow = tmp_path / "pyarrow-1.0.dist-info"
    pyarrow.mkdir()
    (pyarrow / "METADATA").write_text("Metadata-Version: 2.1\nName: pyarrow\nVersion: 1.0\n")
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "experiments.cli", "run", "scenario=cologne1", "scenario.end_s=25260"]
    done = subprocess.run(
        [*command, f"backend={backend}"],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert "arning" not in done.stdout


@pytest.mark.parametrize("peer", ["lane_getters", "vehicle_getters"])
def test_a_peer_counts_the_vehicles_before_the_signals(peer):
    command = peer_loop(peer, "cologne1", 120.0)
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    vehicles, halting, *_ = map(float, done.stdout.split())
    assert vehicles > halting > 0


@pytest.mark.slow
def test_the_compiled_loop_is_twenty_times_as_fast_as_plain_python():
    # A process of its own: what the tests before left in this one's caches and heap costs the compiled loop up to half.
    command = [sys.executable, "-m", "experiments.cli", "bench", "what=loop", "json=true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["figures"]["loop"]
    assert row["ratio"] >= 20.0
    assert "their sums are equal" in row["how"]


@pytest.mark.slow
@pytest.mark.skipif(not callgrind.available(), reason="valgrind is not installed")
def test_counts_grow_with_the_work_once_start_up_is_taken_off():
    python = [sys.executable, "-S", "-c"]  # not -E: the hash seed that repeats the counts is in the environment
    none, once, twice = (
        callgrind.count([*python, f"for i in range({n}): pass"]).total for n in (1, 1_000_000, 2_000_000)
    )
    assert twice - once == pytest.approx(once - none, rel=0.1)
    assert once - none > 10_000_000
    with pytest.raises(RuntimeError, match="failed under valgrind: .*ZeroDivisionError"):
        callgrind.count([*python, "1 / 0"])
