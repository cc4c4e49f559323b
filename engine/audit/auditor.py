"""Holds the plans of one network against rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.audit import clearance, vehicles
from engine.audit.aspects import KINDS, controlled, runs
from engine.audit.bounds import Bounds, bounds
from engine.audit.checks import Check, Checks
from engine.audit.findings import Finding, beyond, worst
from engine.audit.rules import Rules
from engine.audit.stated import rounding
from engine.network import Network
from engine.plan import Plan, Program

__all__ = ["Auditor", "violations"]

Saturation = Mapping[tuple[str, str], float]
"""v/c by (signal, lane group)."""


def violations(plan: Plan, network: Network, rules: Rules, saturation: Saturation | None = None) -> list[Finding]:
    """Return what a plan breaks, sorted by signal, rule and place. Signals that it does not set keep the net's program.

    Args:
        saturation: measured or computed v/c of lane groups, where it is known.
    """
    return Auditor(network, rules).findings(plan, saturation)


class Auditor:
    """Audits plan after plan of one network. Which rules apply to which phases is worked out once for each program.

    Not safe to use from several threads.
    """

    def __init__(self, network: Network, rules: Rules) -> None:
        self.network = network
        self.rules = rules
        self._links = {signal.id: controlled(signal.links) for signal in network.signals}
        self._known: dict[tuple[str, tuple[str, ...]], Checks] = {}
        self._in_net: dict[tuple[str, str, str], float] | None = None

    def findings(self, plan: Plan, saturation: Saturation | None = None) -> list[Finding]:
        """Return what a plan breaks, as `violations` does."""
        own = {program.signal: program for program in plan.programs}
        found: list[Finding] = []
        for signal in self.network.signals:
            program = own.get(signal.id, signal.program)
            if program is not None:
                found += self._of_program(program)
        found += self._saturated(saturation or {})
        return worst(found)

    def worse(self, plan: Plan) -> list[Finding]:
        """Return what a plan breaks that the plan in the net does not break, or breaks by less: no search proposes it."""
        if self._in_net is None:
            self._in_net = {finding.key: finding.excess for finding in self.findings(Plan(()))}
        found = worst(finding for program in plan.programs for finding in self._of_program(program))
        return [finding for finding in found if finding.excess > self._in_net.get(finding.key, 0.0) + 1e-9]

    def bounds(self, program: Program) -> Bounds:
        """Return the greens and cycles within which no plan of this program breaks more than the program itself."""
        return bounds(program, self._checks(program).checks)

    def states(self, signal: str, states: Sequence[str]) -> list[Finding]:
        """Return the greens that conflict in any of these states: all that is judged where phases have no fixed times."""
        letters = self._letters(signal, tuple(states))
        links = {index: self._links[signal][index] for index in letters}
        return worst(clearance.conflicting(signal, links, letters))

    def notes(self) -> list[str]:
        """Return what the audit cannot judge, a sentence each."""
        notes = [
            f"Of signal '{signal.id}' no times are judged: {signal.fixed_because}."
            for signal in self.network.signals
            if signal.program is None
        ]
        if self.rules.flashing_green_s.value is not None:
            notes.append(
                f"{self.rules.name} asks for {self.rules.flashing_green_s.value:g} s of flashing green before yellow. "
                "SUMO's letters hold none, so that it is not judged: part of the green before each yellow stands for it."
            )
        return notes

    def _of_program(self, program: Program) -> list[Finding]:
        durations = np.array([phase.duration_s for phase in program.phases], np.float64)
        return [*self._checks(program).findings(durations), *rounding(program)]

    def _checks(self, program: Program) -> Checks:
        # Phases of no length are never shown: the order of colours is that of the others.
        shown = tuple(phase.state if phase.duration_s > 0.0 else "" for phase in program.phases)
        key = (program.signal, shown)
        if key not in self._known:
            self._known[key] = self._compiled(program.signal, shown)
        return self._known[key]

    def _compiled(self, signal: str, shown: tuple[str, ...]) -> Checks:
        letters = self._letters(signal, shown)
        links = {index: self._links[signal][index] for index in letters}
        rules = self.rules
        always = list(clearance.conflicting(signal, links, letters))
        checks: list[Check] = []
        for index, link in links.items():
            of_link = runs(letters[index])
            if link.walking:
                checks += clearance.pedestrian_times(link, of_link, links, letters, rules)
                continue
            always += vehicles.sequence(signal, link, of_link)
            checks += vehicles.timed(link, of_link, rules)
            checks += clearance.red_clearances(link, of_link, links, letters, rules)
        everything = tuple(phase for phase, state in enumerate(shown) if state)
        if rules.cycle_min_s.value is not None:
            checks.append(
                Check("shortest cycle", "cycle", everything, True, rules.cycle_min_s.value, rules.cycle_min_s)
            )
        if rules.cycle_max_s.value is not None:
            checks.append(
                Check("longest cycle", "cycle", everything, False, rules.cycle_max_s.value, rules.cycle_max_s)
            )
        return Checks(signal, checks, always, len(shown))

    def _letters(self, signal: str, shown: tuple[str, ...]) -> dict[int, dict[int, str]]:
        """Return what each link is shown by phase; letters that mean nothing count as dark."""
        n_letters = min((len(state) for state in shown if state), default=0)
        return {
            index: {phase: state[index] if state[index] in KINDS else "O" for phase, state in enumerate(shown) if state}
            for index in self._links[signal]
            if index < n_letters
        }

    def _saturated(self, saturation: Saturation) -> list[Finding]:
        limit = self.rules.saturation_max
        if limit.value is None:
            return []
        return [
            beyond(signal, group, "v/c", x, limit.value, "", limit)
            for (signal, group), x in sorted(saturation.items())
            if x > limit.value
        ]
