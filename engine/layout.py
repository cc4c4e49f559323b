"""A network as the flat arrays that the scoring kernel loops over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.extras import ConflictLayout, conflict_layout
from engine.network import Network

__all__ = ["Layout", "layout"]

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Layout:
    """Lanes, queues (stop-line lanes), lane groups and signals by index. Lists of lists are (start, items) pairs.

    Attributes:
        lane_index: index of each lane id.
        lane_length_m, lane_limit: shape (n_lanes,), metres and metres per second.
        lane_zone: approaches that share lanes upstream form one zone; -1 off every approach. Shape (n_lanes,).
        lane_queue: the stop-line lane that this lane is, or whose junction interior it is; else -1.
        lane_inside: 1 for junction interiors behind a stop line.
        lane_exit: 1 for lanes that directly follow a signal-controlled connection.
        feed_start, feed_queue, feed_base_m: for each lane the queues that may stand on it, and metres from the
            lane's end to their stop lines.
        queue_group, queue_bit, queue_storage_m: lane group of each queue, its number in its zone, and the observed length.
        link_start, link_index: for each lane group the letters of its signal's state that show it.
        group_approach: the approach of each lane group, numbered in the order of `Network.approaches`.
        signal_group_start: lane groups are sorted by signal; those of signal i are [start[i], start[i + 1]).
        conflicts: what `measures=all` needs besides.
    """

    lane_index: dict[str, int]
    lane_length_m: Floats
    lane_limit: Floats
    lane_zone: Ints
    lane_queue: Ints
    lane_inside: Ints
    lane_exit: Ints
    feed_start: Ints
    feed_queue: Ints
    feed_base_m: Floats
    queue_group: Ints
    queue_bit: Ints
    queue_storage_m: Floats
    link_start: Ints
    link_index: Ints
    signal_group_start: Ints
    group_approach: Ints
    conflicts: ConflictLayout | None = None


def layout(network: Network) -> Layout:
    """Return the arrays of a network; lane groups are in the order of `Network.groups`."""
    lane_index = {lane: i for i, (lane, _, _) in enumerate(network.lanes)}
    n_lanes = len(lane_index)
    zone_of = _zones(network)
    lane_zone = np.full(n_lanes, -1, np.int32)
    lane_queue = np.full(n_lanes, -1, np.int32)
    lane_inside = np.zeros(n_lanes, np.int32)
    feeds: list[list[tuple[int, float]]] = [[] for _ in range(n_lanes)]
    queue_group: list[int] = []
    queue_bit: list[int] = []
    queue_storage_m: list[float] = []
    queues_in_zone: dict[int, int] = {}
    link_start, signal_group_start = [0], [0]
    link_index: list[int] = []
    groups = network.groups
    approach_index = {(signal.id, approach.name): i for i, (signal, approach) in enumerate(network.approaches)}
    for i_group, (signal, approach, group) in enumerate(groups):
        zone = zone_of[signal.id, approach.name]
        for stop in group.lanes:
            queue = len(queue_group)
            bit = queues_in_zone.get(zone, 0)
            queues_in_zone[zone] = bit + 1
            queue_group.append(i_group)
            # A zone of more than 64 stop-line lanes does not exist in any city; its last ones would share a bit.
            queue_bit.append(min(bit, 63))
            queue_storage_m.append(stop.storage_m)
            lane_queue[lane_index[stop.lane]] = queue
            for lane, base_m in stop.feeds:
                lane_zone[lane_index[lane]] = zone
                feeds[lane_index[lane]].append((queue, base_m))
            for lane in stop.interior:
                i_lane = lane_index[lane]
                lane_zone[i_lane], lane_queue[i_lane], lane_inside[i_lane] = zone, queue, 1
        link_index += group.links
        link_start.append(len(link_index))
    for signal in network.signals:
        signal_group_start.append(signal_group_start[-1] + sum(len(approach.groups) for approach in signal.approaches))
    feed_start = np.cumsum([0, *(len(of_lane) for of_lane in feeds)])
    flat = [feed for of_lane in feeds for feed in of_lane]
    return Layout(
        lane_index,
        np.array([length for _, length, _ in network.lanes], np.float64),
        np.array([limit for _, _, limit in network.lanes], np.float64),
        lane_zone,
        lane_queue,
        lane_inside,
        np.array([lane in network.exits for lane in lane_index], np.int32),
        feed_start.astype(np.int32),
        np.array([queue for queue, _ in flat], np.int32),
        np.array([base_m for _, base_m in flat], np.float64),
        np.array(queue_group, np.int32),
        np.array(queue_bit, np.int32),
        np.array(queue_storage_m, np.float64),
        np.array(link_start, np.int32),
        np.array(link_index, np.int32),
        np.array(signal_group_start, np.int32),
        np.array([approach_index[signal.id, approach.name] for signal, approach, _ in groups], np.int32),
        conflict_layout(network),
    )


def _zones(network: Network) -> dict[tuple[str, str], int]:
    """Return the zone of each approach: one number for all that share a lane upstream, directly or by way of others."""
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(key: tuple[str, str]) -> tuple[str, str]:
        while parent[key] != key:
            key = parent[key]
        return key

    owner: dict[str, tuple[str, str]] = {}
    for signal, approach, group in network.groups:
        key = (signal.id, approach.name)
        parent.setdefault(key, key)
        for stop in group.lanes:
            for lane, _ in stop.feeds:
                parent[root(owner.setdefault(lane, key))] = root(key)
    numbers: dict[tuple[str, str], int] = {}
    return {key: numbers.setdefault(root(key), len(numbers)) for key in parent}
