"""`greensplit doctor`: what is installed, what is missing, and what to do."""

from __future__ import annotations

import ctypes.util
import functools
import importlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from conf import FOLDER
from engine.errors import InputError
from experiments.list_scenarios import wants_json

__all__ = ["Finding", "examine", "main"]

LIBRARIES = {"X11": "libx11-6", "GL": "libgl1", "Xext": "libxext6", "Xrender": "libxrender1"}
LEAST_DISK_GB = 1.0


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: whether it is well, what was found, and what to do where it is not."""

    what: str
    well: bool
    found: str
    do: str = ""


def main(arguments: Sequence[str]) -> int:
    """Print the findings. Returns 0 where all is well, else 1."""
    as_json = wants_json("doctor", arguments)
    findings = examine()
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        width = max(len(finding.what) for finding in findings)
        for finding in findings:
            print(f"{'ok' if finding.well else 'MISSING':<8}{finding.what:<{width}}  {finding.found}")
            if finding.do:
                print(f"{'':<8}{'':<{width}}  -> {finding.do}")
    return 0 if all(finding.well for finding in findings) else 1


def examine() -> list[Finding]:
    """Return every finding, in the order in which they build on one another."""
    return [
        _python(),
        *(_library(name, package) for name, package in LIBRARIES.items()),
        _checked("SUMO packages", _sumo_packages),
        _checked("SUMO program", _sumo_program),
        _checked("kernels", lambda: _module("kernels.scoring")),
        _checked("native recorder", _native),
        *(
            _checked(package, functools.partial(importlib.metadata.version, package))
            for package in ("ray", "hydra-core")
        ),
        _checked("benchmark networks", _benchmarks),
        _machine(),
    ]


def _checked(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except InputError as error:
        return Finding(what, False, "not as it should be", str(error))
    except importlib.metadata.PackageNotFoundError as error:
        return Finding(what, False, "not installed", f"pip install {error.name}")
    except (ImportError, OSError, subprocess.SubprocessError) as error:
        return Finding(what, False, f"{type(error).__name__}: {error}", "make setup, in the project's folder")


def _python() -> Finding:
    found = sys.version.split()[0]
    return Finding(
        "Python", sys.version_info >= (3, 11), found, "" if sys.version_info >= (3, 11) else "use 3.11 or newer"
    )


def _library(name: str, package: str) -> Finding:
    found = ctypes.util.find_library(name)
    return Finding(f"lib{name}", found is not None, found or "not found", "" if found else f"apt-get install {package}")


def _sumo_packages() -> str:
    from engine.sumo.installation import SUMO_VERSION, require  # noqa: PLC0415

    require()
    return SUMO_VERSION


def _sumo_program() -> str:
    from engine.sumo.installation import SUMO_VERSION, binary, environment  # noqa: PLC0415

    done = subprocess.run(
        [str(binary("sumo")), "--version"], env=environment(), capture_output=True, text=True, timeout=60, check=True
    )
    line = done.stdout.splitlines()[0]
    if SUMO_VERSION not in line:
        raise InputError(
            f"the program says '{line}', wanted is {SUMO_VERSION}. pip install eclipse-sumo=={SUMO_VERSION}"
        )
    return line


def _module(name: str) -> str:
    return str(Path(importlib.import_module(name).__file__ or name).name)


def _native() -> str:
    from engine.sumo.native import drive_class  # noqa: PLC0415

    return f"loaded, {drive_class().__module__}"


def _benchmarks() -> str:
    import yaml  # noqa: PLC0415

    from scenarios.benchmarks import configuration  # noqa: PLC0415

    names = []
    for path in sorted((FOLDER / "scenario").glob("*.yaml")):
        entry = yaml.safe_load(path.read_text(encoding="utf-8"))
        if entry["kind"] == "benchmark":
            configuration(entry["folder"], entry["files"])
            names.append(entry["name"])
    return f"{len(names)} networks, every file as recorded"


def _machine() -> Finding:
    free_gb = shutil.disk_usage(Path.cwd()).free / 1e9
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    found = f"{os.cpu_count()} cores, {memory_gb:.0f} GB of memory, {free_gb:.0f} GB free in this folder"
    well = free_gb >= LEAST_DISK_GB
    return Finding("machine", well, found, "" if well else "free some disk space, or work in another folder")
