"""Where a network's lanes and junctions lie, as data for a map: simplified, and rounded to the decimetre."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.files import write_text

__all__ = ["Geometry", "Head", "Junction", "Lane", "simplified"]

Point = tuple[float, float]

TOLERANCE_M = 0.3
"""A point closer than this to the line without it adds nothing that a map could show."""


@dataclass(frozen=True)
class Lane:
    """One lane: its id, its edge's id, metres of width, who it is for, and its middle from start to end, metres.

    Attributes:
        use: road, rail, cycleway, footway, or crossing.
    """

    id: str
    edge: str
    use: str
    width_m: float
    shape: tuple[Point, ...]


@dataclass(frozen=True)
class Junction:
    """One junction: its id, the id of the signal that controls it or nothing, and its outline, metres."""

    id: str
    signal: str
    shape: tuple[Point, ...]


@dataclass(frozen=True)
class Head:
    """What shows a signal's letter: the signal's id, the letter's place, and the lane at whose end (a crossing's start) it is."""

    signal: str
    index: int
    lane: str


@dataclass(frozen=True)
class Geometry:
    """Lanes, junctions and signal heads of a network, in its own plane: x east and y north, metres."""

    lanes: tuple[Lane, ...]
    junctions: tuple[Junction, ...]
    heads: tuple[Head, ...]

    def write(self, path: Path) -> None:
        """Write ``geometry.json``: lists in the order of the attributes, a shape as x, y, x, y, ..."""
        data = {
            "lanes": [[lane.id, lane.edge, lane.use, lane.width_m, _flat(lane.shape)] for lane in self.lanes],
            "junctions": [[of.id, of.signal, _flat(of.shape)] for of in self.junctions],
            "heads": [[head.signal, head.index, head.lane] for head in self.heads],
        }
        write_text(path, json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n")

    @classmethod
    def read(cls, path: Path) -> Geometry:
        """Return what `write` has written. Raises OSError, ValueError, KeyError or TypeError for any other file."""
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            tuple(
                Lane(str(lane), str(edge), str(use), float(width_m), _points(shape))
                for lane, edge, use, width_m, shape in data["lanes"]
            ),
            tuple(Junction(str(of), str(signal), _points(shape)) for of, signal, shape in data["junctions"]),
            tuple(Head(str(signal), int(index), str(lane)) for signal, index, lane in data["heads"]),
        )


def _flat(shape: Iterable[Point]) -> list[float]:
    return [value for point in shape for value in point]


def _points(flat: Sequence[float]) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in zip(flat[::2], flat[1::2], strict=True))


def simplified(shape: Sequence[Point], tolerance_m: float = TOLERANCE_M) -> tuple[Point, ...]:
    """Return the points of a line without which it would leave its course by more than a tolerance, rounded to 0.1 m.

    By Douglas and Peucker; both ends stay.
    """
    kept = {0, len(shape) - 1}
    todo = [(0, len(shape) - 1)]
    while todo:
        first, last = todo.pop()
        between = range(first + 1, last)
        far = max(between, key=lambda i: _distance(shape[i], shape[first], shape[last]), default=first)
        if far > first and _distance(shape[far], shape[first], shape[last]) > tolerance_m:
            kept.add(far)
            todo += [(first, far), (far, last)]
    return tuple((round(shape[i][0], 1), round(shape[i][1], 1)) for i in sorted(kept))


def _distance(point: Point, start: Point, end: Point) -> float:
    """Return metres from a point to the piece of line between two others."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length2 = dx * dx + dy * dy
    along = ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / length2 if length2 else 0.0
    along = min(1.0, max(0.0, along))
    return math.hypot(point[0] - start[0] - along * dx, point[1] - start[1] - along * dy)
