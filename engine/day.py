"""A day's plans as time-of-day schedules: for every signal the programs, the switches, and what runs between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.audit import Auditor, Finding
from engine.plan import Phase, Plan, Program
from engine.schedule import Schedule, Switch, SwitchedSignal
from engine.switching import Handover, handover

__all__ = ["Change", "DayPlan", "day_schedules", "transition_findings"]


@dataclass(frozen=True)
class DayPlan:
    """A plan by the time of day: its name, when it begins (simulation time, seconds), and the plan."""

    name: str
    begins_s: float
    plan: Plan


@dataclass(frozen=True)
class Change:
    """One signal's change from a plan to the next."""

    old: Program
    new: Program
    to: str
    way: Handover


def day_schedules(day: Sequence[DayPlan]) -> tuple[tuple[Schedule, ...], tuple[Change, ...]]:
    """Return one schedule for each signal, sorted by signal, and every change in them, by signal and time.

    A signal is switched at the seconds that its own programs meet at, so each has a schedule of its own. The program
    between two plans is one of its schedule's plans. A signal whose program stays the same all day has no switch.

    Args:
        day: in order of time; all plans set the same signals. The first one also runs before it begins.

    Raises:
        InputError: no transition leads from a program to the next; see `engine.switching.handover`.
    """
    schedules, changes = [], []
    for k, first in enumerate(day[0].plan.programs):
        signal = first.signal
        plans, switches = {day[0].name: Plan((first,))}, []
        running, free_s = first, day[0].begins_s
        for of in day[1:]:
            program = of.plan.programs[k]
            if (program.phases, program.offset_s) == (running.phases, running.offset_s):
                continue
            way = handover(running, program, max(of.begins_s, free_s))
            changes.append(Change(running, program, of.name, way))
            if way.between is not None:
                name = f"to-{of.name}-at-{way.leaves_s:.0f}"
                plans[name] = Plan((way.between,))
                switches.append(Switch(way.leaves_s, name))
            plans[of.name] = Plan((program,))
            switches.append(Switch(way.enters_s, of.name))
            running, free_s = program, way.enters_s
        schedules.append(
            Schedule(
                f"day-{signal}", day[0].name, tuple(switches), (SwitchedSignal(signal),), tuple(sorted(plans.items()))
            )
        )
    return tuple(schedules), tuple(changes)


def transition_findings(change: Change, auditor: Auditor) -> list[Finding]:
    """Return what a change breaks that neither of its two programs breaks, or breaks by less.

    The old program's last cycle, what runs between, and the new one's first cycle are audited as one; how long the
    cycle may be does not apply to them.
    """
    old, new, way = change.old, change.new, change.way
    seam = way.between.phases if way.between is not None else ()
    whole = Program(new.signal, (*_from(old, way.leaves_s), *seam, *_from(new, way.enters_s)), 0.0)
    known: dict[tuple[str, str], float] = {}
    for program in (old, new):
        for finding in auditor.findings(Plan((program,))):
            known[_place(finding)] = max(finding.excess, known.get(_place(finding), 0.0))
    return [
        finding
        for finding in auditor.findings(Plan((whole,)))
        if finding.signal == new.signal
        and finding.where != "cycle"
        and finding.excess > known.get(_place(finding), 0.0) + 1e-9
    ]


def _place(finding: Finding) -> tuple[str, str]:
    """Return the rule and the place of a finding without the phase's number, which depends on where the count begins."""
    return finding.rule, finding.where.partition(", phase ")[0]


def _from(program: Program, at_s: float) -> list[Phase]:
    """Return the phases of one cycle, beginning with the one that begins at `at_s`."""
    place_s = (at_s - program.offset_s) % program.cycle_s
    first, begins_s = 0, 0.0
    while begins_s < place_s:
        begins_s += program.phases[first].duration_s
        first += 1
    first %= len(program.phases)
    return [*program.phases[first:], *program.phases[:first]]
