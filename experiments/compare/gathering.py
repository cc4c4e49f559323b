"""From what the command line names to rivals: studies are read, the rest is simulated where they were."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from engine.errors import InputError
from experiments._compose import compose
from experiments.compare.entries import Entry
from experiments.compare.reading import rivals_of
from experiments.compare.rivals import Rival
from experiments.compare.simulating import Simulated, simulated
from experiments.config import CompareConfig, ScenarioConfig

__all__ = ["SEEDS", "Gathered", "gather", "scenario_of_plans"]

SEEDS = tuple(range(101, 111))
"""Those that studies hold out by default."""


@dataclasses.dataclass(frozen=True)
class Gathered:
    """Everybody who is compared, in the order in which they were named; notes; simulations by how they ended."""

    rivals: list[Rival]
    notes: list[str]
    counts: Mapping[str, int]


def gather(config: CompareConfig, named: Sequence[Entry], folder: Path) -> Gathered:
    """Return the rivals that entries stand for; simulations go into a folder of their own for each scenario.

    Raises:
        InputError: a folder or file cannot be used, or it is not clear where a plan is to be simulated.
    """
    studies = {entry: rivals_of(entry.path) for entry in named if entry.kind == "study"}
    scenarios = [entry for entry in named if entry.kind == "scenario"]
    plans = [entry for entry in named if entry.kind in ("plan", "net")]
    found: dict[Entry, list[Rival]] = dict(studies)
    done: list[Simulated] = []
    of_studies = [rival for rivals in studies.values() for rival in rivals]
    if len(scenarios) == 1 and not config.scenario.name:
        plans = [*plans, *scenarios]  # one scenario is where everything is
    if plans:
        where = scenario_of_plans(config, named)
        seeds = _seeds(config, [rival for rival in of_studies if rival.scenario == where.name])
        files = [entry.path if entry.kind == "plan" else None for entry in plans]
        done.append(simulated(config, where, files, seeds, _folder(folder, where.name)))
        found |= {entry: [rival] for entry, rival in zip(plans, done[-1].rivals, strict=True)}
    elsewhere = [entry for entry in scenarios if entry not in plans]
    for entry in elsewhere:
        where = _named_scenario(entry.name, config)
        of = simulated(config, where, [None], _seeds(config, []), _folder(folder, entry.name))
        done.append(of)
        place = " / ".join(of.name for of in elsewhere)
        found[entry] = [
            dataclasses.replace(of.rivals[0], kind="scenario", label=entry.name, source=entry.name, scenario=place)
        ]
    counts = {name: sum(of.counts[name] for of in done) for name in ("done", "failed", "cached")}
    return Gathered(
        [rival for entry in named for rival in found[entry]], [note for of in done for note in of.notes], counts
    )


def scenario_of_plans(config: CompareConfig, named: Sequence[Entry]) -> ScenarioConfig:
    """Return where plan files are simulated: as configured, else the one scenario that is named or was studied.

    Raises:
        InputError: there is none, or several.
    """
    if config.scenario.name:
        return config.scenario
    scenarios = [entry for entry in named if entry.kind == "scenario"]
    if len(scenarios) == 1:
        return _named_scenario(scenarios[0].name, config)
    of_studies = [_studied(entry.path) for entry in named if entry.kind == "study"]
    plan = next(entry.name for entry in named if entry.kind in ("plan", "net"))
    if len({repr(of) for of in of_studies}) != 1:
        names = ", ".join(sorted({of.name for of in of_studies}))
        among = f"the studies are of {names}, or of other windows" if names else "no study says it"
        raise InputError(f"in which scenario is '{plan}' to be simulated? Say scenario=NAME ({among}).")
    conditions = config.scenario.conditions or of_studies[0].conditions
    return dataclasses.replace(of_studies[0], conditions=conditions)


def _named_scenario(name: str, config: CompareConfig) -> ScenarioConfig:
    of = config.scenario
    chosen: ScenarioConfig = compose("run", [f"scenario={name}"]).scenario
    return dataclasses.replace(
        chosen,
        begin_s=chosen.begin_s if of.begin_s is None else of.begin_s,
        end_s=chosen.end_s if of.end_s is None else of.end_s,
        warmup_s=chosen.warmup_s if of.warmup_s is None else of.warmup_s,
        conditions=of.conditions or chosen.conditions,
    )


def _studied(folder: Path) -> ScenarioConfig:
    """Return the scenario in a study's ``config.yaml``: plain values, each checked as those of the command line are."""
    file = folder / "config.yaml"
    try:
        stated: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))["scenario"]
        paths = {key: Path(stated[key]) if stated[key] else None for key in ("sumocfg", "file")}
        known = {field.name for field in dataclasses.fields(ScenarioConfig)}
        return ScenarioConfig(**{key: value for key, value in stated.items() if key in known} | paths)
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"'{file}' does not say where the study was simulated: {error}. Say scenario=NAME.") from error


def _seeds(config: CompareConfig, studied: Sequence[Rival]) -> tuple[int, ...]:
    return config.seeds or tuple(sorted({seed for rival in studied for seed in rival.asked})) or SEEDS


def _folder(folder: Path, scenario: str) -> Path:
    return folder / "runs" / re.sub(r"[^\w.-]+", "-", scenario)[:60]
