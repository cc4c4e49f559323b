"""Choices that are no chance: by hash of what is chosen and a seed that the condition states."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

__all__ = ["draw", "pick"]


def draw(what: str, purpose: str, seed: int) -> float:
    """Return a number in [0, 1) that the same thing, purpose and seed always get, on every machine."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{what}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2.0**64


def pick(weights: Sequence[float], share: float) -> int:
    """Return the place in `weights` at a share in [0, 1) of their sum."""
    left = share * sum(weights)
    for i, weight in enumerate(weights):
        left -= weight
        if left < 0.0:
            return i
    return len(weights) - 1
