"""A plan's timing sheets as one printable page: a signal on each sheet, its times and its phase diagram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.formats.sheet import interval_kind, movements
from engine.network import Network
from engine.plan import Plan
from experiments import _summary
from experiments.report._templates import render
from experiments.report.phases import Diagram, diagram

__all__ = ["sheet_page"]


@dataclass(frozen=True)
class _Interval:
    """One row of a sheet; seconds stand under the name of their kind."""

    number: int
    stage: int
    kind: str
    seconds: float
    begins_s: float
    movements: str
    bounds_s: tuple[float, float] | None


@dataclass(frozen=True)
class _Sheet:
    """One signal."""

    signal: str
    cycle_s: float
    offset_s: float
    intervals: tuple[_Interval, ...]
    diagram: Diagram


def sheet_page(plan: Plan, network: Network, scenario: str) -> tuple[str, list[str]]:
    """Return the page as HTML, and what it does not show of the plan, a sentence each."""
    links = _summary.signals(network, plan.programs)
    sheets = []
    for program, shown in zip(plan.programs, _summary.programs(plan.programs), strict=True):
        signal = network.signal(program.signal)
        intervals, at_s = [], 0.0
        for number, phase in enumerate(program.phases, start=1):
            of_stage = phase.stage >= 0
            bounds_s = (program.min_green_s[phase.stage], program.max_green_s[phase.stage]) if of_stage else None
            intervals.append(
                _Interval(
                    number,
                    phase.stage + 1,
                    interval_kind(phase),
                    phase.duration_s,
                    at_s,
                    movements(phase.state, signal),
                    bounds_s,
                )
            )
            at_s += phase.duration_s
        of_signal: list[dict[str, Any]] = links[program.signal]["links"]
        picture = diagram("phase diagram", shown, of_signal, program.cycle_s)
        sheets.append(_Sheet(program.signal, program.cycle_s, program.offset_s, tuple(intervals), picture))
    page = render("sheet.html.j2", scripts=None, sheets=sheets, plan_id=plan.plan_id, scenario=scenario)
    return page, ["a printed sheet does not show the parameters that a search varied"] if plan.parameters else []
