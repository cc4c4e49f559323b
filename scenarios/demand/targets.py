"""What a street was seen to do besides its counts: travel times and queues."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError, nearest
from scenarios.demand.counts import Places
from scenarios.demand.table import read_rows

__all__ = ["Queue", "TravelTime", "read_queues", "read_travel_times"]


@dataclass(frozen=True)
class TravelTime:
    """Mean time of those who enter `start` within an interval, until they leave `end`; seconds."""

    start: str
    end: str
    begin_s: float
    end_s: float
    seconds: float


@dataclass(frozen=True)
class Queue:
    """Back of queue of an approach, 95th percentile of the cycles' longest, metres."""

    signal: str
    approach: str
    metres: float


def read_travel_times(path: Path, places: Places, shift_s: float = 0.0) -> tuple[TravelTime, ...]:
    """Return the travel times in a CSV file with columns from, to, begin, end, seconds.

    Raises:
        InputError: a row is wrong, or no way leads from one road to the other.
    """
    found = []
    for row in read_rows(path, ("from", "to", "begin", "end", "seconds")):
        start, end = (places.edge(row.text(column), row.where, column) for column in ("from", "to"))
        begin_s, end_s = row.interval()
        seconds = row.number("seconds")
        if not seconds:
            raise InputError(f"{row.where}: seconds is 0. Give the mean travel time.")
        if end not in places.streets.ways(start):
            raise InputError(f"{row.where}: no way leads from '{start}' to '{end}'. Correct one of them.")
        found.append(TravelTime(start, end, begin_s + shift_s, end_s + shift_s, seconds))
    return tuple(found)


def read_queues(path: Path, places: Places) -> tuple[Queue, ...]:
    """Return the queues in a CSV file with columns junction, approach, metres.

    Raises:
        InputError: a row is wrong, or the network has no such approach.
    """
    signals = {signal.id: signal for signal in places.network.signals} if places.network else {}
    found = []
    for row in read_rows(path, ("junction", "approach", "metres")):
        name, approach = row.text("junction"), row.text("approach")
        if name not in signals:
            raise InputError(f"{row.where}: there is no signal '{name}'.{nearest(name, signals)} Correct it.")
        names = [of.name for of in signals[name].approaches]
        if approach not in names:
            raise InputError(f"{row.where}: '{name}' has no approach '{approach}', but {', '.join(names)}. Correct it.")
        found.append(Queue(name, approach, row.number("metres")))
    return tuple(found)
