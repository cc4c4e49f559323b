"""Random demand for a network whose traffic nobody has counted: SUMO's randomTrips, with a stated rate and seed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from engine.sumo.programs import parse_xml
from engine.sumo.tools import run_tool, strip_comments

__all__ = ["RandomDemand", "write_random_demand"]


@dataclass(frozen=True)
class RandomDemand:
    """What randomTrips is asked for.

    Attributes:
        veh_h_km: vehicles that begin an hour for each kilometre of road.
        seed: of randomTrips; not that of the simulation.
        begin_s, end_s: when they begin, seconds.
        fringe_factor: by how much likelier a trip begins or ends at the network's edge than on a road within: through
            traffic is most of what an extract of a town sees.
        min_distance_m: between a trip's ends; shorter ones nobody drives.
    """

    veh_h_km: float = 12.0
    seed: int = 1
    begin_s: float = 0.0
    end_s: float = 3600.0
    fringe_factor: float = 5.0
    min_distance_m: float = 300.0


def write_random_demand(net: Path, target: Path, asked: RandomDemand) -> int:
    """Write routed vehicles into `target`, and return how many there are. Trips that no route joins are dropped.

    Raises:
        InputError: the network has no two roads that a trip could join.
    """
    with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
        run_tool(
            "randomTrips.py",
            [
                *("-n", str(net.absolute()), "-o", str(Path(scratch) / "trips.xml"), "-r", str(target.absolute())),
                *("-b", f"{asked.begin_s:g}", "-e", f"{asked.end_s:g}", "--seed", str(asked.seed)),
                *("--insertion-density", f"{asked.veh_h_km:g}", "--fringe-factor", f"{asked.fringe_factor:g}"),
                *("--min-distance", f"{asked.min_distance_m:g}", "--lanes", "--remove-loops", "--validate"),
                *("--vehicle-class", "passenger", "--prefix", "random"),
                *("--trip-attributes", 'departLane="best" departSpeed="max"'),
            ],
            Path(scratch),
            "Give the demand another way: leave it out with random_veh_h_km=0.",
        )
    strip_comments(target)
    n_vehicles = len(list(parse_xml(target).iter("vehicle")))
    if not n_vehicles:
        raise InputError(
            f"no random trip of {asked.min_distance_m:g} m or more can be driven in this network. "
            "Take a larger extract, or leave the demand out with random_veh_h_km=0."
        )
    return n_vehicles
