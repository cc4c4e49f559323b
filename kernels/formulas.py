"""The formulas of signal timing and evaluation, on numbers or arrays that broadcast.

Flows, saturation flows and capacities are in vehicles per hour, cycles and greens in seconds, the analysis period in
hours, delays in seconds per vehicle, green ratios g/C. `x` is the degree of saturation v/c. A value outside a
formula's valid range raises ValueError; nothing is clipped unless the source clips it. Arrays give arrays, numbers
NumPy scalars. HCM is the Highway Capacity Manual, 7th edition, chapters 19 and 31.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kernels import _formulas

__all__ = [
    "LEVELS",
    "accumulated_queue",
    "actuated_factor",
    "akcelik_delay",
    "all_red",
    "back_of_queue",
    "capacity",
    "control_delay",
    "disperse",
    "filtering_factor",
    "geh",
    "hcm_smoothing",
    "incremental_delay",
    "initial_queue_delay",
    "level_of_service",
    "pedestrian_clearance",
    "pedestrian_walk",
    "progression_factor",
    "queueing_delay",
    "replications",
    "robertson_smoothing",
    "shortest_cycle",
    "speed_change_delay",
    "storage_ratio",
    "uniform_delay",
    "webster_cycle",
    "webster_delay",
    "webster_splits",
    "yellow",
]

Values = Any
"""A number or an array of them."""

LEVELS = "ABCDEF"
GRAVITY = 9.80665
"""Metres per second squared; 32.2 ft/s2 in the manual's examples."""


def _check(name: str, values: Values, holds: Any, range_: str) -> None:
    """Raise ValueError where a value lies outside the formula's range, NaN included."""
    if not np.all(holds):
        wrong = np.asarray(values, float)[~np.broadcast_to(holds, np.shape(values))]
        raise ValueError(f"{name} must be {range_}, not {wrong.ravel()[0]:g}")


def _positive(**arguments: Values) -> None:
    for name, values in arguments.items():
        _check(name, values, np.asarray(values) > 0.0, "above 0")


def _not_negative(**arguments: Values) -> None:
    for name, values in arguments.items():
        _check(name, values, np.asarray(values) >= 0.0, "0 or more")


def _ratio(**arguments: Values) -> None:
    for name, values in arguments.items():
        _check(name, values, (np.asarray(values) > 0.0) & (np.asarray(values) < 1.0), "above 0 and below 1")


def capacity(saturation: Values, green_s: Values, cycle_s: Values) -> Values:
    """Return the capacity s g/C, veh/h (HCM eq. 19-16)."""
    _positive(saturation=saturation, green_s=green_s, cycle_s=cycle_s)
    return np.multiply(saturation, green_s) / cycle_s


def progression_factor(x: Values, green_ratio: Values, platoon_ratio: Values) -> Values:
    """Return PF of the uniform delay (HCM eq. 19-20): 1 for random arrivals, platoon ratio 1.

    Args:
        x: degree of saturation.
        green_ratio: g/C.
        platoon_ratio: Rp = P C/g: 0.33, 0.67, 1, 1.33, 1.67 and 2 for arrival types 1 to 6. Rp g/C, the share of
            arrivals on green, stays below 1.
    """
    _not_negative(x=x, platoon_ratio=platoon_ratio)
    _ratio(green_ratio=green_ratio)
    share = np.multiply(platoon_ratio, green_ratio)
    _check("the share of arrivals on green", share, share < 1.0, "below 1")
    return _formulas.progression_factor(x, green_ratio, platoon_ratio)


def uniform_delay(x: Values, green_ratio: Values, cycle_s: Values, factor: Values = 1.0) -> Values:
    """Return d1 = PF 0.5 C (1 - g/C)^2 / (1 - min(1, X) g/C) (HCM eq. 19-19)."""
    _not_negative(x=x, factor=factor)
    _ratio(green_ratio=green_ratio)
    _positive(cycle_s=cycle_s)
    return _formulas.uniform_delay(x, green_ratio, cycle_s, factor)


def incremental_delay(
    x: Values, capacity: Values, period_h: Values = 0.25, k: Values = 0.5, filtering: Values = 1.0
) -> Values:
    """Return d2 = 900 T ((X-1) + sqrt((X-1)^2 + 8 k I X/(c T))) (HCM eq. 19-26).

    Args:
        k: 0.5 for fixed times, `actuated_factor` otherwise.
        filtering: I, 1 for an isolated junction, `filtering_factor` otherwise.
    """
    _not_negative(x=x, k=k, filtering=filtering)
    _positive(capacity=capacity, period_h=period_h)
    return _formulas.incremental_delay(x, capacity, period_h, k, filtering)


def actuated_factor(x: Values, passage_s: Values) -> Values:
    """Return k of an actuated phase, held in [kmin, 0.5] (HCM eq. 19-22).

    Args:
        x: v/ca with the capacity of the phase's available green.
        passage_s: passage time, seconds.
    """
    _not_negative(x=x, passage_s=passage_s)
    return _formulas.actuated_factor(x, passage_s)


