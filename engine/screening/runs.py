"""The few SUMO runs of the plan in the net that the screening model learns from."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from engine.network import Network
from engine.nursery import Nursery
from engine.plan import Plan
from engine.scenario import Scenario
from engine.sumo.traces import Trace, read_trace

__all__ = ["baseline_traces"]


def baseline_traces(scenario: Scenario, network: Network, seeds: Sequence[int]) -> list[Trace]:
    """Simulate the plan in the net once a seed, one after the other, and return what the vehicles did.

    Raises:
        InputError: SUMO refuses the scenario.
        engine.nursery.LostError: a simulation's process died.
    """
    traces = []
    with Nursery(scenario, network) as nursery, tempfile.TemporaryDirectory(prefix="greensplit-") as folder:
        for seed in seeds:
            nursery.run(Plan(()), seed, trace=Path(folder) / str(seed))
            traces.append(read_trace(Path(folder) / str(seed), scenario.end_s))
    return traces
