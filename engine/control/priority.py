"""Buses, trams and emergency vehicles go first: a longer or an early green, round whatever controller decides."""

from __future__ import annotations

from collections import Counter

import numpy as np

from engine.conflicts import GREEN
from engine.control.controller import Place
from engine.control.monitor import Monitor
from engine.control.spec import Priority
from engine.control.stages import stages_of
from engine.state import State
from kernels.classes import CLASSES, EMERGENCY

__all__ = ["Precedence"]

BUS = CLASSES.index("bus")


class Precedence:
    """Changes what is wanted where a vehicle with priority comes; yellow, clearance and walks stay the monitor's.

    A green that such a vehicle will reach is held, for at most `extension_s`; before a red the stage that serves most of
    what comes is asked for (an early green). A signal does so once in `every_s`. For an emergency vehicle the stage is
    asked for and held until it has passed, so that the road before it empties too.

    Args:
        priority: who goes first, and what it may take.
        place: where.
    """

    def __init__(self, priority: Priority, place: Place) -> None:
        self._priority = priority
        self._stages = [stages_of(signal) for signal in place.network.signals]
        n = len(self._stages)
        self._coming: list[dict[int, int]] = [{} for _ in range(n)]
        self._urgent: list[set[int]] = [set() for _ in range(n)]
        self._began_s = [-np.inf] * n
        self._counted: Counter[str] = Counter()
        self._answered: list[str] = [""] * n

    def see(self, state: State) -> None:
        """Take in who comes."""
        near = (state.next_signal >= 0) & (state.to_line_m <= self._priority.range_m)
        for coming, urgent in zip(self._coming, self._urgent, strict=True):
            coming.clear()
            urgent.clear()
        for i in np.flatnonzero(near & ((state.kind == BUS) | (state.kind == EMERGENCY))):
            signal, link = int(state.next_signal[i]), int(state.next_link[i])
            if state.kind[i] == EMERGENCY:
                if self._priority.emergency:
                    self._urgent[signal].add(link)
            elif self._priority.transit:
                self._coming[signal][link] = self._coming[signal].get(link, 0) + 1

    def wanted(self, i: int, asked: str, light: Monitor, now_s: float) -> str:
        """Return what signal `i` is to want instead of `asked`, or that."""
        stages = self._stages[i]
        if len(stages) < 2:
            return asked
        if self._urgent[i]:
            return self._answer(i, "emergency", self._best(i, dict.fromkeys(self._urgent[i], 1), light), now_s)
        coming = self._coming[i]
        if not coming:
            self._answered[i] = ""
            return asked
        since_s = now_s - self._began_s[i]
        if since_s >= self._priority.every_s:
            self._answered[i] = ""
        if not self._answered[i] and since_s < self._priority.every_s:
            return asked
        if self._answered[i] and since_s >= self._priority.extension_s:
            return asked
        served = [link for link in coming if light.letters[link] in GREEN]
        if served and any(asked[link] not in GREEN for link in served):
            return self._answer(i, "extension", self._best(i, coming, light), now_s)
        if not served and all(asked[link] not in GREEN for link in coming):
            return self._answer(i, "early green", self._best(i, coming, light), now_s)
        return asked

    def _best(self, i: int, coming: dict[int, int], light: Monitor) -> str:
        """Return the stage that serves most of what comes; of equals what is shown."""
        stages = self._stages[i]

        def worth(k: int) -> tuple[int, int, bool]:
            serves = sum(n for link, n in coming.items() if stages[k][link] in GREEN)
            protects = sum(n for link, n in coming.items() if stages[k][link] == "G")
            return serves, protects, stages[k] == light.letters

        return stages[max(range(len(stages)), key=worth)]

    def _answer(self, i: int, what: str, stage: str, now_s: float) -> str:
        if not self._answered[i] or (what == "emergency") != (self._answered[i] == "emergency"):
            self._answered[i] = what
            self._began_s[i] = now_s
            self._counted[what] += 1
        return stage

    def served(self) -> dict[str, int]:
        """Return how often a signal answered, by how."""
        return dict(sorted(self._counted.items()))
