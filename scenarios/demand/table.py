"""Rows of the CSV files that demand is given in, with where each value stands."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError, nearest
from engine.sumo.demand import seconds

__all__ = ["Row", "read_rows"]


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        path, line: where it stands.
        cells: its texts by column; a column that the file leaves out is empty.
    """

    path: Path
    line: int
    cells: dict[str, str]

    @property
    def where(self) -> str:
        """What messages call it."""
        return f"'{self.path}', line {self.line}"

    def text(self, column: str) -> str:
        """Return a text that has to be there.

        Raises:
            InputError: it is empty.
        """
        if not self.cells[column]:
            raise InputError(f"{self.where}: {column} is empty. Fill it in, or take the row out.")
        return self.cells[column]

    def number(self, column: str) -> float:
        """Return a number of 0 or more.

        Raises:
            InputError: it is none, or below 0.
        """
        try:
            value = float(self.text(column))
        except ValueError as error:
            raise InputError(f"{self.where}: {column} '{self.cells[column]}' is no number. Correct it.") from error
        if not math.isfinite(value) or value < 0.0:
            raise InputError(f"{self.where}: {column} is {self.cells[column]}. Give a number of 0 or more.")
        return value

    def interval(self) -> tuple[float, float]:
        """Return ``begin`` and ``end``, seconds: given as such, or as 07:30.

        Raises:
            InputError: one is no time, or the end is not after the begin.
        """
        times = []
        for column in ("begin", "end"):
            try:
                text = self.text(column)
                # 07:30 is half past seven; SUMO's own notation would be seven and a half minutes.
                times.append(seconds(f"{text}:00" if text.count(":") == 1 else text))
            except ValueError as error:
                raise InputError(
                    f"{self.where}: {column} '{self.cells[column]}' is no time. Give seconds, or a time such as 07:30."
                ) from error
        begin_s, end_s = times
        if not math.isfinite(begin_s + end_s) or begin_s < 0.0 or end_s <= begin_s:
            raise InputError(
                f"{self.where}: the interval ends at {self.cells['end']}, which is not after its begin at "
                f"{self.cells['begin']}. Correct one of them."
            )
        return begin_s, end_s


def read_rows(path: Path, needed: Sequence[str], more: Sequence[str] = ()) -> list[Row]:
    """Return the rows of a CSV file, the first line being the columns' names.

    Args:
        path: the file.
        needed: columns that it has to have.
        more: columns that it may have.

    Raises:
        InputError: it cannot be read, has no rows, lacks a column or has one that is not known.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restval="", strict=True)
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"'{path}' cannot be read as CSV: {error}. Save it as CSV in UTF-8.") from error
    columns = list(reader.fieldnames or ())
    known = (*needed, *more)
    for column in needed:
        if column not in columns:
            raise InputError(f"'{path}' has no column '{column}'. It needs {', '.join(needed)}.")
    for column in columns:
        if column not in known:
            raise InputError(f"'{path}', line 1: column '{column}' is not known.{nearest(column, known)} Take it out.")
    if not rows:
        raise InputError(f"'{path}' has no rows below its columns' names. Add one for each count.")
    found = []
    for line, row in rows:
        if None in row:
            raise InputError(f"'{path}', line {line}: more cells than columns. Correct the row.")
        found.append(Row(path, line, {name: (row.get(name) or "").strip() for name in known}))
    return found
