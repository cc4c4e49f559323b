"""Controllers that count vehicles and choose a stage: greedy, max pressure, and self-organising lights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.control.controller import Place
from engine.control.monitor import Monitor
from engine.control.stages import alike, counts_by_link, serving, stages_of
from engine.state import State

__all__ = ["Counting", "Greedy", "MaxPressure", "Sotl"]

Floats = npt.NDArray[np.float64]


class Counting(ABC):
    """Chooses a stage for each signal, once its least green has been shown; between decisions it stays.

    Args:
        decision_s: seconds between two decisions, yellow included.
        range_m: how far from the stop line vehicles count, metres.
    """

    def __init__(self, decision_s: float, range_m: float) -> None:
        self.decision_s = decision_s
        self.range_m = range_m

    def start(self, place: Place) -> None:
        """See `engine.control.controller.Controller`."""
        network = place.network
        self._width = max((len(timing.yellow_s) for timing in place.timings), default=1)
        self._lane_index = place.arrays.lane_index
        self._n_lanes = len(place.arrays.lane_length_m)
        self._stages = [stages_of(signal) for signal in network.signals]
        self._serving = [serving(stages) for stages in self._stages]
        self._now = [0] * len(network.signals)
        self._link_of_group = [(i, group.links[0]) for i, signal in enumerate(network.signals)
                               for approach in signal.approaches for group in approach.groups]  # fmt: skip
        self._started = False

    def decide(self, state: State, lights: Sequence[Monitor]) -> Sequence[str]:
        """See `engine.control.controller.Controller`."""
        counts = counts_by_link(state, self._width, self.range_m)
        for group in np.flatnonzero(state.waiting_veh):
            counts[self._link_of_group[group]] += state.waiting_veh[group]
        if not self._started:
            self._started = True
            for i, stages in enumerate(self._stages):
                if stages:
                    self._now[i] = max(range(len(stages)), key=lambda k: alike(stages[k], lights[i].letters))
        self.look(state, counts)
        wanted = []
        for i, stages in enumerate(self._stages):
            now = self._now[i]
            if len(stages) > 1 and lights[i].free(state.time_s):
                self._now[i] = self.choose(i, now, counts[i, : len(stages[0])])
            wanted.append(stages[self._now[i]] if stages else "")
        return wanted

    def look(self, state: State, counts: Floats) -> None:  # noqa: B027  most need no more than the counts
        """Take in the traffic before the signals are decided on."""

    @abstractmethod
    def choose(self, i: int, now: int, counts: Floats) -> int:
        """Return the stage of signal `i` to come: `now` to stay. `counts`: vehicles by link, shape (n_letters,)."""


class Greedy(Counting):
    """The stage with the most vehicles within reach; of equals the one that is shown."""

    def __init__(self, decision_s: float = 10.0, range_m: float = 50.0) -> None:
        super().__init__(decision_s, range_m)

    def choose(self, i: int, now: int, counts: Floats) -> int:
        """See `Counting.choose`."""
        values = self._serving[i] @ counts
        return now if values[now] >= values.max() else int(values.argmax())


class MaxPressure(Counting):
    """The stage with the largest pressure: vehicles before its links less those on the lanes behind them (Varaiya 2013)."""

    def __init__(self, decision_s: float = 10.0, range_m: float = 200.0) -> None:
        super().__init__(decision_s, range_m)

    def start(self, place: Place) -> None:
        """See `engine.control.controller.Controller`."""
        super().start(place)
        self._exits = [
            [(link.index, place.arrays.lane_index[link.to_lane]) for link in signal.links if link.kind == "vehicle"]
            for signal in place.network.signals
        ]

    def look(self, state: State, counts: Floats) -> None:
        """See `Counting.look`."""
        near = state.position_m <= self.range_m
        self._on_lane = np.bincount(state.lane[near], minlength=self._n_lanes)

    def choose(self, i: int, now: int, counts: Floats) -> int:
        """See `Counting.choose`."""
        pressure = counts.copy()
        for index, lane in self._exits[i]:
            pressure[index] -= self._on_lane[lane]
        values = self._serving[i] @ pressure
        return now if values[now] >= values.max() else int(values.argmax())


class Sotl(Counting):
    """Self-organising lights (Cools, Gershenson and D'Hooghe 2008): red approaches gather vehicle-seconds until they are served.

    Args:
        threshold: vehicle-seconds before red lights at which a stage is served.
        range_m: how far from the stop line vehicles count there, metres.
        platoon_m, platoon_veh: a green is not ended while 1 to `platoon_veh` vehicles are within `platoon_m` of it.
    """

    def __init__(
        self,
        threshold: float = 41.0,
        range_m: float = 80.0,
        platoon_m: float = 25.0,
        platoon_veh: float = 3.0,
        decision_s: float = 1.0,
    ) -> None:
        super().__init__(decision_s, range_m)
        self.threshold, self.platoon_m, self.platoon_veh = threshold, platoon_m, platoon_veh

    def start(self, place: Place) -> None:
        """See `engine.control.controller.Controller`."""
        super().start(place)
        self._gathered = np.zeros((len(self._stages), self._width))

    def look(self, state: State, counts: Floats) -> None:
        """See `Counting.look`."""
        self._close = counts_by_link(state, self._width, self.platoon_m)
        self._gathered += counts * self.decision_s
        for i, stages in enumerate(self._stages):
            if stages:
                self._gathered[i, : len(stages[0])] *= 1.0 - self._serving[i][self._now[i]]

    def choose(self, i: int, now: int, counts: Floats) -> int:
        """See `Counting.choose`."""
        following = self._serving[i][now] @ self._close[i, : len(counts)]
        gathered = self._serving[i] @ self._gathered[i, : len(counts)]
        best = int(gathered.argmax())
        if gathered[best] < self.threshold or 0.0 < following <= self.platoon_veh:
            return now
        return best
