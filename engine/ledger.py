"""The books of a study in SQLite: every attempt at every run, safe against a kill at any moment."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from engine.errors import InputError
from engine.jobs import Attempt
from engine.plan import Plan
from engine.result import RunResult, network_measures
from engine.stopping import Stop

__all__ = ["Finished", "Ledger", "LoggedAttempt", "StudyLock"]

SCHEMA = "1"
TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS plans (plan_id TEXT PRIMARY KEY, position INTEGER, plan TEXT);
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, key TEXT, plan_id TEXT, seed INTEGER, role TEXT, attempt INTEGER, status TEXT,
    reason TEXT, worker TEXT, started TEXT, wall_s REAL, metrics TEXT, result BLOB
);
CREATE UNIQUE INDEX IF NOT EXISTS done_once ON runs (key) WHERE status = 'done';
"""
ATTEMPT_COLUMNS = "plan_id, seed, role, attempt, status, reason, worker, started, wall_s"


@dataclass(frozen=True)
class Finished:
    """A run that is done: its network measures by name, and the seconds that it took."""

    metrics: dict[str, float]
    wall_s: float


@dataclass(frozen=True)
class LoggedAttempt:
    """One row of the runs table, without its measures."""

    plan_id: str
    seed: int
    role: str
    attempt: int
    status: str
    reason: str
    worker: str
    started: str
    wall_s: float


