"""Ranking and selection: simulates a few finalists until one is the best of them, within an indifference zone."""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["FIRST_STAGE", "Confirmation", "confirm"]

CONFIDENCE = 0.95
FIRST_STAGE = 5
"""Seeds that every finalist runs with before any is dropped: fewer say little of the variances."""


@dataclass(frozen=True)
class Confirmation:
    """What became of the finalists.

    Attributes:
        plan_id: the winner.
        probability: lower bound of the chance that no other finalist is better than it by more than `zone`.
        zone: the indifference zone, in the objective's unit.
        n_seeds: how many seeds the winner ran with.
        dropped: (plan, seeds that it ran with) of the others, in the order in which they were dropped; those that
            were still there at the end come last.
        further_seeds: how many more seeds would lift `probability` to 95 % if means and variances stay as they are;
            `None` where no number would.
    """

    plan_id: str
    probability: float
    zone: float
    n_seeds: int
    dropped: tuple[tuple[str, int], ...]
    further_seeds: int | None


def confirm(
    finalists: Sequence[str],
    seeds: Sequence[int],
    zone: float,
    simulate: Callable[[Sequence[str], Sequence[int]], Mapping[str, Mapping[int, float]]],
) -> Confirmation:
    """Return the best of some plans by the fully sequential procedure of Kim and Nelson (2001, ACM TOMACS 11, 251).

    It works on variances of paired differences, so common random numbers make it quicker. A plan whose run has no
    result is dropped. The chance is a Bonferroni bound over Student's t of the paired differences.

    Args:
        finalists: two plans or more, the most promising first: a tie at the end goes to the first.
        seeds: at least `FIRST_STAGE`; never more are simulated.
        zone: differences smaller than this do not matter; above 0.
        simulate: returns the objective's value of plans by seed, the smaller the better; a lost run is left out.
    """
    values: dict[str, dict[int, float]] = {plan: {} for plan in finalists}
    alive, dropped = list(finalists), []
    for n, stage in _stages(seeds):
        for plan, of in simulate(alive, stage).items():
            values[plan].update(of)
        out = [plan for plan in alive if len(values[plan]) < n]
        out = out if len(out) < len(alive) else out[1:]
        alive = [plan for plan in alive if plan not in out]
        region = functools.partial(_region, zone=zone, k=len(finalists), n=n)
        beaten = [
            a
            for i, a in enumerate(alive)
            if any(
                _beaten(_differences(values[a], values[b]), region, first=j < i) for j, b in enumerate(alive) if j != i
            )
        ]
        alive = [plan for plan in alive if plan not in beaten]
        dropped += [(plan, n) for plan in (*out, *beaten)]
        if len(alive) == 1:
            break
    winner = min(alive, key=lambda plan: round(statistics.fmean(values[plan].values() or [math.inf]), 9))
    dropped += [(plan, len(values[plan])) for plan in alive if plan != winner]
    rivals = [values[plan] for plan, _ in dropped if len(values[plan]) >= 2]
    return Confirmation(
        winner, _chance(values[winner], rivals, zone), zone, len(values[winner]), tuple(dropped),
        _further(values[winner], rivals, zone),
    )  # fmt: skip


def _stages(seeds: Sequence[int]) -> list[tuple[int, Sequence[int]]]:
    """Return (seeds so far, new seeds) of each stage: the first few together, then one by one."""
    first = min(FIRST_STAGE, len(seeds))
    return [(first, seeds[:first]), *((i + 1, seeds[i : i + 1]) for i in range(first, len(seeds)))]


def _differences(a: Mapping[int, float], b: Mapping[int, float]) -> list[float]:
    return [a[seed] - b[seed] for seed in a if seed in b]


def _region(differences: Sequence[float], zone: float, k: int, n: int) -> float:
    """Return how far a mean difference has to be from zero after n seeds to say which of k plans is better."""
    first = differences[:FIRST_STAGE]
    n0 = len(first)
    eta = 0.5 * ((2.0 * (1.0 - CONFIDENCE) / (k - 1)) ** (-2.0 / (n0 - 1)) - 1.0)
    h2 = 2.0 * float(eta) * (n0 - 1)
    return max(0.0, zone / (2.0 * n) * (h2 * statistics.variance(first) / zone**2 - n))


def _beaten(differences: Sequence[float], region: Callable[[Sequence[float]], float], first: bool) -> bool:
    """Return whether a rival has shown to be better, by values of a plan - the rival's.

    Once no difference is too small to tell, a tie goes to the plan that was named first (`first`: the rival was).
    """
    if len(differences) < 2:
        return False
    least, mean = region(differences), statistics.fmean(differences)
    return mean > least or (least == 0.0 and mean == 0.0 and first)


def _chance(winner: Mapping[int, float], rivals: Sequence[Mapping[int, float]], zone: float, more: int = 0) -> float:
    """Return the bound of the chance that the winner is best within the zone, as if `more` seeds had been added."""
    from scipy.special import stdtr  # noqa: PLC0415  scipy takes its time to import

    missed = 0.0
    for rival in rivals:
        differences = _differences(rival, winner)
        n = len(differences) + more
        deviation = statistics.stdev(differences) if len(differences) > 1 else math.inf
        room = statistics.fmean(differences) + zone if differences else 0.0
        if deviation > 0.0:
            missed += float(stdtr(max(n - 1, 1), -room / (deviation / math.sqrt(n))))
        else:
            missed += room <= 0.0
    return max(0.0, 1.0 - missed)


def _further(winner: Mapping[int, float], rivals: Sequence[Mapping[int, float]], zone: float) -> int | None:
    more = 0
    while _chance(winner, rivals, zone, more) < CONFIDENCE:
        more = max(1, 2 * more)
        if more > 100_000:
            return None
    low, high = more // 2, more
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _chance(winner, rivals, zone, middle) >= CONFIDENCE else (middle, high)
    return high
