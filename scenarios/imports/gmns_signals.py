"""Signal timing of GMNS tables as ring-and-barrier timing of each node."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import InputError
from engine.network import Signal, edge_of
from engine.plan import Program
from engine.ring_program import Service, Wiring, ring_program, whole_seconds
from engine.rings import OffsetReference, RingPhase, RingTiming, problems
from scenarios.imports.gmns_file import Gmns, GmnsMovement
from scenarios.imports.gmns_table import Table, number

__all__ = ["NodeSignal", "node_signals", "program_of"]

YELLOW_S = 4.0
"""Of a clearance, which the format does not divide; what is longer is all-red."""
LEAST_GREEN_S = 5.0
REFERENCES = {
    "begin_of_green": OffsetReference.FIRST_GREEN,
    "begin_of_yellow": OffsetReference.FIRST_YELLOW,
    "begin_of_red": OffsetReference.FIRST_RED,
}


@dataclass(frozen=True)
class NodeSignal:
    """The timing of one node, and the movements of each phase by its number: protected, and giving way."""

    timing: RingTiming
    protected: Mapping[int, frozenset[str]]
    permitted: Mapping[int, frozenset[str]]


def node_signals(data: Gmns) -> tuple[dict[str, NodeSignal], list[str]]:
    """Return the timing of each node that the tables time, and what was assumed, a sentence each.

    Raises:
        InputError: a value is no number.
    """
    names = ("signal_timing_plan", "signal_timing_phase", "signal_phase_mvmt")
    if any(name not in data.tables or not data.tables[name].rows for name in names):
        return {}, ["The tables hold no signal timing: cycles, greens and offsets are netconvert's guess."]
    plans, phases, served = (data.tables[name] for name in names)
    told = [
        "GMNS gives yellow and all-red in one figure: of each clearance 4 s are taken as yellow, the rest as all-red."
    ]
    chosen, others = _chosen(plans)
    if others:
        told.append(
            f"Of {others} signals the first plan with a cycle is taken; GMNS holds others for other times of day."
        )
    coordination = {
        (row.get("timing_plan_id"), row.get("controller_id")): row
        for _, row in (data.tables["signal_coordination"].rows if "signal_coordination" in data.tables else ())
    }
    movements = {movement.id: movement for movement in data.movements}
    found = {}
    for controller, (line, plan) in chosen.items():
        plan_id = plan.get("timing_plan_id", "")
        # Some files say what phases serve for one plan of several; the numbers mean the same in all.
        ids = [
            plan_id,
            *(row.get("timing_plan_id", "") for _, row in plans.rows if row.get("controller_id") == controller),
        ]
        members = next((of for of in (_members(served, phases, controller, one) for one in ids) if of), [])
        nodes = {movements[name].node for _, name, _ in members if name in movements}
        node = controller if controller in nodes else next(iter(nodes), "")
        members = [of for of in members if of[1] in movements and movements[of[1]].node == node]
        rows = _phase_rows(phases, plan_id, {phase for phase, _, _ in members})
        if not node or (len(nodes) > 1 and node != controller) or not rows:
            told.append(
                f"Controller '{controller}': its phases are not those of one node and one plan; its timing is left out."
            )
            continue
        cycle_s = number(plans, line, plan, "cycle_length", 0.0)
        offset = {**coordination.get((plan.get("timing_plan_id"), controller), {})} or plan
        timing, scaled = _timing(node, phases, rows, cycle_s, offset, (plans, line))
        trouble = problems(timing)
        if trouble:
            told.append(f"Signal '{node}' keeps netconvert's guess, because its timing does not fit: {trouble[0]}.")
            continue
        if scaled:
            told.append(f"Signal '{node}': {scaled}.")
        sides: dict[str, dict[int, set[str]]] = {"protected": {}, "permitted": {}}
        for phase, name, protection in members:
            side = "permitted" if protection in ("permitted", "rtor") else "protected"
            sides[side].setdefault(phase, set()).add(name)
        found[node] = NodeSignal(timing, *({n: frozenset(of) for n, of in side.items()} for side in sides.values()))
    return found, told


def _chosen(plans: Table) -> tuple[dict[str, tuple[int, Mapping[str, str]]], int]:
    """Return the plan that is taken of each controller, the first with a cycle, and of how many there are others."""
    by: dict[str, list[tuple[int, Mapping[str, str]]]] = {}
    for line, row in plans.rows:
        by.setdefault(row.get("controller_id", ""), []).append((line, row))
    chosen = {
        name: next((of for of in rows if of[1].get("cycle_length") not in ("", "0", None)), rows[0])
        for name, rows in by.items()
    }
    return chosen, sum(len(rows) > 1 for rows in by.values())


def _members(served: Table, phases: Table, controller: str, plan: str) -> list[tuple[int, str, str]]:
    """Return (phase number, movement, protection) of one controller; the table names phases by id, or by their number."""
    numbers = {
        row.get("timing_phase_id"): (row.get("timing_plan_id"), int(number(phases, line, row, "signal_phase_num")))
        for line, row in phases.rows
    }
    found = []
    for line, row in served.rows:
        if not row.get("mvmt_id"):
            continue  # a crossing's
        if row.get("signal_phase_num") and "controller_id" in row:
            if row["controller_id"] == controller:
                phase = int(number(served, line, row, "signal_phase_num"))
                found.append((phase, row["mvmt_id"], row.get("protection", "")))
        elif row.get("timing_phase_id") in numbers:
            of_plan, phase = numbers[row["timing_phase_id"]]
            if of_plan == plan:
                found.append((phase, row["mvmt_id"], row.get("protection", "")))
    return found


def _phase_rows(phases: Table, plan: str, wanted: set[int]) -> list[tuple[int, Mapping[str, str]]]:
    """Return the rows of a plan's phases that serve a movement of the controller; none where a number is there twice."""
    found: dict[int, tuple[int, Mapping[str, str]]] = {}
    for line, row in phases.rows:
        phase = int(number(phases, line, row, "signal_phase_num"))
        if row.get("timing_plan_id") == plan and phase in wanted:
            if phase in found:
                return []
            found[phase] = line, row
    return list(found.values())


