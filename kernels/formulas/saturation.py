"""Saturation flow of lane groups and its adjustments (Highway Capacity Manual, 7th edition, chapters 19 and 31)."""

from __future__ import annotations

import numpy as np

from kernels import _formulas
from kernels.formulas._range import Values, check, not_negative, positive, unwarned

__all__ = [
    "heavy_grade_factor",
    "lane_use_factor",
    "lane_width_factor",
    "left_walk_factor",
    "mixed_flow_factor",
    "permitted_saturation",
    "right_walk_factor",
    "time_to_first_left",
]

LANE_USE = {"through": (1.0, 0.952, 0.908), "left": (1.0, 0.971), "right": (1.0, 0.885)}
"""By number of lanes; more lanes than listed take the last one (HCM exhibit 19-15)."""


@unwarned
def heavy_grade_factor(heavy: Values, grade: Values = 0.0) -> Values:
    """Return f_HVg of heavy vehicles and grade (HCM eq. 19-9 and 19-10).

    Args:
        heavy: share of heavy vehicles, at most 0.5.
        grade: uphill positive, from -0.04 to 0.10.
    """
    share, slope = np.asarray(heavy), np.asarray(grade)
    check("heavy", heavy, (share >= 0.0) & (share <= 0.5), "from 0 to 0.5")
    check("grade", grade, (slope >= -0.04) & (slope <= 0.10), "from -0.04 to 0.10")
    return _formulas.heavy_grade_factor(heavy, grade)


@unwarned
def lane_width_factor(width_m: Values) -> Values:
    """Return f_w: 0.96 below 10 ft, 1 up to 12.9 ft, 1.04 above (HCM exhibit 19-20); lanes of 8 ft (2.44 m) and more."""
    check("width_m", width_m, np.asarray(width_m) >= 2.4384, "at least 2.44 m")
    return _formulas.lane_width_factor(width_m)


def lane_use_factor(lanes: int, turn: str = "through") -> float:
    """Return f_LU, because drivers do not share several lanes evenly (HCM exhibit 19-15).

    Args:
        lanes: exclusive lanes of the group.
        turn: left, through or right.
    """
    positive(lanes=lanes)
    factors = LANE_USE[turn]
    return factors[min(lanes, len(factors)) - 1]


@unwarned
def mixed_flow_factor(share: Values, equivalent: Values, other: Values = 0.0, other_equivalent: Values = 1.0) -> Values:
    """Return 1/(1 + P (E - 1) [+ P' (E' - 1)]): what turning vehicles leave of a lane's flow (HCM eq. 31-105, 31-109).

    Args:
        share, other: shares of the lane's vehicles that turn one way and the other, together at most 1.
        equivalent, other_equivalent: through cars that one of them stands for: 1.05 for protected left turns, 1.18
            for right turns (HCM eq. 19-13 and 19-14), s_o / `permitted_saturation` for permitted ones (eq. 31-101),
            each over its pedestrian factor.
    """
    not_negative(share=share, other=other)
    check("the share of turns", np.add(share, other), np.add(share, other) <= 1.0 + 1e-9, "at most 1")
    positive(equivalent=equivalent, other_equivalent=other_equivalent)
    return _formulas.mixed_flow_factor(share, equivalent, other, other_equivalent)


def permitted_saturation(opposing: Values, critical_s: Values = 4.5, follow_s: Values = 2.5) -> Values:
    """Return s_p = v_o e^(-v_o tc/3600) / (1 - e^(-v_o tf/3600)), veh/h (HCM eq. 31-100): turns through gaps.

    Args:
        opposing: v_o, veh/h, once the opposing queue has gone; its limit 3600/tf where nothing opposes.
        critical_s, follow_s: critical headway and follow-up headway, seconds.
    """
    not_negative(opposing=opposing)
    positive(critical_s=critical_s, follow_s=follow_s)
    # Nobody opposing is the limit, and a flow this small is there already.
    flow = np.maximum(opposing, 1e-9) / 3600.0
    return 3600.0 * flow * np.exp(-flow * critical_s) / -np.expm1(-flow * follow_s)


def time_to_first_left(
    green_s: Values, flow: Values, cycle_s: Values, lost_s: Values = 2.0, single_lane: Values = False
) -> Values:
    """Return g_f, seconds of green before the first left turn blocks a shared lane (HCM eq. 31-97 to 31-99).

    Args:
        green_s: displayed permitted green.
        flow: left turns in the shared lane, veh/h.
        lost_s: start-up lost time.
        single_lane: whether the approach has one lane only.
    """
    not_negative(green_s=green_s, flow=flow, lost_s=lost_s)
    positive(cycle_s=cycle_s)
    per_cycle = np.multiply(flow, cycle_s) / 3600.0
    turns = np.where(single_lane, 0.860 * np.power(per_cycle, 0.629), 0.882 * np.power(per_cycle, 0.717))
    return np.maximum(0.0, green_s * np.exp(-turns) - lost_s)


@unwarned
def right_walk_factor(
    pedestrians: Values, green_s: Values, walk_s: Values, cycle_s: Values, free_exit: Values = False
) -> Values:
    """Return f_Rpb of pedestrians beside a right turn, no bicycles (HCM eq. 31-74 to 31-76, 31-79, 31-81 to 31-83).

    Args:
        pedestrians: across the leg that the turn leads to, both ways, p/h.
        green_s: effective green of the turn.
        walk_s: pedestrian service time, walk and clearance, at most `green_s`.
        free_exit: whether that leg has more lanes than turn into it.
    """
    not_negative(pedestrians=pedestrians, walk_s=walk_s)
    positive(green_s=green_s, cycle_s=cycle_s)
    check("walk_s", walk_s, np.less_equal(walk_s, np.add(green_s, 1e-9)), "at most the green")
    return _formulas.right_walk_factor(pedestrians, green_s, walk_s, cycle_s, np.asarray(free_exit, float))


@unwarned
def left_walk_factor(
    pedestrians: Values,
    opposing: Values,
    green_s: Values,
    blocked_s: Values,
    walk_s: Values,
    cycle_s: Values,
    free_exit: Values = False,
) -> Values:
    """Return f_Lpb of pedestrians beside a permitted left turn (HCM eq. 31-74 to 31-76, 31-81, 31-82, 31-85 to 31-88).

    Args:
        pedestrians, walk_s, free_exit: as for `right_walk_factor`.
        opposing: v_o, veh/h.
        green_s: g_p, effective permitted green.
        blocked_s: g_q, its part in which the opposing queue passes.
    """
    not_negative(pedestrians=pedestrians, opposing=opposing, blocked_s=blocked_s, walk_s=walk_s)
    positive(green_s=green_s, cycle_s=cycle_s)
    return _formulas.left_walk_factor(
        pedestrians, opposing, green_s, blocked_s, walk_s, cycle_s, np.asarray(free_exit, float)
    )
