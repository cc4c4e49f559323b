"""Writes what a search over a set of scenarios found: each member's study, and what they say together."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.files import write_text
from engine.objective import Objective
from engine.plan import BASELINE, Plan
from engine.risk import OVER, Risk
from engine.scenario_set import SetStudy
from engine.selection import judge, rank
from engine.statistics import interval, paired_interval
from engine.study import ROLES, Study
from engine.sumo.programs import write_plan
from engine.tables import Rows, result_row, write_parquet
from experiments import _folder
from experiments._outcome import Material, Outcome, summarise, write
from experiments._show import show_set
from experiments.config import SearchStudyConfig, resolved
from experiments.report import draw
from kernels.formulas import level_of_service

__all__ = ["claim_member", "folder_of_member", "set_summary", "write_set"]

MEMBERS = "members"


def folder_of_member(folder: Path, name: str) -> Path:
    """Return where a member's study lies in the set's; the study of one scenario lies in its own folder."""
    return folder / MEMBERS / name if name else folder


def claim_member(folder: Path, identity: str, name: str, command: str, config: SearchStudyConfig) -> None:
    """Make a member's folder, and note its configuration in it: it is a study that `replay` and `compare` read."""
    folder.mkdir(parents=True, exist_ok=True)
    _folder.claim(folder, f"{identity} {name}", {"command": command, **resolved(config)})


