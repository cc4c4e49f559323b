"""What a controller needs in the street: detectors and communication, in words."""

from __future__ import annotations

from engine.control.spec import Control
from engine.network import Network

__all__ = ["needs"]


def needs(control: Control, network: Network) -> str:
    """Return one sentence: what has to be built for it at how many signals."""
    n = sum(signal.program is not None and signal.program.n_stages > 1 for signal in network.signals)
    lanes = sum(
        len(group.lanes) for signal in network.signals for approach in signal.approaches for group in approach.groups
    )
    of = control.sensing
    if control.kind == "program":
        seen = "no detectors"
    elif of.detectors_m:
        seen = f"loops {' and '.join(f'{at_m:g}' for at_m in of.detectors_m)} m before the stop lines of {lanes} lanes"
    elif of.connected_share < 1.0:
        seen = f"radio at each signal, heard by {100 * of.connected_share:.0f} % of the vehicles"
    elif of.range_m == float("inf"):
        seen = "sight of every vehicle in the network, which no street has"
    else:
        seen = f"cameras or radar that see {of.range_m:g} m of {lanes} lanes"
    turns = "" if of.turns == "shares" or of.detectors_m else ", and where each vehicle will turn"
    talk = "signals that talk to their neighbours" if control.kind == "rolling_horizon" else "no link between signals"
    if control.priority is not None:
        talk += f", and vehicles with priority that report from {control.priority.range_m:g} m"
    return f"In the street, controller={control.kind} needs, at {n} signals: {seen}{turns}; {talk}."
