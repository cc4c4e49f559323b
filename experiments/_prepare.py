"""From a configuration to what is simulated: scenario, network, plan space."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import scenarios
from engine.network import Network
from engine.scenario import Scenario
from engine.sumo.demand import scan
from engine.sumo.net import read_network
from engine.sumo.programs import in_force
from engine.sumo.ways import read_ways
from experiments.config import ScenarioConfig

__all__ = ["prepare"]


def prepare(
    config: ScenarioConfig, folder: Path, queue_max_m: float, measures: str = "traffic"
) -> tuple[Scenario, Network]:
    """Return the scenario, built into `folder` where it needs files of its own, and its network.

    With `measures` all the network holds what conflicts are measured on, and its simulations measure them.
    """
    scenario = scenarios.build(config, folder)
    demand = scan([*scenario.routes, *scenario.additional])
    programs = in_force(scenario.net, scenario.additional)
    network = read_network(scenario.net, programs, demand.edges, queue_max_m, persons=demand.persons)
    if measures == "all":
        network = dataclasses.replace(network, ways=read_ways(scenario.net))
    return scenario, network
