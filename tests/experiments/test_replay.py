"""`greensplit replay`: real junctions against records, exit codes, and what it tells whom."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import polars
import pytest

from conf import FOLDER, options
from engine.bands import Check
from engine.records import read_record
from experiments import cli
from experiments.config import SuiteConfig
from experiments.replay import show
from experiments.replay.junit import write_junit
from scenarios.junction.data import BUILTIN
from scenarios.streets import GALLERY

ROOT = Path(__file__).parents[2]
SUITE = """
name: made
cases:
  gate:
    scenario: junction
    file: gate.yaml
    end_s: 27300
    seeds: [1, 2]
  路口:
    scenario: sumo
    sumocfg: built/junction.sumocfg
    end_s: 27300
    plan: plan.json
    seeds: [3, 4]
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A suite of the user's own with its record: a described junction, and SUMO files with a plan."""
    from engine.formats.plan_json import plan_json
    from engine.plan import Plan
    from tests.conftest import built

    folder = tmp_path_factory.mktemp("suite") / "ours, and more"
    folder.mkdir()
    shutil.copy(BUILTIN, folder / "gate.yaml")
    shutil.copy(BUILTIN.parent / "counts.csv", folder)
    _, network = built(folder / "built", "scenario=junction")
    (program,) = (signal.program for signal in network.signals)
    plan = Plan((program.with_greens([30.0, 12.0, 22.0, 12.0]),))
    (folder / "plan.json").write_text(plan_json(plan), encoding="utf-8")
    (folder / "made.yaml").write_text(SUITE, encoding="utf-8")
    assert cli.main(["replay", str(folder / "made.yaml"), "--record"]) == 0
    return folder


@pytest.fixture
def suite(recorded, tmp_path):
    """A copy of it that a test may change; returns the suite's file."""
    shutil.copytree(recorded, tmp_path / "copy")
    return tmp_path / "copy" / "made.yaml"


