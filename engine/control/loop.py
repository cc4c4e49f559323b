"""Runs a controller at the signals of a live simulation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.audit.rules import Rules
from engine.control.controller import Controller, Place
from engine.control.monitor import Monitor
from engine.control.timing import timing
from engine.layout import Layout
from engine.network import Network
from engine.simulation import Simulation
from engine.state import State

__all__ = ["ControlLoop"]


class ControlLoop:
    """A controller, the monitor of each signal, and the simulation that they work on.

    Args:
        simulation: at its beginning.
        network, arrays: its network.
        controller: what decides.
        rules: what the monitors keep, as they hold in the scenario.
        begin_s, end_s: of the simulation, seconds.
        sense: makes of the whole state what the controller sees.
    """

    def __init__(
        self,
        simulation: Simulation,
        network: Network,
        arrays: Layout,
        controller: Controller,
        rules: Rules,
        begin_s: float,
        end_s: float,
        sense: Callable[[State], State] = lambda state: state,
    ) -> None:
        self._simulation = simulation
        self._controller = controller
        self._sense = sense
        self._signals = [signal.id for signal in network.signals]
        shown = simulation.state().letters
        timings = [
            timing(signal, rules, len(letters)) for signal, letters in zip(network.signals, shown, strict=True)
        ]
        self.lights = [Monitor(of, letters, simulation.now_s) for of, letters in zip(timings, shown, strict=True)]
        self._next_s = simulation.now_s
        self._wanted: Sequence[str] = ()
        controller.start(Place(network, arrays, timings, begin_s, end_s))

    def step(self) -> None:
        """Decide where a decision is due, show what is safe, and simulate one second."""
        now_s = self._simulation.now_s
        if now_s >= self._next_s:
            self._next_s = now_s + self._controller.decision_s
            self._wanted = self._controller.decide(self._sense(self._simulation.state()), self.lights)
        for signal, light, wanted in zip(self._signals, self.lights, self._wanted, strict=True):
            before = light.letters
            if wanted and light.step(wanted, now_s) != before:
                self._simulation.show(signal, light.letters)
        self._simulation.run_until(now_s + 1.0)
