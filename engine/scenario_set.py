"""A study over the members of a set of scenarios: each plan runs in all of them, and counts by its risk."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.jobs import Job
from engine.network import Network
from engine.objective import Objective
from engine.plan import BASELINE, Plan
from engine.result import RunResult
from engine.risk import Risk
from engine.selection import Runs
from engine.study import ROLES, Study

if TYPE_CHECKING:
    from engine.pool import Pool

__all__ = ["SetStudy", "same_signals"]


class SetStudy:
    """What `engine.study.Study` is of one scenario, of several at once: a trial is a plan and a seed in every member.

    Members share their seeds, so runs of two plans are paired by member and seed. Of a trial the members' measures are
    summed, each by the share with which it counts (`engine.risk.Risk.shares` of the objective's values): for the mean
    these are the weights, for the tail the measures are those of the members in it. So the objective of the sums is the
    risk, and whatever ranks, confirms and judges runs by seed does so with sets, too. The gridlock of a trial is the
    share of its members that end in one.

    Args:
        members: by name, each with a ledger of its own, all on one pool.
        weights: theirs, in the same order, summing to 1.
        objective, risk: what is made small, over the members.
        pool: the workers; jobs name their member.
    """

    def __init__(
        self, members: Mapping[str, Study], weights: Sequence[float], objective: Objective, risk: Risk, pool: Pool
    ) -> None:
        self.parts: Mapping[str, Study] = dict(members)
        self.weights = tuple(weights)
        self.risk = risk
        self._objective = objective
        self._pool = pool
        self._summed: dict[tuple[str, int], dict[str, float]] = {}

    def evaluate(
        self, trials: Iterable[tuple[Plan, int]], role: str, limits_s: Mapping[tuple[str, int], float] | None = None
    ) -> None:
        """Simulate plans with seeds in every member; see `Study.evaluate`.

        Args:
            limits_s: by plan and seed, the risk of delay per vehicle beyond which runs are stopped: a member's run is,
                when it alone makes the risk exceed the limit.
        """
        trials = list(trials)
        of_each: list[Job] = []
        for study, weight in zip(self.parts.values(), self.weights, strict=True):
            limits = {key: self.risk.most(limit_s, weight) for key, limit_s in (limits_s or {}).items()}
            of_each += study.asked_for(trials, role, limits)
        # A plan and seed in all members, then the next one: what is interrupted has whole trials.
        place = {(plan.plan_id, seed): i for i, (plan, seed) in reversed(list(enumerate(trials)))}
        jobs = sorted(of_each, key=lambda job: place[job.plan.plan_id, job.seed])
        for attempt in self._pool.run(jobs) if jobs else ():
            self.parts[attempt.job.scenario].take(attempt)

    def jams(self, seed: int) -> float:
        """Return the gridlock that a search takes as given on a seed: in some members today's plan may end in one.

        Of a seed that today's plan did not run with, it is the most on any.
        """
        known = self.runs(BASELINE, [seed]) or self.runs(BASELINE, sorted(self.asked("training").get(BASELINE, ())))
        return max((run["gridlock"] for run in known.values()), default=0.0)

    def shares(self, plan_id: str, seed: int) -> dict[str, float] | None:
        """Return by what share each member counts in a trial, or `None` where a run of it has no result."""
        runs = self._members(plan_id, seed)
        if runs is None:
            return None
        values = [self._objective.value(run) for run in runs]
        return dict(zip(self.parts, self.risk.shares(values, self.weights), strict=True))

    def _members(self, plan_id: str, seed: int) -> list[Mapping[str, float]] | None:
        runs = [study.runs(plan_id, [seed]).get(seed) for study in self.parts.values()]
        whole = [run for run in runs if run is not None]
        return whole if len(whole) == len(runs) else None

    def runs(self, plan_id: str, seeds: Sequence[int]) -> Runs:
        """Return the summed network measures of a plan by seed; seeds without a result in a member are left out."""
        found = {seed: self._sum(plan_id, seed) for seed in seeds}
        return {seed: of for seed, of in found.items() if of is not None}

    def _sum(self, plan_id: str, seed: int) -> dict[str, float] | None:
        known = self._summed.get((plan_id, seed))
        if known is not None:
            return known
        runs, shares = self._members(plan_id, seed), self.shares(plan_id, seed)
        if runs is None or shares is None:
            return None
        summed = {
            name: math.fsum(share * run[name] for share, run in zip(shares.values(), runs, strict=True))
            for name in runs[0]
        }
        summed["gridlock"] = sum(run["gridlock"] > 0 for run in runs) / len(runs)
        self._summed[plan_id, seed] = summed
        return summed

    def at_least_s(self, plan_id: str, seed: int) -> float | None:
        """Return what the risk of delay of a trial would have exceeded, some of whose runs were stopped early."""
        bounds = [study.at_least_s(plan_id, seed) for study in self.parts.values()]
        if all(bound is None for bound in bounds):
            return None
        runs = [study.runs(plan_id, [seed]).get(seed, {}) for study in self.parts.values()]
        # A run that was lost may have any delay: none is less than 0.
        known = [run.get("delay_s", 0.0) if bound is None else bound for run, bound in zip(runs, bounds, strict=True)]
        return self.risk.value(known, self.weights)

    def stopped(self) -> dict[str, set[int]]:
        """Return the seeds with which a run of each plan was stopped early in a member."""
        return _union(study.stopped() for study in self.parts.values())

    def order(self, role: str) -> list[tuple[str, int]]:
        """Return (plan, seed) of every trial that was asked for in a role, in the order of asking."""
        return next(iter(self.parts.values())).order(role)

    def asked(self, role: str) -> dict[str, set[int]]:
        """Return the seeds that each plan was asked for in a role."""
        return _union(study.asked(role) for study in self.parts.values())

    def result(self, plan_id: str, seed: int) -> RunResult | None:
        """Return nothing: a trial has a result for each member, in `parts`."""
        return None

    def counts(self) -> dict[str, int]:
        """Return the sums of `Study.counts` over the members: single simulations."""
        of_each = [study.counts() for study in self.parts.values()]
        names = ("done", "stopped", "failed", "cached", "saved_s", *ROLES)
        return {name: sum(counts[name] for counts in of_each) for name in names}


def _union(of_each: Iterable[Mapping[str, set[int]]]) -> dict[str, set[int]]:
    union: dict[str, set[int]] = {}
    for of in of_each:
        for plan_id, seeds in of.items():
            union.setdefault(plan_id, set()).update(seeds)
    return union


def same_signals(networks: Mapping[str, Network]) -> None:
    """Make sure that one plan can run in every member: the same signals with the same links and programs.

    Raises:
        InputError: a member's network is another one; the member, and the signal where it begins, are named.
    """
    (first, ours), *others = networks.items()
    known = {signal.id: signal for signal in ours.signals}
    for name, network in others:
        theirs = {signal.id: signal for signal in network.signals}
        for signal_id in dict.fromkeys([*known, *theirs]):
            a, b = known.get(signal_id), theirs.get(signal_id)
            if a is None or b is None:
                trouble = f"signal '{signal_id}' is in one of them only"
            elif [(link.lane, link.to_lane) for link in a.links] != [(link.lane, link.to_lane) for link in b.links]:
                trouble = f"signal '{signal_id}' has other links"
            elif a.program != b.program:
                trouble = f"signal '{signal_id}' has another program"
            else:
                continue
            raise InputError(
                f"scenario_set: members '{first}' and '{name}' have different networks: {trouble}. A plan runs in every "
                "member: give them the same network and the same programs."
            )
