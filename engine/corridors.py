"""Arteries as an engineer draws them: signals along a line by distance, with what through traffic meets either way."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.arteries import Artery, Hop

__all__ = ["Corridor", "Direction", "corridors"]


@dataclass(frozen=True)
class Direction:
    """One way along a corridor.

    Attributes:
        signals: ids in the direction of travel.
        links: of each signal the links that show this through traffic green.
        travel_s: free-flow time from the first signal's stop line to each one's, seconds.
        distances_m: of each signal on the corridor's line, metres.
        hops: the ways between the signals.
    """

    signals: tuple[str, ...]
    links: tuple[tuple[int, ...], ...]
    travel_s: tuple[float, ...]
    distances_m: tuple[float, ...]
    hops: tuple[Hop, ...]

    def place_m(self, hop: int, metres: float) -> float:
        """Return where on the corridor's line one is who is so many metres behind a hop's first stop line."""
        share = min(metres / self.hops[hop].length_m, 1.0) if self.hops[hop].length_m else 1.0
        here, there = self.distances_m[hop : hop + 2]
        return here + share * (there - here)

    def to_json(self) -> dict[str, Any]:
        """Return what a picture needs, as plain data."""
        return {
            "signals": list(self.signals),
            "links": [list(of) for of in self.links],
            "travel_s": [round(of, 2) for of in self.travel_s],
            "distances_m": [round(of, 1) for of in self.distances_m],
        }


@dataclass(frozen=True)
class Corridor:
    """An artery and, where there is one over the same signals, the way back."""

    directions: tuple[Direction, ...]


def corridors(arteries: Iterable[Artery], signals: Collection[str], most: int = 3) -> list[Corridor]:
    """Return the corridors with the most traffic.

    Args:
        arteries: the busiest first, as `engine.arteries.arteries` returns them.
        signals: those that have a program; an artery over another one is left out.
        most: how many.
    """
    known = list(arteries)
    hops = {(hop.start, hop.end): hop for artery in known for hop in artery.hops}
    found: list[Corridor] = []
    drawn: list[set[tuple[str, str]]] = []
    for artery in known:
        ways = {(hop.start, hop.end) for hop in artery.hops}
        if artery.demand <= 0.0 or not set(artery.signals) <= set(signals) or any(ways <= other for other in drawn):
            continue
        distances_m = [0.0]
        for hop in artery.hops:
            distances_m.append(distances_m[-1] + hop.length_m)
        directions = [_direction(artery.signals, artery.hops, distances_m)]
        back = [hops.get((hop.end, hop.start)) for hop in reversed(artery.hops)]
        through = [hop for hop in back if hop is not None]
        joined = all(set(one.arrives) & set(other.leaves) for one, other in itertools.pairwise(through))
        if len(through) == len(back) and joined:
            directions.append(_direction(artery.signals[::-1], through, distances_m[::-1]))
        found.append(Corridor(tuple(directions)))
        drawn.append(ways | {(end, start) for start, end in ways})
        if len(found) == most:
            break
    return found


def _direction(signals: Sequence[str], hops: Sequence[Hop], distances_m: Sequence[float]) -> Direction:
    travel_s = [0.0]
    for hop in hops:
        travel_s.append(travel_s[-1] + hop.travel_s)
    links = (*(hop.leaves for hop in hops), hops[-1].arrives)
    return Direction(tuple(signals), links, tuple(travel_s), tuple(distances_m), tuple(hops))
