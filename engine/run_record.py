"""What of one simulation goes on record: measures that people know, and digests of everything else."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.result import EXTRA_MEASURES, NETWORK_MEASURES, RunResult
from engine.tables import TABLES, movement_rows

__all__ = ["GROUPS", "RunRecord", "group_means", "run_record"]

GROUPS = "lane_groups."
"""Begins the names of means over the lane groups."""

NAMES = ("plan_id", "seed", "role", "signal", "approach", "lane_group", "los")
"""Columns of movements.parquet that hold no number of the traffic."""


@dataclass(frozen=True)
class RunRecord:
    """One run on record.

    Attributes:
        measures: by name: the network's measures (docs/measures.md), then of each column of movements.parquet the mean
            over the lane groups, as in ``lane_groups.queue_p95_m``.
        digests: by table, 12 hexadecimal digits of all its rows: approaches, junctions, cycles and others that the run
            has. They only say whether bytes are equal.
    """

    measures: Mapping[str, float]
    digests: Mapping[str, str]


def run_record(result: RunResult) -> RunRecord:
    """Return what of a run goes on record."""
    of = result.network
    network = {name: float(of[name]) for name in (*NETWORK_MEASURES, *EXTRA_MEASURES) if name in of}
    digests = {name: _digest(rows(result)) for name, rows in TABLES.items()}
    digests["cycles"] = _digest(list(result.cycles))
    nothing = _digest([])
    shown = {name: digest for name, digest in sorted(digests.items()) if digest != nothing}
    return RunRecord(network | group_means(movement_rows("", 0, "", result)), shown)


def group_means(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the mean of every numeric column of rows of movements.parquet; 0 where no lane group has a value."""
    columns: dict[str, list[float]] = {}
    for row in rows:
        for name, value in row.items():
            if name not in NAMES:
                known = columns.setdefault(GROUPS + name, [])
                if value is not None:
                    known.append(float(value))
    return {name: math.fsum(values) / len(values) if values else 0.0 for name, values in columns.items()}


def _digest(rows: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()[:12]
