"""One lane group, approach or junction in one period, by the manual's formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.hcm.discharge import LEAST_VEH, Discharge
from kernels import formulas

__all__ = ["Case", "GroupRow", "TotalRow", "group_row", "total_row"]

MPH = 0.44704
CAR_M, HEAVY_M = 25.0 * 0.3048, 45.0 * 0.3048
"""Length that a queued car and a queued heavy vehicle take (HCM eq. 31-155)."""
MOST_ON_GREEN = 0.99


@dataclass(frozen=True)
class GroupRow:
    """One lane group in one period; delays in s/veh, `None` where nobody comes or there is no green.

    Attributes:
        start_s: start of the period, simulation time in seconds.
        flow_veh_h, heavy_share: v, and the share of buses and trucks in it.
        saturation_veh_h: of all its lanes, mean over effective green (what gives way to others included).
        green_s, cycle_s, capacity_veh_h, v_c: g, C, c and X.
        uniform_s, incremental_s, initial_s, control_delay_s, los: d1, d2, d3, their sum, and its level.
        queue_p50_veh, queue_p95_veh: back of queue, vehicles per lane; `_m` in metres.
        initial_veh: queue at the start of the period.
        closed: whether the closed formulas hold; where not, d1 and Q1 come from the queue polygon.
    """

    signal: str
    approach: str
    lane_group: str
    lanes: int
    start_s: float
    flow_veh_h: float
    heavy_share: float
    saturation_veh_h: float
    green_s: float
    cycle_s: float
    capacity_veh_h: float
    v_c: float | None
    uniform_s: float | None
    incremental_s: float | None
    initial_s: float | None
    control_delay_s: float | None
    los: str | None
    queue_p50_veh: float
    queue_p95_veh: float
    queue_p50_m: float
    queue_p95_m: float
    initial_veh: float
    closed: bool


@dataclass(frozen=True)
class TotalRow:
    """An approach (or, with an empty `approach`, a junction) in one period; delay is the mean of its vehicles."""

    signal: str
    approach: str
    start_s: float
    flow_veh_h: float
    control_delay_s: float | None
    los: str | None
    v_c: float | None


@dataclass(frozen=True)
class Case:
    """What a row is made of.

    Attributes:
        signal, approach, lane_group, lanes: where, and how many lanes.
        start_s, period_h: the analysis period.
        cycle_s: C.
        limit: speed limit, m/s.
        flow_veh_h, heavy_share: the traffic.
        platoon_ratio: Rp.
        queue_veh: queue at the period's start.
    """

    signal: str
    approach: str
    lane_group: str
    lanes: int
    start_s: float
    period_h: float
    cycle_s: float
    limit: float
    flow_veh_h: float
    heavy_share: float
    platoon_ratio: float = 1.0
    queue_veh: float = 0.0


def group_row(case: Case, found: Discharge) -> tuple[GroupRow, float]:
    """Return a lane group's row, and the queue that its period leaves behind (HCM eq. 19-45)."""
    flow, n, cycle_s = case.flow_veh_h, case.lanes, case.cycle_s
    green_s, period_h, queue_veh = found.green_s, case.period_h, case.queue_veh
    capacity = found.per_cycle * 3600.0 / cycle_s
    saturation = capacity * cycle_s / green_s if green_s > 0.0 else 0.0
    blank = GroupRow(
        case.signal, case.approach, case.lane_group, n, case.start_s, flow, case.heavy_share, saturation, green_s, cycle_s,
        capacity, None, None, None, None, None, None, 0.0, 0.0, 0.0, 0.0, queue_veh, found.plain,
    )  # fmt: skip
    if found.per_cycle <= LEAST_VEH:
        return replace(blank, los="F" if flow > 0.0 else None), queue_veh + period_h * flow
    x, ratio = flow / capacity, green_s / cycle_s
    left_veh = max(0.0, queue_veh + period_h * (flow - capacity))
    if flow <= 0.0:
        return replace(blank, v_c=0.0), left_veh
    rp = min(case.platoon_ratio, MOST_ON_GREEN / ratio)
    incremental_s = float(formulas.incremental_delay(x, capacity, period_h))
    initial_s = float(formulas.initial_queue_delay(queue_veh, flow, capacity, period_h))
    standing = float(formulas.standing_queue(queue_veh, flow, capacity, period_h)) / n
    if found.plain and ratio < 1.0:
        factor = formulas.progression_factor(x, ratio, rp)
        uniform_s = float(formulas.uniform_delay(x, ratio, cycle_s, factor))
        change_s = formulas.speed_change_delay(case.limit / MPH)
        first = formulas.accumulated_queue(flow / n, saturation / n, green_s, cycle_s, change_s, rp * ratio)
    else:
        uniform_s, first = _by_polygon(found, min(flow, capacity), rp, ratio, n)
    delay_s = uniform_s + incremental_s + initial_s

    def queue(percent: int) -> float:
        z = formulas.QUANTILES[percent]
        return float(formulas.percentile_queue(first, x, ratio, capacity, incremental_s, n, 1.0, standing, z))

    p50, p95 = queue(50), queue(95)
    spacing_m = CAR_M * (1.0 - case.heavy_share) + HEAVY_M * case.heavy_share
    row = replace(
        blank, v_c=x, uniform_s=uniform_s, incremental_s=incremental_s, initial_s=initial_s, control_delay_s=delay_s,
        los=formulas.level_of_service(delay_s, x), queue_p50_veh=p50, queue_p95_veh=p95,
        queue_p50_m=p50 * spacing_m, queue_p95_m=p95 * spacing_m,
    )  # fmt: skip
    return row, left_veh


def _by_polygon(found: Discharge, flow: float, rp: float, ratio: float, n: int) -> tuple[float, float]:
    """Return d1 and Q1 where green comes in several parts or with several saturation flows."""
    on_green = rp if ratio < 1.0 else 1.0
    on_red = (1.0 - rp * ratio) / (1.0 - ratio) if ratio < 1.0 else 0.0
    slices = found.slices
    coming = np.array([flow * (on_green if piece.active else on_red) for piece in slices])
    polygon = formulas.queue_polygon([piece.seconds for piece in slices], coming, [piece.rate for piece in slices])
    return polygon.delay_s, polygon.back_veh / n


def total_row(signal: str, approach: str, rows: Sequence[GroupRow]) -> TotalRow:
    """Return the mean of lane groups, weighted by flow (HCM eq. 19-28 and 19-29)."""
    flow = sum(row.flow_veh_h for row in rows)
    delays = [row.control_delay_s for row in rows if row.flow_veh_h > 0.0]
    worst = max((row.v_c for row in rows if row.v_c is not None), default=None)
    if flow <= 0.0 or None in delays:
        return TotalRow(signal, approach, rows[0].start_s, flow, None, "F" if None in delays else None, worst)
    delay_s = sum(row.flow_veh_h * (row.control_delay_s or 0.0) for row in rows) / flow
    return TotalRow(signal, approach, rows[0].start_s, flow, delay_s, formulas.level_of_service(delay_s), worst)
