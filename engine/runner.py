"""What a worker does: one simulation after the other of one scenario, in one process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.layout import layout
from engine.network import Network
from engine.result import RunResult
from engine.scenario import Scenario

if TYPE_CHECKING:
    from engine.jobs import Job
    from engine.simulation import Backend

__all__ = ["make_runner"]


def make_runner(scenario: Scenario, network: Network, backend: Backend) -> Callable[[Job], RunResult]:
    """Return a function that simulates one job; the network's arrays are built once and kept."""
    from engine.simulation import Simulation  # noqa: PLC0415  the driver of a study does not load SUMO

    arrays = layout(network)

    def run(job: Job) -> RunResult:
        with Simulation(scenario, network, job.plan, job.seed, backend, arrays) as simulation:
            return simulation.run()

    return run
