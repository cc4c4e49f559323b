"""Reads the lane graph and the conflict areas of a SUMO network."""

from __future__ import annotations

import gzip
import itertools
from collections import defaultdict
from pathlib import Path
from typing import IO, Any

import numpy as np
from defusedxml import ElementTree

from engine.errors import InputError
from engine.ways import Area, Floats, Ways, overlap

__all__ = ["read_ways"]

AREAS_ONLY = ("crossing", "walkingarea")

WAITING_M = 1.0
"""The end of a lane inside a junction that another one continues is where vehicles wait, clear of everybody's way."""


def read_ways(path: Path) -> Ways:
    """Return the lane graph of a ``.net.xml`` file and where the ways over its junctions conflict.

    Which ways can conflict is what the junction's own matrix of foes says; where they do follows from the lanes' shapes.

    Raises:
        InputError: the file cannot be read.
    """
    reader = _Reader()
    try:
        with _opened(path) as stream:
            for _, element in ElementTree.iterparse(stream, events=("end",)):
                reader.take(element)
    except (ElementTree.ParseError, OSError) as error:
        raise InputError(f"'{path}' cannot be read as a SUMO network: {error}. Build it anew.") from error
    return reader.ways()


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


class _Reader:
    """Collects what one pass over the file brings: edges, junctions, then connections."""

    def __init__(self) -> None:
        self._vehicular: set[str] = set()
        self._shapes: dict[str, Floats] = {}
        self._length_m: dict[str, float] = {}
        self._junctions: list[tuple[list[str], dict[int, str]]] = []
        self._outgoing: dict[str, list[tuple[str, str]]] = defaultdict(list)

    def take(self, element: Any) -> None:
        if element.tag == "edge":
            self._edge(element)
        elif element.tag == "junction":
            foes = {int(request.get("index")): request.get("foes") for request in element.iter("request")}
            self._junctions.append((element.get("incLanes", "").split(), foes))
        elif element.tag == "connection":
            lane = f"{element.get('from')}_{element.get('fromLane')}"
            to = f"{element.get('to')}_{element.get('toLane')}"
            self._outgoing[lane].append((to, element.get("via", "")))
        if element.tag in ("edge", "junction"):
            element.clear()

    def _edge(self, edge: Any) -> None:
        for lane in edge.iter("lane"):
            name = lane.get("id")
            if edge.get("function") not in AREAS_ONLY:
                self._vehicular.add(name)
            if edge.get("function") == "internal":
                corners = [point.split(",")[:2] for point in lane.get("shape").split()]
                self._shapes[name] = np.array(corners, np.float64)
                self._length_m[name] = float(lane.get("length"))

    def ways(self) -> Ways:
        hops = {
            (lane, to, via)
            for lane, onward in self._outgoing.items()
            for to, via in onward
            if lane in self._vehicular and to in self._vehicular
        }
        areas = {}
        for lanes, foes in self._junctions:
            # Links are numbered by the lanes that come in, and on each in the order of the file.
            links = [(to, via) for lane in lanes for to, via in self._outgoing.get(lane, ())]
            for (i, one), (j, two) in itertools.combinations(enumerate(links), 2):
                # Bit j, counted from the right, of the foes of link i.
                if i in foes and len(foes[i]) > j and foes[i][-1 - j] == "1":
                    for a, b in itertools.product(self._interior(*one), self._interior(*two)):
                        area = self._area(*sorted((a, b))) if a != b else None
                        if area is not None:
                            areas[area.lane, area.foe] = area
        return Ways(tuple(sorted(hops)), tuple(areas[key] for key in sorted(areas)))

    def _interior(self, to: str, via: str) -> list[str]:
        """Return the lanes inside the junction that lead to a lane; left turns that wait within it have two."""
        lanes = []
        while via:
            if via in self._vehicular:
                lanes.append(via)
            via = next((next_via for next_to, next_via in self._outgoing.get(via, ()) if next_to == to), "")
        return lanes

    def _area(self, lane: str, foe: str) -> Area | None:
        ours, theirs = self._part(lane, foe), self._part(foe, lane)
        if ours is None or theirs is None:
            return None
        merges = any(not via and (to, via) in self._outgoing[foe] for to, via in self._outgoing[lane])
        if merges:
            ours, theirs = (ours[0], self._length_m[lane]), (theirs[0], self._length_m[foe])
        return Area(lane, foe, *ours, *theirs, merges)

    def _part(self, lane: str, foe: str) -> tuple[float, float] | None:
        """Return the part of a lane that conflicts with another, in the lane's own metres."""
        shape = self._shapes[lane]
        part = overlap(shape, self._shapes[foe])
        if part is None:
            return None
        # A lane's length need not be that of its shape: positions are scaled as SUMO scales them.
        scale = self._length_m[lane] / max(float(np.hypot(*np.diff(shape, axis=0).T).sum()), 1e-6)
        enter_m, leave_m = part[0] * scale, part[1] * scale
        if any(via for _, via in self._outgoing[lane]):
            leave_m = min(leave_m, self._length_m[lane] - WAITING_M)
        return (round(enter_m, 3), round(leave_m, 3)) if leave_m > enter_m else None
