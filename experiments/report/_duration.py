"""How long something took, in words."""

from __future__ import annotations

from experiments.report._language import gettext

__all__ = ["duration"]


def duration(seconds: float) -> str:
    """Return minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return gettext("%(seconds)s s", seconds=rest)
    return gettext("%(minutes)s min %(seconds)s s", minutes=minutes, seconds=rest)
