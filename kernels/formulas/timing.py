"""Cycle, splits, intergreens and pedestrian intervals of a plan."""

from __future__ import annotations

import numpy as np

from kernels import _formulas
from kernels.formulas._range import Values, check, not_negative, positive, ratio, unwarned

__all__ = [
    "all_red",
    "pedestrian_clearance",
    "pedestrian_walk",
    "shortest_cycle",
    "webster_cycle",
    "webster_splits",
    "yellow",
]

GRAVITY = 9.80665
"""Metres per second squared; 32.2 ft/s2 in the manual's examples."""


@unwarned
def webster_cycle(flow_ratio: Values, lost_s: Values) -> Values:
    """Return the cycle of least delay, (1.5 L + 5)/(1 - Y) (Webster 1958, Road Research Technical Paper 39).

    Args:
        flow_ratio: Y, the sum of the critical flow ratios, below 1.
        lost_s: L, lost time per cycle.
    """
    ratio(flow_ratio=flow_ratio)
    not_negative(lost_s=lost_s)
    return _formulas.webster_cycle(flow_ratio, lost_s)


def webster_splits(flow_ratios: Values, cycle_s: Values, lost_s: Values) -> Values:
    """Return effective greens in proportion to the critical flow ratios, seconds, shape (n_stages,) (Webster 1958)."""
    ratios = np.asarray(flow_ratios, float)
    positive(flow_ratios=ratios)
    check("the cycle", cycle_s, np.asarray(cycle_s) > lost_s, "longer than the lost time")
    return (np.asarray(cycle_s) - lost_s) * ratios / ratios.sum()


@unwarned
def shortest_cycle(flow_ratio: Values, lost_s: Values, critical_x: Values = 1.0) -> Values:
    """Return the cycle that holds the critical degree of saturation, L Xc/(Xc - Y) (HCM eq. 19-30 solved for C)."""
    positive(flow_ratio=flow_ratio, critical_x=critical_x)
    check("flow_ratio", flow_ratio, np.asarray(flow_ratio) < critical_x, "below the critical degree of saturation")
    return _formulas.shortest_cycle(flow_ratio, lost_s, critical_x)


def yellow(
    speed: Values, grade: Values = 0.0, reaction_s: Values = 1.0, deceleration: Values = 3.05, gravity: Values = GRAVITY
) -> Values:
    """Return the yellow t + v/(2 a + 2 G g), seconds (ITE formula; US practice holds it within 3 to 6 s).

    Args:
        speed: of the approach, m/s; or any unit that fits `deceleration` and `gravity`.
        grade: uphill positive, 0.04 for 4 %.
    """
    positive(speed=speed, deceleration=deceleration)
    check("grade", grade, np.add(deceleration, np.multiply(gravity, grade)) > 0.0, "less steep downhill")
    return np.add(reaction_s, np.divide(speed, 2.0 * np.asarray(deceleration) + 2.0 * np.multiply(gravity, grade)))


def all_red(width: Values, length: Values, speed: Values) -> Values:
    """Return the red clearance (w + L)/v, seconds (ITE formula; US practice caps it at 6 s).

    Args:
        width: from the stop line to the far side of the conflict.
        length: of the clearing vehicle.
        speed: at which it clears; all in units that fit.
    """
    not_negative(width=width, length=length)
    positive(speed=speed)
    return np.divide(np.add(width, length), speed)


def pedestrian_clearance(length: Values, speed: Values) -> Values:
    """Return the clearance of a crossing, whole seconds: ceil(length / walking speed) (MUTCD 2009, 4E.06)."""
    not_negative(length=length)
    positive(speed=speed)
    return np.ceil(np.divide(length, speed))


def pedestrian_walk(length: Values, setback: Values, speed: Values, clearance_s: Values) -> Values:
    """Return the walk interval that lets one who starts at the button cross at a slow speed (MUTCD 2009, 4E.06)."""
    not_negative(length=length, setback=setback, clearance_s=clearance_s)
    positive(speed=speed)
    return np.maximum(0.0, np.ceil(np.add(length, setback) / speed) - clearance_s)
