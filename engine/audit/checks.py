"""The rules of one signal's program as sums of phase durations with a limit each.

Everything that rules ask of times is of that form: a yellow is one phase, an intergreen the phases between two greens,
a red all phases from one green to the next. So one list of checks audits every plan that shows the same states, and
tells a plan space how short a stage and how long a cycle may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.audit.findings import Finding, beyond
from engine.audit.rules import Limit

__all__ = ["Check", "Checks"]

TOLERANCE_S = 1e-9


@dataclass(frozen=True)
class Check:
    """One limit on a sum of phase durations.

    Attributes:
        rule, where: as in `Finding`.
        phases: indices of the phases that are summed.
        at_least: whether the sum may not be below the limit; else it may not be above.
        value: the limit, seconds.
        limit: where it comes from.
        sign: -1 where the sum counts as negative: greens that overlap by it.
    """

    rule: str
    where: str
    phases: tuple[int, ...]
    at_least: bool
    value: float
    limit: Limit = field(compare=False, hash=False)
    sign: float = 1.0

    def measured_s(self, durations_s: Sequence[float]) -> float:
        """Return the sum."""
        return self.sign * sum(durations_s[phase] for phase in self.phases)


class Checks:
    """The checks of one signal, with what is wrong whatever the durations are.

    Args:
        signal: its id.
        checks: where two differ in their limit only, the stricter one counts.
        always: findings that no durations change.
        n_phases: how many phases the program has.
    """

    def __init__(self, signal: str, checks: Sequence[Check], always: Sequence[Finding], n_phases: int) -> None:
        strictest: dict[tuple[str, str, tuple[int, ...], bool], Check] = {}
        for check in checks:
            key = (check.rule, check.where, check.phases, check.at_least)
            known = strictest.get(key)
            if known is None or (check.value > known.value) == check.at_least:
                strictest[key] = check
        self.checks = tuple(strictest.values())
        self.always = tuple(always)
        self._signal = signal
        self._weights = np.zeros((len(self.checks), n_phases), np.float64)
        for i, check in enumerate(self.checks):
            for phase in check.phases:
                self._weights[i, phase] += check.sign
        self._values = np.array([check.value for check in self.checks], np.float64)
        self._direction = np.array([1.0 if check.at_least else -1.0 for check in self.checks], np.float64)

    def findings(self, durations_s: npt.NDArray[np.float64]) -> list[Finding]:
        """Return what is broken under these durations, shape (n_phases,)."""
        measured = self._weights @ durations_s
        excess = self._direction * (self._values - measured)
        found = list(self.always)
        for i in np.flatnonzero(excess > TOLERANCE_S):
            check = self.checks[i]
            found.append(
                beyond(self._signal, check.where, check.rule, float(measured[i]), check.value, "s", check.limit)
            )
        return found
