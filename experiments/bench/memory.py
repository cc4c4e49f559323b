"""Memory of one worker over a thousand runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from engine.nursery import Nursery
from engine.plan import Plan
from experiments.bench.networks import measured
from experiments.bench.rows import Row, at_most

__all__ = ["rows"]

NETWORK = "cologne1"
SECONDS = 900.0
RUNS = 1000
SEEDS = 10
EARLY = 10
"""By then everything that is loaded once has been loaded."""
LIMIT = at_most(1.02)


def rows(done: Callable[[float], None]) -> list[Row]:
    """Return the memory of the worker and of its caller after the last run over that after the first ones.

    Repeated seeds must give equal results.
    """
    scenario, network = measured(NETWORK, SECONDS)
    first: dict[int, bytes] = {}
    others = 0
    with Nursery(scenario, network) as nursery:
        processes = {"one worker": nursery.pid, "its caller": os.getpid()}
        early_mb = now_mb = dict.fromkeys(processes, 0.0)
        for run in range(RUNS):
            result = nursery.run(Plan(()), run % SEEDS).to_bytes()
            others += first.setdefault(run % SEEDS, result) != result
            if run + 1 in (EARLY, RUNS):
                early_mb, now_mb = now_mb, {who: _resident_mb(pid) for who, pid in processes.items()}
            done(1.0 / RUNS)
    said = f"{others} REPETITIONS OF A SEED DIFFERED" if others else "every repetition of a seed gave the same bytes"
    how = f"resident memory after run {RUNS} over that after run {EARLY}; each run is a process of its own; {said}"
    title = f"over {RUNS:,} runs, {NETWORK}, {SECONDS / 60:.0f} min"
    return [
        Row(f"memory of {who} {title}", "MB", now, early_mb[who], now / early_mb[who], LIMIT, "", how, not others)
        for who, now in now_mb.items()
    ]


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024.0
