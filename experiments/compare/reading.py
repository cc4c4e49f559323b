"""Reads the folders of studies and runs: their plans as rivals. Nothing is simulated, and nothing in them is executed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.plan import BASELINE
from experiments.compare.rivals import Kind, Rival, Window
from experiments.compare.values import TABLES, Values, values

__all__ = ["in_folder", "is_study", "read_json", "read_rows", "rivals_of"]

COLUMNS = {
    "junctions": ("seed", "signal", "vehicles", "control_delay_s", "stops_per_veh", "queue_p95_m"),
    "approaches": ("seed", "signal", "approach", "vehicles", "control_delay_s", "stops_per_veh", "queue_p95_m"),
    "movements": ("seed", "signal", "approach", "lane_group", "vehicles", "control_delay_s", "stops_per_veh", "queue_p95_m"),
    "cycles": ("seed", "end_s", "vehicles", "control_delay_s"),
}  # fmt: skip
"""What is read of each table; of results.parquet it is everything."""


def is_study(folder: Path) -> bool:
    """Return whether a folder looks like one that sweep, optimize or run has finished."""
    return (folder / "summary.json").is_file() and (folder / "results.parquet").is_file()


def rivals_of(folder: Path) -> list[Rival]:
    """Return the plans that a study's or run's folder stands for: the plan in the net first, then its best plan.

    A study that found nothing better than the plan in the net gives its candidate instead, which was not confirmed;
    one that ran nothing else gives the plan in the net alone, and a run the plan that it ran.

    Raises:
        InputError: the folder is none, its study has not ended, or a file in it is damaged.
    """
    if not (folder / "summary.json").is_file():
        if (folder / "config.yaml").is_file():
            raise InputError(f"the study in '{folder}' has not ended. Run its command again: it goes on.")
        raise InputError(f"'{folder}' is no study's folder. Name one that sweep, optimize or run has written.")
    summary = read_json(folder / "summary.json")
    environment = read_json(folder / "environment.json")
    try:
        if summary["command"] == "compare" or "places" in summary:
            raise InputError(f"'{folder}' is a comparison, not a study. Name the studies and plans that it compares.")
        if "set" in summary:
            named = ", ".join(f"'{folder / of['folder']}'" for of in summary["set"]["members"][:3])
            raise InputError(
                f"'{folder}' is a study over a set of scenarios. Name its members' studies, such as {named}."
            )
        scenario = str(summary["scenario"])
        if "plan_id" in summary:
            return [_run(folder, summary, scenario, environment)]
        reporting = [int(seed) for seed in summary["holdout_seeds"] or summary["seeds"]]
        role = "holdout" if summary["holdout_seeds"] else "training"
        window = Window(**{name: float(summary["window"][name]) for name in ("begin_s", "end_s", "warmup_s")})
        plans: list[tuple[str, Kind]] = [(BASELINE, "net")]
        if summary["best"]["plan_id"] != BASELINE:
            plans.append((summary["best"]["plan_id"], "best"))
        elif summary["candidate"]:
            plans.append((summary["candidate"]["plan_id"], "candidate"))
        reasons = {(of["plan_id"], of["seed"]): of["reason"] for of in summary["failures"] if of["role"] == role}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(folder / "summary.json", f"{type(error).__name__} {error}") from error
    rivals = []
    for plan_id, kind in plans:
        found = in_folder(folder, plan_id, role, reporting, window)
        failures = {seed: reason for (of, seed), reason in reasons.items() if of == plan_id}
        rivals.append(
            Rival(
                folder.name, kind, plan_id, str(folder), scenario, window, found, frozenset(reporting), environment, failures
            )
        )  # fmt: skip
    return rivals


def _run(folder: Path, summary: Mapping[str, Any], scenario: str, environment: Mapping[str, Any]) -> Rival:
    seed, plan_id = int(summary["seed"]), str(summary["plan_id"])
    of = summary.get("window")  # runs of older versions do not say
    window = Window(float(of["begin_s"]), float(of["end_s"]), float(of["warmup_s"])) if of else None
    kind: Kind = "net" if plan_id == BASELINE else "run"
    found = in_folder(folder, plan_id, "run", [seed], window)
    return Rival(folder.name, kind, plan_id, str(folder), scenario, window, found, frozenset([seed]), environment)


def in_folder(folder: Path, plan_id: str, role: str, seeds: Sequence[int], window: Window | None) -> Values:
    """Return the values of a plan's runs with these seeds from a folder's tables.

    Raises:
        InputError: a table is missing or damaged.
    """
    wanted = (plan_id, role, seeds)
    results = read_rows(folder / "results.parquet", *wanted)
    places = {
        table: read_rows(folder / f"{table}.parquet", *wanted, COLUMNS[table])
        for table in TABLES
        if (folder / f"{table}.parquet").is_file()
    }
    timed = window is not None and (folder / "cycles.parquet").is_file()
    cycles = read_rows(folder / "cycles.parquet", *wanted, COLUMNS["cycles"]) if timed else []
    begin_s, end_s = (window.begin_s + window.warmup_s, window.end_s) if window else (0.0, 0.0)
    return values(results, places, cycles, begin_s, end_s)


def read_rows(
    file: Path, plan_id: str, role: str, seeds: Sequence[int], columns: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return a table's rows of one plan and role with these seeds; all columns, or those that are named.

    Raises:
        InputError: the file is missing or damaged, or has not these columns.
    """
    import polars  # noqa: PLC0415  takes its time to import

    column = polars.col
    try:
        of_plan = polars.scan_parquet(file).filter(
            (column("plan_id") == plan_id) & (column("role") == role) & column("seed").is_in(list(seeds))
        )
        rows: list[dict[str, Any]] = (of_plan.select(columns) if columns else of_plan).collect().to_dicts()
    except (OSError, polars.exceptions.PolarsError) as error:
        raise _damaged(file, str(error).splitlines()[0] if str(error) else type(error).__name__) from error
    return rows


def read_json(file: Path) -> dict[str, Any]:
    """Return the object that a file holds.

    Raises:
        InputError: the file is missing, or holds something else.
    """
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(file, getattr(error, "strerror", None) or str(error)) from error
    if not isinstance(data, dict):
        raise _damaged(file, "it does not hold an object")
    return data


def _damaged(file: Path, trouble: str) -> InputError:
    return InputError(f"'{file}' cannot be read: {trouble}. Run the study's command again: it writes the file anew.")
