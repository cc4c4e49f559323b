"""Simulates what no study has run yet: plans in one scenario, kept in a ledger so that the same command goes on."""

from __future__ import annotations

import functools
import json
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.files import write_text
from engine.formats import read_any_plan
from engine.ledger import Ledger
from engine.plan import BASELINE, Plan
from engine.runner import runner_of
from engine.study import Study
from engine.sumo.programs import write_plan
from engine.tables import Rows, movement_rows, result_row, run_rows, write_cycles, write_parquet
from experiments import _folder
from experiments._pool import pool_of, study_on
from experiments._prepare import prepare
from experiments._progress import Progress
from experiments.compare.entries import label_of
from experiments.compare.reading import in_folder
from experiments.compare.rivals import Kind, Rival, Window
from experiments.config import CompareConfig, ScenarioConfig

__all__ = ["Simulated", "simulated"]

ROLE = "holdout"
"""None of these runs chooses a plan."""


@dataclass(frozen=True)
class Simulated:
    """The rivals that were simulated, what is to be said of them, and `engine.study.Study.counts`."""

    rivals: list[Rival]
    notes: list[str]
    counts: dict[str, int]


def simulated(
    config: CompareConfig,
    scenario_config: ScenarioConfig,
    plans: Sequence[Path | None],
    seeds: Sequence[int],
    folder: Path,
) -> Simulated:
    """Simulate plans with seeds in a scenario, as far as the folder's ledger does not know them yet.

    Args:
        config: workers, measures and the like.
        scenario_config: where.
        plans: plan files; `None` for the plan in the net.
        seeds: each plan is run with every one.
        folder: where the ledger and the tables of these runs are kept.

    Raises:
        InputError: the scenario or a plan cannot be used, or no run of a plan ended.
    """
    prepared: list[Any] = []
    runner = functools.partial(runner_of, prepared)
    folder.mkdir(parents=True, exist_ok=True)
    with pool_of(config, runner) as pool, Ledger(folder / "ledger.sqlite") as ledger:
        pool.start()
        scenario, network = prepare(scenario_config, folder / "scenario", config.queue.max_m, config.measures)
        read = [(Plan(()), ()) if path is None else _read(path, network) for path in plans]
        prepared += [scenario, network, config.backend]
        distinct = {plan.plan_id: plan for plan, _ in read}
        with Progress(f"compare, {scenario.name}", len(distinct) * len(seeds)) as progress:
            study = study_on(config, scenario, ledger, pool, progress)
            study.evaluate([(plan, seed) for seed in seeds for plan in distinct.values()], ROLE)
        pool.release()
        _write(study, distinct, seeds, folder, network.program_ids)
        for plan in distinct.values():
            if not study.runs(plan.plan_id, seeds):
                reason = next((a.reason for a in ledger.attempts() if a.plan_id == plan.plan_id and a.reason), "")
                path = plans[[of.plan_id for of, _ in read].index(plan.plan_id)]
                raise InputError(f"no run of '{path or BASELINE}' in '{scenario.name}' ended: {reason}")
        reasons = {(a.plan_id, a.seed): a.reason for a in ledger.attempts() if a.status not in ("done", "stopped")}
    environment = _folder.environment(scenario.inputs)
    write_text(folder / "environment.json", json.dumps(environment, indent=1) + "\n")
    window = Window(scenario.begin_s, scenario.end_s, scenario.warmup_s)
    rivals = []
    for path, (plan, _) in zip(plans, read, strict=True):
        kind: Kind = "net" if path is None else "plan"
        label = BASELINE if path is None else label_of(path)
        found = in_folder(folder, plan.plan_id, ROLE, seeds, window)
        failures = {seed: reason for (plan_id, seed), reason in reasons.items() if plan_id == plan.plan_id}
        rivals.append(
            Rival(
                label, kind, plan.plan_id, BASELINE if path is None else str(path), scenario.name, window, found,
                frozenset(seeds), environment, failures,
            )
        )  # fmt: skip
    notes = [*scenario.notes, *(f"{path}: {note}" for path, (_, of) in zip(plans, read, strict=True) for note in of)]
    return Simulated(rivals, notes, study.counts())


def _read(path: Path, network: Any) -> tuple[Plan, tuple[str, ...]]:
    found = read_any_plan(path, network, as_is=True)
    if not found.plan.actuated:
        return found.plan, found.notes
    n = len(found.plan.actuated)
    note = f"{n} signal{'s respond' if n > 1 else ' responds'} to traffic, by SUMO's own programs"
    return found.plan, (*found.notes, note)


def _write(study: Study, plans: dict[str, Plan], seeds: Sequence[int], folder: Path, taken: Container[str]) -> None:
    """Write the tables of a study, of these plans and seeds, and each plan under a programID that is not taken."""
    tables: dict[str, Rows] = {
        name: [] for name in ("results", "movements", "approaches", "junctions", "crossings", "signals")
    }
    cycles = []
    for plan in plans.values():
        if plan.plan_id != BASELINE:
            write_plan(plan, folder / f"{plan.plan_id}.add.xml", taken)
        for seed in seeds:
            result = study.result(plan.plan_id, seed)
            if result is None:
                continue
            tables["results"].append(result_row(plan, seed, ROLE, result.network, ()))
            tables["movements"] += movement_rows(plan.plan_id, seed, ROLE, result)
            for name in ("approaches", "junctions", "crossings", "signals"):
                tables[name] += run_rows(name, plan.plan_id, seed, ROLE, result)
            cycles.append((plan.plan_id, seed, ROLE, result))
    for name, rows in tables.items():
        if rows:
            write_parquet(rows, folder / f"{name}.parquet")
    write_cycles(cycles, folder / "cycles.parquet")
