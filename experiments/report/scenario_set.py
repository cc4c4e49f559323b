"""The page of a study over a set of scenarios: where each plan fails, member by member, and what the set says of both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.files import write_text
from experiments.report._duration import duration
from experiments.report._language import N_, gettext, joined, ngettext, speaking, translated
from experiments.report._shape import MEASURE, SUMMARY, Maybe, misfit
from experiments.report._templates import fixed, render
from experiments.report.charts import COLOURS, SYMBOLS, figure, plain
from experiments.report.search import best_so_far
from experiments.report.study import damaged

__all__ = ["draw_set", "failing", "is_set", "risk_name", "set_finding"]

TEMPLATE = "scenario_set.html.j2"
SHOWN_PLANS = 100

OF_PLAN = {"delay_s": MEASURE, "gridlock_share": Maybe((int, float)), "worst": Maybe(dict)}
MEMBER = {"name": str, "weight": (int, float), "folder": str, "baseline": OF_PLAN, "difference": MEASURE, "share": dict}
SET = {
    "name": str,
    "over": str,
    "tail": (int, float),
    "rival": Maybe(str),
    "members": [MEMBER],
    "risks": {over: {"baseline": MEASURE, "difference": MEASURE} for over in ("mean", "worst", "cvar")},
}
"""The form of the summary's ``set``."""

RISKS = {"mean": N_("mean of all days"), "worst": N_("worst day"), "cvar": N_("worst days")}


def is_set(folder: Path) -> bool:
    """Return whether a folder holds the summary of a study over a set."""
    try:
        return "set" in json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def risk_name(over: str, tail: float) -> str:
    """Return what members' values are made one number by, in words."""
    if over == "cvar":
        return gettext("worst %(share)s %% of days", share=fixed(100.0 * tail, 0))
    return translated(RISKS[over])


def set_finding(summary: dict[str, Any]) -> list[str]:
    """Return what a set's search found, in plain sentences: the outcome, its price on the mean, and where plans fail."""
    of = summary["set"]
    name = risk_name(of["over"], of["tail"])
    n = len(of["members"])
    values = {"set": of["name"], "over": name, "num": n, "plan": of["rival"] or "baseline"}
    difference = of["risks"][of["over"]]["difference"]
    if of["rival"] is None or difference is None:
        before = of["risks"][of["over"]]["baseline"]
        said = gettext("No plan was set beside today's over the %(num)s members of %(set)s", **values)
        return [f"{said}: {name} {fixed(before['centre'] if before else None)} s."]
    low, high = difference["ci95"] or (None, None)
    values |= {"change": fixed(difference["centre"], 1, sign=True), "low": fixed(low, 1, sign=True)}
    values |= {"high": fixed(high, 1, sign=True)}
    if summary["verdict"] == "better":
        first = gettext(
            "Over the %(num)s members of %(set)s, plan %(plan)s changes delay by %(change)s s per vehicle on the %(over)s "
            "(95 %% interval %(low)s to %(high)s).", **values,
        )  # fmt: skip
    else:
        first = gettext(
            "Over the %(num)s members of %(set)s, no plan is proven better on the %(over)s: the plan in the net stays. The "
            "candidate %(plan)s differs by %(change)s s per vehicle (%(low)s to %(high)s).", **values,
        )  # fmt: skip
    sentences = [first]
    for over in (over for over in of["risks"] if over != of["over"]):
        change = of["risks"][over]["difference"]
        if change:
            sentences.append(
                gettext(
                    "On the %(over)s it is %(change)s s.",
                    over=risk_name(over, of["tail"]), change=fixed(change["centre"], 1, sign=True),
                )
            )  # fmt: skip
    return [*sentences, *failing(of)]


def failing(of: dict[str, Any]) -> list[str]:
    """Return in which members the rival is surely worse than the plan in the net, and on which members each plan jams."""
    sentences = []
    lost = [row for row in of["members"] if row["difference"] and (row["difference"]["ci95"] or [0.0])[0] > 0.0]
    if lost:
        named = joined(f"{row['name']} {fixed(row['difference']['centre'], 1, sign=True)} s" for row in lost)
        sentences.append(
            ngettext(
                "It is surely worse than the plan in the net in %(num)s member: %(named)s.",
                "It is surely worse than the plan in the net in %(num)s members: %(named)s.", len(lost), named=named,
            )
        )  # fmt: skip
    for kind, who in (("baseline", gettext("The plan in the net")), ("rival", gettext("The new plan"))):
        jams = [row for row in of["members"] if row.get(kind) and row[kind]["gridlock_share"]]
        if jams:
            named = joined(f"{row['name']} {fixed(100 * row[kind]['gridlock_share'], 0)} %" for row in jams)
            sentences.append(gettext("%(who)s ends in gridlock: %(named)s of the runs.", who=who, named=named))
    return sentences


