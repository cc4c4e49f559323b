"""Puts a study's page together: one HTML file that opens without a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.files import write_text
from experiments.report import charts
from experiments.report.study import Approach, StudyData, approaches, groups, read_study

__all__ = ["draw", "finding"]

SHOWN_PLANS = 200
MEASURES = (
    ("delay_s", "delay", "s per vehicle", 1),
    ("control_delay_s", "control delay at the signals", "s per vehicle", 1),
    ("stops_per_veh", "stops", "per vehicle", 2),
    ("travel_time_s", "travel time of arrived vehicles", "s", 1),
    ("throughput_veh", "arrived vehicles", "", 0),
    ("queue_max_m", "longest back of queue", "m", 0),
)


def draw(folder: Path) -> Path:
    """Write ``report.html`` from a study's folder and return its path.

    Raises:
        InputError: the folder is no study, or its study has not ended.
    """
    import plotly.offline  # noqa: PLC0415  plotly takes its time to import
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    study = read_study(folder)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["fixed"] = _fixed
    page = environment.get_template("page.html.j2").render(**_content(study), plotly=plotly.offline.get_plotlyjs())
    path = folder / "report.html"
    write_text(path, page)
    return path


def _fixed(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:,.{digits}f}".replace("-", "−")


def _content(study: StudyData) -> dict[str, Any]:
    summary = study.summary
    window = summary["window"]
    of_approaches = approaches(study)
    signals = [
        {
            "id": before["signal"],
            "plans": [
                {"name": name, "cycle_s": sum(p[0] for p in of["phases"]), "offset_s": of["offset_s"], "chart": chart}
                for name, of, chart in (
                    ("plan in the net", before, charts.phase_diagram(before, _links(summary, before["signal"]))),
                    ("best plan", after, charts.phase_diagram(after, _links(summary, after["signal"]))),
                )
            ],
        }
        for before, after in zip(summary["programs"]["baseline"], summary["programs"]["best"], strict=True)
    ]
    return {
        "summary": summary,
        "environment": study.environment,
        "finding": finding(summary),
        "winners": _gains(of_approaches),
        "measures": [
            {
                "label": label,
                "unit": unit,
                "digits": digits,
                "before": summary["baseline"][key],
                "after": summary["best"][key],
            }
            for key, label, unit, digits in MEASURES
            if summary["baseline"][key] is not None
        ],
        "interval_chart": charts.interval_plot(summary),
        "plan_chart": charts.by_plan(summary),
        "ranking": summary["ranking"][:SHOWN_PLANS],
        "n_plans": len(summary["ranking"]),
        "approaches": of_approaches,
        "approach_chart": charts.by_approach(of_approaches[:40]),
        "groups": groups(study),
        "signals": signals,
        "queue_chart": charts.queue_map(study),
        "window_text": f"{_clock(window['begin_s'] + window['warmup_s'])} to {_clock(window['end_s'])}",
        "parameters": json.dumps(summary["best"]["parameters"], ensure_ascii=False),
    }


def _links(summary: dict[str, Any], signal: str) -> list[dict[str, Any]]:
    links: list[dict[str, Any]] = summary["signals"][signal]["links"]
    return links


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}:{int(seconds % 60):02d}"


def finding(summary: dict[str, Any]) -> str:
    """Return a study's outcome in one or two plain sentences."""
    baseline = summary["baseline"]["delay_s"]
    if summary["verdict"] == "better":
        low, high = summary["difference"]["delay_s"]["ci95"]
        return (
            f"Plan {summary['best']['plan_id']} saves {-summary['difference']['delay_s']['mean']:.1f} s per vehicle "
            f"(95 % interval {-high:.1f} to {-low:.1f}) of the {baseline['mean']:.1f} s under the plan in the net, "
            f"on {baseline['n']} held-out seeds."
        )
    if summary["verdict"] == "unreported":
        return (
            f"Plan {summary['best']['plan_id']} came first on the training seeds. No seeds were held out, "
            "so nothing is proven."
        )
    return "No plan beat the plan in the net with confidence on the held-out seeds: it stays."


def _gains(rows: list[Approach]) -> str:
    """Return who gains and who loses most, as far as the intervals are clear of zero."""
    sure = [row for row in rows if row.difference.high is not None and row.difference.low is not None]
    gains = sorted((row for row in sure if (row.difference.high or 0.0) < 0.0), key=lambda row: row.difference.mean)
    losses = sorted((row for row in sure if (row.difference.low or 0.0) > 0.0), key=lambda row: -row.difference.mean)

    def named(of: list[Approach]) -> str:
        several = len({row.signal for row in rows}) > 1
        return ", ".join(
            f"{row.name}{f' at {row.signal}' if several else ''} {abs(row.difference.mean):.1f} s" for row in of[:3]
        )

    parts = [f"Approaches that gain: {len(gains)} (most: {named(gains)})."] if gains else []
    parts += [f"Approaches that lose: {len(losses)} (most: {named(losses)})."] if losses else []
    return " ".join(parts)
