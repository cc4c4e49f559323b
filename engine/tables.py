"""Writes a study's tables: one row for each run, junction, approach, lane group, crossing, cycle, interval or signal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.files import replacing
from engine.plan import Plan
from engine.result import Cycle, GroupResult, LevelResult, RunResult
from kernels.classes import CLASSES
from kernels.formulas import level_of_service

__all__ = ["TABLES", "Rows", "movement_rows", "result_row", "run_rows", "write_cycles", "write_parquet"]

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
    "series": _series,
    "signals": _signals,
}
"""What makes the rows of the other tables of a run, by the file's name; cycles.parquet is for `write_cycles`."""


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


def write_cycles(runs: Iterable[tuple[str, int, str, RunResult]], path: Path) -> None:
    """Write cycles.parquet, a row for each lane group and cycle; nothing where no run has any.

    Column by column, as a study has a hundred thousand of them.

    Args:
        runs: plan id, seed, role and result of each run.
        path: where to.
    """
    import polars  # noqa: PLC0415  takes its time to import

    tables = []
    for plan_id, seed, role, result in runs:
        if result.cycles:
            named: dict[str, Any] = dict(zip(Cycle._fields, zip(*result.cycles, strict=True), strict=True))
            of = [result.groups[i] for i in named["group"]]
            named |= {
                "signal": [group.signal for group in of],
                "approach": [group.approach for group in of],
                "lane_group": [group.group for group in of],
                # What the lane group can serve in an hour of green.
                "served_veh_h": [
                    group.capacity_veh_h / group.green_ratio if group.green_ratio else 0.0 for group in of
                ],
            }
            run = polars.DataFrame(named, strict=False)
            run = run.with_columns(cycle=polars.int_range(1, polars.len() + 1).over("group"))
            tables.append(
                run.select(
                    polars.lit(plan_id).alias("plan_id"),
                    polars.lit(seed).alias("seed").cast(int),
                    polars.lit(role).alias("role"),
                    polars.all(),
                )
            )
    if not tables:
        return
    column, cycles = polars.col, polars.concat(tables)

    def per(part: Any, whole: Any) -> Any:
        return polars.when(whole > 0).then(part / whole)

    delay_s = cycles.select(per(column("delay_s"), column("vehicles"))).to_series()
    # A cycle without vehicles has no letter; its place is filled before and emptied after the look-up.
    letters = polars.Series(level_of_service(delay_s.fill_null(0.0).to_numpy()), dtype=polars.String)
    rows = cycles.select(
        *("plan_id", "seed", "role", "signal", "approach", "lane_group", "cycle", "start_s", "end_s", "vehicles"),
        throughput_veh="crossed",
        control_delay_s=delay_s,
        los=polars.when(delay_s.is_not_null()).then(letters),
        stops_per_veh=per(column("stops"), column("vehicles")),
        queue_m="queue_m",
        queue_veh="queue_veh",
        spillback_s="spilled_s",
        green_s="green_s",
        green_utilisation=per(column("occupied_s"), column("green_s")),
        arrivals_on_green=per(column("on_green"), column("crossed")),
        split_failure="failed",
        degree_of_saturation=per(3600.0 * column("vehicles"), column("served_veh_h") * column("green_s")),
    )
    with replacing(path) as temporary:
        rows.write_parquet(temporary)
