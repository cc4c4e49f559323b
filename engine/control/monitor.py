"""The conflict monitor: between whatever asks for greens and the lights, and nothing passes it."""

from __future__ import annotations

import math
from collections import Counter

from engine.conflicts import GREEN, blocks, conflict
from engine.control.timing import Timing

__all__ = ["Monitor"]

EPS_S = 1e-6
DARK = "oO"
"""A light that is dark stays dark, and no other becomes so: that is nothing for a controller to ask for."""


class Monitor:
    """The lights of one signal. They follow the letters that are wanted as far and as soon as the rules allow.

    Every letter is judged for itself: it ends through yellow once its green has lasted, and begins when each conflicting
    one has ended for as long as that pair needs. So an intergreen is no longer than its movements need, and letters that
    are wanted before and after keep their green.

    Attributes:
        letters: what is shown.
        since_s: since when each letter has been shown its colour (green, yellow or neither), seconds.
        settled: whether all that is wanted is shown.
        interventions: how often something was not shown as it was asked for, by rule; waiting for an intergreen is none.

    Args:
        timing: the signal's rules.
        letters: what it shows at the beginning.
        now_s: seconds.
    """

    def __init__(self, timing: Timing, letters: str, now_s: float) -> None:
        n = len(letters)
        self.timing = timing
        self.letters = letters
        self.settled = False
        self.interventions: Counter[str] = Counter()
        self.since_s = [now_s if letter in "Ggy" else -math.inf for letter in letters]
        self._wanted = ""
        self._refused: set[tuple[str, int]] = set()
        self._clearance_s = [{foe.index: foe.clearance_s for foe in foes} for foes in timing.foes]
        # When each link's green ended with its yellow, and when its right of way over those that it may have to give
        # way to did: that ends with G, too, where g follows.
        began_s = [now_s + timing.yellow_s[i] if letters[i] == "y" else -math.inf for i in range(n)]
        self._ended_s, self._way_ended_s = began_s, list(began_s)

    def step(self, wanted: str, now_s: float) -> str:
        """Return what to show from now on, one letter for each link.

        Args:
            wanted: one letter for each link; every one that is not green asks for its red.
            now_s: seconds; not before the last call's.
        """
        if wanted == self._wanted and self.settled:
            return self.letters
        if wanted != self._wanted:
            self._wanted = wanted
            self._refused.clear()
        letters = list(self.letters)
        for i, letter in enumerate(letters):
            if letter == "y":
                if now_s >= self._ended_s[i] - EPS_S:
                    self._turn(letters, i, "r", now_s)
            elif letter in GREEN and wanted[i] not in GREEN:
                self._end(letters, i, now_s)
            elif letter == "G" and wanted[i] == "g":
                # It goes on, and gives way from now on: others wait as if its right of way had ended here.
                letters[i] = "g"
                self._way_ended_s[i] = now_s + self.timing.yellow_s[i]
        for i, want in enumerate(wanted):
            if letters[i] == want or letters[i] == "y" or self.letters[i] == "y":
                continue  # between yellow and green there is red
            if want in GREEN and letters[i] not in DARK:
                if self._may_begin(letters, i, want, now_s):
                    self._turn(letters, i, want, now_s)
            elif letters[i] not in GREEN and letters[i] not in DARK:
                letters[i] = "s" if want == "s" else "r"  # a turn on red after a stop
        self.letters = "".join(letters)
        self.settled = self.letters == wanted
        return self.letters

    def free(self, now_s: float) -> bool:
        """Return whether all that is wanted is shown, and each green has lasted as long as it must."""
        return self.settled and all(
            letter not in GREEN or now_s >= self.since_s[i] + self.timing.min_green_s[i] - EPS_S
            for i, letter in enumerate(self.letters)
        )

    def _end(self, letters: list[str], i: int, now_s: float) -> None:
        if now_s < self.since_s[i] + self.timing.min_green_s[i] - EPS_S:
            self._refuse("walk" if self.timing.walking[i] else "minimum green", i)
            return
        self._ended_s[i] = now_s + self.timing.yellow_s[i]
        if letters[i] == "G":
            self._way_ended_s[i] = self._ended_s[i]
        self._turn(letters, i, "y" if self.timing.yellow_s[i] > 0.0 else "r", now_s)

    def _turn(self, letters: list[str], i: int, letter: str, now_s: float) -> None:
        if (letter in GREEN) != (letters[i] in GREEN) or letter not in GREEN:
            self.since_s[i] = now_s
        letters[i] = letter

    def _may_begin(self, letters: list[str], i: int, want: str, now_s: float) -> bool:
        for foe in self.timing.foes[i]:
            j = foe.index
            shown = letters[j]
            # One that is about to end is waited for, even by those that would have to give way to it.
            ending = self._wanted[j] not in GREEN and not self.timing.walking[j]
            as_in_street = foe.together and self._wanted[j] in GREEN
            if shown in GREEN and not as_in_street and (ending or conflict(want, shown, foe.yields, foe.wins)):
                if self._wanted[j] in GREEN:
                    self._refuse("conflicting greens", i)
                return False
            ended_s = self._way_ended_s[j] if foe.wins and not ending else self._ended_s[j]
            if (ending or blocks(want, foe.yields)) and now_s < ended_s + self._clearance_s[j].get(i, 0.0) - EPS_S:
                return False
        return True

    def _refuse(self, rule: str, i: int) -> None:
        """Count a refusal once for as long as the same is wanted."""
        if (rule, i) not in self._refused:
            self._refused.add((rule, i))
            self.interventions[rule] += 1
