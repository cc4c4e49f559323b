"""GMNS (General Modeling Network Specification, 0.9x): network and signal programs of a folder of tables."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from engine.errors import InputError
from engine.sumo.programs import program_lines
from engine.sumo.rewrite import replace_programs
from engine.sumo.tools import plain_xml_text
from scenarios.folder import NETWORK
from scenarios.imports.gmns_file import Gmns, GmnsLink, GmnsMovement, read_gmns
from scenarios.imports.gmns_signals import node_signals, program_of
from scenarios.imports.lanes import Lane
from scenarios.imports.parts import Asked, Imported, plain_network, random_demand, reviewed, write_configuration
from scenarios.imports.pieces import Piece, Stretch, connection, into_bays, length_m, pieces_of
from scenarios.imports.programs import mend_greens, network_of

__all__ = ["import_gmns"]

OPTIONS = (
    *("--no-turnarounds", "true", "--tls.default-type", "static", "--junctions.corner-detail", "0"),
    *("--tls.allred.time", "2", "--output.street-names", "true"),
)
NODE_TYPES = {"stop_4_way": "allway_stop", "4_stop": "allway_stop"}


def import_gmns(source: Path, folder: Path, asked: Asked) -> Imported:
    """Build a scenario of a folder of GMNS tables into `folder`: roads, lanes, pockets, movements, timings.

    Raises:
        InputError: a table or column is missing, a value is broken, or a row names what is not there.
    """
    data = read_gmns(source, asked.units)
    told = list(data.told)
    signals, more = node_signals(data)
    told += more
    lit = {node.id for node in data.nodes.values() if "signal" in node.control}
    lit |= {movement.node for movement in data.movements if movement.control.startswith("signal")} | set(signals)
    lit &= _junctions(data)
    if not lit:
        raise InputError(
            f"'{source}' names no signal: no ctrl_type of node.csv or movement.csv says so, so there is no plan to improve."
        )
    texts, ends, begins = _plain(data, lit, told)
    warnings = plain_network(texts, folder, asked, source, OPTIONS)
    network = network_of(folder / NETWORK)
    pairs: dict[tuple[str, str], list[GmnsMovement]] = defaultdict(list)
    for movement in data.movements:
        pairs[ends[movement.start], begins[movement.to]].append(movement)
    origins = dict.fromkeys((signal.id for signal in network.signals), "in the tables; timing guessed by netconvert")
    lines = {}
    for signal in network.signals:
        if signal.id not in signals:
            continue
        try:
            lines[signal.id] = program_lines(program_of(signals[signal.id], signal, pairs), "0")
            origins[signal.id] = "in the tables, with its timing"
        except InputError as error:
            told.append(f"Signal '{signal.id}' keeps netconvert's guess, because its timing does not fit: {error}")
    replace_programs(folder / NETWORK, lines)
    told += mend_greens(folder / NETWORK, network_of(folder / NETWORK))
    routes, of_demand = random_demand(folder, asked)
    write_configuration(folder, 0.0, 3600.0, routes)
    network = network_of(folder / NETWORK)
    n_guessed = len(network.signals) - len(lines)
    guessed = f"Of {n_guessed} of {len(network.signals)} signals the timing is netconvert's guess (signals.csv says of which)."
    return Imported(
        summary=f"{len(data.links)} roads and {len(network.signals)} signals from GMNS",
        kind="gmns",
        told=tuple(told),
        notes=(*([guessed] if n_guessed else []), of_demand),
        warnings=tuple(warnings),
        signals=reviewed(network, origins, {}),
        facts={"roads": len(data.links), "movements": len(data.movements), "signals": len(network.signals)},
    )


def _junctions(data: Gmns) -> set[str]:
    """Return the nodes that traffic both reaches and leaves: a signal at an end of the network controls nothing."""
    return {link.to_node for link in data.links.values()} & {link.from_node for link in data.links.values()}


def _plain(data: Gmns, lit: set[str], told: list[str]) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Return the texts of netconvert's plain files, and the last and the first edge of each link."""
    used = {node for link in data.links.values() for node in (link.from_node, link.to_node)}
    nodes = []
    for node in data.nodes.values():
        if node.id in used:
            kind = "traffic_light" if node.id in lit else NODE_TYPES.get(node.control, "priority")
            nodes.append(f'<node id={quoteattr(_id(node.id))} x="{node.x_m:.2f}" y="{node.y_m:.2f}" type="{kind}"/>')
    edges: list[str] = []
    connections: list[str] = []
    pieces: dict[str, tuple[Piece, ...]] = {}
    for link in data.links.values():
        stretch = Stretch(_id(link.id), _id(link.from_node), _id(link.to_node), link.name, link.speed_m_s)
        made, more_nodes, more_edges = pieces_of(stretch, _stop_lanes(link), link.line)
        pieces[link.id] = made
        nodes += more_nodes
        edges += more_edges
        connections += into_bays(made)
    connections += _turns(data, pieces, told)
    texts = {
        "nod": plain_xml_text("nodes", nodes),
        "edg": plain_xml_text("edges", edges),
        "con": plain_xml_text("connections", connections),
    }
    ends = {name: of[-1].edge for name, of in pieces.items()}
    return texts, ends, {name: of[0].edge for name, of in pieces.items()}


def _id(name: str) -> str:
    """Return an id that SUMO takes: no spaces, nor what separates lists."""
    return re.sub(r"[^\w.#-]", "_", name)


def _numbers(link: GmnsLink) -> list[int]:
    """Return the numbers of a link's lanes at its end from the kerb on."""
    return sorted((*link.lanes, *(pocket.lane for pocket in link.pockets)), reverse=True)


def _stop_lanes(link: GmnsLink) -> list[Lane]:
    longest_m = length_m(link.line) - 15.0
    bays = {pocket.lane: min(pocket.length_m, longest_m) for pocket in link.pockets} if longest_m > 15.0 else {}
    return [Lane((), bays.get(lane)) for lane in _numbers(link)]


def _turns(data: Gmns, pieces: Mapping[str, Sequence[Piece]], told: list[str]) -> list[str]:
    """Return the connections over the junctions: by lanes where the file says so, else by roads for netconvert to choose."""
    found: dict[str, None] = {}
    for movement in data.movements:
        start, to = data.links[movement.start], data.links[movement.to]
        edges = pieces[start.id][-1].edge, pieces[to.id][0].edge
        if not movement.start_lanes:
            found[f"<connection from={quoteattr(edges[0])} to={quoteattr(edges[1])}/>"] = None
            continue
        from_lanes = _numbers(start)
        to_lanes = sorted(to.lanes, reverse=True)
        into = [lane for lane in sorted(movement.to_lanes, reverse=True) if lane in to_lanes] or to_lanes
        leaving = sorted(movement.start_lanes, reverse=True)
        for place, lane in enumerate(leaving):
            # Turns to the middle keep the order from there, all others that from the kerb.
            inner = "left" in movement.turn or "uturn" in movement.turn
            at = max(len(into) - len(leaving) + place, 0) if inner else min(place, len(into) - 1)
            found[connection(edges[0], from_lanes.index(lane), edges[1], to_lanes.index(into[at]))] = None
    ends = {link.to_node for link in data.links.values()}
    silent = sorted(ends & _junctions(data) - {movement.node for movement in data.movements})
    if data.movements and silent:
        told.append(
            f"movement.csv says nothing of {len(silent)} nodes: which lane leads where is netconvert's guess there."
        )
    return list(found)
