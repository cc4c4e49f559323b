"""What a controller sees: the whole state made poorer, as ranges, radios and loops make it."""

from __future__ import annotations

import dataclasses
from collections.abc import Set
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.conflicts import GREEN
from engine.control.loops import Loops
from engine.control.spec import Sensing
from engine.control.turns import STARTS_S, drawn
from engine.layout import Layout
from engine.network import Network
from engine.state import State

__all__ = ["Sensor", "sensor"]

AT_LINE_M = 12.0
OF_VEHICLES = (
    "number", "lane", "kind", "position_m", "length_m", "speed", "standing_s", "next_signal", "next_link", "to_line_m",
)  # fmt: skip
"""Arrays of the state with an entry for each vehicle."""


class Sensor:
    """Returns of each state what the sensors tell: a state again, so that every controller works with all of them.

    Vehicles that wait to be inserted are seen where their entry is within reach. Draws hang on the seed alone, so the
    same run sees the same.

    Args:
        sensing: what there is.
        network, arrays: where.
        seed: of the simulation.
    """

    each_second = False

    def __init__(self, sensing: Sensing, network: Network, arrays: Layout, seed: int) -> None:
        self._of = sensing
        self._random = np.random.default_rng([seed, 20_260])
        self._told: dict[int, bool] = {}
        self._turned: dict[tuple[int, int], npt.NDArray[np.float64]] = {}
        self._drawn: dict[tuple[int, int], int] = {}
        self._green_at: list[list[float]] = []
        self._before: dict[int, tuple[int, int, int]] = {}
        self._links = _links_of_lanes(network, arrays)
        self._inside = arrays.lane_inside.astype(np.bool_)
        self._entry_m = np.array(
            [max(stop.storage_m for stop in group.lanes) for _, _, group in network.groups], np.float64
        )

    @property
    def blind(self) -> Set[int]:
        """Signals whose sensors are not to be believed."""
        return frozenset()

    def __call__(self, state: State) -> State:
        """Return what is seen of a state."""
        of = self._of
        # Who is inside a junction is near enough to be seen from it, whatever comes next.
        seen = (state.to_line_m <= of.range_m) | self._inside[state.lane]
        if not np.isfinite(of.range_m):
            seen[:] = True
        if of.connected_share < 1.0:
            seen &= self._connected(state.number)
        arrays: dict[str, Any] = {name: np.ascontiguousarray(getattr(state, name)[seen]) for name in OF_VEHICLES}
        waiting = np.where(self._entry_m <= of.range_m, state.waiting_veh, 0).astype(np.int32)
        if of.connected_share < 1.0:
            waiting = self._random.binomial(waiting, of.connected_share).astype(np.int32)
        if of.noise_m > 0.0:
            error_m = self._random.normal(0.0, of.noise_m, len(arrays["number"]))
            # Ahead of the line there is no vehicle of this approach, and behind the lane's beginning no place.
            error_m = np.clip(error_m, -arrays["position_m"], np.maximum(arrays["to_line_m"], 0.0))
            arrays["position_m"] += error_m
            arrays["to_line_m"] -= error_m
        if of.turns == "shares":
            self._learn(state)
            arrays["next_link"] = self._guessed(state, arrays)
        return dataclasses.replace(state, waiting_veh=waiting, n_waiting=int(waiting.sum()), **arrays)

    def _connected(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        for number in numbers.tolist():
            if number not in self._told:
                self._told[number] = bool(self._random.random() < self._of.connected_share)
        gone = self._told.keys() - set(numbers.tolist())
        for number in gone:
            del self._told[number]
        return np.array([self._told[number] for number in numbers.tolist()], np.bool_)

    def _learn(self, state: State) -> None:
        """Count by which link vehicles left the lane that they were last seen on before a signal."""
        here = {}
        passed = dict(zip(state.number.tolist(), state.next_signal.tolist(), strict=True))
        for number, lane, signal, link in zip(
            state.number.tolist(),
            state.lane.tolist(),
            state.next_signal.tolist(),
            state.next_link.tolist(),
            strict=True,
        ):
            if (signal, lane) in self._links:
                here[number] = (signal, lane, link)
        for number, (signal, lane, link) in self._before.items():
            if number not in here and passed.get(number, -1) != signal:
                counts = self._turned.setdefault((signal, lane), np.ones(len(self._links[signal, lane])))
                if link in self._links[signal, lane]:
                    counts[self._links[signal, lane].index(link)] += 1.0
        self._before = here

    def _guessed(self, state: State, arrays: dict[str, npt.NDArray[np.generic]]) -> npt.NDArray[np.int32]:
        """Return for each vehicle on a stop-line lane a link drawn from what left that lane before, once for its way there.

        Who stands at the line before a green of the link that was drawn wants another one: it is drawn anew among those
        that are red.
        """
        guessed = np.array(arrays["next_link"], np.int32)
        self._watch(state)
        alive = set()
        for i, (number, lane, signal, to_line_m, standing_s) in enumerate(
            zip(
                *(arrays[name].tolist() for name in ("number", "lane", "next_signal", "to_line_m", "standing_s")),
                strict=True,
            )
        ):
            links = self._links.get((signal, lane))
            if links is None or len(links) < 2:
                continue
            key = (number, lane)
            alive.add(key)
            drawn = self._drawn.get(key)
            letters = state.letters[signal]
            if drawn is None:
                self._drawn[key] = self._draw(signal, lane, links)
            elif (
                to_line_m < AT_LINE_M
                and letters[drawn] == "G"
                and min(standing_s, state.time_s - self._green_at[signal][drawn]) > STARTS_S
            ):
                others = tuple(link for link in links if letters[link] not in GREEN)
                if others:
                    self._drawn[key] = self._draw(signal, lane, others)
            guessed[i] = self._drawn[key]
        self._drawn = {key: link for key, link in self._drawn.items() if key in alive}
        return guessed

    def _draw(self, signal: int, lane: int, links: tuple[int, ...]) -> int:
        every = self._links[signal, lane]
        counts = self._turned.setdefault((signal, lane), np.ones(len(every)))
        return links[drawn(self._random, [counts[every.index(link)] for link in links])]

    def _watch(self, state: State) -> None:
        """Keep since when each link has been green."""
        if not self._green_at:
            self._green_at = [[state.time_s] * len(letters) for letters in state.letters]
        for since_s, letters in zip(self._green_at, state.letters, strict=True):
            for i, letter in enumerate(letters):
                if letter not in GREEN:
                    since_s[i] = state.time_s


def _links_of_lanes(network: Network, arrays: Layout) -> dict[tuple[int, int], tuple[int, ...]]:
    """Return the links that leave from each stop-line lane, by (signal, lane)."""
    found: dict[tuple[int, int], list[int]] = {}
    for i, signal in enumerate(network.signals):
        for link in signal.links:
            if link.kind == "vehicle":
                found.setdefault((i, arrays.lane_index[link.lane]), []).append(link.index)
    return {key: tuple(sorted(set(links))) for key, links in found.items()}


def sensor(sensing: Sensing, network: Network, arrays: Layout, seed: int) -> Sensor | Loops:
    """Return what makes of a state what is seen of it.

    Raises:
        InputError: detectors that lie where no lane is.
    """
    if sensing.detectors_m:
        return Loops(sensing, network, arrays, seed)
    return Sensor(sensing, network, arrays, seed)
