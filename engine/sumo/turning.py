"""Demand from entering volumes and turning shares: SUMO's jtrrouter sends each vehicle on its way, turn by turn."""

from __future__ import annotations

import itertools
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from engine.errors import InputError
from engine.sumo.programs import parse_xml
from engine.sumo.tools import plain_xml_text, run_program, strip_comments

__all__ = ["turned", "write_turning_demand"]


def write_turning_demand(
    net: Path,
    target: Path,
    types: Sequence[str],
    entering: Mapping[str, tuple[str, float]],
    turns: Mapping[str, Mapping[str, float]],
    window: tuple[float, float],
    seed: int,
) -> int:
    """Write routed vehicles into `target`, and return how many there are.

    Args:
        net: the network.
        target: the demand file.
        types: elements that define vehicle types and distributions.
        entering: vehicle type and vehicles an hour by the edge that they begin on.
        turns: volumes, in any unit, by the edge that vehicles leave and the one that they turn into.
        window: when vehicles begin, seconds.
        seed: of departures and turns.

    Raises:
        InputError: jtrrouter refuses its input, or no vehicle can leave the network.
    """
    begin_s, end_s = window
    flows = [
        f'<flow id={quoteattr(edge)} type={quoteattr(kind)} from={quoteattr(edge)} begin="{begin_s:g}" '
        f'end="{end_s:g}" vehsPerHour="{veh_h:.3f}" departLane="best" departSpeed="max"/>'
        for edge, (kind, veh_h) in entering.items()
        if veh_h > 0.0
    ]
    relations = [
        f'<edgeRelation from={quoteattr(edge)} to={quoteattr(onward)} probability="{volume:.3f}"/>'
        for edge, of in turns.items()
        for onward, volume in of.items()
    ]
    interval = [f'<interval begin="{begin_s:g}" end="{end_s:g}">', *relations, "</interval>"]
    with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
        (Path(scratch) / "flows.xml").write_text(plain_xml_text("routes", [*types, *flows]), encoding="utf-8")
        (Path(scratch) / "turns.xml").write_text(plain_xml_text("edgeRelations", interval), encoding="utf-8")
        run_program(
            "jtrrouter",
            [
                *("--net-file", str(net.absolute()), "--route-files", "flows.xml", "--turn-ratio-files", "turns.xml"),
                *("--output-file", str(target.absolute()), "--seed", str(seed), "--randomize-flows"),
                *("--begin", f"{begin_s:g}", "--end", f"{end_s:g}", "--accept-all-destinations"),
                *("--no-warnings", "--xml-validation", "never"),
            ],
            Path(scratch),
            "Look at the volumes in the file.",
        )
    strip_comments(target)
    n_vehicles = len(list(parse_xml(target).iter("vehicle")))
    if not n_vehicles:
        raise InputError("no vehicle enters the network by the file's volumes. Look at Volume in [Lanes].")
    return n_vehicles


def turned(routes: Path, window: tuple[float, float]) -> dict[tuple[str, str], int]:
    """Return how many vehicles that begin within a window go from one edge to the next, by the two edges."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for vehicle in parse_xml(routes).iter("vehicle"):
        if window[0] <= float(vehicle.get("depart", "0")) < window[1]:
            edges = vehicle.find("route").get("edges", "").split()
            for pair in itertools.pairwise(edges):
                counts[pair] += 1
    return dict(counts)
