"""The charts of a study's page, for Plotly. A colour such as ``var(--rival)`` is resolved by the page, by theme."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.report._language import gettext, translated
from experiments.report.comparison import Approach, direction
from experiments.report.study import StudyData

__all__ = ["by_approach", "by_plan", "evidence", "plain"]

NET, RIVAL, OTHER, LINE = "var(--net)", "var(--rival)", "var(--other)", "var(--line)"
COLOURS = (NET, RIVAL)
SYMBOLS = ("circle", "diamond")
"""Plans differ by their marker's form as well, never by colour alone."""


def figure(data: Sequence[Mapping[str, Any]], **layout: object) -> str:
    """Return a figure as JSON that is safe inside a script element. Numbers keep a digit more than is shown."""
    margin = {"l": 60, "r": 16, "t": 30, "b": 48}
    base = {"margin": margin, "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0}}
    text = json.dumps({"data": _rounded(data), "layout": base | layout}, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, Mapping):
        return {key: _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list | tuple) else value


def plain(name: str, most: int = 24) -> str:
    """Return a name of the user's for a chart: Plotly reads a few tags, links and entities in its labels."""
    text = name if len(name) <= most else f"{name[: most - 1]}…"
    return text.replace("<", "[").replace(">", "]").replace("&", "+").replace("%{", "% {")


def _points(
    x: Sequence[object], y: Sequence[object], colour: str, symbol: str, name: str, **more: object
) -> dict[str, Any]:
    marker = {"color": colour, "symbol": symbol, "size": 11}
    return {"type": "scatter", "mode": "markers", "x": x, "y": y, "name": name, "marker": marker, **more}


def _centre_with_interval(of: Mapping[str, Any], y: str, colour: str, symbol: str, axis: str) -> dict[str, Any]:
    centre = of["centre"]
    low, high = of["ci95"] or (centre, centre)
    error = {"type": "data", "symmetric": False, "array": [high - centre], "arrayminus": [centre - low]}
    error |= {"thickness": 3, "width": 9, "color": colour}
    hover = f"{translated(of['of'])} %{{x:.1f}} s + %{{error_x.array:.1f}} - %{{error_x.arrayminus:.1f}}<extra></extra>"
    more = {"error_x": error, "xaxis": axis, "yaxis": axis.replace("x", "y"), "hovertemplate": hover}
    return _points([centre], [y], colour, symbol, y, showlegend=False, **more)


def evidence(study: StudyData) -> str | None:
    """Return delay of each plan by reporting seed, its mean and interval; beside it the paired difference."""
    if not any(plan.summary["delay_s"] for plan in study.plans):
        return None
    data = []
    hover = gettext("seed %%{customdata}: %%{x:.1f} s") + "<extra></extra>"
    for plan, colour, symbol in zip(study.plans, COLOURS, SYMBOLS, strict=False):
        seeds = list(plan.runs)
        delays = [plan.runs[seed].network["delay_s"] for seed in seeds]
        dots = _points(delays, [plan.name] * len(seeds), colour, "line-ns-open", plan.name, showlegend=False)
        data.append(dots | {"customdata": seeds, "hovertemplate": hover, "opacity": 0.75})
        if plan.summary["delay_s"] and plan.summary["delay_s"]["mean"] is not None:
            data.append(_centre_with_interval(plan.summary["delay_s"], plan.name, colour, symbol, "x"))
    layout: dict[str, Any] = {
        "xaxis": {"title": {"text": gettext("delay, s per vehicle")}, "domain": [0.0, 1.0]},
        "yaxis": {"autorange": "reversed", "type": "category"},
    }
    if study.difference["centre"] is not None:
        first, second = study.plans[0].runs, study.plans[-1].runs
        both = [seed for seed in first if seed in second]
        changes = [second[seed].network["delay_s"] - first[seed].network["delay_s"] for seed in both]
        name = gettext("difference")
        dots = _points(changes, [name] * len(both), RIVAL, "line-ns-open", "", xaxis="x2", yaxis="y2")
        data.append(dots | {"customdata": both, "hovertemplate": hover, "opacity": 0.75, "showlegend": False})
        data.append(_centre_with_interval(study.difference, name, RIVAL, SYMBOLS[1], "x2"))
        layout["xaxis"]["domain"] = [0.0, 0.5]
        layout["xaxis2"] = {
            "title": {"text": gettext("%(rival)s \N{MINUS SIGN} plan in the net, s", rival=study.plans[-1].name)},
            "domain": [0.57, 1.0],
            "anchor": "y2",
            "rangemode": "tozero",
        }
        layout["yaxis2"] = {"anchor": "x2", "showticklabels": False, "type": "category"}
        zero = {"type": "line", "xref": "x2", "yref": "y2 domain", "x0": 0, "x1": 0, "y0": 0, "y1": 1}
        layout["shapes"] = [zero | {"line": {"color": "var(--ink)", "width": 1.5}}]
    return figure(data, height=190, margin={"l": 110, "r": 16, "t": 8, "b": 48}, **layout)


def by_plan(study: StudyData) -> str:
    """Return the training delay of every plan by rank: the mean, and each seed."""
    ranking = [row for row in study.summary["ranking"] if row["delay_s_mean"] is not None]
    rival = study.plans[-1].summary["plan_id"]
    ranks = {row["plan_id"]: rank for rank, row in enumerate(ranking, start=1)}
    seeds = [(ranks[plan_id], delay_s) for plan_id, of in study.delays_s.items() if plan_id in ranks for delay_s in of]
    dots = _points(
        [rank for rank, _ in seeds], [delay_s for _, delay_s in seeds], OTHER, "circle", gettext("single seeds")
    )
    dots["marker"] |= {"size": 4}
    data = [dots | {"hoverinfo": "skip"}]
    kinds = (
        (gettext("other plans"), OTHER, "circle", lambda plan_id: plan_id not in ("baseline", rival)),
        (gettext("plan in the net"), NET, "circle", lambda plan_id: plan_id == "baseline"),
        (study.plans[-1].name, RIVAL, "diamond", lambda plan_id: plan_id == rival),
    )
    for name, colour, symbol, belongs in kinds[: 3 if rival != "baseline" else 2]:
        rows = [row for row in ranking if belongs(row["plan_id"])]
        means = _points(
            [ranks[row["plan_id"]] for row in rows], [row["delay_s_mean"] for row in rows], colour, symbol, name
        )
        hover = gettext("rank %%{x}: plan %%{customdata}, mean %%{y:.1f} s") + "<extra></extra>"
        if rows:
            data.append(means | {"customdata": [plain(row["plan_id"]) for row in rows], "hovertemplate": hover})
    delays = [row["delay_s_mean"] for row in ranking] + [delay_s for _, delay_s in seeds]
    # Gridlocked runs reach ten times the others' delay, and would press them onto one line.
    wide = len(delays) > 1 and min(delays) > 0.0 and max(delays) > 5.0 * statistics.median(delays)
    yaxis = {
        "title": {"text": gettext("delay, s per vehicle, logarithmic") if wide else gettext("delay, s per vehicle")}
    }
    return figure(
        data, height=320, xaxis={"title": {"text": gettext("rank on the training seeds")}, "zeroline": False},
        yaxis=yaxis | ({"type": "log"} if wide else {}),
    )  # fmt: skip


def by_approach(study: StudyData, rows: Sequence[Approach]) -> str | None:
    """Return control delay of each approach under both plans, joined by a line; largest gain on top."""
    if not rows:
        return None
    several = len({row.signal for row in rows}) > 1
    rows = sorted(rows, key=lambda row: row.delay_s[-1] - row.delay_s[0])
    places = list(range(len(rows)))
    labels = [plain(direction(row.name)) + (f" · {plain(row.signal, 14)}" if several else "") for row in rows]
    data: list[dict[str, Any]] = []
    if len(study.plans) > 1:
        x = [value for row in rows for value in (row.delay_s[0], row.delay_s[1], None)]
        y = [value for place in places for value in (place, place, None)]
        line = {"color": LINE, "width": 4}
        data.append({"type": "scatter", "mode": "lines", "x": x, "y": y, "line": line, "hoverinfo": "skip"})
        data[0]["showlegend"] = False
    for i, (plan, colour, symbol) in enumerate(zip(study.plans, COLOURS, SYMBOLS, strict=False)):
        points = _points([row.delay_s[i] for row in rows], places, colour, symbol, plan.name)
        hover = "%{customdata}: %{x:.1f} s<extra>" + plan.name + "</extra>"
        data.append(points | {"customdata": labels, "hovertemplate": hover})
    return figure(
        data, height=110 + 26 * len(rows), margin={"l": 150, "r": 16, "t": 34, "b": 48},
        xaxis={"title": {"text": gettext("control delay, s per vehicle")}, "rangemode": "tozero"},
        yaxis={"tickvals": places, "ticktext": labels, "range": [len(rows) - 0.4, -0.6], "zeroline": False},
    )  # fmt: skip
