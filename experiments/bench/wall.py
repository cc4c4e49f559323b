"""Wall time of a scored run of one hour over SUMO's program alone."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial

from engine.nursery import Nursery
from engine.plan import Plan
from engine.sumo.installation import environment
from experiments.bench.networks import bare_sumo, measured
from experiments.bench.rows import Row, at_most
from experiments.bench.scored import SEED
from experiments.bench.turns import in_turns, seconds_of

__all__ = ["rows", "silently"]

PAIRS = {"ingolstadt7": 11, "cologne8": 25}
"""Turns on each network: the shorter a run, the more it takes to tell a hundredth."""
RUN_LIMIT = at_most(1.12)


def silently(command: Sequence[str]) -> None:
    """Run a command; it must succeed.

    Raises:
        RuntimeError: it failed; the message ends with what it said.
    """
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)[:300]} failed: {' '.join(done.stderr.split())[-300:]}")


def rows(done: Callable[[float], None]) -> list[Row]:
    """Return, for each network, a worker's run and the whole command over bare SUMO."""
    made = []
    share = 1.0 / (2 * len(PAIRS))

    def advance(part: float) -> None:
        done(part * share)

    for name, pairs in PAIRS.items():
        scenario, network = measured(name)
        bare = bare_sumo(name)
        bare_s = partial(seconds_of, silently, bare)
        with Nursery(scenario, network) as nursery:
            nursery.run(Plan(()), SEED)  # its process starts once, for all runs that follow
            turns = in_turns(partial(seconds_of, nursery.run, Plan(()), SEED), bare_s, pairs, advance)
        title = f"a run of one hour in a worker, {name}"
        how = f"{turns.how}; SUMO's own loading included on both sides"
        made.append(Row(title, "s", turns.ours_s, turns.peer_s, turns.ratio, RUN_LIMIT, shlex.join(bare), how))
        command = [sys.executable, "-m", "experiments.cli", "run", f"scenario={name}"]
        turns = in_turns(partial(seconds_of, silently, command), bare_s, pairs, advance)
        how = f"{turns.how}; Python's start, reading the network and printing included"
        title = f"greensplit run scenario={name}, one hour"
        made.append(Row(title, "s", turns.ours_s, turns.peer_s, turns.ratio, None, shlex.join(bare), how))
    return made
