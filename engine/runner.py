"""What a worker does: one simulation after the other of one scenario."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.network import Network
from engine.nursery import Nursery
from engine.result import RunResult
from engine.scenario import Scenario

if TYPE_CHECKING:
    from engine.jobs import Job
    from engine.simulation import Backend

__all__ = ["make_runner"]


def make_runner(scenario: Scenario, network: Network, backend: Backend) -> Callable[[Job], RunResult]:
    """Return a function that simulates one job; its processes live as long as the caller's."""
    nursery = Nursery(scenario, network, backend)

    def run(job: Job) -> RunResult:
        return nursery.run(job.plan, job.seed)

    return run
