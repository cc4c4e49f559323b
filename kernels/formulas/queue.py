"""Back of queue of lane groups (Highway Capacity Manual, 7th edition, chapter 31)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernels import _formulas
from kernels.formulas._range import Values, check, not_negative, positive, ratio, unwarned
from kernels.formulas.delay import capacity

__all__ = [
    "QUANTILES",
    "Polygon",
    "accumulated_queue",
    "back_of_queue",
    "percentile_queue",
    "queue_polygon",
    "speed_change_delay",
    "standing_queue",
    "storage_ratio",
]

QUANTILES = {50: 0.0, 85: 1.04, 90: 1.28, 95: 1.64}
"""The parameter z of each percentile of the back of queue (HCM eq. 31-150 ff.)."""


@unwarned
def speed_change_delay(limit_mph: Values) -> Values:
    """Return da, the delay of slowing down and speeding up again, from the speed limit in mph (HCM eq. 31-142 f.)."""
    positive(limit_mph=limit_mph)
    return _formulas.speed_change_delay(limit_mph)


@unwarned
def accumulated_queue(
    flow: Values,
    saturation: Values,
    green_s: Values,
    cycle_s: Values,
    change_s: Values,
    on_green: Values | None = None,
) -> Values:
    """Return Q1, the back of queue from uniform arrivals, vehicles in one lane (HCM eq. 31-140 ff.).

    Arrivals above capacity are counted with the third term of `back_of_queue`, so q = min(v, c).

    Args:
        flow, saturation: of one lane, veh/h.
        change_s: `speed_change_delay`.
        on_green: share of vehicles that arrive on green; g/C where they arrive at random.
    """
    positive(flow=flow, saturation=saturation, green_s=green_s, cycle_s=cycle_s)
    not_negative(change_s=change_s)
    green_ratio = np.divide(green_s, cycle_s)
    ratio(green_ratio=green_ratio)
    share = green_ratio if on_green is None else on_green
    return _formulas.uniform_queue(
        flow, np.multiply(saturation, green_ratio), saturation, green_s, cycle_s, share, change_s
    )


@unwarned
def standing_queue(queue_veh: Values, flow: Values, capacity: Values, period_h: Values = 0.25) -> Values:
    """Return Q3, the mean queue left of one of `queue_veh` that stood at the start of the period (HCM eq. 31-143 ff.).

    Args:
        queue_veh: of the lane group; divide by its lanes for the queue in one.
        flow, capacity: of the lane group, veh/h.
    """
    not_negative(queue_veh=queue_veh, flow=flow)
    positive(capacity=capacity, period_h=period_h)
    return _formulas.standing_queue(queue_veh, flow, capacity, period_h)


def percentile_queue(
    uniform_veh: Values,
    x: Values,
    green_ratio: Values,
    capacity: Values,
    incremental_s: Values,
    lanes: Values = 1,
    filtering: Values = 1.0,
    standing_veh: Values = 0.0,
    z: Values = 0.0,
) -> Values:
    """Return a percentile of the back of queue, vehicles per lane: (Q1 + Q2) fB + Q3 (HCM eq. 31-142, 31-149 ff.).

    Args:
        uniform_veh: Q1, in one lane.
        x, green_ratio, capacity: v/c, g/C and veh/h of the lane group.
        incremental_s: its d2, s/veh.
        lanes: lanes in the group.
        standing_veh: Q3, in one lane.
        z: 0 for the mean (50 %), 1.04, 1.28 and 1.64 for the 85th, 90th and 95th percentile (`QUANTILES`).
    """
    positive(lanes=lanes)
    not_negative(
        uniform_veh=uniform_veh, incremental_s=incremental_s, standing_veh=standing_veh, z=z, filtering=filtering
    )
    mean_veh = uniform_veh + np.multiply(capacity, incremental_s) / (3600.0 * np.asarray(lanes))
    return mean_veh * _percentile_factor(z, mean_veh, x, green_ratio, filtering) + standing_veh


def _percentile_factor(z: Values, mean_veh: Values, x: Values, green_ratio: Values, filtering: Values) -> Values:
    """Return fB (HCM eq. 31-151 to 31-153); of no queue every percentile is none."""
    beyond = np.exp(2.0 - 2.0 * np.maximum(x, 1.0))  # 1 up to capacity, where the term is none
    over = 0.60 * np.power(z, 0.24) * np.power(green_ratio, 0.33) * (1.0 - beyond)
    return np.minimum(1.8, 1.0 + z * np.sqrt(filtering / np.maximum(mean_veh, 1e-12)) + over)


def back_of_queue(
    flow: Values,
    saturation: Values,
    green_s: Values,
    cycle_s: Values,
    incremental_s: Values,
    change_s: Values,
    lanes: Values = 1,
    on_green: Values | None = None,
    filtering: Values = 1.0,
    standing_veh: Values = 0.0,
    z: Values = 0.0,
) -> Values:
    """Return a percentile of the back of queue of a lane group with one green a cycle, vehicles per lane.

    Args:
        flow, saturation: of the lane group, veh/h.
        change_s: `speed_change_delay`.
        on_green: share of vehicles that arrive on green; g/C where they arrive at random.
        incremental_s, lanes, filtering, standing_veh, z: as for `percentile_queue`.
    """
    positive(lanes=lanes)
    first = accumulated_queue(
        np.divide(flow, lanes), np.divide(saturation, lanes), green_s, cycle_s, change_s, on_green
    )
    group_capacity = capacity(saturation, green_s, cycle_s)
    x, green_ratio = np.divide(flow, group_capacity), np.divide(green_s, cycle_s)
    return percentile_queue(first, x, green_ratio, group_capacity, incremental_s, lanes, filtering, standing_veh, z)


@dataclass(frozen=True)
class Polygon:
    """The queue of one cycle that repeats itself.

    Attributes:
        delay_s: mean delay of the vehicles of a cycle.
        back_veh: the most vehicles between the stop line and the rear of the queue.
        queued_s: for how long of each interval, from its start, vehicles queue; shape (n_intervals,).
    """

    delay_s: float
    back_veh: float
    queued_s: npt.NDArray[np.float64]


def queue_polygon(seconds: Values, arrivals: Values, departures: Values) -> Polygon:
    """Return the queue of a lane group whose green comes in several parts (HCM eq. 19-34 to 19-36).

    Args:
        seconds: length of each interval of the cycle, shape (n_intervals,).
        arrivals: veh/h in each of them; together at most what departs.
        departures: veh/h that a queue sends off in each of them.
    """
    lengths, coming, going = (np.array(values, np.float64, ndmin=1) for values in (seconds, arrivals, departures))
    if not lengths.shape == coming.shape == going.shape or lengths.ndim != 1:
        raise ValueError(f"shapes {lengths.shape}, {coming.shape} and {going.shape} must be one and the same")
    positive(seconds=lengths)
    not_negative(arrivals=coming, departures=going)
    total, most = float(lengths @ coming), float(lengths @ going)
    check("the arrivals of a cycle", total / 3600.0, total <= most * (1.0 + 1e-9), "at most what departs")
    queued_s = np.empty_like(lengths)
    area, back_veh = _formulas.accumulate(lengths, coming / 3600.0, going / 3600.0, queued_s)
    return Polygon(area / (total / 3600.0) if total > 0.0 else 0.0, back_veh, queued_s)


def storage_ratio(queue_veh: Values, storage: Values, spacing: Values) -> Values:
    """Return the share of a lane's storage that a queue takes; above 1 it spills back (HCM eq. 31-154).

    Args:
        storage: length of the lane.
        spacing: length that a queued vehicle takes, in the same unit: 25 ft for cars, 45 ft for heavy vehicles.
    """
    not_negative(queue_veh=queue_veh)
    positive(storage=storage, spacing=spacing)
    return np.multiply(queue_veh, spacing) / storage
