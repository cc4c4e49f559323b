"""The key indicators of a junction: each with its name, our formula for it, its unit, and where it is measured."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.report._language import N_

__all__ = ["INDICATORS", "NOT_MEASURED", "Indicator", "Observed"]

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Observed:
    """One junction in one run: its row of junctions.parquet, those of its lane groups and crossings, seconds evaluated."""

    junction: Row
    groups: Sequence[Row]
    crossings: Sequence[Row]
    window_s: float | None


@dataclass(frozen=True)
class Indicator:
    """One indicator. GA/T 527.2-2024 names it; that standard's formulas are not followed, ours are stated.

    Attributes:
        key: column of our tables.
        name_en, name_zh: what it is called; the Chinese name is the standard's.
        formula, unit: ours.
        digits: that are shown.
        of: its value in one run; `None` where nothing was there to measure it on.
    """

    key: str
    name_en: str
    name_zh: str
    formula: str
    unit: str
    digits: int
    of: Callable[[Observed], float | None]


def _spillback(of: Observed) -> float | None:
    return None if not of.window_s else of.junction["spillback_s"] / of.window_s


def _waiting(of: Observed) -> float | None:
    walked = [row for row in of.crossings if row["pedestrians"]]
    n = sum(row["pedestrians"] for row in walked)
    return sum(row["pedestrians"] * (row["wait_s"] or 0.0) for row in walked) / n if n else None


def _imbalance(of: Observed) -> float | None:
    loads = [row["degree_of_saturation"] for row in of.groups if row["vehicles"] and row["degree_of_saturation"]]
    return max(loads) / statistics.fmean(loads) if loads else None


INDICATORS = (
    Indicator(
        "control_delay", N_("average control delay"), "平均控制延误",
        N_("mean over the vehicles of the time over the approach and junction, less their free-flow time"),
        N_("s per vehicle"), 1, lambda of: of.junction["control_delay_s"],
    ),
    Indicator(
        "stops", N_("stops at the junction"), "交叉口停车次数",
        N_("drops below 5 km/h after having been above 10 km/h on the approach, per vehicle"),
        N_("per vehicle"), 2, lambda of: of.junction["stops_per_veh"],
    ),
    Indicator(
        "spillback", N_("spillback rate"), "溢流率",
        N_("seconds in which a queue stands at the end of its storage, over the evaluated seconds"),
        N_("share"), 3, _spillback,
    ),
    Indicator(
        "green_utilisation", N_("green utilisation"), "绿灯利用率",
        N_("seconds of green in which the stop-line zone is occupied, over the seconds of green"),
        N_("share"), 3, lambda of: of.junction["green_utilisation"],
    ),
    Indicator(
        "imbalance", N_("imbalance coefficient"), "失衡系数",
        N_("largest degree of saturation of a lane group over the mean of all: 1 where all are loaded alike"),
        "", 2, _imbalance,
    ),
    Indicator(
        "bus_control_delay", N_("average control delay of buses"), "公交平均控制延误",
        N_("the same mean over buses, coaches and trams"), N_("s per vehicle"), 1,
        lambda of: of.junction.get("bus_control_delay_s"),
    ),
    Indicator(
        "pedestrian_delay", N_("average delay of pedestrians at crossings"), "行人过街平均延误",
        N_("mean over the pedestrians of the time that they stand before the crossing"), N_("s per person"), 1, _waiting,
    ),
    Indicator(
        "queue_max", N_("longest queue"), "最大排队长度",
        N_("longest back of queue of any lane group in any cycle; over all junctions the standard's 区域最大排队长度"),
        N_("m"), 0, lambda of: of.junction["queue_max_m"],
    ),
)  # fmt: skip
"""In the order of the page. Of each the mean over the reporting seeds is given."""

NOT_MEASURED = ("绿灯间隔清空率", "行人过街保障率", "协调方向不停车通过率", "协调队列比", "红初最大排队比")
"""Indicators that the standard names and no study of ours measures; they are left out rather than guessed."""
