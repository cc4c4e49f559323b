"""Vehicles and pedestrians that reach each signal in each analysis period, by free-flow travel time."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.network import Network, edge_of
from engine.scenario import Scenario
from engine.sumo.routes import Stream
from kernels.classes import CLASSES

__all__ = ["Movement", "Volumes", "count"]

Movement = tuple[str, str]
"""Ids of the edges before and behind a junction."""

Counts = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Volumes:
    """Traffic by period.

    Attributes:
        periods: (start, end) of each, simulation time in seconds.
        vehicles: of each movement over a signal, shape (n_periods, n_classes).
        walks: pedestrians over each crossing, shape (n_periods,).
    """

    periods: tuple[tuple[float, float], ...]
    vehicles: Mapping[Movement, Counts]
    walks: Mapping[str, Counts]


def count(
    scenario: Scenario,
    network: Network,
    driving: Iterable[Stream],
    walking: Iterable[Stream],
    crossed: Mapping[str, frozenset[str]],
    period_h: float,
) -> Volumes:
    """Return the traffic of every period that fits whole into the evaluated window; of the window where none does.

    Args:
        scenario, network: what is analysed.
        driving, walking: its traffic.
        crossed: the edges that each crossing crosses.
        period_h: length of a period, hours.
    """
    periods = _periods(scenario.begin_s + scenario.warmup_s, scenario.end_s, 3600.0 * period_h)
    starts = np.array([start for start, _ in periods])
    ends = np.array([end for _, end in periods])
    movements = {
        (approach.edge, edge_of(link.to_lane))
        for signal in network.signals
        for approach in signal.approaches
        for link in signal.links
        if link.kind == "vehicle" and edge_of(link.lane) == approach.edge
    }
    travel_s = _travel_s(network)
    vehicles: dict[Movement, Counts] = defaultdict(lambda: np.zeros((len(periods), len(CLASSES))))
    for stream in driving:
        at_s = 0.0
        for here, onward in itertools.pairwise(stream.edges):
            at_s += travel_s.get(here, 0.0)
            if (here, onward) in movements:
                arriving = _in_periods(stream, at_s, scenario, starts, ends)
                vehicles[here, onward] += np.outer(arriving, stream.mix)
    walks: dict[str, Counts] = defaultdict(lambda: np.zeros(len(periods)))
    for stream in walking:
        for here, onward in itertools.pairwise(stream.edges):
            for crossing, edges in crossed.items():
                if here in edges and onward in edges:
                    walks[crossing] += _in_periods(stream, 0.0, scenario, starts, ends)
    return Volumes(periods, dict(vehicles), dict(walks))


def _periods(start_s: float, end_s: float, length_s: float) -> tuple[tuple[float, float], ...]:
    whole = int((end_s - start_s) / length_s + 1e-9)
    if not whole:
        return ((start_s, end_s),)
    return tuple((start_s + i * length_s, start_s + (i + 1) * length_s) for i in range(whole))


def _travel_s(network: Network) -> dict[str, float]:
    """Return the free-flow travel time of each edge; of its lanes the fastest counts, for one may be a footway."""
    speeds: dict[str, float] = defaultdict(float)
    lengths: dict[str, float] = {}
    for lane, length_m, limit in network.lanes:
        edge = edge_of(lane)
        speeds[edge] = max(speeds[edge], limit)
        lengths[edge] = length_m
    return {edge: lengths[edge] / speed for edge, speed in speeds.items() if speed > 0.0}


def _in_periods(stream: Stream, later_s: float, scenario: Scenario, starts: Counts, ends: Counts) -> Counts:
    """Return how many of a stream, `later_s` after their departure, fall into each period."""
    if stream.end_s <= stream.begin_s:
        at_s = stream.begin_s + later_s
        due = scenario.begin_s <= stream.begin_s <= scenario.end_s
        found: Counts = np.where(due & (starts <= at_s) & (at_s < ends), stream.number, 0.0)
        return found
    first_s = max(stream.begin_s, scenario.begin_s) + later_s
    last_s = min(stream.end_s, scenario.end_s) + later_s
    shared_s = np.maximum(np.minimum(ends, last_s) - np.maximum(starts, first_s), 0.0)
    part: Counts = stream.number * shared_s / (stream.end_s - stream.begin_s)
    return part
