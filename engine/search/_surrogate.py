"""A Gaussian process over the points of a plan space: what simulations have shown, and how sure that is elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

__all__ = ["Surrogate", "fit"]

Floats = npt.NDArray[np.float64]

LENGTHS = (0.1, 0.2, 0.4, 0.8, 1.6)
"""Correlation lengths in the unit cube, as a root mean square over the coordinates of a group."""
DEVIATIONS = (0.03, 0.06, 0.12, 0.25, 0.5)
NOISES = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32)
"""Standard deviations of the logarithm of delay: between plans, and between seeds of one plan."""
SWEEPS = 2
LEVEL_VARIANCE = 1.0
TRUST_VARIANCE = 0.25
"""Prior variances of the mean level, and of the factor (1 on average) by which the screening model's word counts."""
JITTER = 1e-8


@dataclass(frozen=True)
class _Shape:
    lengths: tuple[float, ...]
    deviation: float
    noise: float


class Surrogate:
    """The process after its observations; `fit` makes one."""

    def __init__(
        self, groups: Sequence[npt.NDArray[np.intp]], shape: _Shape, points: Floats, known: Floats, values: Floats,
        runs: Floats,
    ) -> None:  # fmt: skip
        self._groups = groups
        self._shape = shape
        self._points = points
        self._known = known
        self._values = values
        self._runs = runs
        noise = np.diag(shape.noise**2 / runs + JITTER)
        self._factor = np.linalg.cholesky(self._covariance(points, known, points, known) + noise)
        self._whitened = np.linalg.solve(self._factor, values - known)

    def _covariance(self, a: Floats, known_a: Floats, b: Floats, known_b: Floats) -> Floats:
        squared = np.zeros((len(a), len(b)))
        for group, length in zip(self._groups, self._shape.lengths, strict=True):
            gap = a[:, None, group] - b[None, :, group]
            squared += (gap * gap).sum(axis=2) / (len(group) * length * length)
        r = np.sqrt(5.0 * squared)
        matern = self._shape.deviation**2 * (1.0 + r + r * r / 3.0) * np.exp(-r)
        return matern + LEVEL_VARIANCE + TRUST_VARIANCE * known_a[:, None] * known_b[None, :]

    def believing(self, point: Floats, known: float, value: float) -> Surrogate:
        """Return the same process after one run more, at a point of shape (d,), that gave `value`."""
        return Surrogate(
            self._groups,
            self._shape,
            np.vstack([self._points, point]),
            np.append(self._known, known),
            np.append(self._values, value),
            np.append(self._runs, 1.0),
        )

    @property
    def log_likelihood(self) -> float:
        """Of the observations, but for a constant."""
        return float(-0.5 * self._whitened @ self._whitened - np.log(np.diag(self._factor)).sum())

    def predict(self, points: Floats, known: Floats) -> tuple[Floats, Floats]:
        """Return mean, shape (n,), and covariance, shape (n, n), of the noise-free value at points, shape (n, d)."""
        cross = np.linalg.solve(self._factor, self._covariance(self._points, self._known, points, known))
        return known + cross.T @ self._whitened, self._covariance(points, known, points, known) - cross.T @ cross

    def spread(self, points: Floats, known: Floats) -> tuple[Floats, Floats]:
        """Return mean and standard deviation at points, each of shape (n,)."""
        cross = np.linalg.solve(self._factor, self._covariance(self._points, self._known, points, known))
        own = self._shape.deviation**2 + LEVEL_VARIANCE + TRUST_VARIANCE * known * known
        return known + cross.T @ self._whitened, np.sqrt(np.maximum(own - (cross * cross).sum(axis=0), JITTER))


def fit(
    groups: Sequence[npt.NDArray[np.intp]], points: Floats, known: Floats, values: Floats, runs: Floats
) -> Surrogate:
    """Return the process that explains the observations best.

    Lengths and deviations are chosen among a few by their likelihood, one after the other: with as few observations
    as there are, finer steps would fit noise, and the choice does not hang on the last digit of a sum.

    Args:
        groups: coordinates that share a correlation length.
        points: in the unit cube, shape (n, d).
        known: what is known beforehand of each value (the screening model's word), shape (n,).
        values: observed, shape (n,): the mean of `runs` runs each.
    """
    shape = _Shape((0.4,) * len(groups), 0.12, 0.04)
    best = Surrogate(groups, shape, points, known, values, runs)
    for _ in range(SWEEPS):
        for of_one in range(len(groups) + 2):
            for candidate in _changed(best._shape, of_one):
                process = Surrogate(groups, candidate, points, known, values, runs)
                if process.log_likelihood > best.log_likelihood + 1e-6:
                    best = process
    return best


def _changed(shape: _Shape, which: int) -> list[_Shape]:
    """Return a shape with one of its numbers changed: a length, then the deviation, then the noise."""
    n = len(shape.lengths)
    if which < n:
        return [replace(shape, lengths=(*shape.lengths[:which], v, *shape.lengths[which + 1 :])) for v in LENGTHS]
    if which == n:
        return [replace(shape, deviation=v) for v in DEVIATIONS]
    return [replace(shape, noise=v) for v in NOISES]
