"""Which greens may be shown together: the one definition that building junctions and auditing plans share."""

from __future__ import annotations

__all__ = ["GREEN", "blocks", "conflict"]

GREEN = "Gg"
"""SUMO's letters of green: ``G`` has priority, ``g`` gives way to what the network's response names."""


def blocks(letter: str, yields: bool) -> bool:
    """Return whether a link takes the right of way from one that its way crosses or merges with.

    Args:
        letter: what the signal shows to it.
        yields: whether the network makes it give way to the other one.
    """
    return letter in GREEN and not (letter == "g" and yields)


def conflict(one: str, other: str, one_yields: bool, other_yields: bool) -> bool:
    """Return whether two links whose ways cross or merge are shown greens that nothing resolves.

    A pair is resolved where one of them is shown ``g`` and the network makes it give way to the other: oncoming
    traffic before left turns, pedestrians before turning traffic.
    """
    return blocks(one, one_yields) and blocks(other, other_yields)
