"""Times of day as people write them."""

from __future__ import annotations

import re

__all__ = ["clock", "clock_s"]

CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?")


def clock(seconds: float) -> str:
    """Return simulation time as ``07:30:00``."""
    return f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}:{int(seconds % 60):02d}"


def clock_s(text: str) -> float:
    """Return a time of day, ``7:30``, ``07:30:00`` or seconds, in seconds. Raises ValueError where it is none."""
    found = CLOCK.fullmatch(text.strip())
    if found is None:
        return float(text)
    return int(found[1]) * 3600.0 + int(found[2]) * 60.0 + float(found[3] or 0.0)
