"""What a study's page shows of single vehicles: both plans are simulated once more and watched for some minutes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.files import replacing
from engine.network import Network
from engine.plan import Plan, Program
from engine.result import RunResult
from engine.scenario import Scenario
from engine.sumo.recording import Recording, record
from engine.sumo.traces import VehicleType, vehicle_types
from experiments import _corridors
from kernels.classes import CLASSES, class_index

if TYPE_CHECKING:
    import polars

__all__ = ["write"]

Span = tuple[float, float]

SETTLED_S = 900.0
"""Vehicles are watched from a quarter of an hour into the evaluated window on, when the network has filled."""


def write(
    scenario: Scenario,
    network: Network,
    programs: Sequence[Program],
    plans: Mapping[str, Plan],
    run: RunResult,
    seed: int,
    playback_s: int,
    folder: Path,
) -> dict[str, Any]:
    """Write the tables of what was watched, and return the summary's ``corridors`` and ``playback``; `None` for what is not.

    A picture is not worth a study: where SUMO gives no answer, it is left out.

    Args:
        scenario, network: where.
        programs: of the signals that a corridor may join.
        plans: by id, those that the page sets side by side.
        run: of the plan in the net: what drove where.
        seed: of the runs in which vehicles are watched.
        playback_s: how long the playback is, seconds; none where it is 0.
        folder: the study's.
    """
    drawn = _corridors.busiest(network, programs, run)
    spans: dict[str, Span] = {}
    if drawn:
        lasts_s = _corridors.lasts_s([*plans.values(), Plan(tuple(programs))])
        spans["corridors"] = _span(scenario, lasts_s)
    if playback_s:
        begin_s, end_s = _span(scenario, playback_s)
        if end_s - begin_s >= 1.0:
            spans["playback"] = begin_s, begin_s + int(end_s - begin_s)
    recordings = _recordings(scenario, network, plans, seed, list(spans.values()))
    found: dict[str, Any] = {"corridors": None, "playback": None}
    if drawn:
        found["corridors"] = _corridors.write(drawn, recordings, seed, spans["corridors"], folder)
    for name in PLAYBACK:
        (folder / name).unlink(missing_ok=True)  # of an earlier, smaller budget
    if "playback" in spans and recordings:
        begin_s, end_s = spans["playback"]
        _write_playback(scenario, recordings, begin_s, end_s, folder)
        found["playback"] = {"begin_s": begin_s, "end_s": end_s, "seed": seed}
    return found


PLAYBACK = ("playback.parquet", "signal_states.parquet")


def _span(scenario: Scenario, lasts_s: float) -> Span:
    """Return (begin, end) of what is watched, simulation time in seconds."""
    first_s = scenario.begin_s + scenario.warmup_s
    # A whole number of seconds after the begin: every span meets the seconds that are recorded.
    begin_s = first_s + max(0, math.floor(min(SETTLED_S, scenario.end_s - lasts_s - first_s)))
    return begin_s, min(begin_s + lasts_s, scenario.end_s)


def _recordings(
    scenario: Scenario, network: Network, plans: Mapping[str, Plan], seed: int, spans: Sequence[Span]
) -> dict[str, Recording]:
    """Return what all spans need of each plan; nothing where SUMO gives no answer."""
    if not spans:
        return {}
    begin_s, end_s = min(begin for begin, _ in spans), max(end for _, end in spans)
    try:
        taken = network.program_ids
        return {plan_id: record(scenario, plan, seed, begin_s, end_s, taken) for plan_id, plan in plans.items()}
    except InputError:
        return {}


def _write_playback(
    scenario: Scenario, recordings: Mapping[str, Recording], begin_s: float, end_s: float, folder: Path
) -> None:
    """Write the vehicles and the signals of a span."""
    import polars  # noqa: PLC0415  takes its time to import

    types = vehicle_types([*scenario.routes, *scenario.additional])
    driven = [
        _driven(plan_id, of, types).filter(polars.col("time_s").is_between(begin_s, end_s))
        for plan_id, of in recordings.items()
    ]
    states = [
        {"plan_id": plan_id, "signal": of.signal, "time_s": max(of.time_s, begin_s), "state": of.letters}
        for plan_id, recording in recordings.items()
        for of in recording.shown_between(begin_s, end_s)
    ]
    tables = {"playback.parquet": polars.concat(driven), "signal_states.parquet": polars.DataFrame(states)}
    for name, table in tables.items():
        with replacing(folder / name) as temporary:
            table.write_parquet(temporary)


def _driven(plan_id: str, recording: Recording, types: Mapping[str, VehicleType]) -> polars.DataFrame:
    """Return a row for each vehicle and second: places in decimetres and degrees, which is what a picture can show."""
    import polars  # noqa: PLC0415  takes its time to import

    column, usual = polars.col, VehicleType()
    names = recording.vehicles["type"].unique(maintain_order=True).to_list()
    of = [types.get(name, usual) for name in names]
    frame = polars.DataFrame(
        {
            "type": names,
            "kind": [CLASSES[class_index(kind.kind)] for kind in of],
            "length_m": [kind.length_m for kind in of],
        },
        schema={"type": polars.String, "kind": polars.String, "length_m": polars.Float64},
    )
    persons = recording.persons.with_columns(kind=polars.lit("person"), length_m=polars.lit(0.5))
    return (
        polars.concat(
            [recording.vehicles.join(frame, on="type", how="left", maintain_order="left"), persons], how="diagonal"
        )
        .select(
            polars.lit(plan_id).alias("plan_id"),
            "vehicle",
            "kind",
            "length_m",
            "time_s",
            x_dm=(10.0 * column("x_m")).round().cast(polars.Int32),
            y_dm=(10.0 * column("y_m")).round().cast(polars.Int32),
            angle_deg=column("angle_deg").round().cast(polars.Int16),
        )
        .sort("vehicle", "time_s")
    )
