"""Suites of cases that are replayed: the keys under ``suite``, and those of a case."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conf import options
from engine.errors import InputError, nearest
from engine.plan import BASELINE
from experiments.config._checks import MEASURES, at_least, one_of, seeds_once

__all__ = ["CaseConfig", "SuiteConfig"]


@dataclass(frozen=True)
class CaseConfig:
    """One case of a suite; paths are relative to the suite's file.

    Attributes:
        conditions: what holds besides, as the overrides that ask for it; in a suite, a mapping of keys by condition.
    """

    scenario: str = ""
    sumocfg: str | None = None
    file: str | None = None
    begin_s: float | None = None
    end_s: float | None = None
    warmup_s: float | None = None
    conditions: tuple[str, ...] = ()
    plan: str = BASELINE
    seeds: tuple[int, ...] = ()
    measures: str = "traffic"

    def __post_init__(self) -> None:
        one_of("scenario", self.scenario, options("scenario"))
        one_of("measures", self.measures, MEASURES)
        seeds_once("seeds", self.seeds)
        at_least("the number of seeds", len(self.seeds), 2)


@dataclass(frozen=True)
class SuiteConfig:
    """What is replayed; one option of the group ``suite``."""

    name: str = ""
    summary: str = ""
    cases: dict[str, Any] = field(default_factory=dict)

    def parsed(self) -> dict[str, CaseConfig]:
        """Return the cases by name.

        Raises:
            InputError: there are none, or one has a key or a value that cannot be used; it is named.
        """
        if not self.cases:
            raise InputError(f"suite '{self.name}' has no cases. Give at least one under 'cases:'.")
        return {str(name): self._case(str(name), given) for name, given in self.cases.items()}

    def _case(self, name: str, given: Any) -> CaseConfig:
        where = f"suite '{self.name}', case '{name}'"
        if not isinstance(given, Mapping):
            raise InputError(
                f"{where} is no mapping. Give its scenario and seeds, as in {{scenario: junction, seeds: [1, 2]}}."
            )
        known = [of.name for of in dataclasses.fields(CaseConfig)]
        for key, value in given.items():
            if key not in known:
                raise InputError(
                    f"{where}: there is no key '{key}'.{nearest(str(key), known)} It takes {', '.join(known)}."
                )
            if not _fits(key, value):
                raise InputError(f"{where}: {key}={value!r} cannot be used. docs/replay.md shows what a case takes.")
        try:
            lists = {"seeds": tuple(given.get("seeds", ())), "conditions": _overrides(given.get("conditions", {}))}
            return CaseConfig(**{**given, **lists})
        except InputError as error:
            raise InputError(f"{where}: {error}") from error


def _overrides(conditions: Mapping[str, Any]) -> tuple[str, ...]:
    """Return conditions and their keys as a command line asks for them."""
    found = [f"conditions=[{','.join(conditions)}]"] if conditions else []
    for name, keys in conditions.items():
        for key, value in (keys or {}).items():
            text = f"[{','.join(map(str, value))}]" if isinstance(value, list) else value
            found.append(f"conditions.{name}.{key}={text}")
    return tuple(found)


def _fits(key: str, value: Any) -> bool:
    if key == "conditions":
        return isinstance(value, Mapping) and all(keys is None or isinstance(keys, Mapping) for keys in value.values())
    if key == "seeds":
        return isinstance(value, list) and all(isinstance(seed, int) and not isinstance(seed, bool) for seed in value)
    if key.endswith("_s"):
        return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
    return isinstance(value, str) or (value is None and key in ("sumocfg", "file"))
