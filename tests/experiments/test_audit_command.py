"""`greensplit audit`: exit codes, what it prints and writes, and what it refuses."""

import csv
import json

import pytest

from experiments._compose import compose
from experiments._rules import chosen
from experiments.cli import main
from experiments.config import identity


def audited(capsys, *arguments):
    """Return (exit code, the report as JSON)."""
    code = main(["audit", *arguments, "json=true"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def junction_plan(tmp_path_factory):
    """The plan in the net of the built-in junction as a plan file."""
    from engine.plan import Plan
    from engine.sumo.programs import write_plan
    from tests.conftest import built

    folder = tmp_path_factory.mktemp("plan")
    _, network = built(folder / "scenario", "scenario=junction")
    write_plan(Plan((network.signals[0].program,)), folder / "plan.add.xml")
    return folder / "plan.add.xml"


def test_a_plan_that_keeps_the_rules_ends_with_0(capsys):
    code, report = audited(capsys)
    assert (code, report["violations"], report["findings"], report["rules"]) == (0, 0, [], "default")
    assert main(["audit", "rules=benchmark"]) == 0
    assert "No violation of rules=benchmark by the plan in the net at 1 signal of junction." in capsys.readouterr().out


def test_a_violation_ends_with_1_and_names_what_where_and_whence(capsys):
    code, report = audited(capsys, "scenario=cologne1", "rules=gb")
    assert code == 1
    assert report["violations"] == len(report["findings"]) == 20
    # Yellow of 5 s, no all-red.
    assert {(row["rule"], row["measured"], row["limit"]) for row in report["findings"]} == {("red clearance", 0.0, 2.0)}
    row = report["findings"][0]
    assert row["signal"] == "GS_cluster_357187_359543"
    assert row["source"] == "textbook of traffic control (all-red of 2 to 4 s)"
    assert row["verified"] is True
    assert any("v/c is not judged" in note for note in report["notes"])


def test_a_table_says_what_is_not_verified(capsys):
    assert main(["audit", "scenario=ingolstadt1", "rules=gb"]) == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "12 violations of rules=gb at 1 signal of ingolstadt1: red clearance (8), order of colours (3)" in printed
    assert "1 of them break a limit that is not verified." in printed


def test_arterial4x4_may_have_two_seconds_of_yellow_and_others_three():
    def yellow(scenario, *overrides):
        return chosen(compose("audit", ["rules=benchmark", *overrides]).rules, scenario).yellow_min_s

    assert (yellow("cologne1").value, yellow("arterial4x4").value) == (3.0, 2.0)
    assert yellow("arterial4x4").source == "RESCO benchmark (yellow of 3 s, on arterial4x4 2 s, no all-red)"
    # What the user says holds everywhere.
    mine = yellow("arterial4x4", "rules.yellow_min_s.value=4")
    assert (mine.value, mine.source, mine.verified) == (4.0, "given by the user", False)


def test_a_limit_of_the_users_own_has_no_rule_books_source(capsys):
    _, report = audited(capsys, "scenario=ingolstadt1", "rules=gb", "rules.min_green_s.value=9")
    greens = [row for row in report["findings"] if row["rule"] == "minimum green"]
    assert greens
    assert all((row["limit"], row["source"], row["verified"]) == (9.0, "given by the user", False) for row in greens)


def test_a_plan_file_is_audited_in_its_scenario(junction_plan, tmp_path, capsys):
    code, report = audited(capsys, str(junction_plan))
    assert (code, report["plan"]) == (0, str(junction_plan))
    late = tmp_path / "late.add.xml"
    late.write_text(
        junction_plan.read_text().replace('offset="0"', 'offset="96"').replace('duration="3"', 'duration="2"')
    )
    out = tmp_path / "findings.csv"
    code, report = audited(capsys, str(late), "rules=gb", f"out={out}")
    assert code == 1
    assert {row["rule"] for row in report["findings"]} >= {"offset", "yellow"}
    with out.open() as file:
        assert [row["rule"] for row in csv.DictReader(file)] == [row["rule"] for row in report["findings"]]
    assert main(["audit", str(late), f"out={tmp_path / 'findings.json'}"]) == 1
    assert json.loads((tmp_path / "findings.json").read_text())["findings"][0]["rule"] == "offset"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.add.xml"], "plan: there is no file or study 'nowhere.add.xml'"),
        (["rules=gbt"], "rules=gbt is not known. Did you mean 'gb'?"),
        (["rules=gb", "rules.yellow_min_s.value=6"], "yellow_min_s (6 s) is above yellow_max_s (5 s)"),
        (["rules=mutcd", "rules.walking_m_s.value=0"], "walking_m_s is 0; it must be above 0"),
        (["rules=mutcd", "rules.walk_s.value=long"], "could not be converted to Float"),
        (["rules.yelow_min_s.value=3"], "Did you mean 'rules.yellow_min_s.value'?"),
        (["out=findings.txt"], "out='findings.txt' must end in .json or .csv."),
        (["."], "'.' is no study's folder"),
    ],
)
def test_bad_input_is_one_line_and_2(arguments, message, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["audit", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_program_that_is_too_short_for_its_signal_is_one_line(junction_plan, tmp_path, capsys):
    broken = tmp_path / "broken.add.xml"
    broken.write_text('<a><tlLogic id="C" type="static" programID="1"><phase duration="9" state="Gr"/></tlLogic></a>')
    assert main(["audit", str(broken)]) == 2
    assert "state 'Gr' has 2 letters, the signal has 18 links" in capsys.readouterr().err


def test_rules_are_part_of_a_studys_identity_by_their_values():
    plain = identity(compose("sweep", []))
    assert "rules" not in plain
    gb = identity(compose("sweep", ["rules=gb"]))["rules"]
    assert gb["yellow_min_s"] == 3.0
    assert "source" not in str(gb)
    assert identity(compose("sweep", ["rules.min_green_s.value=9"]))["rules"]["min_green_s"] == 9.0
    # A scenario's exception is what counts there.
    there = identity(compose("sweep", ["rules=benchmark", "scenario=arterial4x4"]))["rules"]
    assert there["yellow_min_s"] == 2.0