def by_member(of: dict[str, Any]) -> str | None:
    """Return delay by member of both plans with their intervals, joined by a line; the worst of today's on top."""
    rows = [row for row in of["members"] if row["baseline"]["delay_s"]]
    if not rows:
        return None
    rows.sort(key=lambda row: -row["baseline"]["delay_s"]["centre"])
    places = list(range(len(rows)))
    data: list[dict[str, Any]] = []
    if of["rival"]:
        ends = [[_centre(row, kind) for kind in ("baseline", "rival")] for row in rows]
        data.append(
            {"type": "scatter", "mode": "lines", "x": [x for pair in ends for x in (*pair, None)],
             "y": [y for place in places for y in (place, place, None)], "line": {"color": "var(--line)", "width": 4},
             "hoverinfo": "skip", "showlegend": False}
        )  # fmt: skip
    names = {"baseline": gettext("plan in the net"), "rival": gettext("new plan")}
    for (kind, name), colour, symbol in zip(names.items(), COLOURS, SYMBOLS, strict=True):
        shown = [(place, row[kind]["delay_s"]) for place, row in zip(places, rows, strict=True) if _has(row, kind)]
        if not shown:
            continue
        centres = [delay["centre"] for _, delay in shown]
        spans = [delay["ci95"] or [delay["centre"]] * 2 for _, delay in shown]
        data.append(
            {"type": "scatter", "mode": "markers", "name": name, "x": centres, "y": [place for place, _ in shown],
             "marker": {"color": colour, "symbol": symbol, "size": 11},
             "error_x": {"type": "data", "symmetric": False, "color": colour, "thickness": 2, "width": 6,
                         "array": [high - x for x, (_, high) in zip(centres, spans, strict=True)],
                         "arrayminus": [x - low for x, (low, _) in zip(centres, spans, strict=True)]},
             "customdata": [plain(rows[place]["name"]) for place, _ in shown],
             "hovertemplate": "%{customdata}: %{x:.1f} s<extra>" + name + "</extra>"}
        )  # fmt: skip
    return figure(
        data, height=110 + 34 * len(rows), margin={"l": 150, "r": 16, "t": 34, "b": 48},
        xaxis={"title": {"text": gettext("delay, s per vehicle")}, "rangemode": "tozero"},
        yaxis={"tickvals": places, "ticktext": [plain(row["name"]) for row in rows], "range": [len(rows) - 0.4, -0.6],
               "zeroline": False},
    )  # fmt: skip


def _has(row: dict[str, Any], kind: str) -> bool:
    return bool(row.get(kind) and row[kind]["delay_s"])


def _centre(row: dict[str, Any], kind: str) -> float | None:
    return row[kind]["delay_s"]["centre"] if _has(row, kind) else None


def draw_set(folder: Path, language: str) -> Path:
    """Write ``report.html`` of a study over a set from its folder, and return its path.

    Raises:
        InputError: a file in it is damaged.
    """
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    trouble = misfit(summary, SUMMARY, "summary") or misfit(summary["set"], SET, "summary.set")
    if trouble:
        raise damaged(folder / "summary.json", trouble)
    try:
        environment = json.loads((folder / "environment.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise damaged(folder / "environment.json", str(error)) from error
    with speaking(language):
        of = summary["set"]
        said = set_finding(summary)
        figures = {"members": by_member(of), "course": best_so_far(summary)}
        page = render(
            TEMPLATE,
            summary=summary,
            of=of,
            said=said,
            figures={name: text for name, text in figures.items() if text},
            risks=[(over, risk_name(over, of["tail"]), row) for over, row in of["risks"].items()],
            over=risk_name(of["over"], of["tail"]),
            ranking=summary["ranking"][:SHOWN_PLANS],
            version=(environment.get("versions") or {}).get("greensplit") or "",
            wall_text=duration(summary["wall_s"]),
        )
    path = folder / "report.html"
    write_text(path, page)
    return path
