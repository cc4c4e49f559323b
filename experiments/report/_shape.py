"""Checks that data read from a file has the form that the page relies on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["APPROACHES", "AUDIT", "CORRIDORS", "MEASURE", "PLAYBACK", "SUMMARY", "Maybe", "misfit"]


@dataclass(frozen=True)
class Maybe:
    """A value of this form, or null."""

    form: object


NUMBER = (int, float)
MEASURE = Maybe(
    {
        "mean": Maybe(NUMBER),
        "median": Maybe(NUMBER),
        "centre": Maybe(NUMBER),
        "of": str,
        "ci95": Maybe([NUMBER]),
        "n": int,
    }
)
PLAN = {
    "plan_id": str,
    "parameters": dict,
    "command": str,
    "gridlock_share": Maybe(NUMBER),
    "delay_s": MEASURE,
    "control_delay_s": MEASURE,
    "stops_per_veh": MEASURE,
    "travel_time_s": MEASURE,
    "throughput_veh": MEASURE,
    "queue_max_m": MEASURE,
}
RANKED = {
    "plan_id": str,
    "delay_s_mean": Maybe(NUMBER),
    "delay_s_median": Maybe(NUMBER),
    "gridlock_share": Maybe(NUMBER),
    "n": int,
    "failed": int,
    "parameters": dict,
}
PROGRAM = {"signal": str, "offset_s": NUMBER, "phases": [list]}
SUMMARY = {
    "command": str,
    "scenario": str,
    "seeds": [int],
    "holdout_seeds": [int],
    "notes": [str],
    "window": {"begin_s": NUMBER, "end_s": NUMBER, "warmup_s": NUMBER},
    "baseline": PLAN,
    "best": PLAN,
    "candidate": Maybe(PLAN),
    "difference": {"delay_s": MEASURE},
    "verdict": str,
    "simulations": {"done": int, "failed": int, "cached": int, "training": int, "holdout": int},
    "wall_s": NUMBER,
    "ranking": [RANKED],
    "failures": [{"plan_id": str, "seed": int, "role": str, "attempt": int, "status": str, "reason": str}],
    "programs": {"baseline": [PROGRAM], "best": [PROGRAM]},
    "signals": dict,
}
"""The form of ``summary.json``. More keys than these are welcome."""


FOUND = {
    "signal": str,
    "where": str,
    "rule": str,
    "measured": (*NUMBER, str),
    "limit": (*NUMBER, str),
    "unit": str,
    "source": str,
    "verified": bool,
}
AUDIT = {"rules": str, "title": str, "baseline": [FOUND], "best": [FOUND], "notes": [str]}
"""The form of the summary's ``audit``, which studies of commands that do not choose rules are without."""

APPROACHES = [{"signal": str, "approach": str, "edges": [str]}]
"""The form of the summary's ``approaches``, which older studies are without."""

WAY = {"signals": [str], "links": [[int]], "travel_s": [NUMBER], "distances_m": [NUMBER]}
CORRIDORS = Maybe({"begin_s": NUMBER, "end_s": NUMBER, "seed": int, "corridors": [[WAY]]})
"""The form of the summary's ``corridors``, which older studies are without."""
PLAYBACK = Maybe({"begin_s": NUMBER, "end_s": NUMBER, "seed": int})
"""The form of the summary's ``playback``, which older studies are without."""


def misfit(value: object, form: object, where: str) -> str | None:
    """Return what is wrong with `value`, as in ``'best.delay_s' is missing``, or `None` where it has the form.

    Args:
        value: what was read.
        form: a type or several, a list of one form for every element, a dict of forms by key, or `Maybe`.
        where: the name of the value in the message.
    """
    if isinstance(form, Maybe):
        return None if value is None else misfit(value, form.form, where)
    if isinstance(form, dict) and isinstance(value, Mapping):
        return _first(
            misfit(value[key], inner, f"{where}.{key}") if key in value else f"'{where}.{key}' is missing"
            for key, inner in form.items()
        )
    if isinstance(form, list) and isinstance(value, list):
        return _first(misfit(element, form[0], f"{where}[{i}]") for i, element in enumerate(value))
    if isinstance(form, type | tuple) and isinstance(value, form):
        return None
    return f"'{where}' is {value!r:.60}"


def _first(troubles: Iterable[str | None]) -> str | None:
    return next((trouble for trouble in troubles if trouble), None)
