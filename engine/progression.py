"""Offsets that let through traffic roll: bandwidth maximised over all arteries at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.arteries import Artery
from engine.conflicts import GREEN
from engine.plan import Plan, Program

__all__ = ["PROGRESSION_SHARE", "bandwidth_offsets", "green_band", "green_spans", "green_window"]

PROGRESSION_SHARE = 0.9
"""Platoons drive a little below the speed limit: travel times are divided by it."""
NODES = 500
"""Nodes of the solver's search; what it has found by then is used: a grid of 16 signals with bands on all of its 16
ways takes about 2 s. No limit of time, which would make plans depend on what else the machine has to do."""
GAP = 0.01


def green_window(program: Program, links: Sequence[int]) -> tuple[float, float] | None:
    """Return (start, length) of the longest green that links have in common, seconds from the start of the cycle.

    `None` where they never are green together. A green throughout is the whole cycle.
    """
    spans = green_spans(program, links)
    if not spans:
        return None
    start, end = max(spans, key=lambda span: (span[1] - span[0], -span[0]))
    return start, end - start


def green_spans(program: Program, links: Sequence[int]) -> list[tuple[float, float]]:
    """Return (start, end) of every green that links have in common, seconds from the start of the cycle.

    One over the turn of the cycle ends after it.
    """
    spans: list[list[float]] = []
    at_s = 0.0
    for phase in program.phases:
        if all(phase.state[i] in GREEN for i in links):
            if spans and abs(spans[-1][1] - at_s) < 1e-9:
                spans[-1][1] += phase.duration_s
            else:
                spans.append([at_s, at_s + phase.duration_s])
        at_s += phase.duration_s
    if len(spans) > 1 and spans[0][0] == 0.0 and abs(spans[-1][1] - program.cycle_s) < 1e-9:
        spans[-1][1] += spans.pop(0)[1]  # green over the turn of the cycle
    return [(start, end) for start, end in spans]


def green_band(
    programs: Sequence[Program], links: Sequence[Sequence[int]], travel_s: Sequence[float]
) -> tuple[float, float]:
    """Return (start, width) of the widest band through signals on one cycle: green for all who pass the first in it.

    Args:
        programs: of the signals in the direction of travel, on one cycle.
        links: of each signal those that show its through traffic green.
        travel_s: when each is reached after the first, seconds.

    Returns:
        When the band begins at the first signal, simulation time modulo the cycle, and its width, seconds; 0 without one.
    """
    cycle_s = programs[0].cycle_s
    arcs = [(0.0, cycle_s)]
    for program, of, later_s in zip(programs, links, travel_s, strict=True):
        greens = [
            ((start + program.offset_s - later_s) % cycle_s, end - start) for start, end in green_spans(program, of)
        ]
        # An arc may go over the turn of the cycle: it is met there and a cycle on.
        arcs = [
            (max(begin, green + lap), min(end, green + length + lap))
            for begin, end in arcs
            for green, length in greens
            for lap in (-cycle_s, 0.0, cycle_s)
            if min(end, green + length + lap) - max(begin, green + lap) > 1e-9
        ]
    if not arcs:
        return 0.0, 0.0
    # Two arcs that meet at the turn of the cycle are one.
    ends = {end: begin for begin, end in arcs}
    joined = [
        (ends[cycle_s], end + cycle_s) if begin == 0.0 and cycle_s in ends and end < cycle_s else (begin, end)
        for begin, end in arcs
    ]
    begin, end = max(joined, key=lambda arc: (arc[1] - arc[0], -arc[0]))
    return begin % cycle_s, min(end - begin, cycle_s)


def bandwidth_offsets(programs: Sequence[Program], arteries: Sequence[Artery]) -> Plan:
    """Return the programs with offsets that maximise the green bands of all arteries, each weighted by its demand.

    A mixed-integer program after MAXBAND (Little, Kelson and Gartner 1981, Transportation Research Record 795), with
    the offsets themselves as variables, so that arteries may cross: bands of different arteries share them, and loops
    close by themselves. An artery is cut where cycles differ or a signal has no fixed program. Signals on no artery
    keep their offset. Rounded to whole seconds; greens and cycles stay.

    Short greens may leave arteries that meet, or both directions of one, no bands at all together: the one of least
    weight is left out then, and so on.
    """
    by_id = {program.signal: program for program in programs}
    parts = [part for artery in arteries for part in _parts(artery, by_id)]
    offsets: dict[str, float] | None = None
    while parts and offsets is None:
        signals = sorted({signal for part in parts for signal in part.signals})
        offsets = _solve(signals, parts, by_id)
        if offsets is None:
            parts.remove(min(reversed(parts), key=_weight))
    if offsets is None:
        return Plan(tuple(programs))
    first = min(offsets)
    shift = by_id[first].offset_s / by_id[first].cycle_s - offsets[first]
    moved = []
    for program in programs:
        if program.signal in offsets:
            share = (offsets[program.signal] + shift) % 1.0
            moved.append(replace(program, offset_s=round(share * program.cycle_s) % program.cycle_s))
        else:
            moved.append(program)
    return Plan(tuple(moved))


def _parts(artery: Artery, by_id: Mapping[str, Program]) -> list[Artery]:
    """Return the stretches of an artery over which one cycle runs and through traffic has a green."""
    parts: list[Artery] = []
    signals, hops = [artery.signals[0]], []
    for hop in artery.hops:
        joined = (
            hop.start in by_id
            and hop.end in by_id
            and abs(by_id[hop.start].cycle_s - by_id[hop.end].cycle_s) < 1e-9
            and green_window(by_id[hop.start], hop.leaves) is not None
            and green_window(by_id[hop.end], hop.arrives) is not None
        )
        if joined:
            signals.append(hop.end)
            hops.append(hop)
            continue
        if hops:
            parts.append(Artery(tuple(signals), tuple(hops)))
        signals, hops = [hop.end], []
    if hops:
        parts.append(Artery(tuple(signals), tuple(hops)))
    return parts


def _weight(part: Artery) -> float:
    return max(part.demand, 1.0) * len(part.hops)


def _solve(signals: Sequence[str], parts: Sequence[Artery], by_id: Mapping[str, Program]) -> dict[str, float] | None:
    """Return the offset of each signal as a share of the cycle; `None` where no bands are found that can be there together.

    Variables, all in cycles: an offset for each signal; for each artery its band, and for each of its signals where
    the band begins after the green does; for each hop a whole number of cycles.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415  scipy takes its time to import

    place = {signal: i for i, signal in enumerate(signals)}
    n = len(signals)
    gain, low, high, whole = [0.0] * n, [0.0] * n, [1.0] * n, [0] * n
    rows: list[dict[int, float]] = []
    least: list[float] = []
    most: list[float] = []

    def variable(weight: float, lowest: float, highest: float, integral: bool = False) -> int:
        gain.append(-weight)
        low.append(lowest)
        high.append(highest)
        whole.append(int(integral))
        return len(gain) - 1

    for part in parts:
        windows = _windows(part, by_id)
        band = variable(_weight(part), 0.0, 1.0)
        begins = [variable(0.0, 0.0, 1.0) for _ in part.signals]
        for begin, (_, green) in zip(begins, windows, strict=True):
            rows.append({begin: 1.0, band: 1.0})  # the band ends within the green
            least.append(-np.inf)
            most.append(green)
        for i, hop in enumerate(part.hops):
            cycle_s = by_id[hop.start].cycle_s
            cycles = variable(0.0, -20.0, 20.0, integral=True)
            travel = hop.travel_s / PROGRESSION_SHARE / cycle_s
            # Leaving time + travel time = arriving time, but for whole cycles.
            rows.append({place[hop.start]: 1.0, begins[i]: 1.0, place[hop.end]: -1.0, begins[i + 1]: -1.0, cycles: 1.0})
            known = windows[i + 1][0] - windows[i][0] - travel
            least.append(known)
            most.append(known)
    high[0] = 0.0  # only differences between offsets matter
    matrix = np.zeros((len(rows), len(gain)))
    for i, row in enumerate(rows):
        for j, value in row.items():
            matrix[i, j] = value
    solved = milp(
        np.array(gain),
        integrality=np.array(whole),
        bounds=Bounds(np.array(low), np.array(high)),
        constraints=LinearConstraint(matrix, np.array(least), np.array(most)),
        options={"node_limit": NODES, "mip_rel_gap": GAP},
    )
    return None if solved.x is None else {signal: float(solved.x[i]) for signal, i in place.items()}


def _windows(part: Artery, by_id: Mapping[str, Program]) -> list[tuple[float, float]]:
    """Return (start, length) of each signal's through green, in cycles."""
    windows = []
    for i, signal in enumerate(part.signals):
        program = by_id[signal]
        links = part.hops[i].leaves if i < len(part.hops) else part.hops[-1].arrives
        window = green_window(program, links) or (0.0, 0.0)
        windows.append((window[0] / program.cycle_s, window[1] / program.cycle_s))
    return windows
