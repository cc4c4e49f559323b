"""Puts other signal programs into a network file that is being made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import unescape

__all__ = ["replace_programs", "replace_states"]

PROGRAM = re.compile(r' *<tlLogic id="([^"]*)"[^>]*>.*?</tlLogic>\n', re.DOTALL)
STATE = re.compile(r'(<phase\b[^>]*\bstate=")[^"]*(")')
ENTITIES = {"&quot;": '"', "&apos;": "'"}


def replace_programs(net: Path, lines: Mapping[str, list[str]]) -> None:
    """Put these lines of a tlLogic in place of the program of each of these signals."""

    def put(found: re.Match[str]) -> str:
        signal = unescape(found[1], ENTITIES)
        return "".join(f"{line}\n" for line in lines[signal]) if signal in lines else found[0]

    net.write_text(PROGRAM.sub(put, net.read_text(encoding="utf-8")), encoding="utf-8")


def replace_states(net: Path, states: Mapping[str, list[str]]) -> None:
    """Put these states, one for each phase, into the program of each of these signals; durations stay."""

    def put(found: re.Match[str]) -> str:
        signal = unescape(found[1], ENTITIES)
        if signal not in states:
            return found[0]
        following = iter(states[signal])
        return STATE.sub(lambda phase: f"{phase[1]}{next(following)}{phase[2]}", found[0])

    net.write_text(PROGRAM.sub(put, net.read_text(encoding="utf-8")), encoding="utf-8")
