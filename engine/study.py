"""A study: simulations of plans by seed, each known one taken from the ledger, the rest spread over the workers."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.jobs import Attempt, Job
from engine.ledger import Ledger
from engine.plan import BASELINE, Plan
from engine.result import RunResult
from engine.scenario import Scenario
from engine.selection import Runs
from engine.stopping import Stop

if TYPE_CHECKING:
    from engine.pool import Pool

__all__ = ["ROLES", "Study", "run_key"]

ROLES = ("training", "confirmation", "holdout")
"""What a run is for: choosing the finalists, choosing among them, and proving the winner."""


def run_key(scenario: Scenario, plan: Plan, seed: int, queue_max_m: float, measures: str, series_s: float = 0.0) -> str:
    """Return what identifies one run: hashes of the inputs, options, window, plan, seed, measures and versions."""
    what = [
        scenario.inputs,
        scenario.options,
        [scenario.begin_s, scenario.end_s, scenario.warmup_s, scenario.step_s],
        plan.plan_id,
        seed,
        queue_max_m,
        measures,
        [version("greensplit"), version("eclipse-sumo")],
        *([series_s] if series_s else []),
    ]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


class Study:
    """Runs jobs through a pool and keeps every attempt in the ledger.

    Args:
        scenario: what is simulated.
        ledger: the study's books; this object is their one writer.
        pool: the workers.
        queue_max_m: how far upstream queues are followed, metres.
        measures: traffic, or all.
        on_attempt: called after each attempt has been recorded, for progress.
        on_cached: called with the number of runs that the ledger knew.
        name: of several scenarios that share the pool, which one this is (`engine.runner.SeveralRunner`).
        series_s: length of the intervals of every result's time series, seconds; 0: none.
    """

    def __init__(
        self,
        scenario: Scenario,
        ledger: Ledger,
        pool: Pool,
        queue_max_m: float,
        measures: str,
        on_attempt: Callable[[Attempt], None] = lambda attempt: None,
        on_cached: Callable[[int], None] = lambda n: None,
        name: str = "",
        series_s: float = 0.0,
    ) -> None:
        self._scenario = scenario
        self._ledger = ledger
        self._pool = pool
        self._queue_max_m = queue_max_m
        self._measures = measures
        self._on_attempt = on_attempt
        self._on_cached = on_cached
        self._name = name
        self._series_s = series_s
        self._n_cached = 0
        self._keys: dict[str, dict[tuple[str, int], str]] = {role: {} for role in ROLES}
        self._stops: dict[tuple[str, int], Stop] = {}

    @property
    def parts(self) -> Mapping[str, Study]:
        """The studies of single scenarios that it is made of, by name: itself."""
        return {self._name: self}

    def evaluate(
        self, trials: Iterable[tuple[Plan, int]], role: str, limits_s: Mapping[tuple[str, int], float] | None = None
    ) -> None:
        """Simulate plans with seeds, in order; what the ledger knows is not repeated.

        Args:
            limits_s: by plan and seed, the delay per vehicle beyond which a run is stopped, where the plan in the net has
                run with that seed (`engine.jobs.Job.limit_s`).
        """
        jobs = self.asked_for(trials, role, limits_s or {})
        for attempt in self._pool.run(jobs) if jobs else ():
            self.take(attempt)

    def asked_for(
        self, trials: Iterable[tuple[Plan, int]], role: str, limits_s: Mapping[tuple[str, int], float]
    ) -> list[Job]:
        """Note what is asked for, and return the jobs that the ledger has no answer to; see `evaluate`."""
        known = self._ledger.finished()
        todo, n_cached = [], 0
        for plan, seed in trials:
            if self._key(plan.plan_id, seed):
                continue  # asked for before: it is done, or has failed for good
            self._ledger.add_plan(plan)
            key = run_key(self._scenario, plan, seed, self._queue_max_m, self._measures, self._series_s)
            self._keys[role][plan.plan_id, seed] = key
            vehicles = self._demand(seed) if (plan.plan_id, seed) in limits_s else 0.0
            limit_s = limits_s[plan.plan_id, seed] * vehicles if vehicles else math.inf
            stop = self._ledger.stop(key, limit_s) if limit_s < math.inf else None
            if stop is not None:
                self._stops[plan.plan_id, seed] = stop
            if stop is not None or key in known:
                n_cached += 1
            else:
                todo.append(Job(key, plan, seed, role, limit_s, self._name, self._series_s))
        self._n_cached += n_cached
        self._on_cached(n_cached)
        return todo

    def take(self, attempt: Attempt) -> None:
        """Record an attempt at one of the study's jobs.

        Raises:
            InputError: the plan in the net failed.
        """
        self._ledger.record(attempt)
        self._on_attempt(attempt)
        if attempt.stop is not None:
            self._stops[attempt.job.plan.plan_id, attempt.job.seed] = attempt.stop
        if attempt.status == "failed" and attempt.job.plan.plan_id == BASELINE:
            # A deterministic failure of the plan in the net fails every other plan as well.
            raise InputError(attempt.reason)

    def _demand(self, seed: int) -> float:
        """Return how many vehicles a seed has, which no plan changes; 0 where the plan in the net has no run with it."""
        return self.runs(BASELINE, [seed]).get(seed, {}).get("vehicles", 0.0)

    def jams(self, seed: int) -> float:
        """Return the gridlock that a search takes as given on a seed: none."""
        return 0.0

    def _key(self, plan_id: str, seed: int) -> str:
        return next((keys[plan_id, seed] for keys in self._keys.values() if (plan_id, seed) in keys), "")

    def runs(self, plan_id: str, seeds: Sequence[int]) -> Runs:
        """Return the network measures of a plan by seed; seeds without a result are left out."""
        finished = self._ledger.finished()
        keys = {seed: self._key(plan_id, seed) for seed in seeds}
        return {
            seed: finished[key].metrics
            for seed, key in keys.items()
            if key in finished and (plan_id, seed) not in self._stops
        }

    def at_least_s(self, plan_id: str, seed: int) -> float | None:
        """Return what the delay per vehicle of a run that was stopped early would have exceeded; `None` where none was."""
        stop = self._stops.get((plan_id, seed))
        return None if stop is None else stop.delay_sum_s / self._demand(seed)

    def stopped(self) -> dict[str, set[int]]:
        """Return the seeds with which each plan's run was stopped early."""
        stopped: dict[str, set[int]] = {}
        for plan_id, seed in self._stops:
            stopped.setdefault(plan_id, set()).add(seed)
        return stopped

    def order(self, role: str) -> list[tuple[str, int]]:
        """Return (plan, seed) of every run that was asked for in a role, in the order of asking."""
        return list(self._keys[role])

    def asked(self, role: str) -> dict[str, set[int]]:
        """Return the seeds that each plan was asked for in a role."""
        asked: dict[str, set[int]] = {}
        for plan_id, seed in self._keys[role]:
            asked.setdefault(plan_id, set()).add(seed)
        return asked

    def result(self, plan_id: str, seed: int) -> RunResult | None:
        """Return one run's whole result, or `None` where it has none."""
        key = self._key(plan_id, seed)
        if (plan_id, seed) in self._stops:
            return None
        return self._ledger.result(key) if key in self._ledger.finished() else None

    def counts(self) -> dict[str, int]:
        """Return how many of the study's simulations are done, stopped, failed, were known before this start.

        By role, those that were stopped count with those that are done; `saved_s` are the seconds that were not simulated.
        """
        finished = self._ledger.finished()
        ended = {
            role: sum(key in finished or run in self._stops for run, key in keys.items())
            for role, keys in self._keys.items()
        }
        asked = sum(len(keys) for keys in self._keys.values())
        total, stopped = sum(ended.values()), len(self._stops)
        saved_s = round(math.fsum(stop.left_s for stop in self._stops.values()))
        counts = {"done": total - stopped, "stopped": stopped, "failed": asked - total, "cached": self._n_cached}
        return {**counts, "saved_s": saved_s, **ended}
