"""Webster's retiming of a plan: the cycle of least delay, and greens that saturate every stage equally."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from engine.conflicts import GREEN
from engine.hcm.method import Method
from engine.hcm.rows import GroupRow
from engine.network import Network, Signal
from engine.plan import Plan, Program
from engine.rounding import share
from engine.space import PlanSpace
from kernels.formulas import webster_cycle, webster_splits

__all__ = ["critical_ratios", "webster_plans"]

LEAST_RATIO = 0.01
"""A stage that nobody comes to still has its part of the cycle: its least green is for the plan space to keep."""
MOST_RATIO = 0.9
"""Of all stages together: Webster's cycle grows without bounds towards 1, and from about here on it is none to build."""


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
    by_signal: dict[str, list[GroupRow]] = {}
    for row in rows:
        by_signal.setdefault(row.signal, []).append(row)
    ratios = {
        p.signal: critical_ratios(network.signal(p.signal), p, by_signal.get(p.signal, [])) for p in space.programs
    }
    if not ratios:
        return []
    common_s = Counter(program.cycle_s for program in space.programs).most_common(1)[0][0]
    longest_s = max(
        float(webster_cycle(min(sum(ratios[p.signal]), MOST_RATIO), _lost_s(p, method)))
        for p in space.programs
        if p.cycle_s == common_s
    )

    def near(share: float) -> Plan:
        """Return the space's plan with cycles of so many of today's, and the splits that Webster gives those cycles."""
        cycled = Plan(tuple(_timed(p, ratios[p.signal], share * p.cycle_s, method) for p in space.programs))
        own_s = {program.signal: program.cycle_s for program in space.nearest(cycled).programs}
        retimed = Plan(tuple(_timed(p, ratios[p.signal], own_s[p.signal], method) for p in space.programs))
        return space.nearest(retimed)

    first = near(longest_s / common_s)
    allowed_s = max(p.cycle_s for p, old in zip(first.programs, space.programs, strict=True) if old.cycle_s == common_s)
    return [first if scale == 1.0 else near(scale * allowed_s / common_s) for scale in scales]


def critical_ratios(signal: Signal, program: Program, rows: Sequence[GroupRow]) -> list[float]:
    """Return the critical flow ratio of each stage, shape (n_stages,).

    A lane group with green in one stage asks that stage for its flow over its saturation flow. One with green in several
    asks them together, and what they do not have yet falls to those in which it need not give way.
    """
    links = {(approach.name, group.name): group.links for approach in signal.approaches for group in approach.groups}
    states = {phase.stage: phase.state for phase in program.phases if phase.stage >= 0}
    ratios = [LEAST_RATIO] * program.n_stages
    shared: list[tuple[float, list[int], list[int]]] = []
    for row in rows:
        if row.saturation_veh_h <= 0.0 or row.flow_veh_h <= 0.0:
            continue
        ratio = min(row.flow_veh_h / row.saturation_veh_h, MOST_RATIO)
        serving = _serving(links[row.approach, row.lane_group], states)
        if len(serving) == 1:
            ratios[serving[0]] = max(ratios[serving[0]], ratio)
        elif serving:
            protected = [
                stage for stage in serving if all(states[stage][i] == "G" for i in links[row.approach, row.lane_group])
            ]
            shared.append((ratio, serving, protected or serving))
    for ratio, serving, bearing in sorted(shared, reverse=True):
        missing = ratio - sum(ratios[stage] for stage in serving)
        for stage in bearing if missing > 0.0 else ():
            ratios[stage] += missing / len(bearing)
    return ratios


def _serving(links: Sequence[int], states: Mapping[int, str]) -> list[int]:
    """Return the stages in which every turn of a lane group has green; where there is none, those in which any has.

    A shared lane is not served by green for some of its turns: whoever waits for the other blocks it.
    """
    greens = {stage: [state[i] in GREEN for i in links] for stage, state in states.items()}
    return [k for k, of in sorted(greens.items()) if all(of)] or [k for k, of in sorted(greens.items()) if any(of)]


def _lost_s(program: Program, method: Method) -> float:
    """Return the lost time of a cycle, seconds: intergreens, and what starting costs beyond what yellow gives back."""
    return max(0.0, program.fixed_s + program.n_stages * (method.startup_s - method.extension_s))


def _timed(program: Program, ratios: Sequence[float], cycle_s: float, method: Method) -> Program:
    """Return a program with a cycle's greens by Webster, within the greens' bounds."""
    lost_s, fixed_s = _lost_s(program, method), program.fixed_s
    shortest_s, longest_s = sum(program.min_green_s) + fixed_s, sum(program.max_green_s) + fixed_s
    cycle_s = min(max(cycle_s, shortest_s, lost_s + program.n_stages), longest_s)
    effective_s = webster_splits(ratios, cycle_s, lost_s)
    shown_s = np.maximum(np.asarray(effective_s) + method.startup_s - method.extension_s, LEAST_RATIO)
    greens_s = share(cycle_s - fixed_s, list(map(float, shown_s)), program.min_green_s, program.max_green_s)
    phases = tuple(
        phase if phase.stage < 0 else dataclasses.replace(phase, duration_s=float(greens_s[phase.stage]))
        for phase in program.phases
    )
    made = dataclasses.replace(program, phases=phases)
    return dataclasses.replace(made, offset_s=program.offset_s / program.cycle_s * made.cycle_s)
