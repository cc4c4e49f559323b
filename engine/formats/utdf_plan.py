"""A plan for a network from the timings in a UTDF file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import InputError, nearest
from engine.formats.utdf import Utdf
from engine.formats.utdf_timing import MovementPhases, NodeTiming, node_timings
from engine.network import Network, Signal
from engine.plan import Plan, Program
from engine.ring_program import Service, Wiring, ring_program, shared_greens, walks, whole_seconds

__all__ = ["DIRECTIONS", "TURN_LETTERS", "NodeMap", "node_program", "utdf_plan"]

DIRECTIONS = {"N": "SB", "NE": "SW", "E": "WB", "SE": "NW", "S": "NB", "SW": "NE", "W": "EB", "NW": "SE"}
"""UTDF names traffic by where it goes, we by where it comes from."""
TURN_LETTERS = {"left": ("L", "L2"), "through": ("T",), "right": ("R", "R2"), "uturn": ("U",)}
"""Columns of a turn, the common one first; a `2` is a second, sharper or softer one."""
TURN_OF = {letter: turn for turn, letters in TURN_LETTERS.items() for letter in letters}
STANDS_IN = {"left": "TR", "through": "RL", "right": "TL", "uturn": "LTR"}
"""Whose phases a movement has that shares a lane and has none of its own."""


@dataclass(frozen=True)
class NodeMap:
    """Which signal a node is, and which approach each of its directions (NB, SB, ...) where names do not tell."""

    signal: str
    approaches: Mapping[str, str] = field(default_factory=dict)


def utdf_plan(
    data: Utdf,
    network: Network,
    nodes: Mapping[str, NodeMap],
    source: str = "UTDF",
    whole: bool = True,
    min_green_s: float = 5.0,
) -> tuple[Plan, list[str]]:
    """Return the plan, and what of the file it does not hold, a sentence each.

    Args:
        data: the file.
        network: its signals are those that a node may be.
        nodes: signals by INTID. Where it is empty, a node is the signal that its DESCRIPTION or its INTID names, and the
            only node of a file is the only signal of a network.
        source: what messages call the file.
        whole: whether times are rounded to whole seconds; see `engine.ring_program.whole_seconds`.
        min_green_s: least green of a stage where its phases have no longer one, seconds.

    Raises:
        InputError: the file's timing cannot be used, a node or signal is unknown, or a movement has no phase.
    """
    timings = node_timings(data, source)
    signals = {signal.id: signal for signal in network.signals}
    nodes = nodes or _by_name(timings, signals, source)
    programs, notes = [], []
    for node, of in nodes.items():
        if node not in timings:
            raise InputError(
                f"'{source}': there is no timing for node '{node}'.{nearest(node, timings)} "
                f"The file has {', '.join(list(timings)[:12])}."
            )
        if of.signal not in signals:
            raise InputError(
                f"node {node}: the network has no signal '{of.signal}'.{nearest(of.signal, signals)} "
                f"Its signals are {', '.join(repr(name) for name in sorted(signals)[:8])}."
            )
        program, more = node_program(timings[node], signals[of.signal], of.approaches, whole, min_green_s)
        programs.append(program)
        notes += [*timings[node].notes, *more]
    ignored = [node for node in timings if node not in nodes]
    if ignored:
        notes.append(f"nodes without a signal here: {', '.join(ignored)}")
    twice = sorted({of.signal for of in nodes.values() if [o.signal for o in nodes.values()].count(of.signal) > 1})
    if twice:
        raise InputError(f"signal '{twice[0]}' is given to more than one node. Map each signal once.")
    return Plan(tuple(sorted(programs, key=lambda program: program.signal))), notes


def _by_name(timings: Mapping[str, NodeTiming], signals: Mapping[str, Signal], source: str) -> dict[str, NodeMap]:
    found = {}
    for node, of in timings.items():
        name = next((name for name in (of.description, node) if name in signals), None)
        if name is not None:
            found[node] = NodeMap(name)
    if not found and len(timings) == len(signals) == 1:
        return {next(iter(timings)): NodeMap(next(iter(signals)))}
    if not found:
        wanted = [of.description or node for node, of in timings.items()]
        close = next((text for text in (nearest(name, signals) for name in wanted) if text), "")
        raise InputError(
            f"'{source}': none of its nodes ({', '.join(wanted[:8])}) is a signal of the network "
            f"({', '.join(repr(name) for name in sorted(signals)[:8])}).{close} Say which is which with map=NODE:SIGNAL,... "
            "or map=FILE."
        )
    return found


def node_program(
    node: NodeTiming,
    signal: Signal,
    approaches: Mapping[str, str],
    whole: bool = True,
    min_green_s: float = 5.0,
    columns: Mapping[int, str] | None = None,
) -> tuple[Program, list[str]]:
    """Return a node's timing as the program of a signal, and what is lost, a sentence each.

    Args:
        node: the timing.
        signal: the signal.
        approaches: the approach's name by direction, for those directions that the compass does not tell.
        whole: whether times are rounded to whole seconds.
        min_green_s: least green of a stage where its phases have no longer one, seconds.
        columns: UTDF's movement of each vehicle link by its index, where the network was built of the file; otherwise
            compass and turn tell.

    Raises:
        InputError: an approach or a movement is unknown, a movement has no phase, or conflicting greens.
    """
    timing = node.timing
    timing = type(timing)(**{**vars(timing), "signal": signal.id})
    notes = []
    if whole:
        timing, note = whole_seconds(timing)
        notes += [note] if note else []
    wiring = _wiring(
        node, signal, _sought(signal, _directions(node, signal, approaches)) if columns is None else columns
    )
    walked = walks(timing, wiring.services, signal.links)
    standing = [link.movement for link in signal.links if link.kind == "pedestrian" and not walked.get(link.index)]
    if standing:
        names = ", ".join(dict.fromkeys(standing))
        notes.append(f"signal '{signal.id}': {names} has no walk in the file and stays red")
    program = ring_program(timing, wiring, signal.links, min_green_s)
    shared = sorted(n for n in shared_greens(timing, program) if timing.phase(n).min_green_s > min_green_s)
    if shared:
        notes.append(
            f"signal '{signal.id}': the least green of phase {', '.join(map(str, shared))} is not one stage's, and is "
            "not kept"
        )
    return program, notes


def _directions(node: NodeTiming, signal: Signal, given: Mapping[str, str]) -> dict[str, str]:
    """Return the UTDF direction of each approach by its name."""
    names = [approach.name for approach in signal.approaches]
    for direction, name in given.items():
        if name not in names:
            raise InputError(
                f"signal '{signal.id}' has no approach '{name}' for {direction}.{nearest(name, names)} "
                f"Its approaches are {', '.join(names)}."
            )
    found = {name: direction for direction, name in given.items()}
    for name in names:
        if name not in found and name in DIRECTIONS and DIRECTIONS[name] not in found.values():
            found[name] = DIRECTIONS[name]
    there = {movement.rstrip("2")[:-1] for movement in node.movements}
    for name in names:
        if found.get(name) not in there:
            raise InputError(
                f"node {node.node}: no movement comes from {name} to signal '{signal.id}'; the file has "
                f"{', '.join(sorted(there)) or 'none'}. Say in map=FILE which direction is approach {name}."
            )
    return found


def _sought(signal: Signal, directions: Mapping[str, str]) -> dict[int, str]:
    """Return the common UTDF movement of each vehicle link by its index: direction of its approach, letter of its turn."""
    return {
        link.index: directions[link.approach] + TURN_LETTERS[link.turn][0]
        for link in signal.links
        if link.kind == "vehicle"
    }


def _wiring(node: NodeTiming, signal: Signal, columns: Mapping[int, str]) -> Wiring:
    protected: dict[int, set[int]] = {phase.number: set() for phase in node.timing.phases}
    permitted: dict[int, set[int]] = {phase.number: set() for phase in node.timing.phases}
    always, on_red = set(), set()
    for link in signal.links:
        if link.kind != "vehicle":
            continue
        column = columns[link.index]
        direction, turn = column[:2], TURN_OF[column[2:]]
        names = dict.fromkeys((column, *(direction + letters for letters in TURN_LETTERS[turn])))
        own = [node.movements.get(name) for name in names]
        movement = next((of for of in own if of and (of.protected or of.permitted)), None)
        if movement is None:
            movement = _shared(node, direction, turn)
        if movement is None:
            raise InputError(
                f"node {node.node}: no phase serves {direction} traffic, which {link.movement} of signal '{signal.id}' is. "
                "Give it one in the other tool, or map another direction to the approach with map=FILE."
            )
        if movement.uncontrolled:
            always.add(link.index)
        if turn == "right" and any(of and of.on_red for of in own):
            on_red.add(link.index)
        for numbers, service in ((movement.protected, protected), (movement.permitted, permitted)):
            for number in numbers:
                if number in service:
                    service[number].add(link.index)
    services = {n: Service(frozenset(protected[n]), frozenset(permitted[n] - protected[n])) for n in protected}
    return Wiring(services, frozenset(always), frozenset(on_red))


def _shared(node: NodeTiming, direction: str, turn: str) -> MovementPhases | None:
    """Return the phases of the movement whose lane a turn shares; a left turn gives way in them."""
    for letter in STANDS_IN[turn]:
        other = node.movements.get(direction + letter)
        if other and (other.protected or other.permitted):
            if turn in ("left", "uturn") and letter in "TR":
                return MovementPhases((), tuple(dict.fromkeys((*other.protected, *other.permitted))))
            return other
    return None
