"""Turns a command's overrides into its frozen configuration. Hydra stops here."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

from conf import options
from engine.audit import Rules
from engine.errors import InputError, nearest
from experiments import config as schema

__all__ = ["compose", "config_keys", "hand_over", "path_keys", "quoted", "register"]

CONFIGS: dict[str, type] = {
    "run": schema.RunConfig,
    "sweep": schema.SweepConfig,
    "optimize": schema.OptimizeConfig,
    "audit": schema.AuditConfig,
    "report": schema.ReportCommandConfig,
    "measures": schema.MeasuresConfig,
    "hcm": schema.HcmConfig,
    "import": schema.ImportConfig,
    "export": schema.ExportConfig,
    "schedule": schema.ScheduleConfig,
    "bench": schema.BenchConfig,
    "tournament": schema.TournamentConfig,
}
"""The configuration of each command that has one; its YAML is ``conf/<command>.yaml``."""

GROUPS: dict[str, type] = {
    "scenario": schema.ScenarioConfig,
    "plans": schema.PlansConfig,
    "search": schema.SearchConfig,
    "objective": schema.ObjectiveConfig,
    "rules": Rules,
    "report": schema.ReportConfig,
}
"""The schema of each group of options; its options are ``conf/<group>/<name>.yaml``."""


def _fields(kind: type) -> Iterator[tuple[dataclasses.Field[Any], Any]]:
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        yield field, hints[field.name]


def config_keys(kind: type, prefix: str = "") -> Iterator[tuple[str, bool]]:
    """Yield (dotted key, whether it holds a path) of every key of a configuration."""
    for field, hint in _fields(kind):
        key = prefix + field.name
        if dataclasses.is_dataclass(hint):
            yield from config_keys(typing.cast("type", hint), f"{key}.")
        yield key, bool(field.metadata.get("path"))


def path_keys(command: str) -> frozenset[str]:
    """Return the keys of a command whose values are taken as they are."""
    return frozenset(key for key, is_path in config_keys(CONFIGS[command]) if is_path)


def mapping_keys(command: str) -> frozenset[str]:
    """Return the keys of a command whose values are mappings of the user's choice."""

    def found(kind: type, prefix: str = "") -> Iterator[str]:
        for field, hint in _fields(kind):
            if dataclasses.is_dataclass(hint):
                yield from found(typing.cast("type", hint), f"{prefix}{field.name}.")
            elif typing.get_origin(hint) is dict:
                yield prefix + field.name

    return frozenset(found(CONFIGS[command]))


def _for_hydra(hint: Any) -> Any:
    """Return the type by which OmegaConf checks a field."""
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        inner = next(arg for arg in typing.get_args(hint) if arg is not types.NoneType)
        return Optional[_for_hydra(inner)]  # noqa: UP045  OmegaConf reads this form
    if origin is tuple:
        return list[typing.get_args(hint)[0]]  # type: ignore[misc]
    if hint is Path:
        return str
    return _schema(typing.cast("type", hint)) if dataclasses.is_dataclass(hint) else hint


def _default(field: dataclasses.Field[Any], hint: Any) -> Any:
    """Return the default of a field of a schema, fresh for each instance."""
    if isinstance(field.default, tuple):
        return dataclasses.field(default_factory=functools.partial(list, field.default))
    if field.default is not dataclasses.MISSING:
        return field.default
    if dataclasses.is_dataclass(hint):
        return dataclasses.field(default_factory=_schema(typing.cast("type", hint)))
    return dataclasses.field(default_factory=typing.cast("Any", field.default_factory))


@functools.cache
def _schema(kind: Any) -> Any:
    """Return a dataclass that may be written, field by field like a frozen one: what Hydra fills in."""
    fields = [(field.name, _for_hydra(hint), _default(field, hint)) for field, hint in _fields(kind)]
    return dataclasses.make_dataclass(kind.__name__, fields)


def register(command: str) -> None:
    """Make a command's schemas known to Hydra under the names that the YAML files give first in their defaults."""
    from hydra.core.config_store import ConfigStore  # noqa: PLC0415  Hydra waits until a command needs it

    store = ConfigStore.instance()
    for group, kind in GROUPS.items():
        store.store(group=group, name="schema", node=_schema(kind), package=group)
    store.store(name=f"{command}_schema", node=_schema(CONFIGS[command]))


