"""From `controller=`, `rules=` and `sensing=` to a plan that carries its controller."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec

from engine.audit import Rules
from engine.control.registry import check_parameters
from engine.control.space import ControlSpace
from engine.control.spec import Sensing
from engine.errors import InputError
from engine.network import Network
from engine.plan import Plan
from engine.result import RunResult
from engine.sumo.responsive import RESPONSIVE, responsive_programs
from experiments._rules import chosen
from experiments.config.controller import FIXED, ControllerConfig

__all__ = ["control_lines", "control_notes", "control_space", "control_summary", "controlled"]


def controlled(
    plan: Plan, controller: ControllerConfig, sensing: Sensing, rules: Rules, network: Network, scenario: str
) -> Plan:
    """Return a plan with the controller that was chosen; the plan itself where it is the fixed one.

    Args:
        plan: what the signals go back to; it may bring a controller of its own.
        controller, sensing, rules: as configured.
        network: its signals.
        scenario: its name, for the rules' exceptions.

    Raises:
        InputError: parameters that the controller has not, or a plan that brings a controller beside another one.
    """
    if plan.control is not None:
        of = controller.control(sensing)
        code = plan.control.code
        if code is not None and of.code == code:
            return dataclasses.replace(plan, control=dataclasses.replace(plan.control, code=of.code))
        if controller.kind != FIXED:
            raise InputError(
                f"the plan brings controller={plan.control.kind}, and controller={controller.kind} is asked for. "
                "Leave one out."
            )
        check_parameters(plan.control)
        return plan
    if controller.kind == FIXED:
        return plan
    held = chosen(rules, scenario)
    if controller.kind in RESPONSIVE:
        programs = {program.signal: program for program in plan.programs}
        return Plan((), actuated=responsive_programs(controller.kind, controller.parameters, network, held, programs))
    control = dataclasses.replace(controller.control(sensing), rules=held)
    check_parameters(control)
    return dataclasses.replace(plan, control=control)


def control_space(
    controller: ControllerConfig, sensing: Sensing, rules: Rules, network: Network, scenario: str
) -> ControlSpace:
    """Return the space of the parameters that are not given, of the controllers that are to be chosen among.

    Raises:
        InputError: a controller with nothing to tune, or a parameter that one of them has not.
    """
    programs = tuple(signal.program for signal in network.signals if signal.program is not None)
    alone = dataclasses.replace(controller, among=())

    def make(kind: str, parameters: dict[str, float]) -> Plan:
        of = dataclasses.replace(alone, kind=kind, parameters=parameters)
        return controlled(Plan(()), of, sensing, rules, network, scenario)

    kinds = list(dict.fromkeys([controller.kind, *controller.among]))
    space = ControlSpace(kinds, controller.parameters, programs, make)
    for kind in kinds:
        make(kind, dict(controller.parameters))
    return space


def control_notes(plan: Plan, controller: ControllerConfig, rules: Rules) -> list[str]:
    """Return what a reader has to know of a plan that answers to the traffic, a sentence each."""
    if plan.control is not None:
        of = plan.control
        return [
            f"controller={of.kind} under rules={of.rules.name or 'none'} and sensing={of.sensing.name}; the sumo command "
            "runs the plan that it goes back to, without it"
        ]
    if controller.kind in RESPONSIVE:
        return [f"controller={controller.kind} under rules={rules.name or 'none'}, with SUMO's own detectors"]
    return []


def control_summary(result: RunResult) -> dict[str, Any]:
    """Return what ``summary.json`` says of a run's controller; nothing where it had none."""
    of = result.control
    if isinstance(of, msgspec.UnsetType):
        return {}
    return {
        "controller": of.controller,
        "interventions": of.interventions,
        "fallbacks": [dataclasses.asdict(fallback) for fallback in of.fallbacks],
        "priority": of.priority,
    }


def control_lines(result: RunResult) -> list[str]:
    """Return the same for the terminal, a line each."""
    of = result.control
    if isinstance(of, msgspec.UnsetType):
        return []
    lines = []
    if of.interventions:
        lines.append("not shown as asked for: " + ", ".join(f"{rule} {n:,}" for rule, n in of.interventions.items()))
    if of.priority:
        lines.append("priority: " + ", ".join(f"{how} {n:,}" for how, n in of.priority.items()))
    for fallback in of.fallbacks[:10]:
        where = f"signal '{fallback.signal}'" if fallback.signal else "all signals"
        lines.append(f"back to the fixed plan at {fallback.time_s:g} s, {where}: {fallback.reason}")
    if len(of.fallbacks) > 10:
        lines.append(f"and {len(of.fallbacks) - 10} times more.")
    return lines
