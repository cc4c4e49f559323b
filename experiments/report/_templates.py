"""The templates of every page that we draw, and how they write numbers."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from experiments._clock import clock
from experiments.report.comparison import direction

__all__ = ["HERE", "fixed", "templates"]

HERE = Path(__file__).parent


@functools.cache
def templates() -> Any:
    """Return the Jinja environment; what a page shows is escaped, and a name that is missing is a mistake."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415  takes its time to import

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(fixed=fixed, direction=direction, clock=clock)
    return environment


def fixed(value: float | None, digits: int = 1, sign: bool = False) -> str:
    """Return a number with thousands separators and a true minus sign; a dash where there is none."""
    if value is None:
        return "\N{EN DASH}"
    rounded = round(value, digits) + 0.0  # no minus before a zero
    return f"{rounded:{'+' if sign and rounded else ''},.{digits}f}".replace("-", "\N{MINUS SIGN}")
