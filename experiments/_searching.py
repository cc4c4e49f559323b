"""What `sweep` and `optimize` share: search a plan space, choose among the finalists, prove the winner."""

from __future__ import annotations

import contextlib
import functools
import importlib
import math
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import scenarios
from engine.audit import Auditor
from engine.confirm import FIRST_STAGE, Confirmation, confirm
from engine.errors import InputError
from engine.formats import read_any_plan
from engine.ledger import Ledger, StudyLock
from engine.network import Network
from engine.objective import Objective
from engine.plan import BASELINE, Plan
from engine.pool import Pool
from engine.runner import SeveralRunner
from engine.scenario_set import SetStudy, same_signals
from engine.search import SEARCHES, Evaluation, Trial, drive
from engine.selection import Ranked, Verdict, judge, rank
from engine.space import PlanSpace, plan_space
from engine.statistics import Interval
from engine.study import Study
from experiments import _folder
from experiments._control import control_space
from experiments._outcome import Material, Outcome, write
from experiments._pool import n_workers, pool_of, study_on
from experiments._prepare import prepare
from experiments._progress import Progress
from experiments._rules import chosen
from experiments._set_outcome import claim_member, folder_of_member, write_set
from experiments._show import show_study
from experiments._strategy import Site, calibration_seeds, strategy
from experiments.config import SearchStudyConfig, identity, resolved
from experiments.config.controller import FIXED
from experiments.report import compile_page

__all__ = ["search_and_prove"]

MOST_ALIVE = 8
"""Scenarios whose processes a worker keeps: a set's members take turns."""

LATER = ("polars", "scipy.special", "jinja2", "plotly.offline")
"""What tables and report need; one after the other at the end they take a second."""


def search_and_prove(command: str, config: SearchStudyConfig) -> int:
    """Search a plan space and report the winner. Returns 0; the same command goes on with an interrupted study."""
    began = time.monotonic()
    members = config.members()
    sources = tuple(dict.fromkeys(path for member in members.values() for path in scenarios.sources(member.scenario)))
    identified = _folder.study_identity(identity(config), sources)
    folder = _folder.folder_of(command, config.scenario.name, identified, config.out)
    prepared: dict[str, Any] = {}
    with StudyLock(folder):
        _folder.claim(folder, identified, {"command": command, **resolved(config)})
        runner = functools.partial(SeveralRunner, prepared, MOST_ALIVE)
        with pool_of(config, runner) as pool, contextlib.ExitStack() as ledgers:
            pool.start()  # where Ray is to run the first jobs, it starts while the scenario is prepared
            places = {name: folder_of_member(folder, name) for name in members}
            for name, member in members.items():
                if name:
                    claim_member(places[name], identified, name, command, member)
                scenario, network = prepare(
                    member.scenario, places[name] / "scenario", config.queue.max_m, config.measures
                )
                prepared[name] = (scenario, network, config.backend)
            same_signals({name: network for name, (_, network, _) in prepared.items()})
            materials: dict[str, Material] = {}
            for name, (scenario, network, _) in prepared.items():
                auditor = Auditor(network, chosen(config.rules, config.scenario.name))
                first = next(iter(materials.values()), None)
                space = first.space if first else _space(config, network, auditor)
                ledger = ledgers.enter_context(Ledger(places[name] / "ledger.sqlite"))
                materials[name] = Material(command, places[name], scenario, auditor, space, ledger)
            outcome = _search(config, materials, pool)
            pool.release()
            if isinstance(outcome.study, SetStudy):
                write_set(config, folder, materials, outcome, began)
            else:
                show_study(write(config, materials[""], outcome, began), folder)
    return 0


def _space(config: SearchStudyConfig, network: Network, auditor: Auditor) -> PlanSpace:
    """Return the space of plans, or where a controller is named, of its parameters."""
    if config.controller.kind == FIXED:
        return plan_space(network, config.plans.options(), auditor)
    return control_space(config.controller, config.sensing, config.rules, network, config.scenario.name)


