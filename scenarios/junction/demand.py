"""A junction's counts as SUMO demand: Poisson arrivals by movement and quarter of an hour."""

from __future__ import annotations

from scenarios.junction.data import CROSSING, QUARTER_S, Count, Description
from scenarios.junction.geometry import edge_names, inbound_edges, target

__all__ = ["CAR", "TRUCK", "routes_xml"]

CAR = (
    '    <vType id="car" vClass="passenger" length="4.6" minGap="2.5" sigma="0.5" tau="1.1" '
    'speedFactor="normc(1,0.1,0.7,1.3)"/>'
)
TRUCK = (
    '    <vType id="truck" vClass="truck" length="10.5" minGap="2.5" sigma="0.5" tau="1.4" accel="1.2" '
    'speedFactor="normc(0.9,0.05,0.7,1.0)"/>'
)


def routes_xml(description: Description) -> str:
    """Return a route file: one flow for each movement and interval, its arrivals drawn by SUMO's seed."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<routes>", CAR, TRUCK]
    for number, leg in enumerate(description.legs):
        lines += [
            f'    <vTypeDistribution id="mix{number}" vTypes="car truck" '
            f'probabilities="{1.0 - leg.trucks:g} {leg.trucks:g}"/>'
        ]
    numbers = {leg.name: i for i, leg in enumerate(description.legs)}
    for count in sorted(_with_warmup(description), key=lambda count: (count.start_s, numbers[count.leg], count.turn)):
        if count.number <= 0:
            continue
        leg = description.leg(count.leg)
        rate = count.number / (count.end_s - count.start_s)
        when = f'begin="{count.start_s:g}" end="{count.end_s:g}" period="exp({rate:.6f})"'
        name = f"{numbers[count.leg]}_{count.turn}_{count.start_s:g}"
        stop_edge = inbound_edges(description, leg)[-1][0]
        if count.turn == CROSSING:
            lines.append(f'    <personFlow id="walk{name}" {when} departPos="-15">')
            lines.append(f'        <walk edges="{stop_edge} {edge_names(description, leg)[1]}" arrivalPos="15"/>')
            lines.append("    </personFlow>")
            continue
        way = [edge for edge, _, _ in inbound_edges(description, leg)]
        way.append(edge_names(description, target(description, leg, count.turn))[1])
        lines.append(
            f'    <flow id="drive{name}" type="mix{numbers[count.leg]}" {when} departLane="best" departSpeed="max">'
        )
        lines.append(f'        <route edges="{" ".join(way)}"/>')
        lines.append("    </flow>")
    return "\n".join([*lines, "</routes>\n"])


def _with_warmup(description: Description) -> list[Count]:
    """Return the counts, preceded by a warm-up at the first quarter's rate."""
    first_s = min(count.start_s for count in description.counts)
    warmup_s = description.warmup_min * 60.0
    before = [
        Count(first_s - warmup_s, first_s, count.leg, count.turn, count.number * warmup_s / QUARTER_S)
        for count in description.counts
        if count.start_s == first_s and warmup_s > 0
    ]
    return [*before, *description.counts]