def change(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def replayed(capsys, *arguments):
    """Return (exit code, what was printed, what was said)."""
    code = cli.main(["replay", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_what_was_recorded_is_there_in_another_folder_too(suite, capsys):
    code, out, _ = replayed(capsys, suite)
    assert code == 0
    assert re.search(
        r"suite made: 2 cases, 4 simulations, \d+ measures, \d+ s: all as recorded, to the last bit\.", out
    )


def test_a_changed_yellow_names_the_measure(suite, capsys):
    change(suite.parent / "gate.yaml", "yellow_s: 3", "yellow_s: 4")
    code, out, _ = replayed(capsys, suite)
    assert code == 1
    assert re.search(
        r"^gate  delay_s: recorded [\d.]+, now [\d.]+ \([+-][\d.]+ standard errors; 2 seeds differ\), seed 1: ",
        out,
        re.M,
    )
    assert "note: gate is not run as recorded: programs " in out
    assert "路口  " not in out
    assert "MOVED" in out


def test_one_yellow_of_a_plan_names_the_measure(suite, capsys):
    plan = json.loads((suite.parent / "plan.json").read_text(encoding="utf-8"))
    yellow = next(phase for phase in plan["programs"][0]["phases"] if "y" in phase[1])
    yellow[0] += 1
    (suite.parent / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    code, out, _ = replayed(capsys, suite)
    assert code == 1
    assert re.search(r"^路口  delay_s: recorded ", out, re.M)
    assert "gate  " not in out


def test_another_step_length_names_the_measure(suite, capsys):
    change(suite.parent / "built" / "junction.sumocfg", "</time>", '<step-length value="0.5"/></time>')
    code, out, _ = replayed(capsys, suite)
    assert code == 1
    assert re.search(r"^路口  delay_s: recorded ", out, re.M)
    assert "路口 is not run as recorded: step_s 0.5, recorded 1." in out


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("counts.csv", "184", "185", "case 'gate': the input 'counts.csv' is not the recorded one"),
        ("gate.yaml", "length_m: 250", "length_m: 251", "case 'gate': the input 'gate.yaml' is not the recorded one"),
        ("built/junction.rou.xml", ">", "> ", "case '路口': the input 'junction.rou.xml' is not the recorded one"),
        (
            "built/junction.net.xml",
            "speed=",
            " speed=",
            "case '路口': the input 'junction.net.xml' is not the recorded one",
        ),
        ("made.yaml", "[3, 4]", "[3, 5]", "case '路口' asks for seeds=[3, 5], and "),
        ("made.yaml", "27300", "27200", "case 'gate' asks for end_s=27200"),
        ("made.yaml", "  gate:", "  fence:", "case 'fence' is not on record"),
        ("made.yaml", "seeds: [1, 2]", "seeds: [1]", "the number of seeds=1 is too small"),
        ("made.yaml", "seeds: [1, 2]", "seeds: 1", "case 'gate': seeds=1 cannot be used"),
        ("made.yaml", "scenario: junction", "scenari: junction", "there is no key 'scenari'. Did you mean 'scenario'?"),
        ("made.yaml", "scenario: junction", "scenario: cologn1", "Did you mean 'cologne1'?"),
        ("made.yaml", "cases:", "case:", "it has no 'cases'"),
        ("made.yaml", "plan.json", "none.json", "case '路口': '"),
        ("made.json", '"delay_s"', '"dealy_s', "is damaged: "),
        ("made.json", '"se": ', '"se": 9', "mean and standard error are not those of the values"),
    ],
)
def test_what_cannot_be_compared_is_one_line(suite, capsys, name, old, new, says):
    change(suite.parent / name, old, new)
    junit = suite.parent / "junit.xml"
    code, out, err = replayed(capsys, suite, f"junit={junit}", "annotations=true")
    assert code == 2
    assert says in err
    assert err.count("\n") == 1
    assert out.startswith("::error title=replay could not run::")
    root = ElementTree.parse(junit).getroot()
    assert says in root.find("testsuite/testcase/error").get("message")
    assert root.get("errors") == "1"


def test_there_is_nothing_to_hold_against_without_a_record(suite, capsys):
    suite.with_suffix(".json").unlink()
    code, _, err = replayed(capsys, suite)
    assert code == 2
    assert "Add --record to make it" in err


def test_missing_networks_say_what_to_install(capsys, monkeypatch):
    monkeypatch.setattr("scenarios.benchmarks.package_folder", lambda: None)
    code, _, err = replayed(capsys, "annotations=false")
    assert code == 2
    assert "the benchmark networks are not installed. Run: pip install 'sumo-rl==" in err


def test_recording_shows_old_and_new_and_nothing_else_writes(suite, capsys):
    record = suite.with_suffix(".json")
    before = record.read_bytes()
    change(suite.parent / "gate.yaml", "yellow_s: 3", "yellow_s: 4")
    assert replayed(capsys, suite)[0] == 1
    assert record.read_bytes() == before
    code, out, _ = replayed(capsys, suite, "--record")
    assert code == 0
    assert re.search(r"^gate  delay_s: recorded ([\d.]+), now (?!\1)[\d.]+ ", out, re.M)
    assert "路口" not in out
    assert out.endswith(f"recorded: {record}\n")
    changed = [(a, b) for a, b in zip(before.splitlines(), record.read_bytes().splitlines(), strict=True) if a != b]
    assert 10 < len(changed) < 150
    assert replayed(capsys, suite)[0] == 0


def test_elsewhere_bands_are_what_counts(suite, capsys):
    record = suite.with_suffix(".json")
    change(record, '"arithmetic": "', '"arithmetic": "other')
    code, out, _ = replayed(capsys, suite)
    assert code == 0
    assert "held against bands, as last bits may differ: arithmetic " in out
    assert out.rstrip().endswith("all within their bands.")


def test_a_program_reads_json_and_a_dashboard_junit(suite, capsys, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    change(suite.parent / "gate.yaml", "all_red_s: 2", "all_red_s: 3")
    junit = suite.parent / "junit.xml"
    code, out, err = replayed(capsys, suite, f"junit={junit}", "json=true")
    found = json.loads(out)
    assert code == 1
    moved = [check for check in found["checks"] if check["moved"]]
    assert found["moved"] == len(moved) > 10
    assert {check["case"] for check in moved} == {"gate"}
    assert re.search(r"^::error title=replay%3A gate moved::delay_s: recorded .*%0A", err, re.M)
    root = ElementTree.parse(junit).getroot()
    assert (int(root.get("tests")), int(root.get("failures"))) == (len(found["checks"]), len(moved))
    assert [suite.get("name") for suite in root] == ["gate", "路口"]
    failures = [(test.get("name"), test[0].get("message")) for test in root.iter("testcase") if len(test)]
    assert [name for name, _ in failures] == [check["measure"] for check in moved]
    assert failures[0][1].startswith("recorded ")


def test_hostile_names_stay_text(tmp_path):
    case = 'a\x00b<c>&"]]>\n::error::x,y%'
    check = Check(case, "m\x1b", 1.0, 2.0, None, (1,), (1, 1.0, 2.0), True)
    write_junit(tmp_path / "j.xml", case, [check], 1.0)
    root = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert root.find("testsuite").get("name") == case.replace("\x00", "\ufffd")
    assert root.find("testsuite/testcase").get("name") == "m\ufffd"
    (line,) = show.moved_annotations([check])
    assert "\n" not in line
    assert line.startswith('::error title=replay%3A a\x00b<c>&"]]>%0A%3A%3Aerror%3A%3Ax%2Cy%25 moved::m')


def test_small_differences_are_shown_with_as_many_digits_as_they_take():
    check = Check("c", "delay_s", 40.0, 40.0 + 1e-12, 1.0, (3,), (3, 40.0, 40.0 + 1e-11), True)
    text = show.sentence(check)
    assert (
        text == "recorded 40, now 40.000000000001 (+1.0 standard errors; 1 seed differs), seed 3: 40 -> 40.00000000001"
    )


def test_packaged_suites_and_their_records_belong_together():
    import yaml

    recorded = [name for name in options("suite") if (FOLDER / "suite" / "recorded" / f"{name}.json").is_file()]
    assert "quick" in recorded
    for name in recorded:
        given = yaml.safe_load((FOLDER / "suite" / f"{name}.yaml").read_text(encoding="utf-8"))
        cases = SuiteConfig(given["name"], given["summary"], given["cases"]).parsed()
        record = read_record(FOLDER / "suite" / "recorded" / f"{name}.json")
        assert given["name"] == record.suite == name
        assert {of: case.seeds for of, case in cases.items()} == {of: case.seeds for of, case in record.cases.items()}
        networks = {case.scenario for case in cases.values()}
        # The gallery's pages hold its own figures (tests/scenarios/test_streets.py).
        gallery = {file.stem for file in GALLERY.glob("*.yaml")}
        assert networks >= set(options("scenario")) - gallery - {"sumo", "streets"}


def test_an_interrupt_ends_the_workers(suite, tmp_path):
    import signal
    import time

    command = [sys.executable, "-m", "experiments.cli", "replay", str(suite), "run.deadline_s=600"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 60.0
    while process.poll() is None and time.monotonic() < deadline and not simulating(process.pid):
        time.sleep(0.02)
    assert simulating(process.pid)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "greensplit: stopped. The same command begins anew."
    deadline = time.monotonic() + 30.0
    while alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert alive(process.pid) == []


def alive(group):
    """Return (process, parent) of the living processes of a group; the dead that nobody has fetched yet are none."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, its_group = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue  # it has just ended
        if int(its_group) == group and state not in "ZX":
            found.append((int(stat.parent.name), int(parent)))
    return found


def simulating(group):
    """Return whether a child of a child is there: only simulations are."""
    return any(group not in (process, parent) for process, parent in alive(group))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A small sweep of the built-in junction."""
    folder = tmp_path_factory.mktemp("study") / "of the gate"
    keys = ["scenario.end_s=27300", "seeds=[1,2]", "search.budget=6", "search.holdout_seeds=[101,102,103]"]
    assert cli.main(["sweep", *keys, f"out={folder}"]) == 0
    return folder


@pytest.fixture
def moved_study(study, tmp_path):
    return shutil.copytree(study, tmp_path / "elsewhere")


@pytest.mark.slow
def test_a_study_is_replayed_from_its_folder_alone(moved_study, capsys):
    code, out, _ = replayed(capsys, moved_study)
    assert code == 0
    assert "all as recorded, to the last bit" in out


@pytest.mark.slow
@pytest.mark.parametrize("table", ["results", "movements"])
def test_a_number_of_a_study_that_differs_is_named(moved_study, capsys, table):
    column, shown = {
        "results": ("stops_per_veh", "stops_per_veh"),
        "movements": ("queue_p95_m", "lane_groups.queue_p95_m"),
    }[table]
    file = moved_study / f"{table}.parquet"
    rows = polars.read_parquet(file)
    there = (polars.col("plan_id") == "baseline") & (polars.col("seed") == 102)
    rows.with_columns(polars.when(there).then(polars.col(column) + 0.5).otherwise(polars.col(column))).write_parquet(
        file
    )
    code, out, _ = replayed(capsys, moved_study)
    assert code == 1
    (line,) = [line for line in out.splitlines() if line.startswith("plan in the net  ")]
    assert line.startswith(f"plan in the net  {shown}: recorded ")
    assert "1 seed differs" in line
    assert ", seed 102: " in line


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("summary.json", "cannot be read"),
        ("results.parquet", "cannot be read"),
        ("scenario/junction.sumocfg", "there is no file"),
    ],
)
def test_a_study_with_something_missing_is_one_line(moved_study, capsys, name, says):
    (moved_study / name).unlink()
    code, _, err = replayed(capsys, moved_study)
    assert code == 2
    assert says in err
    assert Path(name).name in err
    assert err.count("\n") == 1


@pytest.mark.slow
def test_a_study_takes_no_record(moved_study, capsys):
    code, _, err = replayed(capsys, moved_study, "--record")
    assert code == 2
    assert "takes neither --record nor recorded=PATH" in err


@pytest.mark.slow
def test_one_line_of_a_kernel_names_the_measure(suite, tmp_path):
    """Stops are counted below 5 km/h after 10 km/h; the copy of the package counts them after 8."""
    copy = tmp_path / "package"
    for name in ("conf", "engine", "experiments", "kernels", "scenarios"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    # Of the compiled modules only the changed one is built anew.
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    setup = re.sub(r"^KERNELS = \(.*?^\)", 'KERNELS = ("_scoring",)', setup, flags=re.DOTALL | re.MULTILINE)
    setup, n = re.subn(r"^NATIVE = .*", "NATIVE = ()", setup, flags=re.MULTILINE)
    assert n == 1
    (copy / "setup.py").write_text(setup, encoding="utf-8")
    kernel = copy / "kernels" / "_scoring.pyx"
    change(kernel, "FREE_SPEED = 10.0 / 3.6", "FREE_SPEED = 8.0 / 3.6")
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace"],
        cwd=copy,
        env=environment,
        check=True,
        capture_output=True,
    )
    done = subprocess.run(
        [sys.executable, "-m", "experiments.cli", "replay", str(suite)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert re.search(r"^gate  stops_per_veh: recorded ", done.stdout, re.M)
    assert not re.search(r"^gate  delay_s: ", done.stdout, re.M)
