"""What a controller is: it sees the traffic and says which letters it wants; `engine.control.monitor` shows what is safe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.control.monitor import Monitor
from engine.control.timing import Timing
from engine.layout import Layout
from engine.network import Network
from engine.state import State

__all__ = ["Controller", "Place"]


@dataclass(frozen=True)
class Place:
    """Where a controller is to work.

    Attributes:
        network: its signals.
        arrays: `layout(network)`.
        timings: the rules at each signal, in the order of `Network.signals`.
        begin_s, end_s: of the simulation, seconds.
    """

    network: Network
    arrays: Layout
    timings: Sequence[Timing]
    begin_s: float
    end_s: float


class Controller(Protocol):
    """Decides what every signal of a network is to show.

    Attributes:
        decision_s: seconds between two decisions.
    """

    decision_s: float

    def start(self, place: Place) -> None:
        """Get ready, once, before the first decision.

        Raises:
            InputError: it cannot work here; the message says where and why.
        """

    def decide(self, state: State, lights: Sequence[Monitor]) -> Sequence[str]:
        """Return the letters that each signal is to have, in the order of `Network.signals`.

        Links without green ask for their red; yellow and intergreens are the monitor's. An empty text leaves that signal
        to its program.

        Args:
            state: what the sensors tell.
            lights: what each signal shows, and since when.
        """
