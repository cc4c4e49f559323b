"""What runs of SUMO say of the demand, as the screening model's arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.screening.roads import Journey
from engine.sumo.traces import Trace, Trip, VehicleType

__all__ = ["DemandArrays", "demand_arrays", "journeys_of", "typical_vehicle"]

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

CAUTION_SPREAD = 0.07
"""Standard deviation of drivers' headways over their mean."""


@dataclass(frozen=True)
class DemandArrays:
    """Vehicles of several draws, those of draw i at [start[i], start[i + 1]) in order of departure.

    Attributes:
        due_s: when each is to depart, seconds after the simulation's begin.
        route: index of its journey.
        space_m: its length and the gap ahead of it.
        speed_factor: its speed over the limit.
        caution: its headway over the mean.
    """

    start: Ints
    due_s: Floats
    route: Ints
    space_m: Floats
    speed_factor: Floats
    caution: Floats


def journeys_of(traces: Sequence[Trace], types: Mapping[str, VehicleType]) -> dict[Journey, int]:
    """Return the different journeys of some runs with an index each, in order of first appearance."""
    found: dict[Journey, int] = {}
    for trace in traces:
        for trip in trace.trips:
            found.setdefault((trip.edges, _type(trip, types).kind), len(found))
    return found


def typical_vehicle(traces: Sequence[Trace], types: Mapping[str, VehicleType]) -> VehicleType:
    """Return the type that most trips have."""
    counts = Counter(_type(trip, types) for trace in traces for trip in trace.trips)
    return counts.most_common(1)[0][0]


def demand_arrays(
    traces: Sequence[Trace],
    types: Mapping[str, VehicleType],
    journeys: Mapping[Journey, int],
    begin_s: float,
    end_s: float,
    n_draws: int,
) -> DemandArrays:
    """Return `n_draws` draws: vehicles of the runs in turn, other drivers each time. The same arguments, the same draws."""
    start = [0]
    columns: list[tuple[Floats, ...]] = []
    for draw in range(n_draws):
        random = np.random.default_rng([2024, draw])
        trips = [trip for trip in traces[draw % len(traces)].trips if trip.due_s <= end_s]
        kinds = [_type(trip, types) for trip in trips]
        # Drivers of a first round are SUMO's own; those of later rounds are dealt anew.
        factors = np.array([trip.speed_factor for trip in trips])
        if draw >= len(traces):
            factors = random.permutation(factors)
        columns.append(
            (
                np.array([trip.due_s - begin_s for trip in trips]),
                np.array([journeys[trip.edges, kind.kind] for trip, kind in zip(trips, kinds, strict=True)]),
                np.array([kind.length_m + kind.gap_m for kind in kinds]),
                factors,
                np.exp(CAUTION_SPREAD * np.clip(random.standard_normal(len(trips)), -2.5, 2.5)),
            )
        )
        start.append(start[-1] + len(trips))
    due_s, route, space_m, speed_factor, caution = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    return DemandArrays(np.array(start, np.int32), due_s, route.astype(np.int32), space_m, speed_factor, caution)


def _type(trip: Trip, types: Mapping[str, VehicleType]) -> VehicleType:
    return types.get(trip.type, VehicleType())
