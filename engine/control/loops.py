"""Loops in the road: counts and occupancy, and the traffic that a simple model makes of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Set
from dataclasses import dataclass, field

import numpy as np

from engine.conflicts import GREEN
from engine.control.spec import Sensing
from engine.errors import InputError
from engine.layout import Layout
from engine.network import Network
from engine.state import State

__all__ = ["Loops"]

SPACE_M = 7.5
"""Road that a standing vehicle takes."""
HEADWAY_S = 2.0
START_UP_S = 1.0
LENGTH_M = 5.0
STARTS_S = 4.0
"""Who stands first in line has started that long after its green, where nothing has priority over it."""
EMPTY_S = 3.0
"""A stop-line loop that is free so long while its light is green tells that nobody stands there."""


@dataclass
class Loop:
    """One loop.

    Attributes:
        lane, position_m: where it is.
        at_m: metres to the stop line.
        dead: whether it reports nothing.
        counted_s, free_s, occupied_s: when it last counted, was free, and was occupied; seconds.
    """

    lane: int
    position_m: float
    at_m: float
    dead: bool
    counted_s: float
    free_s: float
    occupied_s: float = -np.inf


@dataclass
class Vehicle:
    """A vehicle that the model believes in."""

    number: int
    entered_s: float
    from_m: float
    link: int
    stood_s: float = np.inf


@dataclass
class StopLine:
    """One stop-line lane: its loops, the farthest first, and who is believed to come."""

    signal: int
    speed: float
    links: tuple[int, ...]
    feeds: tuple[tuple[int, float], ...]
    loops: list[Loop]
    vehicles: list[Vehicle] = field(default_factory=list)
    left_s: float = -np.inf
    green_s: float = -np.inf
    turned: dict[int, float] = field(default_factory=dict)
    link_green_s: dict[int, float] = field(default_factory=dict)


class Loops:
    """Makes a state of what loops report, with everything else unseen.

    The farthest loop that works lets a vehicle enter the model, the stop-line loop (within one vehicle's room) lets one
    leave; without it they leave one in two seconds of green after a second's start. Between them they drive at the limit
    and stand in a queue of 7.5 m each, in the order in which they came. Occupancy sets it right: a vehicle on the
    stop-line loop is one, no vehicle on it in three seconds of green is none, a loop upstream that stays occupied has a
    queue up to it. Where a lane serves several turns, each is drawn as often as it had green when somebody left, and drawn
    anew where the first in line stands before its green.

    Args:
        sensing: where loops are and what is wrong with them.
        network, arrays: where.
        seed: of the simulation.

    Raises:
        InputError: an approach has no room for any of the loops.
    """

    each_second = True

    def __init__(self, sensing: Sensing, network: Network, arrays: Layout, seed: int) -> None:
        self._of = sensing
        self._random = np.random.default_rng([seed, 20_261])
        self._lengths = arrays.lane_length_m
        self._next_number = 1
        self._before: dict[int, tuple[int, float]] = {}
        self._stops: list[StopLine] = []
        self._n_signals = len(network.signals)
        self._now_s = -np.inf
        for i, signal in enumerate(network.signals):
            for approach in signal.approaches:
                for group in approach.groups:
                    for stop in group.lanes:
                        links = {link.index for link in signal.links if link.lane == stop.lane}
                        feeds = tuple((arrays.lane_index[lane], base_m) for lane, base_m in stop.feeds)
                        loops = self._placed(feeds, stop.storage_m)
                        if not loops:
                            raise InputError(
                                f"sensing.detectors_m: lane '{stop.lane}' of signal '{signal.id}' is {stop.storage_m:.0f} m "
                                f"long, and the nearest detector would be {min(sensing.detectors_m):g} m before its stop "
                                "line. Place one nearer, as in sensing.detectors_m=[1,40]."
                            )
                        speed = float(arrays.lane_limit[feeds[0][0]])
                        self._stops.append(StopLine(i, speed, tuple(sorted(links)), feeds, loops))

    def _placed(self, feeds: tuple[tuple[int, float], ...], storage_m: float) -> list[Loop]:
        loops = []
        for at_m in sorted(self._of.detectors_m, reverse=True):
            for lane, base_m in feeds:
                if at_m < storage_m and base_m <= at_m < base_m + self._lengths[lane]:
                    dead = bool(self._random.random() < self._of.dead_share)
                    place_m = float(self._lengths[lane]) - (at_m - base_m)
                    loops.append(Loop(lane, place_m, at_m, dead, -np.inf, -np.inf))
                    break
        return loops

    @property
    def blind(self) -> Set[int]:
        """Signals of which more than half of the loops report nothing, are stuck, or are silent while others count."""
        bad, n = np.zeros(self._n_signals), np.zeros(self._n_signals)
        for stop in self._stops:
            others = max((loop.counted_s for loop in stop.loops), default=-np.inf)
            for loop in stop.loops:
                n[stop.signal] += 1
                stuck = self._now_s - loop.free_s > self._of.silent_s
                silent = others - loop.counted_s > self._of.silent_s and np.isfinite(loop.counted_s)
                bad[stop.signal] += loop.dead or stuck or silent
        return frozenset(np.flatnonzero((n > 0) & (2 * bad > n)).tolist())

    def __call__(self, state: State) -> State:
        """Take in one second of reports, and return the state that the model believes in."""
        now_s = self._now_s = state.time_s
        self._report(state)
        rows: list[tuple[int, int, float, float, float, int, int, float]] = []
        for stop in self._stops:
            letters = state.letters[stop.signal]
            green = any(letters[link] in GREEN for link in stop.links)
            self._contradict(stop, letters, now_s)
            self._correct(stop, green, now_s)
            for place, of in enumerate(stop.vehicles):
                free_m = of.from_m - stop.speed * (now_s - of.entered_s)
                spot_m = SPACE_M * place
                to_line_m = max(free_m, spot_m, 0.0)
                stands = free_m <= spot_m
                of.stood_s = min(of.stood_s, now_s) if stands else np.inf
                lane, base_m = next(
                    (feed for feed in stop.feeds if to_line_m < feed[1] + self._lengths[feed[0]]), stop.feeds[-1]
                )
                position_m = max(0.0, float(self._lengths[lane]) - (to_line_m - base_m))
                speed = 0.0 if stands else stop.speed
                stood_s = now_s - of.stood_s if stands else 0.0
                rows.append((of.number, lane, position_m, speed, stood_s, stop.signal, of.link, to_line_m))
        rows.sort()
        number, lanes, position_m_, speed_, stood_, signal, link, to_line = ([row[i] for row in rows] for i in range(8))
        n = len(rows)
        return dataclasses.replace(
            state,
            number=np.array(number, np.int32),
            lane=np.array(lanes, np.int32),
            kind=np.zeros(n, np.int32),
            position_m=np.array(position_m_, np.float64),
            length_m=np.full(n, LENGTH_M),
            speed=np.array(speed_, np.float64),
            standing_s=np.array(stood_, np.float64),
            next_signal=np.array(signal, np.int32),
            next_link=np.array(link, np.int32),
            to_line_m=np.array(to_line, np.float64),
            waiting_veh=np.zeros_like(state.waiting_veh),
            n_waiting=0,
        )

    def _report(self, state: State) -> None:
        """Let the loops count and be occupied; what they do not tell is not used afterwards."""
        on_lane: dict[int, list[tuple[int, float, float]]] = {}
        here = {}
        for number, lane, position_m, length_m in zip(
            state.number.tolist(), state.lane.tolist(), state.position_m.tolist(), state.length_m.tolist(), strict=True
        ):
            on_lane.setdefault(lane, []).append((number, position_m, length_m))
            here[number] = (lane, position_m)
        left: dict[int, list[float]] = {}
        for number, (lane, position_m) in self._before.items():
            if here.get(number, (-1, 0.0))[0] != lane:
                left.setdefault(lane, []).append(position_m)
        for stop in self._stops:
            for loop in stop.loops:
                if loop.dead:
                    continue
                count = sum(position_m < loop.position_m for position_m in left.get(loop.lane, ()))
                occupied = False
                for number, position_m, length_m in on_lane.get(loop.lane, ()):
                    before = self._before.get(number)
                    start_m = before[1] if before and before[0] == loop.lane else 0.0
                    count += start_m < loop.position_m <= position_m
                    occupied |= position_m - length_m <= loop.position_m <= position_m
                if self._of.lost_share > 0.0 and count:
                    count = int(self._random.binomial(count, 1.0 - self._of.lost_share))
                self._told(stop, loop, count, occupied, state.time_s)
        self._before = here

    def _told(self, stop: StopLine, loop: Loop, count: int, occupied: bool, now_s: float) -> None:
        if occupied:
            if not np.isfinite(loop.free_s):
                loop.free_s = now_s
            loop.occupied_s = now_s
        else:
            loop.free_s = now_s
        if count:
            loop.counted_s = now_s
        working = [of for of in stop.loops if not of.dead]
        if loop is working[0] and loop.at_m > SPACE_M:
            for _ in range(count):
                self._enter(stop, loop.at_m, now_s)
        elif loop is working[-1] and loop.at_m <= SPACE_M:
            del stop.vehicles[:count]
            if count:
                stop.left_s = now_s
                shown = [link for link in stop.links if stop.link_green_s.get(link, np.inf) <= now_s]
                for link in shown:
                    stop.turned[link] = stop.turned.get(link, 1.0) + count / len(shown)

    def _enter(self, stop: StopLine, from_m: float, now_s: float) -> None:
        stop.vehicles.append(Vehicle(self._next_number, now_s, from_m, self._drawn(stop, stop.links)))
        self._next_number += 1

    def _drawn(self, stop: StopLine, links: tuple[int, ...]) -> int:
        if len(links) == 1:
            return links[0]
        shares = np.cumsum([stop.turned.get(link, 1.0) for link in links])
        at = np.searchsorted(shares, self._random.random() * shares[-1], side="right")
        return links[min(int(at), len(links) - 1)]

    def _contradict(self, stop: StopLine, letters: str, now_s: float) -> None:
        """Draw the first in line anew where it stands before the green that it was thought to want."""
        for link in stop.links:
            if letters[link] not in GREEN:
                stop.link_green_s[link] = np.inf
            elif not np.isfinite(stop.link_green_s.get(link, np.inf)):
                stop.link_green_s[link] = now_s
        if not stop.vehicles or len(stop.links) < 2:
            return
        first = stop.vehicles[0]
        waits_s = now_s - max(first.stood_s, stop.link_green_s[first.link], stop.left_s)
        others = tuple(link for link in stop.links if letters[link] not in GREEN)
        if letters[first.link] == "G" and waits_s > STARTS_S and others:
            first.link = self._drawn(stop, others)

    def _correct(self, stop: StopLine, green: bool, now_s: float) -> None:
        """Set the model right by what the loops tell of standing vehicles, and let those go that no loop sees leave."""
        if not green:
            stop.green_s = np.inf
        elif not np.isfinite(stop.green_s):
            stop.green_s = now_s
        working = [loop for loop in stop.loops if not loop.dead]
        last = working[-1] if working else None
        if last is not None and last.at_m <= SPACE_M:
            if last.occupied_s == now_s and not stop.vehicles:
                self._enter(stop, 0.0, now_s)
            elif now_s - max(last.occupied_s, stop.green_s) > EMPTY_S:
                stop.vehicles = [
                    of for of in stop.vehicles if of.from_m - stop.speed * (now_s - of.entered_s) > SPACE_M
                ]
        elif green and stop.vehicles and now_s - max(stop.left_s, stop.green_s + START_UP_S) >= HEADWAY_S:
            first = stop.vehicles[0]
            if first.from_m - stop.speed * (now_s - first.entered_s) <= 0.0:
                del stop.vehicles[0]
                stop.left_s = now_s
        for loop in working:
            if loop.at_m > SPACE_M and loop.occupied_s == now_s and now_s - loop.free_s > 2.0 * EMPTY_S:
                while SPACE_M * len(stop.vehicles) < loop.at_m:
                    self._enter(stop, loop.at_m, now_s - loop.at_m / stop.speed)