def _timing(
    node: str,
    table: Table,
    rows: list[tuple[int, Mapping[str, str]]],
    cycle_s: float,
    offset: Mapping[str, str],
    plan: tuple[Table, int],
) -> tuple[RingTiming, str]:
    """Return the ring timing, and what was assumed or changed for it to fill the cycle."""
    phases = []
    for line, row in rows:
        least_s = number(table, line, row, "min_green", 0.0)
        clearance_s = number(table, line, row, "clearance", 6.0)
        walk = row.get("walk_time")
        walk_s = number(table, line, row, "walk_time", 0.0)
        clear_s = number(table, line, row, "ped_clearance", 0.0)
        green_s = number(table, line, row, "max_green", 0.0) or least_s or LEAST_GREEN_S
        yellow_s = min(YELLOW_S, clearance_s)
        barrier, ring, position = (
            int(number(table, line, row, column, 1.0)) for column in ("barrier", "ring", "position")
        )
        phases.append(
            RingPhase(
                int(number(table, line, row, "signal_phase_num")),
                barrier,
                ring,
                position,
                green_s,
                yellow_s,
                clearance_s - yellow_s,
                min(max(least_s, walk_s + clear_s if walk else 0.0, LEAST_GREEN_S), green_s),
            )
        )
    phases.sort(key=lambda phase: (phase.barrier, phase.ring, phase.position))
    reference = REFERENCES.get(offset.get("coord_ref_to", "").lower(), OffsetReference.FIRST_GREEN)
    coordinated = int(number(*plan, offset, "coord_phase", 0.0))
    numbers = {phase.number for phase in phases}
    bare = RingTiming(
        node, 1.0, 0.0, reference, (coordinated if coordinated in numbers else phases[0].number,), tuple(phases)
    )
    needed_s = sum(bare.barrier_s(barrier) for barrier in bare.barriers)
    within = dataclasses.replace(bare, phases=tuple(_without_clearance(phase) for phase in phases))
    within_s = sum(within.barrier_s(barrier) for barrier in within.barriers)
    if cycle_s and abs(within_s - cycle_s) < 0.05 < abs(needed_s - cycle_s):
        bare, needed_s = within, within_s
    wanted_s = cycle_s or needed_s
    timing = dataclasses.replace(bare, cycle_s=wanted_s, phases=tuple(_filled(bare, wanted_s / needed_s)))
    offset_s = number(*plan, offset, "offset", 0.0) % wanted_s
    if bare is within:
        said = "its greens fill the cycle by themselves, so that the clearance is taken to be within them"
        return dataclasses.replace(timing, offset_s=offset_s), said
    changed = f"its greens sum to a cycle of {needed_s:g} s and are stretched or cut to the {wanted_s:g} s of its plan"
    return dataclasses.replace(timing, offset_s=offset_s), changed if abs(needed_s - wanted_s) > 0.05 else ""


def _without_clearance(phase: RingPhase) -> RingPhase:
    """Return a phase whose stated green is its whole split."""
    green_s = max(phase.green_s - phase.yellow_s - phase.all_red_s, 0.0)
    return dataclasses.replace(phase, green_s=green_s, min_green_s=min(phase.min_green_s, green_s))


def _filled(timing: RingTiming, factor: float) -> list[RingPhase]:
    """Return phases whose rings all fill each barrier's time, itself multiplied; greens share the difference."""
    found = []
    for barrier in timing.barriers:
        wanted_s = timing.barrier_s(barrier) * factor
        for ring in timing.rings:
            members = timing.members(barrier, ring)
            greens_s = sum(phase.green_s for phase in members)
            left_s = wanted_s - sum(phase.yellow_s + phase.all_red_s for phase in members)
            for phase in members:
                green_s = max(phase.green_s * left_s / greens_s, 0.0)
                found.append(dataclasses.replace(phase, green_s=green_s, min_green_s=min(phase.min_green_s, green_s)))
    return found


def program_of(of: NodeSignal, signal: Signal, pairs: Mapping[tuple[str, str], list[GmnsMovement]]) -> Program:
    """Return the program of a signal.

    Args:
        of: the node's timing.
        signal: the signal, as the network has it.
        pairs: movements by the edges that they join.

    Raises:
        InputError: a movement has no phase, or conflicting greens.
    """
    timing = dataclasses.replace(of.timing, signal=signal.id)
    timing, _ = whole_seconds(timing)
    protected: dict[int, set[int]] = {phase.number: set() for phase in timing.phases}
    permitted: dict[int, set[int]] = {phase.number: set() for phase in timing.phases}
    for link in signal.links:
        names = {movement.id for movement in pairs.get((edge_of(link.lane), edge_of(link.to_lane)), ())}
        served = False
        for sides, services in ((of.protected, protected), (of.permitted, permitted)):
            for phase, members in sides.items():
                if names & members and phase in services:
                    services[phase].add(link.index)
                    served = True
        if not served:
            raise InputError(f"no phase serves {link.movement}.")
    wiring = Wiring({n: Service(frozenset(protected[n]), frozenset(permitted[n] - protected[n])) for n in protected})
    return ring_program(timing, wiring, signal.links)
