"""`greensplit hcm`: capacity, delay, level of service and queues by the manual's formulas, without simulating."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.files import write_text
from engine.hcm import Analysis, GroupRow, analyse
from engine.hcm.volumes import count
from engine.network import Network
from engine.plan import BASELINE, Plan
from engine.scenario import Scenario
from engine.sumo.lanes import read_roads
from engine.sumo.programs import read_plan
from engine.sumo.routes import read_streams
from engine.tables import write_parquet
from experiments._clock import clock
from experiments._prepare import prepare
from experiments._simulated import Simulated, read_study
from experiments.config import HcmConfig, resolved

__all__ = ["main"]

FORMULA_WIDTH, SIMULATED_WIDTH = 132, 195


def main(config: HcmConfig) -> int:
    """Analyse a plan, print it as tables or JSON, and write it where `out` says. Returns 0."""
    with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
        scenario, network = prepare(config.scenario, Path(scratch) / "scenario", config.queue.max_m)
        plan, plan_id = _plan(config, network)
        simulated = None if config.study is None else read_study(config.study, scenario.name, plan_id)
        analysis, notes = _analyse(config, scenario, network, plan, simulated)
    rows = [_row(row, simulated) for row in analysis.groups]
    if not rows:
        reasons = "; ".join(f"'{signal}': {why}" for signal, why in analysis.left_out)
        raise InputError(
            f"scenario '{scenario.name}' has no signal with a fixed-time program: {reasons}. Give plan=PATH."
        )
    summary = {
        "scenario": scenario.name,
        "plan_id": plan_id,
        "periods": config.periods,
        "method": resolved(config.method),
        "platoon": config.platoon,
        "study": None if config.study is None else str(config.study),
        "notes": notes,
        "left_out": [{"signal": signal, "reason": why} for signal, why in analysis.left_out],
        "lane_groups": rows,
        "totals": [asdict(total) for total in analysis.totals],
    }
    if config.out is not None:
        _write(summary, config.out)
    if config.json:
        print(json.dumps(summary, ensure_ascii=False, indent=1))
    else:
        _show(summary, simulated is not None)
    return 0


def _plan(config: HcmConfig, network: Network) -> tuple[Plan, str]:
    """Return the plan, and the name that a study's tables know it by."""
    if config.plan == BASELINE:
        return Plan(()), BASELINE
    if config.plan != "best":
        plan = read_plan(Path(config.plan), network)
        return plan, plan.plan_id
    assert config.study is not None  # the configuration refuses to be without it
    summary = config.study / "summary.json"
    try:
        plan_id = json.loads(summary.read_text(encoding="utf-8"))["best"]["plan_id"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"'{summary}' names no best plan. Give the folder of a sweep that has ended.") from error
    return (Plan(()) if plan_id == BASELINE else read_plan(config.study / "best.add.xml", network)), plan_id


def _analyse(
    config: HcmConfig, scenario: Scenario, network: Network, plan: Plan, simulated: Simulated | None
) -> tuple[Analysis, list[str]]:
    streams = read_streams(scenario)
    roads = read_roads(scenario.net)
    volumes = count(scenario, network, streams.vehicles, streams.walks, roads.crossed, config.method.period_h)
    platoons = simulated.platoons if simulated is not None and config.platoon == "measured" else None
    every_period = config.periods == "all"
    analysis = analyse(network, roads, plan, volumes, config.method, every_period, platoons)
    notes = [*scenario.notes, *streams.notes, *analysis.notes]
    if roads.crossed and not streams.walks:
        notes.append("The network has crossings, and the demand names nobody who walks over them: none are counted.")
    length_s = volumes.periods[0][1] - volumes.periods[0][0]
    if abs(length_s - 3600.0 * config.method.period_h) > 1.0:
        notes.append(f"The window is shorter than the analysis period: T is {length_s / 3600.0:.3g} h.")
    if simulated is not None:
        notes.append(
            f"Simulated figures are means over the whole evaluated window and {simulated.n_runs} seeds ({simulated.role}); "
            "those by the manual are of each row's period."
        )
    return analysis, notes


def _row(row: GroupRow, simulated: Simulated | None) -> dict[str, Any]:
    values: dict[str, Any] = asdict(row)
    if simulated is not None:
        found = simulated.groups.get((row.signal, row.approach, row.lane_group), {})
        values |= {f"simulated_{name}": found.get(name) for name in simulated.names}
    return values


