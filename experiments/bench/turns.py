"""Wall time of two commands in turns: on a shared machine only the ratio of neighbours says anything."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Turns", "in_turns", "seconds_of"]


def seconds_of(work: Callable[..., object], *arguments: object) -> float:
    """Return the wall time of a piece of work, seconds."""
    began = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - began


@dataclass(frozen=True)
class Turns:
    """Medians of both sides in seconds, and the median of the ratios of each pair, ours over the peer's."""

    ours_s: float
    peer_s: float
    ratio: float
    spread: tuple[float, float]

    @property
    def how(self) -> str:
        """How it was measured, for a row."""
        low, high = self.spread
        return f"wall time in turns, median of the pairs' ratios ({low:.2f} to {high:.2f})"


def in_turns(ours: Callable[[], float], peer: Callable[[], float], pairs: int, done: Callable[[float], None]) -> Turns:
    """Return the times of two pieces of work, run in turns.

    Args:
        ours, peer: do the work and return its seconds, as `seconds_of` does.
        pairs: how many times each is run. Who begins changes from pair to pair, so that a drift falls on both alike.
        done: told the share of the whole after each run.
    """
    seconds: list[tuple[float, float]] = []
    for pair in range(pairs):
        order = (ours, peer) if pair % 2 == 0 else (peer, ours)
        taken = {}
        for work in order:
            taken[work] = work()
            done(0.5 / pairs)
        seconds.append((taken[ours], taken[peer]))
    ratios = [of_ours / of_peer for of_ours, of_peer in seconds]
    return Turns(
        statistics.median(of_ours for of_ours, _ in seconds),
        statistics.median(of_peer for _, of_peer in seconds),
        statistics.median(ratios),
        (min(ratios), max(ratios)),
    )