def filtering_factor(upstream_x: Values) -> Values:
    """Return I = max(0.09, 1 - 0.91 Xu^2.68) of a junction fed by a signal upstream (HCM eq. 19-6)."""
    _not_negative(upstream_x=upstream_x)
    return _formulas.filtering_factor(upstream_x)


def initial_queue_delay(queue_veh: Values, flow: Values, capacity: Values, period_h: Values = 0.25) -> Values:
    """Return d3, the delay from a queue of `queue_veh` that stood at the start of the period (HCM eq. 19-28 ff.)."""
    _not_negative(queue_veh=queue_veh)
    _positive(flow=flow, capacity=capacity, period_h=period_h)
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


def level_of_service(control_delay_s: Values, x: Values = 0.0) -> Any:
    """Return the level of service, A to F, of lane groups (HCM exhibit 19-8): F also where v/c exceeds 1.

    Args:
        control_delay_s: seconds per vehicle.
        x: v/c of the lane group; leave it out for approaches and junctions, which delay alone decides.
    """
    # A measured delay may be a trifle below 0: vehicles pass the end of a faster road above the next one's limit.
    _check("control_delay_s", control_delay_s, ~np.isnan(control_delay_s), "a number")
    _not_negative(x=x)
    level = _formulas.service_level(np.asarray(control_delay_s, float), np.asarray(x, float))
    return LEVELS[int(level)] if np.ndim(level) == 0 else np.array(list(LEVELS))[level]


def speed_change_delay(limit_mph: Values) -> Values:
    """Return da, the delay of slowing down and speeding up again, from the speed limit in mph (HCM eq. 31-142 f.)."""
    _positive(limit_mph=limit_mph)
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
    _positive(flow=flow, saturation=saturation, green_s=green_s, cycle_s=cycle_s)
    _not_negative(change_s=change_s)
    green_ratio = np.divide(green_s, cycle_s)
    _ratio(green_ratio=green_ratio)
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
    _positive(lanes=lanes)
    _not_negative(incremental_s=incremental_s, initial_s=initial_s, z=z, filtering=filtering)
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
    _not_negative(queue_veh=queue_veh)
    _positive(storage=storage, spacing=spacing)
    return np.multiply(queue_veh, spacing) / storage


def webster_cycle(flow_ratio: Values, lost_s: Values) -> Values:
    """Return the cycle of least delay, (1.5 L + 5)/(1 - Y) (Webster 1958, Road Research Technical Paper 39).

    Args:
        flow_ratio: Y, the sum of the critical flow ratios, below 1.
        lost_s: L, lost time per cycle.
    """
    _ratio(flow_ratio=flow_ratio)
    _not_negative(lost_s=lost_s)
    return _formulas.webster_cycle(flow_ratio, lost_s)


def webster_splits(flow_ratios: Values, cycle_s: Values, lost_s: Values) -> Values:
    """Return effective greens in proportion to the critical flow ratios, seconds, shape (n_stages,) (Webster 1958)."""
    ratios = np.asarray(flow_ratios, float)
    _positive(flow_ratios=ratios)
    _check("the cycle", cycle_s, np.asarray(cycle_s) > lost_s, "longer than the lost time")
    return (np.asarray(cycle_s) - lost_s) * ratios / ratios.sum()


def shortest_cycle(flow_ratio: Values, lost_s: Values, critical_x: Values = 1.0) -> Values:
    """Return the cycle that holds the critical degree of saturation, L Xc/(Xc - Y) (HCM eq. 19-30 solved for C)."""
    _positive(flow_ratio=flow_ratio, critical_x=critical_x)
    _check("flow_ratio", flow_ratio, np.asarray(flow_ratio) < critical_x, "below the critical degree of saturation")
    return _formulas.shortest_cycle(flow_ratio, lost_s, critical_x)


def queueing_delay(flow: Values, saturation: Values, green_ratio: Values, cycle_s: Values) -> Values:
    """Return the delay of uniform arrivals, C (1 - g/C)^2 / (2 (1 - v/s)): D/D/1, below capacity."""
    _positive(flow=flow, saturation=saturation, cycle_s=cycle_s)
    _ratio(green_ratio=green_ratio)
    x = np.divide(flow, np.multiply(saturation, green_ratio))
    _check("the degree of saturation", x, x <= 1.0, "at most 1")
    return _formulas.queueing_delay(flow, saturation, green_ratio, cycle_s)


def webster_delay(flow: Values, saturation: Values, green_ratio: Values, cycle_s: Values) -> Values:
    """Return Webster's delay of random arrivals, all three terms (Webster 1958); valid below capacity only."""
    _positive(flow=flow, saturation=saturation, cycle_s=cycle_s)
    _ratio(green_ratio=green_ratio)
    x = np.divide(flow, np.multiply(saturation, green_ratio))
    _check("the degree of saturation", x, x < 1.0, "below 1")
    # NumPy's own power is vectorised for the processor at hand, which a compiled wheel cannot be.
    correction = 0.65 * np.cbrt(cycle_s / np.divide(flow, 3600.0) ** 2) * x ** (2.0 + 5.0 * np.asarray(green_ratio))
    return _formulas.random_delay(flow, saturation, green_ratio, cycle_s) - correction


