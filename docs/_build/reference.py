"""Reference pages as Markdown, from the program itself: its commands and the schemas of their configuration."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import io
import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from conf import FOLDER, options
from engine.search import SEARCHES
from experiments._compose import CONFIGS, GROUPS
from experiments.cli import main
from experiments.commands import COMMANDS, Command
from scenarios.conditions import KINDS

__all__ = ["commands_page", "configuration_page"]

FLAG = re.compile(r"^--(\w+)")
KEY = re.compile(r"(?<![\w.])(\.?[a-z][\w.]*)=")

COMMANDS_HEAD = """# Commands

`greensplit COMMAND [PATH ...] [key=value ...]`. This page is made from the program: `greensplit COMMAND --help` prints the
same. [Configuration](configuration.md) has every key with its default.

| exit code | means |
| --- | --- |
| 0 | done |
| 1 | a finding: a broken rule of `audit`, something missing in `doctor`, a measure that moved |
| 2 | input that cannot be used: one line says what, where and what to do; nothing is half-written |
| 130 | stopped by Ctrl-C |

| command | does |
| --- | --- |
"""

CONFIGURATION_HEAD = """# Configuration

Every key is given as `key=value` behind the command, and `greensplit COMMAND --cfg job` prints what came of it. Paths are
taken as they are: spaces, commas, brackets and Chinese need no quotes of Hydra's. Lists are written `[1,2,3]`, mappings
`{delay_s:1,stops_per_veh:5}`; your shell may want quotes around both. This page is made from the program.

A **group** is a set of keys with ready-made options: `search=race` takes the option, `search.budget=200` changes a key
of it. Options are the files of `conf/`.
"""


def commands_page() -> str:
    """Return the page of all commands: purpose, usage, keys, examples."""
    rows = [f"| [`{name}`](#{name}) | {_cell(command.purpose)} |" for name, command in COMMANDS.items()]
    return COMMANDS_HEAD + "\n".join([*rows, *(_command(name, command) for name, command in COMMANDS.items()), ""])


def _command(name: str, command: Command) -> str:
    purpose = command.purpose[0].upper() + command.purpose[1:]
    lines = ["", f"## {name}", "", f"{purpose}.", "", "```text", _usage(name), "```"]
    if command.keys:
        lines += ["", "| key | meaning |", "| --- | --- |"]
        lines += [f"| {_code(key)} | {_cell(meaning)} |" for key, meaning in command.keys]
    if command.resumes:
        lines += ["", "Stopped in any way, the same command goes on where it was."]
    if name in CONFIGS:
        lines += ["", f"[All keys and defaults](configuration.md#greensplit-{name})"]
    if command.examples:
        lines += ["", "```sh", *command.examples, "```"]
    return "\n".join(lines)


def _usage(name: str) -> str:
    """Return how a command is called, as its help says."""
    with contextlib.redirect_stdout(io.StringIO()) as told:
        main([name, "--help"])
    return next(line for line in told.getvalue().splitlines() if line.startswith("usage: ")).removeprefix("usage: ")


def configuration_page() -> str:
    """Return the page of all keys: the groups with their options, then each command's own keys."""
    parts = [CONFIGURATION_HEAD, *(_group(name, kind) for name, kind in GROUPS.items()), _conditions()]
    shared = _shared_sections()
    parts += [
        f"## {name}\n\n{_summary(kind)}\n\n{_table(kind, f'{name}.', _meanings())}\n" for name, kind in shared.items()
    ]
    parts += [_own(name, kind) for name, kind in CONFIGS.items()]
    return "\n".join(parts)


def _group(name: str, kind: type) -> str:
    lines = [f"## {name}", "", _summary(kind), "", _table(kind, f"{name}.", _meanings()), ""]
    lines += ["| option | is |", "| --- | --- |"]
    for option in options(name):
        text = (FOLDER / name / f"{option}.yaml").read_text(encoding="utf-8")
        values = yaml.safe_load(text)
        told = _summary(SEARCHES[option]) if name == "search" else ""
        words = values.get("summary") or values.get("title") or _comment(text) or told or _changes(values)
        lines.append(f"| `{name}={option}` | {_cell(words)} |")
    return "\n".join([*lines, ""])


def _conditions() -> str:
    """Return the section of conditions: any number of options at once, each with the keys of its kind."""
    lines = ["## conditions", "", "What holds besides a scenario's normal day; any number of them at once, as in"]
    lines[-1] += " `conditions=[rain,lane_closed]` ([Conditions](../conditions.md))."
    lines += ["", "| option | is |", "| --- | --- |"]
    kinds: dict[str, list[str]] = {}
    for option in options("conditions"):
        values = yaml.safe_load((FOLDER / "conditions" / f"{option}.yaml").read_text(encoding="utf-8"))
        lines.append(f"| `conditions=[{option}]` | {_cell(values['summary'])} |")
        kinds.setdefault(values["kind"], []).append(option)
    for kind, names in kinds.items():
        prefix = f"conditions.{names[0] if len(names) == 1 else 'NAME'}."
        lines += ["", f"Keys of {', '.join(f'`{name}`' for name in names)}. {_summary(KINDS[kind])}", ""]
        table = _table(KINDS[kind], prefix, {}).splitlines()
        lines += [row for row in table if not row.startswith((f"| `{prefix}name`", f"| `{prefix}summary`"))]
    return "\n".join([*lines, ""])


