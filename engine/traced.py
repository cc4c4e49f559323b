"""Runs of a scenario with all that its vehicles did, several at a time."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from engine.network import Network
from engine.nursery import Nursery, Order
from engine.plan import Plan
from engine.result import RunResult
from engine.scenario import Scenario
from engine.sumo.traces import Trace, read_trace

__all__ = ["traced_runs"]

T = TypeVar("T")


def traced_runs(
    scenario: Scenario,
    network: Network,
    seeds: Sequence[int],
    workers: int,
    take: Callable[[int, Trace, RunResult], T],
) -> list[T]:
    """Simulate the plan in the net once a seed, and return what is taken of each run, in the order of the seeds.

    Args:
        scenario, network: what is simulated.
        seeds: SUMO's.
        workers: simulations at a time.
        take: called with seed, trace and result of each run, in a thread of its own.

    Raises:
        InputError: SUMO refuses the scenario.
        engine.nursery.LostError: a simulation's process died.
    """
    n = min(workers, len(seeds))
    # Nurseries end before the threads are waited for: an interruption does not wait for the simulations.
    with (
        tempfile.TemporaryDirectory(prefix="greensplit-") as scratch,
        ThreadPoolExecutor(max(n, 1)) as threads,
        contextlib.ExitStack() as nurseries,
    ):
        idle = [nurseries.enter_context(Nursery(scenario, network)) for _ in range(n)]

        def traced(seed: int) -> T:
            nursery = idle.pop()
            outputs = Path(scratch) / str(seed)
            result = RunResult.from_bytes(nursery.answer(Order(Plan(()), seed, trace=outputs)))
            idle.append(nursery)
            return take(seed, read_trace(outputs, scenario.end_s), result)

        return list(threads.map(traced, seeds))
