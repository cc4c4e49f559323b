"""Lanes at a stop line: which turns each one serves, which of them are bays, and where each leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.formats.utdf_roads import TURNS, Movement, Road

__all__ = ["Lane", "exits", "stop_lanes"]

LEAST_PIECE_M = 10.0
"""Bays that begin within this of one another, or of the road's beginning, begin together."""


@dataclass(frozen=True)
class Lane:
    """One lane at a stop line.

    Attributes:
        columns: the movements that it serves, by UTDF's names.
        bay_m: how far before the stop line it begins; `None` for a lane of the whole road.
    """

    columns: tuple[str, ...]
    bay_m: float | None


def stop_lanes(road: Road, length_m: float) -> tuple[list[Lane], list[str]]:
    """Return a road's lanes at its end from the kerb of right-hand traffic on, and what was assumed, a sentence each.

    Args:
        road: the road; without movements it has plain lanes.
        length_m: of the road: bays cannot be longer.
    """
    notes: list[str] = []
    if not road.movements:
        return [Lane((), None)] * road.lanes, notes
    served: list[list[str]] = []
    first: dict[str, int] = {}
    for movement in road.movements:
        first[movement.column] = len(served)
        served += [[movement.column] for _ in range(movement.lanes)]
    where = f"node {road.to_node}"
    if not served:
        served = [[]]
        notes.append(f"{where}: {road.direction} has no lane in [Lanes]; one serves all its movements.")
    for place in range(len(road.movements)):
        _share(road.movements, place, served, first)
    for movement in road.movements:
        if movement.volume_veh_h and not any(movement.column in columns for columns in served):
            served[min(first[movement.column], len(served) - 1)].append(movement.column)
            notes.append(f"{where}: {movement.column} has volume and no lane; it shares the lane beside it.")
    bays = _bays(road.movements, served, length_m)
    if all(bay is not None for bay in bays):
        longest = max(range(len(bays)), key=lambda i: bays[i] or 0.0)
        bays[longest] = None
        notes.append(f"{where}: every lane of {road.direction} is a bay in the file; the longest one is a whole lane.")
    return [Lane(tuple(columns), bay) for columns, bay in zip(served, bays, strict=True)], notes


def _share(movements: Sequence[Movement], place: int, served: list[list[str]], first: dict[str, int]) -> None:
    """Let the outermost lanes of a movement serve its neighbours, as its code for sharing says."""
    movement = movements[place]
    if not movement.lanes:
        return
    lane = first[movement.column]
    if movement.shared in (2, 3) and place > 0:
        served[lane].append(movements[place - 1].column)
    if movement.shared in (1, 3) and place + 1 < len(movements):
        served[lane + movement.lanes - 1].append(movements[place + 1].column)


def _bays(movements: Sequence[Movement], served: Sequence[Sequence[str]], length_m: float) -> list[float | None]:
    bays: list[float | None] = [None] * len(served)
    kerb = middle = 0  # bays of turns lie outermost, also where the turn shares the lane of another movement
    for movement in movements:
        n_lanes = min(movement.bay_lanes, len(served))
        bay_m = movement.bay_m if movement.bay_m < length_m - LEAST_PIECE_M else None
        for _ in range(n_lanes):
            if TURNS.index(movement.turn) <= TURNS.index("T"):
                place, kerb = kerb, kerb + 1
            else:
                place, middle = len(served) - 1 - middle, middle + 1
            if 0 <= place < len(served):
                bays[place] = bay_m
    return bays


def exits(movement: Movement, serving: Sequence[int], n_lanes: int) -> list[tuple[int, int]]:
    """Return (lane, lane of the road that it leads to) for the lanes that serve a movement.

    Turns towards the kerb and straight on keep the order from the kerb, turns across the road that from the middle.
    """
    if TURNS.index(movement.turn) <= TURNS.index("T"):
        return [(lane, min(place, n_lanes - 1)) for place, lane in enumerate(serving)]
    return [(lane, max(n_lanes - len(serving) + place, 0)) for place, lane in enumerate(serving)]
