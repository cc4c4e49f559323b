"""Spaces of signal plans: what may vary, within which bounds, as vectors of real numbers."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import statistics
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from engine.arrangements import CHOSEN, YES, Arrangement, Arrangements
from engine.audit import Auditor, Bounds
from engine.errors import InputError, nearest
from engine.network import Network
from engine.plan import Plan, Program
from engine.rounding import clip, share, whole
from engine.space_bounds import Judge, SpaceOptions, arrangement, fitted

__all__ = ["PlanSpace", "SpaceOptions", "Vector", "plan_space"]

OFFSET_RADIUS = 0.15
"""Around the plan in the net, offsets move by at most this share of the cycle."""

FULL_SPLIT_RADIUS = math.log(4.0)
"""With the whole space open, the ratio of two greens may differ from today's by up to 4 x 4."""

Vector = npt.NDArray[np.float64]


class PlanSpace:
    """Plans around the plan in the net. Signals, dimensions and bounds are fixed when it is made.

    A point is a vector of log-ratios: one for the network's cycles (so that signals on a common cycle stay on it),
    one for each stage's green, and one shift for each offset as a share of the cycle. Where they are asked for, choices
    follow: the place of a signal's order of stages, whether a stage is left out, and whether the signal runs at half the
    cycle, each from -0.5 to 0.5 with today's at 0 (`engine.arrangements`). A choice that does not fit into the cycle is
    not taken. Decoding rounds to whole seconds that sum to the cycle, within the bounds, and leaves every intergreen as
    it is, but for those between stages that are no neighbours today.

    Args:
        programs: the plan in the net.
        options: what varies, and how far.
        allowed: what rules allow by signal; signals without an entry have the options' bounds only.
        judge: what rules say of other orders of stages; without one, they have the options' bounds only.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        options: SpaceOptions,
        allowed: Mapping[str, Bounds] | None = None,
        judge: Judge | None = None,
    ) -> None:
        self.options = options
        within = allowed or {}
        todays = [
            arrangement(program, tuple(range(program.n_stages)), options, within.get(program.signal))
            for program in sorted(programs, key=lambda p: p.signal)
        ]
        self.programs = tuple(today.program for today in todays)
        self._choices = [
            Arrangements(today, options.order, options.skip, functools.partial(fitted, today, options, judge))
            for today in todays
        ]
        self._group = [program.cycle_s for program in self.programs]
        self._may_halve = [
            options.half_cycle and self._group.count(today.program.cycle_s) > 1 and 2 * today.floor_s <= today.high_s
            for today in todays
        ]
        names: list[str] = []
        if self.programs:
            names += ["cycle"] if options.cycle else []
            if options.splits:
                names += [f"green {p.signal} {stage}" for p in self.programs for stage in range(p.n_stages)]
            if options.offsets and len(self.programs) > 1:
                # Only differences between offsets matter: the first signal's stays.
                names += [f"offset {p.signal}" for p in self.programs[1:]]
            of_signals = list(zip(self.programs, self._choices, self._may_halve, strict=True))
            names += [f"order {p.signal}" for p, choices, _ in of_signals if len(choices.orders) > 1]
            names += [f"skip {p.signal} {stage}" for p, choices, _ in of_signals for stage in choices.optional]
            names += [f"half {p.signal}" for p, _, may_halve in of_signals if may_halve]
        self.names = tuple(names)

    @property
    def n_dimensions(self) -> int:
        """Length of a point."""
        return len(self.names)

    def from_unit(self, unit: Vector) -> Vector:
        """Return the point at `unit`, shape (n_dimensions,), each coordinate in [0, 1].

        With a radius, 0.5 everywhere is the plan in the net; without one, 0 and 1 are the bounds.
        """
        low, high = self._limits()
        return low + np.asarray(unit, np.float64) * (high - low)

    def to_unit(self, point: Vector) -> Vector:
        """Return where `from_unit` finds a point, shape (n_dimensions,); beyond [0, 1] for one beyond the limits."""
        low, high = self._limits()
        return (np.asarray(point, np.float64) - low) / (high - low)

    def _limits(self) -> tuple[Vector, Vector]:
        radius = self.options.radius
        if math.isinf(radius):
            # The network's cycles share one ratio: the one that most signals run is what it is measured from.
            cycle_s = statistics.mode(program.cycle_s for program in self.programs) if self.programs else 1.0
            limits = {
                "cycle": (math.log(self.options.min_cycle_s / cycle_s), math.log(self.options.max_cycle_s / cycle_s)),
                "green": (-FULL_SPLIT_RADIUS, FULL_SPLIT_RADIUS),
                "offset": (-0.5, 0.5),
            }
        else:
            limits = {"cycle": (-radius, radius), "green": (-radius, radius), "offset": (-OFFSET_RADIUS, OFFSET_RADIUS)}
        # Choices have no radius.
        of_names = [limits.get(name.partition(" ")[0], (-0.5, 0.5)) for name in self.names]
        return np.array([low for low, _ in of_names], np.float64), np.array([high for _, high in of_names], np.float64)

    def decode(self, point: Vector) -> Plan:
        """Return the plan at a point, shape (n_dimensions,): whole seconds within the bounds."""
        values = dict(zip(self.names, (float(x) for x in point), strict=True))
        chosen = [self._chosen(choices, values) for choices in self._choices]
        wanted = [values.get(f"half {program.signal}", 0.0) > CHOSEN for program in self.programs]
        ratio = math.exp(values.get("cycle", 0.0))
        halved = self._halved(chosen, wanted, self._cycles_s(ratio, wanted))
        programs = []
        for i, cycle_s in enumerate(self._cycles_s(ratio, halved)):
            program, own_s = self.programs[i], cycle_s // 2 if halved[i] else cycle_s
            of = chosen[i] if _holds(chosen[i], own_s, halved[i]) else self._choices[i].today
            today_s = program.greens_s
            weights = [
                max(today_s[stage], 1.0) * math.exp(values.get(f"green {program.signal} {stage}", 0.0))
                for stage in of.stages
            ]
            greens = share(own_s - of.program.fixed_s, weights, of.program.min_green_s, of.program.max_green_s)
            place = program.offset_s / program.cycle_s + values.get(f"offset {program.signal}", 0.0)
            programs.append(of.program.with_greens(greens, whole(place * cycle_s) % own_s))
        return Plan(tuple(programs), {name: round(value, 6) for name, value in values.items()})

    def _chosen(self, choices: Arrangements, values: Mapping[str, float]) -> Arrangement:
        signal = choices.today.program.signal
        gone = [stage for stage in choices.optional if values.get(f"skip {signal} {stage}", 0.0) > CHOSEN]
        return choices.chosen(values.get(f"order {signal}", 0.0), gone)

    def _cycles_s(self, ratio: float, halved: Sequence[bool]) -> list[int]:
        """Return the whole cycle of each signal, seconds: an even one where another on it runs at half of it."""
        even = {group for group, half in zip(self._group, halved, strict=True) if half}
        cycles = []
        for group, choices in zip(self._group, self._choices, strict=True):
            low, high = choices.today.low_s, choices.today.high_s
            if group in even and math.ceil(low / 2) <= high // 2:
                cycles.append(2 * clip(whole(group * ratio / 2), math.ceil(low / 2), high // 2))
            else:
                cycles.append(clip(whole(group * ratio), low, high))
        return cycles

    def _halved(self, chosen: Sequence[Arrangement], wanted: Sequence[bool], cycles_s: Sequence[int]) -> list[bool]:
        """Return which of the signals that want half of their cycles can run at it."""
        return [
            want
            and may
            and cycle_s % 2 == 0
            and (_holds(of, cycle_s // 2, True) or _holds(choices.today, cycle_s // 2, True))
            for of, want, may, cycle_s, choices in zip(
                chosen, wanted, self._may_halve, cycles_s, self._choices, strict=True
            )
        ]

    def encode(self, plan: Plan) -> Vector:
        """Return the point that `decode` turns into this plan, shape (n_dimensions,).

        Raises:
            ValueError: the plan is not of this space: other signals, stages, fixed intervals, or beyond the bounds.
        """
        point = self._locate(plan)
        if self.decode(point) != plan:
            raise ValueError("the plan lies outside the space")
        return point

    def nearest(self, plan: Plan) -> Plan:
        """Return the plan of this space that comes closest to one with the same signals and stages.

        Raises:
            ValueError: it sets other signals.
        """
        point = self._locate(plan)
        low, high = self._limits()
        beyond = (point < low) | (point > high)
        for program in self.programs:
            # Greens count by their proportions: all of a signal's, moved together, mean the same and may lie within.
            own = [i for i, name in enumerate(self.names) if name.startswith(f"green {program.signal} ")]
            if own and beyond[own].any():
                point[own] += 0.5 * (low[own] + high[own] - point[own].min() - point[own].max())
        return self.decode(self.from_unit(np.clip(self.to_unit(point), 0.0, 1.0)))

    def _locate(self, plan: Plan) -> Vector:
        """Return where a plan would lie if there were no bounds and no rounding, shape (n_dimensions,)."""
        if [p.signal for p in plan.programs] != [p.signal for p in self.programs]:
            raise ValueError("the plan sets other signals than the space varies")
        values: dict[str, float] = {}
        values["cycle"], halved = self._located_cycle(plan)
        for new, old, choices, half in zip(plan.programs, self.programs, self._choices, halved, strict=True):
            values[f"order {new.signal}"], gone, of = choices.located(new)
            for stage in range(old.n_stages):
                values[f"green {new.signal} {stage}"] = 0.0
                values[f"skip {new.signal} {stage}"] = YES if stage in gone else 0.0
            for stage, green in zip(of.stages, new.greens_s, strict=True):
                values[f"green {new.signal} {stage}"] = math.log(green / max(old.greens_s[stage], 1.0))
            whole_s = 2.0 * new.cycle_s if half else new.cycle_s
            shift = new.offset_s / whole_s - old.offset_s / old.cycle_s
            values[f"offset {new.signal}"] = (shift + 0.5) % 1.0 - 0.5
            values[f"half {new.signal}"] = YES if half else 0.0
        return np.array([values[name] for name in self.names], np.float64)

    def _located_cycle(self, plan: Plan) -> tuple[float, list[bool]]:
        """Return the log-ratio of a plan's cycles to today's, and which of its signals run at half of theirs."""
        if any(self._may_halve):
            found = self._located_halves([program.cycle_s for program in plan.programs])
            if found is not None:
                return found
        low, high = -math.inf, math.inf
        for new, old, choices in zip(plan.programs, self.programs, self._choices, strict=True):
            least, most = choices.today.low_s, choices.today.high_s
            # A cycle at a bound says of the ratio only that it is at or beyond it.
            low = max(low, math.log((new.cycle_s - 0.5) / old.cycle_s) if new.cycle_s > least else -math.inf)
            high = min(high, math.log((new.cycle_s + 0.5) / old.cycle_s) if new.cycle_s < most else math.inf)
        return _between(min(low, high), max(low, high)), [False] * len(self.programs)

    def _located_halves(self, cycles_s: Sequence[float]) -> tuple[float, list[bool]] | None:
        """Return what `_located_cycle` does where signals may run at half, or `None` where no ratio explains the cycles."""
        edges = sorted(
            {
                math.log((times * cycle_s + apart) / today_s)
                for cycle_s, today_s in zip(cycles_s, self._group, strict=True)
                for times in (1, 2)
                for apart in (-1.0, -0.5, 0.5, 1.0)
            }
        )
        between = [0.5 * (a + b) for a, b in itertools.pairwise(edges)]
        for at in sorted((0.0, *between, edges[0] - 1e-6, edges[-1] + 1e-6), key=abs):
            ratio = math.exp(at)
            halved = [2 * own == of for own, of in zip(cycles_s, self._cycles_s(ratio, self._may_halve), strict=True)]
            halved = [half and may for half, may in zip(halved, self._may_halve, strict=True)]
            explained = [
                own == (of // 2 if half else of)
                for own, of, half in zip(cycles_s, self._cycles_s(ratio, halved), halved, strict=True)
            ]
            if all(explained):
                return at, halved
        return None


def plan_space(network: Network, options: SpaceOptions, auditor: Auditor | None = None) -> PlanSpace:
    """Return the space over a network's fixed-time signals.

    Args:
        network: whose plan is varied.
        options: what varies, and how far.
        auditor: of this network: no plan of the space breaks its rules more than the plan in the net.

    Raises:
        InputError: an unknown signal id, no signal that may change, or bounds that no plan satisfies.
    """
    known = {signal.id: signal for signal in network.signals}
    for signal_id in options.signals or ():
        if signal_id not in known:
            raise InputError(
                f"plans.signals: the network has no signal '{signal_id}'.{nearest(signal_id, known)} "
                f"It has {', '.join(sorted(known)[:8])}{', ...' if len(known) > 8 else ''}."
            )
        if known[signal_id].fixed_because:
            raise InputError(
                f"plans.signals: signal '{signal_id}' cannot be varied: {known[signal_id].fixed_because}. Leave it out."
            )
    programs = [
        signal.program
        for signal in network.signals
        if signal.program and not signal.fixed_because and (options.signals is None or signal.id in options.signals)
    ]
    varied = options.cycle or options.splits or options.offsets
    if varied and not programs:
        reasons = "; ".join(f"'{signal.id}': {signal.fixed_because}" for signal in network.signals[:4])
        raise InputError(f"no signal's plan can be varied ({reasons}). Run the plan in the net with plans=baseline.")
    if not varied or auditor is None:
        return PlanSpace(programs if varied else (), options)
    options, allowed = _allowed(programs, options, auditor)
    return PlanSpace(programs, options, allowed, functools.partial(_judged, auditor))


def _judged(auditor: Auditor, program: Program) -> Bounds | None:
    """Return what an auditor's rules allow another order of a signal's stages; `None` where it breaks more than the net's."""
    return None if auditor.worse(Plan((program,))) else auditor.bounds(program)


