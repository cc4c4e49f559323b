"""Turns a junction's stages into signal states: protected and permissive greens, clearance, yellow, all-red."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from engine.conflicts import conflict
from engine.errors import InputError
from engine.stages import WALK_S, WALKING_SPEED
from scenarios.junction.data import CROSSING, Description, Stage

__all__ = ["Movement", "SignalPhase", "phases"]


@dataclass(frozen=True)
class Movement:
    """What one letter of the signal's state controls.

    Attributes:
        leg: where it comes from; for a crossing the leg that it lies on.
        turn: left, through, right, uturn or crossing.
        to_leg: where it goes.
        length_m: what a pedestrian walks.
        foes: indices of movements whose ways cross or merge with it.
        yields: those of them that the network makes it give way to.
    """

    leg: str
    turn: str
    to_leg: str
    length_m: float
    foes: frozenset[int]
    yields: frozenset[int]


@dataclass(frozen=True)
class SignalPhase:
    """Seconds and state letters; `bounds_s` are the least and most seconds of a stage, `None` for other phases."""

    seconds: int
    state: str
    bounds_s: tuple[int, int] | None = None


def phases(description: Description, movements: Mapping[int, Movement]) -> list[SignalPhase]:
    """Return every phase of the plan in the street.

    Raises:
        InputError: two movements of a stage conflict and neither may give way, or a crossing's walk is too short.
    """
    timing = description.timing
    stages = timing.stages
    states = [_greens(description, i, stage, movements) for i, stage in enumerate(stages)]
    result = []
    for i, stage in enumerate(stages):
        now, after = states[i], states[(i + 1) % len(stages)]
        ending = [k for k, letter in now.items() if after.get(k) is None and letter]
        ending_walks = [k for k in ending if movements[k].turn == CROSSING]
        early_s = max(
            (
                math.ceil(movements[k].length_m / WALKING_SPEED) - timing.yellow_s - timing.all_red_s
                for k in ending_walks
            ),
            default=0,
        )
        early_s = max(early_s, 0)
        if ending_walks and stage.green_s - early_s < WALK_S:
            length_m = max(movements[k].length_m for k in ending_walks)
            raise InputError(
                f"junction '{description.name}', timing, stage {i + 1}: green_s is {stage.green_s}; crossing {length_m:.0f} m "
                f"needs {WALK_S:g} s of walk and {early_s} s of clearance. Give at least {WALK_S + early_s:g} s."
            )
        bounds = max(timing.min_green_s - early_s, 1), timing.max_green_s - early_s
        result.append(SignalPhase(stage.green_s - early_s, _state(now, movements), bounds))
        walked = {k: letter for k, letter in now.items() if k not in ending_walks}
        if early_s:
            result.append(SignalPhase(early_s, _state(walked, movements)))
        lost = [k for k in ending if movements[k].turn != CROSSING]
        if not lost and not ending_walks:
            continue
        result.append(SignalPhase(timing.yellow_s, _state(walked | dict.fromkeys(lost, "y"), movements)))
        if timing.all_red_s:
            kept = {k: letter for k, letter in walked.items() if k not in lost}
            result.append(SignalPhase(timing.all_red_s, _state(kept, movements)))
    return result


def _state(letters: Mapping[int, str], movements: Mapping[int, Movement]) -> str:
    return "".join(letters.get(k, "r") for k in range(max(movements) + 1))


def _greens(description: Description, number: int, stage: Stage, movements: Mapping[int, Movement]) -> dict[int, str]:
    """Return the letter of every movement that has green in a stage: G, or g where it gives way to another green."""
    green = [
        k
        for k, movement in movements.items()
        if (movement.leg, movement.turn) in stage.movements
        or (movement.turn == CROSSING and movement.leg in stage.crossings)
    ]
    letters = {}
    for k in green:
        letters[k] = "g" if any(other in movements[k].yields for other in green) else "G"
    for k in green:
        for other in movements[k].foes & set(green):
            one, foe = movements[k], movements[other]
            unresolved = conflict(letters[k], letters[other], other in one.yields, k in foe.yields)
            _may_meet(description, number, one, foe, unresolved)
    return letters


def _may_meet(description: Description, number: int, one: Movement, other: Movement, unresolved: bool) -> None:
    """Refuse greens at the same time that neither the network's response nor a rule of the road resolves."""
    turns = {one.turn, other.turn}
    oncoming = description.leg(one.leg), description.leg(other.leg)
    facing = abs((oncoming[0].bearing - oncoming[1].bearing) % 360.0 - 180.0) <= 60.0
    resolved = (
        (one.leg == other.leg and CROSSING not in turns)
        or (CROSSING in turns and "through" not in turns)
        or "uturn" in turns
        or ("right" in turns and one.turn != other.turn)
        or (turns == {"left", "through"} and facing)
    )
    if unresolved or not resolved:
        names = [f"{movement.leg} {movement.turn}" for movement in (one, other)]
        raise InputError(
            f"junction '{description.name}', timing, stage {number + 1}: '{names[0]}' and '{names[1]}' conflict, and both "
            "have green. Put them into different stages, or raise corner_radius_m where opposing left turns would not meet."
        )
