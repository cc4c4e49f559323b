"""From a configuration to what is simulated: scenario, network, plan space."""

from __future__ import annotations

from pathlib import Path

import scenarios
from engine.network import Network
from engine.scenario import Scenario
from engine.sumo.demand import scan
from engine.sumo.net import read_network
from engine.sumo.programs import in_force
from experiments.config import ScenarioConfig

__all__ = ["prepare"]


def prepare(config: ScenarioConfig, folder: Path, queue_max_m: float) -> tuple[Scenario, Network]:
    """Return the scenario, built into `folder` where it needs files of its own, and its network."""
    scenario = scenarios.build(config, folder)
    demand = scan([*scenario.routes, *scenario.additional])
    programs = in_force(scenario.net, scenario.additional)
    return scenario, read_network(scenario.net, programs, demand.edges, queue_max_m, persons=demand.persons)
