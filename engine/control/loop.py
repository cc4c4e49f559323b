"""Runs a controller at the signals of a live simulation."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence, Set
from typing import TYPE_CHECKING

from engine.audit.rules import Rules
from engine.control.controller import Controller, Place
from engine.control.guard import Demand, Guard
from engine.control.monitor import Monitor
from engine.control.priority import Precedence
from engine.control.registry import make_controller
from engine.control.sensing import sensor
from engine.control.spec import Control, Priority
from engine.control.street import FixedPlan
from engine.control.timing import timing
from engine.errors import InputError
from engine.layout import Layout
from engine.network import Network
from engine.plan import Plan
from engine.result import ControlResult, Fallback
from engine.scenario import Scenario
from engine.state import State

if TYPE_CHECKING:
    from engine.simulation import Simulation

__all__ = ["ControlLoop", "control_loop"]

EPS_S = 1e-6
LETTERS = frozenset("GgrsoO")


class ControlLoop:
    """A controller, guard and monitor of each signal, and the simulation that they work on.

    A controller that raises, or answers with anything but letters, is not asked again: all signals go back to the fixed
    plan, on the clock that they share. So does a single signal while its sensors say nothing.

    Args:
        simulation: at its beginning.
        network, arrays: its network.
        controller: what decides.
        rules: what the monitors keep, as they hold in the scenario.
        begin_s, end_s: of the simulation, seconds.
        sense: makes of the whole state what the controller sees; called each second where it has `each_second`.
        blind: returns the signals whose sensors are not to be believed.
        fixed: what to go back to; the network's programs where it is left out.
        max_red_s, in_order, walks: see `engine.control.guard.Guard`.
        slot_s: wall time that a decision may take.
        priority: who goes first.

    Raises:
        InputError: the controller cannot work here, or the rules leave a signal's stages no room.
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
        blind: Callable[[], Set[int]] = frozenset,
        fixed: FixedPlan | None = None,
        max_red_s: float = 120.0,
        in_order: bool = False,
        walks: bool = True,
        slot_s: float = math.inf,
        priority: Priority | None = None,
    ) -> None:
        self._simulation = simulation
        self._controller = controller
        self._sense = sense
        self._each_second = priority is not None or bool(getattr(sense, "each_second", False))
        self._blind = blind
        self._slot_s = slot_s
        self._signals = network.signals
        shown = simulation.state().letters
        timings = [timing(signal, rules, len(letters)) for signal, letters in zip(network.signals, shown, strict=True)]
        self.lights = [Monitor(of, letters, simulation.now_s) for of, letters in zip(timings, shown, strict=True)]
        longest_s = min(max_red_s, rules.max_red_s.value or math.inf)
        self._guards = [
            Guard(signal, of, longest_s, in_order, walks) for signal, of in zip(network.signals, timings, strict=True)
        ]
        self._width = max((len(letters) for letters in shown), default=1)
        self._link_of_group = [
            (i, group.links[0])
            for i, signal in enumerate(network.signals)
            for approach in signal.approaches
            for group in approach.groups
        ]
        self._fallbacks: list[Fallback] = []
        self._failed = False
        self._fallen: set[int] = set()
        self._next_s = simulation.now_s
        self._wanted: Sequence[str] = ("",) * len(network.signals)
        place = Place(network, arrays, timings, begin_s, end_s)
        self._fixed = fixed or FixedPlan()
        self._fixed.start(place)
        self._precedence = None if priority is None else Precedence(priority, place)
        try:
            controller.start(place)
        except InputError:
            raise
        except Exception as error:
            self._fail(error)

    def step(self) -> None:
        """Decide where a decision is due, show what is safe, and simulate one second."""
        self.act()
        self._simulation.run_until(self._simulation.now_s + 1.0)

    def act(self) -> None:
        """Decide where a decision is due, and show what is safe from now on."""
        now_s = self._simulation.now_s
        due = now_s >= self._next_s - EPS_S
        if due or self._each_second:
            whole = self._simulation.state()
            seen = self._sense(whole)
            self._demand = Demand(seen, self._width, self._link_of_group)
            if self._precedence is not None:
                self._precedence.see(whole)
            if due:
                self._next_s = now_s + self._controller.decision_s
                self._decide(seen)
                self._mark_blind(now_s)
        for i, light in enumerate(self.lights):
            wanted = self._wanted_at(i, now_s)
            before = light.letters
            if wanted and light.step(wanted, now_s) != before:
                self._simulation.show(self._signals[i].id, light.letters)

    def _wanted_at(self, i: int, now_s: float) -> str:
        light = self.lights[i]
        if self._failed or i in self._fallen:
            wanted = self._fixed.wanted(i, now_s)
        else:
            wanted = self._wanted[i]
            if wanted:
                wanted = self._guards[i].wanted(wanted, light, self._demand.there[i], self._demand.stood_s[i], now_s)
        if self._precedence is not None and wanted:
            wanted = self._precedence.wanted(i, wanted, light, now_s)
        return wanted

    def _decide(self, seen: State) -> None:
        if self._failed:
            return
        began = time.monotonic()
        try:
            wanted = self._controller.decide(seen, self.lights)
            self._wanted = self._checked(wanted)
        except Exception as error:
            self._fail(error)
            return
        took_s = time.monotonic() - began
        if took_s > self._slot_s:
            self._fail(TimeoutError(f"a decision took {took_s:.3g} s, its slot is {self._slot_s:g} s"))

    def _checked(self, wanted: Sequence[str]) -> Sequence[str]:
        if len(wanted) != len(self.lights):
            raise ValueError(f"{len(wanted)} answers for {len(self.lights)} signals")
        for signal, light, letters in zip(self._signals, self.lights, wanted, strict=True):
            if letters and (len(letters) != len(light.letters) or set(letters) - LETTERS):
                raise ValueError(f"'{letters}' for signal '{signal.id}', which takes {len(light.letters)} letters")
        # A signal without a fixed-time program has nothing to go back to, and keeps what it has.
        return [
            letters if signal.program is not None else "" for signal, letters in zip(self._signals, wanted, strict=True)
        ]

    def _fail(self, error: Exception) -> None:
        self._failed = True
        self._fallbacks.append(Fallback(self._simulation.now_s, "", f"{type(error).__name__}: {error}"))

    def _mark_blind(self, now_s: float) -> None:
        blind = set(self._blind())
        for i in sorted(blind - self._fallen):
            self._fallbacks.append(Fallback(now_s, self._signals[i].id, "its detectors say nothing, or nothing new"))
        self._fallen = blind

    def result(self, control: Control) -> ControlResult:
        """Return what became of it: interventions by rule, and what went back to the fixed plan."""
        counted: Counter[str] = Counter()
        for light, guard in zip(self.lights, self._guards, strict=True):
            counted.update(light.interventions)
            counted.update(guard.interventions)
        served = {} if self._precedence is None else self._precedence.served()
        return ControlResult(control.told(), dict(sorted(counted.items())), tuple(self._fallbacks), served)


def control_loop(
    simulation: Simulation, scenario: Scenario, network: Network, arrays: Layout, plan: Plan, seed: int
) -> ControlLoop:
    """Return the loop of a plan with a controller, at the beginning of a simulation.

    Raises:
        InputError: see `ControlLoop` and `engine.control.registry.make_controller`.
    """
    control = plan.control
    assert control is not None
    sense = sensor(control.sensing, network, arrays, seed)
    return ControlLoop(
        simulation,
        network,
        arrays,
        make_controller(control),
        control.rules,
        scenario.begin_s,
        scenario.end_s,
        sense,
        lambda: sense.blind,
        FixedPlan({program.signal: program for program in plan.programs}),
        control.max_red_s,
        control.order == "program",
        control.pedestrians == "cycle",
        control.slot_s,
        control.priority,
    )
