"""Travellers as elements of demand files: copied, cut at times, made more or fewer."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable
from typing import Any

from engine.sumo.demand import seconds

__all__ = ["copied", "departure_s", "number_text", "parts", "scaled_flow", "seconds_of"]

FLOWS = ("flow", "personFlow")


def copied(element: Any, **attributes: object) -> Any:
    """Return a deep copy of an element with other attributes; those that are `None` are taken off."""
    found = copy.deepcopy(element)
    for name, value in attributes.items():
        if value is None:
            found.attrib.pop(name, None)
        else:
            found.set(name, number_text(value))
    return found


def departure_s(element: Any) -> float | None:
    """Return when a traveller, or the first of a flow, departs, seconds; `None` where that is no time."""
    try:
        return seconds(element.get("begin", "0") if element.tag in FLOWS else element.get("depart", ""))
    except ValueError:
        return None


def seconds_of(element: Any, name: str, default_s: float) -> float:
    """Return a time that an element states, seconds, or `default_s` where it states none."""
    return seconds(element.get(name)) if element.get(name) else default_s


def parts(element: Any, cuts: Iterable[float], end_s: float) -> list[Any]:
    """Return a flow as flows that each lie between two of `cuts`, at the same rate; anything else as it is.

    Args:
        element: a traveller.
        cuts: where to cut, seconds.
        end_s: the end of a flow that names none.
    """
    if element.tag not in FLOWS:
        return [element]
    begin_s, last_s = departure_s(element), seconds(element.get("end", str(end_s)))
    inner = [] if begin_s is None else sorted({cut for cut in cuts if begin_s < cut < last_s})
    if not inner:
        return [element]
    bounds = [float(begin_s or 0.0), *inner, last_s]
    found = []
    for i, (low, high) in enumerate(itertools.pairwise(bounds)):
        part = copied(element, id=f"{element.get('id')}.part{i}", begin=low, end=high)
        if element.get("number"):
            shares = [
                round(float(element.get("number")) * (at - bounds[0]) / (last_s - bounds[0])) for at in (low, high)
            ]
            part.set("number", str(shares[1] - shares[0]))
        found.append(part)
    return found


def scaled_flow(element: Any, factor: float, ending: str = "") -> list[Any]:
    """Return a flow with `factor` times its vehicles, and `ending` behind its id; none where no vehicle is left."""
    if factor <= 0.0:
        return []
    found = copied(element, id=f"{element.get('id')}{ending}")
    if found.get("number"):
        number = round(float(found.get("number")) * factor)
        found.set("number", str(number))
        return [found] if number else []
    for rate in ("vehsPerHour", "perHour"):
        if found.get(rate):
            found.set(rate, number_text(float(found.get(rate)) * factor))
    if found.get("probability"):
        # At most one vehicle a second: what is above that is a rate.
        probability = float(found.get("probability")) * factor
        found.set("probability", number_text(probability))
        if probability > 1.0:
            del found.attrib["probability"]
            found.set("period", f"exp({number_text(probability)})")
    elif found.get("period", "").startswith("exp("):
        found.set("period", f"exp({number_text(float(found.get('period')[4:-1]) * factor)})")
    elif found.get("period"):
        found.set("period", number_text(float(found.get("period")) / factor))
    return [found]


def number_text(value: object) -> str:
    """Return a value as SUMO's files have it."""
    return f"{value:.10g}" if isinstance(value, float) else str(value)
