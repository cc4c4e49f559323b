"""The keys of `greensplit calibrate`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import InputError
from experiments.config._checks import at_least, path_field, seeds_once, there
from experiments.config.demand import CountsConfig
from experiments.config.report import ReportConfig

__all__ = ["CalibrateConfig"]


@dataclass(frozen=True)
class CalibrateConfig(CountsConfig):
    """`greensplit calibrate`: demand and driving fitted to counts, queues and travel times, proven on held-out seeds.

    Attributes:
        travel_times: CSV: from, to, begin, end, seconds: mean time from the begin of a road to the end of another.
        queues: CSV: junction, approach, metres: back of queue, 95th percentile of the cycles' longest.
        seeds: of the runs that the fit sees.
        holdout_seeds: of the runs that judge it.
        rounds: of the demand: runs, each with the demand corrected by what was missing or too much.
        driver_runs: simulations that the fit of the driving may take; 0: the driving stays.
        tau, min_gap, sigma, speed_factor: least and largest factor on what the vehicle types state.
        workers: simulations at a time; left out: the cores.
    """

    report: ReportConfig = field(default_factory=ReportConfig)
    travel_times: Path | None = path_field()  # noqa: RUF009  a field, not a value
    queues: Path | None = path_field()  # noqa: RUF009  a field, not a value
    seeds: tuple[int, ...] = (1, 2, 3)
    holdout_seeds: tuple[int, ...] = tuple(range(101, 111))
    rounds: int = 4
    driver_runs: int = 60
    tau: tuple[float, ...] = (0.8, 1.6)
    min_gap: tuple[float, ...] = (0.7, 1.4)
    sigma: tuple[float, ...] = (0.4, 1.6)
    speed_factor: tuple[float, ...] = (0.85, 1.15)
    workers: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        there("travel_times", self.travel_times)
        there("queues", self.queues)
        for key in ("seeds", "holdout_seeds"):
            seeds_once(key, getattr(self, key))
            if not getattr(self, key):
                raise InputError(f"{key} is empty. Give at least one seed.")
        both = sorted(set(self.seeds) & set(self.holdout_seeds))
        if both:
            raise InputError(
                f"seed {both[0]} is among seeds and holdout_seeds: it cannot judge what it fitted. Take it out."
            )
        at_least("rounds", self.rounds, 1)
        at_least("driver_runs", self.driver_runs, 0)
        at_least("workers", self.workers, 1)
        for key in ("tau", "min_gap", "sigma", "speed_factor"):
            bounds = getattr(self, key)
            if len(bounds) != 2 or not 0.1 <= bounds[0] <= 1.0 <= bounds[1] <= 10.0:
                raise InputError(
                    f"{key}={list(bounds)} are no bounds. Give two factors around 1, as in {key}=[0.8,1.3]."
                )