def _own(name: str, kind: type) -> str:
    """Return a command's section: its options of groups, what it sets otherwise, its own keys."""
    values = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    chosen = [
        f"[`{key}={value}`](#{key})"
        for entry in values["defaults"]
        if isinstance(entry, dict)
        for key, value in entry.items()
    ]
    sections = [
        f"[`{key}`](#{key})"
        for key, hint in _fields(kind)
        if dataclasses.is_dataclass(hint) and key in _shared_sections()
    ]
    otherwise = _changes(values)
    lines = [f"## greensplit {name}", "", f"[What it does](commands.md#{name}).", ""]
    if chosen or sections:
        lines += [f"Groups: {', '.join([*chosen, *sections])}.", ""]
    if otherwise:
        lines += [f"Set otherwise than in its group: {otherwise}.", ""]
    return "\n".join([*lines, _table(kind, "", _meanings(name)), ""])


def _shared_sections() -> dict[str, type]:
    """Return the parts of commands' configurations that have keys but no options, by name."""
    found: dict[str, type] = {}
    for kind in CONFIGS.values():
        found |= {key: hint for key, hint in _fields(kind) if dataclasses.is_dataclass(hint) and key not in GROUPS}
    return dict(sorted(found.items()))


def _table(kind: type, prefix: str, meanings: dict[str, str]) -> str:
    """Return the keys of a schema, those aside that are schemas of limits: key, type, default, meaning."""
    told = _attributes(kind)
    lines = ["| key | takes | default | meaning |", "| --- | --- | --- | --- |"]
    for field in dataclasses.fields(kind):
        hint = typing.get_type_hints(kind)[field.name]
        if dataclasses.is_dataclass(hint) and not prefix:
            continue  # a group, which has its own section
        meaning = told.get(field.name) or meanings.get(prefix + field.name, "")
        takes = "a number with its source: `.value=`" if dataclasses.is_dataclass(hint) else _takes(hint)
        lines.append(f"| `{prefix}{field.name}` | {takes} | {_default(field)} | {_cell(meaning)} |")
    return "\n".join(lines)


def _fields(kind: type) -> Iterator[tuple[str, Any]]:
    hints = typing.get_type_hints(kind)
    return ((field.name, hints[field.name]) for field in dataclasses.fields(kind))


def _meanings(command: str = "") -> dict[str, str]:
    """Return what the commands' help says of keys, by key; of one command, or of the first that mentions a key."""
    found: dict[str, str] = {}
    for one in [COMMANDS[command]] if command else COMMANDS.values():
        for shown, meaning in one.keys:
            group = ""
            for key in KEY.findall(shown) + FLAG.findall(shown):
                group = key.rpartition(".")[0] or group if not key.startswith(".") else group
                found.setdefault(f"{group}{key}" if key.startswith(".") else key, meaning)
    if command and COMMANDS[command].path_key:
        path_key = COMMANDS[command].path_key
        found.setdefault(
            path_key, dict(COMMANDS[command].keys).get(path_key.upper(), "what the argument of the command fills")
        )
    return found


def _attributes(kind: type) -> dict[str, str]:
    """Return what a class's docstring says of its attributes, by name."""
    entries = []
    for one in reversed(kind.__mro__):  # those of the classes that it extends first
        section = (inspect.getdoc(one) or "").partition("Attributes:\n")[2]
        entries += re.findall(r"^    (\w[\w, ]*): (.*(?:\n {8,}.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for names, text in entries for name in names.split(", ")}


def _summary(kind: type) -> str:
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def _takes(hint: Any) -> str:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        hint = next(arg for arg in typing.get_args(hint) if arg is not types.NoneType)
    if typing.get_origin(hint) is tuple:
        return f"list of {_takes(typing.get_args(hint)[0])}s"
    if typing.get_origin(hint) is dict:
        inner = typing.get_args(hint)[1]
        return "mapping" if inner is Any else f"mapping to {_takes(inner)}s"
    names: dict[Any, str] = {
        Path: "path",
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
        Any: "number or text",
    }
    return names.get(hint, getattr(hint, "__name__", str(hint)))


def _default(field: dataclasses.Field[Any]) -> str:
    value = field.default
    if value is dataclasses.MISSING and field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    if value is dataclasses.MISSING or value is None or dataclasses.is_dataclass(value) or value in ("", (), {}):
        return ""
    return f"`{_value(value)}`"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        row = len(value) > 3 and isinstance(value[0], int) and list(value) == list(range(value[0], value[-1] + 1))
        return f"[{value[0]},...,{value[-1]}]" if row else f"[{','.join(map(_value, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_value(one)}" for key, one in value.items()) + "}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _changes(values: dict[str, Any], prefix: str = "") -> str:
    """Return the keys that a YAML file sets, as they would be typed."""
    typed = []
    for key, value in values.items():
        if key in ("defaults", "name"):
            continue
        nested = isinstance(value, dict) and not prefix and key in GROUPS
        typed.append(_changes(value, f"{key}.") if nested else f"`{prefix}{key}={_value(value)}`")
    return ", ".join(typed)


def _comment(text: str) -> str:
    """Return the comment that a YAML file begins with."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    return " ".join(lines)


def _code(key: str) -> str:
    return f"`{key.replace('|', chr(92) + '|')}`"


def _cell(text: str) -> str:
    """Return text that cannot end a table's cell, nor be read as HTML."""
    return text.replace("|", "\\|").replace("<", "&lt;")
