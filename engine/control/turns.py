"""Which way a vehicle goes that nobody has told: drawn as often as each way was taken."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["STARTS_S", "drawn"]

STARTS_S = 4.0
"""Who is first in line has started so long after its green, where nothing has priority over it."""


def drawn(random: np.random.Generator, shares: Sequence[float] | npt.NDArray[np.float64]) -> int:
    """Return an index, drawn with chances in the proportion of `shares`, none of which is negative."""
    upto = np.cumsum(shares)
    at = int(np.searchsorted(upto, random.random() * upto[-1], side="right"))
    return min(at, len(upto) - 1)
