"""What a study's page draws of its corridors: signals by distance, and the ways of vehicles in some minutes of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.arteries import Hop, arteries
from engine.corridors import Corridor, corridors
from engine.errors import InputError
from engine.network import Network
from engine.plan import Plan, Program
from engine.result import RunResult
from engine.scenario import Scenario
from engine.sumo.trajectories import Sighting, sightings
from engine.tables import Rows, write_parquet

__all__ = ["write"]

SETTLED_S = 900.0
"""Vehicles are drawn from a quarter of an hour into the evaluated window on, when the network has filled."""
LONGEST_S, CYCLES = 360.0, 3
MOST_VEHICLES = 40
"""Of each direction of a corridor under each plan."""


def write(
    scenario: Scenario,
    network: Network,
    programs: Sequence[Program],
    plans: Mapping[str, Plan],
    run: RunResult,
    seed: int,
    folder: Path,
) -> dict[str, Any] | None:
    """Write ``trajectories.parquet`` and return the summary's ``corridors``; `None` where no traffic passes two signals.

    Args:
        scenario, network: where.
        programs: of the signals that a corridor may join.
        plans: by id, those that the page sets side by side.
        run: of the plan in the net: what drove where.
        seed: of the runs in which vehicles are followed.
        folder: the study's.
    """
    drawn = corridors(arteries(network, _traffic(network, run)), {program.signal for program in programs})
    if not drawn:
        return None
    begin_s, end_s = _window(scenario, [*plans.values(), Plan(tuple(programs))])
    rows = _trajectories(scenario, plans, seed, drawn, begin_s, end_s)
    if rows:
        write_parquet(rows, folder / "trajectories.parquet")
    else:
        (folder / "trajectories.parquet").unlink(missing_ok=True)  # of an earlier, smaller budget
    ways = [[way.to_json() for way in corridor.directions] for corridor in drawn]
    return {"begin_s": begin_s, "end_s": end_s, "seed": seed, "corridors": ways}


def _traffic(network: Network, run: RunResult) -> dict[str, float]:
    """Return the vehicles over each edge that leads to a signal; demand files do not tell where they hold trips."""
    rows = {(row.signal, row.approach): float(row.vehicles) for row in run.approaches}
    return {
        edge: rows.get((signal.id, approach.name), 0.0)
        for signal, approach in network.approaches
        for edge in approach.edges
    }


def _window(scenario: Scenario, plans: Iterable[Plan]) -> tuple[float, float]:
    """Return (begin, end) of what is drawn, simulation time in seconds: three cycles of the longest plan."""
    cycle_s = max((program.cycle_s for plan in plans for program in plan.programs), default=90.0)
    lasts_s = min(LONGEST_S, CYCLES * cycle_s)
    first_s = scenario.begin_s + scenario.warmup_s
    begin_s = max(first_s, min(first_s + SETTLED_S, scenario.end_s - lasts_s))
    return begin_s, min(begin_s + lasts_s, scenario.end_s)


def _trajectories(
    scenario: Scenario, plans: Mapping[str, Plan], seed: int, drawn: Sequence[Corridor], begin_s: float, end_s: float
) -> Rows:
    """Return where vehicles were on the corridors; none where SUMO gives no answer.

    Each plan is simulated once more up to `end_s`. A picture is not worth a study: what fails here is left out.
    """
    edges = {edge for corridor in drawn for way in corridor.directions for hop in way.hops for edge, _ in hop.edges}
    rows: Rows = []
    for plan_id, plan in plans.items():
        try:
            seen = sightings(scenario, plan, seed, sorted(edges), begin_s, end_s)
        except InputError:
            return []
        for i, corridor in enumerate(drawn):
            for j, way in enumerate(corridor.directions):
                places = _places(way.hops)
                for vehicle, points in _longest(seen, places).items():
                    for at in points:
                        hop, before_m = places[at.edge]
                        where: dict[str, Any] = {"plan_id": plan_id, "corridor": i, "direction": j, "vehicle": vehicle}
                        metres = round(way.place_m(hop, before_m + at.metres), 1)
                        rows.append(where | {"time_s": at.time_s, "distance_m": metres})
    return rows


def _places(hops: Sequence[Hop]) -> dict[str, tuple[int, float]]:
    """Return for each edge its hop, and its metres behind that hop's first stop line."""
    places = {}
    for i, hop in enumerate(hops):
        behind_m = 0.0
        for edge, length_m in hop.edges:
            places[edge] = (i, behind_m)
            behind_m += length_m
    return places


def _longest(seen: Iterable[Sighting], places: Mapping[str, Any]) -> dict[str, list[Sighting]]:
    """Return the sightings of the vehicles that drove over most hops, and were seen most; in order of time."""
    by_vehicle: dict[str, list[Sighting]] = {}
    for at in seen:
        if at.edge in places:
            by_vehicle.setdefault(at.vehicle, []).append(at)

    def worth(vehicle: str) -> tuple[int, int, str]:
        points = by_vehicle[vehicle]
        return -len({places[at.edge][0] for at in points}), -len(points), vehicle

    return {vehicle: by_vehicle[vehicle] for vehicle in sorted(sorted(by_vehicle, key=worth)[:MOST_VEHICLES])}
