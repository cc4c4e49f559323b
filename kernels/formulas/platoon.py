"""How a platoon spreads on its way from one signal to the next."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels import _formulas
from kernels.formulas._range import Values, check, not_negative, positive

__all__ = ["disperse", "hcm_smoothing", "robertson_smoothing"]


def robertson_smoothing(travel_s: Values, friction: Values = 0.35, share: Values = 0.8) -> Values:
    """Return F = 1/(1 + a T), T = 0.8 of the mean travel time (Robertson 1969, RRL report LR 253).

    Args:
        travel_s: mean travel time; the 0.8 is applied here, and only here.
        friction: a: 0.50, 0.35 and 0.25 for heavy, moderate and light friction.
    """
    not_negative(travel_s=travel_s, friction=friction)
    return np.divide(1.0, 1.0 + np.multiply(friction, share) * np.asarray(travel_s))


def hcm_smoothing(running_s: Values, step_s: Values = 1.0) -> Values:
    """Return F = 1/(1 + 0.138 t'R + 0.315/dt) (HCM eq. 30-11), t'R the running time in steps of `step_s` seconds."""
    not_negative(running_s=running_s)
    positive(step_s=step_s)
    return np.divide(1.0, 1.0 + 0.138 * np.asarray(running_s) + np.divide(0.315, step_s))


def disperse(flow: Values, lag: int, smoothing: float) -> npt.NDArray[np.float64]:
    """Return a platoon further down the road, Q(T + t) = F q(t) + (1 - F) Q(T + t - 1) (Robertson 1969).

    Args:
        flow: departures per step upstream, shape (n_steps,).
        lag: the shortest travel time in steps, T.
        smoothing: F, above 0 and at most 1.
    """
    check("smoothing", smoothing, 0.0 < smoothing <= 1.0, "above 0 and at most 1")
    check("lag", lag, lag >= 0, "0 or more")
    steps = np.ascontiguousarray(flow, np.float64)
    if steps.ndim != 1:
        raise ValueError(f"flow must have one dimension, not {steps.ndim}")
    out = np.empty_like(steps)
    _formulas.disperse(steps, lag, smoothing, out)
    return out
