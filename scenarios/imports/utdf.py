"""UTDF 8 (Synchro): network, demand and signal programs of one file."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.errors import InputError
from engine.formats.utdf import Utdf, read_utdf
from engine.formats.utdf_plan import node_program
from engine.formats.utdf_roads import Movement, Roads, read_roads
from engine.formats.utdf_timing import NodeTiming, node_timings, shared_timings
from engine.network import Signal, edge_of
from engine.sumo.programs import program_lines
from engine.sumo.rewrite import replace_programs
from engine.sumo.turning import turned, write_turning_demand
from kernels.formulas import geh
from scenarios.folder import DEMAND, NETWORK
from scenarios.imports.parts import Asked, Imported, plain_network, random_demand, write_configuration
from scenarios.imports.programs import mend_greens, network_of
from scenarios.imports.utdf_plain import Built, plain_files
from scenarios.junction.demand import CAR, TRUCK

__all__ = ["import_utdf"]

WARMUP_S, HOUR_S = 900.0, 3600.0
OPTIONS = (
    *("--no-turnarounds", "true", "--tls.default-type", "static", "--junctions.corner-detail", "0"),
    *("--offset.disable-normalization", "true"),
)

ABOUT = re.compile(r"(Node|Signal) ('[^']*'|\d+)(.*)", re.DOTALL)
"""What begins a sentence about one of them."""

Roadway = Mapping[tuple[str, str], Built]


def import_utdf(source: Path, folder: Path, asked: Asked) -> Imported:
    """Build a scenario of a UTDF file into `folder`: roads, lanes and bays, volumes as demand, timings as programs.

    Raises:
        InputError: a section is missing, a line or value is broken, or the units contradict each other.
    """
    data = read_utdf(source)
    roads = read_roads(data, str(source), asked.units)
    timings, told = _timings(data, roads, source)
    texts, built, more = plain_files(roads, timings)
    told += [*roads.notes, *more]
    warnings = plain_network(texts, folder, asked, source, OPTIONS)
    told += _programs(folder / NETWORK, timings, built, asked.whole_seconds)
    routes, of_demand, share = _demand(folder, roads, built, asked)
    write_configuration(folder, 0.0, WARMUP_S + HOUR_S, routes)
    network = network_of(folder / NETWORK)
    n_signals = len(network.signals)
    return Imported(
        summary=f"{len(roads.roads)} roads and {n_signals} signals from UTDF",
        kind="utdf",
        told=tuple(_grouped(told)),
        notes=(of_demand,),
        warnings=tuple(warnings),
        facts={"roads": len(roads.roads), "signals": n_signals, "geh_under_5": share},
        warmup_s=WARMUP_S,
    )


def _grouped(told: Sequence[str]) -> list[str]:
    """Return sentences with those that say the same of several nodes or signals put together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for sentence in told:
        found = ABOUT.fullmatch(sentence)
        kind, name, rest = found.groups() if found else ("", "", sentence)
        groups.setdefault((kind, rest), []).append(name)
    return [
        f"{kind} {', '.join(dict.fromkeys(names))}{rest}" if kind else rest for (kind, rest), names in groups.items()
    ]


def _timings(data: Utdf, roads: Roads, source: Path) -> tuple[dict[str, NodeTiming], list[str]]:
    """Return the timing of every node with a signal: its own, or that of the controller that runs it too."""
    if not (data.named("Timeplans") and data.named("Phases")):
        raise InputError(
            f"'{source}' has no sections [Timeplans] and [Phases], so there is no signal in it. Export the whole file."
        )
    timings = node_timings(data, str(source))
    notes = [note for of in timings.values() for note in of.notes]
    told = []
    for node, (controller, timing) in shared_timings(data, timings, str(source)).items():
        timings[node] = timing
        notes = [note for note in notes if f"node {node}, which gets no plan" not in note]
        told.append(
            f"Node {node} is run by the controller of node {controller}: both signals have its timing. Change them together."
        )
    return timings, [*(f"{note[:1].upper()}{note[1:]}." for note in notes), *told]


