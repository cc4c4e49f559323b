"""Writes what a search found: tables, plan, summary and report."""

from __future__ import annotations

import dataclasses
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.audit import Auditor
from engine.confirm import Confirmation
from engine.control.needs import needs
from engine.course import course, front, importances
from engine.files import write_text
from engine.formats.plan_json import plan_json
from engine.ledger import Ledger
from engine.objective import Objective
from engine.plan import BASELINE, Plan
from engine.scenario import Scenario
from engine.scenario_set import SetStudy
from engine.selection import Ranked, Verdict
from engine.space import PlanSpace
from engine.statistics import Interval, paired_interval
from engine.study import ROLES, Study
from engine.sumo.options import plain_command
from engine.sumo.programs import write_plan
from engine.sumo.shapes import read_geometry
from engine.tables import Rows, movement_rows, result_row, run_rows, write_cycles, write_parquet
from experiments import _folder, _recorded, _summary
from experiments._limits import unmet
from experiments._rules import audited, street_note
from experiments._strategy import calibration_seeds
from experiments.config import SearchStudyConfig
from experiments.report import draw

__all__ = ["Material", "Outcome", "summarise", "write"]


@dataclass(frozen=True)
class Material:
    """What a search works on, and where."""

    command: str
    folder: Path
    scenario: Scenario
    auditor: Auditor
    space: PlanSpace
    ledger: Ledger


@dataclass(frozen=True)
class Outcome:
    """What a search found.

    Attributes:
        study: with the results of every run.
        plans: all plans by id, the plan in the net first, in the order of proposal.
        ranked: their order on the training seeds.
        confirmation: how the candidate was chosen among the finalists; `None` where it was its first favourite.
        candidate: the plan that won.
        best: the candidate where it is proven (or nothing was held out), else the plan in the net.
        difference: of the objective, candidate - plan in the net on the held-out seeds.
        against: a plan of the user's that ran with the held-out seeds, too.
    """

    study: Study | SetStudy
    objective: Objective
    plans: dict[str, Plan]
    ranked: list[Ranked]
    confirmation: Confirmation | None
    candidate: Plan
    best: Plan
    verdict: Verdict
    difference: Interval | None
    against: Plan | None = None


