"""Puts the page of a comparison or look-back together, in the language that is spoken."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from experiments._clock import clock
from experiments.compare import figures
from experiments.compare.comparison import Compared, Comparison
from experiments.compare.finding import heading, name, sentences
from experiments.compare.judging import JUDGED, Difference
from experiments.compare.lookback import Change, Lookback
from experiments.compare.places import warnings
from experiments.compare.rivals import Rival
from experiments.compare.told import MEASURES, label, lookback_sentences, missing_text, unit_of, warning_text
from experiments.compare.values import Unit
from experiments.report._language import gettext
from experiments.report._templates import render

__all__ = ["comparison_page", "lookback_page"]

CHARTED = 30
SHOWN = {"junction": 200, "approach": 300, "lane group": 300}
"""Rows that a page has room for; the tables beside it have all."""


@dataclass(frozen=True)
class Cell:
    """A rival's value of one measure and its difference from the reference, `None` where nothing is paired."""

    mean: float | None
    median: float | None
    difference: Difference | None


@dataclass(frozen=True)
class Line:
    """One row of a table: what it is of, and a cell for each plan, the reference's first."""

    unit: Unit
    measure: str
    vehicles: float | None
    cells: tuple[Cell, ...]

    @property
    def change(self) -> float:
        """The largest difference, without a sign."""
        return max((abs(cell.difference.judged.plain.centre) for cell in self.cells if cell.difference), default=0.0)


def comparison_page(comparison: Comparison) -> str:
    """Return the page of a comparison."""
    drawn: dict[str, str | None] = {}
    shown = []
    for i, compared in enumerate(comparison.compared):
        place = compared.place
        lines = {level: _lines(compared, level) for level in JUDGED}
        approaches = [
            of for of in compared.differences if of.unit.level == "approach" and of.measure == "control_delay_s"
        ]
        drawn |= {
            f"intervals-{i}": figures.intervals(compared),
            f"approaches-{i}": figures.by_approach(compared, approaches, CHARTED),
            f"times-{i}": figures.by_time(compared),
        }
        shown.append(
            {
                "scenario": place.scenario,
                "window": _window(place.reference),
                "plans": [{"name": name(rival.label), "of": rival} for rival in place.all],
                "reference": name(place.reference.label),
                "sentences": sentences(compared),
                "lines": {level: _shown(of, level) for level, of in lines.items()},
                "n_lines": {level: len(of) for level, of in lines.items()},
                "warnings": [warning_text(*warning) for warning in warnings(place)],
                "gridlocks": [len(rival.gridlocks) / len(rival.seeds) if rival.seeds else None for rival in place.all],
            }
        )
    return render(
        "compare.html.j2",
        figures={key: text for key, text in drawn.items() if text},
        comparison=comparison,
        heading=heading(comparison),
        better=any(verdict == "better" for compared in comparison.compared for verdict in compared.verdicts.values()),
        places=shown,
        overall=comparison.overall,
        missing=[missing_text(of) for of in comparison.missing],
        label=label,
        unit_of=unit_of,
        digits={measure: digits for measure, (_, _, digits) in MEASURES.items()},
        name=name,
        where=where,
        los=_los,
        version=version("greensplit"),
    )


def lookback_page(of: Lookback) -> str:
    """Return the page of a look-back."""
    first, *more = lookback_sentences(of)
    levels = {
        level: rows for level in ("junction", "approach", "lane group", "class", "time") if (rows := of.of(level))
    }
    return render(
        "lookback.html.j2",
        figures={},
        of=of,
        heading=first,
        sentences=more,
        network=of.of("network"),
        levels={level: _largest(rows)[: SHOWN.get(level, 300)] for level, rows in levels.items()},
        n_levels={level: len(rows) for level, rows in levels.items()},
        label=label,
        unit_of=unit_of,
        digits={measure: digits for measure, (_, _, digits) in MEASURES.items()},
        where=where,
        version=version("greensplit"),
    )


def _largest(rows: Sequence[Change]) -> list[Change]:
    """Return the changes with those that are sure on top."""
    return sorted(rows, key=lambda row: (row.judged.p_holm, -abs(row.judged.plain.mean)))


def _lines(compared: Compared, level: str) -> list[Line]:
    place = compared.place
    known = {(of.rival, of.unit, of.measure): of for of in compared.differences if of.unit.level == level}
    units = {unit for unit, _ in place.reference.values if unit.level == level}
    lines = []
    for unit in sorted(units, key=lambda unit: (unit.from_s or 0.0, unit)):
        for measure in JUDGED[level]:
            theirs = place.reference.values.get((unit, measure))
            if theirs:
                cells = [_cell(rival, unit, measure, known.get((rival.label, unit, measure))) for rival in place.all]
                # What never happens under any plan says nothing.
                if any(cell.mean for cell in cells):
                    vehicles = place.reference.values.get((unit, "vehicles"))
                    lines.append(
                        Line(unit, measure, statistics.fmean(vehicles.values()) if vehicles else None, tuple(cells))
                    )
    return lines


def _cell(rival: Rival, unit: Unit, measure: str, difference: Difference | None) -> Cell:
    of = list(rival.values.get((unit, measure), {}).values())
    return Cell(statistics.fmean(of) if of else None, statistics.median(of) if of else None, difference)


def _shown(lines: Sequence[Line], level: str) -> list[Line]:
    """Return the lines that are shown: of places control delay alone, and where there are too many those that change most."""
    if level not in SHOWN:
        return list(lines)
    delays = [line for line in lines if line.measure == "control_delay_s"]
    most = {id(line) for line in sorted(delays, key=lambda line: -line.change)[: SHOWN[level]]}
    return [line for line in delays if id(line) in most]


def where(unit: Unit) -> str:
    """Return a class or a time of day in words."""
    if unit.vehicle_class:
        words = {
            "car": gettext("cars"),
            "bus": gettext("buses"),
            "truck": gettext("trucks"),
            "bicycle": gettext("bicycles"),
        }
        return words[unit.vehicle_class]
    if unit.from_s is not None and unit.to_s is not None:
        return f"{clock(unit.from_s)[:5]}\N{EN DASH}{clock(unit.to_s)[:5]}"
    return ""


def _window(rival: Rival) -> str:
    of = rival.window
    if of is None:
        return ""
    return gettext("%(begin)s to %(end)s", begin=clock(of.begin_s + of.warmup_s), end=clock(of.end_s))


def _los(delay_s: float | None) -> str:
    from kernels.formulas import level_of_service  # noqa: PLC0415  the kernels load with it

    return "" if delay_s is None else level_of_service(delay_s)
