"""What a study's simulations found for one plan, lane group by lane group."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import InputError
from kernels.formulas import level_of_service

__all__ = ["Simulated", "read_study"]

Key = tuple[str, str, str]
MEANS = {
    "flow_veh_h": "flow_veh_h",
    "queue_p50_veh": "queue_p50_veh",
    "queue_p95_veh": "queue_p95_veh",
    "queue_p50_m": "queue_p50_m",
    "queue_p95_m": "queue_p95_m",
    "v_c": "degree_of_saturation",
    "saturation_veh_h": "saturation_flow_veh_h",
}
"""Our name of each plain mean over the seeds, and the column of movements.parquet that it is of."""

PREFERRED = ("holdout", "training", "run")


@dataclass(frozen=True)
class Simulated:
    """Means over the seeds of one plan.

    Attributes:
        groups: by (signal, approach, lane group), one value for each of `names`.
        platoons: the measured platoon ratio, where vehicles came.
        role, n_runs: which runs of the study these are, and how many.
    """

    groups: Mapping[Key, Mapping[str, Any]]
    platoons: Mapping[Key, float]
    role: str
    n_runs: int

    names = (*MEANS, "control_delay_s", "los")


def read_study(folder: Path, scenario: str, plan_id: str) -> Simulated:
    """Return what a study found for a plan; held-out runs count before training runs.

    Raises:
        InputError: the folder is no finished study, or one of another scenario, or has not run this plan.
    """
    import polars  # noqa: PLC0415  takes its time to import

    file = folder / "movements.parquet"
    try:
        theirs = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["scenario"]
        rows = polars.read_parquet(file).to_dicts()
    except (OSError, ValueError, KeyError, TypeError, polars.exceptions.PolarsError) as error:
        raise InputError(
            f"study='{folder}' has no summary.json and movements.parquet that can be read. Give the folder of a run or "
            "sweep that has ended."
        ) from error
    if theirs != scenario:
        raise InputError(f"study='{folder}' is of scenario '{theirs}', not of '{scenario}'. Name the same scenario.")
    by_role: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["plan_id"] == plan_id:
            by_role[row["role"]].append(row)
    role = next((role for role in (*PREFERRED, *by_role) if role in by_role), None)
    if role is None:
        known = sorted({row["plan_id"] for row in rows})
        shown = ", ".join(known[:8]) + (" and others" if len(known) > 8 else "")
        raise InputError(f"study='{folder}' has not simulated plan {plan_id}; it has {shown}. Give plan= one of these.")
    groups: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for row in by_role[role]:
        groups[row["signal"], row["approach"], row["lane_group"]].append(row)
    platoons = {key: _mean(of, "platoon_ratio") for key, of in groups.items()}
    return Simulated(
        {key: _means(of) for key, of in groups.items()},
        {key: value for key, value in platoons.items() if value is not None},
        role,
        len({row["seed"] for row in by_role[role]}),
    )


def _means(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    means: dict[str, Any] = {name: _mean(rows, column) for name, column in MEANS.items()}
    served = [row for row in rows if row["control_delay_s"] is not None]
    n = sum(row["vehicles"] for row in served)
    delay_s = math.fsum(row["vehicles"] * row["control_delay_s"] for row in served) / n if n else None
    means["control_delay_s"] = delay_s
    means["los"] = None if delay_s is None else level_of_service(delay_s, means["v_c"] or 0.0)
    return means


def _mean(rows: Sequence[Mapping[str, Any]], column: str) -> float | None:
    values = [row[column] for row in rows if row[column] is not None]
    return math.fsum(values) / len(values) if values else None
