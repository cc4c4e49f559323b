"""Programs that respond to traffic, taken from a plan file as they stand: SUMO's actuated, delay-based and NEMA control."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Writer

from defusedxml import ElementTree

from engine.errors import InputError
from engine.network import Network

__all__ = ["KINDS", "actuated_lines", "actuated_programs"]

KINDS = ("actuated", "delay_based", "NEMA")
"""SUMO's types of tlLogic that respond to traffic with nothing beside the file."""
WRITES = "file"
"""The parameter that makes SUMO write what its detectors see; a run leaves no files but its own."""


def actuated_programs(root: Any, path: Path, network: Network) -> tuple[str, ...]:
    """Return the last tlLogic of every signal that has one of `KINDS`, as text, sorted by signal id.

    Detectors that a program names and the network has not are SUMO's to refuse: those that SUMO makes itself need none.

    Args:
        root: the file's root element.
        path: its name, for messages.
        network: the signals.

    Raises:
        InputError: a program has no phases, or a state of the wrong length.
    """
    widths = {signal.id: 1 + max(link.index for link in signal.links) for signal in network.signals}
    last = {element.get("id", ""): element for element in root.iter("tlLogic")}
    programs = []
    for signal, element in sorted(last.items()):
        if element.get("type") not in KINDS:
            continue
        states = [phase.get("state", "") for phase in element.findall("phase")]
        wrong = next((state for state in states if len(state) < widths.get(signal, 0)), None)
        if not states or wrong is not None:
            what = "no phases" if not states else f"a state of {len(wrong or '')} letters for {widths[signal]} links"
            raise InputError(f"'{path}': signal '{signal}' has {what}. Give one letter for each link.")
        for parameter in element.findall("param"):
            if parameter.get("key") == WRITES:
                element.remove(parameter)
        element.tail = None
        programs.append(Writer.tostring(element, encoding="unicode"))
    return tuple(programs)


def actuated_lines(programs: tuple[str, ...], program_id: str) -> list[str]:
    """Return the lines of these tlLogic under another programID."""
    lines = []
    for text in programs:
        element: Any = ElementTree.fromstring(text)
        element.set("programID", program_id)
        lines.append(f"    {Writer.tostring(element, encoding='unicode')}")
    return lines
