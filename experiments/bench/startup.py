"""How soon small commands answer, and what a simulation prints before it starts: nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from engine.sumo.installation import environment
from experiments.bench.networks import measured, our_run
from experiments.bench.rows import Row, at_most

__all__ = ["rows"]

COMMANDS = (("--help",), ("scenarios",))
BACKENDS = ("native", "libsumo", "traci")
TRIES = 7
ANSWER = at_most(0.5)
SILENCE = at_most(0)
NOTHING = [sys.executable, "-c", "pass"]


def rows(done: Callable[[float], None]) -> list[Row]:
    """Return the time of each small command, and the lines that each backend prints to stderr."""
    share = 1.0 / (len(COMMANDS) + len(BACKENDS))
    made = []
    python_s = _least_s(NOTHING)
    how = f"least of {TRIES} tries: other work on the machine only adds; Python alone takes {python_s:.3f} s of it"
    for arguments in COMMANDS:
        least_s = _least_s([sys.executable, "-m", "experiments.cli", *arguments])
        made.append(Row(f"greensplit {' '.join(arguments)}", "s", least_s, target=ANSWER, how=how))
        done(share)
    seconds = measured("junction")[0].warmup_s + 10.0
    for backend in BACKENDS:
        command = our_run("junction", seconds, backend)
        said = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True).stderr
        how = f"printed to stderr by a run in one process{': ' + said.splitlines()[0] if said else ''}"
        made.append(
            Row(f"warnings, backend {backend}", "lines", float(len(said.splitlines())), target=SILENCE, how=how)
        )
        done(share)
    return made


def _least_s(command: Sequence[str]) -> float:
    seconds = []
    for _ in range(TRIES):
        began = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        seconds.append(time.perf_counter() - began)
    return min(seconds)
