"""Textbook timing for given flows: the cycle of least delay, and greens that saturate every stage equally (Webster 1958)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.arteries import Artery
from engine.audit import Bounds
from engine.conflicts import GREEN
from engine.hcm import GroupRow, Method
from engine.network import Network, Signal
from engine.plan import Plan, Program
from engine.progression import bandwidth_offsets
from engine.rounding import clip, share, whole
from engine.space import PlanSpace
from kernels.formulas import webster_cycle, webster_splits

__all__ = ["critical_ratios", "webster_plan", "webster_plans"]

HIGHEST_RATIO = 0.95
"""At this sum of flow ratios and above Webster's cycle has no meaning, and the longest that is allowed is taken."""
LEAST_RATIO = 0.01
"""A stage that nobody comes to still has its part of the cycle; its minimum green is kept by bounds, not by this."""
GIVE_WAY = 1e-4
"""How much more a stage's time weighs for each lane group that gives way in it: little enough to settle ties only."""


def webster_plans(
    space: PlanSpace, network: Network, rows: Iterable[GroupRow], method: Method, scales: Sequence[float] = (1.0,)
) -> list[Plan]:
    """Return the plans of a space that come closest to today's stages with Webster's cycle and splits.

    Signals on a common cycle get the longest of their cycles (Webster 1958, Road Research Technical Paper 39). As a
    space has one ratio for all cycles, that of the common cycle that most signals are on counts.

    Args:
        space: of today's plan.
        network: its signals.
        rows: lane groups of those signals in the busiest period, under today's plan.
        method: start-up lost time and extension.
        scales: of the cycle, or of the nearest one that the space allows: a plan for each; 0.8 for a shorter one.
    """
    if not space.programs:
        return []
    ratios = _ratios(network, space.programs, rows)
    common_s = Counter(program.cycle_s for program in space.programs).most_common(1)[0][0]
    longest_s = max(
        _cycle_s(program, ratios[program.signal], method, space.options.max_cycle_s)
        for program in space.programs
        if program.cycle_s == common_s
    )

    def near(part: float) -> Plan:
        """Return the space's plan with cycles of so many of today's, and the splits that Webster gives those cycles."""
        cycled = Plan(tuple(_timed(p, ratios[p.signal], part * p.cycle_s, method) for p in space.programs))
        own_s = {program.signal: program.cycle_s for program in space.nearest(cycled).programs}
        retimed = Plan(tuple(_timed(p, ratios[p.signal], own_s[p.signal], method) for p in space.programs))
        return space.nearest(retimed)

    first = near(longest_s / common_s)
    allowed_s = max(p.cycle_s for p, old in zip(first.programs, space.programs, strict=True) if old.cycle_s == common_s)
    return [first if scale == 1.0 else near(scale * allowed_s / common_s) for scale in scales]


def webster_plan(
    network: Network,
    rows: Iterable[GroupRow],
    allowed: Mapping[str, Bounds],
    arteries: Sequence[Artery],
    method: Method,
    min_cycle_s: float = 40.0,
    max_cycle_s: float = 120.0,
) -> tuple[Plan, list[str]]:
    """Return a plan for the flows of one period, and what is to be said of it, a sentence each.

    Stages and intergreens are the network's own. Signals that share a cycle today share one again, the longest that any
    of them needs; offsets give the widest green bands.

    Args:
        network: its signals with a fixed-time program get a new one, all others none.
        rows: flow and saturation flow of every lane group (`engine.hcm.analyse` of today's plan under those flows).
        allowed: what the rules allow of greens and cycles, by signal.
        arteries: the ways on which bands are sought.
        method: start-up lost time and extension.
        min_cycle_s, max_cycle_s: bounds of the cycles.
    """
    programs = [
        _bounded(signal.program, allowed.get(signal.id))
        for signal in network.signals
        if signal.program is not None and not signal.fixed_because
    ]
    ratios = _ratios(network, programs, rows)
    notes = [
        f"'{signal_id}': its critical flow ratios sum to {sum(of):.2f}, more than any fixed-time plan serves: it gets the "
        "longest cycle."
        for signal_id, of in ratios.items()
        if sum(of) >= HIGHEST_RATIO
    ]
    together: dict[float, list[Program]] = {}
    for program in programs:
        together.setdefault(program.cycle_s, []).append(program)
    timed = []
    for members in together.values():
        limits = [_cycle_limits(program, allowed.get(program.signal), min_cycle_s, max_cycle_s) for program in members]
        wanted_s = whole(max(_cycle_s(p, ratios[p.signal], method, max_cycle_s) for p in members))
        low, high = max(low for low, _ in limits), min(high for _, high in limits)
        for program, (own_low, own_high) in zip(members, limits, strict=True):
            # Where no common cycle fits all of them, each keeps within its own bounds.
            cycle_s = clip(wanted_s, low, high) if low <= high else clip(wanted_s, own_low, own_high)
            timed.append(_timed(program, ratios[program.signal], cycle_s, method))
    timed.sort(key=lambda program: program.signal)
    return bandwidth_offsets(timed, arteries), notes


