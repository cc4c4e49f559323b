"""Tells the stages of a fixed-time program from its intergreens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.conflicts import GREEN
from engine.network import Link
from engine.plan import Phase, Program
from kernels.formulas import pedestrian_clearance

__all__ = ["WALKING_SPEED", "WALK_S", "NetPhase", "NetProgram", "stage_program"]

CHANGING = "yu"
LONGEST_GREEN_S = 600.0
"""What a stage may last where neither its file nor the plan space says less."""
FLASH_S = 1.0
"""No stage is as short: SUMO has no letter for flashing green, and plans state it as short intervals with green and without."""
WALK_S = 5.0
WALKING_SPEED = 1.0
"""Pedestrians walk 5 s plus the crossing's length at 1.0 m/s; no search goes below it, whatever rules are chosen."""


@dataclass(frozen=True)
class NetPhase:
    """A phase as a network file states it; `min_s` and `max_s` are `None` where the file says nothing."""

    duration_s: float
    state: str
    min_s: float | None = None
    max_s: float | None = None
    stage: int | None = None


@dataclass(frozen=True)
class NetProgram:
    """A signal program as a network or additional file states it.

    Attributes:
        kind: SUMO's type: static, actuated, delay_based, NEMA, ...
        fixed_because: why its phases are no simple cycle; empty where they are.
        replaced: ids of the signal's programs that were loaded before it.
    """

    signal: str
    program_id: str
    kind: str
    offset_s: float
    phases: tuple[NetPhase, ...]
    fixed_because: str = ""
    replaced: tuple[str, ...] = ()


def stage_program(raw: NetProgram, links: Sequence[Link], min_green_s: float) -> tuple[Program | None, str]:
    """Return the program with its stages marked, and why no plan may replace it (empty where one may).

    A stage is an interval in which a link that is not always green has green. Not stages are: intervals with yellow,
    all-red, those whose file allows one duration only, the end of a stage in which only crossings have turned red
    (pedestrian clearance), intervals shorter than `min_green_s` whose greens also belong to a neighbour (an early start,
    a late release, or a flashing green stated as green), and flashes (a flashing green stated by turns).
    """
    if raw.kind != "static":
        return None, f"its program is of type {raw.kind}"
    if raw.fixed_because:
        return None, raw.fixed_because
    cycle_s = sum(phase.duration_s for phase in raw.phases)
    if not raw.phases or cycle_s <= 0:
        return None, "its program has no phases"
    width = len(raw.phases[0].state)
    if any(len(phase.state) != width for phase in raw.phases):
        return None, "its phases differ in length"
    stages = _stage_numbers(raw.phases, _crossings(links), min_green_s)
    phases = tuple(Phase(phase.duration_s, phase.state, stage) for phase, stage in zip(raw.phases, stages, strict=True))
    # A plan that we wrote may have a stage in several intervals, and stages in any order: one pair of bounds for each.
    first = {stage: i for i, stage in reversed(list(enumerate(stages))) if stage >= 0}
    bounds = [_bounds(raw.phases, stages, first[stage], links, min_green_s) for stage in sorted(first)]
    program = Program(
        raw.signal,
        phases,
        raw.offset_s % cycle_s,
        tuple(low for low, _ in bounds),
        tuple(high for _, high in bounds),
    )
    if program.n_stages < 2:
        return program, "it has fewer than two stages"
    return program, ""


def _crossings(links: Sequence[Link]) -> dict[int, float]:
    return {link.index: link.length_m for link in links if link.kind == "pedestrian"}


def _greens(state: str) -> frozenset[int]:
    return frozenset(i for i, letter in enumerate(state) if letter in GREEN)


def _stage_numbers(phases: Sequence[NetPhase], crossings: dict[int, float], min_green_s: float) -> list[int]:
    if all(phase.stage is not None for phase in phases):
        # We wrote this plan and marked its stages.
        return [phase.stage if phase.stage is not None else -1 for phase in phases]
    always = frozenset.intersection(*(_greens(phase.state) for phase in phases))
    stages = []
    number = 0
    for i, phase in enumerate(phases):
        greens = _greens(phase.state) - always
        before, after = phases[i - 1], phases[(i + 1) % len(phases)]
        lost = _greens(before.state) - _greens(phase.state)
        gained = _greens(phase.state) - _greens(before.state)
        clearance = bool(lost) and lost <= set(crossings) and not gained and not set(before.state) & set(CHANGING)
        held_beside = _greens(before.state) | _greens(after.state)
        fixed = (
            any(letter in CHANGING for letter in phase.state)
            or not greens
            or (phase.min_s is not None and phase.min_s == phase.max_s)
            or clearance
            or phase.duration_s <= FLASH_S
            or (phase.duration_s < min_green_s and greens <= held_beside)
        )
        stages.append(-1 if fixed else number)
        number += not fixed
    return stages


def _bounds(
    phases: Sequence[NetPhase], stages: Sequence[int], i: int, links: Sequence[Link], min_green_s: float
) -> tuple[float, float]:
    """Return the shortest and the longest green of the stage at phase `i`, whole seconds."""
    phase = phases[i]
    if phase.stage is not None and phase.min_s is not None and phase.max_s is not None:
        return phase.min_s, phase.max_s
    low = max(min_green_s, phase.min_s or 0.0)
    high = phase.max_s if phase.max_s is not None and phase.max_s >= phase.duration_s else LONGEST_GREEN_S
    clearance_s = 0.0
    j = (i + 1) % len(phases)
    served = {index for index in _crossings(links) if phase.state[index] in GREEN}
    # Where the crossing turns red, or flashes, before the vehicles beside it turn red, clearing happens there.
    while (
        j != i
        and stages[j] < 0
        and (phases[j].duration_s <= FLASH_S or not any(phases[j].state[index] in GREEN for index in served))
    ):
        clearance_s += phases[j].duration_s
        j = (j + 1) % len(phases)
    for index, length_m in _crossings(links).items():
        if index in served:
            walk_s = WALK_S + max(0.0, float(pedestrian_clearance(length_m, WALKING_SPEED)) - clearance_s)
            # A plan in the street that is shorter is reported by the audit, not repaired here - and not cut further.
            low = max(low, min(walk_s, max(phase.duration_s, min_green_s)))
    return math.ceil(low), max(math.ceil(low), math.floor(high))
