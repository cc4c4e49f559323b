"""Reads a study's folder for its page."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.errors import InputError
from engine.geometry import Geometry
from engine.ledger import Ledger
from engine.plan import BASELINE
from engine.result import EXTRA_MEASURES, RunResult
from experiments._summary import differences
from experiments.report._language import LANGUAGES, gettext
from experiments.report._shape import APPROACHES, AUDIT, CORRIDORS, MEASURE, PLAYBACK, SUMMARY, Maybe, misfit

__all__ = ["ShownPlan", "StudyData", "damaged", "language_of", "read_study"]


@dataclass(frozen=True)
class ShownPlan:
    """One of the two plans that the page sets side by side.

    Attributes:
        name: what the page calls it, in the language that is spoken.
        summary: its measures, from ``summary.json``.
        runs: whole results by reporting seed; a seed whose run failed is left out.
        programs: its programs, as in ``summary.json``.
    """

    name: str
    summary: dict[str, Any]
    runs: dict[int, RunResult]
    programs: list[dict[str, Any]]


@dataclass(frozen=True)
class StudyData:
    """What a page needs of a study.

    Attributes:
        folder: where it lies.
        summary, environment: the files of these names.
        seeds: the reporting seeds: the held-out ones, or the training seeds where none were held out.
        plans: the plan in the net, then its rival: the best plan, or the one that was chosen and was not
            confirmed. The plan in the net alone where it was chosen itself.
        difference: paired difference in delay, rival - plan in the net, as in ``summary.json``; may hold nulls.
        delays_s: delay of every training run by plan id, seconds per vehicle.
        trajectories: by plan id, corridor and direction the (seconds, metres) of each vehicle that was followed.
        geometry: where the network's lanes and junctions lie; `None` for a study of a former version.
    """

    folder: Path
    summary: dict[str, Any]
    environment: dict[str, Any]
    seeds: tuple[int, ...]
    plans: tuple[ShownPlan, ...]
    difference: dict[str, Any]
    delays_s: dict[str, list[float]]
    trajectories: dict[tuple[str, int, int], list[list[tuple[float, float]]]]
    geometry: Geometry | None = None


def read_study(folder: Path, known: Mapping[tuple[str, int], RunResult] = MappingProxyType({})) -> StudyData:
    """Return a study's data.

    Args:
        folder: the study's.
        known: results by plan id and seed that need not be read from the ledger.

    Raises:
        InputError: the folder is no study, its study has not ended, or one of its files is damaged.
    """
    if not (folder / "config.yaml").is_file():
        raise InputError(f"'{folder}' is no study's folder. Name one that sweep has written.")
    if not (folder / "summary.json").is_file():
        raise InputError(f"the study in '{folder}' has not ended. Run its command again: it goes on where it stopped.")
    summary, environment = _object(folder / "summary.json"), _object(folder / "environment.json")
    trouble = misfit(summary, SUMMARY, "summary")
    if not trouble and "audit" in summary:
        trouble = misfit(summary["audit"], AUDIT, "summary.audit")
    if not trouble and "approaches" in summary:
        trouble = misfit(summary["approaches"], APPROACHES, "summary.approaches")
    if not trouble and "corridors" in summary:
        trouble = misfit(summary["corridors"], CORRIDORS, "summary.corridors")
    if not trouble and "playback" in summary:
        trouble = misfit(summary["playback"], PLAYBACK, "summary.playback")
    for name in ("baseline", "best", "candidate") if not trouble else ():
        more = {measure: MEASURE for measure in EXTRA_MEASURES if measure in (summary[name] or {})}
        trouble = trouble or misfit(summary[name], Maybe(more), f"summary.{name}")
    if trouble:
        raise damaged(folder / "summary.json", trouble)
    seeds = tuple(summary["holdout_seeds"] or summary["seeds"])
    try:
        plans = _plans(folder, summary, seeds, known)
    except (sqlite3.Error, zlib.error, ValueError, KeyError, TypeError) as error:
        raise damaged(folder / "ledger.sqlite", str(error) or type(error).__name__) from error
    nothing = differences({})
    of_candidate = summary.get("candidate_difference", nothing)
    difference = of_candidate if summary["candidate"] else summary["difference"]
    return StudyData(
        folder,
        summary,
        environment,
        seeds,
        plans,
        difference["delay_s"] or nothing["delay_s"],
        _training_delays(folder, summary),
        _trajectories(folder) if summary.get("corridors") else {},
        _geometry(folder / "geometry.json"),
    )


def language_of(folder: Path) -> str:
    """Return the language that the study in a folder was told to report in; English where it does not say."""
    import yaml  # noqa: PLC0415  only where a page is drawn

    try:
        language = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))["report"]["language"]
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError):
        return "en"
    return language if isinstance(language, str) and language in LANGUAGES else "en"


def damaged(file: Path, trouble: str) -> InputError:
    """Return what is raised for a file of a study that cannot be read."""
    return InputError(f"'{file}' cannot be read: {trouble}. Run the study's command again: it writes the file anew.")


def _object(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise damaged(file, getattr(error, "strerror", None) or str(error)) from error
    if not isinstance(data, dict):
        raise damaged(file, "it does not hold an object")
    return data


def _plans(
    folder: Path, summary: dict[str, Any], seeds: tuple[int, ...], known: Mapping[tuple[str, int], RunResult]
) -> tuple[ShownPlan, ...]:
    in_net = summary["programs"]["baseline"]
    with Ledger(folder / "ledger.sqlite", read_only=True) as ledger:

        def shown(name: str, of: dict[str, Any], programs: list[dict[str, Any]]) -> ShownPlan:
            plan_id = of["plan_id"]
            results = {seed: known.get((plan_id, seed)) or ledger.result_of(plan_id, seed) for seed in seeds}
            runs = {seed: result for seed, result in results.items() if result is not None}
            return ShownPlan(name, of, runs, programs)

        baseline = shown(gettext("plan in the net"), summary["baseline"], in_net)
        if summary["best"]["plan_id"] != BASELINE:
            return baseline, shown(gettext("best plan"), summary["best"], summary["programs"]["best"])
        candidate = summary["candidate"]
        if candidate is None:
            return (baseline,)
        # The summary carries the programs of the plan that is handed out; the ledger has those of every plan.
        plan = next((plan for plan in ledger.plans() if plan.plan_id == candidate["plan_id"]), None)
        programs = plan.to_json()["programs"] if plan else []
        return baseline, shown(gettext("candidate"), candidate, programs)


def _geometry(file: Path) -> Geometry | None:
    if not file.is_file():
        return None
    try:
        return Geometry.read(file)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(file, str(error) or type(error).__name__) from error


def _trajectories(folder: Path) -> dict[tuple[str, int, int], list[list[tuple[float, float]]]]:
    """Return the ways of the vehicles that were followed, each in order of time; none where none were."""
    import polars  # noqa: PLC0415  takes its time to import

    file = folder / "trajectories.parquet"
    if not file.is_file():
        return {}
    columns = ["plan_id", "corridor", "direction", "vehicle", "time_s", "distance_m"]
    try:
        table = polars.read_parquet(file, columns=columns).sort("vehicle", "time_s")
    except (OSError, polars.exceptions.PolarsError) as error:
        raise damaged(file, str(error).splitlines()[0] if str(error) else type(error).__name__) from error
    found: dict[tuple[str, int, int], dict[str, list[tuple[float, float]]]] = {}
    for plan_id, corridor, direction, vehicle, time_s, metres in table.iter_rows():
        found.setdefault((plan_id, corridor, direction), {}).setdefault(vehicle, []).append((time_s, metres))
    return {key: list(of.values()) for key, of in found.items()}


def _training_delays(folder: Path, summary: dict[str, Any]) -> dict[str, list[float]]:
    """Return the delay of each training run by plan, as far as the page names the plan."""
    import polars  # noqa: PLC0415  takes its time to import

    file = folder / "results.parquet"
    try:
        table = polars.read_parquet(file, columns=["plan_id", "role", "delay_s"])
    except (OSError, polars.exceptions.PolarsError) as error:
        raise damaged(file, str(error).splitlines()[0] if str(error) else type(error).__name__) from error
    delays: dict[str, list[float]] = {row["plan_id"]: [] for row in summary["ranking"]}
    for plan_id, role, delay_s in table.iter_rows():
        if role == "training" and plan_id in delays and delay_s is not None:
            delays[plan_id].append(delay_s)
    return delays
