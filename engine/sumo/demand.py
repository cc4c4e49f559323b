"""What the demand files say without running them: the last departure, and how busy each edge is."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from defusedxml import ElementTree

from engine.errors import InputError

__all__ = ["TRAVELLERS", "Demand", "opened", "scan", "seconds", "vehicles"]

PERSONS = ("person", "personFlow")
TRAVELLERS = ("vehicle", "trip", "flow", *PERSONS)


@dataclass(frozen=True)
class Demand:
    """Totals of some demand files.

    Attributes:
        last_departure_s: the latest scheduled departure, seconds; `None` where there is none.
        edges: vehicles over each edge, as far as routes are written out (trips count at their ends).
        travellers: how many vehicles, trips, flows and persons the files name.
        persons: whether there are persons among them.
    """

    last_departure_s: float | None
    edges: dict[str, float]
    travellers: int
    persons: bool


def scan(files: Iterable[Path]) -> Demand:
    """Return the totals of demand files in one pass over each, in constant memory.

    Raises:
        InputError: a file is missing or is no well-formed XML.
    """
    edges: dict[str, float] = defaultdict(float)
    routes: dict[str, list[str]] = {}
    last: float | None = None
    travellers = 0
    persons = False
    for path in files:
        try:
            with opened(path) as stream:
                depth_count = 0.0
                for event, element in ElementTree.iterparse(stream, events=("start", "end")):
                    if event == "start":
                        if element.tag in TRAVELLERS:
                            depth_count = vehicles(element)
                        continue
                    if element.tag == "route":
                        ids = element.get("edges", "").split()
                        if element.get("id"):
                            routes[element.get("id")] = ids
                        for edge in ids:
                            edges[edge] += depth_count
                    if element.tag in TRAVELLERS:
                        travellers += 1
                        persons |= element.tag in PERSONS
                        departure_s = _departure_s(element)
                        if departure_s is not None:
                            last = departure_s if last is None else max(last, departure_s)
                        ids = routes.get(element.get("route", ""), [])
                        for edge in [*ids, *(element.get(key) for key in ("from", "to") if element.get(key))]:
                            edges[edge] += depth_count
                        depth_count = 0.0
                        element.clear()
        except FileNotFoundError as error:
            raise InputError(f"there is no demand file '{path}'. Check the configuration's route-files.") from error
        except ElementTree.ParseError as error:
            raise InputError(f"demand file '{path}' is not well-formed XML: {error}. Write it anew.") from error
        except OSError as error:
            raise InputError(f"demand file '{path}' cannot be read: {error}. Check its permissions.") from error
    return Demand(last, dict(edges), travellers, persons)


def opened(path: Path) -> IO[bytes]:
    """Return a demand file for reading, decompressed where it is packed; the caller closes it."""
    stream: Any = gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # noqa: SIM115  the caller closes it
    read: IO[bytes] = stream
    return read


def seconds(text: str) -> float:
    """Return a time in SUMO's notation, ``3600`` or ``1:00:00``, in seconds. Raises ValueError where it is none."""
    value = 0.0
    for part in text.split(":"):
        value = value * 60.0 + float(part)
    return value


def _departure_s(element: Any) -> float | None:
    text = element.get("end") if element.tag in ("flow", "personFlow") else element.get("depart")
    try:
        return seconds(text or "")
    except ValueError:
        return None  # "triggered", or a flow without an end: neither names a time


def vehicles(element: Any, end_s: float = 3600.0) -> float:
    """Return how many vehicles or persons an element stands for; `end_s` is the end of a flow that names none."""
    if element.tag not in ("flow", "personFlow"):
        return 1.0
    try:
        if element.get("number"):
            return float(element.get("number"))
        span_s = seconds(element.get("end", str(end_s))) - seconds(element.get("begin", "0"))
        hourly = next((element.get(key) for key in ("vehsPerHour", "perHour") if element.get(key)), None)
        if hourly:
            return float(hourly) * span_s / 3600.0
        if element.get("probability"):
            return float(element.get("probability")) * span_s
        period = element.get("period", "")
        if period.startswith("exp("):
            return float(period[4:-1]) * span_s
        return span_s / float(period)
    except ValueError:
        return 1.0
