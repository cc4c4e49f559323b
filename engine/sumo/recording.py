"""Who was where, second by second, and what the signals showed, in some minutes of a run."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Collection, Container
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from engine.errors import InputError
from engine.files import write_text
from engine.plan import Plan
from engine.scenario import Scenario
from engine.sumo.installation import binary, environment
from engine.sumo.options import simulation_options
from engine.sumo.programs import parse_xml, write_plan

if TYPE_CHECKING:
    import polars

__all__ = ["Recording", "Shown", "Sighting", "record"]

EVERY_S = 1.0
EPS_S = 1e-6


@dataclass(frozen=True)
class Shown:
    """A signal shows these letters from this moment on, seconds."""

    signal: str
    time_s: float
    letters: str


@dataclass(frozen=True)
class Sighting:
    """A vehicle at a moment: its id, seconds, the edge that it is on, and metres from that edge's start."""

    vehicle: str
    time_s: float
    edge: str
    metres: float


@dataclass(frozen=True)
class Recording:
    """Some minutes of a run.

    Attributes:
        begin_s, end_s: its first and last moment, simulation time in seconds.
        vehicles: a row for each vehicle and second, in order of time: `time_s`, `vehicle` and `type` (ids), `lane`,
            `pos_m` (from the lane's start), `x_m`, `y_m` (its front), `angle_deg` (clockwise from north).
        persons: the same of those on foot, without lane and type.
        shown: the signals' letters at every change since the simulation began, in order of time.
    """

    begin_s: float
    end_s: float
    vehicles: polars.DataFrame
    persons: polars.DataFrame
    shown: tuple[Shown, ...]

    def sightings(self, edges: Collection[str], begin_s: float, end_s: float, every_s: float) -> list[Sighting]:
        """Return who was on some edges in a span, its end left out, every so many seconds; in order of time."""
        import polars  # noqa: PLC0415  takes its time to import

        time_s = polars.col("time_s")
        edge = polars.col("lane").str.replace(r"_[^_]*$", "")  # as `engine.network.edge_of`
        table = self.vehicles.with_columns(edge=edge).filter(
            time_s.is_between(begin_s, end_s, "left"),
            (time_s - begin_s) % every_s < EPS_S,
            polars.col("edge").is_in(list(edges)),
        )
        return [Sighting(*row) for row in table.select("vehicle", "time_s", "edge", "pos_m").iter_rows()]

    def shown_between(self, begin_s: float, end_s: float) -> list[Shown]:
        """Return what the signals showed in a span: at its begin, and at every change after it up to its end."""
        first = {of.signal: of for of in self.shown if of.time_s <= begin_s}
        return [*first.values(), *(of for of in self.shown if begin_s < of.time_s <= end_s)]


def record(
    scenario: Scenario, plan: Plan, seed: int, begin_s: float, end_s: float, taken: Container[str] = ()
) -> Recording:
    """Simulate up to `end_s` and return what happened from `begin_s` on; `taken` as in `engine.sumo.programs.plan_xml`.

    Raises:
        InputError: SUMO refuses the scenario.
    """
    with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
        folder = Path(scratch)
        seen, walking, shown, states = (
            folder / name for name in ("seen.csv", "walking.csv", "shown.xml", "states.add.xml")
        )
        write_text(
            states, f'<additional><timedEvent type="SaveTLSSwitchStates" dest={quoteattr(str(shown))}/></additional>\n'
        )
        plan_file = None
        if plan.programs or plan.actuated:
            plan_file = folder / "plan.add.xml"
            write_plan(plan, plan_file, taken)
        # SUMO tells of a moment only when it goes beyond it.
        watched = replace(scenario, end_s=end_s + EVERY_S, additional_quiet=(*scenario.additional_quiet, states))
        command = [str(binary("sumo")), *simulation_options(watched, seed, folder, plan_file)]
        command += ["--fcd-output", str(seen), "--person-fcd-output", str(walking)]
        command += ["--device.fcd.begin", f"{begin_s:.3f}", "--device.fcd.period", f"{EVERY_S:g}"]
        command += ["--fcd-output.attributes", "id,x,y,angle,type,pos,lane", "--output.column-header", "plain"]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise InputError(f"SUMO refuses scenario '{scenario.name}': {' '.join(done.stderr.split())[:600]}")
        return Recording(begin_s, end_s, _table(seen), _table(walking), _shown(shown))


def _table(file: Path) -> polars.DataFrame:
    """Return the rows of SUMO's floating car data."""
    import polars  # noqa: PLC0415  takes its time to import

    names = {"time": "time_s", "id": "vehicle", "x": "x_m", "y": "y_m", "angle": "angle_deg", "pos": "pos_m"}
    texts = ("id", "type", "lane")
    schema = {name: polars.String if name in texts else polars.Float64 for name in (*names, "type", "lane")}
    if not file.is_file() or not file.stat().st_size:  # nobody was there
        return polars.DataFrame(schema=schema).rename(names)
    # No id in SUMO holds a separator or a quote.
    table = polars.read_csv(file, separator=";", quote_char=None, schema_overrides=schema)
    table = polars.concat([polars.DataFrame(schema=schema), table], how="diagonal")
    return table.select(*schema).rename(names).drop_nulls(["x_m", "y_m"])


def _shown(file: Path) -> tuple[Shown, ...]:
    """Return the signals' letters at every change."""
    found: list[Shown] = []
    letters: dict[str, str] = {}
    for of in parse_xml(file).iter("tlsState"):
        signal, state = of.get("id"), of.get("state")
        if letters.get(signal) != state:
            letters[signal] = state
            found.append(Shown(signal, float(of.get("time")), state))
    return tuple(found)
