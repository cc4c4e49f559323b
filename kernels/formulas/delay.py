"""Delay, level of service and back of queue of lane groups; HCM is the Highway Capacity Manual, 7th ed., ch. 19 and 31."""

from __future__ import annotations

from typing import Any

import numpy as np

from kernels import _formulas
from kernels.formulas._range import Values, check, not_negative, positive, ratio, unwarned

__all__ = [
    "LEVELS",
    "actuated_factor",
    "akcelik_delay",
    "capacity",
    "control_delay",
    "filtering_factor",
    "incremental_delay",
    "initial_queue_delay",
    "level_of_service",
    "progression_factor",
    "queueing_delay",
    "uniform_delay",
    "webster_delay",
]

LEVELS = "ABCDEF"


def capacity(saturation: Values, green_s: Values, cycle_s: Values) -> Values:
    """Return the capacity s g/C, veh/h (HCM eq. 19-16)."""
    positive(saturation=saturation, green_s=green_s, cycle_s=cycle_s)
    return np.multiply(saturation, green_s) / cycle_s


@unwarned
def progression_factor(x: Values, green_ratio: Values, platoon_ratio: Values) -> Values:
    """Return PF of the uniform delay (HCM eq. 19-20): 1 for random arrivals, platoon ratio 1.

    Args:
        x: degree of saturation.
        green_ratio: g/C.
        platoon_ratio: Rp = P C/g: 0.33, 0.67, 1, 1.33, 1.67 and 2 for arrival types 1 to 6. Rp g/C, the share of
            arrivals on green, stays below 1.
    """
    not_negative(x=x, platoon_ratio=platoon_ratio)
    ratio(green_ratio=green_ratio)
    share = np.multiply(platoon_ratio, green_ratio)
    check("the share of arrivals on green", share, share < 1.0, "below 1")
    return _formulas.progression_factor(x, green_ratio, platoon_ratio)


@unwarned
def uniform_delay(x: Values, green_ratio: Values, cycle_s: Values, factor: Values = 1.0) -> Values:
    """Return d1 = PF 0.5 C (1 - g/C)^2 / (1 - min(1, X) g/C) (HCM eq. 19-19)."""
    not_negative(x=x, factor=factor)
    ratio(green_ratio=green_ratio)
    positive(cycle_s=cycle_s)
    return _formulas.uniform_delay(x, green_ratio, cycle_s, factor)


@unwarned
def incremental_delay(
    x: Values, capacity: Values, period_h: Values = 0.25, k: Values = 0.5, filtering: Values = 1.0
) -> Values:
    """Return d2 = 900 T ((X-1) + sqrt((X-1)^2 + 8 k I X/(c T))) (HCM eq. 19-26).

    Args:
        k: 0.5 for fixed times, `actuated_factor` otherwise.
        filtering: I, 1 for an isolated junction, `filtering_factor` otherwise.
    """
    not_negative(x=x, k=k, filtering=filtering)
    positive(capacity=capacity, period_h=period_h)
    return _formulas.incremental_delay(x, capacity, period_h, k, filtering)


@unwarned
def actuated_factor(x: Values, passage_s: Values) -> Values:
    """Return k of an actuated phase, held in [kmin, 0.5] (HCM eq. 19-22).

    Args:
        x: v/ca with the capacity of the phase's available green.
        passage_s: passage time, seconds.
    """
    not_negative(x=x, passage_s=passage_s)
    return _formulas.actuated_factor(x, passage_s)


def filtering_factor(upstream_x: Values) -> Values:
    """Return I = max(0.09, 1 - 0.91 Xu^2.68) of a junction fed by a signal upstream (HCM eq. 19-6)."""
    not_negative(upstream_x=upstream_x)
    return np.maximum(0.09, 1.0 - 0.91 * np.power(upstream_x, 2.68))


