"""`measures=all`: more columns, a table of signals, and results that never mix with those of `measures=traffic`."""

import json

import polars
import pytest

from engine.plan import Plan
from engine.study import run_key
from experiments._compose import compose
from experiments.cli import main
from experiments.config import identity

SHORT = ("scenario=cologne1", "scenario.end_s=25320")
ADDED = ("co2_g", "fuel_ml", "conflicts_ttc", "conflicts_drac", "conflicts_pet")


def test_a_run_shows_and_keeps_what_was_added(tmp_path, capsys):
    assert main(["run", *SHORT, "measures=all", f"out={tmp_path / 'all'}"]) == 0
    shown = capsys.readouterr().out
    assert "DRAC > 3 m/s2" in shown
    summary = json.loads((tmp_path / "all" / "summary.json").read_text())
    signals = polars.read_parquet(tmp_path / "all" / "signals.parquet")
    results = polars.read_parquet(tmp_path / "all" / "results.parquet")
    assert signals.columns == ["plan_id", "seed", "role", "signal", *ADDED]
    assert signals["signal"].to_list() == ["GS_cluster_357187_359543"]
    for name in ADDED:
        assert summary[name] == results[name][0] >= signals[name][0]
    assert signals["co2_g"][0] > 1000.0


def test_a_run_of_traffic_has_nothing_of_it(tmp_path, capsys):
    assert main(["run", *SHORT, f"out={tmp_path / 'traffic'}"]) == 0
    assert "DRAC" not in capsys.readouterr().out
    assert not (tmp_path / "traffic" / "signals.parquet").exists()
    assert not set(ADDED) & set(json.loads((tmp_path / "traffic" / "summary.json").read_text()))


def test_the_measures_are_part_of_what_identifies_a_run_and_a_study(cologne1):
    scenario, _ = cologne1
    traffic, more = (run_key(scenario, Plan(()), 1, 1000.0, measures) for measures in ("traffic", "all"))
    assert traffic != more
    for command in ("run", "sweep"):
        assert identity(compose(command, [])) != identity(compose(command, ["measures=all"]))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "measures=everything"], "measures=everything is not known. Choose one of: traffic, all."),
        (["sweep", "objective.weights={co2_g: 1}"], "objective names co2_g, which is not measured. Add measures=all."),
    ],
)
def test_what_cannot_be_is_one_line(arguments, said, capsys):
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_an_objective_may_be_what_is_measured():
    config = compose("sweep", ["objective.weights={co2_g: 1}", "measures=all"])
    assert config.objective.extra_measures() == ["co2_g"]
