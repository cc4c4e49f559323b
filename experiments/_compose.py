"""Turns a command's overrides into its frozen configuration. Hydra stops here."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import types
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

from conf import options
from engine.audit import Rules
from engine.control.spec import Sensing
from engine.errors import InputError, nearest
from experiments import config as schema
from scenarios.folder import CONFIGURATION, read_entry

__all__ = ["compose", "config_keys", "hand_over", "own_sets", "path_keys", "quoted", "register"]

CONFIGS: dict[str, type] = {
    "run": schema.RunConfig,
    "sweep": schema.SweepConfig,
    "optimize": schema.OptimizeConfig,
    "emergency": schema.EmergencyConfig,
    "audit": schema.AuditConfig,
    "replay": schema.ReplayConfig,
    "report": schema.ReportCommandConfig,
    "compare": schema.CompareConfig,
    "bulletin": schema.BulletinConfig,
    "measures": schema.MeasuresConfig,
    "hcm": schema.HcmConfig,
    "import": schema.ImportConfig,
    "check": schema.CheckConfig,
    "demand": schema.DemandConfig,
    "calibrate": schema.CalibrateConfig,
    "export": schema.ExportConfig,
    "schedule": schema.ScheduleConfig,
    "bench": schema.BenchConfig,
    "serve": schema.ServeConfig,
    "tournament": schema.TournamentConfig,
}
"""The configuration of each command that has one; its YAML is ``conf/<command>.yaml``."""

GROUPS: dict[str, type] = {
    "scenario": schema.ScenarioConfig,
    "scenario_set": schema.ScenarioSetConfig,
    "plans": schema.PlansConfig,
    "search": schema.SearchConfig,
    "objective": schema.ObjectiveConfig,
    "rules": Rules,
    "controller": schema.ControllerConfig,
    "sensing": Sensing,
    "report": schema.ReportConfig,
    "suite": schema.SuiteConfig,
}
"""The schema of each group of options; its options are ``conf/<group>/<name>.yaml``."""

PARAMETERS = "controller.parameters."
ADAPTIVE_RULES = "benchmark"
"""What a controller keeps where no rules are named: published results of controllers keep it too."""
ADAPTIVE_SEARCH = "tpe"
"""What tunes a controller where no search is named: the race knows fixed plans only."""

CONDITION = "conditions."
"""How keys of a condition begin; conditions are part of the scenario, and hold any number of options at once."""


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


def list_keys(command: str) -> frozenset[str]:
    """Return the keys of a command that hold several paths; the command line gives them as a JSON list."""
    fields = dataclasses.fields(CONFIGS[command])
    return frozenset(field.name for field in fields if field.metadata.get("paths"))


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
    if key.startswith(CONDITION):
        return f"++scenario.{key}={_condition_value(value)}"
    if key.startswith(PARAMETERS):
        return f"++{override}"
    if key in mapping_keys(command):
        return f"++{override}"  # Hydra adds keys to a mapping only where it is told to
    if key in list_keys(command):
        with contextlib.suppress(ValueError, TypeError):  # typed in Hydra's own grammar, it is left as it is
            return f"{key}=[{','.join(_literal(str(path)) for path in json.loads(value))}]"
    if not equals or key.lstrip("+") not in path_keys(command) or value in ("null", "", "???"):
        return override
    return f"{key}={_literal(value)}"


def _condition_value(value: str) -> str:
    """Return the value of a condition's key as quoted text, or a list of it: ids of roads are anything but Hydra's grammar."""
    if value in ("null", ""):
        return "null"
    if value.startswith("[") and value.endswith("]"):
        parts = (part.strip() for part in value[1:-1].split(","))
        return f"[{','.join(_literal(part) for part in parts if part)}]"
    return _literal(value)


def own_sets(overrides: Sequence[str]) -> list[str]:
    """Return the overrides with ``scenario_set=PATH`` written as the option for files and its key."""
    found = []
    for override in overrides:
        key, _, value = override.partition("=")
        is_file = key == "scenario_set" and value not in options(key) and Path(value).suffix in (".yaml", ".yml")
        found += ["scenario_set=file", f"scenario_set.file={value}"] if is_file else [override]
    return found


def of_controller(command: str, overrides: Sequence[str]) -> list[str]:
    """Return the overrides with a controller's own parameters by their full names, and its rules where none are named."""
    if not any(key == "controller.kind" for key, _ in config_keys(CONFIGS[command])):
        return list(overrides)
    known = {"class", *(field.name for field in dataclasses.fields(schema.ControllerConfig))}
    found = []
    for override in overrides:
        key, equals, value = override.partition("=")
        group, dot, name = key.partition(".")
        own = group == "controller" and dot and equals and name.partition(".")[0] not in known
        if key == "controller.class":
            found.append(f"controller.class_name={value}")
        else:
            found.append(f"{PARAMETERS}{name}={value}" if own else override)
    answers = any(of.startswith("controller=") and of != "controller=fixed" for of in found)
    if answers and not any(of.startswith("rules=") for of in found):
        found.append(f"rules={ADAPTIVE_RULES}")
    if answers and command == "optimize" and not any(of.startswith("search=") for of in found):
        found.append(f"search={ADAPTIVE_SEARCH}")
    return found


