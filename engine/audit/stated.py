"""Whether a program is stated soundly: what can be wrong before any rule book is opened."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.audit.aspects import KINDS
from engine.audit.findings import Finding, broken
from engine.audit.rules import SOUND
from engine.network import Link
from engine.plan import Program
from engine.stages import NetProgram

__all__ = ["rounding", "stated"]


def stated(raw: NetProgram, links: Sequence[Link]) -> list[Finding]:
    """Return what is wrong with a program as its file states it: lengths and letters of states, times, the offset."""
    found = []
    n_links = 1 + max(link.index for link in links)
    cycle_s = sum(phase.duration_s for phase in raw.phases)
    for i, phase in enumerate(raw.phases):
        if len(phase.state) != n_links:
            measured = f"{len(phase.state)} letters"
            found.append(broken(raw.signal, f"phase {i}", "state", measured, f"{n_links} links", SOUND))
        unknown = sorted(set(phase.state) - set(KINDS))
        if unknown:
            found.append(broken(raw.signal, f"phase {i}", "letters", "".join(unknown), "".join(KINDS), SOUND))
        if phase.duration_s < 0.0:
            found.append(broken(raw.signal, f"phase {i}", "duration", f"{phase.duration_s:g} s", "0 s or more", SOUND))
    if not 0.0 <= raw.offset_s < max(cycle_s, 1e-9):
        found.append(broken(raw.signal, "program", "offset", f"{raw.offset_s:g} s", f"0 to below {cycle_s:g} s", SOUND))
    return found


def rounding(program: Program) -> list[Finding]:
    """Return phases, cycle and offset that are no whole seconds, and an offset beyond the cycle."""
    found = []
    for i, phase in enumerate(program.phases):
        if not _whole(phase.duration_s):
            measured = f"{phase.duration_s:g} s"
            found.append(broken(program.signal, f"phase {i}", "whole seconds", measured, "whole seconds", SOUND))
    cycle_s = program.cycle_s
    for where, seconds in (("cycle", cycle_s), ("offset", program.offset_s)):
        if not _whole(seconds):
            found.append(broken(program.signal, where, "whole seconds", f"{seconds:g} s", "whole seconds", SOUND))
    if not 0.0 <= program.offset_s < cycle_s:
        limit = f"0 to below {cycle_s:g} s"
        found.append(broken(program.signal, "program", "offset", f"{program.offset_s:g} s", limit, SOUND))
    return found


def _whole(seconds: float) -> bool:
    return math.isfinite(seconds) and seconds == math.floor(seconds)
