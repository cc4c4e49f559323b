"""`greensplit run`: one simulation of one plan and seed, scored."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import scenarios
from engine.files import write_text
from engine.formats import PlanFile, read_any_plan
from engine.formats.plan_json import plan_json
from engine.ledger import StudyLock
from engine.nursery import Nursery
from engine.plan import BASELINE, Plan
from engine.result import RunResult
from engine.sumo.options import plain_command
from engine.sumo.programs import write_plan
from engine.tables import TABLES, movement_rows, result_row, run_rows, write_cycles, write_parquet
from experiments import _folder
from experiments._control import control_lines, control_notes, control_summary, controlled
from experiments._prepare import prepare
from experiments.config import RunConfig, identity, resolved

if TYPE_CHECKING:
    from engine.simulation import Backend

__all__ = ["main"]


def main(config: RunConfig) -> int:
    """Run one simulation, print its measures, and leave them in a folder where `out` names one. Returns 0."""
    if config.out is None:
        with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
            _simulate(config, Path(scratch), keep=False)
        return 0
    name = _folder.study_identity(identity(config), scenarios.sources(config.scenario))
    folder = _folder.folder_of("run", config.scenario.name, name, config.out)
    with StudyLock(folder):
        _folder.claim(folder, name, {"command": "run", **resolved(config)})
        _simulate(config, folder, keep=True)
    return 0


def _simulate(config: RunConfig, folder: Path, keep: bool) -> None:
    began = time.monotonic()
    scenario, network = prepare(config.scenario, folder / "scenario", config.queue.max_m, config.measures)
    found = (
        PlanFile(Plan(()), "sumo") if config.plan == BASELINE else read_any_plan(Path(config.plan), network, as_is=True)
    )
    plan = controlled(found.plan, config.controller, config.sensing, config.rules, network, scenario.name)
    notes = [*scenario.notes, *found.notes, *control_notes(plan, config.controller, config.rules)]
    file: Path | None = None if found.plan.plan_id == BASELINE else Path(config.plan)
    if plan.actuated and not found.plan.actuated:
        # SUMO runs such a controller itself.
        file = folder / "plan.add.xml" if keep else None
        if file is not None:
            write_plan(plan, file, network.program_ids)
    elif file is not None and found.kind != "sumo":
        # SUMO itself reads nothing but its own XML.
        file = folder / "plan.add.xml" if keep else file.with_suffix(".add.xml")
        if keep:
            write_plan(plan, file, network.program_ids)
        else:
            notes.append(f"the command names '{file}', which 'greensplit export {config.plan} out={file}' writes")
    with Nursery(scenario, network, cast("Backend", config.backend)) as nursery:
        tripinfo = config.tripinfo and config.tripinfo.absolute()
        result = nursery.run(plan, config.seed, tripinfo, config.series_s)
    summary = {
        "scenario": scenario.name,
        "plan_id": plan.plan_id,
        "seed": config.seed,
        "window": {"begin_s": scenario.begin_s, "end_s": scenario.end_s, "warmup_s": scenario.warmup_s},
        "notes": notes,
        **control_summary(result),
        **result.network,
        "command": " ".join(plain_command(scenario, config.seed, file)),
        "wall_s": round(time.monotonic() - began, 2),
    }
    if keep:
        write_parquet([result_row(plan, config.seed, "run", result.network, ())], folder / "results.parquet")
        write_parquet(movement_rows(plan.plan_id, config.seed, "run", result), folder / "movements.parquet")
        for name in TABLES:
            rows = run_rows(name, plan.plan_id, config.seed, "run", result)
            if rows:
                write_parquet(rows, folder / f"{name}.parquet")
        write_cycles([(plan.plan_id, config.seed, "run", result)], folder / "cycles.parquet")
        if plan.control is not None:
            write_text(folder / "plan.json", plan_json(plan))
        write_text(folder / "summary.json", json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
        write_text(folder / "environment.json", json.dumps(_folder.environment(scenario.inputs), indent=1) + "\n")
    if config.json:
        print(json.dumps(summary, ensure_ascii=False))
    else:
        _show(summary, result)


def _show(summary: Mapping[str, Any], result: RunResult) -> None:
    from rich.console import Console  # noqa: PLC0415  json output does without
    from rich.table import Table  # noqa: PLC0415

    console = Console(highlight=False)
    for note in summary["notes"]:
        console.print(f"note: {note}", markup=False)
    totals = Table(
        title=f"{summary['scenario']}, plan {summary['plan_id']}, seed {summary['seed']}", title_justify="left"
    )
    totals.add_column("measure")
    totals.add_column("value", justify="right")
    for name, value in result.network.items():
        totals.add_row(name, f"{value:,.2f}" if isinstance(value, float) else f"{value:,}")
    console.print(totals)
    groups = Table(title="lane groups with traffic", title_justify="left")
    for column in ("signal", "lane group"):
        groups.add_column(column, overflow="fold")
    for column in ("veh/h", "delay s", "LOS", "queue 95 % m", "stops/veh"):
        groups.add_column(column, justify="right")
    for row in result.groups:
        if row.control_delay_s is not None:
            queue = f"{row.queue_m[3]:.0f}{'+' if row.queue_truncated else ''}"
            values = (f"{row.flow_veh_h:.0f}", f"{row.control_delay_s:.1f}", row.los, queue, f"{row.stops_per_veh:.2f}")
            groups.add_row(row.signal, row.group, *values)
    console.print(groups)
    for line in control_lines(result):
        console.print(line, markup=False, soft_wrap=True)
    if result.signals:
        console.print(_signal_table(result))
    if any(row.queue_truncated for row in result.groups):
        console.print("+ the queue reached the end of what is observed: it may be longer.")
    if result.network["gridlock"]:
        console.print("gridlock: vehicles stood and nothing had moved for 5 minutes at the end.", style="bold red")


def _signal_table(result: RunResult) -> Any:
    from rich.table import Table  # noqa: PLC0415

    table = Table(title="signals: emissions and conflicts", title_justify="left")
    table.add_column("signal", overflow="fold")
    for column in ("CO2 g", "fuel ml", "TTC < 3 s", "DRAC > 3 m/s2", "PET < 2 s"):
        table.add_column(column, justify="right")
    for row in result.signals:
        counts = (f"{n:,}" for n in (row.conflicts_ttc, row.conflicts_drac, row.conflicts_pet))
        table.add_row(row.signal, f"{row.co2_g:,.0f}", f"{row.fuel_ml:,.0f}", *counts)
    return table
