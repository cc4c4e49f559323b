"""Writes a study's tables: one row for each run, junction, approach, lane group, crossing, cycle, interval or signal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from engine.files import replacing
from engine.plan import Plan
from engine.result import GroupResult, LevelResult, RunResult
from kernels.classes import CLASSES
from kernels.formulas import level_of_service

__all__ = ["TABLES", "Rows", "movement_rows", "result_row", "run_rows", "write_parquet"]

Rows = list[dict[str, Any]]

SHARED = (
    "vehicles", "throughput_veh", "flow_veh_h", "control_delay_s", "stops_per_veh", "los",
)  # fmt: skip
MORE = (
    "queue_truncated", "storage_ratio", "spillback_s", "green_ratio", "green_utilisation", "arrivals_on_green",
    "platoon_ratio", "split_failures", "degree_of_saturation",
)  # fmt: skip
"""Columns of every level that are attributes of `GroupResult` and `LevelResult` as they stand."""

QUEUE_STATISTICS = ("mean", "p50", "p85", "p95", "max")


def result_row(plan: Plan, seed: int, role: str, network: Mapping[str, float], names: Iterable[str]) -> dict[str, Any]:
    """Return one row of results.parquet: what was run, its parameters (``p.`` columns), every network measure."""
    parameters = {f"p.{name}": plan.parameters.get(name) for name in names}
    return {"plan_id": plan.plan_id, "seed": seed, "role": role, **parameters, **network}


def movement_rows(plan_id: str, seed: int, role: str, result: RunResult) -> Rows:
    """Return the rows of movements.parquet of one run."""
    return [
        {"plan_id": plan_id, "seed": seed, "role": role, **_group(group)}
        | {name: getattr(group, name) for name in ("storage_m", "saturation_flow_veh_h", "capacity_veh_h")}
        for group in result.groups
    ]


def run_rows(table: str, plan_id: str, seed: int, role: str, result: RunResult) -> Rows:
    """Return the rows of one run in one of `TABLES`."""
    return [{"plan_id": plan_id, "seed": seed, "role": role, **row} for row in TABLES[table](result)]


def _approaches(result: RunResult) -> Rows:
    return [
        {"signal": row.signal, "approach": row.approach, **_measures(row), **_by_class(row)}
        for row in result.approaches
    ]


def _junctions(result: RunResult) -> Rows:
    return [{"signal": row.signal, **_measures(row), **_by_class(row)} for row in result.junctions]


def _cycles(result: RunResult) -> Rows:
    numbers = [0] * len(result.groups)
    delays_s = [cycle.delay_s / cycle.vehicles if cycle.vehicles else None for cycle in result.cycles]
    # A run has thousands of cycles: their letters are looked up at once.
    letters = iter(level_of_service(np.array([delay_s for delay_s in delays_s if delay_s is not None])).tolist())
    rows = []
    for cycle, delay_s in zip(result.cycles, delays_s, strict=True):
        group = result.groups[cycle.group]
        numbers[cycle.group] += 1
        # What the lane group can serve in an hour of green, times the cycle's green.
        capacity_veh_h = group.capacity_veh_h / group.green_ratio * cycle.green_s if group.green_ratio else 0.0
        rows.append(
            {
                "signal": group.signal,
                "approach": group.approach,
                "lane_group": group.group,
                "cycle": numbers[cycle.group],
                "start_s": cycle.start_s,
                "end_s": cycle.end_s,
                "vehicles": cycle.vehicles,
                "throughput_veh": cycle.crossed,
                "control_delay_s": delay_s,
                "los": None if delay_s is None else next(letters),
                "stops_per_veh": cycle.stops / cycle.vehicles if cycle.vehicles else None,
                "queue_m": cycle.queue_m,
                "queue_veh": cycle.queue_veh,
                "spillback_s": cycle.spilled_s,
                "green_s": cycle.green_s,
                "green_utilisation": cycle.occupied_s / cycle.green_s if cycle.green_s else None,
                "arrivals_on_green": cycle.on_green / cycle.crossed if cycle.crossed else None,
                "split_failure": cycle.failed,
                "degree_of_saturation": 3600.0 * cycle.vehicles / capacity_veh_h if capacity_veh_h else None,
            }
        )
    return rows


def _crossings(result: RunResult) -> Rows:
    return [asdict(row) for row in result.crossings]


def _signals(result: RunResult) -> Rows:
    return [asdict(row) for row in result.signals]


def _series(result: RunResult) -> Rows:
    rows = []
    for row in result.series:
        where = {"level": "network", "signal": None, "approach": None, "lane_group": None}
        if row.group >= 0:
            group = result.groups[row.group]
            where = {
                "level": "lane group",
                "signal": group.signal,
                "approach": group.approach,
                "lane_group": group.group,
            }
        values = row._asdict()
        del values["group"]
        rows.append(where | values)
    return rows


TABLES = {
    "approaches": _approaches,
    "junctions": _junctions,
    "crossings": _crossings,
    "cycles": _cycles,
    "series": _series,
    "signals": _signals,
}
"""What makes the rows of the tables of a run beside results.parquet and movements.parquet, by the file's name."""


def _group(group: GroupResult) -> dict[str, Any]:
    where = {"signal": group.signal, "approach": group.approach, "lane_group": group.group}
    return {**where, **_measures(group)}


def _measures(row: GroupResult | LevelResult) -> dict[str, Any]:
    columns = {name: getattr(row, name) for name in SHARED}
    for unit, values in (("m", row.queue_m), ("veh", row.queue_veh)):
        columns |= {f"queue_{name}_{unit}": value for name, value in zip(QUEUE_STATISTICS, values, strict=True)}
    return columns | {name: getattr(row, name) for name in MORE}


def _by_class(row: LevelResult) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, of in zip(CLASSES, row.classes, strict=True):
        columns |= {
            f"{name}_veh": of.vehicles,
            f"{name}_throughput_veh": of.throughput_veh,
            f"{name}_control_delay_s": of.control_delay_s,
            f"{name}_stops_per_veh": of.stops_per_veh,
        }
    return columns


def write_parquet(rows: Rows, path: Path) -> None:
    """Write rows as a Parquet file, whole or not at all; the same rows give the same bytes."""
    import polars  # noqa: PLC0415  takes its time to import

    with replacing(path) as temporary:
        polars.DataFrame(rows, infer_schema_length=None).write_parquet(temporary)
