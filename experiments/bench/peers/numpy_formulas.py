"""Every formula kernel as vectorised NumPy: the peer of the compiled ones in speed, and their oracle in the tests.

Units and sources are those of `kernels.formulas`. Written as one would at a prompt: whole arrays, no checks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["TWINS"]

Values = Any


def progression_factor(x: Values, green_ratio: Values, platoon_ratio: Values) -> Values:
    """Return HCM eq. 19-20."""
    served = np.minimum(1.0, x)
    y, share = served * green_ratio, platoon_ratio * green_ratio
    bend = 1 + y * (1 - platoon_ratio) / (1 - green_ratio)
    return (1 - share) / (1 - green_ratio) * (1 - y) / (1 - served * share) * bend


def uniform_delay(x: Values, green_ratio: Values, cycle_s: Values, factor: Values) -> Values:
    """Return HCM eq. 19-19."""
    return factor * 0.5 * cycle_s * (1 - green_ratio) ** 2 / (1 - np.minimum(1, x) * green_ratio)


def incremental_delay(x: Values, capacity: Values, period_h: Values, k: Values, filtering: Values) -> Values:
    """Return HCM eq. 19-26."""
    return 900 * period_h * ((x - 1) + np.sqrt((x - 1) ** 2 + 8 * k * filtering * x / (capacity * period_h)))


def actuated_factor(x: Values, passage_s: Values) -> Values:
    """Return HCM eq. 19-22."""
    least = np.maximum(0.04, -0.375 + 0.354 * passage_s - 0.0910 * passage_s**2 + 0.00889 * passage_s**3)
    return np.clip((1 - 2 * least) * (x - 0.5) + least, least, 0.5)


def _initial(queue_veh: Values, flow: Values, capacity: Values, period_h: Values) -> tuple[Values, Values, Values]:
    full = flow >= capacity
    slack = np.where(full, 1.0, capacity - flow)
    lasts_h = np.where(full, period_h, np.minimum(queue_veh / slack, period_h))
    standing = np.where(full, period_h * (flow - capacity), 0.0)
    return lasts_h, queue_veh + lasts_h * (flow - capacity), standing


def initial_queue_delay(queue_veh: Values, flow: Values, capacity: Values, period_h: Values) -> Values:
    """Return HCM eq. 19-44."""
    lasts_h, end, standing = _initial(queue_veh, flow, capacity, period_h)
    area = lasts_h * (queue_veh + end - standing) / 2 + (end**2 - standing**2 - queue_veh**2) / (2 * capacity)
    return np.where(queue_veh > 0, 3600 / (flow * period_h) * area, 0.0)


def standing_queue(queue_veh: Values, flow: Values, capacity: Values, period_h: Values) -> Values:
    """Return HCM eq. 31-143."""
    lasts_h, end, standing = _initial(queue_veh, flow, capacity, period_h)
    return np.where(queue_veh > 0, lasts_h * (queue_veh + end - standing) / (2 * period_h), 0.0)


def speed_change_delay(limit_mph: Values) -> Values:
    """Return HCM eq. 31-131."""
    speed = 0.9 * (25.6 + 0.47 * limit_mph)
    return (1.47 * (speed - 5)) ** 2 / (2 * 1.47 * speed) * (1 / 3.5 + 1 / 4)


def uniform_queue(
    flow: Values,
    capacity: Values,
    saturation: Values,
    green_s: Values,
    cycle_s: Values,
    on_green: Values,
    change_s: Values,
) -> Values:
    """Return HCM eq. 31-137 to 31-141."""
    x, s, q, red_s = flow / capacity, saturation / 3600, np.minimum(flow, capacity) / 3600, cycle_s - green_s
    served, p = np.minimum(1, x), on_green
    in_green, in_red = p * q * cycle_s / green_s, (1 - p) * q * cycle_s / red_s
    early_s = q * cycle_s * (1 - p - p * change_s / green_s) / (s * (1 - served * p))
    late_s = q * cycle_s * (1 - p) * (red_s - change_s) / (s * (red_s - served * (1 - p) * green_s))
    early = in_red * red_s + in_green * (early_s - change_s)
    return np.where(change_s <= (1 - p) * green_s * x, early, in_red * (red_s - change_s + late_s))


def webster_cycle(flow_ratio: Values, lost_s: Values) -> Values:
    """Return Webster's cycle."""
    return (1.5 * lost_s + 5) / (1 - flow_ratio)


def shortest_cycle(flow_ratio: Values, lost_s: Values, critical_x: Values) -> Values:
    """Return HCM eq. 19-30 solved for C."""
    return lost_s * critical_x / (critical_x - flow_ratio)


