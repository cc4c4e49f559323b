"""Builds a described junction into a folder: network, demand and configuration for plain SUMO."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from engine.errors import InputError
from engine.files import sha256
from engine.sumo.net import conflicts
from engine.sumo.netconvert import build_network
from engine.sumo.rewrite import replace_programs
from scenarios.junction import data, demand, geometry, signals

__all__ = ["NETCONVERT", "demanded", "making", "program_lines", "sources", "warmup_s", "write", "write_configuration"]

NETCONVERT = (
    *("--no-turnarounds", "true"),
    *("--tls.default-type", "static"),
    *("--junctions.corner-detail", "0"),
    *("--no-warnings", "true"),
)


def sources(file: Path | None) -> tuple[Path, ...]:
    """Return the files that describe a junction: the YAML, and the CSV that it names."""
    data.read(file)
    csv = data.counts_file(file)
    return ((file or data.BUILTIN).absolute(), *([csv.absolute()] if csv else []))


def demanded(file: Path | None) -> dict[str, str]:
    """Return SHA-256 by file of everything that describes a junction but its timing."""
    description, *tables = sources(file)
    entries = {key: value for key, value in yaml.safe_load(description.read_bytes()).items() if key != "timing"}
    digest = hashlib.sha256(json.dumps(entries, sort_keys=True, default=str).encode()).hexdigest()
    return {description.name: digest} | {table.name: sha256(table) for table in tables}


def warmup_s(file: Path | None) -> float:
    """Return the seconds before the counts that are simulated and not evaluated."""
    return data.read(file).warmup_min * 60.0


def write(file: Path | None, folder: Path) -> Path:
    """Build the junction that `file` describes (`None`: the built-in one) into `folder`; return its ``.sumocfg``.

    The folder appears whole or not at all. The same description gives the same bytes.

    Raises:
        InputError: the description is wrong, or netconvert refuses it.
    """
    description = data.read(file)
    with making(folder) as scratch:
        _build(description, scratch)
    return folder / "junction.sumocfg"


@contextmanager
def making(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `folder` on a clean exit: nobody sees half a scenario.

    Raises:
        InputError: it cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    except OSError as error:
        raise InputError(
            f"'{folder}' cannot be written: {error.strerror}. Choose another place with out=DIR."
        ) from error
    try:
        yield scratch
        scratch.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _build(description: data.Description, folder: Path) -> None:
    for suffix, text in geometry.plain_xml(description).items():
        (folder / f"junction.{suffix}.xml").write_text(text, encoding="utf-8")
    (folder / "junction.rou.xml").write_text(demand.routes_xml(description), encoding="utf-8")
    plain = [f"--{kind}-files=junction.{kind[:3]}.xml" for kind in ("node", "edge", "connection")]
    if description.drive_on == "left":
        plain.append("--lefthand=true")
    net = folder / "junction.net.xml"
    build_network([*NETCONVERT, *plain], net, "Correct the description.")
    # netconvert's own guess at a program gives way to the plan in the street, bounds of the greens included, which it
    # would drop.
    phases = signals.phases(description, _movements(description, net))
    replace_programs(net, {geometry.CENTRE: program_lines(geometry.CENTRE, description.timing.offset_s, phases)})
    begin_s = min(count.start_s for count in description.counts) - description.warmup_min * 60.0
    end_s = max(count.end_s for count in description.counts) + description.clearing_min * 60.0
    write_configuration(folder, "junction", begin_s, end_s)


def write_configuration(folder: Path, stem: str, begin_s: float, end_s: float) -> None:
    """Write ``<stem>.sumocfg`` for the network and the demand of that name."""
    (folder / f"{stem}.sumocfg").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<configuration>\n'
        f'    <input>\n        <net-file value="{stem}.net.xml"/>\n        <route-files value="{stem}.rou.xml"/>\n'
        f'    </input>\n    <time>\n        <begin value="{begin_s:g}"/>\n        <end value="{end_s:g}"/>\n'
        "    </time>\n</configuration>\n",
        encoding="utf-8",
    )


def _movements(description: data.Description, net: Path) -> dict[int, signals.Movement]:
    """Return what each letter of the built junction's state controls."""
    legs_in = {geometry.inbound_edges(description, leg)[-1][0]: leg for leg in description.legs}
    legs_out = {geometry.edge_names(description, leg)[1]: leg for leg in description.legs}
    movements = {}
    for link in conflicts(net, geometry.CENTRE):
        if link.crossed_edges:
            leg = next(legs_in[edge] for edge in link.crossed_edges if edge in legs_in)
            found = signals.Movement(leg.name, data.CROSSING, leg.name, link.length_m, link.foes, link.yields)
        else:
            leg, exit_leg = legs_in[link.from_edge], legs_out[link.to_edge]
            turn = next(t for t in data.TURNS if _serves(description, leg, t, exit_leg))
            found = signals.Movement(leg.name, turn, exit_leg.name, link.length_m, link.foes, link.yields)
        movements[link.index] = found
    return movements


def _serves(description: data.Description, leg: data.Leg, turn: str, exit_leg: data.Leg) -> bool:
    return any(turn in lane.turns for lane in leg.inbound) and geometry.target(description, leg, turn) is exit_leg


def program_lines(signal: str, offset_s: int, program: Sequence[signals.SignalPhase]) -> list[str]:
    """Return a signal's program as lines of a network file."""
    lines = []
    for phase in program:
        bounds = "" if phase.bounds_s is None else f' minDur="{phase.bounds_s[0]}" maxDur="{phase.bounds_s[1]}"'
        lines.append(f'        <phase duration="{phase.seconds}" state="{phase.state}"{bounds}/>')
    head = f'    <tlLogic id="{signal}" type="static" programID="0" offset="{offset_s}">'
    return [head, *lines, "    </tlLogic>"]
