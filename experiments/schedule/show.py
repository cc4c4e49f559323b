"""A schedule as tables in the terminal: periods, their flows, why these, and the changes between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments._clock import clock

__all__ = ["show", "why"]

SHOWN_FLOWS, SHOWN_CHANGES = 24, 24
WIDTH = 120


def show(summary: Mapping[str, Any]) -> None:
    """Print a schedule."""
    from rich.console import Console  # noqa: PLC0415  json output does without

    # A row is one line, also in a file or a narrow window.
    console = Console(highlight=False, width=max(Console().width, WIDTH))
    for note in summary["notes"]:
        console.print(f"note: {note}", markup=False, soft_wrap=True)
    console.print(_periods(summary))
    for sentence in why(summary):
        console.print(sentence, markup=False, soft_wrap=True)
    console.print(_flows(summary))
    if summary["changes"]:
        console.print(_changes(summary))
        if len(summary["changes"]) > SHOWN_CHANGES:
            console.print(f"The first {SHOWN_CHANGES} of {len(summary['changes'])} changes; json=true prints all.")
    if summary["out"]:
        console.print(f"schedule: {summary['out']}", markup=False, soft_wrap=True)
    if summary["command"]:
        console.print(f"run it: {summary['command']}", markup=False, soft_wrap=True)


def why(summary: Mapping[str, Any]) -> list[str]:
    """Return why the day has these periods, a sentence each."""
    cut = summary["cut"]
    if cut is None:
        return ["The periods begin as the table says."]
    left, n = cut["unexplained"], len(summary["periods"])
    of = f"{cut['approaches']} approach flows in {cut['bins']} bins of {summary['bin_min']:g} min"
    if not left[0] or cut["asked"] >= 1.0:
        return [f"One period: the {of} vary no more than chance makes them vary."]
    sentences = [
        f"{n} period{'s' * (n != 1)} of at least {cut['shortest_min']:g} min: they explain {100 * (1 - left[n - 1]):.1f} % of "
        f"the variation of {of}."
    ]
    if n < len(left):
        chance = " by gain" if cut["asked"] <= cut["gain"] + 1e-9 else ", for chance alone may explain less than that"
        sentences.append(
            f"One more would explain {100 * (left[n - 1] - left[n]):.1f} % more; a period has to explain "
            f"{100 * cut['asked']:.1f} %{chance}."
        )
    names = [period["name"] for period in summary["periods"]]
    for name in dict.fromkeys(names):
        sharing = [str(i + 1) for i, other in enumerate(names) if other == name]
        if len(sharing) > 1:
            sentences.append(f"Periods {' and '.join(sharing)} share {name}: their flows differ by less than that.")
    return sentences


def _table(title: str, *columns: str) -> Any:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(title=Text(title), title_justify="left")
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i == 0 else "right", overflow="fold")
    return table


def _periods(summary: Mapping[str, Any]) -> Any:
    from rich.text import Text  # noqa: PLC0415

    heads = ("period", "from", "to", "plan", "made by", "veh/h", "cycle s", "v/c", "delay s", "today s")
    table = _table(f"{summary['scenario']}: periods of the day", *heads)
    for i, period in enumerate(summary["periods"], start=1):
        cycles = sorted(set(period["cycles_s"].values()))
        table.add_row(
            str(i),
            clock(period["begins_s"]),
            clock(period["ends_s"]),
            period["name"],
            Text(period["plan"]),
            f"{period['flow_veh_h']:.0f}",
            " ".join(f"{cycle:g}" for cycle in cycles[:4]) + (" ..." if len(cycles) > 4 else ""),
            _number(period["v_c"], 2),
            _number(period["delay_s"], 1),
            _number(period["delay_in_net_s"], 1),
        )
    table.caption = (
        "v/c: the highest; delay: by the HCM's formulas per vehicle, of this plan and of the plan in the net"
    )
    table.caption_justify = "left"
    return table


def _flows(summary: Mapping[str, Any]) -> Any:
    from rich.text import Text  # noqa: PLC0415

    periods = summary["periods"]
    rows = [
        (of["signal"], of["approach"], [period["flows"][i]["veh_h"] for period in periods])
        for i, of in enumerate(periods[0]["flows"])
    ]
    shown = sorted(rows, key=lambda row: -max(row[2]))[:SHOWN_FLOWS]
    more = f", the busiest {len(shown)} of {len(rows)}" if len(shown) < len(rows) else ""
    table = _table(f"veh/h by approach and period{more}", "signal", "from", *map(str, range(1, len(periods) + 1)))
    for signal, approach, flows in (row for row in rows if row in shown):
        table.add_row(Text(signal), approach, *(f"{flow:.0f}" for flow in flows))
    return table


def _changes(summary: Mapping[str, Any]) -> Any:
    from rich.text import Text  # noqa: PLC0415

    table = _table("changes of plan", "signal", "to", "old plan until", "in step at", "cycles between", "of s")
    for change in summary["changes"][:SHOWN_CHANGES]:
        table.add_row(
            Text(change["signal"]),
            change["to"],
            clock(change["leaves_s"]),
            clock(change["enters_s"]),
            str(change["cycles"]),
            _number(change["cycle_between_s"], 1),
        )
    return table


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
