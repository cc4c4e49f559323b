"""`greensplit hcm`: what it prints and writes, beside a study's simulations and never mixed with them."""

import json

import polars
import pytest

from experiments import cli
from experiments.completion import complete


def asked(capsys, *arguments):
    assert cli.main(["hcm", *arguments, "json=true"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A run of the built-in junction's first ten minutes, with its tables."""
    folder = tmp_path_factory.mktemp("study") / "run"
    assert cli.main(["run", "scenario.end_s=27600", f"out={folder}", "json=true"]) == 0
    return folder


def test_the_table_names_groups_approaches_and_the_junction(capsys):
    assert cli.main(["hcm"]) == 0
    said = capsys.readouterr().out
    assert "C, plan baseline, from 08:00:00, cycle 96 s" in said
    for name in ("W-through+right", "N-left", "approach W", "junction"):
        assert name in said
    assert "sim delay" not in said
    assert max(map(len, said.splitlines())) <= 132


def test_json_and_files_say_the_same(capsys, tmp_path):
    summary = asked(capsys, f"out={tmp_path / 'folder'}")
    assert json.loads((tmp_path / "folder" / "hcm.json").read_text(encoding="utf-8")) == summary
    table = polars.read_parquet(tmp_path / "folder" / "hcm.parquet")
    assert table.to_dicts() == summary["lane_groups"]
    assert len(summary["lane_groups"]) == 10
    assert {row["approach"] for row in summary["totals"]} == {"N", "E", "S", "W", ""}
    assert summary["method"]["base_veh_h"] == 1900.0
    asked(capsys, f"out={tmp_path / '表.csv'}")
    assert polars.read_csv(tmp_path / "表.csv")["lane_group"].to_list() == table["lane_group"].to_list()


def test_the_methods_choices_count(capsys):
    plain = asked(capsys)["lane_groups"][0]
    central = asked(capsys, "method.area_factor=0.9", "method.base_veh_h=1800")["lane_groups"][0]
    assert central["saturation_veh_h"] == pytest.approx(0.9 * 1800 / 1900 * plain["saturation_veh_h"])
    assert central["control_delay_s"] > plain["control_delay_s"]


def test_periods_follow_one_another(capsys):
    rows = asked(capsys, "periods=all")["lane_groups"]
    assert len(rows) == 40
    west = [row for row in rows if row["lane_group"] == "W-through+right"]
    carried = [max(0.0, row["initial_veh"] + 0.25 * (row["flow_veh_h"] - row["capacity_veh_h"])) for row in west]
    assert [row["initial_veh"] for row in west[1:]] == pytest.approx(carried[:-1])
    assert max(carried) > 0.0


def test_simulated_figures_stand_in_columns_of_their_own(capsys, study):
    plain = asked(capsys, "scenario.end_s=27600")
    beside = asked(capsys, "scenario.end_s=27600", f"study={study}")
    measured = polars.read_parquet(study / "movements.parquet").to_dicts()
    for formula, both, simulated in zip(plain["lane_groups"], beside["lane_groups"], measured, strict=True):
        assert {name: both[name] for name in formula} == formula
        assert both["lane_group"] == simulated["lane_group"]
        assert both["simulated_control_delay_s"] == pytest.approx(simulated["control_delay_s"])
        assert both["simulated_los"] == simulated["los"]
        assert both["simulated_v_c"] == simulated["degree_of_saturation"]
        assert both["simulated_queue_p95_m"] == simulated["queue_p95_m"]
        assert both["simulated_saturation_veh_h"] == simulated["saturation_flow_veh_h"]
    assert any("whole evaluated window" in note for note in beside["notes"])
    assert any("shorter than the analysis period" in note for note in plain["notes"])
    assert cli.main(["hcm", "scenario.end_s=27600", f"study={study}"]) == 0
    assert "sim delay" in capsys.readouterr().out


def test_measured_platoons_change_uniform_delay_alone(capsys, study):
    random = asked(capsys, "scenario.end_s=27600", f"study={study}")["lane_groups"]
    measured = asked(capsys, "scenario.end_s=27600", f"study={study}", "platoon=measured")["lane_groups"]
    assert [row["incremental_s"] for row in random] == [row["incremental_s"] for row in measured]
    assert any(a["uniform_s"] != b["uniform_s"] for a, b in zip(random, measured, strict=True))


def test_a_plan_file_is_analysed(capsys, tmp_path, junction):
    from engine.plan import Plan
    from engine.space import SpaceOptions, plan_space
    from engine.sumo.programs import write_plan

    space = plan_space(junction[1], SpaceOptions())
    plan = space.decode(space.from_unit([1.0] + [0.5] * (space.n_dimensions - 1)))
    write_plan(plan, tmp_path / "plan.add.xml")
    summary = asked(capsys, f"plan={tmp_path / 'plan.add.xml'}")
    assert summary["plan_id"] == plan.plan_id
    assert {row["cycle_s"] for row in summary["lane_groups"]} == {plan.programs[0].cycle_s}
    write_plan(Plan(space.programs), tmp_path / "same.add.xml")
    same = asked(capsys, f"plan={tmp_path / 'same.add.xml'}")["lane_groups"]
    assert same == asked(capsys)["lane_groups"]


def test_the_studys_best_plan_is_found_by_its_summary(capsys, study, tmp_path, junction):
    from engine.plan import Plan
    from engine.space import SpaceOptions, plan_space
    from engine.sumo.programs import write_plan

    space = plan_space(junction[1], SpaceOptions())
    plan = space.decode(space.from_unit([1.0] + [0.5] * (space.n_dimensions - 1)))
    rows = polars.read_parquet(study / "movements.parquet")
    both = [rows.with_columns(role=polars.lit("training")), rows.with_columns(plan_id=polars.lit(plan.plan_id))]
    for name, best in ((plan.plan_id, plan), ("baseline", Plan(space.programs))):
        folder = tmp_path / name
        folder.mkdir()
        polars.concat(both).write_parquet(folder / "movements.parquet")
        write_plan(best, folder / "best.add.xml")
        (folder / "summary.json").write_text(json.dumps({"scenario": "junction", "best": {"plan_id": name}}))
        summary = asked(capsys, f"study={folder}", "plan=best")
        assert summary["plan_id"] == name
        assert summary["lane_groups"][0]["cycle_s"] == best.programs[0].cycle_s
        role = "training" if name == "baseline" else "run"
        assert any(f"({role})" in note for note in summary["notes"])


def test_signals_without_fixed_times_are_named(capsys, tmp_path, junction):
    scenario, network = junction
    states = [phase.state for phase in network.signals[0].program.phases]
    phases = "".join(f'<phase duration="20" minDur="5" maxDur="30" state="{state}"/>' for state in states)
    (tmp_path / "actuated.add.xml").write_text(
        f'<additional><tlLogic id="C" type="actuated" programID="a">{phases}</tlLogic></additional>'
    )
    (tmp_path / "my.sumocfg").write_text(
        f'<configuration><net-file value="{scenario.net}"/><route-files value="{scenario.routes[0]}"/>'
        '<additional-files value="actuated.add.xml"/><begin value="27000"/><end value="27900"/></configuration>'
    )
    assert cli.main(["hcm", "scenario=sumo", f"scenario.sumocfg={tmp_path / 'my.sumocfg'}"]) == 2
    said = capsys.readouterr().err
    assert "has no signal with a fixed-time program: 'C': its program is of type actuated" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["periods=some"], "periods=some is not known"),
        (["platoon=measured"], "Name its folder with study=DIR"),
        (["plan=best"], "plan=best is what a study found"),
        (["study=nowhere"], "study: there is no folder 'nowhere'"),
        (["study=."], "has no summary.json and movements.parquet"),
        (["plan=none.xml"], "plan: there is no file 'none.xml'"),
        (["method.base_veh_h=0"], "method.base_veh_h=0 must be above 0"),
        (["method.base=3"], "hcm has no key 'method.base'"),
        (["scenario=colonge1"], "Did you mean 'cologne1'?"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["hcm", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert message in said.err


def test_a_study_of_something_else_is_refused(capsys, study):
    assert cli.main(["hcm", "scenario=cologne1", f"study={study}"]) == 2
    assert "is of scenario 'junction', not of 'cologne1'" in capsys.readouterr().err
    assert cli.main(["hcm", f"study={study}", "plan=best"]) == 2
    assert "names no best plan" in capsys.readouterr().err


def test_completion_knows_the_keys():
    assert "method.base_veh_h=" in complete("greensplit hcm method.b")
    assert complete("greensplit hc") == ["hcm"]
