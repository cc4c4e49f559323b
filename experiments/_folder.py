"""A study's folder: which one, whose, and what explains it."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from engine.errors import InputError
from engine.files import sha256, write_text
from engine.origin import Origin

__all__ = ["claim", "environment", "folder_of", "study_identity"]

PACKAGES = ("greensplit", "eclipse-sumo", "libsumo", "sumo-rl", "ray", "hydra-core", "numpy", "scipy", "polars")


def study_identity(settings: Mapping[str, Any], sources: tuple[Path, ...]) -> str:
    """Return 64 hexadecimal digits that name a study: its settings, the bytes of its inputs, the versions."""
    inputs = [[path.name, sha256(path)] for path in sources]
    what = [settings, inputs, version("greensplit"), version("eclipse-sumo")]
    return hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode()).hexdigest()


def folder_of(command: str, scenario: str, identity: str, out: Path | None) -> Path:
    """Return the study's folder: `out`, or ``studies/<command>-<scenario>-<8 digits>`` in the current one."""
    if out is not None:
        return out.absolute()
    name = re.sub(r"[^\w.-]+", "-", scenario)[:60]
    return Path.cwd() / "studies" / f"{command}-{name}-{identity[:8]}"


def claim(folder: Path, identity: str, config: Mapping[str, Any]) -> None:
    """Make the folder this study's own: write ``config.yaml``, or find it there from an earlier start.

    Raises:
        InputError: the folder holds another study, or files that are none.
    """
    file = folder / "config.yaml"
    if file.is_file():
        try:
            known = yaml.safe_load(file.read_text(encoding="utf-8"))
            theirs = known["identity"]
        except (yaml.YAMLError, KeyError, TypeError, UnicodeDecodeError) as error:
            raise InputError(f"'{file}' is not a study's configuration. Choose another folder with out=DIR.") from error
        if theirs != identity:
            raise InputError(
                f"out='{folder}' holds another study ({known.get('command', '?')} of "
                f"{known.get('scenario', {}).get('name', '?')}): settings, inputs or versions differ. Choose another "
                "folder with out=DIR."
            )
    elif any(path.name != ".lock" for path in folder.iterdir()):
        raise InputError(f"out='{folder}' holds files that are no study. Choose an empty or a new folder with out=DIR.")
    text = yaml.safe_dump({"identity": identity, **config}, sort_keys=False, allow_unicode=True)
    write_text(file, text)


def environment(inputs: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Return versions, commit, machine and input hashes, for ``environment.json``."""
    versions: dict[str, str | None] = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    return {
        "versions": versions,
        "commit": _commit(),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "origin": Origin.here().to_json(),
        "inputs": dict(inputs),
    }


def _commit() -> str | None:
    """Return the commit that the program runs from, or None where it is installed without a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
