"""Runs SUMO's programs and Python tools: netconvert, duarouter, jtrrouter, randomTrips."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.errors import InputError
from engine.sumo.installation import binary, environment, folder

__all__ = ["TOOL_TIMEOUT_S", "plain_xml_text", "run_program", "run_tool", "strip_comments"]

TOOL_TIMEOUT_S = 3600.0
"""A whole city's network takes netconvert minutes; what takes longer hangs."""


def run_program(name: str, options: Sequence[str], working: Path, refused: str) -> str:
    """Return what one of SUMO's programs said on standard error.

    Args:
        name: of the program, such as ``netconvert``.
        options: its options.
        working: the folder that relative paths in them are from.
        refused: what an error's message ends with: what the user does next.

    Raises:
        InputError: the program refuses its input; the message holds its first error.
    """
    return _run([str(binary(name)), *options], name, working, refused)


def run_tool(name: str, options: Sequence[str], working: Path, refused: str) -> str:
    """Return what one of SUMO's Python tools said, such as ``randomTrips.py``; otherwise like `run_program`."""
    return _run([sys.executable, str(folder() / "tools" / name), *options], name, working, refused)


def _run(command: Sequence[str], name: str, working: Path, refused: str) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=working,
            env={**environment(), "PYTHONHASHSEED": "0"},  # some of SUMO's tools walk through sets
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TOOL_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"SUMO's {name} did not end within {TOOL_TIMEOUT_S:g} s. {refused}") from error
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        said = next((line for line in lines if line.startswith("Error")), lines[-1] if lines else "it gives no reason")
        raise InputError(f"SUMO's {name} stops: {said.removeprefix('Error: ')[:400]} {refused}")
    return done.stderr


def plain_xml_text(root: str, lines: Sequence[str]) -> str:
    """Return a document of SUMO's plain XML: one element a line."""
    body = "".join(f"    {line}\n" for line in lines)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>\n{body}</{root}>\n'


def strip_comments(path: Path) -> None:
    """Take the comments out of a file: SUMO's programs write the time into them, and the same input is to give the same bytes."""
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL), encoding="utf-8")
