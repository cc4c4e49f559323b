"""Who drives and walks along streets, as SUMO demand: Poisson arrivals by quarter of an hour, and lines by timetable."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.junction.demand import CAR, TRUCK
from scenarios.streets.data import Streets
from scenarios.streets.geometry import crossed_edges, way_edges

__all__ = ["end_s", "routes_xml"]

TYPES = (
    CAR,
    TRUCK,
    '    <vType id="bus" vClass="bus" length="12" minGap="2.5" sigma="0.5" tau="1.4" speedFactor="normc(0.9,0.05,0.7,1.0)"/>',
    '    <vType id="tram" vClass="tram" length="32" sigma="0" accel="1" decel="1.5" maxSpeed="13.9"/>',
    # Speeds as in conf/conditions/e_bikes.yaml.
    '    <vType id="e_bike" vClass="bicycle" length="1.7" minGap="0.5" maxSpeed="4.75" speedFactor="normc(1,0.2,0.7,1.3)"/>',
    '    <vType id="cycle" vClass="bicycle" length="1.7" minGap="0.5" maxSpeed="3.75" speedFactor="normc(1,0.2,0.7,1.3)"/>',
)
QUARTER_S = 900.0


def end_s(streets: Streets) -> float:
    """Return when the demand ends: the warm-up begins at 0."""
    shapes = [flow.quarters for flow in streets.flows] + [walk.quarters for walk in streets.walks]
    return streets.warmup_min * 60.0 + QUARTER_S * max(map(len, shapes))


def routes_xml(streets: Streets) -> str:
    """Return a route file, its random arrivals drawn by SUMO's seed."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<routes>", *TYPES]
    flows: list[tuple[float, list[str]]] = []
    for i, flow in enumerate(streets.flows):
        kind = flow.kind
        if flow.trucks:
            kind = f"mix{i}"
            lines.append(
                f'    <vTypeDistribution id="{kind}" vTypes="{flow.kind} truck" '
                f'probabilities="{1.0 - flow.trucks:g} {flow.trucks:g}"/>'
            )
        route = f'        <route edges="{" ".join(way_edges(streets, flow.way))}"/>'
        asked = f'type="{kind}" departLane="best" departSpeed="max"'
        if flow.every_s:
            when = f'begin="{flow.first_s:g}" end="{end_s(streets):g}" period="{flow.every_s:g}"'
            flows.append((flow.first_s, [f'    <flow id="line{i}" {asked} {when}>', route, "    </flow>"]))
            continue
        for begin_s, when in _quarters(streets, flow.veh_h, flow.quarters):
            flows.append((begin_s, [f'    <flow id="drive{i}_{begin_s:g}" {asked} {when}>', route, "    </flow>"]))
    for i, walk in enumerate(streets.walks):
        one, other = crossed_edges(streets, walk.signal, walk.leg)
        for begin_s, when in _quarters(streets, walk.per_h, walk.quarters):
            flows.append(
                (begin_s, [
                    f'    <personFlow id="walk{i}_{begin_s:g}" {when} departPos="-15">',
                    f'        <walk edges="{one} {other}" arrivalPos="15"/>',
                    "    </personFlow>",
                ])
            )  # fmt: skip
    # SUMO reads demand as it goes, by the time of departure.
    for _, of in sorted(flows, key=lambda flow: flow[0]):
        lines += of
    return "\n".join([*lines, "</routes>\n"])


def _quarters(streets: Streets, per_h: float, quarters: tuple[float, ...]) -> Iterator[tuple[float, str]]:
    """Yield (begin, attributes) of each quarter's flow, a warm-up at the first one's rate before them."""
    warmup_s = streets.warmup_min * 60.0
    spans = [(warmup_s + QUARTER_S * i, QUARTER_S, factor) for i, factor in enumerate(quarters)]
    if warmup_s:
        spans.insert(0, (0.0, warmup_s, quarters[0]))
    for begin_s, lasts_s, factor in spans:
        if per_h * factor > 0.0:
            rate = per_h * factor / 3600.0
            yield begin_s, f'begin="{begin_s:g}" end="{begin_s + lasts_s:g}" period="exp({rate:.6f})"'
