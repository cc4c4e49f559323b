"""Our own search: few seeds for the many, more seeds for the few, and a model that learns where to look next."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from engine.plan import Plan
from engine.search._base import Evaluation, Search, Trial
from engine.search._belief import HOPELESS, Belief, Seen, believe
from engine.space import PlanSpace, Vector

__all__ = ["Race", "Screen"]

Screen = Callable[[Sequence[Plan]], npt.NDArray[np.float64]]
"""Returns a fast model's delay of each plan, seconds; only ratios between plans count."""

WORST = 1.0
"""Logarithm of delay over the plan in the net's: worse than e times is all the same to the search's model."""
STEPS = (0.01, 0.03, 0.1, 0.25)
CANDIDATES = 192
ROUNDS = 3
LEADERS = 6
CHANGED = 4.0
"""Coordinates that a candidate changes of a leader's, on average."""
PROMISING = 0.3
"""A plan that is not seen on all seeds yet goes on with this chance of being better than the best that is."""
FIRST = 12
"""Plans of the model's own choice before the first answers are looked at."""
APART = 0.04
"""Root mean square distance that the first plans keep from each other in the unit cube."""
GENERATIONS = 60


class Race(Search):
    """A race over common random numbers, led by a surrogate of what the runs have shown.

    New plans run on one seed each, in turn; those with a chance of being the best go on to the others, and from there,
    as long as they have it, to seeds that only leaders run with: a plan that jams on one day in ten looks fine on three.
    A Gaussian process of the paired log-ratios to the plan in the net says where the next ones are to be: by expected
    improvement, among candidates around the leaders. With a screening model, its word is the process's prior mean,
    the first plans are the best of thousands that it saw, and the process learns the model's error as it goes.

    Args:
        space, seed, seeds: see `Search`.
        starts: plans to begin with, such as a textbook's; each is taken to the nearest plan of the space.
        screen: the screening model, or `None`.
        leader_seeds: training seeds for leaders only; ratios on them are to the plan in the net's usual value.
    """

    def __init__(
        self,
        space: PlanSpace,
        seed: int = 0,
        seeds: Sequence[int] = (1,),
        starts: Sequence[Plan] = (),
        screen: Screen | None = None,
        leader_seeds: Sequence[int] = (),
    ) -> None:
        super().__init__(space, seed, seeds)
        self._leader_seeds = tuple(of for of in leader_seeds if of not in self.seeds)
        self._starts = tuple(starts)
        self._screen = screen
        self._base: dict[int, float] = {}
        self._paired: dict[int, float] = {}
        self._usual = 1.0
        self._base_known = 0.0
        self._words: dict[str, float] = {}
        self._seen: dict[str, Seen] = {}
        self._points: dict[str, tuple[Vector, float]] = {}
        self._first: list[tuple[Vector, Plan, float]] = []
        self._n_told = 0
        kinds = [name.partition(" ")[0] for name in space.names]
        self._groups = [np.flatnonzero(np.array(kinds) == kind) for kind in dict.fromkeys(kinds)]

    # What is known of plans before they run

    def _known(self, plans: Sequence[Plan]) -> npt.NDArray[np.float64]:
        """Return the screening model's word on plans: log-ratios to the plan in the net, 0 without a model."""
        if self._screen is None or not plans:
            return np.zeros(len(plans))
        # Points near one another are often the same plan in whole seconds: of a small junction's three in four.
        fresh = {plan.plan_id: plan for plan in plans if plan.plan_id not in self._words}
        if fresh:
            with np.errstate(divide="ignore", invalid="ignore"):
                ratios = np.log(self._screen(list(fresh.values()))) - self._base_known
            words = np.clip(np.nan_to_num(ratios, nan=WORST, posinf=WORST), -2.0, WORST)
            self._words.update(zip(fresh, map(float, words), strict=True))
        return np.array([self._words[plan.plan_id] for plan in plans])

    def _at(self, units: npt.NDArray[np.float64]) -> list[tuple[Vector, Plan, float]]:
        """Return (point, plan, the model's word) of points of the unit cube, shape (n, d)."""
        plans = [self.space.decode(self.space.from_unit(unit)) for unit in units]
        return list(zip(units, plans, map(float, self._known(plans)), strict=True))

    # Answers

    def tell(self, evaluations: Sequence[Evaluation]) -> None:
        """Take in answers; the first are those of the plan in the net."""
        if not self._base:
            self._start(evaluations)
            return
        for evaluation in evaluations:
            self._n_told += 1
            trial = evaluation.trial
            unit, known = self._points[trial.plan.plan_id]
            seen = self._seen.setdefault(trial.plan.plan_id, Seen(trial.plan, unit, known))
            values = evaluation.penalised
            if evaluation.at_least is not None:
                values, seen.given_up = (evaluation.at_least,), trial.seed
            base = self._usual if trial.seed in self._leader_seeds else self._base.get(trial.seed)
            if values is None or base is None:
                seen.lost.add(trial.seed)
            else:
                ratio = math.log(max(values[0], 1e-9) / base)
                seen.ratios[trial.seed] = math.inf if evaluation.gridlock else ratio

    def _start(self, evaluations: Sequence[Evaluation]) -> None:
        done = {e.trial.seed: max(e.penalised[0], 1e-9) for e in evaluations if e.penalised is not None}
        self._paired = done
        self._base = done or dict.fromkeys(self.seeds, 1.0)
        self._usual = statistics.median(self._base.values())
        if not self.space.n_dimensions:
            return
        net = Plan(self.space.programs)
        if self._screen is not None:
            self._base_known = float(np.log(max(self._screen([net])[0], 1e-9)))
        today = self._today()
        if today is not None:
            seen = Seen(evaluations[0].trial.plan, today, 0.0, dict.fromkeys(self._base, 0.0))
            self._seen[seen.plan.plan_id] = seen
            self._points[seen.plan.plan_id] = (today, 0.0)
        self._first = list(self._opening())

    # Questions

    def ask(self, most: int) -> list[Trial]:
        """Return the most promising trials: plans that go on to another seed, and new plans, in turn."""
        if not self.space.n_dimensions:
            return []
        trials: list[Trial] = []
        belief = self._belief()
        onward, fresh = self._onward(belief), self._fresh(belief)
        limits = self._limits()
        for i in range(most):
            trial = next(onward, None) if i % 2 == 0 else None
            trial = trial or next(fresh, None)
            if trial is None:
                break
            trials.append(trial._replace(limit=limits.get(trial.seed, math.inf)))
        return trials

    def _limits(self) -> dict[int, float]:
        """Return by seed the value beyond which a run says no more than that its plan is not worth going on with.

        They depend on what was told, and so on the batches, but not on which run of a batch ends first.
        """
        leader = self._leader()
        ahead = leader.ratios if leader is not None and leader.usual < 0.0 else {}
        return {seed: HOPELESS * base * math.exp(ahead.get(seed, 0.0)) for seed, base in self._paired.items()}

    def _leader(self) -> Seen | None:
        """Return the plan that is best on a usual day, of those that ran on every seed."""
        return min((of for of in self._seen.values() if self._whole(of)), key=lambda of: of.usual, default=None)

    def _whole(self, of: Seen) -> bool:
        """Return whether a plan ran to its end on every seed, those of leaders apart."""
        return of.given_up is None and of.ratios.keys() >= self._base.keys()

    def _belief(self) -> Belief | None:
        return believe(self._groups, [of for of in self._seen.values() if of.ratios], self._leader())

    def _onward(self, belief: Belief | None) -> Iterator[Trial]:
        """Yield trials on further seeds of plans that may be the best, the most promising first.

        Seeds of leaders come one at a time: the next answer may show that a plan is none.
        """
        if belief is None:
            return
        seen = belief.seen
        mean, covariance = belief.of_seen()
        whole = [i for i, of in enumerate(seen) if self._whole(of)]
        best = min(whole, key=lambda i: mean[i]) if whole else None
        chances = []
        for i, of in enumerate(seen):
            rest = [seed for seed in self.seeds if seed not in of.ratios]
            rest = rest or [seed for seed in self._leader_seeds if seed not in of.ratios][:1]
            if of.lost or of.given_up is not None or not rest:
                continue
            chance = 1.0
            if best is not None:
                variance = covariance[i, i] + covariance[best, best] - 2.0 * covariance[i, best]
                chance = _normal((mean[best] - mean[i]) / math.sqrt(max(variance, 1e-12)))
            if chance > PROMISING:
                chances.append((-round(chance, 9), i, rest))
        for _, i, rest in sorted(chances):
            for seed in rest:
                yield Trial(seen[i].plan, seed)

    def _fresh(self, belief: Belief | None) -> Iterator[Trial]:
        """Yield trials of plans that were never seen, each on the next seed in turn."""
        turn = len(self._seen)
        taken: set[str] = set()
        for unit, plan, known in self._coming(belief):
            if plan.plan_id in self._seen or plan.plan_id in taken:
                continue
            taken.add(plan.plan_id)
            self._points[plan.plan_id] = (unit, known)
            yield Trial(plan, self.seeds[turn % len(self.seeds)])
            turn += 1

    def _coming(self, belief: Belief | None) -> Iterator[tuple[Vector, Plan, float]]:
        yield from (first for first in self._first if first[1].plan_id not in self._seen)
        if belief is None:
            yield from self._at(self._random().random((CANDIDATES, self.space.n_dimensions)))
            return
        surrogate = belief.surrogate
        means, _ = belief.of_seen()
        best = float(means.min())
        pool = self._candidates(belief, means, best)
        risks = list(belief.risk(np.array([unit for unit, _, _ in pool]))) if pool else []
        while pool:
            units, knowns = np.array([unit for unit, _, _ in pool]), np.array([word for _, _, word in pool])
            mean, deviation = surrogate.spread(units, knowns)
            gains = _improvement(best, mean + np.array(risks), deviation)
            chosen = int(np.argmax(np.round(gains, 12)))
            unit, plan, word = pool.pop(chosen)
            risks.pop(chosen)
            yield unit, plan, word
            # Believe what the process says of it, so that the next one lies elsewhere.
            surrogate = surrogate.believing(unit, word, float(mean[chosen]))

    def _candidates(
        self, belief: Belief, means: npt.NDArray[np.float64], best: float
    ) -> list[tuple[Vector, Plan, float]]:
        """Return candidates, bred from the leaders over a few rounds by their expected improvement."""
        random = self._random()
        parents = [belief.seen[i].unit for i in np.argsort(np.round(means, 9), kind="stable")[:LEADERS]]
        kept: list[tuple[float, int, tuple[Vector, Plan, float]]] = []
        known_plans = set(self._seen)
        for _ in range(ROUNDS):
            bred = self._at(self._bred(random, parents))
            bred = [item for item in bred if item[1].plan_id not in known_plans]
            if not bred:
                continue
            units = np.array([unit for unit, _, _ in bred])
            mean, deviation = belief.surrogate.spread(units, np.array([word for _, _, word in bred]))
            gains = np.round(_improvement(best, mean + belief.risk(units), deviation), 12)
            for gain, item in zip(gains, bred, strict=True):
                if item[1].plan_id not in known_plans:
                    known_plans.add(item[1].plan_id)
                    kept.append((-float(gain), len(kept), item))
            kept.sort(key=lambda entry: entry[:2])
            parents = [*parents[:LEADERS], *(item[0] for _, _, item in kept[: 2 * LEADERS])]
        return [item for _, _, item in kept[:CANDIDATES]]

    def _bred(self, random: np.random.Generator, parents: Sequence[Vector]) -> npt.NDArray[np.float64]:
        """Return new points: a parent with some coordinates moved, by chance or along the way between two others."""
        d = self.space.n_dimensions
        units = np.empty((CANDIDATES, d))
        for i in range(CANDIDATES):
            unit = np.array(parents[int(random.integers(len(parents)))])
            if len(parents) > 2 and random.random() < 0.3:
                a, b = random.choice(len(parents), 2, replace=False)
                unit = unit + random.random() * (parents[a] - parents[b])
            moved = random.random(d) < min(1.0, CHANGED / d)
            moved[int(random.integers(d))] = True
            step = STEPS[int(random.integers(len(STEPS)))]
            units[i] = np.clip(np.where(moved, unit + step * random.standard_normal(d), unit), 0.0, 1.0)
        return units

    def _random(self) -> np.random.Generator:
        """Return random numbers that depend on what was told and not on how much was asked."""
        return np.random.default_rng([self.seed, self._n_told])

    def favourites(self) -> list[str]:
        """Return the plans that ran on every seed, as they are believed: it knows of luck on few seeds."""
        belief = self._belief()
        if belief is None:
            return []
        means, _ = belief.of_seen()
        order = np.argsort(np.round(means, 9), kind="stable")
        return [belief.seen[i].plan.plan_id for i in order if self._whole(belief.seen[i])]

    # The opening

    def _opening(self) -> Iterator[tuple[Vector, Plan, float]]:
        """Yield the first plans: a textbook's, then the model's best, apart from one another, or a sample of the space."""
        for start in self._starts:
            unit = np.clip(self.space.to_unit(self.space.encode(self.space.nearest(start))), 0.0, 1.0)
            yield from self._at(unit[None, :])
        if self._screen is None:
            from scipy.stats import qmc  # noqa: PLC0415  takes half a second to import

            sequence = qmc.Sobol(self.space.n_dimensions, scramble=True, rng=np.random.default_rng(self.seed))
            yield from self._at(sequence.random(16)[:FIRST])
            return
        taken: list[Vector] = []
        for item in sorted(self._screened(), key=lambda item: item[2]):
            if all(math.sqrt(float(((item[0] - other) ** 2).mean())) > APART for other in taken):
                taken.append(item[0])
                yield item
            if len(taken) == FIRST:
                return

    def _screened(self) -> list[tuple[Vector, Plan, float]]:
        """Return all that an evolution strategy saw on its way down the screening model, from today and from the middle."""
        import cmaes  # noqa: PLC0415  only where a model is there

        found = []
        middle = np.full(self.space.n_dimensions, 0.5)
        starts = [self._today(), middle]
        for number, start in enumerate(start for start in starts if start is not None):
            if number and np.allclose(start, starts[0] if starts[0] is not None else np.inf, atol=0.02):
                continue
            bounds = np.tile([0.0, 1.0], (self.space.n_dimensions, 1))
            strategy = cmaes.CMA(mean=start, sigma=0.15, bounds=bounds, seed=self.seed + number, population_size=24)
            for _ in range(GENERATIONS):
                asked = [strategy.ask() for _ in range(strategy.population_size)]
                answered = self._at(np.array(asked))
                found += answered
                strategy.tell([(unit, word) for unit, _, word in answered])
                if strategy.should_stop():
                    break
        return found


def _normal(z: float) -> float:
    """Return the standard normal distribution function."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def _improvement(
    best: float, mean: npt.NDArray[np.float64], deviation: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the expected improvement below `best` of normal values, shape (n,)."""
    from scipy.special import ndtr  # noqa: PLC0415  scipy takes its time to import

    z = (best - mean) / deviation
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    gain: npt.NDArray[np.float64] = deviation * (z * ndtr(z) + density)
    return gain
