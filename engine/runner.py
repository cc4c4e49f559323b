"""What a worker does: one simulation after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.network import Network
from engine.nursery import Nursery, Order
from engine.scenario import Scenario

if TYPE_CHECKING:
    from engine.jobs import Job
    from engine.simulation import Backend

__all__ = ["Runner", "SeveralRunner", "runner_of"]


class Runner:
    """Simulates jobs; its processes live as long as the caller's, or until it is closed."""

    def __init__(self, scenario: Scenario, network: Network, backend: Backend) -> None:
        self._nursery = Nursery(scenario, network, backend)

    def __call__(self, job: Job) -> bytes:
        """Return the result of one simulation; see `engine.nursery.Nursery.answer`."""
        return self._nursery.answer(Order(job.plan, job.seed, series_s=job.series_s, limit_s=job.limit_s))

    def close(self) -> None:
        """End the processes; a simulation under way raises `engine.nursery.LostError`."""
        self._nursery.close()


def runner_of(prepared: Sequence[Any]) -> Runner:
    """Return the runner of (scenario, network, backend): a list, so that the caller may fill it in later.

    Workers import the module of the function that makes their runner, so it is this one and not a command's.
    """
    return Runner(*prepared)


class SeveralRunner:
    """Simulates jobs of several scenarios, one after the other; a job names its scenario.

    The processes of a scenario live until `alive` others have been asked for since, so jobs of one belong together where
    they are many.

    Args:
        prepared: what is simulated, by name; a mapping that the caller may fill in until the first job comes.
        alive: scenarios whose processes live at a time; starting them takes half a second.
    """

    def __init__(self, prepared: Mapping[str, tuple[Scenario, Network, Backend]], alive: int = 1) -> None:
        self._prepared = prepared
        self._alive = alive
        self._runners: dict[str, Runner] = {}
        self._closed = False

    def __call__(self, job: Job) -> bytes:
        """Return the result of one simulation; see `Runner`."""
        runner = self._runners.pop(job.scenario, None)
        while runner is None and len(self._runners) >= self._alive:
            self._runners.pop(next(iter(self._runners))).close()
        self._runners[job.scenario] = runner = runner or Runner(*self._prepared[job.scenario])
        if self._closed:  # meanwhile, by the pool's thread
            runner.close()
        return runner(job)

    def close(self) -> None:
        """End the processes; see `Runner.close`."""
        self._closed = True
        for runner in list(self._runners.values()):
            runner.close()
