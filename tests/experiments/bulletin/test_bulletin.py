"""The bulletin of a month's worth of studies: indicators that can be worked out by hand, ranks, changes, the page."""

import json
import re
from pathlib import Path

import polars
import pytest

from engine.tables import write_parquet
from experiments import cli
from experiments.bulletin.gathering import gather
from experiments.bulletin.indicators import INDICATORS, Observed
from experiments.bulletin.ranking import ranked, rows_of
from tests.experiments.test_report_page import Page

SEEDS = tuple(range(101, 107))


def write_study(folder, scenario, delays, spread=1.0, jams=(), plan_id="baseline", junctions=True, seeds=SEEDS):
    """A study's folder with a junction for each of `delays`, two lane groups and a crossing."""
    folder.mkdir(parents=True)
    where = {"plan_id": plan_id, "role": "holdout"}
    results, rows, groups, crossings = [], [], [], []
    for i, seed in enumerate(seeds):
        results.append({**where, "seed": seed, "delay_s": 30.0, "gridlock": int(seed in jams)})
        for signal, delay in delays.items():
            noise = spread * ((i * 5) % 3 - 1)
            rows.append(
                {**where, "seed": seed, "signal": signal, "vehicles": 100, "control_delay_s": delay + noise, "stops_per_veh": 0.5,
                 "spillback_s": 36.0, "green_utilisation": 0.25, "queue_p95_m": 50.0, "queue_max_m": 80.0,
                 "bus_control_delay_s": None}
            )  # fmt: skip
            for name, load, vehicles in (("N-left", 0.9, 10), ("S-left", 0.3, 10), ("E-left", 5.0, 0)):
                groups.append(
                    {**where, "seed": seed, "signal": signal, "approach": name[0], "lane_group": name, "vehicles": vehicles,
                     "degree_of_saturation": load, "control_delay_s": 9.0, "stops_per_veh": 0.5, "queue_p95_m": 5.0}
                )  # fmt: skip
            for wait_s, n in ((10.0, 3), (30.0, 1), (0.0, 0)):
                crossings.append(
                    {**where, "seed": seed, "signal": signal, "pedestrians": n, "wait_s": wait_s if n else None}
                )
    write_parquet(results, folder / "results.parquet")
    write_parquet(groups, folder / "movements.parquet")
    write_parquet(crossings, folder / "crossings.parquet")
    if junctions:
        write_parquet(rows, folder / "junctions.parquet")
    summary = {
        "command": "sweep", "scenario": scenario, "seeds": [1, 2], "holdout_seeds": list(seeds),
        "window": {"begin_s": 0.0, "end_s": 3900.0, "warmup_s": 300.0}, "best": {"plan_id": "baseline"}, "candidate": None,
        "failures": [],
    }  # fmt: skip
    if plan_id != "baseline":
        summary |= {"plan_id": plan_id, "seed": seeds[0]}
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "environment.json").write_text("{}")
    return folder


def write_months(folder):
    """Eight junctions in March and in April: one better, one worse, one jams, the others as they were; one is new."""
    for i in range(8):
        level = 20.0 + 5.0 * i
        write_study(folder / "march" / f"town-{i}", f"town-{i}", {f"J{i}": level})
        april = {1: level - 10.0, 2: level + 10.0}.get(i, level + 0.1)
        write_study(folder / "april" / f"town-{i}", f"town-{i}", {f"J{i}": april}, jams=(103,) if i == 5 else ())
    write_study(folder / "april" / "new", "new", {"J9": 90.0})
    return folder / "march", folder / "april"


@pytest.fixture
def months(tmp_path):
    return write_months(tmp_path)


def test_studies_of_one_junction_on_other_days_count_together(tmp_path):
    for day, delay in enumerate((20.0, 30.0, 70.0)):
        seeds = tuple(range(100 * day + 1, 100 * day + 7))
        jams = seeds[:1] if day == 2 else ()
        write_study(tmp_path / f"day-{day}", "town", {"J": delay}, seeds=seeds, jams=jams)
    (junction,), left_out = gather(tmp_path)
    assert (len(junction.values["control_delay"]), junction.runs, junction.jams, left_out) == (18, 18, 1, [])
    assert sum(junction.values["control_delay"]) / 18 == pytest.approx(40.0)
    assert junction.vehicles == 100.0
    # One day over again takes that day's place, and no other's.
    write_study(tmp_path / "day-9-again", "town", {"J": 80.0}, seeds=(1, 2, 3, 4, 5, 6))
    (junction,), left_out = gather(tmp_path)
    assert sum(junction.values["control_delay"]) / 18 == pytest.approx(60.0)
    assert [Path(of.study).name for of in left_out] == ["day-0"]


def test_indicators_by_hand():
    junction = {
        "control_delay_s": 31.0, "stops_per_veh": 0.8, "spillback_s": 90.0, "green_utilisation": 0.4,
        "bus_control_delay_s": 25.0, "queue_max_m": 120.0,
    }  # fmt: skip
    groups = [
        {"vehicles": 10, "degree_of_saturation": 0.9},
        {"vehicles": 10, "degree_of_saturation": 0.3},
        {"vehicles": 0, "degree_of_saturation": 7.0},
    ]
    crossings = [
        {"pedestrians": 3, "wait_s": 10.0},
        {"pedestrians": 1, "wait_s": 30.0},
        {"pedestrians": 0, "wait_s": None},
    ]
    found = {of.key: of.of(Observed(junction, groups, crossings, 3600.0)) for of in INDICATORS}
    assert found == {
        "control_delay": 31.0, "stops": 0.8, "spillback": 0.025, "green_utilisation": 0.4,
        "imbalance": pytest.approx(1.5), "bus_control_delay": 25.0, "pedestrian_delay": 15.0, "queue_max": 120.0,
    }  # fmt: skip
    empty = {of.key: of.of(Observed(dict.fromkeys(junction), [], [], None)) for of in INDICATORS}
    assert set(empty.values()) == {None}