def _write(summary: dict[str, Any], path: Path) -> None:
    import polars  # noqa: PLC0415  takes its time to import

    rows = summary["lane_groups"]
    if path.suffix == ".csv":
        write_text(path, polars.DataFrame(rows, infer_schema_length=None).write_csv())
    elif path.suffix == ".parquet":
        write_parquet(rows, path)
    else:
        write_parquet(rows, path / "hcm.parquet")
        write_text(path / "hcm.json", json.dumps(summary, ensure_ascii=False, indent=1) + "\n")


FORMULA_HEADS = (
    "lane group", "lanes", "v", "HV %", "s", "g", "c", "v/c", "d1", "d2", "d3", "delay", "LOS", "Q50 veh", "Q95 veh",
    "Q50 m", "Q95 m",
)  # fmt: skip
SIMULATED_HEADS = ("sim s", "sim v/c", "sim delay", "sim LOS", "sim Q50 m", "sim Q95 m")


def _show(summary: dict[str, Any], with_simulated: bool) -> None:
    from rich.console import Console  # noqa: PLC0415  json output does without

    # A row is one line, also in a file or a narrow window.
    console = Console(width=max(Console().width, SIMULATED_WIDTH if with_simulated else FORMULA_WIDTH), highlight=False)
    for note in summary["notes"]:
        console.print(f"note: {note}", markup=False)
    for one in summary["left_out"]:
        console.print(f"left out: signal '{one['signal']}', because {one['reason']}.", markup=False)
    tables = dict.fromkeys((row["signal"], row["start_s"]) for row in summary["lane_groups"])
    for signal, start_s in tables:
        console.print(_table(summary, signal, start_s, with_simulated))
    console.print(
        "veh/h of the lane group; s per vehicle; queues per lane. v/c of approaches and junctions: the largest. "
        "* d1 and Q by the queue polygon (several greens, or giving way).",
        markup=False,
    )


def _table(summary: dict[str, Any], signal: str, start_s: float, with_simulated: bool) -> Any:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    rows = [row for row in summary["lane_groups"] if (row["signal"], row["start_s"]) == (signal, start_s)]
    totals = [row for row in summary["totals"] if (row["signal"], row["start_s"]) == (signal, start_s)]
    title = f"{signal}, plan {summary['plan_id']}, from {clock(start_s)}, cycle {rows[0]['cycle_s']:g} s"
    table = Table(title=Text(title), title_justify="left", box=None)
    heads = (*FORMULA_HEADS, *(SIMULATED_HEADS if with_simulated else ()))
    for i, head in enumerate(heads):
        table.add_column(head, justify="right" if i else "left", no_wrap=True)
    for total in totals:
        approach = total["approach"]
        for row in rows:
            if row["approach"] == approach:
                table.add_row(*_cells(row, with_simulated))
        name = f"approach {approach}" if approach else "junction"
        cells = [name, "", f"{total['flow_veh_h']:.0f}", "", "", "", "", _text(total["v_c"], ".2f"), "", "", ""]
        cells += [_text(total["control_delay_s"], ".1f"), total["los"] or ""]
        table.add_row(*(Text(cell, style="bold") for cell in cells), end_section=True)
    return table


def _cells(row: dict[str, Any], with_simulated: bool) -> list[str]:
    cells = [
        f"  {row['lane_group']}{'' if row['closed'] else ' *'}",
        str(row["lanes"]),
        f"{row['flow_veh_h']:.0f}",
        f"{100 * row['heavy_share']:.0f}",
        f"{row['saturation_veh_h']:.0f}",
        f"{row['green_s']:.1f}",
        f"{row['capacity_veh_h']:.0f}",
        _text(row["v_c"], ".2f"),
        *(_text(row[name], ".1f") for name in ("uniform_s", "incremental_s", "initial_s", "control_delay_s")),
        row["los"] or "",
        *(f"{row[name]:.1f}" for name in ("queue_p50_veh", "queue_p95_veh")),
        *(f"{row[name]:.0f}" for name in ("queue_p50_m", "queue_p95_m")),
    ]
    if with_simulated:
        cells += [
            _text(row["simulated_saturation_veh_h"], ".0f"),
            _text(row["simulated_v_c"], ".2f"),
            _text(row["simulated_control_delay_s"], ".1f"),
            row["simulated_los"] or "",
            *(_text(row[f"simulated_queue_p{percent}_m"], ".0f") for percent in (50, 95)),
        ]
    return cells


def _text(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
