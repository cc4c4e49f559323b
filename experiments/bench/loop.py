"""The compiled scoring loop beside the same loop in plain Python, on what one simulation showed them."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.layout import layout
from engine.sumo.backends import start
from engine.sumo.options import simulation_options
from experiments.bench.networks import measured
from experiments.bench.peers.plain_scorer import PlainScorer
from experiments.bench.rows import Row, at_least
from experiments.bench.scored import SEED
from experiments.bench.turns import in_turns
from kernels.scoring import scorer

__all__ = ["rows"]

NETWORK = "ingolstadt7"
SECONDS = 900.0
PAIRS = 15
LIMIT = at_least(20.0)

Call = tuple[str, tuple[Any, ...]]


class _Recorder:
    """A scorer that also remembers what it was told."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.calls: list[Call] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def told(*arguments: Any) -> Any:
            self.calls.append((name, arguments))
            return method(*arguments)

        return told


def rows(done: Callable[[float], None]) -> list[Row]:
    """Return the time that both loops take for the same calls; their sums must be equal."""
    scenario, network = measured(NETWORK, SECONDS)
    arrays = layout(network)
    window = (scenario.step_s, scenario.begin_s + scenario.warmup_s, scenario.end_s)
    recorder: Any = _Recorder(scorer(arrays, *window))
    with tempfile.TemporaryDirectory(prefix="greensplit-bench-") as folder:
        options = simulation_options(scenario, SEED, Path(folder), None)
        signals = [signal.id for signal in network.signals]
        # Only the Python backends tell a scorer call by call what they see.
        drive = start("libsumo", options, recorder, list(arrays.lane_index), signals)
        drive.run_until(scenario.end_s)
        drive.finish()
        drive.close()
    calls: list[Call] = recorder.calls
    ended: list[Any] = []

    def play(make: Callable[..., Any]) -> float:
        played = make(arrays, *window)
        bound = [(getattr(played, name), arguments) for name, arguments in calls]
        # As in timeit: whatever else the process holds would be searched for garbage at the loop's expense.
        gc.disable()
        try:
            began = time.process_time()
            for method, arguments in bound:
                method(*arguments)
            taken_s = time.process_time() - began
        finally:
            gc.enable()
        ended.append(played)
        return taken_s

    turns = in_turns(lambda: play(scorer), lambda: play(PlainScorer), PAIRS, done)
    ours, plain = ended[-2:]
    equal = ours.delay_sum_s == plain.delay_sum_s and ours.cycle_rows() == plain.cycle_rows()
    how = (
        f"{len(calls):,} calls from Python, recorded once and played to both in turns; the peer's time over ours; "
        f"their sums {'are equal' if equal else 'DIFFER'}. The native recorder does without the calls from Python"
    )
    title = f"the stateful scoring loop, {NETWORK}, {SECONDS / 60:.0f} min, against plain Python"
    peer = "experiments/bench/peers/plain_scorer.py"
    return [Row(title, "s", turns.ours_s, turns.peer_s, 1.0 / turns.ratio, LIMIT, peer, how, equal)]
