"""Effective green of every link of a signal: when a queue may depart, and with or without giving way."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from engine.hcm.method import Method
from engine.plan import Program

__all__ = ["Green", "Spell", "effective_green"]

GREEN = "Gg"
YELLOW = "yY"


@dataclass(frozen=True)
class Spell:
    """What one link shows in one interval.

    Attributes:
        letter: G, or g where it gives way.
        since_s: effective green that has passed when the interval begins, seconds.
        extension: whether this is the part of yellow that is still used.
    """

    letter: str
    since_s: float
    extension: bool


@dataclass(frozen=True)
class Green:
    """The cycle cut into intervals in which no link changes.

    Attributes:
        cycle_s: length of the cycle, seconds.
        seconds: length of each interval.
        spells: for each link index what it shows in each interval; `None` where it may not go.
        shown: for each link index the letter of each phase, for what is displayed and not used.
        phases_s: length of each phase.
    """

    cycle_s: float
    seconds: tuple[float, ...]
    spells: dict[int, tuple[Spell | None, ...]]
    shown: dict[int, str]
    phases_s: tuple[float, ...]

    def effective_s(self, link: int) -> float:
        """Return the effective green of one link, seconds per cycle."""
        return sum(length for length, spell in zip(self.seconds, self.spells[link], strict=True) if spell)

    def shared_s(self, one: int, other: int) -> float:
        """Return for how long two links show green together, seconds per cycle."""
        letters = zip(self.phases_s, self.shown[one], self.shown[other], strict=True)
        return sum(length for length, a, b in letters if a in GREEN and b in GREEN)


def effective_green(program: Program, links: Sequence[int], method: Method) -> Green:
    """Return the effective green of the links with these indices.

    A green begins `method.startup_s` late and goes on for `method.extension_s` of its yellow: with the manual's 2 s
    and 2 s effective green is as long as displayed green, which is its phase duration less 4 s of lost time where
    yellow and all-red take 4 s (HCM eq. 19-1 to 19-3). One that turns from giving way to protected is one green.
    """
    phases_s = tuple(phase.duration_s for phase in program.phases)
    cycle_s = program.cycle_s
    shown = {index: "".join(phase.state[index] for phase in program.phases) for index in links}
    pieces = {index: _pieces(letters, phases_s, method) for index, letters in shown.items()}
    cuts = {0.0}
    for of_link in pieces.values():
        for begin_s, end_s, _ in of_link:
            cuts |= {round(begin_s % cycle_s, 6), round(end_s % cycle_s, 6)}
    edges = [*sorted(cut for cut in cuts if cut < cycle_s - 1e-6), cycle_s]
    intervals = list(itertools.pairwise(edges))
    spells = {
        index: tuple(_at(of_link, begin, end, cycle_s) for begin, end in intervals) for index, of_link in pieces.items()
    }
    return Green(cycle_s, tuple(end - begin for begin, end in intervals), spells, shown, phases_s)


Piece = tuple[float, float, Spell]


def _pieces(letters: str, phases_s: Sequence[float], method: Method) -> list[Piece]:
    """Return (begin, end, what it shows) of the effective greens of one link; ends may lie beyond the cycle."""
    n = len(letters)
    starts = [sum(phases_s[:i]) for i in range(n)]
    cycle_s = sum(phases_s)
    if all(letter in GREEN for letter in letters):
        return [(starts[i], starts[i] + phases_s[i], Spell(letters[i], starts[i], False)) for i in range(n)]
    pieces: list[Piece] = []
    for first in range(n):
        if letters[first] not in GREEN or letters[first - 1] in GREEN:
            continue
        run: list[tuple[float, float, str, bool]] = []
        at_s, i, letter = starts[first], first, ""
        while letters[i % n] in GREEN:
            letter = letters[i % n]
            run.append((at_s, at_s + phases_s[i % n], letter, False))
            at_s += phases_s[i % n]
            i += 1
        yellow_s = 0.0
        while letters[i % n] in YELLOW and yellow_s < cycle_s:
            yellow_s += phases_s[i % n]
            i += 1
        run.append((at_s, at_s + min(method.extension_s, yellow_s), letter, True))
        begins_s = starts[first] + method.startup_s
        for begin_s, end_s, letter, extension in run:
            from_s = max(begin_s, begins_s)
            if end_s > from_s:
                pieces.append((from_s, end_s, Spell(letter, from_s - begins_s, extension)))
    return pieces


def _at(pieces: Sequence[Piece], from_s: float, to_s: float, cycle_s: float) -> Spell | None:
    """Return what a link shows in an interval in which it does not change."""
    for begin_s, end_s, spell in pieces:
        for lap in (0.0, cycle_s, 2.0 * cycle_s):
            if begin_s <= (from_s + to_s) / 2.0 + lap < end_s:
                return Spell(spell.letter, spell.since_s + from_s + lap - begin_s, spell.extension)
    return None
