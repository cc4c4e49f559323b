"""`greensplit compare` from the command line: folders that were made by hand, bad input, and real simulations."""

import json
import shutil

import polars
import pytest

from experiments import cli
from experiments.compare.entries import entries, label_of
from tests.experiments.study_folder import make_study


def compared(*arguments, out):
    code = cli.main(["compare", *map(str, arguments), f"out={out}"])
    summary = out / "summary.json"
    return code, json.loads(summary.read_text(encoding="utf-8")) if summary.is_file() else None


def test_two_studies_of_one_scenario(tmp_path, capsys):
    race = make_study(tmp_path / "race", factor=0.8)
    tpe = make_study(tmp_path / "tpe, 二", factor=0.9)
    code, summary = compared(race, tpe, out=tmp_path / "out")
    assert code == 0
    (place,) = summary["places"]
    assert [plan["label"] for plan in place["plans"]] == ["plan in the net", "race", "tpe, 二"]
    assert [of["verdict"] for of in place["differences"].values()] == ["better", "better"]
    # The made traffic: delay is a factor of the net's but on the first approach, where it works the other way.
    assert summary["finding"][0].startswith("race saves ")
    rows = polars.read_parquet(tmp_path / "out" / "comparison.parquet")
    assert rows.equals(polars.read_csv(tmp_path / "out" / "comparison.csv", schema=rows.schema))
    groups = rows.filter((polars.col("level") == "lane group") & (polars.col("measure") == "control_delay_s"))
    losing = groups.filter(polars.col("effect") == "loses").select("signal", "approach").unique().rows()
    assert losing == [("J1", "N")]
    assert "page:" in capsys.readouterr().out


def test_the_same_command_gives_the_same_tables_and_another_is_refused(tmp_path, capsys):
    a, b = make_study(tmp_path / "a"), make_study(tmp_path / "b", factor=0.9)
    out = tmp_path / "out"
    compared(a, b, out=out)
    first = {name: (out / name).read_bytes() for name in ("comparison.parquet", "comparison.csv", "comparison.html")}
    assert compared(a, b, out=out)[0] == 0
    assert {name: (out / name).read_bytes() for name in first} == first
    assert compared(a, b, "reference=" + str(b), out=out)[0] == 2
    assert "holds another study" in capsys.readouterr().err


def test_the_reference_is_the_best_plan_of_the_study_that_it_names(tmp_path):
    a, b = make_study(tmp_path / "a"), make_study(tmp_path / "b", factor=0.9)
    _, summary = compared(a, b, f"reference={b}", out=tmp_path / "out")
    (place,) = summary["places"]
    assert place["reference"] == "b"
    assert {name: of["verdict"] for name, of in place["differences"].items()} == {
        "plan in the net": "worse",
        "a": "better",
    }


def test_scenarios_stand_side_by_side_with_one_overall_verdict(tmp_path):
    studies = [
        make_study(tmp_path / name, scenario=name, factor=factor) for name, factor in (("one", 0.8), ("two", 0.9))
    ]
    _, summary = compared(*studies, out=tmp_path / "out")
    assert [place["scenario"] for place in summary["places"]] == ["one", "two"]
    (overall,) = summary["overall"]
    assert overall["rival"] == "best plan"
    assert overall["ci_holm"][0] < overall["relative"] < overall["ci_holm"][1] < 0.0


def test_a_study_that_found_nothing_better_has_its_candidate_shown(tmp_path):
    _, summary = compared(make_study(tmp_path / "a", factor=1.3), out=tmp_path / "out")
    assert [plan["kind"] for plan in summary["places"][0]["plans"]] == ["net", "candidate"]


def test_failed_runs_are_missing_and_prove_nothing(tmp_path):
    folder = make_study(tmp_path / "a", lost=((1, 103),))
    _, summary = compared(folder, out=tmp_path / "out")
    (of,) = summary["missing"]
    assert (of["rival"], of["what"], of["seeds"]) == ("a", "failed", [103])
    assert summary["places"][0]["differences"]["a"]["verdict"] == "missing"


def test_the_web_app_draws_the_same_page_of_studies(tmp_path):
    from experiments.compare.studies import page_of_studies

    studies = [make_study(tmp_path / name, factor=factor) for name, factor in (("a", 0.8), ("b", 0.9))]
    compared(*studies, "report.language=zh", out=tmp_path / "out")
    drawn = (tmp_path / "out" / "comparison.html").read_text(encoding="utf-8")
    assert page_of_studies(studies, "zh") == drawn


