"""Time-of-day schedules as data: which plan runs when, and how signals change from one to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.plan import Plan

__all__ = ["OFF", "Schedule", "Switch", "SwitchedSignal"]

OFF = "off"
"""The name of SUMO's own program in which a signal blinks; a schedule needs no plan for it."""


@dataclass(frozen=True)
class Switch:
    """From a time on another plan runs; `at_s` counts from the schedule's reference time, seconds."""

    at_s: float
    plan: str


@dataclass(frozen=True)
class SwitchedSignal:
    """A signal that follows a schedule.

    Attributes:
        signal: its id.
        procedure: how it changes: empty for at once, GSP to wait for a good moment, Stretch to lengthen or cut stages.
        synchron: whether the new plan is entered where it would be had it run all the time.
    """

    signal: str
    procedure: str = ""
    synchron: bool = False


@dataclass(frozen=True)
class Schedule:
    """Plans by the time of day for the signals that share it.

    Attributes:
        name: its id.
        start: name of the plan that runs before the first switch.
        switches: sorted by time.
        signals: who follows it, sorted by id.
        plans: (name, plan) of every plan that it names but `OFF`, sorted by name.
        reference_s: what is added to the switches' times, seconds.
        period_s: after how many seconds the switches come again, or `None` where they come once.
    """

    name: str
    start: str
    switches: tuple[Switch, ...]
    signals: tuple[SwitchedSignal, ...]
    plans: tuple[tuple[str, Plan], ...]
    reference_s: float = 0.0
    period_s: float | None = None

    def name_at(self, time_s: float) -> str:
        """Return the name of the plan that is to run at a time, seconds; changes may take until their procedure is done."""
        found = self.start
        latest_s = -math.inf
        for switch in self.switches:
            at_s = switch.at_s + self.reference_s
            if self.period_s and time_s >= at_s:
                at_s += math.floor((time_s - at_s) / self.period_s) * self.period_s
            if latest_s <= at_s <= time_s:
                found, latest_s = switch.plan, at_s
        return found
