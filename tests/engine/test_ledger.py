"""The ledger: nothing is recorded twice, nothing that is recorded is lost, one writer at a time."""

import sqlite3
import subprocess
import sys
import time

import pytest

from engine.errors import InputError
from engine.jobs import Attempt, Job
from engine.ledger import Ledger, StudyLock
from engine.plan import Phase, Plan, Program
from engine.result import RunResult
from tests.made import approach_results, cycle, group_result


def plan(green):
    return Plan((Program("a", (Phase(green, "G", 0), Phase(3, "y", -1)), 0.0, (5.0,), (60.0,)),), {"x": green / 10})


def result(delay_s=1.5):
    group = group_result("a", "N", "N-left", None, None, vehicles=3)
    cycles = (cycle(0, 1.0, 61.0, 12.5, 3),)
    return RunResult({"delay_s": delay_s, "gridlock": 0}, (group,), cycles, approach_results((group,), cycles))


def attempt(key="k", seed=1, status="done", number=1, **changes):
    done = result().to_bytes() if status == "done" else None
    values = dict(job=Job(key, plan(30), seed, "training"), number=number, status=status, reason="", worker="h:1",
                  started="2030-01-01T00:00:00+00:00", wall_s=2.0, result=done)  # fmt: skip
    return Attempt(**(values | changes))


def test_what_is_recorded_comes_back(tmp_path):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        for green in (30, 20, 30):
            ledger.add_plan(plan(green))
        ledger.record(attempt("lost", status="crashed", reason="killed"))
        ledger.record(attempt("k", number=2))
        assert ledger.finished()["k"].metrics == {"delay_s": 1.5, "gridlock": 0}
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert [p.programs[0].greens_s for p in ledger.plans()] == [(30,), (20,)]
        assert ledger.plans()[0].parameters == {"x": 3.0}
        assert list(ledger.finished()) == ["k"]
        assert ledger.result("k") == result()
        assert ledger.result_of(plan(30).plan_id, 1) == result()
        assert ledger.result_of(plan(30).plan_id, 9) is None
        assert [(row.status, row.reason, row.attempt) for row in ledger.attempts()] == [
            ("crashed", "killed", 1),
            ("done", "", 2),
        ]
        with pytest.raises(KeyError):
            ledger.result("lost")


def test_a_run_that_is_done_is_not_recorded_again(tmp_path):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.record(attempt())
        ledger.record(attempt(result=result(9.0).to_bytes()))
        assert len(list(ledger.attempts())) == 1
        assert ledger.result("k").network["delay_s"] == 1.5


def test_readers_are_let_in_while_it_is_written(tmp_path):
    with Ledger(tmp_path / "ledger.sqlite") as writer:
        writer.record(attempt("a"))
        with Ledger(tmp_path / "ledger.sqlite", read_only=True) as reader:
            writer.record(attempt("b"))
            assert set(reader.finished()) == {"a", "b"}
            with pytest.raises(InputError):
                reader.record(attempt("c"))


def test_ten_thousand_runs_open_fast(tmp_path):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        rows = [(f"k{i}", "p", i, "done", '{"delay_s": 1.0}', result().to_bytes()) for i in range(10_000)]
        ledger._db.executemany(
            "INSERT INTO runs (key, plan_id, seed, status, metrics, result) VALUES (?, ?, ?, ?, ?, ?)", rows
        )
        ledger._db.commit()
    began = time.monotonic()
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert len(ledger.finished()) == 10_000
    assert time.monotonic() - began < 1.0


def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.record(attempt("a"))
        pages = ledger._db.execute("PRAGMA page_count").fetchone()[0]
        ledger._db.execute(f"PRAGMA max_page_count = {pages}")
        big = "".join(f"{i:x}" for i in range(20_000))
        with pytest.raises(InputError, match="the disk is full.*goes on where it stopped"):
            ledger.record(attempt("b", reason=big))
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert list(ledger.finished()) == ["a"]


@pytest.mark.parametrize("content", [b"this is no database, whatever it is called" * 50, b"SQLite format 3\0 cut"])
def test_a_broken_file_is_one_line(content, tmp_path):
    (tmp_path / "ledger.sqlite").write_bytes(content)
    with pytest.raises(InputError, match="no study's ledger"):
        Ledger(tmp_path / "ledger.sqlite")


def test_another_schema_is_refused(tmp_path):
    Ledger(tmp_path / "ledger.sqlite").close()
    with sqlite3.connect(tmp_path / "ledger.sqlite") as database:
        database.execute("UPDATE meta SET value = '99'")
    database.close()
    with pytest.raises(InputError, match="version 99"):
        Ledger(tmp_path / "ledger.sqlite")


def test_a_missing_ledger_is_one_line_for_readers(tmp_path):
    with pytest.raises(InputError, match="there is no ledger"):
        Ledger(tmp_path / "ledger.sqlite", read_only=True)


HOLD = """
import sys, time
from pathlib import Path
from engine.ledger import StudyLock
with StudyLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_writer_is_refused_until_the_first_dies(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(InputError, match=f"in use by process {holder.pid}"), StudyLock(tmp_path):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with StudyLock(tmp_path):
        assert (tmp_path / ".lock").exists()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"), StudyLock(tmp_path / "file" / "study"):
        pass