def quoted(command: str, override: str) -> str:
    """Return an override in Hydra's grammar: paths are quoted, whatever is in them, and mappings take new keys."""
    key, equals, value = override.partition("=")
    if key in mapping_keys(command):
        return f"++{override}"  # Hydra adds keys to a mapping only where it is told to
    if not equals or key.lstrip("+") not in path_keys(command) or value in ("null", "", "???"):
        return override
    # Interpolations are OmegaConf's and quotes are Hydra's; each wants its own backslashes doubled.
    value = _escaped(value, "${")
    value = _escaped(value, "'")
    trailing = len(value) - len(value.rstrip("\\"))
    return f"{key}='{value}{chr(92) * trailing}'"


def _escaped(text: str, mark: str) -> str:
    parts = text.split(mark)
    for i, part in enumerate(parts[:-1]):
        before = len(part) - len(part.rstrip("\\"))
        parts[i] = part + "\\" * before + "\\"
    return mark.join(parts)


def _checked(command: str, overrides: Sequence[str]) -> None:
    """Refuse unknown keys and options before Hydra does: with the nearest known name.

    Raises:
        InputError: a key or an option of a group is not known.
    """
    keys = [key for key, _ in config_keys(CONFIGS[command])]
    for override in overrides:
        key, equals, value = override.partition("=")
        key = key.partition("@")[0]
        if not equals or key.startswith(("+", "~")):
            if not override.startswith(("~", "+")):
                raise InputError(f"'{override}' is neither a path that exists nor key=value.")
            continue
        if key not in keys and not key.startswith("scenario.files."):
            raise InputError(
                f"{command} has no key '{key}'.{nearest(key, keys)} 'greensplit {command} --help' lists the keys."
            )
        if key in GROUPS and options(key) and dataclasses.is_dataclass(dict(_hints(command)).get(key)):
            known = options(key)
            if value not in known:
                more = (
                    " 'greensplit scenarios' lists them."
                    if key == "scenario"
                    else f" Choose one of: {', '.join(known)}."
                )
                raise InputError(f"{key}={value} is not known.{nearest(value, known)}{more}")


def _hints(command: str) -> Iterator[tuple[str, Any]]:
    for field, hint in _fields(CONFIGS[command]):
        yield field.name, hint


def compose(command: str, overrides: Sequence[str]) -> Any:
    """Return the frozen configuration of a command.

    Raises:
        InputError: an unknown key or option, a value of the wrong type, or a value that cannot be used.
    """
    _checked(command, overrides)
    import hydra  # noqa: PLC0415  takes a third of a second
    from hydra.errors import HydraException  # noqa: PLC0415
    from omegaconf import OmegaConf  # noqa: PLC0415
    from omegaconf.errors import OmegaConfBaseException  # noqa: PLC0415

    register(command)
    try:
        with hydra.initialize_config_module("conf", version_base="1.3", job_name="greensplit"):
            composed = hydra.compose(command, [quoted(command, override) for override in overrides])
        values = OmegaConf.to_container(composed, resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise InputError(_reason(error, overrides)) from error
    return _frozen(CONFIGS[command], values)


def _reason(error: Exception, overrides: Sequence[str]) -> str:
    cause = error.__cause__ or error
    line = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    key = next((text.partition(":")[2].strip() for text in str(cause).splitlines() if "full_key:" in text), "")
    given = next((override for override in overrides if key and override.startswith(f"{key}=")), "")
    where = given or next((override for override in overrides if override in str(error)), "") or key
    return f"{where}: {line} Check the value." if where else f"{line} Check the overrides."


def _frozen(kind: Any, values: Any) -> Any:
    """Return plain values as a frozen dataclass, its tuples and paths included."""
    made: dict[str, Any] = {}
    for field, hint in _fields(kind):
        value = values[field.name]
        inner = [arg for arg in typing.get_args(hint) if arg is not types.NoneType]
        plain = inner[0] if typing.get_origin(hint) in (types.UnionType, typing.Union) else hint
        if value is None:
            made[field.name] = None
        elif dataclasses.is_dataclass(plain):
            made[field.name] = _frozen(plain, value)
        elif plain is Path:
            made[field.name] = Path(value).expanduser() if value.startswith("~/") else Path(value)
        else:
            made[field.name] = tuple(value) if typing.get_origin(plain) is tuple else value
    return kind(**made)


def hand_over(command: str, arguments: Sequence[str]) -> None:
    """Let Hydra's own program answer flags such as ``--cfg job``; it makes no folders for those."""
    import sys  # noqa: PLC0415  only here

    import hydra  # noqa: PLC0415

    register(command)
    sys.argv = [f"greensplit {command}", *(a if a.startswith("-") else quoted(command, a) for a in arguments)]

    @hydra.main(version_base="1.3", config_path="pkg://conf", config_name=command)
    def show(_: Any) -> None:
        raise InputError(f"'{' '.join(arguments)}' asks Hydra for nothing that it can answer. Try --cfg job.")

    show()
