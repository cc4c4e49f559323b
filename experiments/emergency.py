"""`greensplit emergency`: a plan for each trouble, the rule that changes to it and back, and the proof of both."""

from __future__ import annotations

import dataclasses
import functools
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import scenarios
from engine.alarm import Alarm, AllClear, Call, Course, course, fit_alarm, fit_all_clear
from engine.day import DayPlan, day_schedules
from engine.errors import InputError
from engine.files import sha256, write_text
from engine.formats import read_any_plan
from engine.ledger import Ledger, StudyLock
from engine.network import Network
from engine.plan import Plan
from engine.runner import SeveralRunner
from engine.scenario import Scenario
from engine.scenario_set import same_signals
from engine.selection import judge
from engine.statistics import paired_interval
from engine.study import Study
from engine.sumo.programs import write_plan
from engine.sumo.waut import write_schedules
from experiments import _folder
from experiments._pool import pool_of, study_on
from experiments._prepare import prepare
from experiments._progress import Progress
from experiments._searching import MOST_ALIVE, search_and_prove
from experiments.config import EmergencyConfig, identity, resolved
from experiments.schedule.plans import scheduled

__all__ = ["main"]

ANNOUNCED = frozenset({"rain", "snow", "fog", "works"})
"""Conditions that a control room is told of: there the change may follow the announcement, and needs no detectors."""

Trials = Mapping[str, Sequence[tuple[Plan, int]]]


