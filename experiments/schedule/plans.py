"""The plan of each period: what the user names, or Webster's for its flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.arteries import arteries
from engine.audit import Auditor
from engine.errors import InputError
from engine.hcm import Analysis, Method, analyse
from engine.hcm.volumes import Volumes
from engine.network import Network
from engine.plan import Plan, Program
from engine.scenario import Scenario
from engine.sumo.lanes import Roads
from engine.webster import webster_plan
from experiments._clock import clock
from experiments._plans import named_plan
from experiments.config import ScheduleConfig
from experiments.schedule.periods import WEBSTER, Period, volumes_of

__all__ = ["PeriodPlan", "Situation", "period_plans", "scheduled"]


@dataclass(frozen=True)
class Situation:
    """What plans are made for.

    Attributes:
        method: of the analysis, its period as long as a bin.
        demand: vehicles over each edge, for arteries.
    """

    scenario: Scenario
    network: Network
    roads: Roads
    volumes: Volumes
    auditor: Auditor
    method: Method
    demand: Mapping[str, float]


@dataclass(frozen=True)
class PeriodPlan:
    """The plan of one period.

    Attributes:
        name: what the schedule calls it; periods with the same plan have the same name.
        plan: programs of every signal that follows the schedule.
        analysis, in_net: the manual's analysis of this plan and of the plan in the net under the period's mean flows.
        notes: what is to be said of it, a sentence each.
    """

    name: str
    plan: Plan
    analysis: Analysis
    in_net: Analysis
    notes: tuple[str, ...]


def scheduled(network: Network) -> dict[str, Program]:
    """Return the program in the net of every signal that may follow a schedule, by id."""
    return {
        signal.id: signal.program
        for signal in network.signals
        if signal.program is not None and not signal.fixed_because
    }


def period_plans(config: ScheduleConfig, found: Sequence[Period], of: Situation) -> list[PeriodPlan]:
    """Return the plan of each period.

    Raises:
        InputError: a plan cannot be read, or sets a signal that another one of the day does not set.
    """
    in_net = scheduled(of.network)
    read: dict[tuple[str, int], tuple[Plan, list[str], Analysis]] = {}
    for period in found:
        key = (period.plan, period.pattern)
        if key in read:
            continue
        # Periods of one pattern are one demand: their plan is made for all of them together.
        bins = [i for other in found if (other.plan, other.pattern) == key for i in other.bins]
        volumes = volumes_of(of.volumes, bins)
        today = analyse(of.network, of.roads, Plan(()), volumes, of.method)
        if period.plan == WEBSTER:
            plan, notes = _webster(config, today, of)
        else:
            named = named_plan(period.plan, of.network, of.scenario.name)
            plan, notes = named.plan, [f"{period.plan}: {note}" for note in named.notes]
        programs = {**in_net, **{program.signal: program for program in plan.programs}}
        read[key] = Plan(tuple(programs[signal] for signal in sorted(programs))), notes, today
    _alike({period: read[period.plan, period.pattern][0] for period in found})
    names: dict[str, str] = {}
    made = []
    for period in found:
        plan, notes, today = read[period.plan, period.pattern]
        name = names.setdefault(plan.plan_id, f"plan-{len(names) + 1}")
        bins = [
            i for other in found if (other.plan, other.pattern) == (period.plan, period.pattern) for i in other.bins
        ]
        analysis = analyse(of.network, of.roads, plan, volumes_of(of.volumes, bins), of.method)
        made.append(PeriodPlan(name, plan, analysis, today, tuple(notes)))
    return made


def _webster(config: ScheduleConfig, today: Analysis, of: Situation) -> tuple[Plan, list[str]]:
    allowed = {signal: of.auditor.bounds(program) for signal, program in scheduled(of.network).items()}
    ways = arteries(of.network, of.demand)
    return webster_plan(of.network, today.groups, allowed, ways, of.method, config.min_cycle_s, config.max_cycle_s)


def _alike(plans: Mapping[Period, Plan]) -> None:
    """Refuse plans of one day that set different signals."""
    everything = {program.signal for plan in plans.values() for program in plan.programs}
    for period, plan in plans.items():
        missing = sorted(everything - {program.signal for program in plan.programs})
        if missing:
            raise InputError(
                f"the plan {period.plan} (from {clock(period.begins_s)}) does not set signal '{missing[0]}', another plan of "
                "the day does, and the net has no fixed-time program of it. Give plans that set the same signals."
            )