def akcelik_delay(x: Values, saturation: Values, green_s: Values, cycle_s: Values, period_h: Values = 0.25) -> Values:
    """Return Akcelik's delay, time-dependent and so valid beyond capacity (Akcelik 1981, ARRB report 123)."""
    _not_negative(x=x)
    _positive(saturation=saturation, green_s=green_s, cycle_s=cycle_s, period_h=period_h)
    _ratio(green_ratio=np.divide(green_s, cycle_s))
    return _formulas.akcelik_delay(x, saturation, green_s, cycle_s, period_h)


def robertson_smoothing(travel_s: Values, friction: Values = 0.35, share: Values = 0.8) -> Values:
    """Return F = 1/(1 + a T), T = 0.8 of the mean travel time (Robertson 1969, RRL report LR 253).

    Args:
        travel_s: mean travel time; the 0.8 is applied here, and only here.
        friction: a: 0.50, 0.35 and 0.25 for heavy, moderate and light friction.
    """
    _not_negative(travel_s=travel_s, friction=friction)
    return _formulas.robertson_smoothing(travel_s, friction, share)


def hcm_smoothing(running_s: Values, step_s: Values = 1.0) -> Values:
    """Return F = 1/(1 + 0.138 t'R + 0.315/dt) (HCM eq. 30-11), t'R the running time in steps of `step_s` seconds."""
    _not_negative(running_s=running_s)
    _positive(step_s=step_s)
    return _formulas.hcm_smoothing(running_s, step_s)


def disperse(flow: Values, lag: int, smoothing: float) -> npt.NDArray[np.float64]:
    """Return a platoon further down the road, Q(T + t) = F q(t) + (1 - F) Q(T + t - 1) (Robertson 1969).

    Args:
        flow: departures per step upstream, shape (n_steps,).
        lag: the shortest travel time in steps, T.
        smoothing: F, above 0 and at most 1.
    """
    _check("smoothing", smoothing, 0.0 < smoothing <= 1.0, "above 0 and at most 1")
    _check("lag", lag, lag >= 0, "0 or more")
    steps = np.ascontiguousarray(flow, np.float64)
    if steps.ndim != 1:
        raise ValueError(f"flow must have one dimension, not {steps.ndim}")
    out = np.empty_like(steps)
    _formulas.disperse(steps, lag, smoothing, out)
    return out


def yellow(
    speed: Values, grade: Values = 0.0, reaction_s: Values = 1.0, deceleration: Values = 3.05, gravity: Values = GRAVITY
) -> Values:
    """Return the yellow t + v/(2 a + 2 G g), seconds (ITE formula; US practice holds it within 3 to 6 s).

    Args:
        speed: of the approach, m/s; or any unit that fits `deceleration` and `gravity`.
        grade: uphill positive, 0.04 for 4 %.
    """
    _positive(speed=speed, deceleration=deceleration)
    _check("grade", grade, np.add(deceleration, np.multiply(gravity, grade)) > 0.0, "less steep downhill")
    return _formulas.yellow(speed, grade, reaction_s, deceleration, gravity)


def all_red(width: Values, length: Values, speed: Values) -> Values:
    """Return the red clearance (w + L)/v, seconds (ITE formula; US practice caps it at 6 s).

    Args:
        width: from the stop line to the far side of the conflict.
        length: of the clearing vehicle.
        speed: at which it clears; all in units that fit.
    """
    _not_negative(width=width, length=length)
    _positive(speed=speed)
    return _formulas.all_red(width, length, speed)


def pedestrian_clearance(length: Values, speed: Values) -> Values:
    """Return the clearance of a crossing, whole seconds: ceil(length / walking speed) (MUTCD 2009, 4E.06)."""
    _not_negative(length=length)
    _positive(speed=speed)
    return np.ceil(np.divide(length, speed))


def pedestrian_walk(length: Values, setback: Values, speed: Values, clearance_s: Values) -> Values:
    """Return the walk interval that lets one who starts at the button cross at a slow speed (MUTCD 2009, 4E.06)."""
    _not_negative(length=length, setback=setback, clearance_s=clearance_s)
    _positive(speed=speed)
    return np.maximum(0.0, np.ceil(np.add(length, setback) / speed) - clearance_s)


def geh(measured: Values, counted: Values) -> Values:
    """Return the GEH statistic sqrt(2 (m - c)^2/(m + c)) of hourly flows; below 5 is the usual target on 85 % of links."""
    _not_negative(measured=measured, counted=counted)
    return _formulas.geh(measured, counted)


def replications(deviation: float, mean: float, error: float, t: float) -> int:
    """Return how many runs an interval of half-width `error` times the mean takes (FHWA Traffic Analysis Toolbox III).

    Args:
        deviation, mean: of the runs so far.
        error: wanted half-width, a share of the mean.
        t: Student's quantile for the runs so far.
    """
    _not_negative(deviation=deviation)
    _positive(mean=mean, error=error, t=t)
    return int(np.ceil((t * deviation / (error * mean)) ** 2))
