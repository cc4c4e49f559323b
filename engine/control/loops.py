"""What a simple model makes of loops: vehicles again, with a lane, a place and a turn."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence, Set

import numpy as np

from engine.conflicts import GREEN
from engine.control.detectors import STOP_M, Detectors, Loop
from engine.control.queues import EMPTY_S, NEAR_M, SPACE_M, Queue, Vehicle
from engine.control.spec import Sensing
from engine.control.turns import STARTS_S, drawn
from engine.layout import Layout
from engine.network import Network
from engine.state import State

__all__ = ["Loops"]

HEADWAY_S = 2.0
START_UP_S = 2.0
LENGTH_M = 5.0
DECAY = 0.98
"""Of what is learnt for each vehicle that follows."""


class Loops:
    """Makes a state of what loops report, with everything else unseen.

    A vehicle enters the model where a loop counts it first, or at the signal upstream, whose stop line it has left. It
    drives at the limit up to the next loop and passes that when that counts: if it counts on another lane, the vehicle has
    changed to it. Vehicles stand 7.5 m apart in the order in which they came, and leave when the stop-line loop counts;
    without one, every two seconds of green after the first two. Of the lanes that those before it left from, and of a
    lane's turns, each is drawn as often as it was taken; a turn is drawn anew where the first in line stands before its
    green. Occupancy sets it right: a vehicle on the stop-line loop is one, no vehicle on it for three seconds after one
    should have come is none, a loop upstream that stays occupied has a queue up to it. Who does not reach its next loop
    in time went elsewhere.

    Args:
        sensing: where loops are and what is wrong with them.
        network, arrays: where.
        seed: of the simulation.

    Raises:
        InputError: an approach has no room for any of the loops.
    """

    each_second = True

    def __init__(self, sensing: Sensing, network: Network, arrays: Layout, seed: int) -> None:
        self._random = np.random.default_rng([seed, 20_261])
        self._detectors = Detectors(sensing, network, arrays, self._random)
        self._silent_s = sensing.silent_s
        self._lengths: list[float] = arrays.lane_length_m.tolist()
        self._limits: list[float] = arrays.lane_limit.tolist()
        self._next_number = 1
        self._n_signals = len(network.signals)
        self._now_s = -np.inf
        self._queues = [Queue(stop) for stop in self._detectors.stops]
        of_stop = dict(zip(self._detectors.stops, self._queues, strict=True))
        self._of_loop: dict[Loop, list[Queue]] = {loop: [] for loop in self._detectors.loops}
        # How many of those that a loop counted left from each stop line, fading: those of its lane at first.
        self._shares: dict[Loop, dict[Queue, float]] = {loop: {} for loop in self._detectors.loops}
        self._beside: dict[tuple[int, int], list[Queue]] = {}
        for stop, queue in of_stop.items():
            self._beside.setdefault((stop.signal, stop.zone), []).append(queue)
            for loop in stop.loops:
                self._of_loop[loop].append(queue)
                self._shares[loop][queue] = 1.0
        self._upstream = sorted((loop for loop in self._of_loop if loop.at_m > STOP_M), key=lambda loop: loop.at_m)
        # Where each link leads to: the lane behind it, and the stop lines that follow with their distance from there.
        self._exit: dict[tuple[int, int], int] = {}
        self._follow: dict[tuple[int, int], list[tuple[Queue, float]]] = {}
        for i, signal in enumerate(network.signals):
            for link in signal.links:
                if link.kind == "vehicle":
                    lane = arrays.lane_index[link.to_lane]
                    at = self._exit.setdefault((i, link.index), lane)
                    self._follow[i, link.index] = [
                        (of_stop[stop], stop.base_m[at] + self._lengths[at]) for stop in self._detectors.stops_of(at)
                    ]

    @property
    def blind(self) -> Set[int]:
        """Signals of which more than half of the loops report nothing, are stuck, or are silent while others count."""
        bad, n = np.zeros(self._n_signals), np.zeros(self._n_signals)
        for stop in self._detectors.stops:
            others = max((loop.counted_s for loop in stop.loops), default=-np.inf)
            for loop in stop.loops:
                n[stop.signal] += 1
                stuck = self._now_s - loop.free_s > self._silent_s
                silent = others - loop.counted_s > self._silent_s and np.isfinite(loop.counted_s)
                bad[stop.signal] += loop.dead or stuck or silent
        return frozenset(np.flatnonzero((n > 0) & (2 * bad > n)).tolist())

    def __call__(self, state: State) -> State:
        """Take in one second of reports, and return the state that the model believes in."""
        now_s = self._now_s = state.time_s
        self._detectors.read(state)
        # (number, lane, position, speed, seconds of standing, signal, link, metres to the line)
        self._rows: list[tuple[int, int, float, float, float, int, int, float]] = []
        for queue in self._queues:
            self._watch(queue, state.letters[queue.stop.signal])
        for queue in self._queues:
            self._let_leave(queue)
        for loop in self._upstream:
            for _ in range(loop.count):
                self._pass(loop)
            if loop.occupied_s == now_s and now_s - loop.free_s > 2.0 * EMPTY_S:
                self._fill(loop)
        for queue in self._queues:
            self._correct(queue)
            self._redraw(queue, state.letters[queue.stop.signal])
            self._place(queue)
        self._rows.sort()
        columns = list(zip(*self._rows, strict=True)) or [()] * 8
        n = len(self._rows)
        return dataclasses.replace(
            state,
            number=np.array(columns[0], np.int32),
            lane=np.array(columns[1], np.int32),
            kind=np.zeros(n, np.int32),
            position_m=np.array(columns[2], np.float64),
            length_m=np.full(n, LENGTH_M),
            speed=np.array(columns[3], np.float64),
            standing_s=np.array(columns[4], np.float64),
            next_signal=np.array(columns[5], np.int32),
            next_link=np.array(columns[6], np.int32),
            to_line_m=np.array(columns[7], np.float64),
            waiting_veh=np.zeros_like(state.waiting_veh),
            n_waiting=0,
        )

    def _watch(self, queue: Queue, letters: str) -> None:
        for link in queue.stop.links:
            if letters[link] not in GREEN:
                queue.since_s[link] = np.inf
            elif not np.isfinite(queue.since_s.get(link, np.inf)):
                queue.since_s[link] = self._now_s

    def _place(self, queue: Queue) -> None:
        """State where a queue's vehicles are."""
        stop, now_s = queue.stop, self._now_s
        for place, of in enumerate(queue.vehicles):
            free_m, spot_m = queue.free_m(of, now_s), SPACE_M * place
            to_line_m = max(free_m, spot_m, queue.held_m(of))
            # No loop has counted it: it is a little upstream of that.
            if to_line_m == queue.held_m(of) > 0.0:
                to_line_m += 1.0
            stands = free_m <= spot_m
            of.stood_s = min(of.stood_s, now_s) if stands else np.inf
            lane, base_m = next(
                (feed for feed in stop.feeds if feed[1] <= to_line_m < feed[1] + self._lengths[feed[0]]), stop.feeds[-1]
            )
            position_m = max(0.0, self._lengths[lane] - (to_line_m - base_m))
            speed = 0.0 if stands else stop.speed
            stood_s = now_s - of.stood_s if stands else 0.0
            self._rows.append((of.number, lane, position_m, speed, stood_s, stop.signal, of.link, to_line_m))

    def _let_leave(self, queue: Queue) -> None:
        """Let vehicles leave that the stop-line loop counts, or where it is dead those whose time has come."""
        now_s = self._now_s
        last = queue.stop.last
        if last is not None:
            for _ in range(last.count):
                self._leave(queue, queue.near(now_s) or self._borrowed(queue) or self._new(queue, 0.0))
        elif queue.vehicles:
            first = queue.vehicles[0]
            start_s = queue.since_s[first.link] + START_UP_S
            if now_s >= max(start_s, queue.left_s + HEADWAY_S) and queue.free_m(first, now_s) <= 0.0:
                self._leave(queue, first)

    def _leave(self, queue: Queue, of: Vehicle) -> None:
        now_s, stop = self._now_s, queue.stop
        queue.vehicles.remove(of)
        queue.left_s = now_s
        for other in queue.vehicles:
            other.stood_s = np.inf
        # Whoever leaves in yellow tells nothing about its link.
        shown = tuple(link for link in stop.links if np.isfinite(queue.since_s[link]))
        if shown and of.link not in shown:
            of.link = self._drawn(queue, shown)
        queue.share = queue.share * DECAY + 1.0
        for loop in of.over:
            shares = self._shares[loop]
            for each in shares:
                shares[each] *= DECAY
            shares[queue] = shares.get(queue, 0.0) + 1.0
        for link in stop.links:
            queue.turned[link] = queue.turned.get(link, 1.0) * DECAY
        for link in shown or (of.link,):
            queue.turned[link] += 1.0 / len(shown or (of.link,))
        lane = self._exit[stop.signal, of.link]
        follow = self._follow[stop.signal, of.link]
        if not follow:
            # Seen once behind the line, so that a controller learns that nothing follows.
            at_m = min(LENGTH_M, self._lengths[lane])
            self._rows.append((of.number, lane, at_m, self._limits[lane], 0.0, -1, -1, np.inf))
            return
        to, metres = follow[self._one_of([queue.share for queue, _ in follow])]
        to.insert(Vehicle(of.number, self._drawn(to, to.stop.links), np.inf, metres, now_s + START_UP_S))

    def _pass(self, loop: Loop) -> None:
        """Let a vehicle pass a loop upstream: one that was on its way to it, on another lane at worst, or a new one."""
        now_s = self._now_s
        here = self._of_loop[loop]
        beside = self._beside[here[0].stop.signal, here[0].stop.zone]
        for queues in (here, [queue for queue in beside if queue not in here]):
            near = [
                (queue.free_m(of, now_s), of.number, queue, of)
                for queue in queues
                for of in queue.vehicles
                if of.beyond_m > loop.at_m and queue.free_m(of, now_s) < loop.at_m + NEAR_M
            ]
            if near:
                _, _, queue, of = min(near, key=lambda item: item[:2])
                queue.vehicles.remove(of)
                to = self._chosen(loop)
                if to is not queue:
                    of.link = self._drawn(to, to.stop.links)
                of.beyond_m = of.from_m = loop.at_m
                of.entered_s, of.stood_s = now_s, np.inf
                of.over.append(loop)
                to.insert(of)
                return
        self._new(self._chosen(loop), loop.at_m).over.append(loop)

    def _new(self, queue: Queue, at_m: float) -> Vehicle:
        of = Vehicle(self._next_number, self._drawn(queue, queue.stop.links), at_m, at_m, self._now_s)
        self._next_number += 1
        queue.insert(of)
        return of

    def _borrowed(self, queue: Queue) -> Vehicle | None:
        """Return a vehicle that the model has on a lane beside, now on this one; `None` where there is none."""
        now_s = self._now_s
        best: tuple[int, Queue, Vehicle] | None = None
        for other in self._beside[queue.stop.signal, queue.stop.zone]:
            if other is queue:
                continue
            near = [of for of in other.vehicles if other.free_m(of, now_s) < 2.0 * STOP_M]
            last = other.stop.last
            # Whoever is on the loop there is not here.
            skip = 1 if last is None or last.occupied_s == now_s else 0
            if len(near) > skip and (best is None or len(near) > best[0]):
                best = (len(near), other, near[skip])
        if best is None:
            return None
        _, other, of = best
        other.vehicles.remove(of)
        of.link = self._drawn(queue, queue.stop.links)
        of.beyond_m = of.from_m = 0.0
        of.entered_s, of.stood_s = now_s, np.inf
        queue.vehicles.insert(0, of)
        return of

    def _chosen(self, loop: Loop) -> Queue:
        """Return one of the queues that a vehicle on a loop may be bound for."""
        queues = list(self._shares[loop])
        return queues[self._one_of(list(self._shares[loop].values()))]

    def _drawn(self, queue: Queue, links: tuple[int, ...]) -> int:
        """Return one of the links that a vehicle may want."""
        return links[self._one_of([queue.turned.get(link, 1.0) for link in links])]

    def _one_of(self, shares: Sequence[float]) -> int:
        return 0 if len(shares) == 1 else drawn(self._random, shares)

    def _redraw(self, queue: Queue, letters: str) -> None:
        """Draw the first in line anew where it stands before the green that it was thought to want."""
        if not queue.vehicles or len(queue.stop.links) < 2:
            return
        first = queue.vehicles[0]
        waits_s = self._now_s - max(first.stood_s, queue.since_s[first.link], queue.left_s)
        others = tuple(link for link in queue.stop.links if letters[link] not in GREEN)
        if letters[first.link] == "G" and waits_s > STARTS_S and others:
            first.link = self._drawn(queue, others)

    def _fill(self, loop: Loop) -> None:
        """Have a queue stand up to a loop that stays occupied: of several the longest."""
        queue = max(self._of_loop[loop], key=lambda queue: len(queue.vehicles))
        n = sum(of.beyond_m <= loop.at_m for of in queue.vehicles)
        while SPACE_M * n < loop.at_m:
            of = next((of for of in queue.vehicles[n:] if queue.free_m(of, self._now_s) < loop.at_m + NEAR_M), None)
            if of is not None:
                queue.vehicles.remove(of)
                of.beyond_m = loop.at_m
                queue.insert(of)
            else:
                of = self._new(queue, loop.at_m)
            of.from_m, of.entered_s = 0.0, self._now_s
            n += 1

    def _correct(self, queue: Queue) -> None:
        """Set a queue right by what the loops tell of standing vehicles."""
        now_s, last = self._now_s, queue.stop.last
        queue.correct(now_s)
        if last is not None and last.occupied_s == now_s:
            first = queue.near(now_s)
            if first is None or queue.free_m(first, now_s) > STOP_M:
                first = first or self._borrowed(queue) or self._new(queue, 0.0)
                first.beyond_m = first.from_m = 0.0
                first.entered_s = now_s