def _allowed(
    programs: Sequence[Program], options: SpaceOptions, auditor: Auditor
) -> tuple[SpaceOptions, dict[str, Bounds]]:
    """Return the options and the bounds of each signal within an auditor's rules."""
    allowed = {program.signal: auditor.bounds(program) for program in programs}
    # Signals on a common cycle stay on it: the one that the rules hold shortest holds the others.
    longest: dict[float, float] = {}
    for program in programs:
        own_s = allowed[program.signal].max_cycle_s
        longest[program.cycle_s] = min(own_s, longest.get(program.cycle_s, math.inf))
    for program in programs:
        own = allowed[program.signal]
        allowed[program.signal] = dataclasses.replace(own, max_cycle_s=longest[program.cycle_s])
    if not options.cycle:
        return options, allowed
    most = max(bounds.max_cycle_s for bounds in allowed.values())
    if most < options.min_cycle_s:
        raise InputError(
            f"rules={auditor.rules.name}: no cycle may be longer than {most:g} s, and plans.min_cycle_s={options.min_cycle_s:g}. "
            "Lower plans.min_cycle_s, or choose other rules."
        )
    return dataclasses.replace(options, max_cycle_s=min(options.max_cycle_s, most)), allowed


def _holds(of: Arrangement, cycle_s: int, half: bool) -> bool:
    return (of.floor_s if half else of.low_s) <= cycle_s <= of.high_s


def _between(low: float, high: float) -> float:
    """Return the number between two bounds, not on them, that is closest to zero."""
    if low < 0.0 < high:
        return 0.0
    if math.isinf(low) or math.isinf(high):
        return high - 1e-9 if math.isinf(low) else low + 1e-9
    return 0.5 * (low + high)
