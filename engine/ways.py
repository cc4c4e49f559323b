"""How lanes go on, and where the ways over a junction get in each other's way: what conflicts are measured on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["HALF_WIDTH_M", "Area", "Ways", "overlap"]

Floats = npt.NDArray[np.float64]

HALF_WIDTH_M = 0.9
"""Of a car, as SUMO takes it where nothing else is said."""

SAMPLE_M = 0.25

FRONT = (-1.0, -0.5, 0.0, 0.5, 1.0)
"""Points across a car's front, in halves of its width."""


@dataclass(frozen=True)
class Area:
    """Where two lanes inside a junction conflict, in metres along each of them.

    Attributes:
        lane, foe: ids of the two lanes.
        enter_m, leave_m: the part of `lane` on which a car's front touches a car on `foe`.
        foe_enter_m, foe_leave_m: the same on `foe`.
        merges: whether both lead into one lane; the area then ends where they end.
    """

    lane: str
    foe: str
    enter_m: float
    leave_m: float
    foe_enter_m: float
    foe_leave_m: float
    merges: bool


@dataclass(frozen=True)
class Ways:
    """The lane graph of a network and its conflict areas.

    Attributes:
        hops: (lane, lane that it leads to, lane inside the junction that comes in between or an empty string), also
            for lanes inside junctions; sorted.
        areas: each pair of lanes once; sorted.
    """

    hops: tuple[tuple[str, str, str], ...]
    areas: tuple[Area, ...]


def overlap(way: Floats, other: Floats) -> tuple[float, float] | None:
    """Return the part of a line on which a car's front touches a car on another line, from first to last such place.

    The front is as wide as the car and stands across the line; the other car may be anywhere on the other line. Where
    lines cross at an angle a, the part reaches (1 + cos a) / sin a times half a car's width to either side.

    Args:
        way: corners of the line, metres, shape (n, 2).
        other: corners of the other, shape (m, 2).

    Returns:
        (begin, end) in metres along `way`, or `None` where the lines keep apart.
    """
    apart_m = 2.0 * HALF_WIDTH_M
    if (way.min(0) > other.max(0) + apart_m).any() or (way.max(0) < other.min(0) - apart_m).any():
        return None
    at_m, points = _sampled(way)
    ahead = np.gradient(points, axis=0)
    across = np.stack((-ahead[:, 1], ahead[:, 0]), axis=1) / np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    distance_m = np.min([_distance(points + share * HALF_WIDTH_M * across, other) for share in FRONT], axis=0)
    close = np.flatnonzero(distance_m < HALF_WIDTH_M)
    if not close.size:
        return None
    first, last = int(close[0]), int(close[-1])
    return _edge(at_m, distance_m, first, first - 1), _edge(at_m, distance_m, last, last + 1)


def _sampled(way: Floats) -> tuple[Floats, Floats]:
    """Return positions along a line, `SAMPLE_M` apart and at its ends, and their points."""
    corners_m = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(way, axis=0).T))))
    at_m = np.linspace(0.0, corners_m[-1], max(2, int(corners_m[-1] / SAMPLE_M) + 1))
    return at_m, np.stack([np.interp(at_m, corners_m, way[:, axis]) for axis in (0, 1)], axis=1)


def _distance(points: Floats, line: Floats) -> Floats:
    """Return the distance of each point, shape (n, 2), to the nearest point of a line."""
    begin, along = line[:-1], np.diff(line, axis=0)
    length2 = np.maximum((along**2).sum(1), 1e-12)
    share = np.clip(((points[:, None] - begin) * along).sum(2) / length2, 0.0, 1.0)
    nearest = begin + share[..., None] * along
    closest: Floats = np.hypot(*np.moveaxis(points[:, None] - nearest, 2, 0)).min(1)
    return closest


def _edge(at_m: Floats, distance_m: Floats, inside: int, outside: int) -> float:
    """Return where the distance passes `HALF_WIDTH_M` between neighbouring samples; the end of the line is one."""
    if not 0 <= outside < len(at_m):
        return float(at_m[inside])
    share = (HALF_WIDTH_M - distance_m[inside]) / (distance_m[outside] - distance_m[inside])
    return float(at_m[inside] + share * (at_m[outside] - at_m[inside]))
