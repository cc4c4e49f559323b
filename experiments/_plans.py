"""Plans that a user names: the one in the net, a file of any format, or the best of a study."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from engine.errors import InputError
from engine.formats import PlanFile, read_any_plan
from engine.network import Network
from engine.plan import BASELINE, Plan

__all__ = ["in_net", "named_plan", "show_plan"]


def named_plan(name: str, network: Network, scenario: str) -> PlanFile:
    """Return the plan that `baseline`, a plan file or a study's folder stands for.

    Args:
        name: what the user gave.
        network: the signals.
        scenario: whose they are; a study has to be of the same one.

    Raises:
        InputError: it is none of these, or does not fit the network.
    """
    if name == BASELINE:
        return in_net(network)
    path = Path(name)
    if not path.is_dir():
        return read_any_plan(path, network)
    best = path / "best.add.xml"
    if not best.is_file():
        raise InputError(f"'{path}' holds no best plan. Name the folder of a sweep that has ended, or a plan file.")
    of_study = _scenario_of(path / "config.yaml")
    if of_study not in ("", scenario):
        raise InputError(f"the study in '{path}' is of {of_study}, not of {scenario}. Say scenario={of_study}.")
    return read_any_plan(best, network)


def in_net(network: Network) -> PlanFile:
    """Return the plan in the net written out, and which signals have none.

    Raises:
        InputError: no signal has a fixed-time program.
    """
    programs = tuple(signal.program for signal in network.signals if signal.program is not None)
    without = [f"signal '{s.id}' has no plan: {s.fixed_because}" for s in network.signals if s.program is None]
    if not programs:
        raise InputError(f"no signal has a fixed-time plan ({without[0]}). There is nothing to write.")
    return PlanFile(Plan(programs), "sumo", tuple(without))


def _scenario_of(file: Path) -> str:
    """Return the scenario's name in a study's configuration; empty where it does not say."""
    try:
        config: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        return str(config["scenario"]["name"])
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError):
        return ""


def show_plan(plan: Plan, scenario: str, out: Path, notes: Sequence[str], as_json: bool) -> None:
    """Print what was written where, and every note, as text or JSON."""
    programs = [
        {"signal": p.signal, "cycle_s": p.cycle_s, "offset_s": p.offset_s, "greens_s": list(p.greens_s)}
        for p in plan.programs
    ]
    if as_json:
        summary = {
            "scenario": scenario,
            "plan_id": plan.plan_id,
            "signals": programs,
            "notes": list(notes),
            "out": str(out),
        }
        print(json.dumps(summary, ensure_ascii=False))
        return
    from rich.console import Console  # noqa: PLC0415  json output does without
    from rich.table import Table  # noqa: PLC0415

    console = Console(highlight=False)
    table = Table(title=f"{scenario}, plan {plan.plan_id}", title_justify="left")
    for column in ("signal", "cycle s", "offset s", "greens by stage s"):
        table.add_column(column, justify="left" if column == "signal" else "right", overflow="fold")
    for program in plan.programs:
        greens = " ".join(f"{green:g}" for green in program.greens_s)
        table.add_row(program.signal, f"{program.cycle_s:g}", f"{program.offset_s:g}", greens)
    console.print(table)
    for note in notes:
        console.print(f"note: {note}", markup=False, soft_wrap=True)
    console.print(f"plan: {out}", markup=False, soft_wrap=True)
