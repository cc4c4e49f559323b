"""Time-space diagrams: a corridor's signals by distance and time, its green bands, and the vehicles between them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.plan import Phase, Program
from engine.progression import PROGRESSION_SHARE, green_band, green_spans
from experiments.report._language import gettext
from experiments.report.charts import COLOURS, figure, plain
from experiments.report.study import ShownPlan, StudyData

__all__ = ["Band", "CorridorShown", "shown"]

GREEN, RED, TRACE = "var(--green)", "var(--red)", "var(--soft)"
GAP_S = 6.0
"""A vehicle that is not seen for longer has left the corridor; its line ends there."""
BEND_M = 2.0
"""Points of a line that lie closer to their neighbours' join add nothing to the picture."""


@dataclass(frozen=True)
class Band:
    """The progression band of one direction under one plan; `None` where its signals share no cycle."""

    plan: str
    width_s: float | None
    cycle_s: float


@dataclass(frozen=True)
class Way:
    """One direction: its first and last signal, and its bands, one for each plan."""

    first: str
    last: str
    bands: tuple[Band, ...]


@dataclass(frozen=True)
class CorridorShown:
    """One corridor: signals in order, length in metres, its directions, and its figure."""

    signals: tuple[str, ...]
    length_m: float
    ways: tuple[Way, ...]
    figure: str


def shown(study: StudyData) -> list[CorridorShown]:
    """Return the study's corridors, the busiest first; none where it has none, or a plan sets not all their signals."""
    of_study = study.summary.get("corridors")
    if not of_study:
        return []
    programs = [_programs(plan) for plan in study.plans]
    found = []
    for i, ways in enumerate(of_study["corridors"]):
        signals = ways[0]["signals"]
        if all(signal in of for of in programs for signal in signals):
            found.append(_corridor(study, i, ways, programs, (of_study["begin_s"], of_study["end_s"])))
    return found


def _programs(plan: ShownPlan) -> dict[str, Program]:
    return {
        of["signal"]: Program(of["signal"], tuple(Phase(*phase) for phase in of["phases"]), of["offset_s"])
        for of in plan.programs
    }


def _corridor(
    study: StudyData,
    i: int,
    ways: Sequence[Mapping[str, Any]],
    programs: Sequence[Mapping[str, Program]],
    window: tuple[float, float],
) -> CorridorShown:
    begin_s, end_s = window
    data: list[dict[str, Any]] = []
    axes = _Axes(len(study.plans), ways, end_s - begin_s)
    directions = []
    for j, way in enumerate(ways):
        bands = []
        for p, (plan, of) in enumerate(zip(study.plans, programs, strict=True)):
            in_order = [of[signal] for signal in way["signals"]]
            band = _band(in_order, way)
            bands.append(Band(plan.name, None if band is None else band[1], in_order[0].cycle_s))
            panel = axes.panel(j, p, plan.name, bands[-1])
            if band is not None and band[1] > 0.0:
                data.append(panel | _polygons(band, in_order[0].cycle_s, way, window, COLOURS[p]))
            lines = study.trajectories.get((plan.summary["plan_id"], i, j), [])
            data.append(panel | _lines(lines, begin_s))
            data += [panel | trace for trace in _signals(in_order, way, window)]
        directions.append(Way(way["signals"][0], way["signals"][-1], tuple(bands)))
    length_m = max(ways[0]["distances_m"])
    return CorridorShown(tuple(ways[0]["signals"]), length_m, tuple(directions), axes.figure(data))


class _Axes:
    """The panels of one figure: a column for each plan, a row for each direction."""

    def __init__(self, n_plans: int, ways: Sequence[Mapping[str, Any]], lasts_s: float) -> None:
        self._n_plans, self._ways = n_plans, ways
        self._lasts_s = lasts_s
        n_signals = len(ways[0]["signals"])
        self._row_px = min(460, 130 + 42 * n_signals)
        self.layout: dict[str, Any] = {"annotations": [], "showlegend": False}

    def panel(self, row: int, column: int, plan: str, band: Band) -> dict[str, Any]:
        """Lay out a panel and return the axes that its traces name."""
        number = row * self._n_plans + column + 1
        name = "" if number == 1 else str(number)
        left = column / self._n_plans + (0.02 if column else 0.0)
        right = (column + 1) / self._n_plans - (0.02 if column + 1 < self._n_plans else 0.0)
        top = 1.0 - row / len(self._ways)
        bottom = top - 1.0 / len(self._ways) + (0.09 if row + 1 < len(self._ways) else 0.0)
        way = self._ways[row]
        last = row + 1 == len(self._ways)
        distances = way["distances_m"]
        margin = 0.06 * max(distances)
        self.layout[f"xaxis{name}"] = {
            "domain": [left, right], "anchor": f"y{name}", "range": [0, self._lasts_s], "zeroline": False,
            "title": {"text": gettext("seconds") if last else ""},
        }  # fmt: skip
        self.layout[f"yaxis{name}"] = {
            "domain": [bottom, top - 0.06], "anchor": f"x{name}", "range": [-margin, max(distances) + margin],
            "zeroline": False, "showgrid": False, "tickvals": distances,
            "ticktext": [f"{plain(s, 13)} · {d:.0f} m" for s, d in zip(way["signals"], distances, strict=True)],
            "showticklabels": column == 0,
        }  # fmt: skip
        names = {"plan": f"<b>{plan}</b>", "last": plain(way["signals"][-1], 13)}
        text = gettext("%(plan)s, to %(last)s: no common cycle", **names)
        if band.width_s is not None:
            seconds = {"width": f"{band.width_s:.0f}", "cycle": f"{band.cycle_s:.0f}"}
            text = gettext("%(plan)s, to %(last)s: band %(width)s s of %(cycle)s s", **names, **seconds)
        self.layout["annotations"].append(
            {"text": text, "x": left, "y": top - 0.055, "xref": "paper", "yref": "paper", "xanchor": "left",
             "yanchor": "bottom", "showarrow": False}
        )  # fmt: skip
        return {"type": "scatter", "xaxis": f"x{name}", "yaxis": f"y{name}"}

    def figure(self, data: Sequence[Mapping[str, Any]]) -> str:
        """Return the figure."""
        height = 60 + self._row_px * len(self._ways)
        return figure(data, height=height, margin={"l": 170, "r": 16, "t": 8, "b": 48}, **self.layout)


