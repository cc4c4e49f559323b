"""Signal performance measures of one phase from a controller's high-resolution events.

Event codes (Indiana Traffic Signal Hi Resolution Data Logger Enumerations, Purdue 2012): 1, 8 and 10 begin green,
yellow and red clearance of a phase, 82 and 81 switch a detector on and off. Times are whole milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernels import _events
from kernels._events import GREEN, JUDGED, OFF, ON, RED, YELLOW

__all__ = [
    "FULL",
    "OFF",
    "ON",
    "RED_MS",
    "SIGNAL",
    "Cycles",
    "arrivals_on_green",
    "cycle_occupancies",
    "mended",
    "phase_state",
]

Ints = npt.NDArray[np.int64]

SIGNAL = (GREEN, YELLOW, RED)
RED_MS = 5000
"""Of each red, the time that is looked at for a split failure."""
FULL = 0.80
"""Occupancy of green and of early red from which on a split was too short."""
RAPID_MS = 2000


@dataclass(frozen=True)
class Cycles:
    """Whole cycles of one phase; all arrays have shape (n_cycles,).

    Attributes:
        judged_ms: when the first seconds of red were over.
        green_s: length of the green.
        green_occupancy, red_occupancy: share of it, and of the first seconds of red, with a detector occupied.
        failed: where both are `FULL` or more.
    """

    judged_ms: Ints
    green_s: npt.NDArray[np.float64]
    green_occupancy: npt.NDArray[np.float64]
    red_occupancy: npt.NDArray[np.float64]
    failed: npt.NDArray[np.bool_]


def _sorted(times: Ints, codes: Ints) -> tuple[Ints, Ints]:
    if times.shape != codes.shape or times.ndim != 1:
        raise ValueError(
            f"times have shape {times.shape}, codes {codes.shape}; they must be one list each, equally long"
        )
    order = np.lexsort((codes, times))
    return np.ascontiguousarray(times[order], np.int64), np.ascontiguousarray(codes[order], np.int64)


def arrivals_on_green(times: Ints, codes: Ints, bin_ms: int) -> tuple[Ints, Ints, Ints]:
    """Return (start of bin, vehicles, vehicles on green) for each bin of time with at least one vehicle.

    Args:
        times, codes: events of the phase (1, 8, 10) and of its advance detectors (82), shape (n_events,).
        bin_ms: length of a bin.

    Raises:
        ValueError: arrays of unlike shape, or a bin that is not above 0.
    """
    if bin_ms <= 0:
        raise ValueError(f"a bin of {bin_ms} ms")
    times, codes = _sorted(times, codes)
    starts, bins = np.unique(times - times % bin_ms, return_inverse=True)
    came, on_green = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    _events.arrivals(codes, np.ascontiguousarray(bins, np.intp), came, on_green)
    seen = came > 0
    return starts[seen], came[seen], on_green[seen]


def mended(times: Ints, codes: Ints) -> tuple[Ints, Ints]:
    """Return one detector's events with what got lost put in: on and off take turns, beginning with on.

    Between two ons an off is missing: at the second where they follow within 2 s, else half-way; between two offs an
    on, half-way; before a first off an on, 1 ms earlier.
    """
    times, codes = _sorted(times, codes)
    if not len(times):
        return times, codes
    gaps = np.diff(times)
    twice = codes[1:] == codes[:-1]
    half_way = times[1:] - gaps // 2
    lost_off = twice & (codes[1:] == ON)
    lost_on = twice & (codes[1:] == OFF)
    off_at = np.where(gaps <= RAPID_MS, times[1:], half_way)[lost_off]
    first_on = times[:1] - 1 if codes[0] == OFF else times[:0]
    return _sorted(
        np.concatenate([times, off_at, half_way[lost_on], first_on]),
        np.concatenate([codes, np.full(len(off_at), OFF), np.full(int(lost_on.sum()), ON), np.full(len(first_on), ON)]),
    )


def phase_state(detectors: list[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    """Return one detector's events (times, codes) from several: on while any of them is on."""
    if not detectors:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    times, codes = _sorted(*(np.concatenate(parts) for parts in zip(*detectors, strict=True)))
    occupied = np.cumsum(np.where(codes == ON, 1, -1))
    # Events of one moment count together.
    last = np.searchsorted(times, times, side="right") - 1
    return times, np.where(occupied[last] > 0, ON, OFF).astype(np.int64)


def cycle_occupancies(times: Ints, codes: Ints, end_ms: int) -> Cycles:
    """Return occupancies and split failures of the whole cycles of one phase.

    Args:
        times, codes: events of the phase (1, 8, 10) and of its presence detectors taken together (81, 82).
        end_ms: a red whose first seconds end later than this is not judged.
    """
    reds = times[(codes == RED) & (times + RED_MS < end_ms)]
    times, codes = _sorted(
        np.concatenate([times, reds + RED_MS]), np.concatenate([codes, np.full(len(reds), JUDGED, np.int64)])
    )
    rows = np.zeros((int((codes == GREEN).sum()), 4), np.int64)
    rows = rows[: _events.occupancies(times, codes, rows)]
    rows = rows[rows[:, 0] + rows[:, 1] > 0]
    green_ms = rows[:, 0] + rows[:, 1]
    green_occupancy, red_occupancy = rows[:, 0] / green_ms, rows[:, 2] / RED_MS
    failed = (green_occupancy >= FULL) & (red_occupancy >= FULL)
    return Cycles(rows[:, 3], green_ms / 1000.0, green_occupancy, red_occupancy, failed)
