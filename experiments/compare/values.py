"""A plan's runs as values by place, measure and seed: what comparisons are made of, wherever the runs come from."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from kernels.classes import CLASSES

__all__ = ["LEVELS", "NETWORK", "TABLES", "Unit", "Values", "bin_length_s", "values"]

LEVELS = ("network", "junction", "approach", "lane group", "class", "time")
TABLES = {"junctions": "junction", "approaches": "approach", "movements": "lane group"}
"""The tables of a study that hold measures of places, and the level of each one's rows."""
OF_PLACES = ("control_delay_s", "stops_per_veh", "queue_p95_m", "vehicles")
OF_CLASSES = ("delay_s", "stops_per_veh", "veh")


class Unit(NamedTuple):
    """What a measure is of; the fields that do not belong to its level are empty.

    Attributes:
        level: one of `LEVELS`.
        signal, approach, lane_group: names, as in the study's tables.
        vehicle_class: one of `kernels.classes.CLASSES`.
        from_s, to_s: simulation time, seconds.
    """

    level: str
    signal: str = ""
    approach: str = ""
    lane_group: str = ""
    vehicle_class: str = ""
    from_s: float | None = None
    to_s: float | None = None


NETWORK = Unit("network")
Row = Mapping[str, Any]
Values = Mapping[tuple[Unit, str], Mapping[int, float]]
"""By unit and measure the value of each seed; seeds in which nobody came have none."""


def values(
    results: Iterable[Row], places: Mapping[str, Iterable[Row]], cycles: Iterable[Row], begin_s: float, end_s: float
) -> Values:
    """Return the values of one plan's runs.

    Args:
        results: its rows of results.parquet.
        places: its rows of each of `TABLES`.
        cycles: its rows of cycles.parquet; may be none.
        begin_s, end_s: the evaluated window, seconds; time of day is cut from it.
    """
    found: dict[tuple[Unit, str], dict[int, float]] = defaultdict(dict)

    def note(unit: Unit, measure: str, seed: int, value: float | None) -> None:
        if isinstance(value, int | float) and math.isfinite(value):
            found[unit, measure][seed] = float(value)

    for row in results:
        for measure, value in row.items():
            if "." not in measure and measure not in ("plan_id", "seed", "role"):
                note(NETWORK, measure, row["seed"], value)
        for kind in CLASSES:
            if row.get(f"{kind}_veh"):  # a class that is not there has a delay of 0, which is no delay
                for measure in OF_CLASSES:
                    named = "vehicles" if measure == "veh" else measure
                    note(Unit("class", vehicle_class=kind), named, row["seed"], row.get(f"{kind}_{measure}"))
    for table, rows in places.items():
        for row in rows:
            unit = Unit(TABLES[table], row["signal"], row.get("approach", ""), row.get("lane_group", ""))
            for measure in OF_PLACES if row["vehicles"] else ():
                note(unit, measure, row["seed"], row.get(measure))
    for (unit, seed), (vehicles, delay_s) in _by_time(cycles, begin_s, end_s).items():
        note(unit, "control_delay_s", seed, delay_s / vehicles)
        note(unit, "vehicles", seed, vehicles)
    return dict(found)


def bin_length_s(begin_s: float, end_s: float) -> float:
    """Return how long the times of day are: a quarter of an hour, an hour where the window is longer than four."""
    return 900.0 if end_s - begin_s <= 4 * 3600.0 else 3600.0


def _by_time(cycles: Iterable[Row], begin_s: float, end_s: float) -> dict[tuple[Unit, int], tuple[float, float]]:
    """Return vehicles and their control delay (vehicle-seconds) by time of day and seed.

    A cycle's vehicles left the approach in it, and count where it ends: a vehicle's delay may have begun earlier.
    """
    length_s = bin_length_s(begin_s, end_s)
    n_bins = max(1, math.ceil((end_s - begin_s) / length_s - 1e-9))
    sums: dict[tuple[Unit, int], tuple[float, float]] = {}
    for row in cycles:
        if row["vehicles"] and row["control_delay_s"] is not None:
            # The last cycles end with the window, which is in it.
            place = min(n_bins - 1, max(0, int((row["end_s"] - begin_s) // length_s)))
            from_s = begin_s + place * length_s
            unit = Unit("time", from_s=from_s, to_s=min(end_s, from_s + length_s))
            vehicles, delay_s = sums.get((unit, row["seed"]), (0.0, 0.0))
            sums[unit, row["seed"]] = (vehicles + row["vehicles"], delay_s + row["vehicles"] * row["control_delay_s"])
    return sums
