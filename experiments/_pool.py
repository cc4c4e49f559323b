"""The workers that a configuration asks for, and the studies that run on them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Protocol

from engine.ledger import Ledger
from engine.nursery import spare
from engine.pool import Pool
from engine.scenario import Scenario
from engine.study import Study
from engine.worker import JobRunner
from experiments._progress import Progress
from experiments.config.scenario import QueueConfig
from experiments.config.workers import AttemptsConfig, RayConfig

__all__ = ["n_workers", "pool_of", "study_on"]


class _Workers(Protocol):
    @property
    def workers(self) -> int | None: ...


class _Simulating(_Workers, Protocol):
    @property
    def backend(self) -> str: ...
    @property
    def ray(self) -> RayConfig: ...
    @property
    def run(self) -> AttemptsConfig: ...


class _Measuring(Protocol):
    @property
    def queue(self) -> QueueConfig: ...
    @property
    def measures(self) -> str: ...


def n_workers(config: _Workers) -> int:
    """Return how many simulations run at a time: as many as there are cores, unless told otherwise."""
    return config.workers or os.cpu_count() or 1


@contextlib.contextmanager
def pool_of(config: _Simulating, make_runner: Callable[[], JobRunner]) -> Iterator[Pool]:
    """Have a pool of workers, whose processes on this machine start beforehand.

    Args:
        config: the keys ``workers``, ``ray``, ``run`` and ``backend``.
        make_runner: as of `engine.pool.Pool`.
    """
    workers, ray, run = n_workers(config), config.ray, config.run
    with (
        Pool(make_runner, workers, ray.address, run.deadline_s, run.attempts, ray.head_start_s) as pool,
        spare(0 if ray.address else workers, config.backend),
    ):
        yield pool


def study_on(
    config: _Measuring,
    scenario: Scenario,
    ledger: Ledger,
    pool: Pool,
    progress: Progress,
    name: str = "",
    series_s: float = 0.0,
) -> Study:
    """Return a study that measures what a configuration asks for, and whose progress is shown; see `engine.study.Study`."""
    queue_m = config.queue.max_m
    shown = (progress.attempt, progress.cached)
    return Study(scenario, ledger, pool, queue_m, config.measures, *shown, name, series_s)
