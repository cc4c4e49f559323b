"""Follows a study's ledger while another process writes it, without a write of our own."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from experiments.serve.files import UnreadableError, is_file

__all__ = ["Tail"]

MOST_S = 2.0
"""A query that takes longer is given up: a hostile file can make one endless."""
MOST_ROWS = 100_000
"""So many rows are read at a time; the next look goes on behind them."""
MOST_VALUE_BYTES = 1 << 20
COLUMNS = "id, plan_id, seed, role, status, started, wall_s, metrics"


class Metrics(msgspec.Struct, frozen=True):
    """What of a run's measures is followed."""

    delay_s: float


@dataclass
class Tail:
    """What a ledger says, kept up to date by reading what was added; not for several threads at a time.

    Attributes:
        ended: runs that ended with a result or were stopped early, by role.
        lost: attempts that ended without a result.
        delays_s: delay of the training runs by plan and seed, seconds per vehicle.
        ends: when each run ended, seconds since 1970, in the order of recording.
    """

    path: Path
    ended: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    delays_s: dict[str, dict[int, float]] = field(default_factory=dict)
    ends: list[float] = field(default_factory=list)
    _last_id: int = 0
    _inode: int = 0

    def update(self) -> None:
        """Read on.

        Raises:
            UnreadableError: the file is no ledger, is damaged, or is locked.
        """
        if not is_file(self.path):
            raise UnreadableError(f"{self.path.name} cannot be read: it is no file")
        inode = self.path.stat().st_ino
        if inode != self._inode:
            self.ended, self.lost, self.delays_s, self.ends, self._last_id = {}, 0, {}, [], 0
            self._inode = inode
        try:
            for row in self._rows():
                self._add(*row)
        except (sqlite3.Error, ValueError, OverflowError) as error:
            why = "it takes too long" if "interrupted" in str(error) else error
            raise UnreadableError(f"{self.path.name} cannot be read: {why}") from error

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        # Without these files nobody writes, and SQLite would make them; as it is told that nothing changes, it does not.
        beside = [self.path.with_name(f"{self.path.name}-{name}") for name in ("wal", "shm")]
        how = "mode=ro&readonly_shm=1" if all(map(is_file, beside)) else "immutable=1"
        until = time.monotonic() + MOST_S
        with closing(sqlite3.connect(f"{self.path.absolute().as_uri()}?{how}", uri=True, timeout=0.5)) as db:
            db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_VALUE_BYTES)
            db.set_progress_handler(lambda: time.monotonic() > until, 10_000)
            db.execute("PRAGMA trusted_schema=OFF")
            db.text_factory = lambda data: data.decode("utf-8", "replace")
            if db.execute("SELECT type FROM sqlite_master WHERE name = 'runs'").fetchone() != ("table",):
                raise sqlite3.DatabaseError("it has no table of runs")
            yield from db.execute(
                f"SELECT {COLUMNS} FROM runs WHERE id > ? ORDER BY id LIMIT {MOST_ROWS}", (self._last_id,)
            )

    def _add(self, number: Any, plan_id: Any, seed: Any, role: Any, status: Any, started: Any, *rest: Any) -> None:
        """Count one row; SQLite holds values of any type in any column."""
        wall_s, metrics = rest
        self._last_id = int(number)
        if status not in ("done", "stopped"):
            self.lost += 1
            return
        role = str(role)
        self.ended[role] = self.ended.get(role, 0) + 1
        begin = _seconds(started)
        if begin is not None and isinstance(wall_s, int | float) and math.isfinite(wall_s):
            self.ends.append(begin + wall_s)
        if status == "done" and role == "training" and isinstance(seed, int) and isinstance(metrics, str):
            try:
                delay_s = msgspec.json.decode(metrics, type=Metrics).delay_s
            except (msgspec.MsgspecError, UnicodeError, RecursionError):
                return
            self.delays_s.setdefault(str(plan_id), {})[seed] = delay_s


def _seconds(moment: Any) -> float | None:
    try:
        return datetime.fromisoformat(moment).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
