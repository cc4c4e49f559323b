"""Whether a program that a file states can run at a signal: the checks that every format shares."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.errors import InputError, nearest
from engine.network import Network, Signal
from engine.plan import Program

__all__ = ["check_program", "known_signal"]

LETTERS = frozenset("GgyrsuoO")


def known_signal(name: str, network: Network, where: str) -> Signal:
    """Return a signal by its id.

    Raises:
        InputError: the network has none of this name.
    """
    signals: Mapping[str, Signal] = {signal.id: signal for signal in network.signals}
    if name not in signals:
        listed = ", ".join(f"'{known}'" for known in sorted(signals)[:8])
        more = f" and {len(signals) - 8} more" if len(signals) > 8 else ""
        raise InputError(
            f"{where}: the network has no signal '{name}'.{nearest(name, signals)} Its signals are {listed}{more}."
        )
    return signals[name]


def check_program(program: Program, signal: Signal, where: str) -> None:
    """Refuse a program that does not fit its signal or itself.

    Raises:
        InputError: times, states, stages or bounds that cannot be; `where` begins the message.
    """
    width = 1 + max(link.index for link in signal.links)
    for i, phase in enumerate(program.phases):
        if not (math.isfinite(phase.duration_s) and phase.duration_s > 0.0):
            raise InputError(f"{where}, interval {i + 1}: it lasts {phase.duration_s:g} s. Give a time above 0.")
        if len(phase.state) < width:
            raise InputError(
                f"{where}, interval {i + 1}: state '{phase.state}' has {len(phase.state)} letters, the signal has {width} "
                "links. Give one letter for each link."
            )
        if len(phase.state) != len(program.phases[0].state):
            raise InputError(f"{where}, interval {i + 1}: its state is longer or shorter than the first one's.")
        unknown = sorted(set(phase.state) - LETTERS)
        if unknown:
            raise InputError(
                f"{where}, interval {i + 1}: state '{phase.state}' holds '{unknown[0]}'. The letters are G g y r s u o O."
            )
    if not program.phases:
        raise InputError(f"{where}: it has no interval.")
    stages = {phase.stage for phase in program.phases if phase.stage >= 0}
    if stages != set(range(len(stages))):
        raise InputError(f"{where}: its stages are {sorted(stages)}. Number them without gaps.")
    for name, bounds in (("min_green_s", program.min_green_s), ("max_green_s", program.max_green_s)):
        if len(bounds) != len(stages):
            raise InputError(f"{where}: {name} has {len(bounds)} values for {len(stages)} stages. Give one for each.")
    for stage, (low, high) in enumerate(zip(program.min_green_s, program.max_green_s, strict=True)):
        if not 0.0 <= low <= high:
            raise InputError(f"{where}, stage {stage}: the least green of {low:g} s is above the most, {high:g} s.")
    if not 0.0 <= program.offset_s < program.cycle_s:
        raise InputError(
            f"{where}: the offset of {program.offset_s:g} s is not within the cycle of {program.cycle_s:g} s. "
            "Give it from 0 to below the cycle."
        )
