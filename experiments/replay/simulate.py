"""Simulates cases, every one with all its seeds, over one pool of workers."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from engine.bands import Band, CaseRecord
from engine.errors import InputError
from engine.jobs import Job
from engine.network import Network
from engine.plan import Plan
from engine.result import RunResult
from engine.run_record import RunRecord, run_record
from engine.runner import SeveralRunner
from engine.scenario import Scenario
from experiments._pool import pool_of
from experiments._progress import Progress
from experiments.config import ReplayConfig

if TYPE_CHECKING:
    from engine.simulation import Backend

__all__ = ["Case", "case_record", "settings", "simulate"]


@dataclass(frozen=True)
class Case:
    """One case, ready to be simulated.

    Attributes:
        scenario, network, plan, seeds: what is simulated.
        asked, inputs: as in `engine.bands.CaseRecord`.
    """

    scenario: Scenario
    network: Network
    plan: Plan
    seeds: tuple[int, ...]
    asked: Mapping[str, Any]
    inputs: Mapping[str, str]


def simulate(config: ReplayConfig, title: str, cases: Mapping[str, Case]) -> dict[str, CaseRecord]:
    """Return what the cases measure, by name.

    Raises:
        InputError: a simulation was lost or refused; case, seed and reason are named.
    """
    backend = cast("Backend", config.backend)
    prepared = {name: (case.scenario, case.network, backend) for name, case in cases.items()}
    runner = functools.partial(SeveralRunner, prepared)
    jobs = [
        Job(f"{name} {seed}", case.plan, seed, "replay", scenario=name)
        for name, case in cases.items()
        for seed in case.seeds
    ]
    runs: dict[tuple[str, int], RunRecord] = {}
    lost: dict[str, str] = {}
    with pool_of(config, runner) as pool, Progress(title, len(jobs)) as progress:
        for attempt in pool.run(jobs):
            job = attempt.job
            if attempt.status == "done" and attempt.result is not None:
                runs[job.scenario, job.seed] = run_record(RunResult.from_bytes(attempt.result))
                progress.advance(1.0)
            else:
                lost[job.key] = f"case '{job.scenario}', seed {job.seed}: {attempt.status}: {attempt.reason}"
        pool.release()
    for job in jobs:
        if (job.scenario, job.seed) not in runs:
            raise InputError(f"{lost[job.key]} Nothing was compared.")
    return {name: case_record(case, {seed: runs[name, seed] for seed in case.seeds}) for name, case in cases.items()}


def case_record(case: Case, runs: Mapping[int, RunRecord]) -> CaseRecord:
    """Return a case's record of its runs by seed."""
    of = [runs[seed] for seed in case.seeds]
    bands = {name: Band(tuple(run.measures[name] for run in of)) for name in of[0].measures}
    tables = {name: None for run in of for name in run.digests}
    digests = {table: tuple(run.digests.get(table, "") for run in of) for table in sorted(tables)}
    return CaseRecord(case.asked, case.seeds, case.inputs, settings(case), bands, digests)


def settings(case: Case) -> dict[str, str]:
    """Return what of a case may be changed and is then for the bands to judge."""
    programs = {signal.id: signal.program for signal in case.network.signals if signal.program is not None}
    programs |= {program.signal: program for program in case.plan.programs}
    in_force = Plan(tuple(programs[signal] for signal in sorted(programs)))
    options = [f"{name}={value.rpartition('/')[2]}" for name, value in case.scenario.options if name != "step-length"]
    return {
        "programs": in_force.plan_id,
        "step_s": f"{case.scenario.step_s:g}",
        "options": " ".join(sorted(options)),
    }