def _programs(net: Path, timings: Mapping[str, NodeTiming], built: Roadway, whole: bool) -> list[str]:
    """Put the file's timings into the network; say what is lost, a sentence each."""
    network = network_of(net)
    begins = {of.begins: key for key, of in built.items()}
    ends = {of.ends: of for of in built.values()}
    lines, told = {}, []
    for signal in network.signals:
        node = timings[signal.id]
        columns = _columns(signal, begins, ends)
        try:
            program, notes = node_program(_walked(node), signal, {}, whole, columns=columns)
        except InputError as error:
            told.append(f"Signal '{signal.id}' keeps netconvert's guess, because its timing does not fit: {error}")
            continue
        told += [f"{note[:1].upper()}{note[1:]}." for note in notes]
        lines[signal.id] = program_lines(program, "0")
    replace_programs(net, lines)
    unsafe = mend_greens(net, network_of(net))
    return [*told, *unsafe]


def _walked(node: NodeTiming) -> NodeTiming:
    """Return the timing with least greens in which people can walk: the network has no crossings that would hold them."""
    phases = tuple(
        dataclasses.replace(
            phase, min_green_s=min(max(phase.min_green_s, phase.walk_s + (phase.dont_walk_s or 0.0)), phase.green_s)
        )
        if phase.walk_s
        else phase
        for phase in node.timing.phases
    )
    return dataclasses.replace(node, timing=dataclasses.replace(node.timing, phases=phases))


def _columns(signal: Signal, begins: Mapping[str, tuple[str, str]], ends: Mapping[str, Built]) -> dict[int, str]:
    """Return UTDF's movement of each link by its index: the one between the two roads that it joins."""
    columns = {}
    for link in signal.links:
        road = ends[edge_of(link.lane)].road
        _, to_node = begins[edge_of(link.to_lane)]
        columns[link.index] = next(m.column for m in road.movements if m.to_node == to_node)
    return columns


def _demand(folder: Path, roads: Roads, built: Roadway, asked: Asked) -> tuple[list[str], str, float | None]:
    """Write the volumes as demand; return the files, what has to be said of it, and the share of movements that fit."""
    counted: dict[tuple[str, str], Movement] = {}
    turns: dict[str, dict[str, float]] = {}
    entering: dict[str, tuple[str, float]] = {}
    for of in built.values():
        volumes = {m: m.volume_veh_h for m in of.road.movements if m.volume_veh_h is not None}
        if not volumes:
            continue
        onward = {built[of.road.to_node, m.to_node].begins: volume for m, volume in volumes.items()}
        turns[of.ends] = onward
        counted |= {(of.ends, built[of.road.to_node, m.to_node].begins): m for m in volumes}
        if roads.nodes[of.road.from_node].kind == "external":
            entering[of.begins] = "mix", sum(volumes.values())
    if not any(veh_h for _, veh_h in entering.values()):
        routes, said = random_demand(folder, asked)
        return routes, f"The file has no volumes for the roads into the network. {said}", None
    all_m = [m for m in counted.values() if m.volume_veh_h]
    trucks = sum(m.trucks * (m.volume_veh_h or 0.0) for m in all_m) / sum(m.volume_veh_h or 0.0 for m in all_m)
    types = [
        CAR.strip(),
        TRUCK.strip(),
        f'<vTypeDistribution id="mix" vTypes="car truck" probabilities="{1.0 - trucks:.4f} {trucks:.4f}"/>',
    ]
    end_s = WARMUP_S + HOUR_S
    n = write_turning_demand(folder / NETWORK, folder / DEMAND, types, entering, turns, (0.0, end_s), asked.seed)
    made = turned(folder / DEMAND, (0.0, end_s))
    fits = [float(geh(made.get(pair, 0) * HOUR_S / end_s, m.volume_veh_h or 0.0)) < 5.0 for pair, m in counted.items()]
    share = sum(fits) / len(fits)
    said = (
        f"The demand is the file's hourly volumes: {n} vehicles in {end_s / 60:.0f} minutes, the first "
        f"{WARMUP_S / 60:.0f} of them to fill the network. They enter where the file's roads begin and turn by its shares; "
        f"{sum(fits)} of {len(fits)} movements get their volume within GEH 5."
    )
    return [DEMAND], said, round(share, 3)
