"""`greensplit replay`: benchmark junctions, or a study, against what is on record."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.bands import CaseRecord, Check, compare
from engine.errors import InputError
from engine.origin import Origin
from engine.records import Record, read_record, write_record
from experiments.config import ReplayConfig
from experiments.replay import show
from experiments.replay.junit import write_error, write_junit
from experiments.replay.simulate import simulate
from experiments.replay.study import read_study
from experiments.replay.suite import cases_of, changes, comparable, suite_of

__all__ = ["main"]


def main(config: ReplayConfig) -> int:
    """Replay a suite or a study. Returns 0 where all is as recorded, 1 where something moved.

    Raises:
        InputError: it could not be run. JUnit's file and the annotations say so, too.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
            if config.path is not None and config.path.is_dir():
                return _study(config, config.path.absolute(), Path(scratch))
            return _suite(config, Path(scratch))
    except InputError as error:
        if config.junit is not None:
            write_error(config.junit, _name(config), str(error))
        if _annotated(config):
            print(show.error_annotation(str(error)))
        raise


def _name(config: ReplayConfig) -> str:
    return f"suite {config.suite.name}" if config.path is None else config.path.name


def _annotated(config: ReplayConfig) -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true" if config.annotations is None else config.annotations


def _suite(config: ReplayConfig, scratch: Path) -> int:
    began = time.monotonic()
    suite, folder, file = suite_of(config)
    # Whether there is a record to hold against is known before anything is simulated.
    recorded = None if config.record and not file.is_file() else read_record(file)
    cases = cases_of(suite, folder, scratch)
    here = Origin.here()
    if config.record:
        now = simulate(config, f"recording {suite.name}", cases)
        lines = _differences(recorded.cases if recorded else {}, now)
        write_record(Record(suite.name, here, now), file)
        print("\n".join([*lines, f"recorded: {file}"]))
        return 0
    assert recorded is not None
    comparable(recorded.cases, cases, file)
    notes = changes(recorded.cases, cases)
    now = simulate(config, f"replay of {suite.name}", cases)
    return _judged(config, f"suite {suite.name}", recorded.cases, now, here.excuses(recorded.origin), notes, began)


def _study(config: ReplayConfig, folder: Path, scratch: Path) -> int:
    began = time.monotonic()
    study = read_study(folder, scratch)
    now = simulate(config, f"replay of {folder.name}", study.cases)
    excuses = ["the study does not say where it was computed"]
    if study.origin is not None:
        excuses = Origin.here().excuses(study.origin)
    return _judged(config, f"study {folder.name}", study.recorded, now, excuses, [], began)


def _judged(
    config: ReplayConfig,
    what: str,
    recorded: Mapping[str, CaseRecord],
    now: Mapping[str, CaseRecord],
    excuses: Sequence[str],
    notes: Sequence[str],
    began: float,
) -> int:
    """Say what has moved, everywhere where it was asked for; returns the exit code."""
    checks = compare(recorded, now, exact=not excuses)
    new = {measure for name, case in now.items() for measure in case.bands if measure not in recorded[name].bands}
    if new:
        notes = [*notes, f"not on record: {', '.join(sorted(new))}."]
    wall_s = time.monotonic() - began
    if config.junit is not None:
        write_junit(config.junit, what, checks, wall_s)
    if config.json:
        print(json.dumps(show.as_json(what, checks, notes, excuses), ensure_ascii=False, allow_nan=False))
    else:
        n_seeds = sum(len(case.seeds) for case in now.values())
        print("\n".join(show.report(what, checks, notes, excuses, n_seeds, wall_s)))
    if _annotated(config):
        for line in show.moved_annotations(checks):
            # GitHub reads both; a program that reads the JSON reads nothing else.
            print(line, file=sys.stderr if config.json else sys.stdout)
    return int(any(check.moved for check in checks))


def _differences(old: Mapping[str, CaseRecord], new: Mapping[str, CaseRecord]) -> list[str]:
    """Return old -> new of each measure that a new record changes, and what is new in it or gone from it."""
    lines = [f"{name}  new case" for name in new if name not in old]
    lines += [f"{name}  gone" for name in old if name not in new]
    shared = {name: case for name, case in old.items() if name in new and case.seeds == new[name].seeds}
    lines += [f"{name}  other seeds" for name in old if name in new and name not in shared]
    checks: list[Check] = compare(shared, {name: new[name] for name in shared}, exact=True) if shared else []
    lines += [f"{check.case}  {check.measure}: {show.sentence(check)}" for check in checks if check.moved]
    for name, case in shared.items():
        lines += [f"{name}  {measure}: new" for measure in new[name].bands if measure not in case.bands]
    return lines or ["nothing moved"]
