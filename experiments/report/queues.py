"""Back of queue over time: a line chart of the longest queues and a heat map of more of them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.result import Cycle
from experiments.report._language import gettext
from experiments.report.charts import COLOURS, figure, plain
from experiments.report.study import StudyData

__all__ = ["QueueTimes", "queue_lines", "queue_map", "queue_times"]

SHOWN_IN_MAP, SHOWN_AS_LINES = 24, 4
BIN_S, MOST_BINS = 60.0, 180


@dataclass(frozen=True)
class QueueTimes:
    """Back of queue of the lane groups with the longest queues, longest first.

    Attributes:
        labels: one for each lane group.
        minutes: begin of each bin, minutes since the evaluated window began.
        metres: by plan, lane group and bin: (lowest, median, highest) over the reporting seeds.
    """

    labels: list[str]
    minutes: list[float]
    metres: list[list[list[tuple[float, float, float]]]]


def queue_times(study: StudyData) -> QueueTimes | None:
    """Return the queues over time; `None` where a plan has no reporting run, or nothing ever queued."""
    if not all(plan.runs for plan in study.plans):
        return None
    window = study.summary["window"]
    begin_s, end_s = window["begin_s"] + window["warmup_s"], window["end_s"]
    bin_s = BIN_S * max(1, math.ceil((end_s - begin_s) / (BIN_S * MOST_BINS)))
    n_bins = max(1, math.ceil((end_s - begin_s) / bin_s))
    metres = []
    for plan in study.plans:
        tables = [_binned(run.cycles, len(run.groups), begin_s, bin_s, n_bins) for run in plan.runs.values()]
        metres.append([[_spread([run[g][i] for run in tables]) for i in range(n_bins)] for g in range(len(tables[0]))])
    groups = next(iter(study.plans[0].runs.values())).groups
    longest = {g: max(middle for of in metres for _, middle, _ in of[g]) for g in range(len(groups))}
    order = sorted((g for g in longest if longest[g] > 0.0), key=lambda g: -longest[g])[:SHOWN_IN_MAP]
    if not order:
        return None
    several = len({group.signal for group in groups}) > 1
    labels = [plain(groups[g].group) + (f" · {plain(groups[g].signal, 14)}" if several else "") for g in order]
    return QueueTimes(labels, [i * bin_s / 60.0 for i in range(n_bins)], [[of[g] for g in order] for of in metres])


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    return min(values), statistics.median(values), max(values)


def _binned(cycles: Sequence[Cycle], n_groups: int, begin_s: float, bin_s: float, n_bins: int) -> list[list[float]]:
    """Return each group's back of queue in each bin, metres: the longest of the cycles that cover the bin's middle."""
    table = [[0.0] * n_bins for _ in range(n_groups)]
    for cycle in cycles:
        first = max(0, int((cycle.start_s - begin_s) / bin_s + 0.5))
        last = min(n_bins, int((cycle.end_s - begin_s) / bin_s + 0.5))
        if last <= first:  # a cycle shorter than a bin may cover no middle, and still counts where it begins
            first = max(0, int((cycle.start_s - begin_s) // bin_s))
            last = min(n_bins, first + 1)
        for i in range(first, last):
            table[cycle.group][i] = max(table[cycle.group][i], cycle.queue_m)
    return table


def queue_lines(study: StudyData, times: QueueTimes) -> str:
    """Return the longest queues as lines: the median over the seeds, and a band from the lowest to the highest."""
    data: list[dict[str, Any]] = []
    layout: dict[str, Any] = {"annotations": []}
    shown = times.labels[:SHOWN_AS_LINES]
    n_rows = math.ceil(len(shown) / 2)
    hover = gettext("minute %%{x:.0f}: %%{y:.0f} m")
    for place, label in enumerate(shown):
        name = "" if place == 0 else str(place + 1)
        left, top = 0.53 * (place % 2), 1.0 - (place // 2) / n_rows
        domain = [left, left + 0.47] if len(shown) > 1 else [0.0, 1.0]
        bottom = top - 1.0 / n_rows + (0.16 if place // 2 < n_rows - 1 else 0.0)
        last_row = place + 2 >= len(shown)
        layout[f"xaxis{name}"] = {
            "domain": domain,
            "anchor": f"y{name}",
            "title": {"text": gettext("minutes") if last_row else ""},
        }
        layout[f"yaxis{name}"] = {"domain": [bottom, top - 0.05], "anchor": f"x{name}", "rangemode": "tozero"}
        layout["annotations"].append(
            {"text": gettext("%(group)s, m", group=f"<b>{label}</b>"), "x": domain[0], "y": top - 0.04,
             "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "showarrow": False}
        )  # fmt: skip
        for p, (plan, colour) in enumerate(zip(study.plans, COLOURS, strict=False)):
            rows = times.metres[p][place]
            axes = {
                "type": "scatter",
                "mode": "lines",
                "xaxis": f"x{name}",
                "yaxis": f"y{name}",
                "legendgroup": plan.name,
            }
            band = {"x": times.minutes + times.minutes[::-1], "y": [r[2] for r in rows] + [r[0] for r in rows[::-1]]}
            fill = {"fill": "toself", "line": {"width": 0, "color": colour}, "opacity": 0.18, "fillcolor": colour}
            data.append(axes | band | fill | {"hoverinfo": "skip", "showlegend": False})
            line = {"color": colour, "width": 2.5, "dash": "dot" if p == 0 else "solid"}
            middle = {"x": times.minutes, "y": [r[1] for r in rows], "line": line, "name": plan.name}
            data.append(axes | middle | {"showlegend": place == 0, "hovertemplate": hover})
    return figure(data, height=130 + 190 * n_rows, margin={"l": 44, "r": 16, "t": 34, "b": 44}, **layout)


def queue_map(study: StudyData, times: QueueTimes) -> str:
    """Return a heat map of median back of queue, a panel for each plan."""
    n = len(study.plans)
    longest = max(middle for of in times.metres for group in of for _, middle, _ in group)
    layout: dict[str, Any] = {"annotations": []}
    data = []
    for p, plan in enumerate(study.plans):
        axis = "x" if p == 0 else f"x{p + 1}"
        domain = [p / n + (0.01 if p else 0.0), (p + 1) / n - (0.01 if p < n - 1 else 0.0)]
        data.append(
            {
                "type": "heatmap",
                "z": [[round(middle) for _, middle, _ in group] for group in times.metres[p]],
                "x": times.minutes,
                "y": list(range(len(times.labels))),
                "xaxis": axis,
                "zmin": 0,
                "zmax": longest,
                "colorscale": [[0, "var(--heat-0)"], [0.5, "var(--heat-1)"], [1, "var(--heat-2)"]],
                "colorbar": {"title": {"text": gettext("m")}, "thickness": 14, "outlinewidth": 0},
                "showscale": p == n - 1,
                "hovertemplate": gettext("minute %%{x:.0f}: %%{z} m") + f"<extra>{plan.name}</extra>",
            }
        )
        layout["xaxis" + axis[1:]] = {"domain": domain, "title": {"text": gettext("minutes")}, "showgrid": False}
        layout["annotations"].append(
            {"text": f"<b>{plan.name}</b>", "x": domain[0], "y": 1.0, "xref": "paper", "yref": "paper",
             "xanchor": "left", "yanchor": "bottom", "showarrow": False}
        )  # fmt: skip
    ticks = {"tickvals": list(range(len(times.labels))), "ticktext": times.labels}
    layout["yaxis"] = ticks | {"autorange": "reversed", "showgrid": False}
    height = 110 + 22 * len(times.labels)
    return figure(data, height=height, margin={"l": 190, "r": 16, "t": 28, "b": 44}, **layout)
