"""From what a configuration says of conditions to a scenario that they hold in."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import InputError, nearest
from engine.scenario import Scenario
from engine.sumo.street import Street
from scenarios.conditions.condition import Condition, Figure
from scenarios.conditions.kinds import KINDS

__all__ = ["Request", "compose", "digest", "parse"]

Request = Mapping[str, Mapping[str, Any]]
"""Conditions by their names, each a mapping of keys as in ``conf/conditions/NAME.yaml``."""
TRUE, FALSE = ("true", "yes", "on"), ("false", "no", "off")


def parse(request: Request) -> tuple[Condition, ...]:
    """Return conditions in the order in which they are applied, whatever order they were named in.

    Raises:
        InputError: a kind, key or value that cannot be used.
    """
    found = [_condition(name, dict(given)) for name, given in request.items()]
    kinds = list(KINDS.values())
    return tuple(sorted(found, key=lambda of: (of.STAGE, kinds.index(type(of)), of.name)))


def digest(conditions: tuple[Condition, ...]) -> str:
    """Return a SHA-256 of all that conditions change, wherever their figures come from."""
    what = [[type(of).__name__, of.name, of.effective()] for of in conditions]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def compose(scenario: Scenario, conditions: tuple[Condition, ...], folder: Path) -> Scenario:
    """Return the scenario under all of these conditions; what has to be written goes into `folder`.

    Raises:
        InputError: a condition names a place that is not there, or one where it cannot be; nothing is written then.
    """
    street = Street(scenario)
    said = [f"{sentence[0].upper()}{sentence[1:]}." for sentence in (of.apply(street) for of in conditions)]
    made = street.write(folder)
    return dataclasses.replace(
        made,
        inputs=(*scenario.inputs, ("conditions", digest(conditions))),
        notes=(*scenario.notes, *said),
    )


def _condition(name: str, given: dict[str, Any]) -> Condition:
    kind = given.pop("kind", None)
    if kind not in KINDS:
        raise InputError(
            f"conditions.{name}: there is no kind '{kind}'.{nearest(str(kind), KINDS)} Choose one of: {', '.join(KINDS)}."
        )
    hints = typing.get_type_hints(KINDS[kind])
    fields = {field.name: hints[field.name] for field in dataclasses.fields(KINDS[kind])}
    for key in given:
        if key not in fields:
            known = [field for field in fields if field not in ("name", "summary")]
            raise InputError(
                f"conditions.{name} has no key '{key}'.{nearest(key, known)} It takes {', '.join(known) or 'no keys'}."
            )
    values = {key: _value(f"conditions.{name}.{key}", value, fields[key]) for key, value in given.items()}
    return KINDS[kind](**{"name": name, **values})


def _value(key: str, value: Any, hint: Any) -> Any:
    """Return a value from a file or the command line, where all is text, as its field has it.

    Raises:
        InputError: it is none.
    """
    inner = [arg for arg in typing.get_args(hint) if arg is not types.NoneType]
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return None if value is None else _value(key, value, inner[0])
    if hint is Figure:
        return _figure(key, value)
    if typing.get_origin(hint) is tuple:
        several = value if isinstance(value, (list, tuple)) else [] if value is None else [value]
        return tuple(_value(key, one, inner[0]) for one in several)
    try:
        if hint is str and not isinstance(value, (Mapping, list)) and value is not None:
            return str(value)
        if hint is bool and str(value).lower() in (*TRUE, *FALSE):
            return str(value).lower() in TRUE
        if hint in (int, float) and not isinstance(value, bool):
            return hint(value)
    except (TypeError, ValueError):
        pass
    what = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}[hint]
    raise InputError(f"{key}={value} cannot be used. Give {what}.")


def _figure(key: str, value: Any) -> Figure:
    if not isinstance(value, Mapping):
        return Figure(float(_value(key, value, float)), source="given by the user")
    known = {field.name: hint for field, hint in zip(dataclasses.fields(Figure), (float, str, str, bool), strict=True)}
    for one in value:
        if one not in known:
            raise InputError(f"{key} has no key '{one}'.{nearest(one, known)} It takes {', '.join(known)}.")
    return Figure(**{one: _value(f"{key}.{one}", of, known[one]) for one, of in value.items()})
