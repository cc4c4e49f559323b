"""Where vehicles were, second by second, on some edges in some minutes of a run: SUMO's floating car data."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from defusedxml import ElementTree

from engine.errors import InputError
from engine.files import write_text
from engine.network import edge_of
from engine.plan import Plan
from engine.scenario import Scenario
from engine.sumo.installation import binary, environment
from engine.sumo.options import simulation_options
from engine.sumo.programs import write_plan

__all__ = ["Sighting", "sightings"]


@dataclass(frozen=True)
class Sighting:
    """A vehicle at a moment: its id, seconds, the edge that it is on, and metres from that edge's start."""

    vehicle: str
    time_s: float
    edge: str
    metres: float


def sightings(
    scenario: Scenario, plan: Plan, seed: int, edges: Iterable[str], begin_s: float, end_s: float, period_s: float = 2.0
) -> list[Sighting]:
    """Simulate up to `end_s` and return who was where from `begin_s` on, in order of time.

    Args:
        scenario, plan, seed: the run.
        edges: the edges that are looked at.
        begin_s, end_s: the moments, simulation time in seconds.
        period_s: time between two sightings of one vehicle.

    Raises:
        InputError: SUMO refuses the scenario.
    """
    wanted = set(edges)
    with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
        folder = Path(scratch)
        plan_file = None
        if plan.programs:
            plan_file = folder / "plan.add.xml"
            write_plan(plan, plan_file)
        write_text(folder / "edges.txt", "".join(f"edge:{edge}\n" for edge in sorted(wanted)))
        command = [str(binary("sumo")), *simulation_options(replace(scenario, end_s=end_s), seed, folder, plan_file)]
        command += ["--fcd-output", str(folder / "seen.xml"), "--device.fcd.begin", f"{begin_s:g}"]
        command += ["--device.fcd.period", f"{period_s:g}"]
        command += ["--fcd-output.filter-edges.input-file", str(folder / "edges.txt")]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise InputError(f"SUMO refuses scenario '{scenario.name}': {' '.join(done.stderr.split())[:600]}")
        found = []
        time_s = begin_s
        for event, element in ElementTree.iterparse(folder / "seen.xml", events=("start", "end")):
            if event == "start" and element.tag == "timestep":
                time_s = float(element.get("time"))
            elif event == "end" and element.tag == "vehicle":
                edge = edge_of(element.get("lane"))
                if edge in wanted:  # SUMO's filter lets vehicles within a junction through
                    found.append(Sighting(element.get("id"), time_s, edge, float(element.get("pos"))))
                element.clear()
        return found
