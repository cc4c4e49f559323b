"""Wall time of a whole sweep over as many bare runs by xargs, start-up included."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Callable
from functools import partial

from engine.sumo.installation import binary
from experiments.bench.networks import bare_options
from experiments.bench.rows import Row, at_most
from experiments.bench.turns import in_turns, seconds_of
from experiments.bench.wall import silently

__all__ = ["rows"]

NETWORK = "cologne8"
SEEDS = 64
PROCESSES = 2
PAIRS = 5
LIMIT = at_most(1.25)


def rows(done: Callable[[float], None]) -> list[Row]:
    """Return the sweep's time over that of bare SUMO."""
    options = bare_options(NETWORK)
    place = options.index("--seed") + 1
    options[place] = "@"
    sumo = shlex.join([str(binary("sumo")), *options])
    bare = f"seq 1 {SEEDS} | xargs -P{PROCESSES} -I@ {sumo}"

    def sweep() -> None:
        with tempfile.TemporaryDirectory(prefix="greensplit-bench-") as folder:
            seeds = ",".join(str(seed) for seed in range(1, SEEDS + 1))
            keys = [f"scenario={NETWORK}", "plans=baseline", f"seeds=[{seeds}]", f"search.budget={SEEDS}"]
            keys += ["search.holdout_seeds=[]", f"workers={PROCESSES}", f"out={folder}/study"]
            silently([sys.executable, "-m", "experiments.cli", "sweep", *keys])

    turns = in_turns(partial(seconds_of, sweep), partial(seconds_of, silently, ["bash", "-c", bare]), PAIRS, done)
    title = f"a sweep of {SEEDS} seeds, {NETWORK}, {PROCESSES} workers, start-up and report included"
    return [Row(title, "s", turns.ours_s, turns.peer_s, turns.ratio, LIMIT, bare, turns.how)]
