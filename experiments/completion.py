"""`greensplit completion`: tab completion of commands, keys, options and files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import InputError, nearest
from experiments.bench.figures import FIGURES
from experiments.commands import COMMANDS

__all__ = ["complete", "main"]

SCRIPTS = {
    "bash": """_greensplit() {
    local IFS=$'\\n'
    COMPREPLY=($(greensplit completion query "${COMP_LINE:0:COMP_POINT}"))
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//=}
complete -o nospace -o default -F _greensplit greensplit""",
    "zsh": """_greensplit() {
    local -a found
    found=("${(@f)$(greensplit completion query "${words[1,CURRENT]}")}")
    compadd -S '' -U -a found
}
compdef _greensplit greensplit""",
    "fish": "complete --command greensplit --arguments '(greensplit completion query (commandline --cut-at-cursor))'",
}
FLAT_KEYS = {"scenarios": ("json=true",), "doctor": ("json=true",), "completion": tuple(SCRIPTS)}
LISTS = {("bench", "what"): ("all", *FIGURES)}
"""Keys whose value is names joined by commas."""


def main(arguments: Sequence[str]) -> int:
    """Print a shell's completion script, or answer one of its queries. Returns 0."""
    if len(arguments) == 2 and arguments[0] == "query":
        print("\n".join(complete(arguments[1])))
        return 0
    if len(arguments) != 1 or arguments[0] not in SCRIPTS:
        given = arguments[0] if arguments else ""
        raise InputError(f"completion needs a shell.{nearest(given, SCRIPTS)} Choose one of: {', '.join(SCRIPTS)}.")
    print(SCRIPTS[arguments[0]])
    return 0


def complete(line: str) -> list[str]:
    """Return what may stand in place of the last word of a command line that begins with ``greensplit``."""
    words = line.split()
    last = "" if line.endswith(" ") else words[-1]
    place = len(words) - (0 if line.endswith(" ") else 1)
    if place <= 1:
        return sorted(name for name in (*COMMANDS, "--help", "--version") if name.startswith(last))
    command = words[1]
    if command in FLAT_KEYS:
        return [word for word in FLAT_KEYS[command] if word.startswith(last)]
    if command not in COMMANDS:
        return []
    key, equals, value = last.partition("=")
    if equals and (command, key) in LISTS:
        given, comma, start = value.rpartition(",")
        return [f"{key}={given}{comma}{name}" for name in LISTS[command, key] if name.startswith(start)]
    from experiments._compose import path_keys  # noqa: PLC0415  Hydra takes a third of a second

    if equals and key in path_keys(command):
        return [f"{key}={path}" for path in _files(value)]
    if COMMANDS[command].path_key and not equals:
        return _files(last)
    return _from_hydra(command, " ".join(words[2:]) + ("" if last else " "))


def _files(prefix: str) -> list[str]:
    path = Path(prefix)
    folder, start = (path, "") if prefix.endswith("/") or not prefix else (path.parent, path.name)
    try:
        found = sorted(entry for entry in folder.iterdir() if entry.name.startswith(start))
    except OSError:
        return []
    return [f"{entry}/" if entry.is_dir() else str(entry) for entry in found]


def _from_hydra(command: str, line: str) -> list[str]:
    """Return Hydra's own suggestions: it knows groups, their options, keys and present values."""
    import hydra  # noqa: PLC0415
    from hydra._internal.core_plugins.bash_completion import BashCompletion  # noqa: PLC0415
    from hydra.core.global_hydra import GlobalHydra  # noqa: PLC0415

    from experiments._compose import register  # noqa: PLC0415

    register(command)
    with hydra.initialize_config_module("conf", version_base="1.3", job_name="greensplit"):
        loader = GlobalHydra.instance().config_loader()
        found: list[str] = BashCompletion(loader)._query(command, line)
    return [word for word in found if not word.startswith("hydra") and not word.endswith("=schema")]