def write(config: SearchStudyConfig, material: Material, outcome: Outcome, began: float) -> dict[str, Any]:
    """Write tables, plan, summary and report, in this order: whoever finds the summary finds all it names.

    Returns the summary.
    """
    folder, study = material.folder, outcome.study
    results, movements = [], []
    more: dict[str, Rows] = {name: [] for name in ("approaches", "junctions", "crossings", "signals")}
    cycles = []
    # Cycles are many: only those of the plan in the net and of the plan that is handed out are written.
    compared = (BASELINE, outcome.best.plan_id)
    for role in ROLES:
        asked = study.asked(role)
        for plan in outcome.plans.values():
            for seed in sorted(asked.get(plan.plan_id, ())):
                result = study.result(plan.plan_id, seed)
                if result is not None:
                    results.append(result_row(plan, seed, role, result.network, material.space.names))
                    movements += movement_rows(plan.plan_id, seed, role, result)
                    for name in more:
                        more[name] += run_rows(name, plan.plan_id, seed, role, result)
                    if plan.plan_id in compared:
                        cycles.append((plan.plan_id, seed, role, result))
    write_parquet(results, folder / "results.parquet")
    write_parquet(movements, folder / "movements.parquet")
    for name, rows in more.items():
        if rows:
            write_parquet(rows, folder / f"{name}.parquet")
    write_cycles(cycles, folder / "cycles.parquet")
    # The plan in the net wins: the file reproduces it, so that best.add.xml can always be loaded.
    best = outcome.best if outcome.best.programs or outcome.best.actuated else Plan(material.space.programs)
    write_plan(best, folder / "best.add.xml", material.auditor.network.program_ids)
    (folder / "best.plan.json").unlink(missing_ok=True)  # of an earlier, smaller budget
    if outcome.best.control is not None:
        write_text(folder / "best.plan.json", plan_json(outcome.best))
    environment = _folder.environment(material.scenario.inputs)
    write_text(folder / "environment.json", json.dumps(environment, indent=1) + "\n")
    read_geometry(material.scenario.net).write(folder / "geometry.json")
    summary = summarise(config, material, outcome)
    summary |= _recorded_of(config, material, outcome)
    summary["wall_s"] = round(time.monotonic() - began, 2)
    write_text(folder / "summary.json", json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    known = {(plan_id, seed): result for plan_id, seed, _, result in cycles}
    draw(folder, known, config.report.language)
    return summary


def summarise(config: SearchStudyConfig, material: Material, outcome: Outcome) -> dict[str, Any]:
    """Return the summary but for what is recorded of single vehicles, and the time that all took."""
    study, space, scenario = outcome.study, material.space, material.scenario
    holdout = config.search.holdout_seeds
    reporting = holdout or config.seeds
    command = plain_command(scenario, reporting[0], material.folder / "best.add.xml")
    in_net = plain_command(scenario, reporting[0], None)

    def of(plan: Plan, how: Sequence[str]) -> dict[str, Any]:
        return _summary.plan_summary(plan, study.runs(plan.plan_id, reporting), how)

    confirmed = outcome.best.plan_id == outcome.candidate.plan_id
    differences = _differences(outcome, holdout)
    nothing = _summary.differences({})
    window = {"begin_s": scenario.begin_s, "end_s": scenario.end_s, "warmup_s": scenario.warmup_s}
    attempts = [attempt for attempt in material.ledger.attempts() if attempt.status not in ("done", "stopped")]
    confirmation = outcome.confirmation
    return {
        "command": material.command,
        "scenario": scenario.name,
        "search": config.search.name,
        "seeds": list(config.seeds),
        "holdout_seeds": list(holdout),
        "notes": _notes(material, outcome, bool(holdout)),
        "unmet": unmet(study, outcome.objective, outcome.ranked, config.seeds),
        "window": window,
        "baseline": of(outcome.plans[BASELINE], in_net),
        "best": of(outcome.best, command),
        "candidate": None if confirmed else of(outcome.candidate, ()),
        "candidate_difference": differences,
        # The difference is of the plan that is handed out: the plan in the net differs from itself by nothing.
        "difference": differences if confirmed else nothing,
        "verdict": outcome.verdict,
        "confirmation": None if confirmation is None else dataclasses.asdict(confirmation),
        "simulations": {**study.counts(), "calibration": len(calibration_seeds(config, space))},
        "ranking": _summary.ranking(outcome.ranked, outcome.plans),
        **_course(config, outcome),
        "failures": [dataclasses.asdict(attempt) for attempt in attempts],
        "programs": {
            "baseline": _summary.programs(space.programs),
            "best": _summary.programs(outcome.best.programs or space.programs),
        },
        "signals": _summary.signals(material.auditor.network, space.programs),
        "approaches": _summary.approaches(material.auditor.network),
        "audit": audited(material.auditor, outcome.best),
    }


def _recorded_of(config: SearchStudyConfig, material: Material, outcome: Outcome) -> dict[str, Any]:
    """Return what the page shows of single vehicles, for the first reporting seed with a run of the plan in the net."""
    seeds = config.search.holdout_seeds or config.seeds
    known = ((seed, outcome.study.result(BASELINE, seed)) for seed in seeds)
    seed, run = next(((seed, run) for seed, run in known if run is not None), (seeds[0], None))
    if run is None:
        return {"corridors": None, "playback": None}
    if outcome.candidate.control is not None:
        return {"corridors": None, "playback": None}  # vehicles are watched in SUMO alone, where no controller decides
    plans = {plan.plan_id: plan for plan in (outcome.plans[BASELINE], outcome.candidate)}
    network, programs = material.auditor.network, material.space.programs
    playback_s = config.report.playback_s
    return _recorded.write(material.scenario, network, programs, plans, run, seed, playback_s, material.folder)


def _course(config: SearchStudyConfig, outcome: Outcome) -> dict[str, Any]:
    """Return what the search did: the best so far, the parameters' worth, and the front where there is one."""
    study, objective = outcome.study, outcome.objective
    runs = {plan_id: study.runs(plan_id, config.seeds) for plan_id in outcome.plans}
    order = [
        (plan_id, seed, objective.value(runs[plan_id][seed]) if seed in runs[plan_id] else None)
        for plan_id, seed in study.order("training")
    ]
    whole = [of for of in outcome.ranked if not of.failed and not of.untried and of.plan_id != BASELINE]
    found: dict[str, Any] = {
        "course": [dataclasses.asdict(step) for step in course(order, config.seeds)],
        "importance": importances([outcome.plans[of.plan_id] for of in whole], [of.mean for of in whole]),
    }
    if objective.front:
        means = {
            plan_id: [statistics.fmean(column) for column in zip(*map(objective.values, of.values()), strict=True)]
            for plan_id, of in runs.items()
            if len(of) == len(config.seeds)
        }
        best = set(front(means))
        found["front"] = {
            "measures": list(objective.front),
            "plans": [{"plan_id": p, "values": values, "front": p in best} for p, values in means.items()],
        }
    return found


def _differences(outcome: Outcome, seeds: Sequence[int]) -> dict[str, Any]:
    """Return the paired differences candidate - plan in the net on the held-out seeds: of delay and of the objective."""
    if outcome.candidate.plan_id == BASELINE:
        return _summary.differences({})
    ours, theirs = (outcome.study.runs(plan_id, seeds) for plan_id in (outcome.candidate.plan_id, BASELINE))
    both = [seed for seed in seeds if seed in ours and seed in theirs]
    delay = paired_interval([ours[s]["delay_s"] for s in both], [theirs[s]["delay_s"] for s in both]) if both else None
    return _summary.differences({"delay_s": delay, "objective": outcome.difference})


def _notes(material: Material, outcome: Outcome, held_out: bool) -> list[str]:
    notes = [*material.scenario.notes, *street_note(material.auditor)]
    if not held_out:
        notes.append(
            "No seeds were held out: the winner's delay is measured on the seeds that chose it, and flatters it."
        )
    fixed = [f"'{of.id}' ({of.fixed_because})" for of in material.auditor.network.signals if of.fixed_because]
    if fixed:
        notes.append(f"Signals left as they are: {', '.join(fixed[:10])}{' and others' if len(fixed) > 10 else ''}.")
    control = outcome.candidate.control
    if control is not None:
        notes.append(needs(control, material.auditor.network))
        notes.append(
            "The sumo command runs the fixed plan alone; 'greensplit run plan=best.plan.json' runs the controller."
        )
    if outcome.confirmation is not None:
        of = outcome.confirmation
        notes.append(
            f"Of {len(of.dropped) + 1} finalists, {of.plan_id} is the best within {of.zone:.2g} with a chance of at "
            f"least {100 * of.probability:.0f} %, after {of.n_seeds} confirmation seeds."
        )
        if of.further_seeds:
            notes.append(f"{of.further_seeds} more confirmation seeds would lift that chance to 95 %.")
    return notes
