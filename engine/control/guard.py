"""What a signal's users may rely on whatever a controller prefers: the longest red, and the order of stages."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from engine.conflicts import GREEN
from engine.control.monitor import Monitor
from engine.control.stages import alike, intergreen_s, least_s, serving, stages_of
from engine.control.timing import Timing
from engine.errors import InputError
from engine.network import Signal
from engine.state import State

__all__ = ["Demand", "Guard", "check_stages"]

EPS_S = 1e-6
FORCED = "longest red"


class Demand:
    """Who waits at each link, as far as the sensors tell: shape (n_signals, width) both.

    Attributes:
        there: whether anyone is bound for the link.
        stood_s: the longest time that one of them has stood, seconds.
    """

    def __init__(self, state: State, width: int, link_of_group: list[tuple[int, int]]) -> None:
        n = len(state.letters)
        self.there = np.zeros((n, width), np.bool_)
        self.stood_s = np.zeros((n, width))
        of = state.next_signal >= 0
        at = (state.next_signal[of], state.next_link[of])
        self.there[at] = True
        np.maximum.at(self.stood_s, at, state.standing_s[of])
        for group in np.flatnonzero(state.waiting_veh):
            self.there[link_of_group[group]] = True


class Guard:
    """Stands between a controller and the monitor of one signal.

    Args:
        signal, timing: which one, and its rules.
        max_red_s: a demand on an approach that waits longer gets its stage by force, seconds. It counts from the first
            vehicle after the last green, wherever on the approach that is.
        in_order: whether stages come in the program's order alone.
        walks: whether crossings count as demanded at any time.

    Raises:
        InputError: the signal's stages cannot be shown within the rules.
    """

    def __init__(
        self,
        signal: Signal,
        timing: Timing,
        max_red_s: float,
        in_order: bool = False,
        walks: bool = True,
    ) -> None:
        self._stages = stages_of(signal)
        check_stages(signal, self._stages, timing, max_red_s)
        self._max_red_s = max_red_s
        self._in_order = in_order
        self._always = np.array(timing.walking) if walks else np.zeros(len(timing.walking), np.bool_)
        self._first_s = np.full(len(timing.walking), np.inf)
        self._at = -1
        self._forced = -1
        self.interventions: Counter[str] = Counter()
        if self._stages:
            self._serves = serving(self._stages)
            protected = np.array([[letter == "G" for letter in stage] for stage in self._stages], np.float64)
            self._worth = self._serves + protected
            self._ever = self._serves.any(axis=0)

    def wanted(
        self, asked: str, light: Monitor, there: npt.NDArray[np.bool_], stood_s: npt.NDArray[np.float64], now_s: float
    ) -> str:
        """Return what to want instead of what a controller asked for, or that.

        Args:
            asked: one letter for each link.
            light: what is shown.
            there, stood_s: the demand, of each link (`Demand`).
            now_s: seconds.
        """
        if len(self._stages) < 2:
            return asked
        n = len(light.letters)
        shown = np.array([letter in GREEN for letter in light.letters])
        self._first_s[shown] = np.inf
        demand = (there[:n] | self._always) & ~shown
        self._first_s[demand] = np.minimum(self._first_s[demand], now_s)
        overdue = (now_s - self._first_s > self._max_red_s) & self._ever
        if self._forced >= 0 and light.free(now_s) and not (overdue & (self._serves[self._forced] > 0.0)).any():
            self._forced = -1
        if self._forced < 0 and overdue.any():
            self._forced = int((self._worth @ overdue).argmax())
            if self._stages[self._forced] != asked:
                self.interventions[FORCED] += 1
        if self._forced >= 0:
            asked = self._stages[self._forced]
        return self._next(asked, light) if self._in_order else asked

    def _next(self, asked: str, light: Monitor) -> str:
        """Return the stage on the way to the one asked for, in the program's order."""
        stages = self._stages
        if self._at < 0:
            self._at = max(range(len(stages)), key=lambda k: alike(stages[k], light.letters))
        aim = stages.index(asked) if asked in stages else max(range(len(stages)), key=lambda k: alike(stages[k], asked))
        if aim != self._at and light.letters == stages[self._at]:
            self._at = (self._at + 1) % len(stages)
        return stages[self._at]


def check_stages(signal: Signal, stages: tuple[str, ...], timing: Timing, max_red_s: float) -> None:
    """Refuse a longest red that the stages leave no room for.

    Raises:
        InputError: signal and what to do.
    """
    if len(stages) < 2:
        return
    following = [*stages[1:], stages[0]]
    once_s = sum(least_s(a, timing) + intergreen_s(a, b, timing) for a, b in zip(stages, following, strict=True))
    red_s = once_s - min(least_s(stage, timing) for stage in stages)
    if red_s > max_red_s + EPS_S:
        raise InputError(
            f"signal '{signal.id}': its {len(stages)} stages, each as short as the rules allow, leave a red of "
            f"{red_s:g} s, and the longest is to be {max_red_s:g} s. Raise controller.max_red_s, or shorten what "
            "rules= asks for."
        )
