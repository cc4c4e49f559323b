"""Early warning: junctions whose queues near their storage, and measures outside their bands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from engine.plan import BASELINE
from experiments.config.serve import WATCHED, WarnConfig
from experiments.report._language import N_
from experiments.serve.files import shown
from experiments.serve.records import Summary
from experiments.serve.tables import rows_of

__all__ = ["MEASURE_NAMES", "Junction", "Reason", "junctions", "reasons"]

MEASURE_NAMES = {
    "storage_ratio": N_("queue over storage"),
    "spillback_s": N_("spillback, s"),
    "control_delay_s": N_("control delay, s per vehicle"),
    "degree_of_saturation": N_("v/c"),
    "stops_per_veh": N_("stops per vehicle"),
    "queue_p95_m": N_("95th-percentile back of queue, m"),
    "queue_max_m": N_("longest back of queue, m"),
    "split_failures": N_("split failures"),
    "green_utilisation": N_("share of green that is used"),
    "arrivals_on_green": N_("share of arrivals on green"),
    "platoon_ratio": N_("platoon ratio"),
}
"""What the pages call the measures that may have a band."""


@dataclass(frozen=True)
class Reason:
    """Why a junction is warned of: `value` of `measure` is beyond `end`, on its `side` (``near``, ``above``, ``below``)."""

    measure: str
    side: str
    value: float
    end: float


@dataclass(frozen=True)
class Junction:
    """A junction under the plan that is handed out.

    Attributes:
        signal: its id.
        values, today: its measures under that plan and under the plan in the net, means over the reporting seeds.
        reasons: why it is warned of; none where all is within its band.
    """

    signal: str
    values: dict[str, float]
    today: dict[str, float]
    reasons: tuple[Reason, ...]


def junctions(folder: Path, summary: Summary, warn: WarnConfig, most_bytes: int) -> list[Junction]:
    """Return a study's junctions, those that are warned of first, the fullest storage first among them.

    Raises:
        FileNotFoundError: the study has no table of junctions.
        UnreadableError: the table is damaged or too large.
    """
    file, plan_ids = folder / "junctions.parquet", {BASELINE, summary.plan}
    by_plan = _means(rows_of(file, WATCHED, plan_ids, summary.reporting, most_bytes))
    today = by_plan.get(BASELINE, {})
    found = [
        Junction(shown(signal), values, today.get(signal, {}), reasons(values, warn))
        for signal, values in by_plan.get(summary.plan, {}).items()
    ]
    return sorted(found, key=lambda of: (not of.reasons, -of.values.get("storage_ratio", 0.0), of.signal))


def reasons(values: Mapping[str, float], warn: WarnConfig) -> tuple[Reason, ...]:
    """Return what of a junction's measures is to be warned of."""
    found = []
    filled = values.get("storage_ratio")
    if filled is not None and filled >= warn.near:
        found.append(Reason("storage_ratio", "near", filled, warn.near))
    for name, end in warn.at_most.items():
        if name in values and values[name] > end:
            found.append(Reason(name, "above", values[name], end))
    for name, end in warn.at_least.items():
        if name in values and values[name] < end:
            found.append(Reason(name, "below", values[name], end))
    return tuple(found)


def _means(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, float]]]:
    """Return the measures' means over the seeds by plan and signal."""
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    for row in rows:
        of = found.setdefault(row["plan_id"], {}).setdefault(row.get("signal", ""), {})
        for name in WATCHED:
            if name in row:
                of.setdefault(name, []).append(row[name])
    return {
        plan_id: {signal: {name: fmean(values) for name, values in of.items()} for signal, of in signals.items()}
        for plan_id, signals in found.items()
    }
