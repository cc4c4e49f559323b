"""What `measures=all` adds to a simulation: conflicts and emissions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.network import Network, edge_of
from engine.scenario import Scenario
from kernels.conflicts import Conflicts, conflicts
from kernels.emissions import Emissions

__all__ = ["ConflictLayout", "Extras", "conflict_layout", "extras"]

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ConflictLayout:
    """Lanes, how they go on, and conflict areas by index. Lanes are numbered as in `engine.layout.Layout`.

    Attributes:
        lane_length_m: shape (n_lanes,).
        lane_edge: lanes beside each other have one number.
        lane_signal: the signal whose approach or junction interior the lane is; `n_signals` off all of them.
        hop_start, hop_to, hop_via: for each lane those that it leads to, and the lane inside the junction that comes
            in between or -1. Lists of lists are (start, items) pairs.
        area_lane, area_foe, area_merges: the two lanes of each conflict area, and 1 where they lead into one.
        enter_m, leave_m: metres along the lane of area i at 2 i, along its foe at 2 i + 1.
        side_start, side: for each lane the places in `enter_m` that are on it.
        n_signals: how many there are.
    """

    lane_length_m: Floats
    lane_edge: Ints
    lane_signal: Ints
    hop_start: Ints
    hop_to: Ints
    hop_via: Ints
    area_lane: Ints
    area_foe: Ints
    area_merges: Ints
    enter_m: Floats
    leave_m: Floats
    side_start: Ints
    side: Ints
    n_signals: int


@dataclass(frozen=True)
class Extras:
    """The live sums that `measures=all` adds to one simulation."""

    conflicts: Conflicts
    emissions: Emissions


def extras(arrays: ConflictLayout, scenario: Scenario) -> Extras:
    """Return the sums of a simulation that begins."""
    window_start_s = scenario.begin_s + scenario.warmup_s
    return Extras(
        conflicts(arrays, scenario.step_s, window_start_s),
        Emissions(arrays.lane_signal, arrays.n_signals, scenario.step_s, window_start_s),
    )


def conflict_layout(network: Network) -> ConflictLayout | None:
    """Return the arrays of a network whose ways were read, else `None`."""
    if network.ways is None:
        return None
    index = {lane: i for i, (lane, _, _) in enumerate(network.lanes)}
    edges: dict[str, int] = {}
    lane_edge = [edges.setdefault(edge_of(lane), len(edges)) for lane in index]
    hops: list[list[tuple[int, int]]] = [[] for _ in index]
    for lane, to, via in network.ways.hops:
        hops[index[lane]].append((index[to], index[via] if via else -1))
    sides: list[list[int]] = [[] for _ in index]
    for i, area in enumerate(network.ways.areas):
        sides[index[area.lane]].append(2 * i)
        sides[index[area.foe]].append(2 * i + 1)
    return ConflictLayout(
        np.array([length_m for _, length_m, _ in network.lanes], np.float64),
        np.array(lane_edge, np.int32),
        _signals(network, index),
        _starts(hops),
        np.array([to for of_lane in hops for to, _ in of_lane], np.int32),
        np.array([via for of_lane in hops for _, via in of_lane], np.int32),
        np.array([index[area.lane] for area in network.ways.areas], np.int32),
        np.array([index[area.foe] for area in network.ways.areas], np.int32),
        np.array([area.merges for area in network.ways.areas], np.int32),
        np.array([m for area in network.ways.areas for m in (area.enter_m, area.foe_enter_m)], np.float64),
        np.array([m for area in network.ways.areas for m in (area.leave_m, area.foe_leave_m)], np.float64),
        _starts(sides),
        np.array([side for of_lane in sides for side in of_lane], np.int32),
        len(network.signals),
    )


def _starts(lists: list[list[tuple[int, int]]] | list[list[int]]) -> Ints:
    return np.cumsum([0, *(len(items) for items in lists)]).astype(np.int32)


def _signals(network: Network, index: dict[str, int]) -> Ints:
    """Return the signal of each lane; a lane that leads to several signals is the first one's."""
    lane_signal = np.full(len(index), len(network.signals), np.int32)
    place = {signal.id: i for i, signal in enumerate(network.signals)}
    for signal, _, group in reversed(network.groups):
        for stop in group.lanes:
            for lane in (*(lane for lane, _ in stop.feeds), *stop.interior):
                lane_signal[index[lane]] = place[signal.id]
    return lane_signal