def _search(config: SearchStudyConfig, materials: Mapping[str, Material], pool: Pool) -> Outcome:
    material = next(iter(materials.values()))
    later = ("cmaes", *LATER) if calibration_seeds(config, material.space) else LATER
    threading.Thread(target=_import_for_later, args=(later,), daemon=True).start()
    objective = config.objective.objective()
    net, holdout = Plan(()), config.search.holdout_seeds
    title = f"{material.command} of {config.scenario.name}"
    with Progress(title, _expected(config, material.space)) as progress:
        study = _study(config, materials, pool, progress)
        space = material.space
        weights = config.weights()
        sites = [
            Site(of.scenario, of.auditor.network, weight, of.folder)
            for of, weight in zip(materials.values(), weights, strict=True)
        ]
        search = strategy(config, sites, space, n_workers(config), progress.say)
        judged = functools.partial(_evaluations, study, objective)
        # The space keeps to the rules; whatever a search proposes is audited before it is run all the same.
        auditor = material.auditor
        # Budget and batch count simulations, and a trial is one in each scenario.
        n = len(materials)
        budget, batch = config.search.budget // n, max(min(config.search.batch, 2), math.ceil(config.search.batch / n))
        plans = drive(search, net, judged, budget, batch, lambda plan: not auditor.worse(plan))
        by_id = {plan.plan_id: plan for plan in plans}
        if not study.runs(BASELINE, config.seeds):
            lost = next(of for name, of in materials.items() if not study.parts[name].runs(BASELINE, config.seeds))
            raise InputError(f"no run of the plan in the net ended: {_last_reason(lost.ledger)}. See '{lost.folder}'.")
        ranked = _ranked(study, by_id, config.seeds, objective)
        favourites = _favourites(ranked, search.favourites())
        confirmation = _confirmed(config, study, objective, by_id, ranked, favourites)
        candidate = by_id[confirmation.plan_id if confirmation else (favourites or [ranked[0].plan_id])[0]]
        finals = {BASELINE: net, candidate.plan_id: candidate}
        against = config.scenario_set.against
        if against is not None:
            other = read_any_plan(against, material.auditor.network).plan
            by_id.setdefault(other.plan_id, other)
            finals[other.plan_id] = other
        study.evaluate([(plan, seed) for plan in finals.values() for seed in holdout], "holdout")
    verdict, difference = _judged(study, objective, candidate.plan_id, holdout)
    best = net if verdict == "baseline" else candidate
    beside = finals[other.plan_id] if against is not None else None
    return Outcome(study, objective, by_id, ranked, confirmation, candidate, best, verdict, difference, beside)


def _study(
    config: SearchStudyConfig, materials: Mapping[str, Material], pool: Pool, progress: Progress
) -> Study | SetStudy:
    """Return the study of one scenario, or of the members of a set."""
    studies = {name: study_on(config, of.scenario, of.ledger, pool, progress, name) for name, of in materials.items()}
    if not config.scenario_set.members:
        return studies[""]
    return SetStudy(studies, config.weights(), config.objective.objective(), config.objective.risk(), pool)


def _judged(
    study: Study | SetStudy, objective: Objective, plan_id: str, holdout: Sequence[int]
) -> tuple[Verdict, Interval | None]:
    if plan_id == BASELINE and holdout:
        return "baseline", None
    candidate, baseline = study.runs(plan_id, holdout), study.runs(BASELINE, holdout)
    return judge(candidate, baseline, holdout, objective, _violation(study, objective, plan_id, holdout))


def _expected(config: SearchStudyConfig, space: PlanSpace) -> int:
    """Return about how many simulations there will be."""
    n_members = len(config.members())
    n_training = config.search.budget // n_members if space.n_dimensions else len(config.seeds)
    n_training -= 0 if SEARCHES[config.search.name].learns else n_training % len(config.seeds)
    if not space.n_dimensions:
        return n_members * (n_training + len(config.search.holdout_seeds))
    confirmed = config.search.finalists > 1 and config.search.confirm_seeds
    n_confirmation = (config.search.finalists + 1) * FIRST_STAGE if confirmed else 0
    return n_members * (n_training + n_confirmation + 2 * len(config.search.holdout_seeds))


def _evaluations(study: Study | SetStudy, objective: Objective, trials: Sequence[Trial]) -> list[Evaluation]:
    """Simulate trials, and return what the objective says of each; the plan in the net is known by then."""
    study.evaluate([trial[:2] for trial in trials], "training", _limits_s(objective, trials))
    evaluations = []
    for trial in trials:
        metrics = study.runs(trial.plan.plan_id, [trial.seed]).get(trial.seed)
        at_least_s = study.at_least_s(trial.plan.plan_id, trial.seed)
        if at_least_s is not None and objective.delay_weight is not None:
            evaluations.append(Evaluation(trial, None, at_least=objective.delay_weight * at_least_s))
        elif metrics is None:
            evaluations.append(Evaluation(trial, None))
        else:
            # Where the plan in the net exceeds a limit as well, what comes nearer to it is a gain to the search.
            violation = _excess(study, objective, trial.plan.plan_id, [trial.seed])
            jams = metrics["gridlock"] > study.jams(trial.seed)
            evaluations.append(Evaluation(trial, objective.values(metrics), violation, jams))
    return evaluations


