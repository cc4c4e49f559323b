"""Finds the arteries of a network: chains of signals that through traffic passes one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.network import Approach, Link, Network, Signal, edge_of

__all__ = ["Artery", "Hop", "arteries"]


@dataclass(frozen=True)
class Hop:
    """The way of through traffic from one signal's stop line to the next one's.

    Attributes:
        start, end: ids of the two signals.
        leaves, arrives: link indices that show through traffic green: at the start those that lead to the end's
            approach, at the end those that go straight on.
        travel_s: free-flow time between the stop lines, seconds.
        length_m: the way's length, metres.
        demand: vehicles over it, from the demand files.
        edges: (id, length in metres) of the edges between the stop lines, in the direction of travel.
    """

    start: str
    end: str
    leaves: tuple[int, ...]
    arrives: tuple[int, ...]
    travel_s: float
    length_m: float
    demand: float
    edges: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Artery:
    """A chain of signals, in one direction.

    Attributes:
        signals: ids in the direction of travel, at least two.
        hops: the ways between them; `hops[i].arrives` and `hops[i + 1].leaves` are both at ``signals[i + 1]``.
    """

    signals: tuple[str, ...]
    hops: tuple[Hop, ...]

    @property
    def demand(self) -> float:
        """Vehicles over its least used hop."""
        return min(hop.demand for hop in self.hops)


def arteries(network: Network, demand: Mapping[str, float]) -> list[Artery]:
    """Return the network's arteries, the busiest first; every hop belongs to one at most.

    From the busiest hop on, each is extended at both ends along the busiest hop that is still free and goes straight
    on, as long as no signal comes twice.

    Args:
        network: its approaches tell which signal lies upstream.
        demand: vehicles over each edge.
    """
    free = sorted(_hops(network, demand), key=lambda hop: (-hop.demand, hop.start, hop.end))
    found = []
    while free:
        chain = [free.pop(0)]
        while (onward := _next(free, chain)) is not None:
            free.remove(onward)
            chain.append(onward)
        while (before := _previous(free, chain)) is not None:
            free.remove(before)
            chain.insert(0, before)
        found.append(Artery((chain[0].start, *(hop.end for hop in chain)), tuple(chain)))
    return sorted(found, key=lambda artery: (-len(artery.hops) * artery.demand, artery.signals))


def _next(free: Sequence[Hop], chain: Sequence[Hop]) -> Hop | None:
    last, passed = chain[-1], {chain[0].start, *(hop.end for hop in chain)}
    return next(
        (
            hop
            for hop in free
            if hop.start == last.end and hop.end not in passed and set(hop.leaves) & set(last.arrives)
        ),
        None,
    )


def _previous(free: Sequence[Hop], chain: Sequence[Hop]) -> Hop | None:
    first, passed = chain[0], {chain[0].start, *(hop.end for hop in chain)}
    return next(
        (
            hop
            for hop in free
            if hop.end == first.start and hop.start not in passed and set(hop.arrives) & set(first.leaves)
        ),
        None,
    )


def _hops(network: Network, demand: Mapping[str, float]) -> list[Hop]:
    lanes = {lane: (length_m, limit) for lane, length_m, limit in network.lanes}
    leaving: dict[str, list[tuple[Signal, Link]]] = {}
    for signal in network.signals:
        for link in signal.links:
            if link.kind == "vehicle" and link.turn == "through":
                leaving.setdefault(edge_of(link.to_lane), []).append((signal, link))
    hops = []
    for signal in network.signals:
        for approach in signal.approaches:
            straight = _straight(signal, approach)
            sources: dict[str, list[Link]] = {}
            for edge in approach.edges:
                for upstream, link in leaving.get(edge, ()):
                    if upstream.id != signal.id:
                        sources.setdefault(upstream.id, []).append(link)
            for start, links in sorted(sources.items()):
                if straight:
                    way = _way(approach, edge_of(links[0].to_lane), lanes)
                    travel_s = sum(length_m / limit for _, length_m, limit in way)
                    hops.append(
                        Hop(
                            start,
                            signal.id,
                            tuple(sorted(link.index for link in links)),
                            straight,
                            travel_s,
                            sum(length_m for _, length_m, _ in way),
                            min(demand.get(edge_of(links[0].to_lane), 0.0), demand.get(approach.edge, 0.0)),
                            tuple((edge, length_m) for edge, length_m, _ in reversed(way)),
                        )
                    )
    return hops


def _straight(signal: Signal, approach: Approach) -> tuple[int, ...]:
    return tuple(
        sorted(
            link.index
            for link in signal.links
            if link.kind == "vehicle" and link.turn == "through" and edge_of(link.lane) == approach.edge
        )
    )


def _way(
    approach: Approach, first: str, lanes: Mapping[str, tuple[float, float]]
) -> list[tuple[str, float, float]]:  # fmt: skip
    """Return (id, length, limit) of the edges from the stop line back to the upstream signal's exit."""
    edges = approach.edges[: approach.edges.index(first) + 1]
    return [
        (edge, *max((lane for name, lane in lanes.items() if edge_of(name) == edge), key=lambda lane: lane[1]))
        for edge in edges
    ]
