"""What a study's page draws of its corridors: signals by distance, and the ways of vehicles in some minutes of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.arteries import Hop, arteries
from engine.corridors import Corridor, corridors
from engine.network import Network
from engine.plan import Plan, Program
from engine.result import RunResult
from engine.sumo.recording import Recording, Sighting
from engine.tables import Rows, write_parquet

__all__ = ["busiest", "lasts_s", "write"]

LONGEST_S, CYCLES = 360.0, 3
EVERY_S = 2.0
"""Between two points of a vehicle's line."""
MOST_VEHICLES = 40
"""Of each direction of a corridor under each plan."""


def busiest(network: Network, programs: Sequence[Program], run: RunResult) -> list[Corridor]:
    """Return the corridors that are drawn; none where no traffic passes two signals.

    Args:
        network: where.
        programs: of the signals that a corridor may join.
        run: of the plan in the net: what drove where.
    """
    return corridors(arteries(network, _traffic(network, run)), {program.signal for program in programs})


def lasts_s(plans: Iterable[Plan]) -> float:
    """Return how long vehicles are followed, seconds: three cycles of the longest plan."""
    return min(LONGEST_S, CYCLES * max((program.cycle_s for plan in plans for program in plan.programs), default=90.0))


def write(
    drawn: Sequence[Corridor], recordings: Mapping[str, Recording], seed: int, span: tuple[float, float], folder: Path
) -> dict[str, Any]:
    """Write ``trajectories.parquet`` and return the summary's ``corridors``.

    Args:
        drawn: the corridors.
        recordings: of the plans that the page sets side by side, by id.
        seed: of those.
        span: what of them is drawn: (begin, end), simulation time in seconds.
        folder: the study's.
    """
    rows = _trajectories(recordings, drawn, *span)
    if rows:
        write_parquet(rows, folder / "trajectories.parquet")
    else:
        (folder / "trajectories.parquet").unlink(missing_ok=True)  # of an earlier, smaller budget
    ways = [[way.to_json() for way in corridor.directions] for corridor in drawn]
    return {"begin_s": span[0], "end_s": span[1], "seed": seed, "corridors": ways}


def _traffic(network: Network, run: RunResult) -> dict[str, float]:
    """Return the vehicles over each edge that leads to a signal; demand files do not tell where they hold trips."""
    rows = {(row.signal, row.approach): float(row.vehicles) for row in run.approaches}
    return {
        edge: rows.get((signal.id, approach.name), 0.0)
        for signal, approach in network.approaches
        for edge in approach.edges
    }


def _trajectories(recordings: Mapping[str, Recording], drawn: Sequence[Corridor], begin_s: float, end_s: float) -> Rows:
    """Return where vehicles were on the corridors."""
    edges = {edge for corridor in drawn for way in corridor.directions for hop in way.hops for edge, _ in hop.edges}
    rows: Rows = []
    for plan_id, recording in recordings.items():
        seen = recording.sightings(edges, begin_s, end_s, EVERY_S)
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
