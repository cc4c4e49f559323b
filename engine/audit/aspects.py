"""What each link of a signal is shown over a cycle, and what the rules need to know of the link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.network import Link

__all__ = ["KINDS", "Controlled", "Run", "controlled", "runs"]

KINDS = {"G": "green", "g": "green", "y": "yellow", "u": "ready", "r": "red", "s": "turn", "o": "off", "O": "off"}
"""What SUMO's letters mean to a driver: ``u`` is red and yellow, ``s`` a turn on red after a stop."""


@dataclass(frozen=True)
class Run:
    """Consecutive phases in which a link is shown the same colour, over the cycle's end too.

    Attributes:
        kind: green, yellow, ready (red and yellow), turn (on red, after a stop), red or off.
        phases: their indices in the program, in order.
    """

    kind: str
    phases: tuple[int, ...]


def runs(letters: Mapping[int, str]) -> list[Run]:
    """Return the runs of one link in order.

    Args:
        letters: what it is shown by phase; phases of no length left out.
    """
    phases = list(letters)
    kinds = [KINDS[letters[phase]] for phase in phases]
    n = len(kinds)
    starts = [i for i in range(n) if kinds[i] != kinds[i - 1]]
    if not starts:
        return [Run(kinds[0], tuple(phases))] if phases else []
    ends = [*starts[1:], starts[0] + n]
    return [
        Run(kinds[start], tuple(phases[k % n] for k in range(start, end)))
        for start, end in zip(starts, ends, strict=True)
    ]


@dataclass(frozen=True)
class Controlled:
    """All links that one letter of the state controls, as the most careful of them.

    Attributes:
        index: the letter's place.
        where: their movements.
        walking: whether pedestrians use it.
        length_m: the longest way over the junction.
        approach_m_s, clearing_m_s: the highest speed before the stop line, the lowest over the junction.
        grade: the steepest descent, or the gentlest climb.
        clear_m: metres until each conflicting link's way is left, by its index.
        yields: indices of those that it gives way to.
    """

    index: int
    where: str
    walking: bool
    length_m: float
    approach_m_s: float
    clearing_m_s: float
    grade: float
    clear_m: Mapping[int, float]
    yields: frozenset[int]


def controlled(links: Sequence[Link]) -> dict[int, Controlled]:
    """Return what each letter of a signal's state controls, by index."""
    by_index: dict[int, list[Link]] = {}
    for link in links:
        by_index.setdefault(link.index, []).append(link)
    return {
        index: Controlled(
            index,
            " and ".join(sorted({link.movement for link in members})),
            all(link.kind == "pedestrian" for link in members),
            max(link.length_m for link in members),
            max(link.approach_m_s for link in members),
            min(min(link.approach_m_s, link.clearing_m_s) for link in members),
            min(link.grade for link in members),
            {
                foe: max(metres for link in members for other, metres in _clearances(link) if other == foe)
                for foe in sorted({foe for link in members for foe in link.foes})
            },
            frozenset(foe for link in members for foe in link.yields),
        )
        for index, members in sorted(by_index.items())
    }


def _clearances(link: Link) -> list[tuple[int, float]]:
    # A link that was made without geometry is cleared at its end.
    return list(zip(link.foes, link.clear_m or (link.length_m,) * len(link.foes), strict=True))
