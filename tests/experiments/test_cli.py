"""The command line: fast where it can be, one clear line where the input is wrong, any path as it is."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from experiments import cli
from experiments._compose import compose
from experiments.commands import COMMANDS
from experiments.completion import complete
from experiments.config import identity

GREENSPLIT = str(Path(sys.executable).parent / "greensplit")


@pytest.mark.parametrize("arguments", [["--help"], ["scenarios"], ["sweep", "--help"], ["--version"]])
def test_small_commands_answer_fast(arguments):
    """In the processor's time, which other programs on the machine do not stretch: half a second is all that is felt."""
    least_s = 9.0
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([GREENSPLIT, *arguments], capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        least_s = min(least_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert done.stdout
    assert done.stderr == ""
    assert least_s < 0.5


@pytest.mark.parametrize("arguments", [["--help"], ["scenarios"]])
def test_small_commands_import_nothing_heavy(arguments):
    heavy = ("numpy", "scipy", "polars", "hydra", "ray", "libsumo", "sumolib", "rich")
    code = f"import sys; from experiments.cli import main; main({arguments!r}); "
    code += f"sys.exit(' '.join(name for name in {heavy!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_help_shows_every_command_with_an_example(capsys):
    assert cli.main(["--help"]) == 0
    overview = capsys.readouterr().out
    for name, command in COMMANDS.items():
        assert f"  {name} " in overview
        assert cli.main([name, "--help"]) == 0
        assert command.examples[0] in capsys.readouterr().out


def test_scenarios_as_json(capsys):
    assert cli.main(["scenarios", "json=true"]) == 0
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(listed) >= {"junction", "sumo", "cologne8", "arterial4x4"}
    assert listed["cologne8"]["ready"]


def test_doctor_finds_this_installation_well(capsys):
    assert cli.main(["doctor", "json=true"]) == 0
    findings = json.loads(capsys.readouterr().out)
    assert {finding["what"] for finding in findings} >= {"Python", "kernels", "native recorder", "benchmark networks"}


def test_doctor_says_what_to_do(capsys, monkeypatch):
    import engine.sumo.installation

    monkeypatch.setattr(engine.sumo.installation, "SUMO_VERSION", "9.9.9")
    engine.sumo.installation.require.cache_clear()
    assert cli.main(["doctor"]) == 1
    assert "Run: pip install eclipse-sumo==9.9.9" in capsys.readouterr().out
    engine.sumo.installation.require.cache_clear()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["swep"], "there is no command 'swep'. Did you mean 'sweep'?"),
        (["sweep", "scenario=colonge1"], "scenario=colonge1 is not known. Did you mean 'cologne1'?"),
        (["sweep", "serch.budget=9"], "sweep has no key 'serch.budget'. Did you mean 'search.budget'?"),
        (["sweep", "plans=cycles"], "plans=cycles is not known. Did you mean 'cycle'?"),
        (["sweep", "search.budget=many"], "search.budget=many: Value 'many' of type 'str' could not be converted"),
        (["sweep", "seeds=[1,2"], "Check the overrides"),
        (["sweep", "seeds=[1,2,101]"], "seed 101 is in seeds and in search.holdout_seeds"),
        (["sweep", "seeds=[]"], "seeds is empty"),
        (["sweep", "seeds=[1,1]"], "names seed 1 twice"),
        (["sweep", "seeds=[-1]"], "the negative seed -1"),
        (["sweep", "search.budget=2"], "search.budget=2 is below the 3 seeds"),
        (["sweep", "workers=0"], "workers=0 is too small"),
        (["sweep", "plans.radius=wide"], "plans.radius=wide is no radius"),
        (["sweep", "plans.radius=-1"], "plans.radius=-1 must be above 0"),
        (["sweep", "plans.min_green_s=50"], "no plan fits: minimum greens and intergreens need"),
        (["sweep", "plans.signals=[D]"], "the network has no signal 'D'"),
        (["sweep", "plans.max_cycle_s=30"], "plans.max_cycle_s=30 is below plans.min_cycle_s=40"),
        (["sweep", "search=grid", "search.budget=96"], "a grid of 3 levels over 5 dimensions has 243 plans"),
        (["sweep", "search=tpe"], "search=tpe learns as it goes, and a sweep does not. Choose one of: sobol, grid"),
        (["optimize", "search=cmaess"], "search=cmaess is not known. Did you mean 'cmaes'?"),
        (["optimize", "search.confirm_seeds=[1,201,202,203,204]"], "seed 1 is in seeds and in search.confirm_seeds"),
        (["optimize", "search.confirm_seeds=[201]"], "a choice among finalists takes at least 5"),
        (
            ["optimize", "objective.weights={dealy_s:1}"],
            "objective.weights=dealy_s is not known. Did you mean 'delay_s'?",
        ),
        (["optimize", "objective.at_most={delay_s:-1}"], "no plan keeps delay_s at -1"),
        (["optimize", "objective.at_most={delay_s:nan}"], "no plan keeps delay_s at nan"),
        (["optimize", "objective.worse_by={delay_s:nan}"], "delay_s may not be nan worse"),
        (["optimize", "objective.weights={delay_s:0}"], "objective.weights are all 0"),
        (
            ["optimize", "plans.min_green_s=35", "plans.max_cycle_s=120"],
            "no plan fits: minimum greens and intergreens need",
        ),
        (
            ["optimize", "plans.max_green_s=6", "plans.min_green_s=5"],
            "minimum green of 7 s (walking time included) is above",
        ),
        (["optimize", "rules=gb", "rules.yellow_min_s.value=6"], "yellow_min_s (6 s) is above yellow_max_s (5 s)"),
        (["optimize", "rules.cycle_min_s.value=90", "rules.cycle_max_s.value=60"], "so that no plan can pass"),
        (["optimize", "rules.max_red_s.value=-5"], "max_red_s is -5; it must be 0 or more"),
        (["optimize", "plans.order=maybe"], "plans.order=maybe"),
        (
            ["optimize", "objective=front"],
            "search=race follows one objective, and objective.front names several measures",
        ),
        (["sweep", "backend=gui"], "backend=gui is not known"),
        (["sweep", "somewhere"], "sweep does not know what to do with 'somewhere'"),
        (["run", "plan=none.xml"], "plan: there is no file 'none.xml'"),
        (["run", "scenario=sumo"], "Give scenario.sumocfg=PATH"),
        (["run", "series_s=60"], "series_s=60 needs a folder for series.parquet. Give out=DIR."),
        (["run", "series_s=-60", "out=x"], "series_s=-60 is too small"),
        (["run", "scenario=sumo", "scenario.sumocfg=no.sumocfg"], "there is no file 'no.sumocfg'"),
        (["run", "scenario.begin_s=100", "scenario.end_s=50"], "scenario.end_s=50 is not after scenario.begin_s=100"),
        (["run", "scenario.file=no.yaml"], "scenario.file: there is no file 'no.yaml'"),
        (["run", "out=/dev/null/x"], "cannot be written"),
        (["report"], "report needs a study's folder"),
        (["report", "."], "is no study's folder"),
        (["scenarios", "jsn=true"], "scenarios does not know 'jsn=true'"),
        (["completion", "bsh"], "Did you mean 'bash'?"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("greensplit: error: ")
    assert said.err.count("\n") == 1
    assert message in said.err
    # Nothing is left that looks like a study.
    assert not list(tmp_path.rglob("summary.json"))


@pytest.mark.parametrize(
    ("command", "again"),
    [
        ("sweep", "goes on where it stopped"),
        ("optimize", "goes on"),
        ("tournament", "goes on"),
        ("bench", "begins anew"),
    ],
)
def test_an_interrupt_is_one_line(capsys, monkeypatch, command, again):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_dispatch", interrupted)
    assert cli.main([command]) == 130
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"The same command {again}" in said


def test_a_defect_keeps_its_traceback(monkeypatch):
    def broken(_):
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "_dispatch", broken)
    with pytest.raises(ZeroDivisionError):
        cli.main(["sweep"])


PATHS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=30)


