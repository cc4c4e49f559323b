"""Counts instructions with valgrind's callgrind, and reads which function called which at what cost."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.sumo.installation import environment

__all__ = ["INSTALL", "Profile", "available", "count", "environment_of_counts", "read"]

INSTALL = "valgrind is not installed. Run: apt-get install -y valgrind"
NAME = re.compile(r"\((\d+)\)(?: (.*))?$")


@dataclass(frozen=True)
class Profile:
    """Instructions of one process.

    Attributes:
        total: all of them.
        own: by function, what it executed itself.
        calls: by function, then by function that it called: what the calls cost, all that they called included.
    """

    total: int
    own: dict[str, int]
    calls: dict[str, dict[str, int]]


def available() -> bool:
    """Return whether valgrind is installed."""
    return shutil.which("valgrind") is not None


def environment_of_counts() -> dict[str, str]:
    """Return an environment in which the same command executes the same instructions every time."""
    # Byte code is compiled when a program first runs, and not again: counts are taken of later runs.
    kept = {key: value for key, value in environment().items() if key != "PYTHONDONTWRITEBYTECODE"}
    # One thread of each numerical library: idle ones spin, and that is counted.
    return {**kept, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def count(command: Sequence[str]) -> Profile:
    """Return the instructions of a command.

    Raises:
        RuntimeError: the command failed; the message ends with what it said.
    """
    with tempfile.TemporaryDirectory(prefix="greensplit-") as folder:
        out = Path(folder) / "callgrind.out"
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command],
            env=environment_of_counts(),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0 or not out.is_file():
            raise RuntimeError(f"{' '.join(command)} failed under valgrind: {' '.join(done.stderr.split())[-600:]}")
        return read(out)


def read(path: Path) -> Profile:
    """Return what a callgrind output file of one event holds.

    The format names a function in full once and by its number afterwards; a cost line after ``calls=`` is the
    inclusive cost of that call, every other one the function's own.
    """
    names: dict[str, str] = {}

    def named(text: str) -> str:
        match = NAME.match(text)
        if match is None:
            return text
        number, name = match.groups()
        return names.setdefault(number, name) if name else names[number]

    own: Counter[str] = Counter()
    calls: defaultdict[str, Counter[str]] = defaultdict(Counter)
    total, function, called, in_call = 0, "", "", False
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            key, equals, value = line.rstrip("\n").partition("=")
            if equals and key == "fn":
                function = named(value)
            elif equals and key == "cfn":
                called = named(value)
            elif equals and key == "calls":
                in_call = True
            elif line[0] in "0123456789+-*":
                cost = int(line.split()[1])
                if in_call:
                    calls[function][called] += cost
                    in_call = False
                else:
                    own[function] += cost
            elif line.startswith("totals:"):
                total = int(line.split()[1])
    return Profile(total, dict(own), {function: dict(of) for function, of in calls.items()})
