"""What runs of SUMO say of the demand, as the screening model's arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.screening.roads import Journey
from engine.screening.ways import other_ways
from engine.sumo.roads import Roads
from engine.sumo.traces import Trace, Trip, VehicleType

__all__ = ["Choices", "DemandArrays", "choices_of", "demand_arrays", "typical_vehicle"]

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

Ends = tuple[str, str, str]
"""First edge, last edge, vehicle class."""

CAUTION_SPREAD = 0.07
"""Standard deviation of drivers' headways over their mean."""


@dataclass(frozen=True)
class DemandArrays:
    """Vehicles of several draws, those of draw i at [start[i], start[i + 1]) in order of departure.

    Attributes:
        due_s: when each is to depart, seconds after the simulation's begin.
        choice: index of the set of routes that it chooses from.
        space_m: its length and the gap ahead of it.
        speed_factor: its speed over the limit.
        caution: its headway over the mean.
    """

    start: Ints
    due_s: Floats
    choice: Ints
    space_m: Floats
    speed_factor: Floats
    caution: Floats


@dataclass(frozen=True)
class Choices:
    """Which routes vehicles choose from.

    Attributes:
        journeys: every journey that may be driven.
        sets: indices of journeys, the one that was driven most first.
        of_trip: index of the set of each (ends and class) that SUMO routes at departure.
        of_journey: index of the set of each journey that is driven as it is.
    """

    journeys: tuple[Journey, ...]
    sets: tuple[tuple[int, ...], ...]
    of_trip: Mapping[Ends, int]
    of_journey: Mapping[Journey, int]


def choices_of(
    traces: Sequence[Trace], types: Mapping[str, VehicleType], routed: frozenset[str], roads: Roads
) -> Choices:
    """Return the routes of some runs, and for trips the other ways between their ends.

    Args:
        traces, types: the runs.
        routed: ids of trips and flows that are routed at departure.
        roads: where other ways are looked for.
    """
    journeys: dict[Journey, int] = {}
    fixed: dict[Journey, int] = {}
    driven: dict[Ends, Counter[Journey]] = {}
    for trace in traces:
        for trip in trace.trips:
            journey = (trip.edges, _type(trip, types).kind)
            journeys.setdefault(journey, len(journeys))
            if _routed(trip, routed):
                driven.setdefault(_ends(journey), Counter())[journey] += 1
            else:
                fixed.setdefault(journey, len(fixed))
    sets: list[tuple[int, ...]] = [(journeys[journey],) for journey in fixed]
    of_trip: dict[Ends, int] = {}
    others = other_ways(roads, driven)
    for ends, counts in driven.items():
        of_trip[ends] = len(sets)
        seen = [journey for journey, _ in counts.most_common()]
        seen += [journey for journey in others[ends] if journey not in counts]
        sets.append(tuple(journeys.setdefault(journey, len(journeys)) for journey in seen))
    return Choices(tuple(journeys), tuple(sets), of_trip, fixed)


def _ends(journey: Journey) -> Ends:
    edges, kind = journey
    return edges[0], edges[-1], kind


def _routed(trip: Trip, routed: frozenset[str]) -> bool:
    # Of those that never got in the id is not known: where the files hold trips, they are taken for some.
    return trip.id in routed or trip.id.rpartition(".")[0] in routed or (not trip.type and bool(routed))


def typical_vehicle(traces: Sequence[Trace], types: Mapping[str, VehicleType]) -> VehicleType:
    """Return the type that most trips have."""
    counts = Counter(_type(trip, types) for trace in traces for trip in trace.trips)
    return counts.most_common(1)[0][0]


def demand_arrays(
    traces: Sequence[Trace],
    types: Mapping[str, VehicleType],
    choices: Choices,
    routed: frozenset[str],
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
                np.array([_choice(trip, kind, choices, routed) for trip, kind in zip(trips, kinds, strict=True)]),
                np.array([kind.length_m + kind.gap_m for kind in kinds]),
                factors,
                np.exp(CAUTION_SPREAD * np.clip(random.standard_normal(len(trips)), -2.5, 2.5)),
            )
        )
        start.append(start[-1] + len(trips))
    due_s, choice, space_m, speed_factor, caution = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    return DemandArrays(np.array(start, np.int32), due_s, choice.astype(np.int32), space_m, speed_factor, caution)


def _choice(trip: Trip, kind: VehicleType, choices: Choices, routed: frozenset[str]) -> int:
    journey = (trip.edges, kind.kind)
    return choices.of_trip[_ends(journey)] if _routed(trip, routed) else choices.of_journey[journey]


def _type(trip: Trip, types: Mapping[str, VehicleType]) -> VehicleType:
    return types.get(trip.type, VehicleType())
