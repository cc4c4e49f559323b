"""How far a study is: runs that have ended over those that are to come, the time that remains, the best so far."""

from __future__ import annotations

import re
import socket
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.confirm import FIRST_STAGE
from engine.plan import BASELINE
from experiments.serve.files import UnreadableError, is_file, read
from experiments.serve.ledger import Tail
from experiments.serve.records import Config

__all__ = ["Progress", "locks", "progress", "runs"]

WINDOW = 24
"""Runs whose pace says how long the rest takes."""
QUIET_S = 600.0
"""A study on another machine runs as long as its ledger is not left alone for this long."""
OWNER = re.compile(r"process (\d+) on (.+)")
"""What `engine.ledger.StudyLock` writes."""


@dataclass(frozen=True)
class Progress:
    """A study that has not ended.

    Attributes:
        done: runs that ended with a result or were stopped early.
        expected: about how many there will be; 0 where the configuration does not say.
        training, budget: those among them that choose the winner, and how many may.
        lost: attempts that ended without a result.
        remaining_s: seconds until the end at the present pace; `None` where too few runs say.
        plan_id, delay_s, today_s: plan with the least mean delay of those run on every training seed, that delay, and
            that of the plan in the net, seconds per vehicle; `None` where none was.
    """

    done: int
    expected: int
    training: int
    budget: int
    lost: int
    remaining_s: float | None
    plan_id: str | None
    delay_s: float | None
    today_s: float | None


def progress(tail: Tail, config: Config, began_s: float, now_s: float) -> Progress:
    """Return the progress of a study.

    Args:
        tail: its ledger, up to date.
        config: its configuration.
        began_s, now_s: when it was last started, and now, seconds since 1970.
    """
    search = config.search
    budget = search.budget if search else 0
    training, done = tail.ended.get("training", 0), sum(tail.ended.values())
    expected = max(_expected(config), done)
    means = {
        plan_id: statistics.fmean(of.values())
        for plan_id, of in tail.delays_s.items()
        if set(config.seeds) <= of.keys() and of
    }
    best = min(means, key=means.__getitem__, default=None)
    left = expected - done
    pace_s = _pace_s([end for end in tail.ends[-WINDOW:] if end >= began_s])
    remaining_s = None
    if pace_s is not None:
        # The run that is under way has taken some of its time already.
        remaining_s = max(0.0, left * pace_s - max(0.0, min(pace_s, now_s - max(tail.ends))))
    return Progress(
        done, expected, training, budget, tail.lost, remaining_s, best, means.get(best or ""), means.get(BASELINE)
    )


def _expected(config: Config) -> int:
    """Return about how many runs there will be: training, then the finalists' and the held-out seeds'."""
    search = config.search
    if search is None:
        return 0
    if config.plans is not None and not any(msgspec.structs.astuple(config.plans)):
        return len(config.seeds) + len(search.holdout_seeds)  # nothing varies: the plan in the net runs alone
    confirmed = search.finalists > 1 and search.confirm_seeds
    return search.budget + ((search.finalists + 1) * FIRST_STAGE if confirmed else 0) + 2 * len(search.holdout_seeds)


def _pace_s(ends: list[float]) -> float | None:
    """Return the seconds from one run's end to the next one's."""
    return (max(ends) - min(ends)) / (len(ends) - 1) if len(ends) > 1 else None


def locks() -> frozenset[tuple[str, int]] | None:
    """Return (process, inode) of the files that this machine's processes hold locked; `None` where none can be told.

    To try a lock would hold it for a moment, in which a study that starts would be refused.
    """
    try:
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeError):
        return None
    fields = (line.split() for line in lines)
    return frozenset((of[4], int(of[5].rpartition(":")[2])) for of in fields if of[1] == "FLOCK")


def runs(folder: Path, held: frozenset[tuple[str, int]] | None) -> bool:
    """Return whether a study is being written: its lock is held here, or its ledger grows from elsewhere."""
    lock = folder / ".lock"
    try:
        inode = lock.lstat().st_ino
        owner = OWNER.fullmatch(read(lock, 1000).decode("utf-8", "replace"))
    except (OSError, UnreadableError):
        return False
    if owner is None:
        return False
    if held is not None and owner[2] == socket.gethostname():
        return (owner[1], inode) in held
    ledger = [folder / f"ledger.sqlite{more}" for more in ("", "-wal")]
    changed = max((file.lstat().st_mtime for file in ledger if is_file(file)), default=0.0)
    summary = folder / "summary.json"
    ended = summary.lstat().st_mtime if is_file(summary) else 0.0
    return changed > ended and time.time() - changed < QUIET_S