def broken(name, text):
    def damage(folder):
        (folder / name).write_text(text)

    return damage


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (broken("summary.json", "{"), "summary.json' cannot be read"),
        (broken("summary.json", "[]"), "it does not hold an object"),
        (broken("summary.json", '{"command": "sweep"}'), "summary.json' cannot be read: KeyError 'scenario'"),
        (broken("summary.json", '{"command": "compare", "places": []}'), "is a comparison, not a study"),
        (broken("results.parquet", "PAR1"), "results.parquet' cannot be read"),
        (broken("movements.parquet", "no table"), "movements.parquet' cannot be read"),
        (lambda folder: (folder / "summary.json").unlink(), "has not ended. Run its command again"),
        (lambda folder: (folder / "environment.json").unlink(), "environment.json' cannot be read"),
        (lambda folder: (shutil.rmtree(folder), folder.mkdir()), "is no study's folder"),
        (shutil.rmtree, "there is no study, plan file or scenario"),
    ],
)
def test_a_folder_that_cannot_be_read_is_one_line(tmp_path, capsys, damage, says):
    folder = make_study(tmp_path / "a")
    damage(folder)
    assert compared(folder, out=tmp_path / "out") == (2, None)
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "compare needs studies, plan files or scenarios"),
        (["before=x"], "a look-back needs both"),
        (["cologne9"], "there is no study, plan file or scenario 'cologne9'. Did you mean 'cologne"),
        (["baseline", "scenario=cologne1", "seeds=[1,1]"], "seeds names seed 1 twice"),
        (["baseline", "before=x", "after=y"], "'baseline' cannot be compared beside before= and after="),
        (["baseline", "report.language=xx"], "report.language=xx is not known"),
        (["baseline", "reference"], "there is no study, plan file or scenario 'reference'"),
    ],
)
def test_bad_arguments_are_one_line(tmp_path, capsys, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["compare", *arguments]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_plans_without_a_scenario_and_nobody_to_meet_are_refused(tmp_path, capsys):
    (tmp_path / "x.add.xml").write_text("<additional/>")
    assert compared(tmp_path / "x.add.xml", "baseline", out=tmp_path / "out")[0] == 2
    assert "x.add.xml' to be simulated? Say scenario=NAME (no study says it)" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_names_are_told_by_what_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cologne1").mkdir()
    (tmp_path / "plan.csv").write_text("")
    found = entries(["cologne1", "plan.csv", "cologne3", "baseline", "cologne3"])
    assert [(entry.kind, entry.name) for entry in found] == [
        ("study", "cologne1"), ("plan", "plan.csv"), ("scenario", "cologne3"), ("net", "baseline"),
    ]  # fmt: skip


def test_plan_files_are_called_by_their_names_and_best_ones_by_their_folders(tmp_path):
    assert label_of(tmp_path / "office.csv") == "office"
    assert label_of(tmp_path / "night.add.xml") == "night"
    assert label_of(tmp_path / "first" / "best.add.xml") == "first/best"


@pytest.mark.slow
def test_plans_are_simulated_once_with_the_seeds_that_are_asked_for(tmp_path, capsys):
    from tests.conftest import built
    from tests.engine.test_actuated import actuated_file

    window = ("scenario=cologne1", "scenario.end_s=25500")
    _, network = built(tmp_path / "scenario", *window)
    actuated = actuated_file(network, tmp_path / "actuated.add.xml")
    out = tmp_path / "out"
    code, summary = compared("baseline", actuated, *window, "seeds=[101,102]", "workers=1", out=out)
    assert code == 0
    assert summary["simulations"] == {"done": 4, "failed": 0, "cached": 0}
    (place,) = summary["places"]
    assert [(plan["label"], plan["seeds"]) for plan in place["plans"]] == [
        ("plan in the net", [101, 102]), ("actuated", [101, 102]),
    ]  # fmt: skip
    assert place["differences"]["actuated"]["delay_s"]["mean"] != 0.0
    assert place["window"]["end_s"] == 25500.0
    # More seeds go on with what is there.
    code, more = compared("baseline", actuated, *window, "seeds=[101,102,103]", "workers=1", out=out)
    assert (code, more["simulations"]) == (0, {"done": 6, "failed": 0, "cached": 4})
    # A plan that the network refuses is one line.
    capsys.readouterr()
    wrong = actuated_file(network, tmp_path / "wrong.add.xml", [('id="', 'id="no ')])
    assert compared("baseline", wrong, *window, "seeds=[101,102]", out=tmp_path / "other")[0] == 2
    assert "the network has no signal 'no " in capsys.readouterr().err