def _literal(value: str) -> str:
    """Return text in Hydra's quotes."""
    # Interpolations are OmegaConf's and quotes are Hydra's; each wants its own backslashes doubled.
    value = _escaped(value, "${")
    value = _escaped(value, "'")
    trailing = len(value) - len(value.rstrip("\\"))
    return f"'{value}{chr(92) * trailing}'"


def _escaped(text: str, mark: str) -> str:
    parts = text.split(mark)
    for i, part in enumerate(parts[:-1]):
        before = len(part) - len(part.rstrip("\\"))
        parts[i] = part + "\\" * before + "\\"
    return mark.join(parts)


def _of_folder(override: str) -> list[str]:
    """Return the overrides that ``scenario=DIR`` stands for: a scenario's folder is an entry of its own."""
    key, _, value = override.partition("=")
    if key != "scenario" or value in options("scenario"):
        return [override]
    path = Path(value).expanduser() if value.startswith("~/") else Path(value)
    if not path.is_dir() and path.name == value:
        return [override]  # a name, and perhaps a misspelt one
    if not path.is_dir():
        raise InputError(f"scenario={value}: there is no such folder. Check the path.")
    entry = read_entry(path)
    return [
        "scenario=sumo",
        f"scenario.sumocfg={path / CONFIGURATION}",
        f"scenario.name={_literal(entry.name)}",
        f"scenario.warmup_s={entry.warmup_s}",
    ]


def _checked(command: str, overrides: Sequence[str]) -> None:
    """Refuse unknown keys and options before Hydra does: with the nearest known name.

    Raises:
        InputError: a key or an option of a group is not known.
    """
    keys = [key for key, _ in config_keys(CONFIGS[command])]
    takes_conditions = "scenario.conditions" in keys
    keys += ["conditions"] if takes_conditions else []
    chosen = [name for override in overrides for name in _chosen(override)]
    for override in overrides:
        key, equals, value = override.partition("=")
        key = key.partition("@")[0]
        if not equals or key.startswith(("+", "~")):
            if not override.startswith(("~", "+")):
                raise InputError(f"'{override}' is neither a path that exists nor key=value.")
            continue
        if takes_conditions and (key == "conditions" or key.startswith(CONDITION)):
            _checked_condition(key, value, chosen)
            continue
        if key not in keys and not key.startswith(("scenario.files.", PARAMETERS)):
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


def _chosen(override: str) -> list[str]:
    """Return the conditions that an override chooses."""
    key, _, value = override.partition("=")
    return [name.strip() for name in value.strip("[]").split(",") if name.strip()] if key == "conditions" else []


def _checked_condition(key: str, value: str, chosen: Sequence[str]) -> None:
    """Refuse conditions that are not known, one that is named twice, and keys of one that is not chosen.

    Raises:
        InputError: the option or the key, and what to give instead.
    """
    known = options("conditions")
    if key == "conditions":
        for name in _chosen(f"{key}={value}"):
            if name not in known:
                raise InputError(
                    f"conditions={value}: '{name}' is not known.{nearest(name, known)} Choose among: {', '.join(known)}."
                )
            if chosen.count(name) > 1:
                raise InputError(f"conditions={value} names '{name}' twice. Name it once; its places are lists.")
        return
    name = key.split(".")[1]
    if name not in known:
        raise InputError(f"{key}: '{name}' is not known.{nearest(name, known)} Choose among: {', '.join(known)}.")
    if name not in chosen:
        raise InputError(f"{key} is given, and '{name}' does not hold. Say conditions=[{','.join([*chosen, name])}].")


def _hints(command: str) -> Iterator[tuple[str, Any]]:
    for field, hint in _fields(CONFIGS[command]):
        yield field.name, hint


def compose(command: str, overrides: Sequence[str]) -> Any:
    """Return the frozen configuration of a command.

    Raises:
        InputError: an unknown key or option, a value of the wrong type, or a value that cannot be used.
    """
    overrides = of_controller(command, own_sets([said for override in overrides for said in _of_folder(override)]))
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
    given = of_controller(command, own_sets([said for argument in arguments for said in _of_folder(argument)]))
    sys.argv = [f"greensplit {command}", *(a if a.startswith("-") else quoted(command, a) for a in given)]

    @hydra.main(version_base="1.3", config_path="pkg://conf", config_name=command)
    def show(_: Any) -> None:
        raise InputError(f"'{' '.join(arguments)}' asks Hydra for nothing that it can answer. Try --cfg job.")

    show()
