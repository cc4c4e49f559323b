"""A controller as data: part of a plan, so that the same plan behaves the same wherever it runs."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.audit.rules import Limit, Rules
from engine.errors import InputError

__all__ = ["ORDERS", "PEDESTRIANS", "Control", "Priority", "Sensing", "UserClass"]

ORDERS = ("free", "program")
PEDESTRIANS = ("demand", "cycle")


@dataclass(frozen=True)
class Sensing:
    """What a controller sees of the traffic; see docs/control.md.

    Attributes:
        name: what the option is called.
        range_m: vehicles that are no farther from the stop line; infinite for all of them.
        connected_share: the share of vehicles that tell where they are.
        turns: known (of each vehicle, where it will go) or shares (as those before it on its lane went).
        detectors_m: of loops, metres from the stop line of each; none: vehicles are seen themselves.
        dead_share: share of the loops that report nothing.
        lost_share: share of the passing vehicles that a loop misses.
        noise_m: standard deviation of the position that a vehicle reports.
        silent_s: after so long without a count on a loop while others count, or occupied without a break, it is not
            believed any more.
    """

    name: str = "everything"
    range_m: float = float("inf")
    connected_share: float = 1.0
    turns: str = "known"
    detectors_m: tuple[float, ...] = ()
    dead_share: float = 0.0
    lost_share: float = 0.0
    noise_m: float = 0.0
    silent_s: float = 600.0

    def __post_init__(self) -> None:
        for name in ("connected_share", "dead_share", "lost_share"):
            share = getattr(self, name)
            if not 0.0 <= share <= 1.0:
                raise InputError(f"sensing.{name}={share:g} is no share. Give a number from 0 to 1.")
        for name in ("range_m", "silent_s"):
            if not getattr(self, name) > 0.0:
                raise InputError(f"sensing.{name}={getattr(self, name):g} must be above 0.")
        if self.noise_m < 0.0:
            raise InputError(f"sensing.noise_m={self.noise_m:g} is too small. Give at least 0.")
        if self.turns not in ("known", "shares"):
            raise InputError(f"sensing.turns={self.turns} is not known. Choose one of: known, shares.")
        if any(not at_m >= 0.0 for at_m in self.detectors_m):
            raise InputError("sensing.detectors_m: a detector lies before the stop line. Give 0 or more metres.")


@dataclass(frozen=True)
class Priority:
    """Which vehicles go first, and what that may take from the others.

    Attributes:
        transit: whether buses and trams get an early green or a longer one.
        emergency: whether emergency vehicles get their green at once, within the rules of the lights.
        range_m: how far from the stop line they are heard, metres.
        extension_s: by how much a green is held for them at most.
        every_s: a signal answers once in so many seconds; emergency vehicles always.
    """

    transit: bool = False
    emergency: bool = False
    range_m: float = 150.0
    extension_s: float = 15.0
    every_s: float = 60.0

    def __post_init__(self) -> None:
        for name in ("range_m", "extension_s", "every_s"):
            if not getattr(self, name) > 0.0:
                raise InputError(f"controller.priority.{name}={getattr(self, name):g} must be above 0.")


@dataclass(frozen=True)
class UserClass:
    """A controller's class in a user's file: named on the command line alone.

    Attributes:
        class_name: the class.
        sha256: of the file.
        file: where it is; empty in a plan that was read from a file, which therefore cannot run.
    """

    class_name: str
    sha256: str
    file: str = field(default="", compare=False)

    @classmethod
    def at(cls, file: Path, class_name: str) -> UserClass:
        """Return the class of this name in a file that is there."""
        return cls(class_name, hashlib.sha256(file.read_bytes()).hexdigest(), str(file.absolute()))


@dataclass(frozen=True)
class Control:
    """What decides at the signals, and within which limits.

    Attributes:
        kind: the controller's name (`engine.control.registry`).
        parameters: its own, sorted by name.
        rules: what the lights keep, as they hold in the scenario.
        sensing: what it sees.
        max_red_s: a demand that waits longer gets its stage by force, seconds.
        order: of the stages: free, or the program's.
        pedestrians: whether a crossing gets its green on demand, or within `max_red_s` in any case (cycle).
        slot_s: wall time of a decision beyond which the signals go back to the fixed plan: a last resort, for it hangs on
            the machine.
        priority: who goes first; `None`: nobody.
        code: the class, where a user's own decides.
    """

    kind: str
    parameters: tuple[tuple[str, float], ...] = ()
    rules: Rules = field(default_factory=Rules, hash=False)
    sensing: Sensing = field(default_factory=Sensing)
    max_red_s: float = 120.0
    order: str = "free"
    pedestrians: str = "cycle"
    slot_s: float = 10.0
    priority: Priority | None = None
    code: UserClass | None = None

    def __post_init__(self) -> None:
        for name in ("max_red_s", "slot_s"):
            if not getattr(self, name) > 0.0:
                raise InputError(f"controller.{name}={getattr(self, name):g} must be above 0.")
        for name, known in (("order", ORDERS), ("pedestrians", PEDESTRIANS)):
            if getattr(self, name) not in known:
                raise InputError(
                    f"controller.{name}={getattr(self, name)} is not known. Choose one of: {', '.join(known)}."
                )

    def identity(self) -> list[object]:
        """Return what of it decides what happens at the street: rules count by their values."""
        rules = {name: limit.value for name, limit in self.rules.limits() if limit.value is not None}
        plain = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        plain["rules"] = rules
        plain["sensing"] = {k: v for k, v in dataclasses.asdict(self.sensing).items() if k != "name"}
        plain["priority"] = None if self.priority is None else dataclasses.asdict(self.priority)
        plain["code"] = None if self.code is None else [self.code.class_name, self.code.sha256]
        return [[name, plain[name]] for name in sorted(plain)]

    def told(self) -> dict[str, Any]:
        """Return what a reader of a run has to know, as plain data."""
        said: dict[str, Any] = {"kind": self.kind, "parameters": dict(self.parameters)}
        said |= {"rules": self.rules.name, "sensing": self.sensing.name, "max_red_s": self.max_red_s}
        said |= {"order": self.order, "pedestrians": self.pedestrians}
        if self.priority is not None:
            said["priority"] = dataclasses.asdict(self.priority)
        if self.code is not None:
            said["class"] = self.code.class_name
        return said

    def to_json(self) -> dict[str, Any]:
        """Return it as plain lists and dicts; `from_json` is the way back, but for the file of a user's class."""
        data = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        data["parameters"] = dict(self.parameters)
        data["rules"] = {"name": self.rules.name, "title": self.rules.title} | {
            name: dataclasses.asdict(limit) for name, limit in self.rules.limits() if limit.value is not None
        }
        sensing = dataclasses.asdict(self.sensing)
        # JSON has no infinity.
        sensing["range_m"] = None if self.sensing.range_m == float("inf") else self.sensing.range_m
        sensing["detectors_m"] = list(self.sensing.detectors_m)
        data["sensing"] = sensing
        data["priority"] = None if self.priority is None else dataclasses.asdict(self.priority)
        data["code"] = None if self.code is None else {"class_name": self.code.class_name, "sha256": self.code.sha256}
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Control:
        """Return what `to_json` wrote."""
        rules: dict[str, Any] = {
            name: Limit(**value) if isinstance(value, dict) else value for name, value in data["rules"].items()
        }
        range_m = data["sensing"]["range_m"]
        sensing = {**data["sensing"], "range_m": float("inf") if range_m is None else range_m}
        sensing["detectors_m"] = tuple(sensing["detectors_m"])
        made: dict[str, Any] = {
            "parameters": tuple(sorted(data["parameters"].items())),
            "rules": Rules(**rules),
            "sensing": Sensing(**sensing),
            "priority": Priority(**data["priority"]) if data.get("priority") else None,
            # Whatever else a file says, it brings no code.
            "code": UserClass(data["code"]["class_name"], data["code"]["sha256"]) if data.get("code") else None,
        }
        return cls(**{**data, **made})
