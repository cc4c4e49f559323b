"""What workers are asked for, and what comes of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from engine.plan import Plan
from engine.stopping import Stop

__all__ = ["Attempt", "Job", "Status"]

Status = Literal["done", "stopped", "failed", "timeout", "crashed"]
"""Done; given up at its limit; refused by SUMO, always the same way; ended at its deadline; lost with its worker."""


@dataclass(frozen=True)
class Job:
    """One simulation that is wanted.

    Attributes:
        key: identifies the run by its inputs, plan, seed and versions (`engine.study.run_key`).
        plan, seed: what is simulated.
        role: training, confirmation, holdout or calibration.
        limit_s: sum of delay, vehicle-seconds, beyond which the run is of no use and is stopped.
        scenario: of several scenarios, which one (`engine.runner.SeveralRunner`).
        series_s: length of the intervals of the result's time series, seconds; 0: none.
    """

    key: str
    plan: Plan
    seed: int
    role: str
    limit_s: float = math.inf
    scenario: str = ""
    series_s: float = 0.0


@dataclass(frozen=True)
class Attempt:
    """One try at a job.

    Attributes:
        number: 1 for the first try.
        status, reason: how it ended; the reason is empty where it is done.
        worker: host and process that ran it.
        started: wall-clock time, ISO 8601 in UTC.
        wall_s: how long it took, seconds.
        result: what came out, as `engine.result.RunResult.to_bytes` gives it, where it is done.
        stop: where it was stopped, if it was.
    """

    job: Job
    number: int
    status: Status
    reason: str
    worker: str
    started: str
    wall_s: float
    result: bytes | None
    stop: Stop | None = None
