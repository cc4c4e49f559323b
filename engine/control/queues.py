"""Who is believed to come to a stop line, and what loops say against it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.control.detectors import Loop, StopLine

__all__ = ["EMPTY_S", "NEAR_M", "SPACE_M", "Queue", "Vehicle"]

SPACE_M = 7.5
"""Road that a standing vehicle takes."""
TIGHT_M = 6.5
"""Of a row of standing vehicles none take less than this."""
EMPTY_S = 3.0
"""A stop-line loop that is free for so long tells that nobody stands there who has arrived."""
BRAKES_S = 2.0
"""Whoever stops takes so much longer than at the limit."""
LATE_S = 6.0
LATE_SHARE = 0.2
"""Who has not reached a loop so long after its time, with this share of its way added, is not on its way any more."""
NEAR_M = 40.0
"""A vehicle that a loop counts is one that the model has no farther upstream of it."""


@dataclass(eq=False)
class Vehicle:
    """A vehicle that the model believes in.

    Attributes:
        number: names it, from signal to signal.
        link: that it is thought to want.
        beyond_m: the loop that it has passed last, metres from the stop line.
        from_m, entered_s: where it was when; from there it drives at the limit.
        stood_s: since when it stands.
        over: the loops upstream that counted it.
    """

    number: int
    link: int
    beyond_m: float
    from_m: float
    entered_s: float
    stood_s: float = np.inf
    over: list[Loop] = field(default_factory=list)


@dataclass(eq=False)
class Queue:
    """Who is believed to come to a stop line, the first first, and what has been learnt there.

    Attributes:
        turned: vehicles that left by each link, fading.
        share: all of them.
        since_s: when each link became green; infinite: it is not.
        left_s: when the last one left.
    """

    stop: StopLine
    vehicles: list[Vehicle] = field(default_factory=list)
    turned: dict[int, float] = field(default_factory=dict)
    share: float = 1.0
    since_s: dict[int, float] = field(default_factory=dict)
    left_s: float = -np.inf

    def free_m(self, of: Vehicle, now_s: float) -> float:
        """Return how far from the line a vehicle would be with nobody before it; negative: since when it could be there."""
        return of.from_m - self.stop.speed * max(0.0, now_s - of.entered_s)

    def held_m(self, of: Vehicle) -> float:
        """Return where the next loop is that has not counted a vehicle yet; the stop line's is at 0."""
        return next((loop.at_m for loop in self.stop.upstream if loop.at_m < of.beyond_m), 0.0)

    def insert(self, of: Vehicle) -> None:
        """Let a vehicle in behind all that have passed its last loop."""
        at = len(self.vehicles)
        while at and self.vehicles[at - 1].beyond_m > of.beyond_m:
            at -= 1
        self.vehicles.insert(at, of)

    def near(self, now_s: float) -> Vehicle | None:
        """Return the first in line if it may be at the stop line by now."""
        first = self.vehicles[0] if self.vehicles else None
        return first if first is not None and self.free_m(first, now_s) < NEAR_M else None

    def correct(self, now_s: float) -> None:
        """Take out who has not come where a loop would have seen it, and who does not fit."""
        stop, last = self.stop, self.stop.last
        self.vehicles = [of for of in self.vehicles if not self._late(of, now_s)]
        if stop.upstream:
            near_m = stop.upstream[-1].at_m
            counted = [of for of in self.vehicles if of.beyond_m <= near_m]
            for of in counted[int(near_m / TIGHT_M) + 1 :]:
                self.vehicles.remove(of)
        if last is not None and now_s - max(last.occupied_s, last.counted_s) > EMPTY_S:
            came_s = EMPTY_S + BRAKES_S
            self.vehicles = [
                of for of in self.vehicles if self.held_m(of) > 0.0 or self.free_m(of, now_s) >= -came_s * stop.speed
            ]

    def _late(self, of: Vehicle, now_s: float) -> bool:
        """Return whether a vehicle should have been counted by its next loop, and does not stand before it either."""
        held_m = self.held_m(of)
        if held_m <= 0.0:
            return False
        late_s = (held_m - self.free_m(of, now_s)) / self.stop.speed
        on_time_s = LATE_S + LATE_SHARE * (of.from_m - held_m) / self.stop.speed
        return late_s > on_time_s and all(
            now_s - loop.occupied_s > EMPTY_S for loop in self.stop.upstream if loop.at_m == held_m
        )
