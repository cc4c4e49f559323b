"""Instructions of runs of a quarter of an hour, start-up taken off: of ours, of SUMO's alone, and of peers."""

from __future__ import annotations

import functools
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from experiments.bench.callgrind import count, environment_of_counts
from experiments.bench.networks import bare_sumo, measured, our_run, peer_loop, scratch

__all__ = ["HOW", "SPANS", "Span", "Spans"]

SECONDS = 900.0
FIRST_STEP = 1.0
HOW = "instructions by callgrind, 900 s less a run that ends after its first step"


@dataclass(frozen=True)
class Span:
    """What a run executed after its first step.

    Attributes:
        instructions: in all.
        own, calls: see `experiments.bench.callgrind.Profile`.
        command: of the whole run.
    """

    instructions: int
    own: dict[str, int]
    calls: dict[str, dict[str, int]]
    command: str


def _tripinfo(name: str, seconds: float) -> list[str]:
    file = str(scratch() / f"{name}-tripinfo.xml")
    return [*bare_sumo(name, seconds), "--tripinfo-output", file, "--tripinfo-output.write-unfinished", "true"]


def _devices(name: str, seconds: float) -> list[str]:
    files = ["--device.ssm.file", str(scratch() / f"{name}-ssm.xml")]
    return [*_tripinfo(name, seconds), "--device.emissions.probability", "1", "--device.ssm.probability", "1", *files]


def _sumo_rl(name: str, seconds: float) -> list[str]:
    scenario, _ = measured(name)
    files = [str(scenario.net), ",".join(map(str, scenario.routes))]
    # It observes each 5 s, so that is its first step.
    window = [f"{scenario.begin_s:.0f}", f"{max(seconds, 5.0):.0f}"]
    return [sys.executable, "-m", "experiments.bench.peers.sumo_rl_loop", *files, *window]


SPANS: dict[str, Callable[[str, float], list[str]]] = {
    "traffic": our_run,
    "all": functools.partial(our_run, measures="all"),
    "bare": bare_sumo,
    "tripinfo": _tripinfo,
    "devices": _devices,
    "lane getters": functools.partial(peer_loop, "lane_getters"),
    "vehicle getters": functools.partial(peer_loop, "vehicle_getters"),
    "sumo-rl": _sumo_rl,
}
"""The command of each kind of run, by scenario and seconds."""


@functools.cache
def span(kind: str, name: str) -> Span:
    """Return the instructions of one kind of run of a scenario.

    Raises:
        RuntimeError: the program does not run here.
    """
    command = SPANS[kind](name, SECONDS)
    short = SPANS[kind](name, FIRST_STEP)
    first = subprocess.run(short, env=environment_of_counts(), capture_output=True, text=True, check=False)
    if first.returncode != 0:
        raise RuntimeError(f"'{kind}' does not run here: {' '.join(first.stderr.split())[-300:]}")
    whole, start = count(command), count(short)
    own = _less(whole.own, start.own)
    calls = {function: _less(of, start.calls.get(function, {})) for function, of in whole.calls.items()}
    return Span(whole.total - start.total, own, calls, shlex.join(command))


def _less(whole: dict[str, int], start: dict[str, int]) -> dict[str, int]:
    left = Counter(whole)
    left.subtract(start)
    return dict(left)


class Spans:
    """Counted runs by (kind, scenario); counts do not depend on what else the machine does, so two are made at a time.

    Args:
        wanted: what to count.
        done: told the share of the whole after each.
    """

    def __init__(self, wanted: Sequence[tuple[str, str]], done: Callable[[float], None]) -> None:
        for kind, name in wanted:
            SPANS[kind](name, SECONDS)  # prepares the network: Hydra composes in one thread only
        with ThreadPoolExecutor(2) as threads:
            self._counts = {what: threads.submit(span, *what) for what in wanted}
            for _ in as_completed(self._counts.values()):
                done(1.0 / len(wanted))

    def get(self, kind: str, name: str) -> Span:
        """Return one of them.

        Raises:
            RuntimeError: the program does not run here.
        """
        return self._counts[kind, name].result()
