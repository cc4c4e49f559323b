"""The outcome of a study as a table in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from experiments.report.page import finding

__all__ = ["show_study"]

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