def _limits_s(objective: Objective, trials: Sequence[Trial]) -> dict[tuple[str, int], float]:
    """Return the delays beyond which runs may be given up; none where other measures than delay count."""
    weight = objective.delay_weight
    if weight is None:
        return {}
    limits = {(trial.plan.plan_id, trial.seed): trial.limit / weight for trial in trials}
    return {key: limit_s for key, limit_s in limits.items() if limit_s < math.inf}


def _violation(study: Study | SetStudy, objective: Objective, plan_id: str, seeds: Sequence[int]) -> float:
    """Return how far a plan exceeds the objective's limits; the plan in the net is what stays where none keeps them."""
    return 0.0 if plan_id == BASELINE else _excess(study, objective, plan_id, seeds)


def _excess(study: Study | SetStudy, objective: Objective, plan_id: str, seeds: Sequence[int]) -> float:
    """Return how far a plan exceeds the objective's limits, as far as it and the plan in the net have run."""
    if not (objective.worse_by or objective.at_most):
        return 0.0
    excess = 0.0
    for part in study.parts.values():  # limits hold in each scenario
        pairs = [(part.result(plan_id, seed), part.result(BASELINE, seed)) for seed in seeds]
        excesses = [objective.excesses(ours, theirs) for ours, theirs in pairs if ours and theirs]
        excess += objective.violation(excesses) if excesses else 0.0
    return excess


def _ranked(
    study: Study | SetStudy, plans: Mapping[str, Plan], seeds: Sequence[int], objective: Objective
) -> list[Ranked]:
    runs = {plan_id: study.runs(plan_id, seeds) for plan_id in plans}
    violations = {plan_id: _violation(study, objective, plan_id, seeds) for plan_id in plans}
    return rank(list(plans), runs, seeds, objective, violations, study.asked("training"), study.stopped())


def _favourites(ranked: Sequence[Ranked], believed: Sequence[str]) -> list[str]:
    """Return the plans that may win, the most promising first: as the search believes, else as they are ranked."""
    today = next(of for of in ranked if of.plan_id == BASELINE)
    place = {plan_id: i for i, plan_id in enumerate(believed)}
    in_order = sorted(ranked, key=lambda of: (of.gridlocks > today.gridlocks, place.get(of.plan_id, len(place))))
    return [of.plan_id for of in in_order if not (of.failed or of.untried or of.stopped) and of.violation <= 0.0]


def _confirmed(
    config: SearchStudyConfig,
    study: Study | SetStudy,
    objective: Objective,
    plans: Mapping[str, Plan],
    ranked: Sequence[Ranked],
    favourites: Sequence[str],
) -> Confirmation | None:
    """Return the winner among the first favourites, on seeds of their own; `None` where one is taken untried.

    The plan in the net is among them: a winner on training seeds that is none on others ends here.
    """
    n_finalists, seeds = config.search.finalists, config.search.confirm_seeds
    finalists = list(dict.fromkeys([*favourites[:n_finalists], BASELINE]))
    if n_finalists < 2 or not seeds or len(finalists) < 2:
        return None

    def simulate(plan_ids: Sequence[str], stage: Sequence[int]) -> dict[str, dict[int, float]]:
        study.evaluate([(plans[plan_id], seed) for seed in stage for plan_id in plan_ids], "confirmation")
        runs = {plan_id: study.runs(plan_id, stage) for plan_id in plan_ids}
        return {plan_id: {seed: objective.value(of[seed]) for seed in of} for plan_id, of in runs.items()}

    today = next(of.mean for of in ranked if of.plan_id == BASELINE)
    return confirm(finalists, seeds, max(config.search.zone * abs(today), 1e-9), simulate)


def _import_for_later(names: Sequence[str]) -> None:
    """Import and compile what takes long while simulations run, in the order in which it is needed."""
    for name in names:
        importlib.import_module(name)
    compile_page()


def _last_reason(ledger: Ledger) -> str:
    reasons = [attempt.reason for attempt in ledger.attempts() if attempt.status not in ("done", "stopped")]
    return reasons[-1] if reasons else "nothing was run"
