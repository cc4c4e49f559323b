"""The one exception that a user of the command line ever reads as a line of text."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["InputError", "nearest"]


class InputError(Exception):
    """What the user gave cannot be used: the command prints the message as one line and exits with 2.

    The message says what is wrong, where (file, junction, phase, value), and what to do next.
    A defect of the program itself is never an ``InputError``: it keeps its traceback.
    """


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the known name closest to `name`, or ``""`` where none is close."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean '{found[0]}'?" if found else ""
