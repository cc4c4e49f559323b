"""What a simulation looks like at one moment, as arrays: for controllers, and for callers that stop on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["State"]

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class State:
    """Vehicles and signals at `time_s`. Arrays are the caller's own; they do not change when the simulation goes on.

    The first ten arrays have one entry for each vehicle on the road, in the order of `number`, shape (n_vehicles,);
    one that is parked is left out.

    Attributes:
        time_s: simulation time, seconds.
        number: names a vehicle from its departure to its arrival; another one may have it afterwards.
        lane: index of the lane in `Layout.lane_index`.
        kind: class, an index into `kernels.classes.CLASSES`; one more for emergency vehicles.
        position_m, length_m: of the front on its lane, from the lane's beginning; the vehicle's length; metres.
        speed: metres per second.
        standing_s: seconds for which it has been slower than 0.1 m/s, without a break.
        next_signal, next_link: index of the next signal on its route in `Network.signals`, and of the letter that it
            obeys there; -1 where no signal is ahead.
        to_line_m: metres to that signal's stop line; infinite where there is none.
        letters: what each signal shows, in the order of `Network.signals`, one letter for each link.
        phase, next_switch_s: index of each signal's phase, and when the next one begins, seconds. Shape (n_signals,).
        waiting_veh: vehicles that are due and wait to be inserted on an approach, by the lane group that they are
            bound for, in the order of `Network.groups`. Shape (n_groups,).
        n_waiting: all vehicles that wait to be inserted, wherever.
    """

    time_s: float
    number: Ints
    lane: Ints
    kind: Ints
    position_m: Floats
    length_m: Floats
    speed: Floats
    standing_s: Floats
    next_signal: Ints
    next_link: Ints
    to_line_m: Floats
    letters: tuple[str, ...]
    phase: Ints
    next_switch_s: Floats
    waiting_veh: Ints
    n_waiting: int
