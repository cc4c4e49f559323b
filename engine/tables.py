"""Writes a study's tables: results.parquet, one row for each run, and movements.parquet, one for each lane group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from engine.files import replacing
from engine.plan import Plan
from engine.result import RunResult

__all__ = ["movement_rows", "result_row", "write_parquet"]

MORE = (
    "queue_truncated", "storage_m", "storage_ratio", "spillback_s", "green_ratio", "green_utilisation",
    "arrivals_on_green", "platoon_ratio", "split_failures", "saturation_flow_veh_h", "degree_of_saturation",
)  # fmt: skip
"""Columns that are attributes of `GroupResult` as they stand."""

QUEUE_STATISTICS = ("mean", "p50", "p85", "p95", "max")


def result_row(plan: Plan, seed: int, role: str, network: Mapping[str, float], names: Iterable[str]) -> dict[str, Any]:
    """Return one row of results.parquet: what was run, its parameters (``p.`` columns), every network measure."""
    parameters = {f"p.{name}": plan.parameters.get(name) for name in names}
    return {"plan_id": plan.plan_id, "seed": seed, "role": role, **parameters, **network}


def movement_rows(plan_id: str, seed: int, role: str, result: RunResult) -> list[dict[str, Any]]:
    """Return the rows of movements.parquet of one run."""
    rows = []
    for group in result.groups:
        row: dict[str, Any] = {
            "plan_id": plan_id,
            "seed": seed,
            "role": role,
            "signal": group.signal,
            "approach": group.approach,
            "lane_group": group.group,
            "vehicles": group.vehicles,
            "throughput_veh": group.throughput_veh,
            "flow_veh_h": group.flow_veh_h,
            "control_delay_s": group.control_delay_s,
            "stops_per_veh": group.stops_per_veh,
            "los": group.los,
        }
        for unit, values in (("m", group.queue_m), ("veh", group.queue_veh)):
            row |= {f"queue_{name}_{unit}": value for name, value in zip(QUEUE_STATISTICS, values, strict=True)}
        row |= {name: getattr(group, name) for name in MORE}
        rows.append(row)
    return rows


def write_parquet(rows: list[dict[str, Any]], path: Path) -> None:
    """Write rows as a Parquet file, whole or not at all; the same rows give the same bytes."""
    import polars  # noqa: PLC0415  takes its time to import

    with replacing(path) as temporary:
        polars.DataFrame(rows, infer_schema_length=None).write_parquet(temporary)
