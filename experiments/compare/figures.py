"""The charts of a comparison's page, for Plotly; each has its numbers in a table beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.statistics import Interval
from experiments._clock import clock
from experiments.compare.comparison import Compared
from experiments.compare.finding import name
from experiments.compare.judging import Difference
from experiments.report._language import gettext
from experiments.report.charts import figure, plain
from experiments.report.comparison import direction

__all__ = ["by_approach", "by_time", "intervals"]

COLOURS = tuple(f"var(--series-{i})" for i in range(6))
SYMBOLS = ("diamond", "square", "triangle-up", "cross", "star", "pentagon")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
"""Rivals differ by form as well, never by colour alone."""
ZERO = {"type": "line", "xref": "x", "yref": "paper", "x0": 0, "x1": 0, "y0": 0, "y1": 1}


def intervals(compared: Compared) -> str | None:
    """Return every rival's difference in delay with its corrected interval, and the seeds' differences behind it."""
    rows = [(rival.label, compared.main(rival.label)) for rival in compared.place.rivals]
    known = [(label, of) for label, of in rows if of is not None]
    if not known:
        return None
    data: list[dict[str, Any]] = []
    for i, (label, of) in enumerate(known):
        text = plain(name(label), 32)
        each = [ours - theirs for ours, theirs in zip(of.ours, of.theirs, strict=True)]
        marker = {"color": COLOURS[i % 6], "symbol": "line-ns-open", "size": 11}
        hover = gettext("seed %(seed)s: %(value)s s", seed="%{customdata}", value="%{x:.1f}") + "<extra></extra>"
        data.append(
            {"type": "scatter", "mode": "markers", "x": each, "y": [text] * len(each), "marker": marker, "opacity": 0.6,
             "customdata": of.seeds, "hovertemplate": hover, "showlegend": False}
        )  # fmt: skip
        data.append(_with_interval([of.judged.corrected], [text], i, text))
    shape = [ZERO | {"line": {"color": "var(--ink)", "width": 1.5}}]
    title = gettext(
        "difference in delay from %(reference)s, s per vehicle", reference=plain(name(compared.place.reference.label))
    )
    return figure(
        data, height=90 + 44 * len(known), margin={"l": 190, "r": 16, "t": 8, "b": 48}, shapes=shape,
        xaxis={"title": {"text": title}, "rangemode": "tozero"}, yaxis={"autorange": "reversed", "type": "category"},
    )  # fmt: skip


def _with_interval(
    of: Sequence[Interval], places: Sequence[object], i: int, label: str, legend: bool = False
) -> dict[str, Any]:
    ends = [
        (one.low, one.high) if one.low is not None and one.high is not None else (one.centre, one.centre) for one in of
    ]
    error = {
        "type": "data", "symmetric": False, "thickness": 2, "width": 6, "color": COLOURS[i % 6],
        "array": [high - one.centre for one, (_, high) in zip(of, ends, strict=True)],
        "arrayminus": [one.centre - low for one, (low, _) in zip(of, ends, strict=True)],
    }  # fmt: skip
    return {
        "type": "scatter", "mode": "markers", "x": [one.centre for one in of], "y": list(places), "error_x": error,
        "name": label, "marker": {"color": COLOURS[i % 6], "symbol": SYMBOLS[i % 6], "size": 10}, "showlegend": legend,
        "hovertemplate": "%{x:.1f} s + %{error_x.array:.1f} - %{error_x.arrayminus:.1f}<extra>" + label + "</extra>",
    }  # fmt: skip


def by_approach(compared: Compared, rows: Sequence[Difference], most: int) -> str | None:
    """Return the differences in control delay of the approaches that change most, for every rival."""
    if not rows:
        return None
    change: dict[Any, float] = {}
    for of in rows:
        change[of.unit] = max(change.get(of.unit, 0.0), abs(of.judged.plain.centre))
    units = sorted(change, key=lambda unit: -change[unit])[:most]
    several = len({unit.signal for unit in units}) > 1
    labels = [plain(direction(of.approach)) + (f" · {plain(of.signal, 14)}" if several else "") for of in units]
    rivals = [rival.label for rival in compared.place.rivals]
    n, data = len(rivals), []
    for i, label in enumerate(rivals):
        of_rival = {of.unit: of.judged.corrected for of in rows if of.rival == label}
        shown = [(place, of_rival[unit]) for place, unit in enumerate(units) if unit in of_rival]
        # Rivals of one approach stand a little above each other.
        at = [place + (i - (n - 1) / 2) * 0.7 / max(n, 1) for place, _ in shown]
        data.append(_with_interval([of for _, of in shown], at, i, plain(name(label), 32), legend=n > 1))
    shape = [ZERO | {"line": {"color": "var(--ink)", "width": 1.5}}]
    return figure(
        data, height=110 + (16 + 12 * n) * len(units), margin={"l": 170, "r": 16, "t": 34, "b": 48}, shapes=shape,
        xaxis={"title": {"text": gettext("difference in control delay, s per vehicle")}, "rangemode": "tozero"},
        yaxis={
            "tickvals": list(range(len(units))), "ticktext": labels, "range": [len(units) - 0.4, -0.6], "zeroline": False
        },
    )  # fmt: skip


def by_time(compared: Compared) -> str | None:
    """Return control delay by time of day under every plan: mean over the seeds, at the middle of each time."""
    place = compared.place
    units = sorted(
        {unit for unit, measure in place.reference.values if unit.level == "time"}, key=lambda unit: unit.from_s or 0.0
    )
    if len(units) < 2:
        return None
    data = []
    for i, rival in enumerate(place.all):
        of = [rival.values.get((unit, "control_delay_s"), {}) for unit in units]
        means = [sum(values.values()) / len(values) if values else None for values in of]
        colour = "var(--net)" if i == 0 else COLOURS[(i - 1) % 6]
        symbol = "circle" if i == 0 else SYMBOLS[(i - 1) % 6]
        label = plain(name(rival.label), 32)
        data.append(
            {
                "type": "scatter", "mode": "lines+markers", "x": [clock(unit.from_s or 0.0)[:5] for unit in units], "y": means,
                "name": label, "line": {"color": colour, "dash": DASHES[i % 6], "width": 2.5},
                "marker": {"symbol": symbol, "size": 9, "color": colour},
                "hovertemplate": "%{x}: %{y:.1f} s<extra>" + label + "</extra>",
            }
        )  # fmt: skip
    return figure(
        data, height=300, xaxis={"title": {"text": gettext("vehicles that left from")}, "type": "category"},
        yaxis={"title": {"text": gettext("control delay, s per vehicle")}, "rangemode": "tozero"},
    )  # fmt: skip
