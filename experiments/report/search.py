"""The page's charts of a search: best so far, what each parameter was worth, and the Pareto front."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.report._language import gettext, joined, translated
from experiments.report.charts import NET, OTHER, RIVAL, figure, plain
from experiments.report.comparison import MEASURES
from experiments.report.study import StudyData

__all__ = ["best_so_far", "pareto_front", "worth"]

SHOWN_PARAMETERS = 20
LONGEST_NAME = 28


def best_so_far(summary: Mapping[str, Any]) -> str | None:
    """Return the objective's mean of the best plan over the training simulations."""
    steps = summary.get("course") or []
    if len(steps) < 2:
        return None
    last = summary["simulations"]["training"]
    x = [step["simulations"] for step in steps] + [last]
    y = [step["value"] for step in steps] + [steps[-1]["value"]]
    hover = gettext("after %%{x} simulations: %%{y:.2f}") + "<extra></extra>"
    line = {"type": "scatter", "mode": "lines", "x": x, "y": y, "line": {"shape": "hv", "color": RIVAL, "width": 3}}
    data = [line | {"name": gettext("best so far"), "hovertemplate": hover}]
    data.append(
        {"type": "scatter", "mode": "lines", "x": [0, last], "y": [y[0], y[0]], "name": gettext("plan in the net"),
         "line": {"color": NET, "dash": "dot"}, "hoverinfo": "skip"}
    )  # fmt: skip
    return figure(
        data, height=280, xaxis={"title": {"text": gettext("training simulations")}, "rangemode": "tozero"},
        yaxis={"title": {"text": gettext("objective, mean")}},
    )  # fmt: skip


def worth(study: StudyData) -> str | None:
    """Return the share of each parameter in what sets the better plans apart, the largest on top."""
    shares = list((study.summary.get("importance") or {}).items())[:SHOWN_PARAMETERS]
    if not shares:
        return None
    shares.reverse()
    bars = {
        "type": "bar", "orientation": "h", "x": [100.0 * share for _, share in shares],
        "y": [plain(_short(name), LONGEST_NAME) for name, _ in shares], "marker": {"color": RIVAL},
        "hovertemplate": "%{y}: %{x:.0f} %<extra></extra>",
    }  # fmt: skip
    return figure(
        [bars], height=90 + 22 * len(shares), margin={"l": 230, "r": 16, "t": 8, "b": 48},
        xaxis={"title": {"text": gettext("share, %%")}}, yaxis={"type": "category"},
    )  # fmt: skip


def _short(name: str) -> str:
    """Return a parameter's name without the middle of a long signal's id: its kind and its stage stand at the ends."""
    half = LONGEST_NAME // 2
    return name if len(name) <= LONGEST_NAME else f"{name[: half - 1]}…{name[-half:]}"


def pareto_front(study: StudyData) -> str | None:
    """Return every plan by the first two measures of the front, and the front itself."""
    rows = study.summary.get("front") or {}
    if not rows:
        return None
    names = rows["measures"]
    labels = {key: joined(map(translated, (label, unit) if unit else (label,))) for key, label, unit, _ in MEASURES}

    def points(of: list[dict[str, Any]], name: str, colour: str, symbol: str, mode: str) -> dict[str, Any]:
        x, y = ([row["values"][axis] for row in of] for axis in (0, 1))
        hover = gettext("plan %%{customdata}: %%{x:.2f}, %%{y:.2f}") + "<extra></extra>"
        marker = {"color": colour, "symbol": symbol, "size": 9}
        return {"type": "scatter", "mode": mode, "x": x, "y": y, "name": name, "marker": marker,
                "line": {"color": colour, "shape": "hv"}, "hovertemplate": hover,
                "customdata": [plain(row["plan_id"]) for row in of]}  # fmt: skip

    # Along the front, or the line would run back and forth.
    best = sorted((row for row in rows["plans"] if row["front"]), key=lambda row: row["values"])
    rest = [row for row in rows["plans"] if not row["front"] and row["plan_id"] != "baseline"]
    today = [row for row in rows["plans"] if row["plan_id"] == "baseline"]
    data = [
        points(rest, gettext("other plans"), OTHER, "circle", "markers"),
        points(best, gettext("front"), RIVAL, "diamond", "lines+markers"),
        points(today, gettext("plan in the net"), NET, "square", "markers"),
    ]
    titles = [{"title": {"text": labels.get(name, name)}} for name in names[:2]]
    return figure(data, height=380, xaxis=titles[0], yaxis=titles[1])
