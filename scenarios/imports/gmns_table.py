"""Tables of GMNS as they lie in a folder: rows, numbers, units and coordinates."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from engine.errors import InputError, nearest
from scenarios.imports.pieces import Point

__all__ = ["Place", "Projection", "Scale", "Table", "needed", "number", "read_table", "unit_of_coordinates", "units_of"]

LENGTHS_M = {
    "ft": 0.3048, "foot": 0.3048, "feet": 0.3048, "m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0,
    "km": 1000.0, "kilometer": 1000.0, "kilometers": 1000.0, "kilometres": 1000.0, "mi": 1609.344, "mile": 1609.344,
    "miles": 1609.344,
}  # fmt: skip
SPEEDS_M_S = {
    "mph": 0.44704, "mi/h": 0.44704, "miles per hour": 0.44704, "kph": 1 / 3.6, "kmh": 1 / 3.6, "km/h": 1 / 3.6, "kmph": 1 / 3.6,
    "m/s": 1.0, "mps": 1.0,
}  # fmt: skip
UNITS = {"metric": (1.0, 1 / 3.6), "us": (0.3048, 0.44704)}
"""Short length in metres and speed in metres a second of a user's answer."""
EARTH_M = 6_371_000.0
FOOT_M = 0.3048
FAR_OFF = 0.15
"""Lengths that are stated twice may differ by this share; curves and rounding make some of it."""


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        path: the file.
        rows: cells by column in lower case, each row with its line.
    """

    path: Path
    rows: tuple[tuple[int, Mapping[str, str]], ...] = ()

    def where(self, line: int) -> str:
        """Return what messages call a row."""
        return f"'{self.path}', line {line}"


def read_table(path: Path) -> Table:
    """Return a CSV file as a table.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restval="", strict=True)
            rows = [
                (reader.line_num, {(key or "").strip().lower(): _cell(value) for key, value in row.items() if key})
                for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"'{path}' cannot be read as CSV: {error}. Save it as CSV in UTF-8.") from error
    return Table(path, tuple(rows))


def _cell(value: str | None) -> str:
    text = (value or "").strip()
    return "" if text.lower() in ("nan", "null", "none") else text


def needed(tables: Mapping[str, Table], folder: Path, name: str, columns: Sequence[str]) -> Table:
    """Return a table that has to be there with some columns.

    Raises:
        InputError: it, its rows or a column are missing.
    """
    if name not in tables:
        raise InputError(f"'{folder}' has no {name}.csv, which every GMNS network has. Export it as well.")
    table = tables[name]
    if not table.rows:
        raise InputError(f"'{table.path}' has no rows. Export the network anew.")
    for column in columns:
        if column not in table.rows[0][1]:
            known = table.rows[0][1]
            raise InputError(f"'{table.path}' has no column '{column}'.{nearest(column, known)} Export it as well.")
    return table


def number(table: Table, line: int, row: Mapping[str, str], column: str, default: float | None = None) -> float:
    """Return a number of a row.

    Raises:
        InputError: it is none, or is missing without a default.
    """
    text = row.get(column, "")
    if not text and default is not None:
        return default
    try:
        value = float(text)
    except ValueError as error:
        raise InputError(f"{table.where(line)}: {column} '{text}' is no number. Correct it.") from error
    if not math.isfinite(value):
        raise InputError(f"{table.where(line)}: {column} is {text}. Give a number.")
    return value


def units_of(folder: Path, tables: Mapping[str, Table], units: str) -> tuple[float, float]:
    """Return metres of a short length, and metres a second of a speed.

    Raises:
        InputError: the configuration is missing, or names units that are not known.
    """
    if units != "file":
        return UNITS[units]
    config = tables.get("config")
    if config is None or not config.rows:
        raise InputError(
            f"'{folder}' has no config.csv that says in what units it is. Say so: units=us (feet, mph) or units=metric "
            "(metres, km/h)."
        )
    line, row = config.rows[0]
    found = []
    for column, known in (("short_length", LENGTHS_M), ("speed", SPEEDS_M_S)):
        text = row.get(column, "").lower().rstrip(".")
        if text not in known:
            raise InputError(
                f"{config.where(line)}: {column} '{row.get(column, '')}' is no unit that we know.{nearest(text, known)} "
                "Say units=us or units=metric."
            )
        found.append(known[text])
    return found[0], found[1]


class Projection:
    """Metres east and north of the nodes' middle; a town is small enough for the Earth to be flat."""

    def __init__(self, nodes: Mapping[str, tuple[float, float, str]]) -> None:
        self._lon = median(x for x, _, _ in nodes.values())
        self._lat = median(y for _, y, _ in nodes.values())

    def __call__(self, point: Point) -> Point:
        """Return a point of degrees in metres."""
        east = math.radians(point[0] - self._lon) * math.cos(math.radians(self._lat))
        return EARTH_M * east, EARTH_M * math.radians(point[1] - self._lat)


@dataclass(frozen=True)
class Scale:
    """Metres of coordinates that are lengths already."""

    unit_m: float

    def __call__(self, point: Point) -> Point:
        """Return a point in metres."""
        return point[0] * self.unit_m, point[1] * self.unit_m


Place = Callable[[Point], Point]


def unit_of_coordinates(
    tables: Mapping[str, Table], nodes: Mapping[str, tuple[float, float, str]], told: list[str]
) -> float:
    """Return metres of a coordinate's unit: feet where the links' stated lengths say so, else metres."""
    config = tables.get("config")
    unit = config.rows[0][1].get("long_length", "").lower() if config and config.rows else ""
    ratios = []
    for line, row in tables["link"].rows if unit in LENGTHS_M and "link" in tables else ():
        ends = [nodes[row[key]] for key in ("from_node_id", "to_node_id") if row.get(key) in nodes]
        apart = math.dist(ends[0][:2], ends[1][:2]) if len(ends) == 2 else 0.0
        stated_m = number(tables["link"], line, row, "length", 0.0) * LENGTHS_M[unit]
        if apart > 1.0 and stated_m > 0.0:
            ratios.append(stated_m / apart)
    if not ratios:
        return 1.0
    ratio = median(ratios)
    if abs(ratio / FOOT_M - 1.0) < FAR_OFF:
        told.append("The coordinates are in feet, as the lengths of the links tell.")
        return FOOT_M
    if abs(ratio - 1.0) > FAR_OFF:
        told.append(
            f"The links' stated lengths are {ratio:.2g} times those of their coordinates, which count, as metres. Look at "
            "long_length in config.csv."
        )
    return 1.0
