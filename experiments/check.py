"""`greensplit check`: what looks wrong in a scenario, without simulating."""

from __future__ import annotations

import dataclasses
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import scenarios
from engine.audit import Auditor, Rules, stated, worst
from engine.plan import Plan
from engine.sumo.net import read_network
from engine.sumo.programs import in_force
from engine.sumo.soundness import of_files
from engine.trouble import KINDS, Trouble, of_audit, of_signals
from experiments._json import hand_out
from experiments.config import CheckConfig, ScenarioConfig

__all__ = ["look", "main"]

SHOWN = 5
"""Findings of a kind that are listed on the screen; JSON has all."""


def main(config: CheckConfig) -> int:
    """Print what looks wrong. Returns 1 where something does, else 0."""
    found = look(config.scenario)
    report = {
        "scenario": config.scenario.name,
        "findings": [dataclasses.asdict(trouble) for trouble in found],
        "counts": dict(Counter(trouble.kind for trouble in found)),
    }
    hand_out(report, config.out, config.json)
    if not config.json:
        _show(config.scenario.name, found)
    return 1 if found else 0


def look(config: ScenarioConfig) -> list[Trouble]:
    """Return what looks wrong in a scenario, what endangers people first.

    Raises:
        InputError: the scenario cannot be read at all, or has no signals.
    """
    with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
        scenario = scenarios.build(config, Path(scratch) / "scenario")
        programs = in_force(scenario.net, scenario.additional)
        network = read_network(scenario.net, programs, {})
        auditor = Auditor(network, Rules("sound"))
        wrong = [finding for signal in network.signals if signal.id in programs
                 for finding in stated(programs[signal.id], signal.links)]  # fmt: skip
        for signal in network.signals:
            if signal.program is None and signal.id in programs:
                wrong += auditor.states(signal.id, [phase.state for phase in programs[signal.id].phases])
        files = (*scenario.routes, *scenario.additional)
        bare, of_roads_and_demand = of_files(scenario.net, network, files, scenario.begin_s, scenario.end_s)
        found = [
            *of_audit(worst([*wrong, *auditor.findings(Plan(()))])),
            *of_signals(network, programs, bare),
            *of_roads_and_demand,
        ]
    return sorted(found, key=lambda trouble: KINDS.index(trouble.kind))


def _show(name: str, found: Sequence[Trouble]) -> None:
    if not found:
        print(f"Nothing looks wrong in {name}: signals, roads and demand fit together.")
        return
    for kind in KINDS:
        of_kind = [trouble for trouble in found if trouble.kind == kind]
        if not of_kind:
            continue
        print(f"{kind} ({len(of_kind)})")
        for trouble in of_kind[:SHOWN]:
            print(f"- {trouble.where}: {trouble.what}. {trouble.do[:1].upper()}{trouble.do[1:]}.")
        if len(of_kind) > SHOWN:
            print(f"- and {len(of_kind) - SHOWN} more; json=true lists them all")
    print(f"\n{len(found)} finding{'s' * (len(found) != 1)} in {name}.")
