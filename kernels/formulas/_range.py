"""Valid ranges of the formulas: a value outside raises, NaN included, and what is inside needs no warning."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Values", "check", "not_negative", "positive", "ratio", "unwarned"]

Values = Any
"""A number or an array of them."""

unwarned = np.errstate(all="ignore")
"""Decorates a function that calls a kernel: its arguments are checked, and what a kernel works out in vain is dropped."""


def check(name: str, values: Values, holds: Any, range_: str) -> None:
    """Raise ValueError where a value lies outside the formula's range, NaN included."""
    # A run asks for one lane group at a time, and np.all takes longer than the formula.
    if not (holds if isinstance(holds, np.bool_) else np.all(holds)):
        wrong = np.asarray(values, float)[~np.broadcast_to(holds, np.shape(values))]
        raise ValueError(f"{name} must be {range_}, not {wrong.ravel()[0]:g}")


def positive(**arguments: Values) -> None:
    """Raise ValueError unless every value is above 0."""
    for name, values in arguments.items():
        check(name, values, np.asarray(values) > 0.0, "above 0")


def not_negative(**arguments: Values) -> None:
    """Raise ValueError unless every value is 0 or more."""
    for name, values in arguments.items():
        check(name, values, np.asarray(values) >= 0.0, "0 or more")


def ratio(**arguments: Values) -> None:
    """Raise ValueError unless every value is above 0 and below 1."""
    for name, values in arguments.items():
        check(name, values, (np.asarray(values) > 0.0) & (np.asarray(values) < 1.0), "above 0 and below 1")
