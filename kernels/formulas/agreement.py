"""How well counts agree, and how many runs it takes to know."""

from __future__ import annotations

import numpy as np

from kernels import _formulas
from kernels.formulas._range import Values, not_negative, positive, unwarned

__all__ = ["geh", "replications"]


@unwarned
def geh(measured: Values, counted: Values) -> Values:
    """Return the GEH statistic sqrt(2 (m - c)^2/(m + c)) of hourly flows; below 5 is the usual target on 85 % of links."""
    not_negative(measured=measured, counted=counted)
    return _formulas.geh(measured, counted)


def replications(deviation: float, mean: float, error: float, t: float) -> int:
    """Return how many runs an interval of half-width `error` times the mean takes (FHWA Traffic Analysis Toolbox III).

    Args:
        deviation, mean: of the runs so far.
        error: wanted half-width, a share of the mean.
        t: Student's quantile for the runs so far.
    """
    not_negative(deviation=deviation)
    positive(mean=mean, error=error, t=t)
    return int(np.ceil((t * deviation / (error * mean)) ** 2))