def main(config: EmergencyConfig) -> int:
    """Make the plans, fit the rule, prove both, and write them. Returns 0; the same command goes on where it stopped."""
    searches = config.searches()
    sources = tuple(dict.fromkeys(path for of in searches.values() for path in scenarios.sources(of.scenario)))
    identified = _folder.study_identity(identity(config), sources)
    folder = _folder.folder_of("emergency", config.scenario.name, identified, config.out)
    with StudyLock(folder):
        _folder.claim(folder, identified, {"command": "emergency", **resolved(config)})
        places = {name: folder / "plans" / name for name in searches}
        for name, of in searches.items():
            search_and_prove("optimize", dataclasses.replace(of, out=places[name]))
        prepared = {
            name: prepare(of.scenario, places[name] / "scenario", config.queue.max_m, config.measures)
            for name, of in searches.items()
        }
        same_signals({name: network for name, (_, network) in prepared.items()})
        with Ledger(folder / "ledger.sqlite") as ledger:
            summary = _proven(config, folder, prepared, ledger)
        for row in summary["members"]:
            kinds = set(searches[row["name"]].scenario.conditions)
            row["announced"] = bool(kinds) and kinds <= ANNOUNCED
        write_text(folder / "emergency.json", json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
        _show(summary, folder)
    return 0


class _Runs:
    """Runs of several scenarios that share a ledger and a pool: what is asked for and what came out."""

    def __init__(
        self, config: EmergencyConfig, prepared: Mapping[str, tuple[Scenario, Network]], ledger: Ledger, series_s: float
    ) -> None:
        self._config = config
        self._prepared = prepared
        self._ledger = ledger
        self._series_s = series_s
        self._studies: dict[str, Study] = {}
        self._courses: dict[tuple[str, str, int], Course] = {}

    def simulate(self, title: str, asked: Mapping[str, Trials]) -> None:
        """Simulate (plan, seed) of each scenario, by role."""
        config = self._config
        total = sum(len(trials) for trials_of in asked.values() for trials in trials_of.values())
        if not total:
            return
        ready: dict[str, Any] = {name: (*pair, config.backend) for name, pair in self._prepared.items()}
        runner = functools.partial(SeveralRunner, ready, MOST_ALIVE)
        with Progress(title, total) as progress, pool_of(config, runner) as pool:
            self._studies = {
                name: study_on(config, scenario, self._ledger, pool, progress, name, self._series_s)
                for name, (scenario, _) in self._prepared.items()
            }
            jobs = [
                job
                for role, trials_of in asked.items()
                for name, trials in trials_of.items()
                for job in self._studies[name].asked_for(trials, role, {})
            ]
            for attempt in pool.run(jobs) if jobs else ():
                self._studies[attempt.job.scenario].take(attempt)

    def measures(self, name: str, plan: Plan, seed: int) -> dict[str, float]:
        """Return the network measures of a run.

        Raises:
            InputError: it has no result.
        """
        found = self._studies[name].runs(plan.plan_id, [seed])
        if not found:
            raise InputError(
                f"the run of plan {plan.plan_id} in '{name}' with seed {seed} has no result; ledger.sqlite says why. "
                "Give the same command to try again."
            )
        return dict(found[seed])

    def courses(self, name: str, plan: Plan, seeds: Sequence[int]) -> list[Course]:
        """Return what detectors see of a plan's runs, in the seeds' order.

        Raises:
            InputError: one has no result.
        """
        for seed in seeds:
            if (name, plan.plan_id, seed) not in self._courses:
                self.measures(name, plan, seed)
                result = self._studies[name].result(plan.plan_id, seed)
                assert result is not None  # it has measures
                self._courses[name, plan.plan_id, seed] = course(result)
        return [self._courses[name, plan.plan_id, seed] for seed in seeds]

    def delays_s(self, name: str, plan: Plan, seeds: Sequence[int]) -> list[float]:
        """Return the delay per vehicle of a plan's runs, seconds, in the seeds' order; see `measures`."""
        return [self.measures(name, plan, seed)["delay_s"] for seed in seeds]


def _proven(
    config: EmergencyConfig, folder: Path, prepared: Mapping[str, tuple[Scenario, Network]], ledger: Ledger
) -> dict[str, Any]:
    usual, *troubles = prepared
    network = prepared[usual][1]
    plans = {name: _whole(folder / "plans" / name / "best.add.xml", network) for name in prepared}
    day = plans[usual]
    own = {name: plans[name] for name in troubles if plans[name].plan_id != day.plan_id}
    for name, plan in own.items():  # whether one leads to the other and back, before anything is simulated
        for old, new in ((day, plan), (plan, day)):
            day_schedules([DayPlan("day", 0.0, old), DayPlan(name, 0.0, new)])
    seeds, held = config.alarm.seeds, config.search.holdout_seeds
    in_a_row = config.alarm.in_a_row
    training = {name: [(plan, seed) for plan in _of(name, usual, day, own) for seed in seeds] for name in prepared}
    holdout = {name: [(plan, seed) for plan in _of(name, usual, day, own) for seed in held] for name in prepared}
    runs = _Runs(config, prepared, ledger, config.alarm.window_s)
    runs.simulate("what detectors see", {"training": training, "holdout": holdout})

    def measured(name: str, plan: Plan) -> dict[int, dict[str, float]]:
        return {seed: runs.measures(name, plan, seed) for seed in held}

    objective = config.objective.objective()
    kept = {
        name: plan
        for name, plan in own.items()
        if judge(measured(name, plan), measured(name, day), held, objective)[0] == "better"
    }
    courses = {name: runs.courses(name, day, seeds) for name in prepared}
    if len(courses[usual][0].ends_s) < in_a_row:
        raise InputError(
            f"alarm.window_s={config.alarm.window_s:g} leaves fewer than alarm.in_a_row={in_a_row} windows. Make it smaller."
        )
    alarm = fit_alarm(courses[usual], {name: courses[name] for name in troubles}, in_a_row)
    clear = {
        name: fit_all_clear(runs.courses(usual, plan, seeds), runs.courses(name, plan, seeds), in_a_row)
        for name, plan in kept.items()
    }
    calls = {
        (name, seed): alarm.first(seen)
        for name in prepared
        for seed, seen in zip(held, runs.courses(name, day, held), strict=True)
    }
    switched = _switched(config, folder, prepared, ledger, day, kept, calls)
    rows = []
    for name, (scenario, _) in prepared.items():
        plan = kept.get(name, day)
        by_day, oracle = runs.delays_s(name, day, held), runs.delays_s(name, plan, held)
        by_rule = [switched.get((name, seed), delay_s) for seed, delay_s in zip(held, by_day, strict=True)]
        of_calls = [call for seed in held if (call := calls[name, seed]) is not None]
        after_s = [call.time_s - scenario.begin_s - scenario.warmup_s for call in of_calls]
        rows.append(
            {
                "name": name,
                "plan": plan.plan_id,
                "own_plan": name in kept,
                "runs": len(held),
                "alarms": len(of_calls),
                "named_right": sum(call.trouble == name for call in of_calls),
                "switched": sum(call.trouble in kept for call in of_calls),
                "median_time_to_alarm_s": statistics.median(after_s) if after_s else None,
                "false_all_clears": _cleared(clear.get(name), runs.courses(name, plan, held)),
                "all_clears_on_usual_days": _cleared(clear.get(name), runs.courses(usual, plan, held)),
                "delay_s": {
                    how: statistics.fmean(of) for how, of in (("day", by_day), ("rule", by_rule), ("oracle", oracle))
                },
                "rule_less_day": paired_interval(by_rule, by_day).to_json(),
                "oracle_less_day": paired_interval(oracle, by_day).to_json(),
            }
        )
    _write(config, folder / "emergency", {"day": day, **kept}, network, alarm, clear)
    return {
        "command": "emergency",
        "scenario": config.scenario.name,
        "usual": usual,
        "alarm_seeds": list(seeds),
        "holdout_seeds": list(held),
        "members": rows,
    }


def _cleared(rule: AllClear | None, courses: Sequence[Course]) -> int | None:
    """Return in how many runs the all-clear came; `None` where there is no rule for it."""
    return None if rule is None else sum(rule.first(seen) is not None for seen in courses)


def _of(name: str, usual: str, day: Plan, own: Mapping[str, Plan]) -> list[Plan]:
    """Return the plans that run in a member: on usual days every plan, for the way back; else the day's and its own."""
    plans = [day, *(own.values() if name == usual else [own[name]] if name in own else [])]
    return list({plan.plan_id: plan for plan in plans}.values())


def _whole(path: Path, network: Network) -> Plan:
    """Return a study's best plan with a program of every signal that can be switched."""
    mine = {program.signal: program for program in read_any_plan(path, network).plan.programs}
    programs = {signal: mine.get(signal, program) for signal, program in scheduled(network).items()}
    return Plan(tuple(programs[signal] for signal in sorted(programs)))


def _switched(
    config: EmergencyConfig,
    folder: Path,
    prepared: Mapping[str, tuple[Scenario, Network]],
    ledger: Ledger,
    day: Plan,
    kept: Mapping[str, Plan],
    calls: Mapping[tuple[str, int], Call | None],
) -> dict[tuple[str, int], float]:
    """Return the delay of each run that the rule changes the plan in: the same run up to the call, SUMO's WAUT from there."""
    ways: dict[str, tuple[Scenario, Network]] = {}
    names: dict[tuple[str, int], str] = {}
    (folder / "switched").mkdir(exist_ok=True)
    for (name, seed), call in calls.items():
        if call is None or call.trouble not in kept:
            continue
        scenario, network = prepared[name]
        key = f"{name}-{seed}"
        path = folder / "switched" / f"{key}.add.xml"
        plan = kept[call.trouble]
        changes = [DayPlan("day", scenario.begin_s, day), DayPlan(call.trouble, call.time_s, plan)]
        write_schedules(day_schedules(changes)[0], path)
        names[name, seed] = key
        ways[key] = (
            dataclasses.replace(
                scenario,
                additional=(*scenario.additional, path),
                additional_quiet=(*scenario.additional_quiet, path),
                inputs=tuple(sorted((*scenario.inputs, (path.name, sha256(path))))),
            ),
            network,
        )
    runs = _Runs(config, ways, ledger, config.alarm.window_s)
    runs.simulate("changes of plan", {"holdout": {key: [(Plan(()), seed)] for (_, seed), key in names.items()}})
    return {place: runs.measures(key, Plan(()), place[1])["delay_s"] for place, key in names.items()}


def _write(
    config: EmergencyConfig,
    folder: Path,
    plans: Mapping[str, Plan],
    network: Network,
    alarm: Alarm,
    clear: Mapping[str, AllClear],
) -> None:
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.add.xml"):
        if path.name.removesuffix(".add.xml") not in plans:
            path.unlink()  # of an earlier, smaller budget
    for name, plan in plans.items():
        write_plan(plan, folder / f"{name}.add.xml", network.program_ids)
    rule = {
        "window_s": config.alarm.window_s,
        "source": {"training_seeds": list(config.alarm.seeds)},
        "alarm": alarm.to_json(),
        "all_clear": {name: of.to_json(alarm.names) for name, of in clear.items()},
    }
    write_text(folder / "rule.json", json.dumps(rule, indent=1, ensure_ascii=False) + "\n")


def _show(summary: Mapping[str, Any], folder: Path) -> None:
    from rich.console import Console  # noqa: PLC0415  takes its time to import
    from rich.table import Table  # noqa: PLC0415

    table = Table(title=f"{summary['scenario']}: emergency plans, seconds of delay per vehicle", title_justify="left")
    for head in ("member", "plan", "alarms", "named", "after s", "day's plan", "by rule", "from start", "rule - day"):
        table.add_column(head, justify="left" if head in ("member", "plan") else "right")
    for row in summary["members"]:
        difference, after_s = row["rule_less_day"], row["median_time_to_alarm_s"]
        sure = "" if difference["ci95"] is None else " ({:+.1f} to {:+.1f})".format(*difference["ci95"])
        table.add_row(
            row["name"],
            "own" if row["own_plan"] else "the day's",
            f"{row['alarms']} of {row['runs']}",
            str(row["named_right"]),
            "-" if after_s is None else f"{after_s:.0f}",
            *(f"{row['delay_s'][how]:.1f}" for how in ("day", "rule", "oracle")),
            f"{difference['centre']:+.1f}{sure}",
        )
    console = Console(width=max(Console().width, 120), highlight=False)
    console.print(table)
    announced = [row["name"] for row in summary["members"] if row["announced"] and row["own_plan"]]
    if announced:
        console.print(
            f"Announced, so that the change need not wait for an alarm: {', '.join(announced)}.", markup=False
        )
    console.print(f"plans and rule: {folder / 'emergency'}", markup=False, soft_wrap=True)
