"""Where simulations run and what they may take: the keys under ``ray`` and ``run``."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.config._checks import above_zero, at_least, path_field

__all__ = ["AttemptsConfig", "RayConfig"]


@dataclass(frozen=True)
class RayConfig:
    """Where workers run; a Ray of our own starts once a study has run for `head_start_s` without it.

    Attributes:
        address: HOST:PORT of a Ray cluster that is there already.
        head_start_s: seconds after which a study takes to Ray.
    """

    address: str | None = path_field()
    head_start_s: float = 60.0

    def __post_init__(self) -> None:
        at_least("ray.head_start_s", self.head_start_s, 0.0)


@dataclass(frozen=True)
class AttemptsConfig:
    """What a run may take, and how often a lost one is tried in all.

    Attributes:
        deadline_s: wall time that a run may take; a multiple of the longest finished one where it is left out.
        attempts: tries of a run that is lost.
    """

    deadline_s: float | None = None
    attempts: int = 2

    def __post_init__(self) -> None:
        above_zero("run.deadline_s", self.deadline_s)
        at_least("run.attempts", self.attempts, 1)
