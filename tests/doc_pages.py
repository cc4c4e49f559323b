"""Reads the documentation's pages as a reader does: files to write, commands to type, output to expect.

A fenced block with a title is a file. A block of sh is typed; a comment before it says otherwise: ``<!-- exit code 1 -->``, or
``<!-- not run: why -->``. A block of text behind it is what appears, where ``...`` stands for anything: alone on a
line for any lines.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(
    r"^(?:<!-- (?P<note>[^\n]*) -->\n)?```(?P<kind>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Typed:
    """Commands that a page tells to type, and what it says of them."""

    commands: str
    exit_code: int = 0
    shown: str | None = None


@dataclass(frozen=True)
class Written:
    """A file that a page tells to write."""

    path: str
    text: str


def steps(page: str) -> Iterator[Typed | Written]:
    """Yield what a page tells to do, in order."""
    blocks = list(FENCE.finditer(page))
    for block, following in zip(blocks, [*blocks[1:], None], strict=False):
        note = block["note"] or ""
        if block["title"]:
            yield Written(block["title"], block["text"])
        elif block["kind"] == "sh" and not note.startswith("not run: "):
            shown = following["text"] if following and following["kind"] == "text" and not following["title"] else None
            yield Typed(block["text"], int(note.removeprefix("exit code ") or 0), shown)


def write(step: Written, folder: Path) -> None:
    path = folder / step.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(step.text, encoding="utf-8")


def type_in(step: Typed, folder: Path) -> tuple[int, str]:
    """Return exit code and output of commands, the first that fails being the last."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "100"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", step.commands], cwd=folder, env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def appears(shown: str, output: str) -> bool:
    """Return whether output is what a page shows, spaces at the ends of lines aside."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else ".*?".join(map(re.escape, line.rstrip().split("..."))) + r"\n"
        for line in shown.splitlines()
    )
    lines = "".join(f"{line.rstrip()}\n" for line in output.splitlines())
    return re.fullmatch(pattern, lines) is not None
