"""The command line: `greensplit COMMAND [PATH ...] [key=value ...]`."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import re
import sys
from collections.abc import Sequence

from engine.errors import InputError, nearest
from experiments.commands import COMMANDS, Command

__all__ = ["main"]


OVERRIDE = re.compile(r"^[+~]{0,2}[A-Za-z_][\w.@/-]*=")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 a finding, 2 input that cannot be used, 130 interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    atexit.register(gc.freeze)  # Python's end would search all that is loaded for garbage, for a fifth of a second
    try:
        return _dispatch(given)
    except InputError as error:
        print(f"greensplit: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        resumes = given[0] in COMMANDS and COMMANDS[given[0]].resumes
        again = "goes on where it stopped" if resumes else "begins anew"
        print(f"greensplit: stopped. The same command {again}.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has gone, as in `greensplit scenarios | head`.
        sys.stderr.close()
        return 0


def _dispatch(given: list[str]) -> int:
    if not given or given[0] in ("-h", "--help", "help"):
        print(_overview())
        return 0 if given else 2
    if given[0] == "--version":
        from importlib.metadata import version  # noqa: PLC0415  only here

        print(f"greensplit {version('greensplit')}")
        return 0
    name, rest = given[0], given[1:]
    if name not in COMMANDS:
        raise InputError(f"there is no command '{name}'.{nearest(name, COMMANDS)} 'greensplit --help' lists them.")
    command = COMMANDS[name]
    rest = [f"{of[2:]}=true" if of in {f"--{flag}" for flag in command.flags} else of for of in rest]
    if any(argument in ("-h", "--help") for argument in rest):
        print(_help(name, command))
        return 0
    if not command.configured:
        return int(importlib.import_module(command.module).main(rest))
    from experiments import _compose  # noqa: PLC0415  Hydra takes a third of a second

    if any(argument.startswith("-") for argument in rest):
        _compose.hand_over(name, rest)
        return 0
    overrides = _overrides(name, command, rest)
    with _early_workers(overrides) if command.workers else contextlib.nullcontext():
        config = _compose.compose(name, overrides)
        return int(importlib.import_module(command.module).main(config))


def _early_workers(overrides: Sequence[str]) -> contextlib.AbstractContextManager[None]:
    """Start the workers' processes as the overrides seem to ask for them: a wrong guess costs a moment, no more."""
    from engine.nursery import spare  # noqa: PLC0415  only where something is simulated

    given = dict(override.partition("=")[::2] for override in overrides)
    asked = given.get("workers", "")
    cores = os.cpu_count() or 1
    n_workers = min(int(asked), cores) if asked.isdecimal() else cores
    return spare(0 if "ray.address" in given else n_workers, given.get("backend", "native"))


def _overrides(name: str, command: Command, rest: Sequence[str]) -> list[str]:
    """Return key=value arguments, positional paths turned into the key that they fill."""
    overrides = []
    paths = []
    for argument in rest:
        if OVERRIDE.match(argument):
            overrides.append(argument)
        else:
            paths.append(argument)
    if command.several:
        return [*overrides, *([f"{command.path_key}={json.dumps(paths, ensure_ascii=False)}"] if paths else [])]
    if paths and (not command.path_key or len(paths) > 1):
        raise InputError(
            f"{name} does not know what to do with '{paths[-1]}'. Give key=value; 'greensplit {name} --help' lists the keys."
        )
    return [*overrides, *(f"{command.path_key}={path}" for path in paths)]


def _overview() -> str:
    lines = ["Finds better traffic-signal plans and proves that they are better.", ""]
    lines += ["usage: greensplit COMMAND [PATH ...] [key=value ...]", "", "commands:"]
    lines += [f"  {name:<11} {command.purpose}" for name, command in COMMANDS.items()]
    lines += ["", "examples:"]
    lines += [f"  {command.examples[0]}" for command in COMMANDS.values()]
    lines += [
        "",
        "'greensplit COMMAND --help' tells more of each; 'greensplit COMMAND --cfg job' shows its configuration.",
    ]
    return "\n".join(lines)


def _help(name: str, command: Command) -> str:
    path = f" {command.path_key.upper()}" if command.path_key else ""
    arguments = {
        "completion": " SHELL",
        "audit": " [PLAN] [key=value ...]",
        "compare": " RIVAL ... [key=value ...]",
        "replay": " [PATH] [key=value ...]",
    }.get(name, f"{path} [key=value ...]")
    lines = [f"greensplit {name}: {command.purpose}", "", f"usage: greensplit {name}{arguments}"]
    if command.keys:
        width = max(len(key) for key, _ in command.keys if len(key) < 40) + 2
        lines += ["", "keys:"]
        for key, meaning in command.keys:
            lines += [f"  {key:<{width}}{meaning}"] if len(key) < width else [f"  {key}", f"  {'':<{width}}{meaning}"]
    lines += ["", "examples:", *(f"  {example}" for example in command.examples)]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
