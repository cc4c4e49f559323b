"""Spaces of signal plans: what may vary, within which bounds, as vectors of real numbers."""

from __future__ import annotations

import bisect
import dataclasses
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.audit import Auditor, Bounds
from engine.errors import InputError, nearest
from engine.network import Network
from engine.plan import Phase, Plan, Program

__all__ = ["PlanSpace", "SpaceOptions", "Vector", "plan_space"]

OFFSET_RADIUS = 0.15
"""Around the plan in the net, offsets move by at most this share of the cycle."""

FULL_SPLIT_RADIUS = math.log(4.0)
"""With the whole space open, the ratio of two greens may differ from today's by up to 4 x 4."""

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SpaceOptions:
    """What a plan space varies.

    Attributes:
        cycle, splits, offsets: whether each of them is varied.
        radius: log-ratio of cycle and greens to the plan in the net; `math.inf` spans the bounds.
        min_cycle_s, max_cycle_s: bounds of a varied cycle, seconds.
        min_green_s: least green of every stage, seconds; a crossing's walking time is kept beyond that.
        max_green_s: most green of every stage, seconds, or `None` for what the program itself allows.
        signals: ids of the signals that may change, or `None` for all.
    """

    cycle: bool = True
    splits: bool = True
    offsets: bool = True
    radius: float = 0.3
    min_cycle_s: float = 40.0
    max_cycle_s: float = 180.0
    min_green_s: float = 5.0
    max_green_s: float | None = None
    signals: tuple[str, ...] | None = None


class PlanSpace:
    """Plans around the plan in the net. Signals, dimensions and bounds are fixed when it is made.

    A point is a vector of log-ratios: one for the network's cycles (so that signals on a common cycle stay on it),
    one for each stage's green, and one shift for each offset as a share of the cycle. Decoding rounds to whole seconds
    that sum to the cycle, within the bounds, and leaves every intergreen as it is.

    Args:
        programs: the plan in the net.
        options: what varies, and how far.
        allowed: what rules allow by signal; signals without an entry have the options' bounds only.
    """

    def __init__(
        self, programs: Sequence[Program], options: SpaceOptions, allowed: Mapping[str, Bounds] | None = None
    ) -> None:
        self.options = options
        within = allowed or {}
        ordered = sorted(programs, key=lambda p: p.signal)
        self.programs = tuple(_bounded(program, options, within.get(program.signal)) for program in ordered)
        self._cycles = [_cycle_bounds(program, options, within.get(program.signal)) for program in self.programs]
        names: list[str] = []
        if self.programs:
            names += ["cycle"] if options.cycle else []
            if options.splits:
                names += [f"green {p.signal} {stage}" for p in self.programs for stage in range(p.n_stages)]
            if options.offsets and len(self.programs) > 1:
                # Only differences between offsets matter: the first signal's stays.
                names += [f"offset {p.signal}" for p in self.programs[1:]]
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
        of_names = [limits[name.partition(" ")[0]] for name in self.names]
        return np.array([low for low, _ in of_names], np.float64), np.array([high for _, high in of_names], np.float64)

    def decode(self, point: Vector) -> Plan:
        """Return the plan at a point, shape (n_dimensions,): whole seconds within the bounds."""
        values = dict(zip(self.names, (float(x) for x in point), strict=True))
        ratio = math.exp(values.get("cycle", 0.0))
        programs = []
        for program, (low, high) in zip(self.programs, self._cycles, strict=True):
            cycle_s = _clip(_whole(program.cycle_s * ratio), low, high)
            weights = [
                max(green, 1.0) * math.exp(values.get(f"green {program.signal} {stage}", 0.0))
                for stage, green in enumerate(program.greens_s)
            ]
            greens = _share(cycle_s - program.fixed_s, weights, program.min_green_s, program.max_green_s)
            share = program.offset_s / program.cycle_s + values.get(f"offset {program.signal}", 0.0)
            programs.append(_retimed(program, greens, _whole(share * cycle_s) % cycle_s))
        return Plan(tuple(programs), {name: round(value, 6) for name, value in values.items()})

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
        return self.decode(self.from_unit(np.clip(self.to_unit(self._locate(plan)), 0.0, 1.0)))

    def _locate(self, plan: Plan) -> Vector:
        """Return where a plan would lie if there were no bounds and no rounding, shape (n_dimensions,)."""
        if [p.signal for p in plan.programs] != [p.signal for p in self.programs]:
            raise ValueError("the plan sets other signals than the space varies")
        values: dict[str, float] = {}
        low, high = -math.inf, math.inf
        for new, old in zip(plan.programs, self.programs, strict=True):
            least, most = self._cycles[self.programs.index(old)]
            # A cycle at a bound says of the ratio only that it is at or beyond it.
            low = max(low, math.log((new.cycle_s - 0.5) / old.cycle_s) if new.cycle_s > least else -math.inf)
            high = min(high, math.log((new.cycle_s + 0.5) / old.cycle_s) if new.cycle_s < most else math.inf)
            for stage, green in enumerate(new.greens_s):
                values[f"green {new.signal} {stage}"] = math.log(green / max(old.greens_s[stage], 1.0))
            shift = new.offset_s / new.cycle_s - old.offset_s / old.cycle_s
            values[f"offset {new.signal}"] = (shift + 0.5) % 1.0 - 0.5
        values["cycle"] = _between(min(low, high), max(low, high))
        return np.array([values[name] for name in self.names], np.float64)


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
    return PlanSpace(programs, *_allowed(programs, options, auditor))


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


