"""Back of queue of lane groups (Highway Capacity Manual, 7th edition, chapter 31)."""

from __future__ import annotations

import numpy as np

from kernels import _formulas
from kernels.formulas._range import Values, not_negative, positive, ratio
from kernels.formulas.delay import capacity

__all__ = ["accumulated_queue", "back_of_queue", "speed_change_delay", "storage_ratio"]


def speed_change_delay(limit_mph: Values) -> Values:
    """Return da, the delay of slowing down and speeding up again, from the speed limit in mph (HCM eq. 31-142 f.)."""
    positive(limit_mph=limit_mph)
    return _formulas.speed_change_delay(limit_mph)


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
    initial_s: Values = 0.0,
    z: Values = 0.0,
) -> Values:
    """Return a percentile of the back of queue, vehicles per lane: (Q1 + Q2) fB + Q3 (HCM eq. 31-149 ff.).

    Args:
        flow, saturation: of the lane group, veh/h.
        incremental_s, initial_s: its d2 and d3, s/veh.
        lanes: lanes in the group.
        z: 0 for the mean (50 %), 1.04, 1.28 and 1.64 for the 85th, 90th and 95th percentile.
    """
    positive(lanes=lanes)
    not_negative(incremental_s=incremental_s, initial_s=initial_s, z=z, filtering=filtering)
    per_lane = np.divide(flow, lanes)
    first = accumulated_queue(per_lane, np.divide(saturation, lanes), green_s, cycle_s, change_s, on_green)
    group_capacity = capacity(saturation, green_s, cycle_s)
    mean_veh = first + group_capacity * incremental_s / (3600.0 * np.asarray(lanes))
    x, green_ratio = np.divide(flow, group_capacity), np.divide(green_s, cycle_s)
    return (
        mean_veh * _formulas.percentile_factor(z, mean_veh, x, green_ratio, filtering) + initial_s * per_lane / 3600.0
    )


def storage_ratio(queue_veh: Values, storage: Values, spacing: Values) -> Values:
    """Return the share of a lane's storage that a queue takes; above 1 it spills back (HCM eq. 31-154).

    Args:
        storage: length of the lane.
        spacing: length that a queued vehicle takes, in the same unit: 25 ft for cars, 45 ft for heavy vehicles.
    """
    not_negative(queue_veh=queue_veh)
    positive(storage=storage, spacing=spacing)
    return np.multiply(queue_veh, spacing) / storage
