"""Signal programs in SUMO's XML: those in force in a scenario, and plans as additional files."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from engine.errors import InputError, nearest
from engine.files import write_text
from engine.network import Network, Signal
from engine.plan import Plan, Program
from engine.stages import NetPhase, NetProgram, stage_program
from engine.sumo.actuated import KINDS, actuated_lines, actuated_programs

__all__ = [
    "fixed_time",
    "in_file",
    "in_force",
    "net_programs",
    "parse_xml",
    "plan_xml",
    "program_lines",
    "read_plan",
    "read_programs",
    "seconds",
    "write_plan",
]

ENTITIES = {'"': "&quot;"}


def parse_xml(path: Path) -> Any:
    """Return the root element of an XML file, entities refused.

    Raises:
        InputError: the file is missing, is no XML, or declares entities.
    """
    try:
        return ElementTree.parse(path).getroot()
    except FileNotFoundError as error:
        raise InputError(f"there is no file '{path}'. Check the path.") from error
    except ElementTree.ParseError as error:
        raise InputError(f"'{path}' is not well-formed XML: {error}. Write the file anew.") from error
    except DefusedXmlException as error:
        raise InputError(f"'{path}' declares XML entities, which are not read. Remove them from the file.") from error
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror}. Check the path and its permissions.") from error


def in_force(net: Path, additional: Iterable[Path]) -> dict[str, NetProgram]:
    """Return the program of each signal that SUMO runs after loading these files in this order.

    The program loaded last counts (SUMO's rule). A signal that a WAUT switches by the time of day, or whose phases
    name their followers, is returned with the reason why no single fixed-time program describes it.
    """
    programs: dict[str, NetProgram] = {}
    switched: dict[str, str] = {}
    for path in (net, *additional):
        if path.suffix in (".gz", ".zst"):
            continue
        root = parse_xml(path)
        for element in root.iter("tlLogic"):
            program = _program(element, path)
            before = programs.get(program.signal)
            if before is not None:
                program = dataclasses.replace(program, replaced=(*before.replaced, before.program_id))
            programs[program.signal] = program
        for element in root.iter("wautJunction"):
            switched[element.get("junctionID", "")] = element.get("wautID", "")
    for signal, waut in switched.items():
        if signal in programs:
            reason = programs[signal].fixed_because or f"WAUT '{waut}' switches its programs by the time of day"
            programs[signal] = dataclasses.replace(programs[signal], fixed_because=reason)
    return programs


def in_file(files: Iterable[Path], signal: str) -> Any:
    """Return the tlLogic element that is in force for a signal after loading these files in this order.

    Raises:
        InputError: none of them has one.
    """
    found = [
        element
        for path in files
        if path.suffix not in (".gz", ".zst")
        for element in parse_xml(path).iter("tlLogic")
        if element.get("id") == signal
    ]
    if not found:
        raise InputError(f"there is no program of signal '{signal}'. Give it one in the network or an additional file.")
    return found[-1]


def _program(element: Any, path: Path) -> NetProgram:
    signal = element.get("id")
    if signal is None:
        raise InputError(f"'{path}': a tlLogic has no id. Name the signal that it is for.")
    phases = []
    reason = ""
    for i, phase in enumerate(element.findall("phase")):
        where = f"'{path}': signal '{signal}', phase {i}"
        if phase.get("next"):
            reason = "its phases name their followers"
        phases.append(
            NetPhase(
                seconds(
                    phase.get("duration"), where, "duration", default=seconds(phase.get("minDur"), where, "minDur", 0)
                ),
                phase.get("state", ""),
                None if phase.get("minDur") is None else seconds(phase.get("minDur"), where, "minDur"),
                None if phase.get("maxDur") is None else seconds(phase.get("maxDur"), where, "maxDur"),
                _stage(phase.get("name", "")),
            )
        )
    offset_s = (
        0.0
        if element.get("offset") == "begin"
        else seconds(element.get("offset"), f"'{path}': signal '{signal}'", "offset", 0)
    )
    if element.get("offset") == "begin":
        reason = reason or "its offset follows the simulation's begin"
    return NetProgram(
        signal, element.get("programID", "0"), element.get("type", "static"), offset_s, tuple(phases), reason
    )


def seconds(text: str | None, where: str, name: str, default: float | None = None) -> float:
    """Return a time as SUMO writes it, seconds or h:m:s, in seconds.

    Raises:
        InputError: it is no time, or is missing and has no default; the message begins with `where` and `name`.
    """
    if text is None:
        if default is not None:
            return default
        raise InputError(f"{where}: {name} is missing. Give it in seconds.")
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError as error:
        raise InputError(f"{where}: {name} '{text}' is no time. Give it in seconds.") from error
    value = 0.0
    for part in parts:
        value = value * 60.0 + part
    return value


def _stage(name: str) -> int | None:
    """Return the stage that `plan_xml` wrote into a phase's name, or None for phases that others wrote."""
    if name == "intergreen":
        return -1
    kind, _, number = name.partition(" ")
    return int(number) if kind == "stage" and number.isdecimal() else None


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def plan_xml(plan: Plan, taken: Container[str] = ()) -> str:
    """Return a plan as the text of a SUMO additional file: only tlLogic, under a programID of its own.

    Args:
        plan: the plan.
        taken: programIDs of the scenario that it is for (`Network.program_ids`): a plan that is installed there already
            gets another one, for SUMO refuses two programs of one name.
    """
    name = f"greensplit-{plan.plan_id}"
    program_id = next(one for n in itertools.count(1) if (one := name if n == 1 else f"{name}-{n}") not in taken)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<additional>"]
    for program in plan.programs:
        lines += program_lines(program, program_id)
    if plan.actuated:
        lines += actuated_lines(plan.actuated, program_id)
    lines.append("</additional>")
    return "\n".join(lines) + "\n"


def program_lines(program: Program, program_id: str) -> list[str]:
    """Return the lines of one tlLogic; `stage_program` finds the same stages and bounds again in them."""
    lines = [
        f'    <tlLogic id={quoteattr(program.signal, ENTITIES)} type="static" '
        f'programID={quoteattr(program_id, ENTITIES)} offset="{_number(program.offset_s)}">'
    ]
    for phase in program.phases:
        name, bounds = "intergreen", ""
        if phase.stage >= 0:
            name = f"stage {phase.stage}"
            low, high = program.min_green_s[phase.stage], program.max_green_s[phase.stage]
            bounds = f' minDur="{_number(low)}" maxDur="{_number(high)}"'
        lines.append(
            f'        <phase duration="{_number(phase.duration_s)}" state="{phase.state}" name="{name}"{bounds}/>'
        )
    lines.append("    </tlLogic>")
    return lines


def write_plan(plan: Plan, path: Path, taken: Container[str] = ()) -> None:
    """Write a plan as an additional file (`plan_xml`); the same plan gives the same bytes."""
    write_text(path, plan_xml(plan, taken))


def read_programs(path: Path) -> dict[str, NetProgram]:
    """Return the programs in an additional file as it states them, the last one of each signal, sorted by signal id.

    Raises:
        InputError: no tlLogic in it, or one without an id or with a time that is none; or it is a schedule.
    """
    if next(parse_xml(path).iter("wautJunction"), None) is not None:
        raise InputError(
            f"'{path}' is a time-of-day schedule, not one plan. To run it, name it last in additional-files of your SUMO "
            "configuration and say scenario=sumo scenario.sumocfg=PATH."
        )
    found = {raw.signal: raw for raw in net_programs(path)}
    if not found:
        raise InputError(f"'{path}' holds no tlLogic. A plan is a SUMO additional file with fixed-time programs.")
    return dict(sorted(found.items()))


def read_plan(path: Path, network: Network, min_green_s: float = 5.0, as_is: bool = False) -> Plan:
    """Return the plan in an additional file; `write_plan`'s files give back the same plan.

    Args:
        path: the file.
        network: the signals.
        min_green_s: the least green of a stage whose file does not state one.
        as_is: whether programs that respond to traffic are taken too, to be simulated as they stand.

    Raises:
        InputError: no tlLogic in it, an unknown signal, a state of the wrong length, or no fixed-time program.
    """
    found = read_programs(path)
    known = {signal.id: signal for signal in network.signals}
    programs = []
    for signal_id, raw in found.items():
        if signal_id not in known:
            raise InputError(
                f"'{path}': the network has no signal '{signal_id}'.{nearest(signal_id, known)} "
                f"Its signals are {_listed(sorted(known))}."
            )
        if not (as_is and raw.kind in KINDS):
            programs.append(fixed_time(raw, known[signal_id], path, min_green_s))
    return Plan(tuple(programs), actuated=actuated_programs(parse_xml(path), path, network) if as_is else ())


def net_programs(path: Path) -> list[NetProgram]:
    """Return every tlLogic in a file, in the file's order.

    Raises:
        InputError: the file is missing or no XML, or a program's times are none.
    """
    return [_program(element, path) for element in parse_xml(path).iter("tlLogic")]


def fixed_time(raw: NetProgram, signal: Signal, path: Path, min_green_s: float) -> Program:
    """Return a file's program as a fixed-time program of its signal.

    Raises:
        InputError: a state is too short for the signal, or the program is not fixed-time.
    """
    width = 1 + max(link.index for link in signal.links)
    for i, phase in enumerate(raw.phases):
        if len(phase.state) < width:
            raise InputError(
                f"'{path}': signal '{signal.id}', phase {i}: state '{phase.state}' has {len(phase.state)} letters, "
                f"the signal has {width} links. Give one letter for each link."
            )
    program, reason = stage_program(raw, signal.links, min_green_s)
    if program is None:
        raise InputError(f"'{path}': signal '{signal.id}' cannot be taken as fixed-time: {reason}.")
    return program


def _listed(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
