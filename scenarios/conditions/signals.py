"""Signals that fail: dark, flashing, or with a detector that no longer sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from engine.errors import InputError
from engine.sumo.programs import in_file
from engine.sumo.street import Street
from engine.sumo.travellers import copied
from scenarios.conditions.condition import Condition

__all__ = ["FailedDetector", "SignalOut"]

STATES = {"dark": "s", "flashing": "o"}
"""SUMO's letters: stop, then go when nobody with priority comes; give way as the junction's own rules have it."""
ANSWERING = ("actuated", "delay_based")


@dataclass(frozen=True)
class SignalOut(Condition):
    """Signals that show nothing, or flash yellow, for a time.

    Their plan is that of the net, before and after: no search changes it.

    Attributes:
        signals: which.
        state: dark (everybody stops first, as at an all-way stop) or flashing (everybody gives way by the junction's rules).
        begin_s, end_s: from when to when, seconds; the whole simulation where they are left out.
    """

    STAGE: ClassVar[int] = 4

    signals: tuple[str, ...] = ()
    state: str = "dark"
    begin_s: float | None = None
    end_s: float | None = None

    def __post_init__(self) -> None:
        self.ordered(self.begin_s, self.end_s)
        if self.state not in STATES:
            raise InputError(
                f"conditions.{self.name}.state={self.state} is not known. Choose one of: {', '.join(STATES)}."
            )

    def apply(self, street: Street) -> str:
        """Give each signal a program of that state, and switch to it."""
        where = f"conditions.{self.name}.signals"
        if not self.signals:
            raise InputError(f"{where} is empty. Name signals, as in {where}=[ID].")
        begin_s, end_s = self.times(street, self.begin_s, self.end_s)
        for signal in self.signals:
            program = street.signal(signal, where)
            if program.fixed_because.startswith("WAUT"):
                raise InputError(
                    f"{where}: signal '{signal}': {program.fixed_because}. It cannot be switched off as well."
                )
            width = len(program.phases[0].state)
            ours = f"condition_{self.name}"
            logic = street.add("tlLogic", id=signal, type="static", programID=ours, offset=0)
            street.within(logic, "phase", duration=3600, state=STATES[self.state] * width)
            # It is switched to even where it holds from the beginning, because a plan that is loaded later would win.
            waut = street.add("WAUT", id=f"{ours}_{signal}", refTime=0, startProg=program.program_id)
            street.within(waut, "wautSwitch", time=max(begin_s, street.scenario.begin_s), to=ours)
            if end_s < street.scenario.end_s:
                street.within(waut, "wautSwitch", time=end_s, to=program.program_id)
            street.add("wautJunction", wautID=f"{ours}_{signal}", junctionID=signal)
        names = f"signal{'s' * (len(self.signals) > 1)} {', '.join(self.signals)}"
        return f"{self.name}: {names} {self.state} from {begin_s:g} to {end_s:g} s"


@dataclass(frozen=True)
class FailedDetector(Condition):
    """Detectors that no longer see, at signals that respond to traffic.

    Attributes:
        lanes: those whose detector fails.
        response: recall (the controller notices, and gives each phase that serves them its longest green: the usual
            fall-back) or blind (nobody notices, and they get the shortest).
    """

    STAGE: ClassVar[int] = 4

    lanes: tuple[str, ...] = ()
    response: str = "recall"

    def __post_init__(self) -> None:
        if self.response not in ("recall", "blind"):
            raise InputError(f"conditions.{self.name}.response={self.response} is not known. Choose recall or blind.")

    def apply(self, street: Street) -> str:
        """Give the signals of these lanes a program that does without the detectors."""
        where = f"conditions.{self.name}.lanes"
        if not self.lanes:
            raise InputError(f"{where} is empty. Name the lanes whose detectors fail, as in {where}=[EDGE_0].")
        served: dict[str, set[int]] = {}
        for name in self.lanes:
            street.lane(name, where)
            links = [of for of in street.roads.connections if of.lane == name and of.signal]
            if not links:
                raise InputError(f"{where}: lane '{name}' does not end at a signal. Name one that does.")
            for link in links:
                served.setdefault(link.signal, set()).add(link.index)
        for signal, indices in served.items():
            program = street.signal(signal, where)
            if program.kind not in ANSWERING:
                raise InputError(
                    f"{where}: signal '{signal}' has a {program.kind} program and no detector that could fail. Name lanes of "
                    "signals that respond to traffic."
                )
            self._fail(street, signal, indices)
        return f"{self.name}: detectors of {', '.join(self.lanes)} fail, {self.response}"

    def _fail(self, street: Street, signal: str, indices: set[int]) -> None:
        files = [street.scenario.net, *street.scenario.additional]
        element: Any = in_file(files, signal)
        copy = street.adopt(copied(element, programID=f"condition_{self.name}"))
        for phase in copy.findall("phase"):
            state = phase.get("state", "")
            green = [i for i, letter in enumerate(state) if letter in "Gg"]
            if "y" in state.lower() or not green or not set(green) & indices:
                continue
            least, most = phase.get("minDur"), phase.get("maxDur")
            if least is None or most is None:
                continue
            if self.response == "recall":
                phase.set("minDur", most)
                phase.set("duration", most)
            elif set(green) <= indices:
                phase.set("maxDur", least)
                phase.set("duration", least)
        if self.response == "blind":
            for name in self.lanes:
                street.within(copy, "param", key=name, value="NO_DETECTOR")
