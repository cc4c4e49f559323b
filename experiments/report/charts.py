"""The charts of a study's page, drawn by Plotly."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.report.study import Approach, StudyData

__all__ = ["by_approach", "by_plan", "interval_plot", "phase_diagram", "queue_map"]

BEFORE, AFTER = "#8a94a6", "#0b7a75"
STATE_COLOURS = {"G": "#1a9850", "g": "#91cf60", "y": "#fdae61", "u": "#fdae61", "r": "#d9d9de", "s": "#c7e9b4"}
STATE_NAMES = {"G": "green", "g": "green, gives way", "y": "yellow", "u": "red-yellow", "s": "turn after stop"}
SHOWN_QUEUES = 24
BIN_S = 60.0


def _figure(data: Sequence[Mapping[str, Any]], **layout: Any) -> str:
    """Return a figure as JSON that is safe inside a script element."""
    from plotly.utils import PlotlyJSONEncoder  # noqa: PLC0415  plotly takes its time to import

    base = {
        "font": {"family": "system-ui, sans-serif", "size": 13},
        "margin": {"l": 60, "r": 20, "t": 20, "b": 50},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {"namelength": -1},
        "legend": {"orientation": "h", "y": 1.08, "x": 0},
    }
    text = json.dumps({"data": data, "layout": base | layout}, cls=PlotlyJSONEncoder)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def interval_plot(summary: Mapping[str, Any]) -> str:
    """Return mean delay of both plans with 95 % intervals."""
    rows = [("plan in the net", summary["baseline"], BEFORE), ("best plan", summary["best"], AFTER)]
    data = []
    for name, plan, colour in rows:
        delay = plan["delay_s"]
        if delay is None:
            continue
        half = (delay["ci95"][1] - delay["ci95"][0]) / 2 if delay["ci95"] else 0.0
        data.append(
            {
                "type": "scatter",
                "x": [delay["mean"]],
                "y": [name],
                "error_x": {"type": "data", "array": [half], "thickness": 3, "width": 8},
                "mode": "markers",
                "marker": {"size": 13, "color": colour},
                "name": name,
                "showlegend": False,
            }
        )
    return _figure(
        data, height=180, margin={"l": 120, "r": 20, "t": 10, "b": 45},
        xaxis={"title": {"text": "delay, s per vehicle"}, "rangemode": "tozero"}, yaxis={"autorange": "reversed"},
    )  # fmt: skip


def by_plan(summary: Mapping[str, Any]) -> str:
    """Return the mean training delay of every plan, in the order of their ranks."""
    ranking = [row for row in summary["ranking"] if row["delay_s_mean"] is not None]
    colours = [
        BEFORE if row["plan_id"] == "baseline" else AFTER if row["plan_id"] == summary["best"]["plan_id"] else "#b9d8d6"
        for row in ranking
    ]
    data = [
        {
            "type": "bar",
            "x": list(range(1, len(ranking) + 1)),
            "y": [row["delay_s_mean"] for row in ranking],
            "text": [row["plan_id"] for row in ranking],
            "textposition": "none",
            "marker": {"color": colours},
            "hovertemplate": "rank %{x}: plan %{text}, %{y:.1f} s<extra></extra>",
        }
    ]
    return _figure(
        data, height=300, xaxis={"title": {"text": "rank on the training seeds"}},
        yaxis={"title": {"text": "delay, s per vehicle"}}, bargap=0.15,
    )  # fmt: skip


def by_approach(rows: Sequence[Approach]) -> str:
    """Return control delay by approach under both plans."""
    names = [f"{row.name}<br>{_short(row.signal)}" for row in rows]
    data = [
        {"type": "bar", "name": name, "x": names, "y": [row.delay_s[i] for row in rows], "marker": {"color": colour}}
        for i, (name, colour) in enumerate((("plan in the net", BEFORE), ("best plan", AFTER)))
    ]
    return _figure(data, height=340, barmode="group", yaxis={"title": {"text": "control delay, s per vehicle"}})


def _short(name: str, most: int = 18) -> str:
    # Plotly reads a few tags in labels; ids come from users' files.
    text = name if len(name) <= most else f"{name[: most - 1]}…"
    return text.replace("<", "‹").replace(">", "›")


def phase_diagram(program: Mapping[str, Any], links: Sequence[Mapping[str, Any]]) -> str:
    """Return one signal's cycle: a bar for each group of links that always show the same, from the cycle's start."""
    width = len(program["phases"][0][1])
    columns: dict[str, list[int]] = {}
    for index in range(width):
        columns.setdefault("".join(phase[1][index] for phase in program["phases"]), []).append(index)
    names: dict[int, str] = {link["index"]: link["movement"] for link in links}
    labels = []
    for indices in columns.values():
        label = ", ".join(sorted({names.get(index, f"link {index}") for index in indices}))
        labels.append(_short(label, 44))
    data: list[dict[str, Any]] = []
    shown: set[str] = set()
    for row, letters in enumerate(columns):
        at_s = 0.0
        for letter, (seconds, _, _) in zip(letters, program["phases"], strict=True):
            if letter in STATE_NAMES:
                name = STATE_NAMES[letter]
                data.append(
                    {
                        "type": "bar",
                        "orientation": "h",
                        "x": [seconds],
                        "base": [at_s],
                        "y": [row],
                        "width": 0.7,
                        "marker": {"color": STATE_COLOURS[letter]},
                        "name": name,
                        "legendgroup": name,
                        "showlegend": name not in shown,
                        "hovertemplate": f"{name}: {at_s:g}-{at_s + seconds:g} s<extra></extra>",
                    }
                )
                shown.add(name)
            at_s += seconds
    return _figure(
        data, height=90 + 26 * len(labels), barmode="overlay", margin={"l": 300, "r": 20, "t": 30, "b": 40},
        xaxis={"title": {"text": "seconds of the cycle"}, "range": [0, at_s]},
        yaxis={"tickvals": list(range(len(labels))), "ticktext": labels, "autorange": "reversed"},
    )  # fmt: skip


def queue_map(study: StudyData) -> str | None:
    """Return back of queue over time for the busiest lane groups under both plans: medians over the reporting seeds."""
    plans = [of for of in (study.baseline, study.best) if of]
    if len(plans) < 2:
        return None
    window = study.summary["window"]
    begin_s, end_s = window["begin_s"] + window["warmup_s"], window["end_s"]
    n_bins = max(1, round((end_s - begin_s) / BIN_S))
    tables = [[_binned(result.cycles, len(result.groups), begin_s, n_bins) for result in of.values()] for of in plans]
    medians = [
        [[statistics.median(run[group][i] for run in runs) for i in range(n_bins)] for group in range(len(runs[0]))]
        for runs in tables
    ]
    order = sorted(range(len(medians[0])), key=lambda g: -max(*medians[0][g], *medians[1][g]))[:SHOWN_QUEUES]
    if not order:
        return None
    groups = next(iter(plans[0].values())).groups
    labels = [f"{groups[g].group} · {_short(groups[g].signal, 12)}" for g in order]
    longest = max(max(medians[p][g]) for p in range(2) for g in order)
    minutes = [i * BIN_S / 60.0 for i in range(n_bins)]
    data = [
        {
            "type": "heatmap",
            "z": [medians[p][g] for g in order],
            "x": minutes,
            "y": list(range(len(order))),
            "customdata": [[label] * n_bins for label in labels],
            "xaxis": axis,
            "zmin": 0,
            "zmax": longest or 1.0,
            "colorscale": "Viridis",
            "colorbar": {"title": {"text": "m"}},
            "showscale": p == 1,
            "hovertemplate": "%{customdata}<br>minute %{x:.0f}: %{z:.0f} m<extra></extra>",
        }
        for p, axis in enumerate(("x", "x2"))
    ]
    annotations = [
        {"text": text, "x": x, "y": 1.0, "xref": "paper", "yref": "paper", "yanchor": "bottom", "showarrow": False}
        for text, x in (("plan in the net", 0.24), ("best plan", 0.76))
    ]
    return _figure(
        data, height=120 + 20 * len(order), margin={"l": 230, "r": 20, "t": 30, "b": 45}, annotations=annotations,
        xaxis={"domain": [0.0, 0.49], "title": {"text": "minutes"}},
        xaxis2={"domain": [0.51, 1.0], "title": {"text": "minutes"}},
        yaxis={"tickvals": list(range(len(order))), "ticktext": labels, "autorange": "reversed"},
    )  # fmt: skip


def _binned(cycles: Sequence[Any], n_groups: int, begin_s: float, n_bins: int) -> list[list[float]]:
    """Return each group's back of queue in each bin: that of the cycle that covers the bin's middle, metres."""
    table = [[0.0] * n_bins for _ in range(n_groups)]
    for cycle in cycles:
        first = max(0, int((cycle.start_s - begin_s) / BIN_S + 0.5))
        last = min(n_bins, int((cycle.end_s - begin_s) / BIN_S + 0.5))
        for i in range(first, max(last, min(first + 1, n_bins))):
            table[cycle.group][i] = max(table[cycle.group][i], cycle.queue_m)
    return table
