"""A plan as a timing sheet: CSV that a spreadsheet opens, one row for each interval of each signal, and back.

An interval's seconds stand in the column of its kind: green (a stage, which may be changed), clearance (greens go on
without some, as when walking has ended), yellow, or all-red. `state` has a letter for each signal link, as SUMO has;
`movements` says the same in words, and is checked.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.conflicts import GREEN
from engine.errors import InputError, nearest
from engine.formats._fit import check_program, known_signal
from engine.network import Network, Signal
from engine.plan import Phase, Plan, Program

__all__ = ["COLUMNS", "interval_kind", "movements", "parse_sheet", "sheet_rows", "sheet_text"]

KINDS = ("green", "clearance", "yellow", "all_red")
COLUMNS = (
    *("signal", "cycle_s", "offset_s", "interval", "stage", "movements"),
    *(f"{kind}_s" for kind in KINDS),
    *("min_green_s", "max_green_s", "state"),
)
OPTIONAL = ("interval", "movements")


def interval_kind(phase: Phase) -> str:
    """Return what an interval is: green, clearance, yellow or all_red."""
    if phase.stage >= 0:
        return "green"
    if "y" in phase.state:
        return "yellow"
    return "clearance" if set(phase.state) & set(GREEN) else "all_red"


def movements(state: str, signal: Signal) -> str:
    """Return the movements that a state gives green, in the order of their links; in brackets those that give way."""
    names: dict[str, set[str]] = {}
    for link in signal.links:
        if state[link.index] in GREEN:
            names.setdefault(link.movement, set()).add(state[link.index])
    return ", ".join(f"({name})" if letters == {"g"} else name for name, letters in names.items())


def sheet_rows(program: Program, signal: Signal) -> list[dict[str, str]]:
    """Return the rows of one signal by column."""
    rows = []
    for i, phase in enumerate(program.phases, start=1):
        row = dict.fromkeys(COLUMNS, "")
        row |= {
            "signal": program.signal,
            "cycle_s": _number(program.cycle_s),
            "offset_s": _number(program.offset_s),
            "interval": str(i),
            "movements": movements(phase.state, signal),
            f"{interval_kind(phase)}_s": _number(phase.duration_s),
            "state": phase.state,
        }
        if phase.stage >= 0:
            row["stage"] = str(phase.stage + 1)
            row["min_green_s"] = _number(program.min_green_s[phase.stage])
            row["max_green_s"] = _number(program.max_green_s[phase.stage])
        rows.append(row)
    return rows


def sheet_text(plan: Plan, network: Network) -> tuple[str, list[str]]:
    """Return a plan's timing sheet, and what it does not hold of the plan, a sentence each."""
    stream = io.StringIO()
    # Spreadsheets take a file without this mark for one of their own old encodings, and spoil names.
    stream.write("\N{ZERO WIDTH NO-BREAK SPACE}")
    writer = csv.DictWriter(stream, COLUMNS)
    writer.writeheader()
    for program in plan.programs:
        writer.writerows(sheet_rows(program, network.signal(program.signal)))
    return stream.getvalue(), [
        "a timing sheet does not hold the parameters that a search varied"
    ] if plan.parameters else []


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


@dataclass(frozen=True)
class _Row:
    """A row of the sheet, and where it stands."""

    cells: Mapping[str, str]
    where: str

    def number(self, column: str) -> float:
        text = self.cells[column]
        try:
            value = float(text)
        except ValueError as error:
            raise InputError(f"{self.where}: {column} '{text}' is no number. Give it in seconds.") from error
        if not math.isfinite(value):
            raise InputError(f"{self.where}: {column} '{text}' is no time. Give it in seconds.")
        return value


def parse_sheet(text: str, network: Network, source: str = "timing sheet") -> Plan:
    """Return the plan in a timing sheet.

    Args:
        text: the sheet; commas, semicolons or tabs part its columns, as its first line has them.
        network: the signals.
        source: what messages call it.

    Raises:
        InputError: a column is missing, a row is broken, or intervals do not fit their signal; the message names the line.
    """
    by_signal: dict[str, list[_Row]] = {}
    for row in _rows(text, source):
        by_signal.setdefault(row.cells["signal"], []).append(row)
    if not by_signal:
        raise InputError(f"'{source}' has no row. A timing sheet has one for each interval of a signal.")
    programs = []
    for name, rows in by_signal.items():
        signal = known_signal(name, network, rows[0].where)
        programs.append(_program(signal, rows, source))
    return Plan(tuple(sorted(programs, key=lambda program: program.signal)))


