"""The distribution of delay over vehicles: every percentile under each plan, with its spread over the seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from experiments.report._language import gettext
from experiments.report.charts import COLOURS, figure
from experiments.report.study import StudyData

__all__ = ["Percentiles", "delay_percentiles", "percentiles"]

NAMED = (10, 25, 50, 75, 85, 95, 99)
"""Percentiles that the table shows."""


@dataclass(frozen=True)
class Percentiles:
    """Delay by percentile, 0 to 100, seconds: for each plan (lowest, mean, highest) over the reporting seeds."""

    seconds: tuple[tuple[tuple[float, float, float], ...], ...]

    @property
    def rows(self) -> list[tuple[int, list[float]]]:
        """The table: (percentile, mean over the seeds for each plan)."""
        return [(of, [plan[of][1] for plan in self.seconds]) for of in NAMED]


def percentiles(study: StudyData) -> Percentiles | None:
    """Return the distributions; `None` where a plan has no run that tells, such as one of a former version."""
    tables = [[run.delay_percentiles_s for run in plan.runs.values()] for plan in study.plans]
    if not all(of and all(len(run) == 101 for run in of) for of in tables):
        return None
    return Percentiles(tuple(tuple(_spread(values) for values in zip(*of, strict=True)) for of in tables))


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    return min(values), fmean(values), max(values)


def delay_percentiles(study: StudyData, found: Percentiles) -> str:
    """Return delay against percentile: the mean over the seeds, and a band from the lowest to the highest seed."""
    share = list(range(101))
    data: list[dict[str, Any]] = []
    for p, (plan, colour, rows) in enumerate(zip(study.plans, COLOURS, found.seconds, strict=False)):
        common = {"type": "scatter", "mode": "lines", "legendgroup": plan.name, "name": plan.name}
        band = {"x": share + share[::-1], "y": [row[2] for row in rows] + [row[0] for row in rows[::-1]]}
        fill = {"fill": "toself", "fillcolor": colour, "opacity": 0.18, "line": {"width": 0, "color": colour}}
        data.append(common | band | fill | {"hoverinfo": "skip", "showlegend": False})
        line = {"color": colour, "width": 2.5, "dash": "dot" if p == 0 else "solid"}
        hover = gettext("%%{x} %% of the vehicles: at most %%{y:.1f} s") + f"<extra>{plan.name}</extra>"
        data.append(common | {"x": share, "y": [row[1] for row in rows], "line": line, "hovertemplate": hover})
    return figure(
        data, height=360,
        xaxis={"title": {"text": gettext("percentile of the vehicles")}, "range": [0, 100], "zeroline": False},
        yaxis={"title": {"text": gettext("delay, s")}, "rangemode": "tozero"},
    )  # fmt: skip
