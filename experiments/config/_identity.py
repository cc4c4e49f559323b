"""A configuration as plain data, and what of it identifies a study."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.stages import WALK_S, WALKING_SPEED
from experiments._rules import chosen
from experiments.config.controller import FIXED
from experiments.config.run import RunConfig
from experiments.config.study import SearchStudyConfig

__all__ = ["identity", "resolved"]

NOT_IDENTIFYING = ("workers", "ray", "run", "report", "backend", "out", "json", "tripinfo")
"""How something is computed and shown, and not what: a study goes on when these change."""


def identity(config: RunConfig | SearchStudyConfig) -> dict[str, Any]:
    """Return the settings that identify a study. Its input files count by their bytes, so paths are left out."""
    settings = resolved(config)
    for key in NOT_IDENTIFYING:
        settings.pop(key, None)
    if "search" in settings:
        # A larger budget extends a study.
        settings["search"].pop("budget")
        for choice in ("order", "skip", "half_cycle"):
            # Studies from before these choices go on.
            if not settings["plans"][choice]:
                settings["plans"].pop(choice)
    _anonymous(settings["scenario"])
    _identify_control(settings, config)
    if isinstance(config, SearchStudyConfig):
        # Rules count by their values, wherever they come from; the project's own floors always hold and add nothing.
        rules = chosen(config.rules, config.scenario.name)
        settings["rules"] = {name: limit.value for name, limit in rules.limits() if limit.value is not None}
        if settings["rules"] in ({}, {"walk_s": WALK_S, "walking_m_s": WALKING_SPEED}):
            settings.pop("rules")
        settings.pop("scenario_set")
        over, tail = settings["objective"].pop("over"), settings["objective"].pop("tail")
        if config.scenario_set.members:
            settings["members"] = [
                [name, weight, _anonymous(resolved(member.scenario))]
                for (name, member), weight in zip(config.members().items(), config.weights(), strict=True)
            ]
            settings["over"] = [over, *([tail] if over == "cvar" else [])]
    return settings


def _identify_control(settings: dict[str, Any], config: RunConfig | SearchStudyConfig) -> None:
    """Leave of the controller, its senses and rules what decides what happens; nothing where the plan is fixed."""
    if isinstance(config, RunConfig):
        settings.pop("rules")
    settings.pop("controller")
    settings.pop("sensing")
    if config.controller.kind != FIXED:
        control = config.controller.control(config.sensing)
        held = dataclasses.replace(control, rules=chosen(config.rules, config.scenario.name))
        settings["control"] = held.identity()
        if config.controller.among:
            settings["among"] = list(config.controller.among)


def _anonymous(scenario: dict[str, Any]) -> dict[str, Any]:
    """Return a scenario's settings without what its files' bytes say, and without what older studies do not know."""
    for key in ("sumocfg", "file", "folder", "files", "summary"):
        scenario.pop(key)
    conditions = scenario.pop("conditions")
    if conditions:
        from scenarios.conditions import digest, parse  # noqa: PLC0415  most studies do without

        # They count by what they change, as rules do; without any, studies from before there were conditions go on.
        scenario["conditions"] = digest(parse(conditions))
    return scenario


def resolved(config: object) -> dict[str, Any]:
    """Return a configuration as plain data: dicts, lists, strings and numbers."""
    plain: dict[str, Any] = _plain(config)
    return plain


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
