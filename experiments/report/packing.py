"""Packs the playback of a few plans into as little text as the page can spare; ``playback_unpack.js`` undoes it.

DEFLATE, in base64, of a head in JSON, a zero byte, and whole numbers: places are steps of a grid, told by how they
depart from going on as before, each number in as few bytes as it needs.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.geometry import Geometry, Lane

__all__ = ["KINDS", "TURNS", "Footage", "Packed", "Tracks", "numbers_to_bytes", "packed", "packed_within"]

Ints = npt.NDArray[np.int64]
Letters = Mapping[str, Sequence[tuple[int, str]]]

KINDS = ("car", "bus", "truck", "bicycle", "person")
USES = ("road", "rail", "cycleway", "footway", "crossing")
TURNS = 256
"""Directions in a full circle."""
UNITS_M = (0.2, 0.5)
"""Grids for places, the finest first."""
SHORTEST_S = 30


@dataclass(frozen=True)
class Tracks:
    """Where the vehicles of one plan were, each second; a vehicle that was away for a while has two tracks.

    Attributes:
        start_s, count: its first second, and how many there are. Shape (n_tracks,), in order of the start.
        kind: index in `KINDS`. Shape (n_tracks,).
        length_m: of the vehicle. Shape (n_tracks,).
        x_m, y_m: its front, metres, track after track. Shape (sum of counts,).
        angle_deg: where it looks, clockwise from north.
    """

    start_s: Ints
    count: Ints
    kind: Ints
    length_m: npt.NDArray[np.float64]
    x_m: npt.NDArray[np.float64]
    y_m: npt.NDArray[np.float64]
    angle_deg: npt.NDArray[np.float64]

    def on_grid(self, unit_m: float) -> Tracks:
        """Return the same with places as the player sees them."""
        x_m, y_m = (np.rint(metres / unit_m) * unit_m for metres in (self.x_m, self.y_m))
        return replace(self, x_m=x_m, y_m=y_m)

    def until(self, seconds: int) -> Tracks:
        """Return what there is up to and with this second."""
        count = np.clip(seconds + 1 - self.start_s, 0, self.count)
        track = np.repeat(np.arange(len(count)), self.count)
        within = np.arange(len(track)) - np.repeat(np.cumsum(self.count) - self.count, self.count)
        kept, some = within < count[track], count > 0
        rows = (self.x_m[kept], self.y_m[kept], self.angle_deg[kept])
        return Tracks(self.start_s[some], count[some], self.kind[some], self.length_m[some], *rows)


@dataclass(frozen=True)
class Footage:
    """One plan's vehicles, and each signal's letters as (second, letters) at every change."""

    tracks: Tracks
    letters: Letters


@dataclass(frozen=True)
class Packed:
    """Packed footage: its text, the seconds that are in it, and the grid of its places in metres."""

    text: str
    seconds: int
    unit_m: float


def packed_within(geometry: Geometry, footage: Sequence[Footage], seconds: int, most_bytes: int) -> Packed | None:
    """Return what fits: on a coarser grid, then shorter than asked; `None` where nothing does."""
    for unit_m in UNITS_M:
        text = packed(geometry, footage, seconds, unit_m)
        if len(text) <= most_bytes:
            return Packed(text, seconds, unit_m)
    while len(text) > most_bytes:
        if seconds <= SHORTEST_S:
            return None
        # The network takes its share however short the rest is, so a few rounds may be needed.
        seconds = max(SHORTEST_S, int(seconds * min(0.9, most_bytes / len(text))))
        text = packed(geometry, footage, seconds, unit_m)
    return Packed(text, seconds, unit_m)


def packed(geometry: Geometry, footage: Sequence[Footage], seconds: int, unit_m: float = UNITS_M[0]) -> str:
    """Return the text of some seconds' footage.

    Args:
        geometry: the network's; zero is near its most westerly and southerly points.
        footage: of each plan.
        seconds: how many are played.
        unit_m: the grid of the vehicles' places, metres.
    """
    signals = sorted({head.signal for head in geometry.heads})
    points = [point for lane in geometry.lanes for point in lane.shape] or [(0.0, 0.0)]
    # A whole metre is on every grid.
    west, south = (float(np.floor(min(point[axis] for point in points))) for axis in (0, 1))
    letters = [
        [[change for change in of.letters.get(signal, ()) if change[0] <= seconds] for signal in signals]
        for of in footage
    ]
    head = {"seconds": seconds, "unit_m": unit_m, "letters": letters}
    parts = [*_network(geometry, signals, (west, south))]
    for of in footage:
        parts += _tracks(of.tracks.until(seconds).on_grid(unit_m), unit_m, (west, south))
    data = json.dumps(head, separators=(",", ":")).encode() + b"\0" + numbers_to_bytes(np.concatenate(parts))
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    return base64.b64encode(packer.compress(data) + packer.flush()).decode()


def numbers_to_bytes(numbers: Ints) -> bytes:
    """Return whole numbers of 31 bits as bytes: seven bits each, the lowest first, an eighth for "more follow".

    The lowest bit of a number is its sign, so that numbers near zero are short.
    """
    left = ((numbers << 1) ^ (numbers >> 63)).astype(np.uint64)
    columns, used = [], []
    more = np.ones(len(left), np.bool_)
    while more.any():
        used.append(more)
        more = left > 127
        columns.append((left & np.uint64(127)).astype(np.uint8) | (more.astype(np.uint8) << 7))
        left = left >> np.uint64(7)
    return np.stack(columns, 1)[np.stack(used, 1)].tobytes() if columns else b""


def _ints(values: Iterable[float]) -> Ints:
    return np.array([round(value) for value in values], np.int64)


def _network(geometry: Geometry, signals: Sequence[str], origin: tuple[float, float]) -> list[Ints]:
    lanes = {lane.id: lane for lane in geometry.lanes}
    heads = sorted(geometry.heads, key=lambda head: (head.lane, head.index))
    beside: dict[str, int] = {}
    of_lane = {lane: sum(head.lane == lane for head in heads) for lane in {head.lane for head in heads}}
    x, y, turn, width = [], [], [], []
    for head in heads:
        # The links of a lane share its width, those to the right first: SUMO counts them so.
        i = beside[head.lane] = beside.get(head.lane, -1) + 1
        share_m = lanes[head.lane].width_m / of_lane[head.lane]
        (x_m, y_m), angle = _end(lanes[head.lane])
        aside_m = 0.5 * lanes[head.lane].width_m - (i + 0.5) * share_m
        x.append(x_m - origin[0] + aside_m * np.cos(angle))
        y.append(y_m - origin[1] - aside_m * np.sin(angle))
        turn.append(angle / (2 * np.pi) * TURNS % TURNS)
        width.append(share_m)
    return [
        _ints([len(geometry.lanes)]),
        _ints(USES.index(lane.use) for lane in geometry.lanes),
        _ints(10.0 * lane.width_m for lane in geometry.lanes),
        *_shapes([lane.shape for lane in geometry.lanes], origin),
        _ints([len(geometry.junctions)]),
        *_shapes([junction.shape for junction in geometry.junctions], origin),
        _ints([len(heads)]),
        _ints(signals.index(head.signal) for head in heads),
        _ints(head.index for head in heads),
        _ints(turn),
        _ints(10.0 * value for value in width),
        *(np.diff(_ints(10.0 * value for value in of), prepend=0) for of in (x, y)),
    ]


def _end(lane: Lane) -> tuple[tuple[float, float], float]:
    """Return the stop line's middle and where it looks, radians clockwise from north; a crossing's is at its start."""
    at, other = (lane.shape[0], lane.shape[1]) if lane.use == "crossing" else (lane.shape[-1], lane.shape[-2])
    sign = -1.0 if lane.use == "crossing" else 1.0
    return at, float(np.arctan2(sign * (at[0] - other[0]), sign * (at[1] - other[1])))


def _shapes(shapes: Sequence[Sequence[tuple[float, float]]], origin: tuple[float, float]) -> list[Ints]:
    columns = [_ints(10.0 * (point[axis] - origin[axis]) for shape in shapes for point in shape) for axis in (0, 1)]
    return [_ints(len(shape) for shape in shapes), *(np.diff(column, prepend=0) for column in columns)]


def _tracks(tracks: Tracks, unit_m: float, origin: tuple[float, float]) -> list[Ints]:
    first = np.cumsum(tracks.count) - tracks.count
    places = [
        np.rint((metres - zero) / unit_m).astype(np.int64)
        for metres, zero in zip((tracks.x_m, tracks.y_m), origin, strict=True)
    ]
    angle = np.rint(tracks.angle_deg / 360.0 * TURNS).astype(np.int64)
    turned = (_differences(angle, first) + TURNS // 2) % TURNS - TURNS // 2  # the shorter way round
    return [
        np.array([len(first)], np.int64),
        np.diff(tracks.start_s, prepend=0),
        tracks.count,
        tracks.kind,
        np.rint(10.0 * tracks.length_m).astype(np.int64),
        *(_bends(place, first) for place in places),
        turned,
    ]


def _differences(values: Ints, first: Ints) -> Ints:
    """Return each value less the one before; the first of a track as it is."""
    steps = np.diff(values, prepend=0)
    steps[first] = values[first]
    return steps


def _bends(values: Ints, first: Ints) -> Ints:
    """Return what each value differs by from going on as before; of a track the first value, and the first step."""
    steps = _differences(values, first)
    bends = np.diff(steps, prepend=0)
    bends[first] = steps[first]
    second = first[first + 1 < len(values)] + 1
    second = second[~np.isin(second, first)]  # of a track that has one
    bends[second] = steps[second]
    return bends
