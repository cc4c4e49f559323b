"""Sets of scenarios: the keys under ``scenario_set``, and those of a member."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from conf import FOLDER, options
from engine.errors import InputError, nearest
from engine.risk import normalised
from experiments.config._checks import path_field, there
from experiments.config.scenario import ScenarioConfig

__all__ = ["MemberConfig", "ScenarioSetConfig"]

PATHS = ("sumocfg", "file")
NUMBERS = ("weight", "begin_s", "end_s", "warmup_s")
NAME = re.compile(r"\w[\w.-]{0,39}")


@dataclass(frozen=True)
class MemberConfig:
    """One member of a set: the scenario with what is different about it. Paths are relative to the set's file.

    Attributes:
        weight: how much it counts, such as its days a year; 0 leaves it out.
        conditions: what holds in it besides the scenario's own conditions, each with all of its keys.
        sumocfg, file, begin_s, end_s, warmup_s: in place of the scenario's own.
    """

    weight: float = 1.0
    conditions: dict[str, Any] = field(default_factory=dict)
    sumocfg: Path | None = None
    file: Path | None = None
    begin_s: float | None = None
    end_s: float | None = None
    warmup_s: float | None = None

    def scenario(self, of: ScenarioConfig) -> ScenarioConfig:
        """Return the scenario of this member.

        Raises:
            InputError: its values do not go together.
        """
        own = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if hasattr(of, f.name)}
        own = {key: value for key, value in own.items() if value is not None}
        own["conditions"] = {**of.conditions, **self.conditions}
        if self.sumocfg is not None:
            own["kind"] = "sumo"
        if self.file is not None and of.kind != "streets":
            own["kind"] = "junction"
        return dataclasses.replace(of, **own)


@dataclass(frozen=True)
class ScenarioSetConfig:
    """Several days and troubles of one scenario that a plan is to be good in; one option of the group ``scenario_set``.

    Attributes:
        name: what the set is called.
        summary: one line about it.
        members: by name, what is different in each (docs/robust.md); none where one scenario is simulated alone.
        weights: of members, in place of the set's own; 0 leaves one out.
        file: with scenario_set=file: your set. scenario_set=PATH says the same.
        against: a plan file that runs with the held-out seeds, too, such as the best plan for a normal day.
    """

    name: str = "none"
    summary: str = ""
    members: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    file: Path | None = path_field()  # noqa: RUF009  a field, not a value
    against: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        there("scenario_set.file", self.file)
        there("scenario_set.against", self.against)
        if self.file is not None:
            given = _read(self.file)
            for key in ("name", "summary"):
                object.__setattr__(self, key, str(given.get(key, self.file.stem if key == "name" else "")))
            object.__setattr__(self, "members", given["members"])
        elif self.name == "file":
            raise InputError("scenario_set=file needs your set. Give scenario_set.file=PATH.")
        if not self.members and self.name != "none":
            raise InputError(f"scenario_set '{self.name}' has no members. Give at least one under 'members:'.")
        self.parsed()

    def parsed(self) -> dict[str, MemberConfig]:
        """Return the members that count, by name, their weights summing to 1.

        Raises:
            InputError: a key or value cannot be used, a weight is negative, all are 0, or `weights` names no member.
        """
        members = {str(name): self._member(str(name), given) for name, given in self.members.items()}
        for name, weight in self.weights.items():
            if name not in members:
                raise InputError(
                    f"scenario_set.weights: set '{self.name}' has no member '{name}'.{nearest(name, members)} It has "
                    f"{', '.join(members) or 'none'}."
                )
            members[name] = dataclasses.replace(members[name], weight=float(weight))
        for name, member in members.items():
            if not 0.0 <= member.weight < float("inf"):
                raise InputError(
                    f"scenario_set '{self.name}': member '{name}' has weight {member.weight:g}. Give 0 or more."
                )
        if members and not any(member.weight for member in members.values()):
            raise InputError(f"scenario_set '{self.name}': the weights sum to zero. Give a member a weight above 0.")
        members = {name: member for name, member in members.items() if member.weight}
        weights = normalised([member.weight for member in members.values()]) if members else ()
        return {
            name: dataclasses.replace(member, weight=weight)
            for (name, member), weight in zip(members.items(), weights, strict=True)
        }

    def _member(self, name: str, given: Any) -> MemberConfig:
        where = f"scenario_set '{self.name}', member '{name}'"
        if not NAME.fullmatch(name):
            raise InputError(f"{where}: a folder is named after it. Use letters, digits, points, - and _, 40 at most.")
        if given is None:
            given = {}
        if not isinstance(given, Mapping):
            raise InputError(f"{where} is no mapping. Give what is different about it, as in {{conditions: [rain]}}.")
        known = [of.name for of in dataclasses.fields(MemberConfig)]
        values: dict[str, Any] = {}
        for key, value in given.items():
            if key not in known:
                raise InputError(
                    f"{where}: there is no key '{key}'.{nearest(str(key), known)} It takes {', '.join(known)}."
                )
            if not _fits(key, value):
                raise InputError(f"{where}: {key}={value!r} cannot be used. docs/robust.md shows what a member takes.")
            values[key] = (self.file.absolute().parent if self.file else Path.cwd()) / value if key in PATHS else value
        values["conditions"] = _conditions(where, values.get("conditions", ()))
        return MemberConfig(**values)


def _conditions(where: str, given: Any) -> dict[str, Any]:
    """Return conditions with all of their keys: the option's of each name, with what the member changes of it."""
    known = options("conditions")
    found = {}
    for name in given:
        if name not in known:
            raise InputError(
                f"{where}: condition '{name}' is not known.{nearest(str(name), known)} Choose among: {', '.join(known)}."
            )
        option = yaml.safe_load((FOLDER / "conditions" / f"{name}.yaml").read_text(encoding="utf-8"))
        changed = given[name] if isinstance(given, Mapping) else {}
        if changed is not None and not isinstance(changed, Mapping):
            raise InputError(f"{where}: condition '{name}' is no mapping. Give its keys, as in {{rain: {{}}}}.")
        found[name] = _merged(option, changed or {})
    return found


def _merged(option: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """Return an option with some of its keys changed; of a figure, its value or any other part."""
    merged = dict(option)
    for key, value in changed.items():
        figure = merged.get(key)
        merged[key] = {**figure, **value} if isinstance(figure, Mapping) and isinstance(value, Mapping) else value
    return merged


def _fits(key: str, value: Any) -> bool:
    if key in NUMBERS:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if key == "conditions":
        return isinstance(value, (list, Mapping))
    return isinstance(value, str)


def _read(file: Path) -> dict[str, Any]:
    try:
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(
            f"the scenario_set '{file}' cannot be read: {' '.join(str(error).split())[:300]}. Mend the file."
        ) from error
    if not isinstance(given, dict) or not isinstance(given.get("members"), dict):
        raise InputError(f"'{file}' is no set of scenarios: it has no 'members'. docs/robust.md shows one.")
    return given