def queueing_delay(flow: Values, saturation: Values, green_ratio: Values, cycle_s: Values) -> Values:
    """Return the delay of D/D/1."""
    return 0.5 * cycle_s * (1 - green_ratio) ** 2 / (1 - flow / saturation)


def random_delay(flow: Values, saturation: Values, green_ratio: Values, cycle_s: Values) -> Values:
    """Return the first two terms of Webster's delay."""
    x = flow / (saturation * green_ratio)
    return 0.5 * cycle_s * (1 - green_ratio) ** 2 / (1 - green_ratio * x) + 1800 * x**2 / (flow * (1 - x))


def akcelik_delay(x: Values, saturation: Values, green_s: Values, cycle_s: Values, period_h: Values) -> Values:
    """Return Akcelik's delay."""
    ratio = green_s / cycle_s
    least, over = 0.67 + saturation / 3600 * green_s / 600, x - 1
    root = np.sqrt(over**2 + 12 * np.maximum(x - least, 0) / (saturation * ratio * period_h))
    first = 0.5 * cycle_s * (1 - ratio) ** 2 / (1 - np.minimum(1, x) * ratio)
    return first + np.where(x > least, 900 * period_h * (over + root), 0.0)


def service_level(delay_s: Values, x: Values) -> Values:
    """Return HCM exhibit 19-8 as 0 to 5."""
    return np.where(x > 1, 5, np.searchsorted([10.0, 20.0, 35.0, 55.0, 80.0], delay_s))


def geh(measured: Values, counted: Values) -> Values:
    """Return the GEH statistic."""
    return np.sqrt(2 * (measured - counted) ** 2 / (measured + counted))


def heavy_grade_factor(heavy: Values, grade: Values) -> Values:
    """Return HCM eq. 19-9 and 19-10."""
    return np.where(grade < 0, 1 - 0.79 * heavy - 2.07 * grade, 1 - 0.78 * heavy - 31 * grade**2)


def lane_width_factor(width_m: Values) -> Values:
    """Return HCM exhibit 19-20."""
    width_ft = width_m / 0.3048
    return np.where(width_ft < 10, 0.96, np.where(width_ft > 12.9, 1.04, 1.0))


def mixed_flow_factor(share: Values, equivalent: Values, other: Values, other_equivalent: Values) -> Values:
    """Return HCM eq. 31-105."""
    return 1 / (1 + share * (equivalent - 1) + other * (other_equivalent - 1))


def _walk_occupancy(pedestrians: Values, walk_s: Values, cycle_s: Values) -> Values:
    flow = np.minimum(5000, pedestrians * cycle_s / walk_s)
    return np.where(flow <= 1000, flow / 2000, np.minimum(0.90, 0.4 + flow / 10000))


def right_walk_factor(
    pedestrians: Values, green_s: Values, walk_s: Values, cycle_s: Values, free_exit: Values
) -> Values:
    """Return HCM eq. 31-79, 31-81 to 31-83."""
    return 1 - np.where(free_exit, 0.6, 1.0) * walk_s / green_s * _walk_occupancy(pedestrians, walk_s, cycle_s)


def left_walk_factor(
    pedestrians: Values,
    opposing: Values,
    green_s: Values,
    blocked_s: Values,
    walk_s: Values,
    cycle_s: Values,
    free_exit: Values,
) -> Values:
    """Return HCM eq. 31-85 to 31-88."""
    blocked = (blocked_s >= walk_s) | (blocked_s >= green_s)
    occupied = _walk_occupancy(pedestrians, walk_s, cycle_s) * (1 - 0.5 * blocked_s / walk_s)
    occupied = (
        occupied * (walk_s - blocked_s) / np.where(blocked, 1.0, green_s - blocked_s) * np.exp(-5 * opposing / 3600)
    )
    return np.where(blocked, 1.0, 1 - np.where(free_exit, 0.6, 1.0) * np.minimum(1, occupied))


TWINS = {
    function.__name__: function
    for function in (
        actuated_factor, akcelik_delay, geh, heavy_grade_factor,
        incremental_delay, initial_queue_delay, lane_width_factor, left_walk_factor, mixed_flow_factor,
        progression_factor, queueing_delay, random_delay, right_walk_factor,
        service_level, shortest_cycle, speed_change_delay, standing_queue, uniform_delay,
        uniform_queue, webster_cycle,
    )
}  # fmt: skip
"""Each kernel's twin by the kernel's name."""
