"""`greensplit sweep`: a grid or a space-filling sample of plans, all seeds, ranked, the best one proven."""

from __future__ import annotations

from experiments._searching import search_and_prove
from experiments.config import SweepConfig

__all__ = ["main"]


def main(config: SweepConfig) -> int:
    """Sweep a plan space and report the winner. Returns 0."""
    return search_and_prove("sweep", config)