def test_names_formulas_and_units_are_stated_once():
    assert len({of.key for of in INDICATORS}) == len({of.name_zh for of in INDICATORS}) == len(INDICATORS)
    assert all(of.formula and of.name_en and of.digits >= 0 for of in INDICATORS)


def test_junctions_are_ranked_by_control_delay_and_what_changed_is_found(months):
    march, april = (gather(folder)[0] for folder in months)
    found = ranked(april, march, "control_delay")
    assert [of.junction.signal for of in found] == ["J9", "J7", "J6", "J5", "J4", "J2", "J3", "J0", "J1"]
    places = {of.junction.signal: (of.place, of.before_place) for of in found}
    assert places["J9"] == (1, 0)
    assert places["J7"] == (2, 1)
    assert places["J1"] == (9, 7)
    directions = {of.junction.signal: of.changes["control_delay"].direction for of in found if of.before}
    assert directions == {"J0": 0, "J1": -1, "J2": 1, **{f"J{i}": 0 for i in range(3, 8)}}


def test_another_indicator_may_rank_and_those_without_it_come_last(months):
    march, _ = gather(months[0])
    found = ranked(march, [], "bus_control_delay")
    assert {of.place for of in found} == {0}
    assert [of.junction.signal for of in found] == [f"J{i}" for i in range(8)]
    assert all(not of.changes for of in found)


def test_the_command_leaves_page_parquet_and_csv(months, capsys):
    march, april = months
    assert cli.main(["bulletin", str(april), f"since={march}"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert re.search(r"Of 9 junctions J9 of new has the largest average control delay: 90.0 s per vehicle\.", said)
    assert "town-5: 1 of 6 runs ended in gridlock, and their delay is in the means." in said
    assert "it rose for sure at 1 of 8 junctions and fell at 1." in said
    rows = polars.read_parquet(april / "bulletin.parquet")
    assert rows.equals(polars.read_csv(april / "bulletin.csv", schema=rows.schema))
    first = rows.filter(indicator="control_delay").row(0, named=True)
    assert (first["rank"], first["signal"], first["name_zh"], first["unit"]) == (
        1,
        "J9",
        "平均控制延误",
        "s per vehicle",
    )
    assert first["value"] == pytest.approx(90.0)
    assert set(rows["indicator"]) == {of.key for of in INDICATORS} - {"bus_control_delay"}
    page = Page((april / "bulletin.html").read_text(encoding="utf-8"))
    for text in ("since march", "was 1", "new", "average control delay of buses", "红初最大排队比", "GA/T 527.2-2024"):
        assert text in page.text, text


def test_a_chinese_bulletin_is_chinese_throughout(months, tmp_path):
    march, april = months
    assert cli.main(["bulletin", str(april), f"since={march}", "report.language=zh", f"out={tmp_path / 'out'}"]) == 0
    page = Page((tmp_path / "out" / "bulletin.html").read_text(encoding="utf-8"))
    assert page.has("html", lang="zh-Hans")
    assert "9 个路口中，new 的 J9 平均控制延误最大：90.0 秒/辆。" in page.text
    for text in page.texts:
        if not text.startswith(str(tmp_path)):
            assert not re.search(r"\b(the|of|and|plan|mean|per|vehicle|delay)\b", text), text


def test_what_is_not_shown_is_said(tmp_path, capsys):
    write_study(tmp_path / "m" / "a", "town", {"J1": 20.0})
    write_study(tmp_path / "m" / "b", "town", {"J1": 30.0})
    write_study(tmp_path / "m" / "c", "old", {"J2": 30.0}, junctions=False)
    write_study(tmp_path / "m" / "d", "run", {"J3": 30.0}, plan_id="abc")
    assert cli.main(["bulletin", str(tmp_path / "m")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "J1 of " in said
    assert "is in a later study too, which counts" in said
    assert "c was written by an older version without junctions, and is left out" in said
    assert "d is a run of another plan than the one in the net" in said
    (row,) = [
        row for row in rows_of(ranked(gather(tmp_path / "m")[0], [], "control_delay")) if row["indicator"] == "stops"
    ]
    assert row["signal"] == "J1"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "bulletin needs a folder of studies"),
        (["nowhere"], "folder: there is no folder"),
        (["m", "since=nowhere"], "since: there is no folder"),
        (["empty"], "holds no finished study"),
        (["m", "order=control_dely"], "order=control_dely is no indicator. Did you mean 'control_delay'?"),
        (["broken"], "junctions.parquet' cannot be read"),
    ],
)
def test_what_cannot_be_used_is_one_line(tmp_path, monkeypatch, capsys, arguments, says):
    monkeypatch.chdir(tmp_path)
    write_study(tmp_path / "m" / "a", "town", {"J1": 20.0})
    (write_study(tmp_path / "broken" / "a", "town", {"J1": 20.0}) / "junctions.parquet").write_text("nothing")
    (tmp_path / "empty").mkdir()
    assert cli.main(["bulletin", *arguments]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert not list(tmp_path.rglob("bulletin.*"))
