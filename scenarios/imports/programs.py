"""Signals of a network that is being imported: as data, and their guessed programs made safe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.conflicts import conflict
from engine.network import RANK, Link, Network, Signal
from engine.stages import NetProgram
from engine.sumo.net import read_network, street_names
from engine.sumo.programs import in_force
from engine.sumo.rewrite import replace_states

__all__ = ["mend_greens", "network_of", "street_names"]


def network_of(net: Path) -> Network:
    """Return the signals of a network file under its own programs.

    Raises:
        InputError: it has none.
    """
    return read_network(net, in_force(net, ()), {})


def mend_greens(net: Path, network: Network) -> list[str]:
    """Make one of two conflicting greens give way, where netconvert's guess lets both go; say where, a sentence each.

    Where the network makes neither give way, the lower ranking one of them turns red in that phase.
    """
    mended: dict[str, list[str]] = {}
    told = []
    for signal, raw in _guessed(net, network):
        links = {link.index: link for link in signal.links}
        states, changed = [], set()
        for phase in raw.phases:
            state, names = _safe(phase.state, links)
            states.append(state)
            changed |= names
        if changed:
            mended[signal.id] = states
            told.append(
                f"Signal '{signal.id}': the guessed program let {' and '.join(sorted(changed))} go at once; one of them "
                "gives way now."
            )
    replace_states(net, mended)
    return told


def _guessed(net: Path, network: Network) -> list[tuple[Signal, NetProgram]]:
    programs = in_force(net, ())
    return [(signal, programs[signal.id]) for signal in network.signals if signal.id in programs]


def _safe(state: str, links: Mapping[int, Link]) -> tuple[str, set[str]]:
    """Return a state without conflicting greens, and the names of movements that had them."""
    letters = list(state)
    names: set[str] = set()
    for index, link in sorted(links.items()):
        for other in link.foes:
            if other <= index or other not in links:
                continue
            foe = links[other]
            yields = other in link.yields, index in foe.yields
            if not conflict(letters[index], letters[other], *yields):
                continue
            names |= {link.movement, foe.movement}
            if yields[0] or yields[1]:
                letters[index if yields[0] else other] = "g"
            else:
                letters[index if RANK[link.turn] < RANK[foe.turn] else other] = "r"
    return "".join(letters), names
