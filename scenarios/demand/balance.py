"""Whether counts agree with one another: what comes out of a junction has to arrive at the next one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from engine.errors import InputError
from engine.sumo.quickest import Streets
from engine.sumo.sampling import Place
from kernels.formulas import geh
from scenarios.demand.counts import Count, Interval

__all__ = ["refuse_contradictions"]

HOUR_S = 3600.0
CLOSE_GEH = 5.0
"""Counts of different days differ; below this a difference is no contradiction, whatever its share."""


def refuse_contradictions(counts: Sequence[Count], streets: Streets, sources: Collection[str], share: float) -> None:
    """Refuse counts of neighbours that contradict each other where no traffic begins or ends between them.

    Args:
        counts: of all places.
        streets: of the network.
        sources: edges where traffic begins and ends within the network: side roads, car parks.
        share: of the larger number by which two may differ.

    Raises:
        InputError: a road with traffic and no way out, or two junctions that differ by more.
    """
    at: dict[Place, float] = defaultdict(float)
    when: dict[Place, set[Interval]] = defaultdict(set)
    for count in counts:
        at[count.place] += count.number
        when[count.place].add((count.begin_s, count.end_s))
    for edge in streets.free_s:
        places = [] if edge in sources else _inflow(edge, at, streets)
        end, onward = _outflow(edge, at, streets, sources) if places else (edge, [])
        if not onward or any(when[place] != when[places[0]] for place in (*places, *onward)):
            continue  # counted at different times, they cannot be set against each other
        number, out = sum(at[place] for place in places), sum(at[place] for place in onward)
        hourly = HOUR_S / sum(end_s - begin_s for begin_s, end_s in when[places[0]])
        if abs(number - out) <= share * max(number, out) or float(geh(out * hourly, number * hourly)) <= CLOSE_GEH:
            continue
        if not out:
            raise InputError(
                f"{number:g} vehicles are counted onto '{edge}' and none is counted on its way out of '{end}'. Correct the "
                f"counts at junction '{streets.junctions[end]}', or name the road with sources=[{edge}] where they end on it."
            )
        raise InputError(
            f"{number:g} vehicles are counted onto '{edge}' and {out:g} off '{end}' at junction '{streets.junctions[end]}': "
            f"they differ by {abs(number - out) / max(number, out):.0%}, more than tolerance={share:g}, and nothing begins or "
            f"ends between. Correct one, or name the road with sources=[{edge}]."
        )


def _inflow(edge: str, at: Mapping[Place, float], streets: Streets) -> list[Place]:
    """Return the counted places that make up what drives onto an edge; none where that is not known."""
    if (edge,) in at:
        return [(edge,)]
    before = streets.before(edge)
    if not before or any((start, edge) not in at for start in before):
        return []
    return [(start, edge) for start in streets.back[edge] if (start, edge) in at]


def _outflow(
    edge: str, at: Mapping[Place, float], streets: Streets, sources: Collection[str]
) -> tuple[str, list[Place]]:
    """Return where vehicles on an edge are counted next, along a road that nothing joins or leaves, and those counts."""
    passed = {edge}
    while True:
        after = streets.after(edge)
        if after and all((edge, to) in at for to in after):
            return edge, [(edge, to) for to in streets.onward[edge] if (edge, to) in at]
        if len(passed) > 1 and (edge,) in at:
            return edge, [(edge,)]
        if len(after) != 1 or len(streets.before(after[0])) != 1 or after[0] in sources or after[0] in passed:
            return edge, []
        edge = after[0]
        passed.add(edge)
