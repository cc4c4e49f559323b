"""Reads a study's folder for its page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.ledger import Ledger
from engine.result import RunResult
from engine.statistics import Interval, interval

__all__ = ["Approach", "Group", "StudyData", "approaches", "groups", "read_study"]


@dataclass(frozen=True)
class StudyData:
    """What a page needs: the summary, the environment, the reporting seeds, and whole results of two plans by seed."""

    folder: Path
    summary: dict[str, Any]
    environment: dict[str, Any]
    seeds: tuple[int, ...]
    baseline: dict[int, RunResult]
    best: dict[int, RunResult]


@dataclass(frozen=True)
class Group:
    """One lane group under both plans: means over the reporting seeds; `None` where no vehicle came."""

    signal: str
    approach: str
    name: str
    flow_veh_h: float
    delay_s: tuple[float | None, float | None]
    los: tuple[str, str]
    queue_p95_m: tuple[float, float]
    stops: tuple[float | None, float | None]
    truncated: bool


@dataclass(frozen=True)
class Approach:
    """One approach under both plans: control delay per vehicle, and the paired difference best - baseline."""

    signal: str
    name: str
    vehicles: float
    delay_s: tuple[float, float]
    difference: Interval


def read_study(folder: Path) -> StudyData:
    """Return a study's data.

    Raises:
        InputError: the folder is no study, or its study has not ended.
    """
    if not (folder / "config.yaml").is_file():
        raise InputError(f"'{folder}' is no study's folder. Name one that sweep has written.")
    if not (folder / "summary.json").is_file():
        raise InputError(f"the study in '{folder}' has not ended. Run its command again: it goes on where it stopped.")
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        environment = json.loads((folder / "environment.json").read_text(encoding="utf-8"))
        seeds = tuple(summary["holdout_seeds"] or summary["seeds"])
        plan_ids = summary["baseline"]["plan_id"], summary["best"]["plan_id"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"the study in '{folder}' cannot be read: {error!r}. Run its command again.") from error
    with Ledger(folder / "ledger.sqlite", read_only=True) as ledger:
        results = [{seed: ledger.result_of(plan_id, seed) for seed in seeds} for plan_id in plan_ids]
    both = [{seed: result for seed, result in of.items() if result is not None} for of in results]
    return StudyData(folder, summary, environment, seeds, both[0], both[1])


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def groups(study: StudyData) -> list[Group]:
    """Return every lane group that had traffic under either plan."""
    rows = []
    pairs = [list(of.values()) for of in (study.baseline, study.best)]
    for i, first in enumerate(pairs[0][0].groups if pairs[0] else ()):
        of_plans = [[result.groups[i] for result in results] for results in pairs]
        if not any(group.vehicles for results in of_plans for group in results):
            continue
        delays = [_mean([g.control_delay_s for g in of if g.control_delay_s is not None]) for of in of_plans]
        stops = [_mean([g.stops_per_veh for g in of if g.stops_per_veh is not None]) for of in of_plans]
        queues = [_mean([g.queue_m[3] for g in of]) or 0.0 for of in of_plans]
        rows.append(
            Group(
                first.signal,
                first.approach,
                first.group,
                _mean([g.flow_veh_h for g in of_plans[0]]) or 0.0,
                (delays[0], delays[1]),
                (_los(delays[0]), _los(delays[1])),
                (queues[0], queues[1]),
                (stops[0], stops[1]),
                any(g.queue_truncated for of in of_plans for g in of),
            )
        )
    return rows


def _los(delay_s: float | None) -> str:
    from engine.measures import level_of_service  # noqa: PLC0415  the kernels load with it

    return "-" if delay_s is None else level_of_service(delay_s)


def approaches(study: StudyData) -> list[Approach]:
    """Return every approach that had traffic in each reporting run of both plans."""
    shared = sorted(set(study.baseline) & set(study.best))
    tables = [[_by_approach(of[seed]) for seed in shared] for of in (study.baseline, study.best)]
    rows = []
    for key in tables[0][0] if shared else ():
        pairs = [(a[key], b[key]) for a, b in zip(*tables, strict=True) if a[key][0] and b[key][0]]
        if not pairs:
            continue
        before = [a[1] / a[0] for a, _ in pairs]
        after = [b[1] / b[0] for _, b in pairs]
        rows.append(
            Approach(
                key[0],
                key[1],
                sum(a[0] for a, _ in pairs) / len(pairs),
                (sum(before) / len(before), sum(after) / len(after)),
                interval([b - a for a, b in zip(before, after, strict=True)]),
            )
        )
    return rows


def _by_approach(result: RunResult) -> dict[tuple[str, str], tuple[int, float]]:
    """Return (vehicles, summed control delay) of each approach."""
    sums: dict[tuple[str, str], tuple[int, float]] = {}
    for group in result.groups:
        n, delay_s = sums.get((group.signal, group.approach), (0, 0.0))
        sums[group.signal, group.approach] = (
            n + group.vehicles,
            delay_s + group.vehicles * (group.control_delay_s or 0.0),
        )
    return sums
