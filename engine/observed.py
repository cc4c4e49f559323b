"""What an observer in the street would have noted of a run: who passed where, and how long it took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from engine.sumo.traces import Trace, Trip

__all__ = ["passed", "travel_time_s"]

Place = tuple[str, ...]


def passed(trace: Trace, bins: Sequence[tuple[float, float]]) -> list[Mapping[Place, int]]:
    """Return how many vehicles passed each place in each interval.

    A movement, (edge, next edge), is passed when the first edge is left, an edge alone as well.

    Args:
        trace: a run.
        bins: intervals of one length, without gaps, in order; seconds.
    """
    first_s, length_s = bins[0][0], bins[0][1] - bins[0][0]
    found: list[dict[Place, int]] = [defaultdict(int) for _ in bins]
    for trip in trace.trips:
        for i, (edge, left_s) in enumerate(zip(trip.edges, trip.left_s, strict=True)):
            at = int((left_s - first_s) // length_s) if left_s >= first_s else -1
            if not 0 <= at < len(bins):
                continue
            found[at][edge,] += 1
            if i + 1 < len(trip.edges):
                found[at][edge, trip.edges[i + 1]] += 1
    return [dict(of) for of in found]


def travel_time_s(trace: Trace, start: str, end: str, window: tuple[float, float]) -> float | None:
    """Return the mean time from entering one edge within a window until leaving another, seconds; `None` where nobody did.

    Vehicles that have not left the second one when the run ends are left out.
    """
    times = [time_s for trip in trace.trips for time_s in _times(trip, start, end, window)]
    return sum(times) / len(times) if times else None


def _times(trip: Trip, start: str, end: str, window: tuple[float, float]) -> list[float]:
    if start not in trip.edges or end not in trip.edges or trip.departed_s is None:
        return []
    entered = [trip.departed_s, *trip.left_s[:-1]]
    first = trip.edges.index(start)
    last = next((i for i, edge in enumerate(trip.edges) if i >= first and edge == end), None)
    if last is None or trip.left_s[last] < 0.0 or not window[0] <= entered[first] < window[1]:
        return []
    return [trip.left_s[last] - entered[first]]
