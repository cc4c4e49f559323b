"""`greensplit compare`: from what is named to the folder that holds page, tables and summary."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.files import sha256
from engine.ledger import StudyLock
from experiments import _folder
from experiments.compare.comparison import compare
from experiments.compare.entries import Entry, entries
from experiments.compare.gathering import gather, scenario_of_plans
from experiments.compare.lookback import look_back
from experiments.compare.places import places
from experiments.compare.reading import rivals_of
from experiments.compare.writing import write_comparison, write_lookback
from experiments.config import CompareConfig, resolved

__all__ = ["main"]

SETTINGS = ("scenario", "measures", "queue", "reference", "before", "after")
"""What identifies a comparison beside who is in it; more seeds extend it."""


def main(config: CompareConfig) -> int:
    """Compare, and leave page, tables and summary in a folder; the same command goes on with its simulations. Returns 0."""
    began = time.monotonic()
    named = entries(config.rivals)
    if named and all(entry.kind == "study" for entry in named):
        # What cannot be compared is said before a folder is made; where something is simulated it may take hours to know.
        places([rival for entry in named for rival in rivals_of(entry.path)], config.reference)
    if any(entry.kind in ("plan", "net") for entry in named):
        scenario_of_plans(config, named)
    found = None if config.before is None or config.after is None else look_back(config.before, config.after)
    settings = {key: value for key, value in resolved(config).items() if key in SETTINGS}
    identity = _folder.study_identity(settings | {"rivals": [_identity(entry) for entry in named]}, ())
    name = config.scenario.name or ("before-after" if found else "studies")
    folder = _folder.folder_of("compare", name, identity, config.out)
    with StudyLock(folder):
        _folder.claim(folder, identity, {"command": "compare", **resolved(config)})
        if found:
            write_lookback(found, folder, config.report.language or "en", began)
        else:
            gathered = gather(config, named, folder)
            comparison = compare(gathered.rivals, config.reference, gathered.notes, gathered.counts)
            write_comparison(comparison, folder, config.report.language or "en", began)
    return 0


def _identity(entry: Entry) -> Sequence[Any]:
    if entry.kind == "plan":
        return entry.kind, entry.name, sha256(entry.path)
    return entry.kind, str(Path(entry.name).absolute()) if entry.kind == "study" else entry.name
