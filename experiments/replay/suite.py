"""Suites: what they ask for, and where their records are."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

import scenarios
from conf import FOLDER
from engine.bands import CaseRecord
from engine.errors import InputError
from engine.formats import read_any_plan
from engine.network import Network
from engine.plan import BASELINE, Plan
from engine.scenario import Scenario
from experiments._compose import compose
from experiments._prepare import prepare
from experiments.config import CaseConfig, QueueConfig, ReplayConfig, ScenarioConfig, SuiteConfig
from experiments.replay.simulate import Case, settings

__all__ = ["cases_of", "changes", "comparable", "suite_of"]

_Prepared = tuple[Scenario, Network, dict[str, str]]

SOME = (1, 2)
"""Seeds that stand for any."""


def suite_of(config: ReplayConfig) -> tuple[SuiteConfig, Path, Path]:
    """Return the suite, the folder that its paths are relative to, and where its record is.

    Raises:
        InputError: a suite of the user's own cannot be read.
    """
    if config.path is None:
        folder = FOLDER / "suite"
        return config.suite, folder, config.recorded or folder / "recorded" / f"{config.suite.name}.json"
    path = config.path
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"the suite '{path}' cannot be read: {' '.join(str(error).split())[:300]}") from error
    if not isinstance(given, dict) or not isinstance(given.get("cases"), dict):
        raise InputError(f"'{path}' is no suite: it has no 'cases'. docs/replay.md shows one.")
    suite = SuiteConfig(str(given.get("name", path.stem)), str(given.get("summary", "")), given["cases"])
    return suite, path.absolute().parent, config.recorded or path.with_suffix(".json")


def cases_of(suite: SuiteConfig, folder: Path, scratch: Path) -> dict[str, Case]:
    """Return a suite's cases, ready to be simulated.

    Args:
        suite: what it asks for.
        folder: what its paths are relative to.
        scratch: where scenarios are built that have to be.

    Raises:
        InputError: a case cannot be built; it is named.
    """
    cases = {}
    prepared: dict[CaseConfig, _Prepared] = {}
    for name, asked in suite.parsed().items():
        # Cases that differ in plan and seeds alone share a scenario.
        key = dataclasses.replace(asked, plan=BASELINE, seeds=SOME)
        try:
            if key not in prepared:
                prepared[key] = _prepared(asked, folder, scratch / str(len(prepared)))
            cases[name] = _case(asked, folder, *prepared[key])
        except InputError as error:
            raise InputError(f"case '{name}': {error}") from error
    return cases


def _prepared(asked: CaseConfig, folder: Path, scratch: Path) -> _Prepared:
    request = _scenario(asked, folder)
    scenario, network = prepare(request, scratch / "scenario", QueueConfig().max_m, asked.measures)
    return scenario, network, scenarios.demanded(request, scenario)


def _case(asked: CaseConfig, folder: Path, scenario: Scenario, network: Network, inputs: Mapping[str, str]) -> Case:
    plan = Plan(()) if asked.plan == BASELINE else read_any_plan(folder / asked.plan, network).plan
    what: dict[str, Any] = {"scenario": asked.scenario, "plan": asked.plan, "measures": asked.measures}
    if asked.conditions:  # records from before there were conditions stay as they are
        what["conditions"] = list(asked.conditions)
    what |= {"begin_s": scenario.begin_s, "end_s": scenario.end_s, "warmup_s": scenario.warmup_s}
    return Case(scenario, network, plan, asked.seeds, what, inputs)


def _scenario(asked: CaseConfig, folder: Path) -> ScenarioConfig:
    keys: dict[str, Any] = {key: getattr(asked, key) for key in ("begin_s", "end_s", "warmup_s")}
    keys |= {key: folder / path for key in ("sumocfg", "file") if (path := getattr(asked, key)) is not None}
    given = [f"scenario.{key}={value}" for key, value in keys.items() if value is not None]
    scenario: ScenarioConfig = compose("run", [f"scenario={asked.scenario}", *given, *asked.conditions]).scenario
    return scenario


def comparable(recorded: Mapping[str, CaseRecord], cases: Mapping[str, Case], where: Path) -> None:
    """Make sure that the record is of what the suite asks for, and of the same inputs.

    Raises:
        InputError: it is not; the case and the file, or what was asked, are named.
    """
    for name in [*cases, *recorded]:
        if name not in recorded:
            raise InputError(f"case '{name}' is not on record in '{where}'. Put it there with --record.")
        if name not in cases:
            raise InputError(
                f"'{where}' has a case '{name}' that the suite has not. Make the record anew with --record."
            )
    for name, case in cases.items():
        then = recorded[name]
        ours, theirs = {**case.asked, "seeds": list(case.seeds)}, {**then.asked, "seeds": list(then.seeds)}
        for key in [*ours, *theirs]:
            if ours.get(key) != theirs.get(key):
                raise InputError(
                    f"case '{name}' asks for {key}={ours.get(key)}, and '{where}' is of {key}={theirs.get(key)}. "
                    "Make the record anew with --record."
                )
        for file in [*case.inputs, *then.inputs]:
            if case.inputs.get(file) != then.inputs.get(file):
                raise InputError(
                    f"case '{name}': the input '{file}' is not the recorded one (SHA-256 {_short(case.inputs.get(file))}, "
                    f"recorded {_short(then.inputs.get(file))}). Restore it, or make the record anew with --record."
                )


def _short(digest: str | None) -> str:
    return "none" if digest is None else f"{digest[:12]}..."


def changes(recorded: Mapping[str, CaseRecord], cases: Mapping[str, Case]) -> list[str]:
    """Return what of programs and settings is not as recorded, a sentence each: it is run all the same."""
    notes = []
    for name, case in cases.items():
        then = recorded[name].settings
        differing = [
            f"{key} {value}, recorded {then.get(key)}"
            for key, value in settings(case).items()
            if then.get(key) != value
        ]
        if differing:
            notes.append(f"{name} is not run as recorded: {'; '.join(differing)}.")
    return notes