def _band(programs: Sequence[Program], way: Mapping[str, Any]) -> tuple[float, float] | None:
    if len({program.cycle_s for program in programs}) > 1:
        return None
    return green_band(programs, way["links"], [travel_s / PROGRESSION_SHARE for travel_s in way["travel_s"]])


def _polygons(
    band: tuple[float, float], cycle_s: float, way: Mapping[str, Any], window: tuple[float, float], colour: str
) -> dict[str, Any]:
    """Return every band that can be seen in the window, as one trace of closed polygons."""
    start_s, width_s = band
    later_s = [travel_s / PROGRESSION_SHARE for travel_s in way["travel_s"]]
    distances = way["distances_m"]
    first = math.floor((window[0] - later_s[-1] - width_s - start_s) / cycle_s)
    last = math.ceil((window[1] - start_s) / cycle_s)
    x: list[float | None] = []
    y: list[float | None] = []
    for k in range(first, last + 1):
        begins = [start_s + k * cycle_s + later - window[0] for later in later_s]
        x += [*begins, *(begin + width_s for begin in reversed(begins)), begins[0], None]
        y += [*distances, *reversed(distances), distances[0], None]
    return {
        "mode": "lines", "x": x, "y": y, "fill": "toself", "fillcolor": colour, "opacity": 0.22, "name": gettext("green band"),
        "line": {"width": 0, "color": colour}, "hoverinfo": "skip",
    }  # fmt: skip


def _lines(vehicles: Iterable[Sequence[tuple[float, float]]], begin_s: float) -> dict[str, Any]:
    """Return the vehicles' ways as one trace."""
    x: list[float | None] = []
    y: list[float | None] = []
    for points in vehicles:
        for part in _parts(points):
            kept = _bends(part)
            x += [*(time_s - begin_s for time_s, _ in kept), None]
            y += [*(metres for _, metres in kept), None]
    line = {"color": TRACE, "width": 1.2}
    return {
        "mode": "lines",
        "x": x,
        "y": y,
        "line": line,
        "name": gettext("vehicles"),
        "hoverinfo": "skip",
        "opacity": 0.8,
    }


def _parts(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    parts: list[list[tuple[float, float]]] = []
    for point in points:
        if not parts or point[0] - parts[-1][-1][0] > GAP_S:
            parts.append([])
        parts[-1].append(point)
    return parts


def _bends(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points at which a line bends by more than `BEND_M`, its ends included."""
    kept = list(points[:1])
    for i in range(1, len(points) - 1):
        (t0, d0), (t1, d1), (t2, d2) = kept[-1], points[i], points[i + 1]
        if abs(d0 + (d2 - d0) * (t1 - t0) / (t2 - t0) - d1) > BEND_M:
            kept.append(points[i])
    return [*kept, *points[1:][-1:]]


def _signals(
    programs: Sequence[Program], way: Mapping[str, Any], window: tuple[float, float]
) -> list[dict[str, Any]]:  # fmt: skip
    """Return what every signal shows to through traffic: a thin red line, and thick green ones on it."""
    begin_s, end_s = window
    red_x: list[float | None] = []
    red_y: list[float | None] = []
    green_x: list[float | None] = []
    green_y: list[float | None] = []
    for program, links, metres in zip(programs, way["links"], way["distances_m"], strict=True):
        red_x += [0.0, end_s - begin_s, None]
        red_y += [metres, metres, None]
        for start, end in green_spans(program, links):
            first = math.floor((begin_s - end - program.offset_s) / program.cycle_s)
            last = math.ceil((end_s - start - program.offset_s) / program.cycle_s)
            for k in range(first, last + 1):
                shift_s = program.offset_s + k * program.cycle_s - begin_s
                from_s, to_s = max(0.0, start + shift_s), min(end_s - begin_s, end + shift_s)
                if to_s > from_s:
                    green_x += [from_s, to_s, None]
                    green_y += [metres, metres, None]
    common = {"mode": "lines", "hoverinfo": "skip"}
    return [
        common | {"x": red_x, "y": red_y, "line": {"color": RED, "width": 2}, "name": gettext("red")},
        common | {"x": green_x, "y": green_y, "line": {"color": GREEN, "width": 7}, "name": gettext("green")},
    ]
