"""Puts a study's page together: one HTML file that opens without a network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.files import write_text
from engine.plan import BASELINE
from engine.result import RunResult
from experiments._clock import clock
from experiments.report import charts, corridors, queues, search
from experiments.report._templates import HERE, templates
from experiments.report.comparison import Approach, approaches, direction, extras, groups, measures
from experiments.report.phases import SignalDiagrams, diagrams
from experiments.report.study import StudyData, read_study

__all__ = ["compile_page", "draw", "finding"]

TEMPLATE = "page.html.j2"

# Plotly takes 4.8 MB. These limits keep the rest below a megabyte, however large the network; the page says where
# something is left out, and the tables beside it in the folder have everything.
SHOWN_PLANS = 200
SHOWN_PARAMETERS = 12_000
SHOWN_APPROACHES = 300
SHOWN_GROUPS = 400
SHOWN_SIGNALS = 200
SHOWN_BARS = 4_500
CHARTED_APPROACHES = 30
FEW_ROWS = 40
"""A longer table of lane groups starts folded."""


def compile_page() -> None:
    """Compile the page's template for `draw`, which then need not; for a thread that has the time."""
    templates().get_template(TEMPLATE)


def draw(folder: Path, known: Mapping[tuple[str, int], RunResult] = MappingProxyType({})) -> Path:
    """Write ``report.html`` from a study's folder and return its path.

    Args:
        folder: the study's.
        known: results by plan id and seed that need not be read from the ledger.

    Raises:
        InputError: the folder is no study, its study has not ended, or a file in it is damaged.
    """
    study = read_study(folder, known)
    page = templates().get_template(TEMPLATE).render(**_content(study), **_assets())
    path = folder / "report.html"
    write_text(path, page)
    return path


def _assets() -> dict[str, Any]:
    """Return style, scripts, and the scripts' hashes: the page's own policy lets a browser run nothing else."""
    import plotly.offline  # noqa: PLC0415  takes its time to import

    style = (HERE / "page.css").read_text(encoding="utf-8")
    scripts = [plotly.offline.get_plotlyjs(), (HERE / "page.js").read_text(encoding="utf-8")]
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    return {"style": style, "scripts": scripts, "hashes": hashes}


def _content(study: StudyData) -> dict[str, Any]:
    summary = study.summary
    of_approaches, of_groups, of_signals = approaches(study), groups(study), diagrams(study)
    of_extras = extras(study)
    changed = sorted(of_approaches, key=lambda row: -abs(row.delay_s[-1] - row.delay_s[0]))
    busiest = sorted(of_groups, key=lambda row: (-row.change_s, -row.flow_veh_h))[:SHOWN_GROUPS]
    shown_groups = {id(row) for row in busiest}
    times = queues.queue_times(study)
    figures = {
        "evidence": charts.evidence(study),
        "approaches": charts.by_approach(study, changed[:CHARTED_APPROACHES]),
        "queue-lines": times and queues.queue_lines(study, times),
        "queue-map": times and queues.queue_map(study, times),
        "plans": charts.by_plan(study),
        "course": search.best_so_far(study),
        "importance": search.worth(study),
        "front": search.pareto_front(study),
    }
    of_corridors = corridors.shown(study)
    figures |= {f"corridor-{i}": of.figure for i, of in enumerate(of_corridors)}
    window = summary["window"]
    names = list(dict.fromkeys(name for row in summary["ranking"] for name in row["parameters"]))
    return {
        "study": study,
        "summary": summary,
        "environment": study.environment,
        "plans": study.plans,
        "finding": finding(summary),
        "gains": _gains(of_approaches),
        "audit": summary.get("audit"),
        "measures": measures(study),
        "extras": of_extras[:SHOWN_SIGNALS],
        "n_extras": len(of_extras),
        "figures": {name: text for name, text in figures.items() if text},
        "corridors": of_corridors,
        "followed": bool(study.trajectories),
        "ranking": summary["ranking"][:SHOWN_PLANS],
        "parameter_names": names,
        "n_with_parameters": SHOWN_PARAMETERS // max(1, len(names)),
        "approaches": of_approaches[:SHOWN_APPROACHES],
        "n_approaches": len(of_approaches),
        "n_charted": min(len(of_approaches), CHARTED_APPROACHES),
        "groups": [row for row in of_groups if id(row) in shown_groups],
        "n_groups": len(of_groups),
        "folded": len(of_groups) > FEW_ROWS,
        "signals": _first_signals(of_signals),
        "n_signals": len(of_signals),
        "window_text": f"{clock(window['begin_s'] + window['warmup_s'])} to {clock(window['end_s'])}",
        "wall_text": _duration(summary["wall_s"]),
    }


def _first_signals(signals: list[SignalDiagrams]) -> list[SignalDiagrams]:
    """Return as many of the signals as the page has room for, at least one."""
    shown: list[SignalDiagrams] = []
    n_bars = 0
    for signal in signals:
        n_bars += signal.n_bars
        if shown and n_bars > SHOWN_BARS:
            break
        shown.append(signal)
    return shown


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def finding(summary: dict[str, Any]) -> str:
    """Return a study's outcome in a few plain sentences."""
    # Studies of former versions do not say which limits no plan keeps.
    return " ".join([_verdict(summary), *summary.get("unmet", ())])


def _verdict(summary: dict[str, Any]) -> str:
    baseline = summary["baseline"]["delay_s"]
    if len(summary["ranking"]) == 1:
        measured = f": {baseline['mean']:.1f} s of delay per vehicle, mean of {baseline['n']} seeds" if baseline else ""
        return f"The plan in the net alone was run{measured}."
    if summary["verdict"] == "better":
        difference = summary["difference"]["delay_s"]
        low, high = difference["ci95"]
        jam = " in the median, as one run jams," if difference["of"] == "median" else ""
        return (
            f"Plan {summary['best']['plan_id']} saves {-difference['centre']:.1f} s per vehicle{jam} "
            f"(95 % interval {-high:.1f} to {-low:.1f}) of the {baseline[difference['of']]:.1f} s under the plan in the "
            f"net, on {baseline['n']} held-out seeds."
        )
    if summary["verdict"] == "unreported":
        first = (
            "The plan in the net" if summary["best"]["plan_id"] == BASELINE else f"Plan {summary['best']['plan_id']}"
        )
        return f"{first} came first on the seeds that choose. No seeds were held out, so nothing is proven."
    return "No plan beat the plan in the net with confidence on the held-out seeds: it stays."


def _gains(rows: list[Approach]) -> list[str]:
    """Return who gains and who loses, a sentence each, as far as the intervals are clear of zero."""
    sure = [(row, row.difference) for row in rows if row.difference and row.difference.low is not None]
    gains = sorted((pair for pair in sure if (pair[1].high or 0.0) < 0.0), key=lambda pair: pair[1].centre)
    losses = sorted((pair for pair in sure if (pair[1].low or 0.0) > 0.0), key=lambda pair: -pair[1].centre)
    several = len({row.signal for row in rows}) > 1
    sentences = []
    for found, verb in ((gains, "gain"), (losses, "lose")):
        if found:
            count = f"{len(found)} of {len(rows)} approaches {verb}{'s' if len(found) == 1 else ''}"
            most = ", ".join(
                f"{direction(row.name)}{f' at {row.signal}' if several else ''} {abs(difference.centre):.1f} s"
                for row, difference in found[:3]
            )
            sentences.append(f"{count} time{', most' if len(found) > 3 else ''}: {most} per vehicle.")
    return sentences
