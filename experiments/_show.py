"""The outcome of a study as a table in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from experiments.report.finding import finding
from experiments.report.scenario_set import risk_name, set_finding

__all__ = ["show_set", "show_study"]

SHOWN_PLANS = 10


def show_study(summary: dict[str, Any], folder: Path) -> None:
    """Print the ranked plans, the finding, and where the study lies."""
    from rich.console import Console  # noqa: PLC0415  not needed for --help
    from rich.table import Table  # noqa: PLC0415

    console = Console(highlight=False)
    for note in summary["notes"]:
        console.print(f"note: {note}", markup=False)
    table = Table(title=f"{summary['scenario']}: plans on the training seeds", title_justify="left")
    for column in ("rank", "plan", "delay s/veh", "median", "gridlock", "failed"):
        table.add_column(column, justify="left" if column == "plan" else "right")
    for place, row in enumerate(summary["ranking"], start=1):
        if place <= SHOWN_PLANS or row["plan_id"] == "baseline":
            share = row["gridlock_share"]
            table.add_row(
                str(place),
                row["plan_id"],
                _number(row["delay_s_mean"]),
                _number(row["delay_s_median"]),
                "" if not share else f"{100 * share:.0f} %",
                str(row["failed"] or ""),
            )
    console.print(table)
    console.print(finding(summary), markup=False)
    _counted(console, summary, folder)


def show_set(summary: dict[str, Any], folder: Path) -> None:
    """Print both plans member by member, the finding, and where the study lies."""
    from rich.console import Console  # noqa: PLC0415  not needed for --help
    from rich.table import Table  # noqa: PLC0415

    console = Console(highlight=False)
    for note in summary["notes"]:
        console.print(f"note: {note}", markup=False)
    of = summary["set"]
    table = Table(title=f"{summary['scenario']}: {of['name']}, delay s/veh", title_justify="left")
    table.add_column("member")
    for column in ("weight", "plan in the net", *(("new plan", "difference", "95 %") if of["rival"] else ())):
        table.add_column(column, justify="right")
    rows = [(row["name"], f"{100 * row['weight']:.0f} %", *_plans(row)) for row in of["members"]]
    rows += [(risk_name(over, of["tail"]), "", *_plans(row)) for over, row in of["risks"].items()]
    for i, cells in enumerate(rows):
        table.add_row(*cells[: 6 if of["rival"] else 3], end_section=i == len(of["members"]) - 1)
    console.print(table)
    if of["against"]:
        table = Table(title=f"the new plan beside plan {of['against']['plan_id']}, delay s/veh", title_justify="left")
        for column in ("over", "that plan", "new plan", "difference", "95 %"):
            table.add_column(column, justify="left" if column == "over" else "right")
        for name, row in of["against"]["members"].items():
            table.add_row(name, *_plans(row))
        for over, row in of["against"]["risks"].items():
            table.add_row(risk_name(over, of["tail"]), *_plans(row))
        console.print(table)
    console.print(" ".join([*set_finding(summary), *summary["unmet"]]), markup=False)
    _counted(console, summary, folder)


def _plans(row: dict[str, Any]) -> list[str]:
    """Return the cells of both plans and their difference; of a member, or of a way to count them all."""
    delays = [(row.get(kind) or {}).get("delay_s", row.get(kind)) for kind in ("baseline", "rival")]
    change = row["difference"]
    span = "{:+.1f} to {:+.1f}".format(*change["ci95"]) if change and change["ci95"] else "-"
    return [*(_number(of and of["centre"]) for of in delays), f"{change['centre']:+.1f}" if change else "-", span]


def _counted(console: Any, summary: dict[str, Any], folder: Path) -> None:
    """Print what was simulated, and where the study lies."""
    counts = summary["simulations"]
    console.print(
        f"{counts['done']} simulations done ({counts['training']} training, {counts['holdout']} held out), "
        f"{counts['cached']} of them known before, {counts['failed']} without a result, {summary['wall_s']:.0f} s.",
        markup=False,
    )
    if counts["stopped"]:
        console.print(
            f"{counts['stopped']} runs were stopped on the way, as they could not win any more: {counts['saved_s']} s "
            "were not simulated."
        )
    console.print(f"plan: {folder / 'best.add.xml'}\nreport: {folder / 'report.html'}", markup=False, soft_wrap=True)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
