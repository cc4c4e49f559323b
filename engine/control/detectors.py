"""Loops in the road: where they lie, and what they count and hold occupied."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.control.spec import Sensing
from engine.errors import InputError
from engine.layout import Layout
from engine.network import Network
from engine.state import State

__all__ = ["STOP_M", "Detectors", "Loop", "StopLine"]

LOOP_M = 2.0
"""Length of a loop along its lane; it begins `Loop.at_m` before the stop line and lies upstream of that."""
STOP_M = 7.5
"""A loop that lies no farther from its stop line is one at the stop line: one vehicle stands between."""
PRESENCE_M = 4.5
"""Length of a loop at a stop line, so that whoever does not stop right at the line is on it: as SCATS has them."""


@dataclass(eq=False)
class Loop:
    """One loop.

    Attributes:
        lane, position_m, at_m: where it is: index of the lane, metres from that lane's beginning and to the stop line.
        dead: whether it reports nothing.
        count: vehicles that passed in the last second.
        counted_s, free_s, occupied_s: when it last counted, was free, and was occupied; seconds.
    """

    lane: int
    position_m: float
    at_m: float
    dead: bool
    count: int = 0
    counted_s: float = -np.inf
    free_s: float = -np.inf
    occupied_s: float = -np.inf

    @property
    def length_m(self) -> float:
        """Length along its lane, metres."""
        return PRESENCE_M if self.at_m <= STOP_M else LOOP_M


@dataclass(eq=False)
class StopLine:
    """One stop-line lane and the loops before it.

    Attributes:
        signal: its signal.
        lane: index of the lane.
        zone: approaches that share lanes upstream have the same.
        speed: limit, metres per second.
        links: letters of the signal that let it go.
        feeds: (lane, metres from that lane's end to the stop line), itself first.
        loops: on all of these lanes, the farthest first; lanes that feed several stop lines share theirs.
        working, upstream, last: those of them that are not dead; of these those upstream, and the one at the stop line, if any.
        base_m: `feeds` as a dict.
    """

    signal: int
    lane: int
    zone: int
    speed: float
    links: tuple[int, ...]
    feeds: tuple[tuple[int, float], ...]
    loops: tuple[Loop, ...]

    def __post_init__(self) -> None:
        self.base_m = dict(self.feeds)
        self.working = tuple(loop for loop in self.loops if not loop.dead)
        self.last = next((loop for loop in self.working if loop.at_m <= STOP_M), None)
        self.upstream = tuple(loop for loop in self.working if loop.at_m > STOP_M)


class Detectors:
    """The loops of a network.

    Args:
        sensing: where loops are and what is wrong with them.
        network, arrays: where.
        random: decides which are dead and what they miss.

    Raises:
        InputError: an approach has no room for any of the loops.
    """

    def __init__(self, sensing: Sensing, network: Network, arrays: Layout, random: np.random.Generator) -> None:
        self._of = sensing
        self._random = random
        self._lengths: list[float] = arrays.lane_length_m.tolist()
        self._queue_inside: npt.NDArray[np.int32] = np.where(arrays.lane_inside == 1, arrays.lane_queue, -1)
        self._before: dict[int, tuple[StopLine, int, float]] = {}
        self.stops: list[StopLine] = []
        placed: dict[tuple[int, float], Loop] = {}
        for i, signal in enumerate(network.signals):
            for approach in signal.approaches:
                for group in approach.groups:
                    for of in group.lanes:
                        lane = arrays.lane_index[of.lane]
                        links = {link.index for link in signal.links if link.lane == of.lane}
                        feeds = tuple((arrays.lane_index[name], base_m) for name, base_m in of.feeds)
                        speed = float(arrays.lane_limit[lane])
                        loops = self._placed(feeds, of.storage_m, placed)
                        if not loops:
                            raise InputError(
                                f"sensing.detectors_m: lane '{of.lane}' of signal '{signal.id}' is {of.storage_m:.0f} m "
                                f"long, and the nearest detector would be {min(sensing.detectors_m):g} m before its stop "
                                "line. Place one nearer, as in sensing.detectors_m=[1,40]."
                            )
                        zone = int(arrays.lane_zone[lane])
                        self.stops.append(StopLine(i, lane, zone, speed, tuple(sorted(links)), feeds, loops))
        self.loops = list(placed.values())
        self._loops_on: dict[int, list[Loop]] = {}
        for loop in self.loops:
            self._loops_on.setdefault(loop.lane, []).append(loop)
        self._stops_on: dict[int, list[StopLine]] = {}
        self._watched = self._queue_inside >= 0
        for stop in self.stops:
            for lane, _ in stop.feeds:
                self._stops_on.setdefault(lane, []).append(stop)
                self._watched[lane] = True

    def stops_of(self, lane: int) -> list[StopLine]:
        """Return the stop lines that a lane leads to."""
        return self._stops_on.get(lane, [])

    def _placed(
        self, feeds: tuple[tuple[int, float], ...], storage_m: float, placed: dict[tuple[int, float], Loop]
    ) -> tuple[Loop, ...]:
        """Return the loops of a stop line; what lies farther than its approach is long is left out."""
        loops = []
        for at_m in sorted(self._of.detectors_m, reverse=True):
            for lane, base_m in feeds:
                if at_m < storage_m and base_m <= at_m < base_m + self._lengths[lane]:
                    key = (lane, at_m)
                    if key not in placed:
                        dead = bool(self._random.random() < self._of.dead_share)
                        placed[key] = Loop(lane, self._lengths[lane] - (at_m - base_m), at_m, dead)
                    loops.append(placed[key])
        return tuple(loops)

    def read(self, state: State) -> None:
        """Let the loops count and be occupied for one second."""
        for loop in self.loops:
            loop.count = 0
        here: dict[int, tuple[StopLine, int, float]] = {}
        occupied: set[Loop] = set()
        # Who has just left what is watched has passed a stop line, too.
        near = np.flatnonzero(self._watched[state.lane] | np.isin(state.number, list(self._before)))
        for number, lane, position_m, length_m, signal, link in zip(
            *(
                array[near].tolist()
                for array in (
                    state.number, state.lane, state.position_m, state.length_m, state.next_signal, state.next_link,
                )
            ),
            strict=True,
        ):  # fmt: skip
            for loop in self._loops_on.get(lane, ()):
                if position_m - length_m <= loop.position_m <= position_m + loop.length_m:
                    occupied.add(loop)
            before = self._before.get(number)
            inside = int(self._queue_inside[lane])
            stop = None if inside >= 0 else self._bound(lane, signal, link)
            if stop is not None:
                from_line_m = stop.base_m[lane] + self._lengths[lane] - position_m
                here[number] = (stop, lane, from_line_m)
                # Whoever is new here has come from its lane's beginning.
                came_m = from_line_m + position_m
                if before is not None and before[0].signal == stop.signal and from_line_m <= before[2] + STOP_M:
                    came_m = before[2]
                self._passed(stop, from_line_m, came_m, lane, before[1] if before is not None else lane)
            if before is not None and (
                stop is None or stop.signal != before[0].signal or from_line_m > before[2] + STOP_M
            ):
                stop = self.stops[inside] if inside >= 0 else before[0]
                self._passed(stop, -np.inf, before[2], stop.lane, before[1])
        for loop in self.loops:
            if loop.dead:
                loop.count = 0
                continue
            if loop.count and self._of.lost_share > 0.0:
                loop.count = int(self._random.binomial(loop.count, 1.0 - self._of.lost_share))
            if loop.count:
                loop.counted_s = state.time_s
            if loop in occupied:
                loop.occupied_s = state.time_s
                if not np.isfinite(loop.free_s):
                    loop.free_s = state.time_s
            else:
                loop.free_s = state.time_s
        self._before = here

    def _bound(self, lane: int, signal: int, link: int) -> StopLine | None:
        """Return the stop line before which a vehicle is, as its lane says: of several the one that it needs."""
        stops = [stop for stop in self._stops_on.get(lane, ()) if stop.signal == signal]
        return next((stop for stop in stops if link in stop.links), stops[0] if stops else None)

    def _passed(self, stop: StopLine, to_m: float, from_m: float, lane: int, before: int) -> None:
        """Count a vehicle that went from one distance before a stop line to another, and from one lane to another."""
        passed: dict[float, Loop] = {}
        for loop in stop.loops:
            # Of lanes side by side it was on one.
            if to_m <= loop.at_m < from_m and (loop.at_m not in passed or loop.lane in (lane, before)):
                passed[loop.at_m] = loop
        for loop in passed.values():
            loop.count += 1
