"""Searches that a library provides (optuna): tree-structured Parzen estimators, CMA-ES and NSGA-II."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.search._base import Evaluation, Search, Trial
from engine.space import PlanSpace

if TYPE_CHECKING:
    import optuna

__all__ = ["CmaEs", "Nsga2", "Tpe"]

POPULATION = 16
"""Of NSGA-II: budgets are a few hundred simulations, so generations are small."""


class _Library(Search):
    """A search by one of optuna's samplers: every plan runs with every seed, its value is the mean."""

    def __init__(self, space: PlanSpace, seed: int = 0, seeds: Sequence[int] = (1,)) -> None:
        super().__init__(space, seed, seeds)
        self._study: optuna.Study | None = None
        self._waiting: list[optuna.Trial] = []

    @abstractmethod
    def _sampler(self) -> optuna.samplers.BaseSampler:
        """Return the sampler, seeded."""

    @property
    def _distributions(self) -> dict[str, optuna.distributions.BaseDistribution]:
        from optuna.distributions import FloatDistribution  # noqa: PLC0415  optuna takes a second to import

        return {name: FloatDistribution(0.0, 1.0) for name in self.space.names}

    def ask(self, most: int) -> list[Trial]:
        """Return new plans on every seed."""
        assert self._study is not None, "the plan in the net is told first"
        trials: list[Trial] = []
        for _ in range(most // len(self.seeds) if self.space.n_dimensions else 0):
            asked = self._study.ask(self._distributions)
            self._waiting.append(asked)
            unit = np.array([asked.params[name] for name in self.space.names])
            trials += self.of_plan(self.space.decode(self.space.from_unit(unit)))
        return trials

    def tell(self, evaluations: Sequence[Evaluation]) -> None:
        """Take in the plans' means; one without a result on every seed counts as failed."""
        import optuna  # noqa: PLC0415

        n = len(self.seeds)
        means = [_means(evaluations[i : i + n]) for i in range(0, len(evaluations), n)]
        if self._study is None:
            optuna.logging.set_verbosity(optuna.logging.WARNING)
            n_objectives = 1 if means[0] is None else len(means[0])
            self._study = optuna.create_study(directions=["minimize"] * n_objectives, sampler=self._sampler())
            today = self._today()
            if today is not None and means[0] is not None:
                params = dict(zip(self.space.names, map(float, today), strict=True))
                self._study.add_trial(
                    optuna.create_trial(params=params, distributions=self._distributions, values=list(means[0]))
                )
            return
        for trial, values in zip(self._waiting, means, strict=True):
            if values is None:
                self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                self._study.tell(trial, list(values))
        self._waiting.clear()


def _means(evaluations: Sequence[Evaluation]) -> tuple[float, ...] | None:
    """Return the mean of each objective, or `None` where a run has no result."""
    values = [evaluation.penalised for evaluation in evaluations]
    if any(of_run is None for of_run in values):
        return None
    return tuple(math.fsum(column) / len(column) for column in zip(*[v for v in values if v is not None], strict=True))


class Tpe(_Library):
    """Tree-structured Parzen estimators (Bergstra et al. 2011), over all parameters together."""

    def _sampler(self) -> optuna.samplers.BaseSampler:
        import optuna  # noqa: PLC0415

        return optuna.samplers.TPESampler(seed=self.seed, multivariate=True, constant_liar=True)


class CmaEs(_Library):
    """CMA-ES (Hansen 2016), from the middle of the space: with a radius, the plan in the net."""

    def _sampler(self) -> optuna.samplers.BaseSampler:
        import optuna  # noqa: PLC0415

        return optuna.samplers.CmaEsSampler(seed=self.seed, n_startup_trials=1)


class Nsga2(_Library):
    """NSGA-II (Deb et al. 2002): a front of plans over several objectives."""

    several = True

    def _sampler(self) -> optuna.samplers.BaseSampler:
        import optuna  # noqa: PLC0415

        return optuna.samplers.NSGAIISampler(population_size=POPULATION, seed=self.seed)
