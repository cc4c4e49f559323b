"""Puts a study's page together: one HTML file that opens without a network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.files import write_text
from engine.result import RunResult
from experiments._clock import clock
from experiments.report import charts, corridors, network_map, percentiles, playback, queues, search
from experiments.report._duration import duration
from experiments.report._language import gettext, speaking
from experiments.report._templates import render, templates
from experiments.report.comparison import approaches, extras, groups, measures
from experiments.report.finding import gains, headline, proof
from experiments.report.phases import SignalDiagrams, diagrams
from experiments.report.scenario_set import draw_set, is_set
from experiments.report.study import StudyData, language_of, read_study

__all__ = ["compile_page", "draw"]

TEMPLATE = "page.html.j2"

MOST_BYTES = 6_000_000
SENTENCE_BYTES = 1_000
"""More than what the page says where it plays less than was recorded."""
# Plotly takes 4.8 MB, and the playback up to 0.8 MB of what is left. These limits keep the rest below a megabyte, however
# large the network; the page says where something is left out, and the tables beside it in the folder have everything.
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


def draw(
    folder: Path, known: Mapping[tuple[str, int], RunResult] = MappingProxyType({}), language: str | None = None
) -> Path:
    """Write ``report.html`` from a study's folder and return its path.

    Args:
        folder: the study's.
        known: results by plan id and seed that need not be read from the ledger.
        language: one of `LANGUAGES`; `None` where the study's own configuration says.

    Raises:
        InputError: the folder is no study, its study has not ended, or a file in it is damaged.
    """
    if is_set(folder):
        return draw_set(folder, language or language_of(folder))
    with speaking(language or language_of(folder)):
        study = read_study(folder, known)
        content = _content(study)
        page = _rendered(content)
        over = len(page.encode()) - MOST_BYTES
        if over > 0 and content["playback"]:
            # The tables of a large network leave less room: the playback takes what is left.
            room = len(content["playback"].text) - over - SENTENCE_BYTES
            content["playback"] = playback.shown(study, room)
            page = _rendered(content)
    path = folder / "report.html"
    write_text(path, page)
    return path


def _rendered(content: Mapping[str, Any]) -> str:
    return render(TEMPLATE, playback.SCRIPTS if content["playback"] else (), **content)


def _content(study: StudyData) -> dict[str, Any]:
    summary = study.summary
    of_approaches, of_groups, of_signals = approaches(study), groups(study), diagrams(study)
    of_extras = extras(study)
    changed = sorted(of_approaches, key=lambda row: -abs(row.delay_s[-1] - row.delay_s[0]))
    busiest = sorted(of_groups, key=lambda row: (-row.change_s, -row.flow_veh_h))[:SHOWN_GROUPS]
    shown_groups = {id(row) for row in busiest}
    times = queues.queue_times(study)
    figures: dict[str, object] = {
        "evidence": charts.evidence(study),
        "approaches": charts.by_approach(study, changed[:CHARTED_APPROACHES]),
        "queue-lines": times and queues.queue_lines(study, times),
        "queue-map": times and queues.queue_map(study, times),
        "plans": charts.by_plan(study),
        "course": search.best_so_far(study.summary),
        "importance": search.worth(study),
        "front": search.pareto_front(study),
    }
    spread = percentiles.percentiles(study)
    figures["percentiles"] = spread and percentiles.delay_percentiles(study, spread)
    of_map = network_map.network_map(study, of_approaches)
    figures["map"] = of_map and of_map.figure
    of_corridors = corridors.shown(study)
    figures |= {f"corridor-{i}": of.figure for i, of in enumerate(of_corridors)}
    window = summary["window"]
    names = list(dict.fromkeys(name for row in summary["ranking"] for name in row["parameters"]))
    return {
        "study": study,
        "summary": summary,
        "environment": study.environment,
        "plans": study.plans,
        "version": (study.environment.get("versions") or {}).get("greensplit") or "",
        "headline": headline(summary, of_approaches),
        "proof": proof(summary),
        "gains": [
            gettext("Under the candidate, %(sentence)s", sentence=sentence) if summary["candidate"] else sentence
            for sentence in gains(of_approaches)
        ],
        "audit": summary.get("audit"),
        "measures": measures(study),
        "extras": of_extras[:SHOWN_SIGNALS],
        "n_extras": len(of_extras),
        "figures": {name: text for name, text in figures.items() if text},
        "percentiles": spread.rows if spread else (),
        "views": of_map.views if of_map else (),
        "corridors": of_corridors,
        "followed": bool(study.trajectories),
        "playback": playback.shown(study),
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
        "window_text": gettext(
            "%(begin)s to %(end)s", begin=clock(window["begin_s"] + window["warmup_s"]), end=clock(window["end_s"])
        ),
        "wall_text": duration(summary["wall_s"]),
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
