"""The network drawn from its own geometry: approaches by level of service, by back of queue, and by what changes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.geometry import Geometry, Point
from experiments.report._language import gettext
from experiments.report._templates import fixed
from experiments.report.charts import LINE, figure, plain
from experiments.report.comparison import Approach, direction
from experiments.report.study import StudyData

__all__ = ["MOST_POINTS", "NetworkMap", "network_map"]

MOST_POINTS = 20_000
"""Of roads without a signal at their end; above it they are left out, and the page stays small."""
LARGE_S = 10.0
LEVELS = "ABCDEF"
QUEUE_SHARES = ((0.5, "var(--map-b)"), (0.9, "var(--map-d)"), (math.inf, "var(--map-f)"))
"""Upper bounds of the share of the approach that a queue fills, and their colours."""


@dataclass(frozen=True)
class NetworkMap:
    """A figure, and what it may show: (key of the view, its name)."""

    figure: str
    views: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Way:
    """An approach with traffic and its line, upstream from the stop line."""

    row: Approach
    line: tuple[Point, ...]

    @property
    def name(self) -> str:
        return f"{direction(self.row.name)} · {plain(self.row.signal, 20)}"


def network_map(study: StudyData, rows: Sequence[Approach]) -> NetworkMap | None:
    """Return the map of a study; `None` where its folder holds no geometry, or no vehicle came to a signal."""
    geometry = study.geometry
    ways = [] if geometry is None else _ways(study, geometry, rows)
    if geometry is None or not ways:
        return None
    data = _roads(geometry)
    views: list[tuple[str, str]] = []
    for i, plan in enumerate(study.plans):
        views.append((f"los-{i}", gettext("Level of service: %(plan)s", plan=plan.name)))
        data += _by_level(ways, i, views[-1][0])
    for i, plan in enumerate(study.plans):
        views.append((f"queue-{i}", gettext("Back of queue: %(plan)s", plan=plan.name)))
        data += _by_queue(ways, i, views[-1][0])
    if len(study.plans) > 1:
        views.append(("change", gettext("Change in delay")))
        data += _by_change(ways, views[-1][0])
    west, east, south, north = _bounds(point for way in ways for point in way.line)
    margin = 0.04 * max(east - west, north - south, 50.0)
    height = min(680.0, max(320.0, 1050.0 * (north - south) / max(east - west, 1.0)))
    hidden = {"visible": False, "range": [west - margin, east + margin]}
    layout = {
        "xaxis": hidden | {"constrain": "domain"},
        "yaxis": hidden | {"range": [south - margin, north + margin], "scaleanchor": "x"},
        "dragmode": "zoom",
        "hovermode": "closest",
    }
    return NetworkMap(
        figure(data, height=height + 40.0, margin={"l": 8, "r": 8, "t": 36, "b": 8}, **layout), tuple(views)
    )


def _ways(study: StudyData, geometry: Geometry, rows: Sequence[Approach]) -> list[_Way]:
    middles: dict[str, list[tuple[Point, ...]]] = {}
    for lane in geometry.lanes:
        if lane.use == "road":
            middles.setdefault(lane.edge, []).append(lane.shape)
    edges = {(of["signal"], of["approach"]): of["edges"] for of in study.summary.get("approaches", ())}
    ways = []
    for row in rows:
        line: list[Point] = []
        for edge in edges.get((row.signal, row.name), ()):
            shapes = middles.get(edge)
            line += reversed(shapes[len(shapes) // 2]) if shapes else ()
        if len(line) > 1:
            ways.append(_Way(row, tuple(line)))
    return ways


def _roads(geometry: Geometry) -> list[dict[str, Any]]:
    """Return what lies below: lanes as lines, junctions as areas; of very large networks nothing."""
    shapes = [lane.shape for lane in geometry.lanes if lane.use == "road"]
    if sum(map(len, shapes)) + sum(len(of.shape) for of in geometry.junctions) > MOST_POINTS:
        return []
    common = {"type": "scatter", "mode": "lines", "hoverinfo": "skip", "showlegend": False}
    x, y = _joined(shapes)
    areas = [(*of.shape, of.shape[0]) for of in geometry.junctions]
    junction_x, junction_y = _joined(areas)
    fill = {"fill": "toself", "fillcolor": LINE, "line": {"width": 0, "color": LINE}}
    return [
        common | {"x": junction_x, "y": junction_y} | fill,
        common | {"x": x, "y": y, "line": {"color": LINE, "width": 3}},
    ]


def _joined(lines: Iterable[Sequence[Point]]) -> tuple[list[float | None], list[float | None]]:
    x: list[float | None] = []
    y: list[float | None] = []
    for line in lines:
        x += [*(point[0] for point in line), None]
        y += [*(point[1] for point in line), None]
    return x, y


def _trace(
    view: str, name: str, colour: str, width: float, lines: Sequence[tuple[Sequence[Point], str]]
) -> dict[str, Any]:
    """Return one entry of a view's legend: its lines, each with what it says under the pointer."""
    # A line of no points keeps its entry in the legend of a view that has no such approach.
    lines = lines or [((), "")]
    x, y = _joined(line for line, _ in lines)
    said = [said for line, text in lines for said in (*[text] * len(line), None)]
    return {
        "type": "scatter", "mode": "lines", "x": x, "y": y, "text": said, "name": name, "meta": {"view": view},
        "line": {"color": colour, "width": width}, "hovertemplate": "%{text}<extra></extra>",
        "showlegend": True, "visible": view == "los-0",
    }  # fmt: skip


