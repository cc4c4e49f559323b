"""Finds or makes the files of a scenario, whatever its kind."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Protocol

import scenarios.junction
from engine.files import sha256
from engine.scenario import Scenario
from engine.sumo.configuration import load, named_files
from scenarios import benchmarks

__all__ = ["Request", "build", "sources"]


class Request(Protocol):
    """What a scenario's configuration says."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str:
        """Benchmark, junction or sumo."""

    @property
    def sumocfg(self) -> Path | None: ...
    @property
    def file(self) -> Path | None: ...
    @property
    def folder(self) -> str | None: ...
    @property
    def files(self) -> dict[str, str]: ...
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
    return named_files(_configuration(request))


def build(request: Request, folder: Path) -> Scenario:
    """Return the scenario; what has to be written for it goes into `folder`.

    Raises:
        InputError: a file is missing or broken, or the window is empty.
    """
    if request.kind == "junction":
        configuration = scenarios.junction.write(request.file, folder)
        warmup_s = scenarios.junction.warmup_s(request.file) if request.warmup_s is None else request.warmup_s
    else:
        configuration = _configuration(request)
        warmup_s = request.warmup_s or 0.0
    scenario = load(configuration, request.name, folder / "quiet", request.begin_s, request.end_s, warmup_s)
    # What the scenario is made of, not what was made of it: built files may differ in bytes between versions of SUMO.
    inputs = tuple((path.name, sha256(path)) for path in sources(request))
    return dataclasses.replace(scenario, inputs=inputs)


def _configuration(request: Request) -> Path:
    if request.kind == "benchmark":
        return benchmarks.configuration(request.folder or "", request.files)
    assert request.sumocfg is not None, "the configuration is checked before"
    return request.sumocfg
