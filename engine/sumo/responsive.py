"""SUMO's own control that responds to traffic, built from each signal's program and the rules: actuated, delay_based, NEMA."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

from engine.audit.rules import Rules
from engine.conflicts import GREEN
from engine.control.stages import least_s
from engine.control.timing import Timing, timing
from engine.errors import InputError, nearest
from engine.network import Network
from engine.plan import Phase, Program

__all__ = ["RESPONSIVE", "responsive_programs"]

RESPONSIVE = {
    "actuated": {"min_green_s": 5.0, "max_green_s": 50.0, "gap_s": 3.0, "passage_s": 2.0, "detector_m": 30.0},
    "delay_based": {"min_green_s": 5.0, "max_green_s": 50.0, "detector_m": 100.0},
}
"""Parameters of each kind with their defaults: bounds of a stage's green (rules may ask for more), the gap at which it
ends, the time that a detection holds it, and how far before the stop line detection is."""

SUMO_NAMES = {
    "actuated": {"gap_s": "max-gap", "passage_s": "passing-time", "detector_m": "detector-gap"},
    "delay_based": {"detector_m": "detectorRange"},
}


def responsive_programs(
    kind: str, parameters: Mapping[str, float], network: Network, rules: Rules, programs: Mapping[str, Program]
) -> tuple[str, ...]:
    """Return a tlLogic for each signal with a fixed-time program, as `engine.plan.Plan.actuated` carries them.

    Stages and intergreens are the program's; yellow, red and greens are lengthened where the rules ask for more.

    Args:
        kind: one of `RESPONSIVE`.
        parameters: those that differ from the defaults.
        network: the signals.
        rules: as they hold in the scenario.
        programs: of the plan in force, by signal; others have the network's.

    Raises:
        InputError: an unknown parameter, or bounds that are none.
    """
    known = RESPONSIVE[kind]
    for name, value in parameters.items():
        if name not in known:
            raise InputError(
                f"controller={kind} has no parameter '{name}'.{nearest(name, known)} It has {', '.join(known)}."
            )
        if not value > 0.0:
            raise InputError(f"controller.{name}={value:g} must be above 0.")
    values = {**known, **parameters}
    if values["max_green_s"] < values["min_green_s"]:
        raise InputError(
            f"controller.max_green_s={values['max_green_s']:g} is below min_green_s={values['min_green_s']:g}. Swap them."
        )
    texts = []
    for signal in network.signals:
        program = programs.get(signal.id, signal.program)
        if program is not None and program.n_stages > 1:
            of = timing(signal, rules, len(program.phases[0].state))
            texts.append(_logic(kind, program, of, values))
    if not texts:
        raise InputError(f"controller={kind}: no signal has a fixed-time program of several stages to build it from.")
    return tuple(texts)


def _logic(kind: str, program: Program, of: Timing, values: Mapping[str, float]) -> str:
    lines = [f'<tlLogic id={quoteattr(program.signal)} type="{kind}" programID="0" offset="{program.offset_s:g}">']
    for name, sumo in SUMO_NAMES[kind].items():
        # SUMO states the detectors' distance of actuated control as a time at the limit; 13.9 m/s is 50 km/h.
        value = values[name] / 13.9 if (kind, name) == ("actuated", "detector_m") else values[name]
        lines.append(f'<param key="{sumo}" value="{value:.6g}"/>')
    for i, phase in enumerate(program.phases):
        if phase.stage >= 0:
            low = max(values["min_green_s"], least_s(phase.state, of))
            high = max(low, values["max_green_s"])
            lines.append(f'<phase duration="{low:g}" minDur="{low:g}" maxDur="{high:g}" state="{phase.state}"/>')
        else:
            lines.append(f'<phase duration="{_fixed_s(program, i, phase, of):g}" state="{phase.state}"/>')
    lines.append("</tlLogic>")
    return "".join(lines)


def _fixed_s(program: Program, i: int, phase: Phase, of: Timing) -> float:
    """Return how long an interval of an intergreen lasts: as stated, and as long as its yellow or its red must be."""
    before = program.phases[i - 1]
    after = program.phases[(i + 1) % len(program.phases)]
    needed = phase.duration_s
    for k, letter in enumerate(phase.state):
        if letter == "y" and before.state[k] in GREEN:
            needed = max(needed, of.yellow_s[k])
        if letter not in GREEN and letter != "y" and before.state[k] in "yGg":
            starting = [foe for foe in of.foes[k] if after.state[foe.index] in GREEN]
            lost_s = 0.0 if before.state[k] == "y" else of.yellow_s[k]
            clear_s = max((foe.clearance_s for foe in starting if phase.state[foe.index] not in GREEN), default=0.0)
            needed = max(needed, lost_s + clear_s)
    return needed
