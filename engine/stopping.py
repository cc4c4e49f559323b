"""Ends simulations whose delay already exceeds what the search can use: it only grows from there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

__all__ = ["CHECK_S", "Stop", "StoppedError"]

CHECK_S = 60.0
"""Simulated seconds between two looks at the delay so far: it takes a call for each vehicle on the road."""


@dataclass(frozen=True)
class Stop:
    """Where and why a simulation was stopped, all in seconds.

    Attributes:
        limit_s: what the sum of all vehicles' delay was allowed to be (`engine.jobs.Job.limit_s`).
        delay_sum_s: what it was: a lower bound of what it would have been in the end (docs/search.md).
        at_s: the simulation's time.
        left_s: what was left to simulate.
    """

    limit_s: float
    delay_sum_s: float
    at_s: float
    left_s: float

    def __str__(self) -> str:
        return (
            f"stopped at {self.at_s:g} s, {self.left_s:g} s before its end: {self.delay_sum_s:.0f} vehicle-seconds of "
            f"delay by then, more than the {self.limit_s:.0f} with which it could still matter"
        )

    def to_bytes(self) -> bytes:
        """Return it as JSON; every digit is kept."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, data: bytes | str) -> Stop:
        """Return what `to_bytes` wrote."""
        return cls(**json.loads(data))


class StoppedError(Exception):
    """A simulation was stopped; the only argument is its `Stop`."""

    @property
    def stop(self) -> Stop:
        """Where and why."""
        stop: Stop = self.args[0]
        return stop
