"""Builds described streets into a folder: network, demand and configuration for plain SUMO."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from engine.sumo.net import conflicts
from engine.sumo.netconvert import build_network
from engine.sumo.rewrite import replace_programs
from scenarios.junction import signals
from scenarios.junction.build import NETCONVERT, making, program_lines, write_configuration
from scenarios.junction.data import CROSSING, load
from scenarios.streets import data, demand, geometry

__all__ = ["GALLERY", "demanded", "sources", "warmup_s", "write"]

GALLERY = Path(__file__).parent.parent / "gallery"
"""Our own congested junctions, and the best plan on record for each in its folder ``plans``."""


def sources(file: Path) -> tuple[Path, ...]:
    """Return the file that describes the streets."""
    data.read(file)
    return (file.absolute(),)


def demanded(file: Path) -> dict[str, str]:
    """Return SHA-256 of everything that describes the streets but their signals' timing."""
    data.read(file)
    entries = {key: value for key, value in load(file).items() if key != "signals"}
    return {file.name: hashlib.sha256(json.dumps(entries, sort_keys=True, default=str).encode()).hexdigest()}


def warmup_s(file: Path) -> float:
    """Return the seconds before the first quarter that are simulated and not evaluated."""
    return data.read(file).warmup_min * 60.0


def write(file: Path, folder: Path) -> Path:
    """Build the streets that `file` describes into `folder`; return their ``.sumocfg``.

    The folder appears whole or not at all. The same description gives the same bytes.

    Raises:
        InputError: the description is wrong, or netconvert refuses it.
    """
    streets = data.read(file)
    with making(folder) as scratch:
        _build(streets, scratch)
    return folder / "streets.sumocfg"


def _build(streets: data.Streets, folder: Path) -> None:
    for suffix, text in geometry.plain_xml(streets).items():
        (folder / f"streets.{suffix}.xml").write_text(text, encoding="utf-8")
    (folder / "streets.rou.xml").write_text(demand.routes_xml(streets), encoding="utf-8")
    plain = [f"--{kind}-files=streets.{kind[:3]}.xml" for kind in ("node", "edge", "connection")]
    net = folder / "streets.net.xml"
    build_network([*NETCONVERT, *plain], net, "Correct the description.")
    programs = {}
    for name, signal in streets.signals.items():
        phases = signals.phases(signal, _movements(streets, name, net))
        programs[name] = program_lines(name, signal.timing.offset_s, phases)
    replace_programs(net, programs)
    write_configuration(folder, "streets", 0.0, demand.end_s(streets))


def _movements(streets: data.Streets, name: str, net: Path) -> dict[int, signals.Movement]:
    """Return what each letter of a built signal's state controls."""
    signal = streets.signals[name]
    movements = {}
    for link in conflicts(net, name):
        if link.crossed_edges:
            leg = next(
                of
                for of in signal.legs
                if set(link.crossed_edges) & set(geometry.crossed_edges(streets, name, of.name))
            )
            found = signals.Movement(leg.name, CROSSING, leg.name, link.length_m, link.foes, link.yields)
        else:
            leg = signal.leg(link.from_edge.partition("-")[0])
            to = signal.leg(link.to_edge.partition("-")[2].partition(".")[0])
            turns = dict.fromkeys(turn for lane in leg.inbound for turn in lane.turns)
            turn = next(turn for turn in turns if geometry.exit_leg(signal, leg, turn) is to)
            found = signals.Movement(leg.name, turn, to.name, link.length_m, link.foes, link.yields)
        movements[link.index] = found
    return movements