def _by_level(ways: Sequence[_Way], i: int, view: str) -> list[dict[str, Any]]:
    traces = []
    for place, level in enumerate(LEVELS):
        lines = [
            (
                way.line,
                gettext(
                    "%(where)s: %(seconds)s s, %(level)s",
                    where=way.name,
                    seconds=fixed(way.row.delay_s[i]),
                    level=level,
                ),
            )
            for way in ways
            if way.row.los[i] == level
        ]
        # Worse is wider as well: the colours alone need not be told apart.
        traces.append(_trace(view, level, f"var(--map-{level.lower()})", 4.0 + 0.8 * place, lines))
    return traces


def _by_queue(ways: Sequence[_Way], i: int, view: str) -> list[dict[str, Any]]:
    classes: list[list[tuple[Sequence[Point], str]]] = [[] for _ in QUEUE_SHARES]
    for way in ways:
        queue_m, length_m = way.row.queue_p95_m[i], _length_m(way.line)
        place = next(k for k, (bound, _) in enumerate(QUEUE_SHARES) if queue_m < bound * length_m)
        classes[place].append(
            (_cut(way.line, queue_m), gettext("%(where)s: %(metres)s m", where=way.name, metres=fixed(queue_m, 0)))
        )
    names = (
        gettext("fills less than half of the approach"),
        gettext("half or more"),
        gettext("90 %% or more"),
    )
    return [
        _trace(view, name, colour, 5.0 + k, lines)
        for k, (name, (_, colour), lines) in enumerate(zip(names, QUEUE_SHARES, classes, strict=True))
    ]


def _by_change(ways: Sequence[_Way], view: str) -> list[dict[str, Any]]:
    classes = {
        "much-better": (gettext("saves %(seconds)s s or more", seconds=fixed(LARGE_S, 0)), "var(--map-a)", 7.0),
        "better": (gettext("saves time"), "var(--map-b)", 5.0),
        "unclear": (gettext("no clear change"), "var(--net)", 3.0),
        "worse": (gettext("loses time"), "var(--map-e)", 5.0),
        "much-worse": (gettext("loses %(seconds)s s or more", seconds=fixed(LARGE_S, 0)), "var(--map-f)", 7.0),
    }
    lines: dict[str, list[tuple[Sequence[Point], str]]] = {kind: [] for kind in classes}
    for way in ways:
        of = way.row.difference
        kind = "unclear"
        if of is not None and of.low is not None and of.high is not None and (of.low > 0.0 or of.high < 0.0):
            kind = ("much-" if abs(of.centre) >= LARGE_S else "") + ("worse" if of.centre > 0.0 else "better")
        change_s = None if of is None else of.centre
        lines[kind].append(
            (way.line, gettext("%(where)s: %(seconds)s s", where=way.name, seconds=fixed(change_s, 1, sign=True)))
        )
    return [_trace(view, name, colour, width, lines[kind]) for kind, (name, colour, width) in classes.items()]


def _bounds(points: Iterable[Point]) -> tuple[float, float, float, float]:
    x, y = zip(*points, strict=True)
    return min(x), max(x), min(y), max(y)


def _length_m(line: Sequence[Point]) -> float:
    return sum(itertools.starmap(math.dist, itertools.pairwise(line)))


def _cut(line: Sequence[Point], length_m: float) -> list[Point]:
    """Return a line's first metres."""
    kept = [line[0]]
    for start, end in itertools.pairwise(line):
        step_m = math.dist(start, end)
        if step_m >= length_m:
            share = length_m / step_m if step_m else 0.0
            kept.append((start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])))
            break
        kept.append(end)
        length_m -= step_m
    return kept
