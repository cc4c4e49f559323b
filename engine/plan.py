"""A signal plan as data: stages with their intergreens, a cycle and an offset for each signal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.control.spec import Control

__all__ = ["BASELINE", "Phase", "Plan", "Program"]

BASELINE = "baseline"
"""The name of the plan in the net, which is never written and never encoded."""


@dataclass(frozen=True)
class Phase:
    """One interval of constant signal states.

    Attributes:
        duration_s: whole seconds in every plan that we make; a plan in the net may hold fractions.
        state: one letter for each signal link (SUMO's ``G g y r s u o O``).
        stage: index of the stage whose green this is, or -1 for an interval of an intergreen
            (yellow, all-red, pedestrian clearance), which no search changes.
    """

    duration_s: float
    state: str
    stage: int = -1


@dataclass(frozen=True)
class Program:
    """The fixed-time program of one signal: phases in order, repeated.

    Attributes:
        signal: the signal's id.
        phases: phases in order; their durations sum to the cycle.
        offset_s: seconds by which the cycle's start is moved, in [0, cycle).
        min_green_s, max_green_s: one bound for each stage, seconds.
    """

    signal: str
    phases: tuple[Phase, ...]
    offset_s: float
    min_green_s: tuple[float, ...] = ()
    max_green_s: tuple[float, ...] = ()

    @property
    def cycle_s(self) -> float:
        """The cycle's length, seconds."""
        return sum(phase.duration_s for phase in self.phases)

    @property
    def n_stages(self) -> int:
        """How many stages have a green that may be changed."""
        return 1 + max((phase.stage for phase in self.phases), default=-1)

    @property
    def greens_s(self) -> tuple[float, ...]:
        """Green of each stage, seconds."""
        greens = [0.0] * self.n_stages
        for phase in self.phases:
            if phase.stage >= 0:
                greens[phase.stage] += phase.duration_s
        return tuple(greens)

    @property
    def fixed_s(self) -> float:
        """Seconds of the cycle that no search changes: yellow, all-red, pedestrian clearance."""
        return sum(phase.duration_s for phase in self.phases if phase.stage < 0)

    @property
    def held_s(self) -> tuple[float, ...]:
        """Green of each stage that is not to be taken from it, seconds: 0 but for stages in several intervals.

        One of the intervals may be all the green that some movement has, so such a stage is lengthened only.
        """
        shown = [phase.stage for phase in self.phases]
        return tuple(green if shown.count(stage) > 1 else 0.0 for stage, green in enumerate(self.greens_s))

    def with_greens(self, greens_s: Sequence[float], offset_s: float | None = None) -> Program:
        """Return the program with other greens, and perhaps another offset; intergreens and bounds stay.

        Of a stage in several intervals the longest takes the difference.

        Args:
            greens_s: of each stage, seconds.
            offset_s: seconds, or `None` for the one it has.
        """
        longest: dict[int, int] = {}
        for i, phase in enumerate(self.phases):
            if phase.duration_s >= self.phases[longest.setdefault(phase.stage, i)].duration_s:
                longest[phase.stage] = i
        left_s = list(greens_s)
        for i, phase in enumerate(self.phases):
            if phase.stage >= 0 and longest[phase.stage] != i:
                left_s[phase.stage] -= phase.duration_s
        phases = tuple(
            Phase(left_s[phase.stage], phase.state, phase.stage)
            if phase.stage >= 0 and longest[phase.stage] == i
            else phase
            for i, phase in enumerate(self.phases)
        )
        offset_s = self.offset_s if offset_s is None else offset_s
        return Program(self.signal, phases, offset_s, self.min_green_s, self.max_green_s)


@dataclass(frozen=True)
class Plan:
    """Programs for some or all signals of a network. Signals without one keep what the net has.

    Attributes:
        programs: one for each signal that the plan sets, sorted by signal id.
        parameters: what the search varied to get here, for tables; it has no influence on the plan's identity.
        actuated: programs of further signals that respond to traffic, each a tlLogic in SUMO's XML
            (`engine.sumo.actuated`), sorted by signal id. They are simulated as they stand, and nothing else reads them.
        control: what decides at the signals while the traffic runs; `None`: nothing but the programs. With it, `programs`
            are the fixed plan that the signals go back to.
    """

    programs: tuple[Program, ...]
    parameters: dict[str, float] = field(default_factory=dict, compare=False)
    actuated: tuple[str, ...] = ()
    control: Control | None = None

    @cached_property
    def plan_id(self) -> str:
        """12 hexadecimal digits that name what the plan does at the street; `baseline` where it sets no signal."""
        if not self.programs and not self.actuated and self.control is None:
            return BASELINE
        what: list[object] = [
            [p.signal, float(p.offset_s), [[float(f.duration_s), f.state] for f in p.phases]] for p in self.programs
        ]
        what += self.actuated
        if self.control is not None:
            what += [{"control": self.control.identity()}]
        return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:12]

    def __getstate__(self) -> dict[str, Any]:
        # Whoever receives a plan gets the same bytes whether its id was asked for or not: a simulation's memory, and
        # with it SUMO's order of things, may depend on them.
        # What was left out when it came here is the class's own default, and is left out again.
        more = [name for name in ("actuated", "control") if getattr(self, name)]
        return {name: getattr(self, name) for name in ("programs", "parameters", *more)}

    def to_json(self) -> dict[str, Any]:
        """Return the plan as plain lists and dicts; `from_json` is the way back."""
        more: dict[str, Any] = {"actuated": list(self.actuated)} if self.actuated else {}
        more |= {"control": self.control.to_json()} if self.control else {}
        return more | {
            "parameters": self.parameters,
            "programs": [
                {
                    "signal": p.signal,
                    "offset_s": p.offset_s,
                    "phases": [[f.duration_s, f.state, f.stage] for f in p.phases],
                    "min_green_s": list(p.min_green_s),
                    "max_green_s": list(p.max_green_s),
                }
                for p in self.programs
            ],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Plan:
        """Return the plan that `to_json` wrote."""
        programs = tuple(
            Program(
                p["signal"],
                tuple(Phase(duration, state, stage) for duration, state, stage in p["phases"]),
                p["offset_s"],
                tuple(p["min_green_s"]),
                tuple(p["max_green_s"]),
            )
            for p in data["programs"]
        )
        return cls(programs, data["parameters"], tuple(data.get("actuated", ())), _control(data.get("control")))


def _control(data: dict[str, Any] | None) -> Control | None:
    if data is None:
        return None
    from engine.control.spec import Control  # noqa: PLC0415  rules import plans

    return Control.from_json(data)
