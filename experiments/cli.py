"""The command line: `greensplit COMMAND [PATH ...] [key=value ...]`."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import InputError, nearest
from experiments.bench.figures import FIGURES

__all__ = ["COMMANDS", "main"]


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        purpose: one line.
        module: where its ``main`` is; imported when it is called, because SUMO and Ray take their time.
        path_key: the key that a positional path fills, or "" where there is none.
        configured: whether it is composed by Hydra; the others read their few arguments themselves.
        keys: (key, meaning) of what is asked for most.
        examples: commands that work as they stand.
        resumes: whether the same command goes on with what it left when it was stopped.
        workers: whether simulations run side by side; their processes then start before the configuration is read.
    """

    purpose: str
    module: str
    path_key: str = ""
    configured: bool = True
    keys: tuple[tuple[str, str], ...] = ()
    examples: tuple[str, ...] = ()
    resumes: bool = False
    workers: bool = False


SCENARIO_KEYS = (
    ("scenario=NAME", "what is simulated: junction (default), sumo, or a benchmark; 'greensplit scenarios' lists them"),
    ("scenario.file=PATH", "with scenario=junction: your junction's description (legs, lanes, counts, timing)"),
    ("scenario.sumocfg=PATH", "with scenario=sumo: your SUMO configuration"),
    ("scenario.begin_s= .end_s= .warmup_s=", "override the simulated window, seconds"),
)
SHARED_KEYS = (
    ("measures=traffic", "or all: emissions, fuel and conflicts (TTC, DRAC, PET) too"),
    ("backend=native", "what drives SUMO: native, libsumo, traci, and for run also gui"),
    ("out=DIR", "the study's folder"),
)

SEARCH_KEYS = (
    *SCENARIO_KEYS,
    ("seeds=[1,2,3]", "training seeds: they choose the winner"),
    ("search.holdout_seeds=[101,...,110]", "held-out seeds: they prove it; [] switches them off"),
    ("plans=default", "what varies: default, cycle, splits, offsets, baseline (nothing)"),
    (
        "plans.order=true plans.skip=true",
        "other orders of a signal's stages; stages left out whose links have green elsewhere",
    ),
    ("plans.half_cycle=true", "signals may run at half of their common cycle"),
    ("plans.radius=0.3", "how far from the plan in the net, or full: sweep begins with 0.3, optimize with full"),
    ("plans.min_green_s=5 .max_green_s= .min_cycle_s=40 .max_cycle_s=180", "bounds, seconds"),
    ("plans.signals=[...]", "the signals that may change; all of them by default"),
    ("rules=default", "what proposed plans may not break more than the plan in the net: gb, mutcd, benchmark"),
    ("workers=N", "simulations at a time; default: the cores"),
    ("ray.address=HOST:PORT", "a Ray cluster that is there already"),
    ("run.deadline_s= run.attempts=2", "wall time that a run may take; tries of a run that is lost"),
)