def _rows(text: str, source: str) -> list[_Row]:
    text = text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader: Any = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[_Row] = []
    header: list[str] = []
    try:
        for cells in reader:
            where = f"'{source}', line {reader.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = _header(cells, where)
                continue
            if len(cells) != len(header):
                raise InputError(f"{where}: {len(cells)} cells, the sheet has {len(header)} columns. Mend the row.")
            named = dict.fromkeys(OPTIONAL, "") | dict(zip(header, (cell.strip() for cell in cells), strict=True))
            rows.append(_Row(named, where))
    except csv.Error as error:
        raise InputError(
            f"'{source}', line {reader.line_num}: it cannot be read as CSV ({error}). Mend the row."
        ) from error
    return rows


def _header(cells: Sequence[str], where: str) -> list[str]:
    header = [cell.strip() for cell in cells]
    for column in COLUMNS:
        if column not in header and column not in OPTIONAL:
            raise InputError(
                f"{where}: this is no timing sheet: there is no column {column}.{nearest(column, header)} "
                f"Its columns are {', '.join(COLUMNS)}."
            )
    return header


def _program(signal: Signal, rows: Sequence[_Row], source: str) -> Program:
    phases = []
    bounds: dict[int, tuple[float, float]] = {}
    for row in rows:
        phase = _phase(row, signal)
        phases.append(phase)
        if phase.stage >= 0:
            stated = (row.number("min_green_s"), row.number("max_green_s"))
            if bounds.setdefault(phase.stage, stated) != stated:
                raise InputError(
                    f"{row.where}: stage {phase.stage + 1} has other bounds in a row before. Make them equal."
                )
    stages = sorted(bounds)
    offset_s, cycle_s = (_same(rows, column) for column in ("offset_s", "cycle_s"))
    program = Program(
        signal.id,
        tuple(phases),
        offset_s,
        tuple(bounds[stage][0] for stage in stages),
        tuple(bounds[stage][1] for stage in stages),
    )
    if abs(program.cycle_s - cycle_s) > 1e-6:
        raise InputError(
            f"{rows[0].where}: signal '{signal.id}': its intervals sum to {program.cycle_s:g} s, cycle_s says {cycle_s:g}. "
            "Change one of them."
        )
    check_program(program, signal, f"'{source}': signal '{signal.id}'")
    return program


def _phase(row: _Row, signal: Signal) -> Phase:
    width = 1 + max(link.index for link in signal.links)
    state = row.cells["state"]
    if len(state) < width:
        raise InputError(
            f"{row.where}: signal '{signal.id}' has {width} links, state '{state}' has {len(state)} letters. "
            "Give one letter for each link."
        )
    filled = [kind for kind in KINDS if row.cells[f"{kind}_s"]]
    if len(filled) != 1:
        found = ", ".join(f"{kind}_s" for kind in filled) or "none"
        raise InputError(
            f"{row.where}: one of {', '.join(f'{kind}_s' for kind in KINDS)} holds an interval's seconds; here {found} does."
        )
    stage = row.cells["stage"]
    if (filled[0] == "green") != bool(stage):
        raise InputError(
            f"{row.where}: a green interval, and no other, has a stage. Give stage and green_s, or neither."
        )
    if stage and not (stage.isdecimal() and int(stage) >= 1):
        raise InputError(f"{row.where}: stage '{stage}' is no number. Stages count from 1.")
    phase = Phase(row.number(f"{filled[0]}_s"), state, int(stage) - 1 if stage else -1)
    if phase.stage < 0 and interval_kind(phase) != filled[0]:
        raise InputError(
            f"{row.where}: the seconds are in {filled[0]}_s, the state '{state}' is {interval_kind(phase).replace('_', '-')}. "
            "Move them, or change the state."
        )
    shown, stated = movements(state, signal), row.cells["movements"]
    if stated and stated != shown:
        raise InputError(
            f"{row.where}: movements says '{stated}', the state gives green to '{shown}'. Change the state, or clear movements."
        )
    return phase


def _same(rows: Sequence[_Row], column: str) -> float:
    """Return the value that a column has in every row of a signal."""
    value = rows[0].number(column)
    for row in rows[1:]:
        if row.number(column) != value:
            raise InputError(
                f"{row.where}: {column} is {row.cells[column]}, a row before has {rows[0].cells[column]}. Make them equal."
            )
    return value
