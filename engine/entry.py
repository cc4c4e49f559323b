"""Which lane group a vehicle that waits to be inserted is bound for."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from engine.network import Network, edge_of

__all__ = ["groups_by_entry"]


def groups_by_entry(network: Network) -> Callable[[Sequence[str]], int]:
    """Return a function from a route to the lane group that a vehicle waiting at its start is bound for, or -1.

    Only vehicles that would start on an approach count as its own, as `control_delay_s` is defined.
    """
    groups = network.groups
    first_by_edge: dict[str, list[int]] = {}
    turns: dict[tuple[str, str], int] = {}
    for i, (signal, approach, group) in enumerate(groups):
        for edge in approach.edges:
            first_by_edge.setdefault(edge, []).append(i)
        for link in signal.links:
            if link.index in group.links and any(stop.lane == link.lane for stop in group.lanes):
                turns.setdefault((approach.edge, edge_of(link.to_lane)), i)

    def bound_for(route: Sequence[str]) -> int:
        if not route or route[0] not in first_by_edge:
            return -1
        for here, onward in itertools.pairwise(route):
            if (here, onward) in turns:
                return turns[here, onward]
            if here not in first_by_edge:
                return -1
        return -1

    return bound_for