COMMANDS = {
    "run": Command(
        "one simulation of one plan and seed, scored",
        "experiments.run",
        keys=(
            *SCENARIO_KEYS,
            ("seed=1", "SUMO's seed"),
            ("plan=baseline", "the plan in the net, or a plan file: .add.xml, .json or a timing sheet (.csv)"),
            ("tripinfo=PATH", "also write SUMO's own record of every vehicle"),
            ("series_s=60", "with out=DIR: also write series.parquet, a row for each interval of so many seconds"),
            ("json=true", "print the measures as JSON"),
            *SHARED_KEYS,
        ),
        examples=(
            "greensplit run",
            "greensplit run scenario=cologne8 seed=7 tripinfo=tripinfo.xml",
            "greensplit run scenario=sumo scenario.sumocfg=my/network.sumocfg plan=studies/x/best.add.xml",
            "greensplit run scenario=cologne8 series_s=60 out=studies/by-the-minute",
            "greensplit run scenario=ingolstadt7 measures=all",
            "greensplit run backend=gui",
        ),
    ),
    "optimize": Command(
        "the best plan within a budget of simulations, chosen, confirmed and proven",
        "experiments.optimize",
        keys=(
            *SEARCH_KEYS,
            (
                "search=race search.budget=96",
                "who proposes (race, tpe, cmaes, nsga2, maxband, webster, sobol, grid), training simulations in all",
            ),
            ("search.screen=true", "whether a fast traffic model, built from runs of today's plan, leads the race"),
            ("search.finalists=3", "plans that are set against today's on seeds of their own; 1: the first is taken"),
            ("search.confirm_seeds=[201,...,220]", "those seeds; as many are used as the choice takes"),
            ("search.zone=0.02", "differences below this share of today's delay do not matter to that choice"),
            ("objective=delay", "what is made small: delay, balanced, front; or your own, see the keys below"),
            ("objective.weights={delay_s:1,stops_per_veh:5}", "the sum of weight times measure"),
            ("objective.worse_by={approach_delay_s:5}", "limits: how much worse than today's a measure may be"),
            ("objective.at_most={spillback_s:0}", "limits: what a measure may be"),
            ("objective.front=[delay_s,stops_per_veh]", "a Pareto front instead (search=nsga2)"),
            *SHARED_KEYS,
        ),
        examples=(
            "greensplit optimize",
            "greensplit optimize scenario=cologne8 search.budget=200 out=studies/cologne8",
            "greensplit optimize scenario=ingolstadt1 objective=balanced",
            "greensplit optimize scenario=cologne1 search=nsga2 objective=front",
            "greensplit optimize scenario=cologne1 plans.order=true plans.skip=true",
            "greensplit optimize scenario=cologne3 search=webster search.budget=18",
        ),
        resumes=True,
        workers=True,
    ),
    "sweep": Command(
        "a grid or a space-filling sample of plans, all seeds, ranked, the best one proven",
        "experiments.sweep",
        keys=(
            *SEARCH_KEYS,
            ("search=sobol search.budget=96", "how plans are proposed (sobol, grid), and training simulations in all"),
            *SHARED_KEYS,
        ),
        examples=(
            "greensplit sweep",
            "greensplit sweep scenario=ingolstadt7 search.budget=192 out=studies/ingolstadt7",
            "greensplit sweep scenario=cologne1 plans=splits search=grid search.budget=243",
            "greensplit sweep scenario=sumo scenario.sumocfg=my/network.sumocfg scenario.end_s=5400 workers=8",
        ),
        resumes=True,
        workers=True,
    ),
    "audit": Command(
        "a plan against timing rules, without simulating",
        "experiments.audit",
        path_key="plan",
        keys=(
            *SCENARIO_KEYS[:3],
            ("plan=baseline", "the plan in the net, a plan file, or a study's folder: what the PLAN argument fills"),
            ("rules=default", "default (the project's floors), gb (China), mutcd (US), benchmark (RESCO)"),
            ("rules.min_green_s.value=7", "another limit; docs/audit.md names them all"),
            ("json=true", "print the findings as JSON"),
            ("out=PATH", "also write them, as .json or .csv"),
        ),
        examples=(
            "greensplit audit scenario=cologne1 rules=mutcd",
            "greensplit audit studies/first/best.add.xml scenario=cologne1 rules=gb out=findings.csv",
            "greensplit audit studies/first rules=mutcd rules.walk_s.value=4",
        ),
    ),
    "report": Command(
        "(re)draws a study's page",
        "experiments.report",
        path_key="dir",
        examples=("greensplit report studies/demo",),
    ),
    "hcm": Command(
        "v/c, delay, level of service and queues by the Highway Capacity Manual, without simulating",
        "experiments.hcm",
        keys=(
            *SCENARIO_KEYS,
            ("plan=baseline", "the plan in the net, the path of a plan file, or best: the study's winner"),
            ("study=DIR", "shows what that run or sweep simulated for the same plan, in columns of its own"),
            (
                "periods=peak",
                "the busiest quarter of an hour of each junction, or all: each one's queue goes into the next",
            ),
            ("platoon=random", "how vehicles arrive, or measured: as they did in the study"),
            ("method.base_veh_h=1900 .area_factor=1", "saturation flow of a lane; 0.9 in a central business district"),
            ("method.period_h=0.25 .startup_s=2 .extension_s=2", "analysis period; lost and gained green"),
            ("method.critical_s=4.5 .follow_s=2.5 .sneakers=2", "turns through gaps, and in yellow"),
            ("json=true", "print everything as JSON"),
            ("out=PATH", "also write it: a .csv or .parquet file of the lane groups, or a folder"),
        ),
        examples=(
            "greensplit hcm",
            "greensplit hcm scenario=cologne8 periods=all out=cologne8.csv",
            "greensplit hcm scenario=cologne1 study=studies/first plan=best",
        ),
    ),
    "measures": Command(
        "signal performance measures of a real controller's log",
        "experiments.measures",
        path_key="log",
        keys=(
            (
                "detectors=PATH",
                "Parquet or CSV: DeviceId, Phase, Parameter (the detector), Function (Advance, Presence)",
            ),
            ("bin_min=15", "length of a row in time, minutes"),
            ("json=true", "print the rows as JSON"),
            ("out=PATH", "also write them, as .parquet or .csv"),
        ),
        examples=("greensplit measures events.parquet detectors=detectors.csv out=measures.csv",),
    ),
    "schedule": Command(
        "plans by the time of day: periods found in the demand, a plan for each, SUMO's WAUT with safe changes",
        "experiments.schedule.command",
        keys=(
            *SCENARIO_KEYS,
            ("periods=PATH", "CSV with the columns begins and plan: file, study's folder, baseline or webster"),
            ("bin_min=15 shortest_min=30 most=8", "how finely demand is looked at; bounds of the periods found in it"),
            ("gain=0.02", "the share of the flows' variation that one more period has to explain"),
            ("min_cycle_s=40 max_cycle_s=120", "bounds of cycles that are computed"),
            ("rules=default", "what computed plans keep to, and changes are held against: gb, mutcd, benchmark"),
            ("out=PATH", "where the schedule goes: a SUMO additional file, to be loaded last"),
            ("table=PATH", "also write the periods as the CSV file that periods= reads"),
            ("json=true", "print everything as JSON"),
        ),
        examples=(
            "greensplit schedule out=day.add.xml",
            "greensplit schedule scenario=cologne8 shortest_min=15 table=periods.csv",
            "greensplit schedule scenario=cologne8 periods=periods.csv rules=mutcd out=day.add.xml",
        ),
    ),
    "import": Command(
        "timings from another tool onto a scenario's network",
        "experiments.import_timings",
        path_key="file",
        keys=(
            *SCENARIO_KEYS,
            ("map=NODE:SIGNAL,...", "with UTDF: which signal each node is; or a CSV file, see docs/formats.md"),
            (
                "whole_seconds=true",
                "with UTDF: round times to whole seconds, yellow and all-red up; false keeps tenths",
            ),
            ("out=PATH", "where the plan goes; .add.xml, .json or .csv says in which format"),
            ("json=true", "print what was done as JSON"),
        ),
        examples=(
            "greensplit import office.csv scenario=cologne1 map=12:GS_cluster_357187_359543 out=plan.add.xml",
            "greensplit import office.csv scenario=sumo scenario.sumocfg=my/network.sumocfg map=nodes.csv out=plan.json",
        ),
    ),
    "export": Command(
        "a plan for other tools: UTDF, timing sheet, JSON, SUMO",
        "experiments.export_plan",
        path_key="plan",
        keys=(
            ("PLAN", "a plan file, a study's folder (its best plan), or baseline: the plan in the net"),
            *SCENARIO_KEYS,
            ("format=FORMAT", "utdf, csv (timing sheet), sheet (a page to print), json, sumo; else as out ends"),
            ("out=PATH", "where the file goes"),
            ("json=true", "print what was done as JSON"),
        ),
        examples=(
            "greensplit export baseline scenario=cologne8 format=sheet out=cologne8.html",
            "greensplit export studies/first scenario=cologne1 format=utdf out=best-utdf.csv",
            "greensplit export plan.add.xml scenario=cologne1 out=plan.json",
        ),
    ),
    "scenarios": Command(
        "what can be run",
        "experiments.list_scenarios",
        configured=False,
        keys=(("json=true", "print the list as JSON"),),
        examples=("greensplit scenarios",),
    ),
    "doctor": Command(
        "what is installed, what is missing, and what to do",
        "experiments.doctor",
        configured=False,
        keys=(("json=true", "print the findings as JSON"),),
        examples=("greensplit doctor",),
    ),
    "bench": Command(
        "the project's speed figures, each beside the peer that it is held against",
        "experiments.bench.command",
        keys=(
            ("what=all", f"which figures, by commas: {', '.join(FIGURES)}"),
            ("json=true", "print the figures as JSON"),
            ("out=PATH", "also write them as JSON"),
        ),
        examples=("greensplit bench what=startup,loop", "greensplit bench out=bench.json"),
    ),
    "tournament": Command(
        "searches against each other at equal budgets; the same command goes on where it stopped",
        "experiments.tournament",
        keys=(
            ("scenarios=[cologne1,cologne3,cologne8,ingolstadt1]", "where they meet"),
            ("searches=[race,tpe,cmaes]", "who meets"),
            ("budgets=[100]", "training simulations of each study; a larger budget extends the smaller one's study"),
            ("repeats=3", "studies of each, with search seeds 1, 2, ..."),
            ("workers=N", "simulations at a time; default: the cores"),
            ("out=DIR", "table.md, the matches on record, and their studies"),
        ),
        examples=(
            "greensplit tournament out=studies/tournament",
            "greensplit tournament scenarios=[cologne1] searches=[race,sobol] budgets=[50,100,200] repeats=5 "
            "out=studies/tournament",
        ),
        resumes=True,
    ),
    "completion": Command(
        "prints the tab completion of a shell: bash, zsh or fish",
        "experiments.completion",
        configured=False,
        examples=('eval "$(greensplit completion bash)"',),
    ),
}

