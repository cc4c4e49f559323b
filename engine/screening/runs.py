"""The few SUMO runs of the plan in the net that the screening model learns from."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine.network import Network
from engine.nursery import Nursery, Order
from engine.plan import Plan
from engine.scenario import Scenario
from engine.sumo.traces import Trace, read_trace

__all__ = ["baseline_traces"]


def baseline_traces(scenario: Scenario, network: Network, seeds: Sequence[int], workers: int = 1) -> list[Trace]:
    """Simulate the plan in the net once a seed, `workers` at a time, and return what the vehicles did, by seed.

    Raises:
        InputError: SUMO refuses the scenario.
        engine.nursery.LostError: a simulation's process died.
    """
    n = min(workers, len(seeds))
    # Nurseries end before the threads are waited for: an interruption does not wait for the simulations.
    with (
        tempfile.TemporaryDirectory(prefix="greensplit-") as scratch,
        ThreadPoolExecutor(n) as threads,
        contextlib.ExitStack() as nurseries,
    ):
        idle = [nurseries.enter_context(Nursery(scenario, network)) for _ in range(n)]

        def traced(seed: int) -> Trace:
            nursery = idle.pop()
            folder = Path(scratch) / str(seed)
            nursery.answer(Order(Plan(()), seed, trace=folder))
            idle.append(nursery)
            return read_trace(folder, scenario.end_s)

        return list(threads.map(traced, seeds))
