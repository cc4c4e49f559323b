"""Reads a folder of studies: what each junction's traffic was under the plan in the net."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import InputError
from experiments.bulletin.indicators import INDICATORS, Observed
from experiments.compare.reading import is_study, read_json, read_rows, rivals_of
from experiments.compare.rivals import Rival

__all__ = ["Junction", "LeftOut", "gather", "studies_in"]


@dataclass(frozen=True)
class LeftOut:
    """A study, or a junction of it, that a bulletin does not show, and why: `plan`, `older` or `twice`."""

    study: str
    why: str
    signal: str = ""


@dataclass(frozen=True)
class Junction:
    """One junction, of one study or of several of its scenario with other seeds: other days.

    Attributes:
        scenario, signal: which.
        studies: the folders that it is from.
        seeds: of its runs.
        vehicles: mean over the seeds.
        values: by indicator, one value for each seed in which there was something to measure.
        runs, jams: how many runs there are, and how many of them ended in gridlock.
    """

    scenario: str
    signal: str
    studies: tuple[str, ...]
    seeds: frozenset[int]
    vehicles: float
    values: Mapping[str, Sequence[float]]
    runs: int
    jams: int

    @property
    def key(self) -> tuple[str, str]:
        """What is the same junction in another bulletin."""
        return self.scenario, self.signal

    def and_also(self, other: Junction) -> Junction:
        """Return the junction over the runs of both studies; `other` is the later one."""
        values = {
            key: [*self.values.get(key, ()), *other.values.get(key, ())] for key in {**self.values, **other.values}
        }
        runs = self.runs + other.runs
        return Junction(
            self.scenario,
            self.signal,
            self.studies + other.studies,
            self.seeds | other.seeds,
            (self.vehicles * self.runs + other.vehicles * other.runs) / runs,
            values,
            runs,
            self.jams + other.jams,
        )


def studies_in(folder: Path) -> list[Path]:
    """Return the finished studies and runs in a folder and its subfolders, or the folder itself; sorted.

    Raises:
        InputError: there are none.
    """
    # The second pattern looks into folders only, the first one into links to folders as well.
    inside = {file.parent for pattern in ("*/summary.json", "**/summary.json") for file in folder.glob(pattern)}
    found = [folder] if is_study(folder) else sorted(path for path in inside if is_study(path))
    found = [path for path in found if "places" not in read_json(path / "summary.json")]
    if not found:
        raise InputError(
            f"'{folder}' holds no finished study. Name a folder of what sweep, optimize or run have written."
        )
    return found


def gather(folder: Path) -> tuple[list[Junction], list[LeftOut]]:
    """Return every junction of a folder's studies under the plan in the net, and what was left out.

    Studies of one scenario with different seeds are different days, such as those of a month, and count together. Where seeds
    meet they are the same days over again, and the study whose path comes last counts.

    Raises:
        InputError: a study is damaged, or no junction is left.
    """
    kept: dict[tuple[str, str], list[Junction]] = defaultdict(list)
    notes = []
    for study in studies_in(folder):
        rival = rivals_of(study)[0]
        if rival.kind != "net":
            notes.append(LeftOut(str(study), "plan"))
        elif not (study / "junctions.parquet").is_file():
            notes.append(LeftOut(str(study), "older"))
        else:
            for junction in _junctions(study, rival):
                days = kept[junction.key]
                again = [of for of in days if not of.seeds.isdisjoint(junction.seeds)]
                notes += [LeftOut(of.studies[0], "twice", of.signal) for of in again]
                kept[junction.key] = [of for of in days if of not in again] + [junction]
    if not kept:
        raise InputError(f"no study in '{folder}' has junctions under the plan in the net. Name a folder of sweeps.")
    return [functools.reduce(Junction.and_also, days) for days in kept.values()], notes


def _junctions(study: Path, rival: Rival) -> list[Junction]:
    role = _role(study)
    wanted = (rival.plan_id, role, rival.seeds)
    rows = read_rows(study / "junctions.parquet", *wanted)
    groups = _by_junction(study / "movements.parquet", wanted)
    crossings = _by_junction(study / "crossings.parquet", wanted) if (study / "crossings.parquet").is_file() else {}
    window = rival.window
    window_s = None if window is None else window.end_s - window.begin_s - window.warmup_s
    values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    vehicles: dict[str, list[float]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["signal"], row["seed"])):
        place = row["signal"], row["seed"]
        observed = Observed(row, groups.get(place, []), crossings.get(place, []), window_s)
        vehicles[row["signal"]].append(row["vehicles"])
        for indicator in INDICATORS:
            value = indicator.of(observed)
            if value is not None:
                values[row["signal"]][indicator.key].append(float(value))
    counts, seeds = (len(rival.seeds), len(rival.gridlocks)), frozenset(rival.seeds)
    return [
        Junction(rival.scenario, signal, (str(study),), seeds, sum(of) / len(of), dict(values[signal]), *counts)
        for signal, of in vehicles.items()
    ]


def _role(study: Path) -> str:
    summary = read_json(study / "summary.json")
    return "run" if "plan_id" in summary else "holdout" if summary["holdout_seeds"] else "training"


def _by_junction(file: Path, wanted: tuple[str, str, Sequence[int]]) -> dict[tuple[str, int], list[dict[str, Any]]]:
    found: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for row in read_rows(file, *wanted):
        found[row["signal"], row["seed"]].append(row)
    return found
