"""`greensplit schedule`: finds the day's periods, gives each its plan, and writes what SUMO switches by."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.audit import Auditor
from engine.day import Change, DayPlan, day_schedules, transition_findings
from engine.errors import InputError
from engine.files import write_text
from engine.hcm import Analysis, Method
from engine.hcm.volumes import count
from engine.periods import Division
from engine.sumo.demand import scan
from engine.sumo.lanes import read_roads
from engine.sumo.options import plain_command
from engine.sumo.routes import read_streams
from engine.sumo.waut import write_schedules
from experiments._clock import clock
from experiments._prepare import prepare
from experiments._rules import chosen, counted
from experiments.config import ScheduleConfig
from experiments.schedule.periods import Flows, Period, approach_flows, periods
from experiments.schedule.plans import PeriodPlan, Situation, period_plans, scheduled
from experiments.schedule.show import show

__all__ = ["main"]


def main(config: ScheduleConfig) -> int:
    """Print the periods with their flows, plans and changes, and write the schedule. Returns 0."""
    with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
        scenario, network = prepare(config.scenario, Path(scratch) / "scenario", queue_max_m=1000.0)
        if not scheduled(network):
            reasons = "; ".join(f"'{signal.id}': {signal.fixed_because}" for signal in network.signals[:4])
            raise InputError(f"no signal can follow a schedule ({reasons}). Give a network with fixed-time programs.")
        streams = read_streams(scenario)
        roads = read_roads(scenario.net)
        volumes = count(scenario, network, streams.vehicles, streams.walks, roads.crossed, config.bin_min / 60.0)
        demand = scan([*scenario.routes, *scenario.additional]).edges
    auditor = Auditor(network, chosen(config.rules, config.scenario.name))
    method = replace(Method(), period_h=config.bin_min / 60.0)
    situation = Situation(scenario, network, roads, volumes, auditor, method, demand)
    flows = approach_flows(network, volumes)
    found, division = periods(config, volumes, flows)
    plans = period_plans(config, found, situation)
    day = [DayPlan(of.name, period.begins_s, of.plan) for period, of in zip(found, plans, strict=True)]
    schedules, changes = day_schedules(day)
    notes = [*scenario.notes, *streams.notes, *_notes(plans, changes, situation, found[-1].ends_s)]
    command = ""
    if config.out is not None:
        write_schedules(schedules, config.out)
        if scratch not in str(scenario.configuration):
            command = " ".join(plain_command(scenario, 1, config.out.absolute()))
    if config.table is not None:
        rows = [f"{clock(period.begins_s)},{_cell(period.plan)}\n" for period in found]
        write_text(config.table, "begins,plan\n" + "".join(rows))
    summary = {
        "scenario": scenario.name,
        "bin_min": config.bin_min,
        "cut": _cut(division, config, flows),
        "periods": [_period(*pair, flows, volumes.periods) for pair in zip(found, plans, strict=True)],
        "changes": [_change(change) for change in changes],
        "notes": list(dict.fromkeys(notes)),
        "out": None if config.out is None else str(config.out),
        "command": command,
    }
    if config.json:
        print(json.dumps(summary, ensure_ascii=False, indent=1))
    else:
        show(summary)
    return 0


def _notes(plans: Sequence[PeriodPlan], changes: Sequence[Change], of: Situation, end_s: float) -> list[str]:
    notes = [note for plan in plans for note in plan.notes]
    left = [f"'{s.id}' ({s.fixed_because})" for s in of.network.signals if s.fixed_because]
    if left:
        notes.append(f"Signals left as they are: {', '.join(left[:10])}{' and others' if len(left) > 10 else ''}.")
    findings = [finding for change in changes for finding in transition_findings(change, of.auditor)]
    rules = of.auditor.rules.name
    if findings:
        notes.append(
            f"Between plans rules={rules} are broken in {len(findings)} place{'s' * (len(findings) != 1)} where the plans "
            f"themselves keep them: {counted(findings)}."
        )
    late = [change for change in changes if change.way.enters_s > end_s]
    if late:
        notes.append(f"{len(late)} changes end after the window.")
    return notes


def _cell(text: str) -> str:
    """Return a cell of a CSV file."""
    return '"' + text.replace('"', '""') + '"' if any(letter in text for letter in ',"\n') else text


def _cut(division: Division | None, config: ScheduleConfig, flows: Flows) -> dict[str, Any] | None:
    if division is None:
        return None
    return {
        "unexplained": [round(share, 6) for share in division.unexplained],
        "asked": round(division.price, 6),
        "gain": config.gain,
        "shortest_min": config.shortest_min,
        "most": config.most,
        "bins": len(flows.counts),
        "approaches": len(flows.approaches),
    }


def _period(
    period: Period, of: PeriodPlan, flows: Flows, bins: Sequence[tuple[float, float]]
) -> dict[str, Any]:  # fmt: skip
    hours = sum(bins[i][1] - bins[i][0] for i in period.bins) / 3600.0
    veh_h = flows.counts[list(period.bins)].sum(axis=0) / hours
    delay_s, worst = _total(of.analysis)
    return {
        "begins_s": period.begins_s,
        "ends_s": period.ends_s,
        "name": of.name,
        "plan": period.plan,
        "flow_veh_h": round(float(veh_h.sum()), 1),
        "flows": [
            {"signal": signal.id, "approach": approach.name, "veh_h": round(float(flow), 1)}
            for (signal, approach), flow in zip(flows.approaches, veh_h, strict=True)
        ],
        "cycles_s": {program.signal: program.cycle_s for program in of.plan.programs},
        "greens_s": {program.signal: list(program.greens_s) for program in of.plan.programs},
        "v_c": worst,
        "delay_s": delay_s,
        "delay_in_net_s": _total(of.in_net)[0],
    }


def _total(analysis: Analysis) -> tuple[float | None, float | None]:
    """Return delay per vehicle over all junctions, seconds, and the highest v/c; `None` where one is beyond measure."""
    rows = [row for row in analysis.totals if not row.approach and row.flow_veh_h > 0.0]
    worst = max((row.v_c for row in rows if row.v_c is not None), default=None)
    flow = sum(row.flow_veh_h for row in rows)
    if not flow or any(row.control_delay_s is None for row in rows):
        return None, worst
    return sum((row.control_delay_s or 0.0) * row.flow_veh_h for row in rows) / flow, worst


def _change(change: Change) -> dict[str, Any]:
    way = change.way
    lengths = way.between.cycle_s / way.n_cycles if way.between is not None else None
    return {
        "signal": change.new.signal,
        "to": change.to,
        "leaves_s": way.leaves_s,
        "enters_s": way.enters_s,
        "cycles": way.n_cycles,
        "cycle_between_s": lengths,
        "cycle_s": change.new.cycle_s,
    }
