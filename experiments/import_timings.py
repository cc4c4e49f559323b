"""Timings from another tool onto a scenario's network: the part of `greensplit import` that makes no scenario."""

from __future__ import annotations

import csv
import re
import tempfile
from pathlib import Path

from engine.errors import InputError, nearest
from engine.files import write_text
from engine.formats import plan_text, read_any_plan
from engine.formats.utdf_plan import DIRECTIONS, NodeMap
from experiments._plans import show_plan
from experiments._prepare import prepare
from experiments.config import ImportConfig

__all__ = ["main", "node_map"]

SUFFIXES = {".xml": "sumo", ".json": "json", ".csv": "csv"}
INLINE = re.compile(r"[^:,]+:.+")


def main(config: ImportConfig) -> int:
    """Read the file, write the plan, and say what was lost on the way. Returns 0."""
    assert config.file is not None  # the configurations refuse to be without them
    assert config.out is not None
    nodes = node_map(config.map) if config.map else {}
    with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
        scenario, network = prepare(config.scenario, Path(scratch), queue_max_m=1000.0)
    found = read_any_plan(config.file, network, nodes, config.whole_seconds)
    if nodes and found.kind != "utdf":
        raise InputError(f"map says which node is which signal, but '{config.file}' is no UTDF. Leave map out.")
    text, lost = plan_text(found.plan, network, SUFFIXES[config.out.suffix])
    unset = [signal.id for signal in network.signals if signal.id not in {p.signal for p in found.plan.programs}]
    notes = [*found.notes, *lost]
    if unset:
        names = ", ".join(f"'{name}'" for name in unset[:8])
        notes.append(
            f"signals that keep what the net has: {names}{f' and {len(unset) - 8} more' if len(unset) > 8 else ''}"
        )
    write_text(config.out, text)
    show_plan(found.plan, scenario.name, config.out, notes, config.json)
    return 0


def node_map(given: str) -> dict[str, NodeMap]:
    """Return which signal each node is: from ``NODE:SIGNAL,...`` or from a CSV file.

    The file's columns are INTID and signal, and, where the compass does not tell, the approach that a direction is: NB,
    SB, EB, WB, NE, NW, SE, SW.

    Raises:
        InputError: it is neither, or a row is broken.
    """
    path = Path(given)
    if path.is_file():
        return _from_file(path)
    pairs = given.split(",")
    if all(INLINE.fullmatch(pair.strip()) for pair in pairs):
        split = [pair.strip().split(":", 1) for pair in pairs]
        return {node.strip(): NodeMap(signal.strip()) for node, signal in split}
    raise InputError(
        f"map='{given}' is neither a file nor NODE:SIGNAL,... Give one of them, as in map=1:north,2:south."
    )


def _from_file(path: Path) -> dict[str, NodeMap]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restval="", strict=True)
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"map='{path}' cannot be read as CSV: {error}. Save it as CSV in UTF-8.") from error
    known = ("INTID", "signal", *DIRECTIONS.values())
    for column in reader.fieldnames or ():
        if column not in known:
            raise InputError(f"map='{path}', line 1: column {column} is not known.{nearest(column, known)}")
    found: dict[str, NodeMap] = {}
    for line, row in rows:
        if not row.get("INTID") or not row.get("signal") or None in row:
            raise InputError(f"map='{path}', line {line}: give INTID and signal, and no more cells than columns.")
        if row["INTID"] in found:
            raise InputError(f"map='{path}', line {line}: node {row['INTID']} is there twice. Keep one row.")
        found[row["INTID"]] = NodeMap(row["signal"], {side: row[side] for side in DIRECTIONS.values() if row.get(side)})
    if not found:
        raise InputError(f"map='{path}' has no row. Give one for each node: INTID, signal.")
    return found
