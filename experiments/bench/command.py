"""`greensplit bench`: measures the figures and shows them."""

from __future__ import annotations

import os

from experiments._folder import environment
from experiments._json import hand_out
from experiments._progress import Progress
from experiments.bench._table import show
from experiments.bench.figures import FIGURES
from experiments.bench.rows import Row
from experiments.config import BenchConfig

__all__ = ["main"]


def main(config: BenchConfig) -> int:
    """Measure, print and where asked write the figures. Returns 1 where a target is missed, else 0."""
    load = os.getloadavg()[0]  # wall times mean little where others work, too
    found: dict[str, list[Row]] = {}
    wanted = config.figures
    with Progress("bench", sum(FIGURES[name].seconds for name in wanted), "seconds of work") as progress:
        for name in wanted:
            progress.say(FIGURES[name].title)
            found[name] = FIGURES[name].rows(progress.advance)
    document = {
        "met": not any(row.met is False for rows in found.values() for row in rows),
        "environment": {**environment(()), "load_before": load},
        "figures": {name: [row.as_json() for row in rows] for name, rows in found.items()},
    }
    hand_out(document, config.out, config.json)
    if not config.json:
        show(found)
    return 0 if document["met"] else 1
