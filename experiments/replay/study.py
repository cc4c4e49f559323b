"""A study's folder as a record: its tables hold what its plans measured, and its other files how to do it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from engine.bands import CaseRecord
from engine.errors import InputError
from engine.formats import read_any_plan
from engine.network import Network
from engine.origin import Origin
from engine.plan import BASELINE, Plan
from engine.result import EXTRA_MEASURES, NETWORK_MEASURES
from engine.run_record import RunRecord, group_means
from engine.scenario import Scenario
from experiments._prepare import prepare
from experiments.config import ScenarioConfig
from experiments.replay.simulate import Case, case_record

__all__ = ["StudyRecord", "read_study"]

DESCRIBED = ("junction", "streets")
"""Kinds of scenarios that are built from a description."""


@dataclass(frozen=True)
class StudyRecord:
    """A study that has ended.

    Attributes:
        cases: the plan in the net, and the best plan where it is another one, on the reporting seeds.
        recorded: what its tables hold for them.
        origin: where they were computed; `None` where an older version of the program did not say.
    """

    cases: Mapping[str, Case]
    recorded: Mapping[str, CaseRecord]
    origin: Origin | None


def read_study(folder: Path, scratch: Path) -> StudyRecord:
    """Return what a sweep or an optimize left in a folder, ready to be simulated again from that folder alone.

    Args:
        folder: the study's.
        scratch: where files go that have to be written; the study's folder stays as it is.

    Raises:
        InputError: a file is missing or damaged, or an input is not what it was.
    """
    try:
        config: Any = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        summary, environment = (
            json.loads((folder / name).read_text(encoding="utf-8")) for name in ("summary.json", "environment.json")
        )
        if "set" in summary:
            member = folder / summary["set"]["members"][0]["folder"]
            raise InputError(
                f"'{folder}' is a study over a set of scenarios. Replay its members' studies, such as '{member}'."
            )
        results, movements = (_rows(folder / f"{name}.parquet") for name in ("results", "movements"))
        origin = Origin.from_json(environment["origin"]) if "origin" in environment else None
        scenario, network = _scenario(config, summary, folder, scratch)
        _same_inputs(config, scenario, environment["inputs"])
        reporting = "holdout" if summary["holdout_seeds"] else "training"
        cases, recorded = {}, {}
        for name, plan in _plans(summary, folder, network).items():
            runs = _runs(results, movements, plan.plan_id, reporting)
            if not runs:
                raise InputError(f"'{folder / 'results.parquet'}' has no {reporting} run of plan {plan.plan_id}.")
            cases[name] = Case(scenario, network, plan, tuple(runs), {}, {})
            recorded[name] = case_record(cases[name], runs)
    except OSError as error:
        raise InputError(
            f"'{error.filename}' cannot be read: {error.strerror}. Give the folder of a sweep or optimize that has ended."
        ) from error
    except (ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else " ".join(str(error).split())[:300]
        raise InputError(
            f"the study '{folder}' is damaged, or none that sweep or optimize has ended: {what}. Run it anew."
        ) from error
    return StudyRecord(cases, recorded, origin)


def _rows(file: Path) -> list[dict[str, Any]]:
    import polars  # noqa: PLC0415  takes its time to import

    if not file.is_file():
        raise FileNotFoundError(2, "No such file or directory", str(file))
    try:
        return polars.read_parquet(file).to_dicts()
    except (polars.exceptions.PolarsError, OSError) as error:
        raise ValueError(f"{file.name}: {error}") from error


def _scenario(config: Any, summary: Any, folder: Path, scratch: Path) -> tuple[Scenario, Network]:
    given = dict(config["scenario"])
    if given["kind"] in DESCRIBED:
        # The study's folder holds what was built of the description, which may be gone.
        given |= {"kind": "sumo", "sumocfg": folder / "scenario" / f"{given['kind']}.sumocfg", "file": None}
    paths = {key: Path(given[key]) for key in ("sumocfg", "file") if given[key] is not None}
    window = {key: summary["window"][key] for key in ("begin_s", "end_s", "warmup_s")}
    return prepare(
        ScenarioConfig(**(given | paths | window)), scratch / "scenario", config["queue"]["max_m"], config["measures"]
    )


def _same_inputs(config: Any, scenario: Scenario, recorded: Mapping[str, str]) -> None:
    if config["scenario"]["kind"] in DESCRIBED:
        return  # they are the description's, and what was built of it is used
    ours = dict(scenario.inputs)
    for file in [*recorded, *ours]:
        if ours.get(file) != recorded.get(file):
            raise InputError(
                f"the input '{file}' is not the one that the study was made with: its SHA-256 is "
                f"{str(ours.get(file))[:12]}..., recorded {str(recorded.get(file))[:12]}... Restore it, or make the study anew."
            )


def _plans(summary: Any, folder: Path, network: Network) -> dict[str, Plan]:
    best_id = summary["best"]["plan_id"]
    with_controller = folder / "best.plan.json"
    file = with_controller if with_controller.is_file() else folder / "best.add.xml"
    if best_id == BASELINE:
        return {"plan in the net": Plan(())}
    best = read_any_plan(file, network).plan
    if best.plan_id != best_id:
        raise InputError(
            f"'{file}' holds plan {best.plan_id}, and summary.json names {best_id} as the best. Restore the file."
        )
    return {"plan in the net": Plan(()), f"best plan {best_id}": best}


def _runs(
    results: list[dict[str, Any]], movements: list[dict[str, Any]], plan_id: str, role: str
) -> dict[int, RunRecord]:
    """Return what the tables hold of a plan's runs in a role, by seed."""

    def ours(row: Mapping[str, Any]) -> bool:
        return bool(row["plan_id"] == plan_id and row["role"] == role)

    runs = {}
    for row in filter(ours, results):
        groups = [group for group in movements if ours(group) and group["seed"] == row["seed"]]
        network = {name: float(row[name]) for name in (*NETWORK_MEASURES, *EXTRA_MEASURES) if name in row}
        runs[int(row["seed"])] = RunRecord(network | group_means(groups), {})
    return runs
