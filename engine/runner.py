"""What a worker does: one simulation after the other of one scenario."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.network import Network
from engine.nursery import Nursery, Order
from engine.scenario import Scenario

if TYPE_CHECKING:
    from engine.jobs import Job
    from engine.simulation import Backend

__all__ = ["Runner", "runner_of"]


class Runner:
    """Simulates jobs; its processes live as long as the caller's, or until it is closed."""

    def __init__(self, scenario: Scenario, network: Network, backend: Backend) -> None:
        self._nursery = Nursery(scenario, network, backend)

    def __call__(self, job: Job) -> bytes:
        """Return the result of one simulation; see `engine.nursery.Nursery.answer`."""
        return self._nursery.answer(Order(job.plan, job.seed, limit_s=job.limit_s))

    def close(self) -> None:
        """End the processes; a simulation under way raises `engine.nursery.LostError`."""
        self._nursery.close()


def runner_of(prepared: Sequence[Any]) -> Runner:
    """Return the runner of (scenario, network, backend): a list, so that the caller may fill it in later.

    Workers import the module of the function that makes their runner, so it is this one and not a command's.
    """
    return Runner(*prepared)
