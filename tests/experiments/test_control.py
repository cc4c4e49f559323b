"""Controllers on the command line: keys, refusals, what a run leaves, and a search that tunes them."""

import json

import pytest

from engine.errors import InputError
from experiments._compose import compose
from experiments._control import control_space
from experiments.cli import main
from experiments.config import identity


def run(*overrides):
    return compose("run", ["scenario=cologne1", *overrides])


def test_the_plan_is_fixed_until_a_controller_is_named():
    config = run()
    assert config.controller.kind == "fixed"
    assert config.rules.name == "default"
    assert not {"controller", "sensing", "rules", "control"} & set(identity(config))


def test_a_controller_alone_means_the_benchmarks_rules_and_200_m():
    config = run("controller=greedy", "controller.range_m=40")
    assert (config.rules.name, config.sensing.range_m) == ("benchmark", 200.0)
    assert config.controller.parameters == {"range_m": 40}
    assert run("controller=greedy", "rules=gb").rules.name == "gb"
    assert identity(config) != identity(run("controller=greedy"))
    assert compose("optimize", ["scenario=cologne1", "controller=greedy"]).search.name == "tpe"
    assert compose("optimize", ["scenario=cologne1"]).search.name == "race"


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["controller=gredy"], "controller=gredy is not known. Did you mean 'greedy'"),
        (["controller.range_m=40"], "controller.range_m is given, and the plan is fixed"),
        (["controller=user"], "controller=user controller.file=PATH.py controller.class=NAME"),
        (["controller=greedy", "controller.order=backwards"], "controller.order=backwards is not known"),
        (["controller=greedy", "controller.max_red_s=0"], "controller.max_red_s=0 must be above 0"),
        (["controller=greedy", "sensing=eyes"], "sensing=eyes is not known"),
        (["controller=greedy", "sensing.lost_share=3"], "sensing.lost_share=3 is no share"),
        (["controller=greedy", "controller.range_m=far"], "controller.parameters.range_m"),
    ],
)
def test_refusals_are_one_line(overrides, said):
    def asked():
        config = run(*overrides)
        return config.controller.control(config.sensing)

    with pytest.raises(InputError) as caught:
        asked()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_search_for_fixed_plans_does_not_tune():
    with pytest.raises(InputError, match="search=race knows fixed plans only"):
        compose("optimize", ["scenario=cologne1", "controller=greedy", "search=race"])


def test_points_of_the_space_are_plans_within_bounds(cologne1):
    _, network = cologne1
    config = compose("sweep", ["scenario=cologne1", "controller=greedy", "controller.among=[actuated]"])
    space = control_space(config.controller, config.sensing, config.rules, network, "cologne1")
    assert space.names[0] == "controller"
    low, high = (space.decode(space.from_unit([at] * space.n_dimensions)) for at in (0.0, 1.0))
    assert dict(low.control.parameters) == {"decision_s": 3.0, "range_m": 20.0}
    assert high.control is None
    assert len(high.actuated) == 1
    assert space.decode(space.encode(low)) == low
    config = compose("sweep", ["scenario=cologne1", "controller=program"])
    with pytest.raises(InputError, match="has no parameters that a search varies"):
        control_space(config.controller, config.sensing, config.rules, network, "cologne1")


def test_a_run_leaves_its_controller_and_runs_again_from_it(tmp_path, capsys):
    short = ["scenario=cologne1", "scenario.end_s=25500"]
    out = tmp_path / "run"
    assert main(["run", *short, "controller=greedy", f"out={out}", "json=true"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["controller"]["kind"] == "greedy"
    assert summary["fallbacks"] == []
    assert "rules=benchmark and sensing=range200" in " ".join(summary["notes"])
    assert main(["run", *short, f"plan={out / 'plan.json'}", "json=true"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["plan_id"], again["delay_s"]) == (summary["plan_id"], summary["delay_s"])


def test_a_users_class_runs_where_its_file_is_named_and_nowhere_else(tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text(
        "class First:\n"
        "    decision_s = 5.0\n"
        "    def start(self, place):\n"
        "        self.n = [s.program.phases[0].state for s in place.network.signals]\n"
        "    def decide(self, state, lights):\n"
        "        return self.n\n",
        encoding="utf-8",
    )
    short = ["scenario=cologne1", "scenario.end_s=25500", "json=true"]
    named = ["controller=user", f"controller.file={file}", "controller.class=First"]
    out = tmp_path / "run"
    assert main(["run", *short, *named, f"out={out}"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["controller"]["class"] == "First"
    assert main(["run", *short, f"plan={out / 'plan.json'}"]) == 2
    assert "no file can bring code" in capsys.readouterr().err
    assert main(["run", *short, f"plan={out / 'plan.json'}", *named]) == 0
    assert json.loads(capsys.readouterr().out)["delay_s"] == summary["delay_s"]


@pytest.mark.slow
def test_a_controller_is_tuned_and_proven(tmp_path, capsys):
    out = tmp_path / "study"
    keys = ["scenario=cologne1", "scenario.end_s=26100", "controller=greedy", "search.budget=6", "seeds=[1,2]"]
    more = ["search.holdout_seeds=[101,102]", "search.confirm_seeds=[]", "report.playback_s=0", "workers=1"]
    assert main(["optimize", *keys, *more, f"out={out}"]) == 0
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    first = summary["ranking"][0]
    assert first["delay_s_mean"] < summary["baseline"]["delay_s"]["mean"]
    assert set(first["parameters"]) == {"greedy decision_s", "greedy range_m"}
    assert "controller=greedy needs, at 1 signals" in " ".join(summary["notes"])
    assert main(["replay", str(out)]) == 0