def critical_ratios(program: Program, signal: Signal, rows: Iterable[GroupRow]) -> list[float]:
    """Return the critical flow ratio of each stage, shape (n_stages,); 0 for one that others make superfluous.

    A linear program: the least ratios that give every lane group its flow over its saturation flow, where one with green
    in several stages is served by all of them together. Of several answers, the one whose stages make fewer lane groups
    give way, then the one whose earlier stages have more.

    Args:
        program: of the signal, with its stages.
        signal: its lane groups.
        rows: of this signal's lane groups.
    """
    from scipy.optimize import linprog  # noqa: PLC0415  scipy takes its time to import

    links = {(approach.name, group.name): group.links for approach in signal.approaches for group in approach.groups}
    needs, serves = [], []
    weights = 1.0 + 1e-6 * np.arange(program.n_stages)
    for row in rows:
        if row.flow_veh_h <= 0.0 or row.saturation_veh_h <= 0.0:
            continue
        serving, giving_way = _stages(program, links[row.approach, row.lane_group])
        if serving:
            # More than the whole of the time is of no use to anyone.
            needs.append(min(row.flow_veh_h / row.saturation_veh_h, 1.0))
            serves.append([float(stage in serving) for stage in range(program.n_stages)])
            weights[list(giving_way)] += GIVE_WAY
    if not needs:
        return [0.0] * program.n_stages
    solved = linprog(weights, A_ub=-np.array(serves), b_ub=-np.array(needs), method="highs")
    return [float(ratio) for ratio in solved.x]


def _ratios(network: Network, programs: Sequence[Program], rows: Iterable[GroupRow]) -> dict[str, list[float]]:
    """Return the critical flow ratios of each program's stages, by signal."""
    by_signal: dict[str, list[GroupRow]] = {}
    for row in rows:
        by_signal.setdefault(row.signal, []).append(row)
    return {p.signal: critical_ratios(p, network.signal(p.signal), by_signal.get(p.signal, ())) for p in programs}


def _stages(program: Program, links: Sequence[int]) -> tuple[set[int], set[int]]:
    """Return the stages that serve a lane group, and those of them in which some of it gives way.

    They are the stages in which all of its links have green; those in which any has, where never all do. A shared lane
    is not served by green for some of its turns: whoever waits for the other blocks it.
    """
    shown: dict[int, str] = {}
    for phase in program.phases:
        if phase.stage >= 0:
            shown[phase.stage] = shown.get(phase.stage, "") + "".join(phase.state[index] for index in links)
    serving = {stage for stage, of in shown.items() if all(letter in GREEN for letter in of)}
    serving = serving or {stage for stage, of in shown.items() if any(letter in GREEN for letter in of)}
    return serving, {stage for stage in serving if "g" in shown[stage]}


def _lost_s(program: Program, method: Method) -> float:
    """Return the lost time of a cycle, seconds: intergreens, and what starting costs beyond what yellow gives back."""
    return max(0.0, program.fixed_s + program.n_stages * (method.startup_s - method.extension_s))


def _cycle_s(program: Program, ratios: Sequence[float], method: Method, most_s: float) -> float:
    """Return Webster's cycle, seconds, at most `most_s`."""
    total = max(sum(ratios), LEAST_RATIO)
    return most_s if total >= HIGHEST_RATIO else min(float(webster_cycle(total, _lost_s(program, method))), most_s)


def _timed(program: Program, ratios: Sequence[float], cycle_s: float, method: Method) -> Program:
    """Return a program with a cycle's greens in proportion to the flow ratios, within the greens' bounds."""
    lost_s, fixed_s = _lost_s(program, method), program.fixed_s
    shortest_s, longest_s = sum(program.min_green_s) + fixed_s, sum(program.max_green_s) + fixed_s
    cycle_s = min(max(cycle_s, shortest_s, lost_s + program.n_stages), longest_s)
    effective_s = webster_splits([max(ratio, LEAST_RATIO) for ratio in ratios], cycle_s, lost_s)
    shown_s = np.maximum(np.asarray(effective_s) + method.startup_s - method.extension_s, LEAST_RATIO)
    greens_s = share(cycle_s - fixed_s, list(map(float, shown_s)), program.min_green_s, program.max_green_s)
    made = program.with_greens([float(green) for green in greens_s])
    offset_s = whole(program.offset_s / program.cycle_s * made.cycle_s) % made.cycle_s
    return replace(made, offset_s=float(offset_s))


def _bounded(program: Program, allowed: Bounds | None) -> Program:
    """Return the program with the greens that rules allow it."""
    least_s, most_s = program.min_green_s, program.max_green_s
    if allowed is not None:
        least_s, most_s = allowed.min_green_s, allowed.max_green_s
    low = tuple(max(bound, math.ceil(held_s)) for bound, held_s in zip(least_s, program.held_s, strict=True))
    return replace(program, min_green_s=low, max_green_s=tuple(map(max, low, most_s)))


def _cycle_limits(program: Program, allowed: Bounds | None, low_s: float, high_s: float) -> tuple[int, int]:
    """Return the shortest and the longest cycle, whole seconds; minimum greens count for more than the longest cycle."""
    low = max(low_s, program.fixed_s + sum(program.min_green_s), 0.0 if allowed is None else allowed.min_cycle_s)
    high = min(high_s, program.fixed_s + sum(program.max_green_s))
    high = high if allowed is None else min(high, allowed.max_cycle_s)
    least = math.ceil(low - 1e-9)
    return least, max(least, int(high))