@unwarned
def initial_queue_delay(queue_veh: Values, flow: Values, capacity: Values, period_h: Values = 0.25) -> Values:
    """Return d3, the delay from a queue of `queue_veh` that stood at the start of the period (HCM eq. 19-28 ff.)."""
    not_negative(queue_veh=queue_veh)
    positive(flow=flow, capacity=capacity, period_h=period_h)
    return _formulas.initial_queue_delay(queue_veh, flow, capacity, period_h)


def control_delay(
    flow: Values,
    capacity: Values,
    green_s: Values,
    cycle_s: Values,
    period_h: Values = 0.25,
    k: Values = 0.5,
    filtering: Values = 1.0,
    platoon_ratio: Values = 1.0,
    queue_veh: Values = 0.0,
) -> Values:
    """Return d = d1 + d2 + d3 of a lane group (HCM eq. 19-18); arguments as in the functions of its parts."""
    x, green_ratio = np.divide(flow, capacity), np.divide(green_s, cycle_s)
    return (
        uniform_delay(x, green_ratio, cycle_s, progression_factor(x, green_ratio, platoon_ratio))
        + incremental_delay(x, capacity, period_h, k, filtering)
        + initial_queue_delay(queue_veh, flow, capacity, period_h)
    )


@unwarned
def level_of_service(control_delay_s: Values, x: Values = 0.0) -> Any:
    """Return the level of service, A to F, of lane groups (HCM exhibit 19-8): F also where v/c exceeds 1.

    Args:
        control_delay_s: seconds per vehicle.
        x: v/c of the lane group; leave it out for approaches and junctions, which delay alone decides.
    """
    # A measured delay may be a trifle below 0: vehicles pass the end of a faster road above the next one's limit.
    check("control_delay_s", control_delay_s, ~np.isnan(control_delay_s), "a number")
    not_negative(x=x)
    level = _formulas.service_level(np.asarray(control_delay_s, float), np.asarray(x, float))
    return LEVELS[int(level)] if np.ndim(level) == 0 else np.array(list(LEVELS))[level]


@unwarned
def queueing_delay(flow: Values, saturation: Values, green_ratio: Values, cycle_s: Values) -> Values:
    """Return the delay of uniform arrivals, C (1 - g/C)^2 / (2 (1 - v/s)): D/D/1, below capacity."""
    positive(flow=flow, saturation=saturation, cycle_s=cycle_s)
    ratio(green_ratio=green_ratio)
    x = np.divide(flow, np.multiply(saturation, green_ratio))
    check("the degree of saturation", x, x <= 1.0, "at most 1")
    return _formulas.queueing_delay(flow, saturation, green_ratio, cycle_s)


@unwarned
def webster_delay(flow: Values, saturation: Values, green_ratio: Values, cycle_s: Values) -> Values:
    """Return Webster's delay of random arrivals, all three terms (Webster 1958); valid below capacity only."""
    positive(flow=flow, saturation=saturation, cycle_s=cycle_s)
    ratio(green_ratio=green_ratio)
    x = np.divide(flow, np.multiply(saturation, green_ratio))
    check("the degree of saturation", x, x < 1.0, "below 1")
    # NumPy's own power is vectorised for the processor at hand, which a compiled wheel cannot be.
    correction = 0.65 * np.cbrt(cycle_s / np.divide(flow, 3600.0) ** 2) * x ** (2.0 + 5.0 * np.asarray(green_ratio))
    return _formulas.random_delay(flow, saturation, green_ratio, cycle_s) - correction


@unwarned
def akcelik_delay(x: Values, saturation: Values, green_s: Values, cycle_s: Values, period_h: Values = 0.25) -> Values:
    """Return Akcelik's delay, time-dependent and so valid beyond capacity (Akcelik 1981, ARRB report 123)."""
    not_negative(x=x)
    positive(saturation=saturation, green_s=green_s, cycle_s=cycle_s, period_h=period_h)
    ratio(green_ratio=np.divide(green_s, cycle_s))
    return _formulas.akcelik_delay(x, saturation, green_s, cycle_s, period_h)
