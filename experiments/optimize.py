"""`greensplit optimize`: the best plan within a budget of simulations, and never a worse one than today's."""

from __future__ import annotations

from experiments._searching import search_and_prove
from experiments.config import OptimizeConfig

__all__ = ["main"]


def main(config: OptimizeConfig) -> int:
    """Search a plan space and report the winner. Returns 0."""
    return search_and_prove("optimize", config)
