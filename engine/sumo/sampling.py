"""Demand from counts: SUMO's routeSampler chooses among possible routes until the counts are met."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from defusedxml import ElementTree

from engine.errors import InputError
from engine.sumo.programs import parse_xml
from engine.sumo.tools import plain_xml_text, run_tool

__all__ = ["Place", "sampled_routes"]

Place = tuple[str, ...]
"""What is counted: an edge alone, or the edge that vehicles leave and the one that they turn into."""


def sampled_routes(
    routes: Sequence[tuple[str, ...]],
    counted: Mapping[tuple[float, float], Mapping[Place, float]],
    seed: int,
) -> list[tuple[float, tuple[str, ...]]]:
    """Return (departure, route) of vehicles that meet counts, in order of departure.

    Args:
        routes: possible routes.
        counted: vehicles at each place, by the interval that they are counted in; intervals are of one length.
        seed: of the choice of routes and of departures.

    Raises:
        InputError: routeSampler refuses its input, or no route passes a count.
    """
    lines = [f'<route id="{i}" edges={quoteattr(" ".join(edges))}/>' for i, edges in enumerate(dict.fromkeys(routes))]
    with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
        folder = Path(scratch)
        (folder / "routes.xml").write_text(plain_xml_text("routes", lines), encoding="utf-8")
        files = []
        for option, root, n_edges in (("--turn-files", "edgeRelations", 2), ("--edgedata-files", "meandata", 1)):
            of = {times: {p: n for p, n in at.items() if len(p) == n_edges} for times, at in counted.items()}
            if any(of.values()):
                name = f"{root}.xml"
                (folder / name).write_text(plain_xml_text(root, _intervals(of)), encoding="utf-8")
                files += [option, name]
        begin_s, end_s = next(iter(counted))
        run_tool(
            "routeSampler.py",
            [
                *("--route-files", "routes.xml", *files, "--output-file", "out.xml", "--seed", str(seed)),
                *("--optimize", "full", "--interval", f"{end_s - begin_s:g}", "--threads", "1", "--precision", "2"),
            ],
            folder,
            "Look at the counts.",
        )
        found = [(float(of.get("depart")), tuple(of.find("route").get("edges").split())) for of in _vehicles(folder)]
    if not found:
        raise InputError("no vehicle passes any of the counts. Give counts above 0.")
    return sorted(found)


def _vehicles(folder: Path) -> Iterable[Any]:
    try:
        return list(parse_xml(folder / "out.xml").iter("vehicle"))
    except (InputError, ElementTree.ParseError) as error:
        raise InputError("SUMO's routeSampler wrote nothing. Look at the counts.") from error


def _intervals(counted: Mapping[tuple[float, float], Mapping[Place, float]]) -> list[str]:
    lines = []
    for (begin_s, end_s), at in counted.items():
        lines.append(f'<interval id="counts" begin="{begin_s:g}" end="{end_s:g}">')
        for place, number in at.items():
            if len(place) == 1:
                lines.append(f'<edge id={quoteattr(place[0])} entered="{round(number)}"/>')
            else:
                ends = f"from={quoteattr(place[0])} to={quoteattr(place[1])}"
                lines.append(f'<edgeRelation {ends} count="{round(number)}"/>')
        lines.append("</interval>")
    return lines
