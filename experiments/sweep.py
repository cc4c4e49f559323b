"""`greensplit sweep`: a grid or a space-filling sample of plans, all seeds, ranked, the best one proven."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import json
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import scenarios
from engine.errors import InputError
from engine.files import write_text
from engine.ledger import Ledger, StudyLock
from engine.network import Network
from engine.nursery import spare
from engine.plan import BASELINE, Plan
from engine.pool import Pool
from engine.runner import runner_of
from engine.scenario import Scenario
from engine.search import SEARCHES, Search
from engine.selection import Ranked, Verdict, judge, rank
from engine.space import PlanSpace, plan_space
from engine.statistics import Interval
from engine.study import Study
from engine.sumo.backends import settle
from engine.sumo.options import plain_command
from engine.sumo.programs import write_plan
from engine.tables import movement_rows, result_row, write_parquet
from experiments import _folder, _summary
from experiments._prepare import prepare
from experiments._progress import Progress
from experiments._show import show_study
from experiments.config import SweepConfig, identity, resolved
from experiments.report import draw

__all__ = ["main"]


@dataclass(frozen=True)
class Outcome:
    """What a sweep found.

    Attributes:
        plans: all plans by id, the plan in the net first.
        ranked: their order on the training seeds.
        candidate: the plan that won there.
        best: the candidate where it is confirmed (or nothing was held out), else the plan in the net.
        difference: candidate - plan in the net on the held-out seeds.
    """

    plans: dict[str, Plan]
    ranked: list[Ranked]
    candidate: Plan
    best: Plan
    verdict: Verdict
    difference: Interval | None


def main(config: SweepConfig) -> int:
    """Sweep a plan space and report the winner. Returns 0; the same command goes on with an interrupted study."""
    began = time.monotonic()
    name = _folder.study_identity(identity(config), scenarios.sources(config.scenario))
    folder = _folder.folder_of("sweep", config.scenario.name, name, config.out)
    prepared: list[Any] = []
    with StudyLock(folder):
        _folder.claim(folder, name, {"command": "sweep", **resolved(config)})
        workers = config.workers or os.cpu_count() or 1
        runner = functools.partial(runner_of, prepared)
        run = config.run
        with (
            Pool(runner, workers, config.ray.address, run.deadline_s, run.attempts, head_start=True) as pool,
            spare(0 if config.ray.address else workers),
        ):
            pool.start()  # Ray takes seconds to start: the scenario is prepared meanwhile
            scenario, network = prepare(config.scenario, folder / "scenario", config.queue.max_m)
            space = plan_space(network, config.plans.options())
            prepared += [scenario, network, settle(config.backend)]
            with Ledger(folder / "ledger.sqlite") as ledger:
                _sweep(config, folder, scenario, network, space, ledger, pool, began)
    return 0


def _sweep(
    config: SweepConfig,
    folder: Path,
    scenario: Scenario,
    network: Network,
    space: PlanSpace,
    ledger: Ledger,
    pool: Pool,
    began: float,
) -> None:
    n_plans = config.search.budget // len(config.seeds)
    plans = {plan.plan_id: plan for plan in (Plan(()), *_search(config, space).propose(n_plans - 1))}
    holdout = config.search.holdout_seeds
    n_runs = len(plans) * len(config.seeds) + (min(len(plans), 2)) * len(holdout)
    threading.Thread(target=_import_for_later, daemon=True).start()
    with Progress(f"sweep of {scenario.name}", n_runs) as progress:
        study = Study(scenario, ledger, pool, config.queue.max_m, progress.attempt, progress.cached)
        study.evaluate(plans.values(), config.seeds, "training")
        ranked = rank(list(plans), {plan_id: study.runs(plan_id, config.seeds) for plan_id in plans}, config.seeds)
        candidate = plans[ranked[0].plan_id]
        if not study.runs(BASELINE, config.seeds):
            raise InputError(f"no run of the plan in the net ended: {_last_reason(ledger)}. See '{folder}'.")
        if holdout:
            study.evaluate({BASELINE: plans[BASELINE], candidate.plan_id: candidate}.values(), holdout, "holdout")
    pool.release()
    verdict, difference = _judged(study, candidate, holdout)
    best = plans[BASELINE] if verdict == "baseline" else candidate
    outcome = Outcome(plans, ranked, candidate, best, verdict, difference)
    _write(config, folder, scenario, network, space, study, ledger, outcome, began)


def _import_for_later() -> None:
    """Import what tables and report need while simulations run; one after the other afterwards they take a second."""
    for name in ("polars", "scipy.special", "jinja2", "plotly.offline"):
        importlib.import_module(name)


def _last_reason(ledger: Ledger) -> str:
    reasons = [attempt.reason for attempt in ledger.attempts() if attempt.status != "done"]
    return reasons[-1] if reasons else "nothing was run"


def _judged(study: Study, candidate: Plan, holdout: Sequence[int]) -> tuple[Verdict, Interval | None]:
    baseline = study.runs(BASELINE, holdout)
    if candidate.plan_id == BASELINE and holdout:
        return "baseline", None
    return judge(study.runs(candidate.plan_id, holdout), baseline, holdout)


def _search(config: SweepConfig, space: PlanSpace) -> Search:
    kind = SEARCHES[config.search.name]
    if config.search.name == "grid":
        return kind(space, config.search.seed, levels=config.search.levels)  # type: ignore[call-arg]
    return kind(space, config.search.seed)


def _write(
    config: SweepConfig,
    folder: Path,
    scenario: Scenario,
    network: Network,
    space: PlanSpace,
    study: Study,
    ledger: Ledger,
    outcome: Outcome,
    began: float,
) -> None:
    """Write tables, plan, summary and report, in this order: whoever finds the summary finds all it names."""
    results, movements = [], []
    for role, seeds in (("training", config.seeds), ("holdout", config.search.holdout_seeds)):
        for plan in outcome.plans.values():
            for seed in seeds:
                result = study.result(plan.plan_id, seed)
                if result is not None:
                    results.append(result_row(plan, seed, role, result.network, space.names))
                    movements += movement_rows(plan.plan_id, seed, role, result)
    write_parquet(results, folder / "results.parquet")
    write_parquet(movements, folder / "movements.parquet")
    # The plan in the net wins: the file reproduces it, so that best.add.xml can always be loaded.
    best = outcome.best if outcome.best.programs else Plan(space.programs)
    write_plan(best, folder / "best.add.xml")
    write_text(folder / "environment.json", json.dumps(_folder.environment(scenario.inputs), indent=1) + "\n")
    summary = _summarise(config, folder, scenario, network, space, study, ledger, outcome)
    summary["wall_s"] = round(time.monotonic() - began, 2)
    write_text(folder / "summary.json", json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    draw(folder)
    show_study(summary, folder)


def _summarise(
    config: SweepConfig,
    folder: Path,
    scenario: Scenario,
    network: Network,
    space: PlanSpace,
    study: Study,
    ledger: Ledger,
    outcome: Outcome,
) -> dict[str, Any]:
    holdout = config.search.holdout_seeds
    reporting = holdout or config.seeds
    command = plain_command(scenario, reporting[0], folder / "best.add.xml")
    in_net = plain_command(scenario, reporting[0], None)

    def of(plan: Plan, how: Sequence[str]) -> dict[str, Any]:
        return _summary.plan_summary(plan, study.runs(plan.plan_id, reporting), how)

    confirmed = outcome.best.plan_id == outcome.candidate.plan_id
    # The difference is of the plan that is handed out: the plan in the net differs from itself by nothing.
    difference = outcome.difference if confirmed else None
    notes = [*scenario.notes]
    if not holdout:
        notes.append(
            "No seeds were held out: the winner's delay is measured on the seeds that chose it, and flatters it."
        )
    if any(signal.fixed_because for signal in network.signals):
        kept = [f"'{signal.id}' ({signal.fixed_because})" for signal in network.signals if signal.fixed_because]
        notes.append(f"Signals left as they are: {', '.join(kept[:10])}{' and others' if len(kept) > 10 else ''}.")
    attempts = list(ledger.attempts())
    return {
        "command": "sweep",
        "scenario": scenario.name,
        "seeds": list(config.seeds),
        "holdout_seeds": list(holdout),
        "notes": notes,
        "window": {"begin_s": scenario.begin_s, "end_s": scenario.end_s, "warmup_s": scenario.warmup_s},
        "baseline": of(outcome.plans[BASELINE], in_net),
        "best": of(outcome.best, command),
        "candidate": None if confirmed else of(outcome.candidate, ()),
        "candidate_difference": _summary.difference(outcome.difference),
        "difference": _summary.difference(difference),
        "verdict": outcome.verdict,
        "simulations": {**study.counts(), "calibration": 0},
        "ranking": _summary.ranking(outcome.ranked, outcome.plans),
        "failures": [dataclasses.asdict(attempt) for attempt in attempts if attempt.status != "done"],
        "programs": {
            "baseline": _summary.programs(space.programs),
            "best": _summary.programs(outcome.best.programs or space.programs),
        },
        "signals": _summary.signals(network, space.programs),
    }
