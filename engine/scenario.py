"""What is simulated, as data: files, options, and the window that is evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Scenario"]


@dataclass(frozen=True)
class Scenario:
    """One runnable traffic scenario. Paths are absolute; nothing in it depends on the machine's state.

    Attributes:
        name: what the user calls it.
        configuration: the ``.sumocfg`` that a person hands to plain ``sumo -c``.
        net: the road network.
        routes: demand files, in loading order.
        additional: additional files, in loading order, as the user's configuration names them.
        additional_quiet: the same files with every output they would write switched off; what we load.
        options: further SUMO options of the configuration as (long name, value), outputs left out.
        begin_s: start of the simulation, seconds.
        end_s: its end, seconds; included in the evaluated window.
        warmup_s: seconds after `begin_s` that are simulated and not evaluated.
        step_s: length of a simulation step, seconds.
        inputs: (name, SHA-256) of every input file, sorted.
        notes: what was assumed or overridden, a sentence each; every command prints them.
    """

    name: str
    configuration: Path
    net: Path
    routes: tuple[Path, ...]
    additional: tuple[Path, ...]
    additional_quiet: tuple[Path, ...]
    options: tuple[tuple[str, str], ...]
    begin_s: float
    end_s: float
    warmup_s: float
    step_s: float
    inputs: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()
