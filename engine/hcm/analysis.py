"""One analysis: every lane group of every fixed-time signal, period by period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.hcm.discharge import discharge
from engine.hcm.method import Method
from engine.hcm.rows import Case, GroupRow, TotalRow, group_row, total_row
from engine.hcm.traffic import Traffic
from engine.hcm.volumes import Volumes
from engine.network import Network, Signal
from engine.plan import Plan
from engine.sumo.lanes import Roads

__all__ = ["Analysis", "analyse"]

Platoons = Mapping[tuple[str, str, str], float]


@dataclass(frozen=True)
class Analysis:
    """Rows by signal, period, approach and lane group; `left_out` names signals that no formula describes, and why."""

    groups: tuple[GroupRow, ...]
    totals: tuple[TotalRow, ...]
    left_out: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def analyse(
    network: Network,
    roads: Roads,
    plan: Plan,
    volumes: Volumes,
    method: Method,
    every_period: bool = False,
    platoons: Platoons | None = None,
) -> Analysis:
    """Return the analysis of a plan.

    Args:
        network, roads: where.
        plan: programs of signals that differ from the network's own.
        volumes: the traffic.
        method: the manual's choices.
        every_period: all periods, each one's queue carried into the next; else the busiest of each junction alone.
        platoons: platoon ratio of lane groups by (signal, approach, lane group); others' arrivals are random.
    """
    programs = {program.signal: program for program in plan.programs}
    limits = {lane: limit for lane, _, limit in network.lanes}
    groups: list[GroupRow] = []
    totals: list[TotalRow] = []
    left_out, notes = [], []
    for signal in network.signals:
        program = programs.get(signal.id, signal.program)
        if program is None:
            left_out.append((signal.id, signal.fixed_because or "it has no fixed-time program"))
            continue
        traffic = Traffic(signal, program, roads, volumes, method)
        queues: dict[str, float] = {}
        for period in range(len(volumes.periods)) if every_period else (traffic.busiest(),):
            rows = _rows(signal, traffic, volumes.periods[period], period, limits, platoons or {}, queues)
            groups += rows
            for approach in signal.approaches:
                own = [row for row in rows if row.approach == approach.name]
                totals += [total_row(signal.id, approach.name, own)] if own else []
            totals += [total_row(signal.id, "", rows)] if rows else []
        notes += sorted(traffic.notes)
    return Analysis(tuple(groups), tuple(totals), tuple(left_out), tuple(notes))


def _rows(
    signal: Signal,
    traffic: Traffic,
    window: tuple[float, float],
    period: int,
    limits: Mapping[str, float],
    platoons: Platoons,
    queues: dict[str, float],
) -> list[GroupRow]:
    """Return the rows of one period; `queues` holds the queue of each lane group, and is left as the period leaves it."""
    start_s, end_s = window
    loaded = traffic.load(period)
    rows = []
    for (approach, group), lanes in loaded.lanes.items():
        case = Case(
            signal.id,
            approach,
            group,
            len(lanes),
            start_s,
            (end_s - start_s) / 3600.0,
            traffic.green.cycle_s,
            max(limits[link.lane] for lane in lanes for link in lane.links),
            sum(lane.flow for lane in lanes),
            loaded.heavy[approach, group],
            platoons.get((signal.id, approach, group), 1.0),
            queues.get(group, 0.0),
        )
        row, queues[group] = group_row(case, discharge(lanes, loaded.junction))
        rows.append(row)
        if row.los == "F" and row.control_delay_s is None:
            traffic.notes.add(f"'{signal.id}', {group}: the plan lets nobody go, for want of green or of gaps.")
    return rows