OVERRIDE = re.compile(r"^[+~]{0,2}[A-Za-z_][\w.@/-]*=")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 a finding, 2 input that cannot be used, 130 interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    atexit.register(gc.freeze)  # Python's end would search all that is loaded for garbage, for a fifth of a second
    try:
        return _dispatch(given)
    except InputError as error:
        print(f"greensplit: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        resumes = given[0] in COMMANDS and COMMANDS[given[0]].resumes
        again = "goes on where it stopped" if resumes else "begins anew"
        print(f"greensplit: stopped. The same command {again}.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has gone, as in `greensplit scenarios | head`.
        sys.stderr.close()
        return 0


def _dispatch(given: list[str]) -> int:
    if not given or given[0] in ("-h", "--help", "help"):
        print(_overview())
        return 0 if given else 2
    if given[0] == "--version":
        from importlib.metadata import version  # noqa: PLC0415  only here

        print(f"greensplit {version('greensplit')}")
        return 0
    name, rest = given[0], given[1:]
    if name not in COMMANDS:
        raise InputError(f"there is no command '{name}'.{nearest(name, COMMANDS)} 'greensplit --help' lists them.")
    command = COMMANDS[name]
    if any(argument in ("-h", "--help") for argument in rest):
        print(_help(name, command))
        return 0
    if not command.configured:
        return int(importlib.import_module(command.module).main(rest))
    from experiments import _compose  # noqa: PLC0415  Hydra takes a third of a second

    if any(argument.startswith("-") for argument in rest):
        _compose.hand_over(name, rest)
        return 0
    overrides = _overrides(name, command, rest)
    with _early_workers(overrides) if command.workers else contextlib.nullcontext():
        config = _compose.compose(name, overrides)
        return int(importlib.import_module(command.module).main(config))


def _early_workers(overrides: Sequence[str]) -> contextlib.AbstractContextManager[None]:
    """Start the workers' processes as the overrides seem to ask for them: a wrong guess costs a moment, no more."""
    from engine.nursery import spare  # noqa: PLC0415  only where something is simulated

    given = dict(override.partition("=")[::2] for override in overrides)
    asked = given.get("workers", "")
    cores = os.cpu_count() or 1
    n_workers = min(int(asked), cores) if asked.isdecimal() else cores
    return spare(0 if "ray.address" in given else n_workers, given.get("backend", "native"))


def _overrides(name: str, command: Command, rest: Sequence[str]) -> list[str]:
    """Return key=value arguments, positional paths turned into the key that they fill."""
    overrides = []
    paths = []
    for argument in rest:
        if OVERRIDE.match(argument):
            overrides.append(argument)
        else:
            paths.append(argument)
    if paths and (not command.path_key or len(paths) > 1):
        raise InputError(
            f"{name} does not know what to do with '{paths[-1]}'. Give key=value; 'greensplit {name} --help' lists the keys."
        )
    return [*overrides, *(f"{command.path_key}={path}" for path in paths)]


def _overview() -> str:
    lines = ["Finds better traffic-signal plans and proves that they are better.", ""]
    lines += ["usage: greensplit COMMAND [PATH ...] [key=value ...]", "", "commands:"]
    lines += [f"  {name:<11} {command.purpose}" for name, command in COMMANDS.items()]
    lines += ["", "examples:"]
    lines += [f"  {command.examples[0]}" for command in COMMANDS.values()]
    lines += [
        "",
        "'greensplit COMMAND --help' tells more of each; 'greensplit COMMAND --cfg job' shows its configuration.",
    ]
    return "\n".join(lines)


def _help(name: str, command: Command) -> str:
    path = f" {command.path_key.upper()}" if command.path_key else ""
    arguments = {"completion": " SHELL", "audit": " [PLAN] [key=value ...]"}.get(name, f"{path} [key=value ...]")
    lines = [f"greensplit {name}: {command.purpose}", "", f"usage: greensplit {name}{arguments}"]
    if command.keys:
        width = max(len(key) for key, _ in command.keys if len(key) < 40) + 2
        lines += ["", "keys:"]
        for key, meaning in command.keys:
            lines += [f"  {key:<{width}}{meaning}"] if len(key) < width else [f"  {key}", f"  {'':<{width}}{meaning}"]
    lines += ["", "examples:", *(f"  {example}" for example in command.examples)]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
