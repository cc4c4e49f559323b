"""`greensplit tournament`: searches against each other at equal budgets, as one table that grows as far as it has run."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.files import write_text
from engine.ledger import StudyLock
from engine.statistics import Interval, paired_interval
from experiments._progress import Progress
from experiments.config import TournamentConfig

__all__ = ["Match", "Row", "main", "table"]


@dataclass(frozen=True)
class Match:
    """What one search found on one scenario with one budget: one optimize study.

    Attributes:
        scenario, search, budget, repeat: which; `repeat` is the search's own seed.
        baseline, plan: `delay_s` on the held-out seeds, of the plan in the net and of the search's candidate.
        versions: of greensplit and of SUMO.
    """

    scenario: str
    search: str
    budget: int
    repeat: int
    baseline: dict[str, float]
    plan: dict[str, float]
    versions: tuple[str, str]


@dataclass(frozen=True)
class Row:
    """One line of the table: a scenario, a budget and a search.

    Attributes:
        repeats: matches played.
        baseline_s, plan_s: mean `delay_s` on the held-out seeds, seconds per vehicle.
        worst_s: of the worst repeat.
        behind: the first search minus this one, paired by held-out seed, repeats averaged; `None` for the first
            search itself and where no repeat is shared.
    """

    scenario: str
    budget: int
    search: str
    repeats: int
    baseline_s: float
    plan_s: float
    worst_s: float
    behind: Interval | None


def main(config: TournamentConfig) -> int:
    """Play the matches that are not on record yet, and write and print the table. Returns 0."""
    assert config.out is not None  # the configuration refuses to be without it
    folder = config.out.absolute()
    with StudyLock(folder), Progress("tournament", len(list(_pairings(config))), "matches") as progress:
        for scenario, search, budget, repeat in _pairings(config):
            record = folder / "matches" / f"{scenario}-{search}-{budget}-{repeat}.json"
            if record.is_file():
                progress.cached(1)
                continue
            progress.say(f"{scenario}: {search}, budget {budget}, repeat {repeat}")
            match = _played(config, folder, scenario, search, budget, repeat)
            record.parent.mkdir(exist_ok=True)
            write_text(record, json.dumps(asdict(match), indent=1) + "\n")
            write_text(folder / "table.md", _markdown(table(_matches(folder))))
            progress.advance(1.0)
    text = _markdown(table(_matches(folder)))
    write_text(folder / "table.md", text)
    print(text, end="")
    return 0


def _pairings(config: TournamentConfig) -> Iterator[tuple[str, str, int, int]]:
    """Yield the matches: all searches meet on one scenario and repeat before the next, small budgets first."""
    for repeat in range(1, config.repeats + 1):
        for scenario in config.scenarios:
            for budget in sorted(config.budgets):
                for search in config.searches:
                    yield scenario, search, budget, repeat


def _played(config: TournamentConfig, folder: Path, scenario: str, search: str, budget: int, repeat: int) -> Match:
    """Run one study to its end, in a process of its own as a user would; a larger budget extends a smaller one's."""
    study = folder / "studies" / f"{scenario}-{search}-{repeat}"
    keys = [f"scenario={scenario}", f"search={search}", f"search.budget={budget}", f"search.seed={repeat}"]
    # One finalist: what is compared is what the search itself finds with its budget.
    keys += ["search.finalists=1", f"out={study}", *([f"workers={config.workers}"] if config.workers else [])]
    command = [sys.executable, "-m", "experiments.cli", "optimize", *keys]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = " ".join(done.stderr.split())[-600:]
        if done.returncode == 130:
            raise KeyboardInterrupt
        raise InputError(
            f"a match of the tournament failed: {said} To see more, run: greensplit optimize {' '.join(keys)}"
        )
    summary = json.loads((study / "summary.json").read_text(encoding="utf-8"))
    plan_id = (summary["candidate"] or summary["best"])["plan_id"]
    plan = _held_out(study, plan_id)
    baseline = _held_out(study, summary["baseline"]["plan_id"])
    versions = version("greensplit"), version("eclipse-sumo")
    return Match(scenario, search, budget, repeat, baseline, plan, versions)


def _held_out(study: Path, plan_id: str) -> dict[str, float]:
    import polars  # noqa: PLC0415  takes its time to import

    results = polars.read_parquet(study / "results.parquet", columns=["plan_id", "seed", "role", "delay_s"])
    rows = results.filter((polars.col("plan_id") == plan_id) & (polars.col("role") == "holdout")).sort("seed")
    return {str(seed): float(delay_s) for seed, delay_s in zip(rows["seed"], rows["delay_s"], strict=True)}


def _matches(folder: Path) -> list[Match]:
    """Return every match on record.

    Raises:
        InputError: a record cannot be read.
    """
    matches = []
    for file in sorted((folder / "matches").glob("*.json")):
        try:
            read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            matches.append(Match(**(read | {"versions": tuple(read["versions"])})))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"'{file}' is no record of a match: {error}. Delete it; it is played again.") from error
    return matches


def table(matches: Sequence[Match], first: str = "race") -> list[Row]:
    """Return a row for each scenario, budget and search, the `first` search above the others."""
    kinds = {(match.scenario, match.budget, match.search) for match in matches}
    rows = []
    for scenario, budget, search in sorted(kinds, key=lambda kind: (kind[0], kind[1], kind[2] != first, kind[2])):
        played = {of.repeat: of for of in matches if (of.scenario, of.budget, of.search) == (scenario, budget, search)}
        ours = {of.repeat: of for of in matches if (of.scenario, of.budget, of.search) == (scenario, budget, first)}
        means = [statistics.fmean(of.plan.values()) for of in played.values()]
        rows.append(
            Row(
                scenario,
                budget,
                search,
                len(played),
                statistics.fmean(statistics.fmean(of.baseline.values()) for of in played.values()),
                statistics.fmean(means),
                max(means),
                None if search == first else _behind(ours, played),
            )
        )
    return rows


def _behind(ours: dict[int, Match], theirs: dict[int, Match]) -> Interval | None:
    repeats = sorted(set(ours) & set(theirs))
    pairs = [(ours[repeat].plan, theirs[repeat].plan) for repeat in repeats]
    if not pairs:
        return None
    seeds = sorted(set.intersection(*(set(plan) for pair in pairs for plan in pair)))
    first, second = ([statistics.fmean(pair[side][seed] for pair in pairs) for seed in seeds] for side in (0, 1))
    return paired_interval(first, second) if seeds else None


def _markdown(rows: Sequence[Row]) -> str:
    lines = [
        "| network | budget | search | repeats | plan in the net | search's plan | worst repeat | ours - theirs (95 %) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        behind = ""
        if row.behind is not None:
            of = row.behind
            ends = "" if of.low is None else f" ({of.low:.2f} to {of.high:.2f})"
            behind = f"{of.centre:.2f}{ends}"
        figures = f"{row.baseline_s:.2f} | {row.plan_s:.2f} | {row.worst_s:.2f} | {behind}"
        lines.append(f"| {row.scenario} | {row.budget} | {row.search} | {row.repeats} | {figures} |")
    return "\n".join(lines) + "\n"
