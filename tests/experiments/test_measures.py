"""`greensplit measures` on a real controller's log, held against the package atspm."""

import datetime
import importlib.util
import json
from pathlib import Path

import polars
import pytest

from experiments.cli import main

PEER = json.loads((Path(__file__).parent / "atspm_2_6_1.json").read_text())


@pytest.fixture(scope="module")
def sample():
    # Only the files inside the package are used: its code needs an environment of its own.
    folder = Path(importlib.util.find_spec("atspm").origin).parent / "data"
    return folder / "sample_raw_data.parquet", folder / "sample_config.parquet"


def keyed(rows):
    return {
        (int(row["DeviceId"]), int(row["Phase"]), datetime.datetime.fromisoformat(row["TimeStamp"])): row
        for row in rows
    }


def test_every_row_equals_the_peers(sample, tmp_path, capsys):
    log, detectors = sample
    out = tmp_path / "measures.parquet"
    assert main(["measures", str(log), f"detectors={detectors}", f"out={out}"]) == 0
    assert "Signal performance measures" in capsys.readouterr().out
    rows = {(row["device"], row["phase"], row["time"]): row for row in polars.read_parquet(out).to_dicts()}
    arrivals, splits = keyed(PEER["arrival_on_green"]), keyed(PEER["split_failures"])
    assert len(arrivals) == len(splits) == 32
    for key, peer in arrivals.items():
        assert rows[key]["arrivals_veh"] == int(peer["Total_Actuations"])
        assert rows[key]["arrivals_on_green"] == pytest.approx(float(peer["Percent_AOG"]), abs=1e-6)
    for key, peer in splits.items():
        assert rows[key]["split_failures"] == int(peer["Split_Failure"])
        assert rows[key]["green_s"] == pytest.approx(float(peer["Green_Time"]), abs=1e-5)
        assert rows[key]["green_occupancy"] == pytest.approx(float(peer["Green_Occupancy"]), abs=1e-6)
        assert rows[key]["red_occupancy"] == pytest.approx(float(peer["Red_Occupancy"]), abs=1e-6)
    assert sum(row["split_failures"] or 0 for row in rows.values()) == 5
    # Nor do we find what the peer does not.
    assert {key for key, row in rows.items() if row["arrivals_veh"]} == set(arrivals)
    assert {key for key, row in rows.items() if row["cycles"]} == set(splits)


def test_csv_in_json_out(sample, tmp_path, capsys):
    log, detectors = (polars.read_parquet(path) for path in sample)
    log.write_csv(tmp_path / "log.csv")
    detectors.write_csv(tmp_path / "detectors 1,2.csv")
    arguments = [
        "measures",
        str(tmp_path / "log.csv"),
        f"detectors={tmp_path}/detectors 1,2.csv",
        "bin_min=60",
        "json=true",
    ]
    assert main(arguments) == 0
    rows = json.loads(capsys.readouterr().out)
    assert sum(row["split_failures"] or 0 for row in rows) == 5


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b\n1,2\n", "has no column TimeStamp, DeviceId, EventId, Parameter"),
        ("TimeStamp,DeviceId,EventId,Parameter\nsoon,1,1,2\n", "column TimeStamp holds String"),
        ("TimeStamp,DeviceId,EventId,Parameter\n2024-01-01 00:00:00,1,,2\n", "column EventId"),
        ("TimeStamp,DeviceId,EventId,Parameter\n2024-01-01 00:00:00,north,1,2\n", "column DeviceId holds String"),
        ("TimeStamp,DeviceId,EventId,Parameter\n2024-01-01 00:00:00,1,1,2\n", "has no event of the phases"),
        ("", "cannot be read as a controller's log"),
    ],
)
def test_a_log_that_cannot_be_used_is_one_line(sample, tmp_path, capsys, content, says):
    log = tmp_path / "log.csv"
    log.write_text(content)
    assert main(["measures", str(log), f"detectors={sample[1]}"]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [([], "greensplit measures LOG"), (["nowhere.parquet"], "detectors is missing"), (["a", "detectors=b"], "'a'")],
)
def test_what_is_missing_is_said(capsys, arguments, says):
    assert main(["measures", *arguments]) == 2
    assert says in capsys.readouterr().err