def write_set(
    config: SearchStudyConfig, folder: Path, materials: Mapping[str, Material], outcome: Outcome, began: float
) -> None:
    """Write the study of each member, then the set's tables, plan, summary and report, and say what was found."""
    study, first = outcome.study, next(iter(materials.values()))
    assert isinstance(study, SetStudy)
    rows: Rows = []
    members = config.members()
    for name, material in materials.items():
        of_member = _in_member(config, study.parts[name], outcome)
        write(members[name], material, of_member, began)
        for role in ROLES:
            for plan_id, seed in study.parts[name].order(role):
                result = study.parts[name].runs(plan_id, [seed]).get(seed)
                if result is not None:
                    row = result_row(outcome.plans[plan_id], seed, role, result, material.space.names)
                    rows.append({"member": name, **row})
    write_parquet(rows, folder / "results.parquet")
    best = outcome.best if outcome.best.programs else Plan(first.space.programs)
    write_plan(best, folder / "best.add.xml", first.auditor.network.program_ids)
    inputs = tuple((f"{name}/{file}", digest) for name, of in materials.items() for file, digest in of.scenario.inputs)
    write_text(folder / "environment.json", json.dumps(_folder.environment(inputs), indent=1) + "\n")
    summary = set_summary(config, folder, materials, outcome)
    summary["wall_s"] = round(time.monotonic() - began, 2)
    write_text(folder / "summary.json", json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    draw(folder, language=config.report.language)
    show_set(summary, folder)


def _in_member(config: SearchStudyConfig, study: Study, outcome: Outcome) -> Outcome:
    """Return what the set's search means in one member: the same candidate, judged there alone."""
    objective, seeds, holdout = outcome.objective, config.seeds, config.search.holdout_seeds
    plan_ids = list(outcome.plans)
    runs = {plan_id: study.runs(plan_id, seeds) for plan_id in plan_ids}
    ranked = rank(plan_ids, runs, seeds, objective, None, study.asked("training"), study.stopped())
    candidate = outcome.candidate
    if candidate.plan_id == BASELINE:
        verdict, difference = outcome.verdict, None
    else:
        verdict, difference = judge(
            study.runs(candidate.plan_id, holdout), study.runs(BASELINE, holdout), holdout, objective
        )
    best = outcome.plans[BASELINE] if verdict == "baseline" else candidate
    return Outcome(study, objective, outcome.plans, ranked, None, candidate, best, verdict, difference)


def set_summary(
    config: SearchStudyConfig, folder: Path, materials: Mapping[str, Material], outcome: Outcome
) -> dict[str, Any]:
    """Return ``summary.json`` of a set: that of a study, its measures summed over the members, and ``set``."""
    study, objective = outcome.study, outcome.objective
    assert isinstance(study, SetStudy)
    first = next(iter(materials.values()))
    summary = summarise(config, dataclasses.replace(first, folder=folder), outcome)
    n = len(materials)
    summary["simulations"]["calibration"] *= n
    summary["course"] = [step | {"simulations": n * step["simulations"]} for step in summary["course"]]
    attempts = (
        (name, attempt)
        for name, of in materials.items()
        for attempt in of.ledger.attempts()
        if attempt.status not in ("done", "stopped")
    )
    summary["failures"] = [{"member": name, **dataclasses.asdict(attempt)} for name, attempt in attempts]
    of_members = [note for of in materials.values() for note in of.scenario.notes]
    summary["notes"] = list(dict.fromkeys([*of_members, *summary["notes"]]))
    seeds = config.search.holdout_seeds or config.seeds
    plans = {"baseline": BASELINE}
    if outcome.candidate.plan_id != BASELINE:
        plans["rival"] = outcome.candidate.plan_id
    risk = config.objective.risk()
    against = outcome.against.plan_id if outcome.against and outcome.candidate.plan_id != BASELINE else None
    beside = {"baseline": against or "", "rival": outcome.candidate.plan_id}
    summary["set"] = {
        "name": config.scenario_set.name,
        "summary": config.scenario_set.summary,
        "over": risk.over,
        "tail": risk.tail,
        "rival": plans.get("rival"),
        "members": [
            {"name": name, "weight": weight, "folder": str(of.folder.relative_to(folder))}
            | _member(study.parts[name], plans, seeds)
            | {"share": {kind: _mean_share(study, name, plan_id, seeds) for kind, plan_id in plans.items()}}
            for (name, of), weight in zip(materials.items(), study.weights, strict=True)
        ],
        "risks": {over: _risks(study, objective, Risk(over, risk.tail), plans, seeds) for over in OVER},
        "against": against
        and {
            "plan_id": against,
            "members": {name: _member(study.parts[name], beside, seeds) for name in materials},
            "risks": {over: _risks(study, objective, Risk(over, risk.tail), beside, seeds) for over in OVER},
        },
    }
    return summary


def _member(study: Study, plans: Mapping[str, str], seeds: Sequence[int]) -> dict[str, Any]:
    """Return the delay of both plans in one member, the paired difference, and the approach where each fares worst."""
    runs = {kind: study.runs(plan_id, seeds) for kind, plan_id in plans.items()}
    found: dict[str, Any] = {}
    for kind, plan_id in plans.items():
        of = runs[kind]
        found[kind] = {
            "delay_s": interval([run["delay_s"] for run in of.values()]).to_json() if of else None,
            "gridlock_share": sum(run["gridlock"] > 0 for run in of.values()) / len(of) if of else None,
            "worst": _worst_approach(study, plan_id, seeds),
        }
    delays_s = {kind: {seed: run["delay_s"] for seed, run in of.items()} for kind, of in runs.items()}
    return found | {"difference": _difference(delays_s)}


def _difference(values: Mapping[str, Mapping[int, float]]) -> dict[str, Any] | None:
    """Return the paired difference rival - baseline; `None` where no seed was done by both."""
    ours, theirs = values.get("rival", {}), values["baseline"]
    both = [seed for seed in ours if seed in theirs]
    return paired_interval([ours[seed] for seed in both], [theirs[seed] for seed in both]).to_json() if both else None


def _worst_approach(study: Study, plan_id: str, seeds: Sequence[int]) -> dict[str, Any] | None:
    """Return the approach on which most time is lost in all, with its control delay per vehicle."""
    lost_s: dict[tuple[str, str], float] = {}
    vehicles: dict[tuple[str, str], int] = {}
    for seed in seeds:
        result = study.result(plan_id, seed)
        for row in result.approaches if result else ():
            if row.control_delay_s is not None:
                key = row.signal, row.approach
                lost_s[key] = lost_s.get(key, 0.0) + row.vehicles * row.control_delay_s
                vehicles[key] = vehicles.get(key, 0) + row.vehicles
    if not lost_s:
        return None
    key = max(lost_s, key=lambda of: (round(lost_s[of], 6), of))
    delay_s = lost_s[key] / max(vehicles[key], 1)
    share = lost_s[key] / max(math.fsum(lost_s.values()), 1e-9)
    return {
        "signal": key[0],
        "approach": key[1],
        "control_delay_s": delay_s,
        "los": level_of_service(delay_s),
        "share": share,
    }


def _mean_share(study: SetStudy, name: str, plan_id: str, seeds: Sequence[int]) -> float | None:
    """Return by what share a member counts in what is made small, mean over the seeds."""
    shares = [of[name] for seed in seeds if (of := study.shares(plan_id, seed)) is not None]
    return math.fsum(shares) / len(shares) if shares else None


def _risks(
    study: SetStudy, objective: Objective, risk: Risk, plans: Mapping[str, str], seeds: Sequence[int]
) -> dict[str, Any]:
    """Return the objective of both plans over the members, by one way to count them, and the paired difference."""
    values: dict[str, dict[int, float]] = {}
    for kind, plan_id in plans.items():
        of_plan = values.setdefault(kind, {})
        for seed in seeds:
            runs = [part.runs(plan_id, [seed]).get(seed) for part in study.parts.values()]
            whole = [objective.value(run) for run in runs if run is not None]
            if len(whole) == len(runs):
                of_plan[seed] = risk.value(whole, study.weights)
    found: dict[str, Any] = {kind: interval(list(of.values())).to_json() if of else None for kind, of in values.items()}
    return found | {"difference": _difference(values)}