@settings(max_examples=30, deadline=None)
@given(PATHS.filter(lambda path: path == path.strip() and path not in ("null", "???") and not path.startswith("~/")))
def test_any_path_is_taken_as_it_is(path):
    assert compose("sweep", [f"out={path}"]).out == Path(path)


@pytest.mark.parametrize(
    "path", ["拥堵 路口/方案", "a,b=c", "[x]{y}", 'it\'s "quoted"', "a${b}\\", "\\'", "(#1):@!", "~x"]
)
def test_awkward_paths_are_taken_as_they_are(path):
    assert compose("run", [f"out={path}"]).out == Path(path)


def test_configuration_is_shown_by_hydra(capsys):
    done = subprocess.run(
        [GREENSPLIT, "sweep", "--cfg", "job", "seeds=[4,5]"], capture_output=True, text=True, check=True
    )
    assert "budget: 96" in done.stdout
    assert "- 4\n- 5" in done.stdout
    assert not Path("outputs").exists()


def test_identity_leaves_out_how_a_study_is_computed():
    base = identity(compose("sweep", []))
    for same in (
        "workers=7",
        "search.budget=300",
        "out=elsewhere",
        "backend=libsumo",
        "ray.address=h:1",
        "run.attempts=3",
    ):
        assert identity(compose("sweep", [same])) == base
    for other in ("seeds=[1,2]", "search.seed=1", "plans=cycle", "scenario=cologne1", "queue.max_m=500"):
        assert identity(compose("sweep", [other])) != base


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("greensplit sw", ["sweep"]),
        ("greensplit sweep scenario=colog", ["scenario=cologne1", "scenario=cologne3", "scenario=cologne8"]),
        ("greensplit sweep plans=off", ["plans=offsets"]),
        ("greensplit completion z", ["zsh"]),
        ("greensplit bench what=loop,st", ["what=loop,startup"]),
        ("greensplit nothing x", []),
    ],
)
def test_completion(line, expected):
    assert complete(line) == expected


def test_completion_of_keys_and_files(tmp_path):
    (tmp_path / "方案 1.xml").write_text("")
    assert complete(f"greensplit run plan={tmp_path}/方") == [f"plan={tmp_path}/方案 1.xml"]
    assert "search.budget=" in complete("greensplit sweep search.")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(shell, capsys):
    assert cli.main(["completion", shell]) == 0
    assert "greensplit completion query" in capsys.readouterr().out


def test_configuration_classes_refuse_what_hydra_does_not_see():
    from experiments.config import PlansConfig

    with pytest.raises(InputError, match="radius=True"):
        PlansConfig(radius=True)
