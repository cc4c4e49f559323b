"""Time-of-day schedules in SUMO's XML: WAUT, the programs that it switches between, and the signals that it switches."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from engine.errors import InputError, nearest
from engine.files import write_text
from engine.network import Network
from engine.plan import Plan
from engine.schedule import OFF, Schedule, Switch, SwitchedSignal
from engine.stages import NetProgram
from engine.sumo.programs import ENTITIES, fixed_time, net_programs, parse_xml, program_lines, seconds

__all__ = ["read_schedules", "schedules_xml", "write_schedules"]


def read_schedules(paths: Iterable[Path], network: Network, min_green_s: float = 5.0) -> tuple[Schedule, ...]:
    """Return every schedule in a network and its additional files, sorted by name.

    Args:
        paths: the files, in the order in which SUMO loads them; packed ones are passed over.
        network: the signals.
        min_green_s: see `engine.stages.stage_program`.

    Raises:
        InputError: a switch has no time, a program or signal is unknown, or a program is not fixed-time.
    """
    programs: dict[tuple[str, str], tuple[NetProgram, Path]] = {}
    wauts: dict[str, tuple[Any, Path]] = {}
    followers: dict[str, list[SwitchedSignal]] = {}
    for path in paths:
        if path.suffix in (".gz", ".zst"):
            continue
        root = parse_xml(path)
        programs |= {(raw.signal, raw.program_id): (raw, path) for raw in net_programs(path)}
        wauts |= {element.get("id", ""): (element, path) for element in root.iter("WAUT")}
        for element in root.iter("wautJunction"):
            waut = element.get("wautID", "")
            if waut not in wauts:
                raise InputError(
                    f"'{path}': wautJunction names the WAUT '{waut}', which no file before it has.{nearest(waut, wauts)}"
                )
            followers.setdefault(waut, []).append(
                SwitchedSignal(
                    element.get("junctionID", ""),
                    element.get("procedure", ""),
                    element.get("synchron") in ("true", "1"),
                )
            )
    known = {signal.id: signal for signal in network.signals}
    found = []
    for name, (element, path) in sorted(wauts.items()):
        where = f"'{path}': WAUT '{name}'"
        switches = _switches(element, where)
        start = element.get("startProg", "0")
        signals = tuple(sorted(followers.get(name, ()), key=lambda follower: follower.signal))
        plans = []
        for plan in sorted({start, *(switch.plan for switch in switches)} - {OFF}):
            of_signals = []
            for follower in signals:
                if follower.signal not in known:
                    raise InputError(
                        f"{where}: the network has no signal '{follower.signal}'.{nearest(follower.signal, known)}"
                    )
                if (follower.signal, plan) not in programs:
                    there = sorted(program for signal, program in programs if signal == follower.signal)
                    raise InputError(
                        f"{where}: signal '{follower.signal}' has no program '{plan}'.{nearest(plan, there)} "
                        f"It has {', '.join(there) or 'none'}."
                    )
                raw, file = programs[follower.signal, plan]
                of_signals.append(fixed_time(raw, known[follower.signal], file, min_green_s))
            plans.append((plan, Plan(tuple(of_signals))))
        period = element.get("period")
        found.append(
            Schedule(
                name,
                start,
                switches,
                signals,
                tuple(plans),
                seconds(element.get("refTime"), where, "refTime", 0.0),
                None if period is None else seconds(period, where, "period"),
            )
        )
    return tuple(found)


def _switches(element: Any, where: str) -> tuple[Switch, ...]:
    found = []
    for i, switch in enumerate(element.findall("wautSwitch")):
        if switch.get("to") is None:
            raise InputError(f"{where}, wautSwitch {i}: it does not say to which program. Give to.")
        found.append(Switch(seconds(switch.get("time"), f"{where}, wautSwitch {i}", "time"), switch.get("to")))
    return tuple(sorted(found, key=lambda switch: switch.at_s))


def schedules_xml(schedules: Iterable[Schedule]) -> str:
    """Return schedules as the text of a SUMO additional file: programs, WAUTs, and who follows them."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<additional>"]
    for schedule in schedules:
        lines += _lines(schedule)
    lines.append("</additional>")
    return "\n".join(lines) + "\n"


def _lines(schedule: Schedule) -> list[str]:
    lines = []
    for name, plan in schedule.plans:
        for program in plan.programs:
            lines += program_lines(program, name)
    attributes = {"id": schedule.name, "refTime": _time(schedule.reference_s), "startProg": schedule.start}
    if schedule.period_s is not None:
        attributes["period"] = _time(schedule.period_s)
    lines.append(f"    <WAUT {_attributes(attributes)}>")
    for switch in schedule.switches:
        lines.append(f"        <wautSwitch {_attributes({'time': _time(switch.at_s), 'to': switch.plan})}/>")
    lines.append("    </WAUT>")
    for follower in schedule.signals:
        attributes = {"wautID": schedule.name, "junctionID": follower.signal}
        if follower.procedure:
            attributes["procedure"] = follower.procedure
        if follower.synchron:
            attributes["synchron"] = "true"
        lines.append(f"    <wautJunction {_attributes(attributes)}/>")
    return lines


def write_schedules(schedules: Iterable[Schedule], path: Path) -> None:
    """Write schedules as an additional file; the same schedules give the same bytes."""
    write_text(path, schedules_xml(schedules))


def _attributes(values: dict[str, str]) -> str:
    return " ".join(f"{name}={quoteattr(value, ENTITIES)}" for name, value in values.items())


def _time(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
