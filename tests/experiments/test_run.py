"""`greensplit run`: the tables that one simulation leaves behind."""

import json

import polars
import pytest

from experiments import cli


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "study"
    assert cli.main(["run", "scenario.end_s=27300", "series_s=60", "json=true", f"out={out}"]) == 0
    return out


def test_every_level_has_its_table(folder):
    tables = {path.stem: polars.read_parquet(path) for path in folder.glob("*.parquet")}
    heights = {"results": 1, "movements": 10, "approaches": 4, "junctions": 1, "crossings": 4, "series": 5 * 11}
    assert {name: tables[name].height for name in heights} == heights
    assert set(tables) == {*heights, "cycles"}
    for name in ("approaches", "junctions"):
        assert tables[name]["vehicles"].sum() == tables["movements"]["vehicles"].sum() > 50
        assert tables[name]["car_veh"].sum() + tables[name]["truck_veh"].sum() <= tables[name]["vehicles"].sum()
    assert tables["cycles"]["throughput_veh"].sum() == tables["movements"]["throughput_veh"].sum()
    for table in tables.values():
        assert table["plan_id"].unique().to_list() == ["baseline"]


def test_the_series_adds_up_to_the_summary(folder):
    summary = json.loads((folder / "summary.json").read_text())
    series = polars.read_parquet(folder / "series.parquet").filter(polars.col("level") == "network")
    assert series["delay_s"].sum() == pytest.approx(summary["delay_s"] * summary["vehicles"])
    assert series["throughput_veh"].sum() == summary["throughput_veh"]
    assert summary["pedestrians"] > 0
