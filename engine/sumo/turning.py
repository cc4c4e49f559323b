"""Demand from entering volumes and turning shares: SUMO's jtrrouter sends each vehicle on its way, turn by turn."""

from __future__ import annotations

import itertools
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from engine.errors import InputError
from engine.sumo.programs import parse_xml
from engine.sumo.tools import plain_xml_text, run_program, strip_comments

__all__ = ["Turning", "turned", "write_turning_demand", "write_turning_intervals"]


@dataclass(frozen=True)
class Turning:
    """What enters and how it turns between two times, seconds.

    Attributes:
        entering: vehicle type and vehicles an hour by the edge that they begin on.
        turns: volumes, in any unit, by the edge that vehicles leave and the one that they turn into.
    """

    begin_s: float
    end_s: float
    entering: Mapping[str, tuple[str, float]]
    turns: Mapping[str, Mapping[str, float]]


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
    return write_turning_intervals(net, target, types, [Turning(*window, entering, turns)], seed)


def write_turning_intervals(
    net: Path, target: Path, types: Sequence[str], intervals: Sequence[Turning], seed: int
) -> int:
    """Write routed vehicles into `target` like `write_turning_demand`, interval by interval.

    Raises:
        InputError: jtrrouter refuses its input, or no vehicle can leave the network.
    """
    begin_s, end_s = min(of.begin_s for of in intervals), max(of.end_s for of in intervals)
    several = len(intervals) > 1
    flows, relations = [], []
    for of in intervals:
        span = f'begin="{of.begin_s:g}" end="{of.end_s:g}"'
        flows += [
            f"<flow id={quoteattr(f'{edge}.{of.begin_s:g}' if several else edge)} type={quoteattr(kind)} "
            f'from={quoteattr(edge)} {span} vehsPerHour="{veh_h:.3f}" departLane="best" departSpeed="max"/>'
            for edge, (kind, veh_h) in of.entering.items()
            if veh_h > 0.0
        ]
        relations.append(f"<interval {span}>")
        relations += [
            f'<edgeRelation from={quoteattr(edge)} to={quoteattr(onward)} probability="{volume:.3f}"/>'
            for edge, onwards in of.turns.items()
            for onward, volume in onwards.items()
        ]
        relations.append("</interval>")
    with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
        (Path(scratch) / "flows.xml").write_text(plain_xml_text("routes", [*types, *flows]), encoding="utf-8")
        (Path(scratch) / "turns.xml").write_text(plain_xml_text("edgeRelations", relations), encoding="utf-8")
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