class Ledger:
    """A study's books; a context manager. One writer (see `StudyLock`), any number of readers meanwhile.

    Every attempt is committed with ``synchronous=FULL`` before anything else happens: a kill or a power cut loses at
    most the runs in flight. Write-ahead logging lets readers in while a study runs; a file system that cannot do it
    falls back to SQLite's rollback journal by itself, which is as safe.

    Args:
        path: the database; made where it is missing.
        read_only: open for a report, also while a writer is active.

    Raises:
        InputError: the file is missing (read-only), is no ledger, or is of another version.
    """

    def __init__(self, path: Path, read_only: bool = False) -> None:
        self._path = path
        if read_only and not path.is_file():
            raise InputError(f"there is no ledger '{path}'. Name a study's folder.")
        try:
            mode = "ro" if read_only else "rwc"
            self._db = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=30.0)
            if not read_only:
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=FULL")
                self._db.executescript(TABLES)
                self._db.execute("INSERT OR IGNORE INTO meta VALUES ('schema', ?)", (SCHEMA,))
                self._db.commit()
            version = self._db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
        except sqlite3.DatabaseError as error:
            raise self._trouble(error) from error
        if version is None or version[0] != SCHEMA:
            raise InputError(
                f"'{path}' is a ledger of version {version and version[0]}, this program writes {SCHEMA}. "
                "Start the study anew with another out=DIR."
            )
        self._finished: dict[str, Finished] | None = None

    def _trouble(self, error: sqlite3.DatabaseError) -> InputError:
        if "full" in str(error):
            return InputError(
                f"the disk is full: '{self._path}' cannot grow. Free some space; the same command goes on where it stopped."
            )
        if "locked" in str(error):
            return InputError(f"'{self._path}' is locked by another program. Wait for it, or choose another out=DIR.")
        return InputError(f"'{self._path}' is no study's ledger, or is damaged: {error}. Choose another out=DIR.")

    def add_plan(self, plan: Plan) -> None:
        """Note a plan under its id, in the order of first proposal; a known one stays as it is."""
        try:
            with self._db:
                self._db.execute(
                    "INSERT OR IGNORE INTO plans SELECT ?, COUNT(*), ? FROM plans",
                    (plan.plan_id, json.dumps(plan.to_json())),
                )
        except sqlite3.DatabaseError as error:
            raise self._trouble(error) from error

    def plans(self) -> list[Plan]:
        """Return every plan, in the order of first proposal."""
        rows = self._db.execute("SELECT plan FROM plans ORDER BY position")
        return [Plan.from_json(json.loads(plan)) for (plan,) in rows]

    def record(self, attempt: Attempt) -> None:
        """Commit one attempt. A run that is done already is not recorded again.

        Raises:
            InputError: the disk is full; nothing that was recorded before is lost.
        """
        job, result = attempt.job, attempt.result
        network = None if result is None else network_measures(result)
        metrics = None if network is None else json.dumps(network)
        if attempt.stop is not None:
            metrics = attempt.stop.to_bytes().decode()
        row = (
            *(job.key, job.plan.plan_id, job.seed, job.role, attempt.number, attempt.status, attempt.reason),
            *(attempt.worker, attempt.started, attempt.wall_s, metrics, result),
        )
        try:
            with self._db:
                self._db.execute(
                    "INSERT OR IGNORE INTO runs (key, plan_id, seed, role, attempt, status, reason, worker, started, "
                    "wall_s, metrics, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
        except sqlite3.DatabaseError as error:
            raise self._trouble(error) from error
        if network is not None and self._finished is not None:
            self._finished.setdefault(job.key, Finished(network, attempt.wall_s))

    def finished(self) -> dict[str, Finished]:
        """Return every run that is done, by key."""
        if self._finished is None:
            rows = self._db.execute("SELECT key, metrics, wall_s FROM runs WHERE status = 'done'")
            self._finished = {key: Finished(json.loads(metrics), wall_s) for key, metrics, wall_s in rows}
        return self._finished

    def stop(self, key: str, limit_s: float) -> Stop | None:
        """Return where a run was stopped under just this limit: another limit would have ended it elsewhere, or not."""
        rows = self._db.execute("SELECT metrics FROM runs WHERE key = ? AND status = 'stopped' ORDER BY id", (key,))
        stops = (Stop.from_bytes(metrics) for (metrics,) in rows)
        return next((stop for stop in stops if stop.limit_s == limit_s), None)

    def result(self, key: str) -> RunResult:
        """Return the whole result of a run that is done.

        Raises:
            KeyError: it is not done.
            InputError: another version of the program wrote it.
        """
        row = self._db.execute("SELECT result FROM runs WHERE key = ? AND status = 'done'", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        return self._read(row[0])

    def result_of(self, plan_id: str, seed: int) -> RunResult | None:
        """Return the whole result of a plan's run with a seed, or `None` where it has none.

        Raises:
            InputError: another version of the program wrote it.
        """
        row = self._db.execute(
            "SELECT result FROM runs WHERE plan_id = ? AND seed = ? AND status = 'done'", (plan_id, seed)
        ).fetchone()
        return None if row is None else self._read(row[0])

    def _read(self, data: bytes) -> RunResult:
        trouble = ""
        try:
            result = RunResult.from_bytes(data)
            if result.groups and not result.approaches:
                trouble = "they have no approaches"
        except ValueError as error:
            trouble = " ".join(str(error).split())
        if trouble:
            raise InputError(
                f"the results in '{self._path}' are of another version of Greensplit: {trouble}. "
                "Run the study anew with another out=DIR."
            )
        return result

    def attempts(self) -> Iterator[LoggedAttempt]:
        """Yield every attempt, oldest first."""
        for row in self._db.execute(f"SELECT {ATTEMPT_COLUMNS} FROM runs ORDER BY id"):
            yield LoggedAttempt(*row)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def StudyLock(folder: Path) -> Iterator[None]:  # noqa: N802  reads as the thing that it is: with StudyLock(folder)
    """Hold a study's folder for one writer; the operating system frees it when the process dies, however it dies.

    Raises:
        InputError: another process writes the study, or the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream: IO[str] = (folder / ".lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"out='{folder}' cannot be written: {error.strerror}. Choose another folder with out=DIR."
        ) from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            stream.seek(0)
            owner = stream.read().strip() or "another process"
            raise InputError(
                f"out='{folder}' is in use by {owner}. Wait until it ends, or choose another folder with out=DIR."
            ) from error
        stream.truncate(0)
        stream.write(f"process {os.getpid()} on {socket.gethostname()}")
        stream.flush()
        yield