def _bounded(program: Program, options: SpaceOptions, allowed: Bounds | None) -> Program:
    least_s, most_s = program.min_green_s, program.max_green_s
    if allowed is not None:
        least_s, most_s = allowed.min_green_s, allowed.max_green_s
    low = tuple(max(bound, math.ceil(options.min_green_s)) for bound in least_s)
    most = math.inf if options.max_green_s is None else math.floor(options.max_green_s)
    high = tuple(min(bound, most) for bound in most_s)
    for stage, (least, longest) in enumerate(zip(low, high, strict=True)):
        if least > longest:
            raise InputError(
                f"signal '{program.signal}', stage {stage}: the minimum green of {least:g} s (walking time included) is "
                f"above the maximum of {longest:g} s. Change plans.min_green_s or plans.max_green_s."
            )
    return Program(program.signal, program.phases, program.offset_s, low, high)


def _cycle_bounds(program: Program, options: SpaceOptions, allowed: Bounds | None) -> tuple[int, int]:
    """Return the shortest and longest cycle of one signal, whole seconds.

    Raises:
        InputError: the minimum greens and intergreens do not fit into any cycle that is allowed.
    """
    needed = math.ceil(sum(program.min_green_s) + program.fixed_s)
    longest = math.floor(sum(program.max_green_s) + program.fixed_s)
    today = _whole(program.cycle_s)
    # A cycle that is not varied stays as it is; one that is, keeps to the bounds, or to today's where that is beyond.
    low, high = (math.ceil(options.min_cycle_s), math.floor(options.max_cycle_s)) if options.cycle else (today, today)
    if allowed is not None and options.cycle:
        low = max(low, math.ceil(allowed.min_cycle_s))
        high = max(needed, math.floor(allowed.max_cycle_s)) if allowed.max_cycle_s < high else high
    if needed > high:
        raise InputError(
            f"signal '{program.signal}': no plan fits: minimum greens and intergreens need {needed} s, the longest cycle "
            f"is {high} s. Lower plans.min_green_s, raise plans.max_cycle_s, or choose other rules."
        )
    if longest < low:
        raise InputError(
            f"signal '{program.signal}': no plan fits: maximum greens and intergreens reach {longest} s, the shortest "
            f"cycle is {low} s. Raise plans.max_green_s, or lower plans.min_cycle_s."
        )
    return max(low, needed), min(high, longest)


def _share(total_s: float, weights: Sequence[float], low: Sequence[float], high: Sequence[float]) -> list[int]:
    """Return whole seconds in proportion to the weights, within bounds, that sum to `total_s`.

    Stages held at a bound leave the rest to the others (water filling); what rounding leaves over goes to the largest
    remainders, the first stage first.
    """
    # Scaled by a factor, the bounded greens sum to a broken line over it: the piece that holds the total is looked up.
    breaks = sorted({0.0, *(bound / w for w, a, b in zip(weights, low, high, strict=True) for bound in (a, b))})

    def scaled(factor: float) -> list[float]:
        return [min(max(w * factor, a), b) for w, a, b in zip(weights, low, high, strict=True)]

    piece = bisect.bisect_left(breaks, total_s, lo=1, hi=len(breaks) - 1, key=lambda factor: sum(scaled(factor)))
    left, right = breaks[piece - 1], breaks[piece]
    below, above = sum(scaled(left)), sum(scaled(right))
    factor = left + (right - left) * (total_s - below) / (above - below) if above > below else right
    # Nine digits: proportions that are whole seconds must not lose one to the last bit.
    greens = [round(green, 9) for green in scaled(factor)]
    whole = [math.floor(green) for green in greens]
    missing = _whole(total_s) - sum(whole)
    order = sorted(range(len(whole)), key=lambda i: (whole[i] - greens[i], i))
    for i in order * (abs(missing) + 1):
        if missing <= 0:
            break
        if whole[i] + 1 <= high[i]:
            whole[i] += 1
            missing -= 1
    return whole


def _retimed(program: Program, greens: Sequence[int], offset_s: float) -> Program:
    """Return the program with other greens; intergreens stay as they are."""
    phases = tuple(
        phase if phase.stage < 0 else Phase(greens[phase.stage], phase.state, phase.stage) for phase in program.phases
    )
    return Program(program.signal, phases, offset_s, program.min_green_s, program.max_green_s)


def _whole(value: float) -> int:
    return math.floor(value + 0.5)


def _clip(value: int, low: int, high: int) -> int:
    return min(max(value, low), high)


def _between(low: float, high: float) -> float:
    """Return the number between two bounds, not on them, that is closest to zero."""
    if low < 0.0 < high:
        return 0.0
    if math.isinf(low) or math.isinf(high):
        return high - 1e-9 if math.isinf(low) else low + 1e-9
    return 0.5 * (low + high)
