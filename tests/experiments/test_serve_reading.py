"""What `greensplit serve` reads: ledgers of studies that run, and broken, hostile, large and many files."""

import json
import os
import re
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from engine.ledger import StudyLock
from experiments.serve.ledger import Tail
from experiments.serve.records import read_summary
from tests.experiments.served import HTML, Running, client, finished, hostile, ids, names, page
from tests.experiments.test_report_page import Page


def test_follows_a_study_that_runs(tmp_path):
    running = Running(tmp_path / "live", budget=8)
    now = time.time()
    with StudyLock(tmp_path / "live"):
        os.utime(tmp_path / "live" / ".lock", (now - 100, now - 100))
        visitor = client(tmp_path)
        (name,) = ids(page(visitor.get("/"))).values()
        for i in range(4):
            running.record(i // 2, 1 + i % 2, factor=1.0 - 0.2 * (i // 2), ended_s=now - 40 + 10 * i)
        running.record(1, 3, status="crashed")
        said = visitor.get(f"/live.json?study={name}&study=nobody").json()["studies"]
        assert list(said) == [name]
        assert (said[name]["state"], said[name]["done"], said[name]["expected"]) == ("runs", 4, 8)
        assert said[name]["count_text"] == "4 of 8 runs (50 %)"
        assert said[name]["remaining_text"] in ("about 30 s remain", "about 29 s remain")  # 4 runs, one each 10 s
        assert re.fullmatch(
            r"best so far \d+\.\d s per vehicle, plan \w{12}; plan in the net \d+\.\d s", said[name]["best_text"]
        )
        assert said[name]["lost_text"] == "1 attempt lost"
        running.record(1, 4)
        # Extended: the summary of the smaller budget is there already.
        (tmp_path / "live" / "summary.json").write_text('{"scenario": "crossroads"}')
        time.sleep(1.1)
        assert visitor.get(f"/live.json?study={name}").json()["studies"][name]["done"] == 5
    (tmp_path / "live" / "summary.json").unlink()
    time.sleep(1.1)  # the folder is looked through once a second
    assert visitor.get(f"/live.json?study={name}").json()["studies"][name]["state"] == "stopped"
    running.close()


def test_a_study_on_another_machine_runs_while_its_ledger_grows(tmp_path):
    running = Running(tmp_path / "far")
    running.record(0, 1)
    (tmp_path / "far" / ".lock").write_text("process 7 on another-machine")
    (name,) = ids(page(client(tmp_path).get("/"))).values()
    assert client(tmp_path).get(f"/live.json?study={name}").json()["studies"][name]["state"] == "runs"
    running.close()
    for file in (tmp_path / "far").glob("ledger.sqlite*"):
        os.utime(file, (0, 0))
    assert client(tmp_path).get(f"/live.json?study={name}").json()["studies"][name]["state"] == "stopped"


@pytest.mark.parametrize("open_", [True, False])
def test_reading_a_ledger_leaves_no_trace(tmp_path, open_):
    running = Running(tmp_path / "s")
    running.record(0, 1)
    if not open_:
        running.close()
    before = {file.name: (file.stat().st_mtime_ns, file.stat().st_size) for file in running.folder.iterdir()}
    tail = Tail(running.folder / "ledger.sqlite")
    tail.update()
    assert tail.ended == {"training": 1}
    after = {file.name: (file.stat().st_mtime_ns, file.stat().st_size) for file in running.folder.iterdir()}
    assert after == before
    running.ledger.close()


def test_reads_the_ledger_of_a_killed_study(tmp_path):
    """A kill leaves the log beside the ledger, with the last runs in it alone."""
    running = Running(tmp_path / "s")
    running.record(0, 1)
    copy = shutil.copytree(running.folder, tmp_path / "killed")
    running.close()
    assert (copy / "ledger.sqlite-wal").stat().st_size > 0
    tail = Tail(copy / "ledger.sqlite")
    tail.update()
    assert tail.ended == {"training": 1}


def test_an_endless_ledger_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.serve.ledger.MOST_S", 0.2)
    folder = tmp_path / "s"
    Running(folder).close()
    with sqlite3.connect(folder / "ledger.sqlite") as db:
        db.execute("DROP TABLE runs")
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id FROM n"
        db.execute(f"CREATE VIEW runs AS {endless}")
    db.close()
    found = page(client(tmp_path).get("/"))
    assert "ledger.sqlite cannot be read: it has no table of runs" in found.text
    with sqlite3.connect(folder / "ledger.sqlite") as db:
        db.execute("DROP VIEW runs")
        db.execute("CREATE TABLE runs (id, plan_id, seed, role, status, started, wall_s, metrics)")
        db.executemany(
            "INSERT INTO runs VALUES (?, x'00ff', 'a', 7, 'done', 3, 'b', 'c')", [(f"{i}",) for i in range(9)]
        )
    db.close()
    assert "9 of 20 runs" in page(client(tmp_path).get("/")).text


def test_hostile_and_broken_studies_are_rows_of_text(tmp_path):
    root = tmp_path / "studies"
    root.mkdir()
    strange = hostile(root)
    calm = Page(client(finished(tmp_path / "one").parent).get("/").text)
    visitor = client(root)
    found = page(visitor.get("/?sort=name&order=up"))
    listed = ids(found)
    assert strange["html"] in listed
    assert {r"bad-\udcff\udcfe-bytes", r"abc\u202egpj.exe", r"two\nlines", strange["quote"]} <= set(listed)
    assert HTML in found.text
    assert not found.scripts[2:]
    assert found.shape <= calm.shape | {("small", frozenset({"class"})), ("span", frozenset({"class", "data-text"}))} | {
        ("a", frozenset({"href"})), ("input", frozenset({"type", "name", "value", "aria-label"})),
    }  # fmt: skip
    text = found.text
    for trouble in (
        "summary.json cannot be read: JSON is malformed",
        "summary.json cannot be read: Expected `object`, got `array`",
        "summary.json cannot be read: Input data was truncated",
        "summary.json cannot be read: it is no file",
        "junctions.parquet cannot be read",
        "config.yaml cannot be read",
        "config.yaml is not read: it has aliases, or more than 20 levels",
        "ledger.sqlite cannot be read",
    ):
        assert trouble in text
    assert text.count("damaged") >= 10
    for name in listed.values():
        assert page(visitor.get(f"/studies/{name}")).scripts == found.scripts
    everyone = "&".join(f"study={name}" for name in listed.values())
    compared = page(visitor.get(f"/compare?{everyone}"))
    assert "results.parquet cannot be read" in compared.text
    assert visitor.get(f"/live.json?{everyone}").status_code == 200
    assert not Path("owned").exists()


def test_links_are_not_followed(tmp_path):
    outside = finished(tmp_path / "outside")
    (outside / "report.html").write_text("secret")
    root = tmp_path / "studies"
    (root / "own").mkdir(parents=True)
    (root / "link").symlink_to(outside)
    (root / "own" / "summary.json").symlink_to(outside / "summary.json")
    (root / "own" / "report.html").symlink_to(outside / "report.html")
    (root / "own" / "ledger.sqlite").symlink_to(outside / "ledger.sqlite")
    (root / "own" / "config.yaml").write_text("command: sweep\nseeds: [1]\n")
    visitor = client(root)
    found = page(visitor.get("/"))
    assert list(ids(found)) == ["own"]
    assert "summary.json cannot be read: it is a link, and links are not followed" in found.text
    (name,) = ids(found).values()
    answer = visitor.get(f"/studies/{name}/report")
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_thousands_of_studies_are_listed_quickly_and_read_once(tmp_path, monkeypatch):
    text = (finished(tmp_path / "one" / "s") / "summary.json").read_text()
    for i in range(2000):
        folder = tmp_path / "many" / f"study-{i:04d}"
        folder.mkdir(parents=True)
        (folder / "summary.json").write_text(text)
        (folder / "config.yaml").write_text("a: [not read")
    n_read = []
    monkeypatch.setattr("experiments.serve.catalogue.SHARE", 0)
    monkeypatch.setattr("experiments.serve.catalogue.read_summary", lambda *of: n_read.append(1) or read_summary(*of))
    visitor = client(tmp_path / "many")
    began = time.process_time()  # other work on the machine does not count
    assert "2000 studies" in page(visitor.get("/?sort=name")).text
    assert time.process_time() - began < 4.0
    (tmp_path / "many" / "study-0001" / "summary.json").write_text("{}")
    time.sleep(1.1)
    assert len(names(visitor.get("/?q=study-09&sort=name&order=up"))) == 50
    assert len(n_read) == 2001


def test_a_large_summary_is_not_read(tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "summary.json").write_text(" " * 1_500_000 + "{}")
    assert (
        "summary.json is not read: 1.5 MB are more than most_mb=1" in page(client(tmp_path, "most_mb=1").get("/")).text
    )


def test_sees_what_changes(tmp_path):
    root = tmp_path / "studies"
    root.mkdir()
    visitor = client(root)
    assert "There is no study in this folder yet." in page(visitor.get("/")).text
    study = finished(root / "s")
    time.sleep(1.1)
    assert "1 study" in page(visitor.get("/")).text
    (study / "summary.json").write_text(json.dumps({"scenario": "elsewhere"}))
    time.sleep(1.1)
    assert "elsewhere" in page(visitor.get("/")).text
    shutil.rmtree(study)
    time.sleep(1.1)
    assert visitor.get("/live.json").json()["n_studies"] == 0
