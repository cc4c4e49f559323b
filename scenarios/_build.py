"""Finds or makes the files of a scenario, whatever its kind."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import re
from pathlib import Path
from typing import Protocol

import scenarios.junction
import scenarios.streets
from engine.files import sha256
from engine.scenario import Scenario
from engine.sumo.configuration import load, named_files
from scenarios import benchmarks, conditions
from scenarios.folder import CONFIGURATION, ENTRY, read_entry

__all__ = ["Request", "build", "demanded", "sources"]

PROGRAM = re.compile(rb"\s*<tlLogic\b.*?(?:</tlLogic>|(?<=/)>)", re.DOTALL)


class Request(Protocol):
    """What a scenario's configuration says."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str:
        """Benchmark, junction, streets or sumo."""

    @property
    def sumocfg(self) -> Path | None: ...
    @property
    def file(self) -> Path | None: ...
    @property
    def folder(self) -> str | None: ...
    @property
    def files(self) -> dict[str, str]: ...
    @property
    def conditions(self) -> conditions.Request: ...
    @property
    def begin_s(self) -> float | None: ...
    @property
    def end_s(self) -> float | None: ...
    @property
    def warmup_s(self) -> float | None: ...


def sources(request: Request) -> tuple[Path, ...]:
    """Return every file that the scenario is made of; their bytes are part of a study's identity.

    Raises:
        InputError: a file is missing, or a benchmark network is not the one that is recorded.
    """
    if request.kind == "junction":
        return scenarios.junction.sources(request.file)
    if request.kind == "streets":
        return scenarios.streets.sources(_description(request))
    return named_files(_configuration(request))


def demanded(request: Request, scenario: Scenario) -> dict[str, str]:
    """Return SHA-256 of network and demand by file, signal programs left out: what stays as it is when timings change.

    Described junctions and streets count by their description without the timing, as what netconvert makes of it may
    differ between versions of SUMO.

    Raises:
        InputError: a file is missing or broken.
    """
    if request.kind == "junction":
        return scenarios.junction.demanded(request.file)
    if request.kind == "streets":
        return scenarios.streets.demanded(_description(request))
    timed = (scenario.net, *scenario.additional)
    digests = {path.name: hashlib.sha256(PROGRAM.sub(b"", _plain_bytes(path))).hexdigest() for path in timed}
    return digests | {path.name: sha256(path) for path in scenario.routes}


def _plain_bytes(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def build(request: Request, folder: Path) -> Scenario:
    """Return the scenario under its conditions; what has to be written for it goes into `folder`.

    Raises:
        InputError: a file is missing or broken, the window is empty, or a condition cannot be where it is asked for.
    """
    if request.kind == "junction":
        configuration = scenarios.junction.write(request.file, folder)
        warmup_s = scenarios.junction.warmup_s(request.file) if request.warmup_s is None else request.warmup_s
    elif request.kind == "streets":
        file = _description(request)
        configuration = scenarios.streets.write(file, folder)
        warmup_s = scenarios.streets.warmup_s(file) if request.warmup_s is None else request.warmup_s
    else:
        configuration = _configuration(request)
        warmup_s = request.warmup_s or 0.0
    scenario = load(configuration, request.name, folder / "quiet", request.begin_s, request.end_s, warmup_s)
    # What the scenario is made of, not what was made of it: built files may differ in bytes between versions of SUMO.
    inputs = tuple((path.name, sha256(path)) for path in sources(request))
    said = (*_said(request, configuration), *scenario.notes)
    scenario = dataclasses.replace(scenario, inputs=inputs, notes=said)
    if not request.conditions:
        return scenario
    return conditions.compose(scenario, conditions.parse(request.conditions), folder / "conditions")


def _said(request: Request, configuration: Path) -> tuple[str, ...]:
    """Return what a scenario's folder wants to be said wherever the scenario is shown: whose data it is, what is assumed."""
    folder = configuration.absolute().parent
    if request.kind != "sumo" or configuration.name != CONFIGURATION or not (folder / ENTRY).is_file():
        return ()
    return read_entry(folder).notes


def _description(request: Request) -> Path:
    """Return the file that describes streets: the user's, or the gallery's of that name."""
    return request.file or scenarios.streets.GALLERY / f"{request.name}.yaml"


def _configuration(request: Request) -> Path:
    if request.kind == "benchmark":
        return benchmarks.configuration(request.folder or "", request.files)
    assert request.sumocfg is not None, "the configuration is checked before"
    return request.sumocfg
