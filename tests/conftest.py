"""Scenarios and networks that many tests share, built once."""

import dataclasses
import math
from pathlib import Path

import pytest

import scenarios
from engine.sumo.demand import scan
from engine.sumo.net import read_network
from engine.sumo.programs import in_force
from engine.sumo.ways import read_ways
from experiments._compose import compose


def scenario_config(*overrides):
    return compose("run", list(overrides)).scenario


def built(folder, *overrides):
    """Return (scenario, network) of a scenario by its overrides."""
    scenario = scenarios.build(scenario_config(*overrides), folder)
    programs = in_force(scenario.net, scenario.additional)
    demand = scan([*scenario.routes, *scenario.additional])
    return scenario, read_network(scenario.net, programs, demand.edges, persons=demand.persons)


@pytest.fixture(scope="session")
def junction(tmp_path_factory):
    """The built-in junction, its first ten evaluated minutes."""
    return built(tmp_path_factory.mktemp("junction") / "scenario", "scenario=junction", "scenario.end_s=27600")


@pytest.fixture(scope="session")
def cologne1(tmp_path_factory):
    """A real junction, a quarter of an hour."""
    return built(tmp_path_factory.mktemp("cologne1"), "scenario=cologne1", "scenario.end_s=26100")


@pytest.fixture(scope="session")
def ingolstadt7(tmp_path_factory):
    """A real arterial whose stop-line lanes are as short as 1 m, a quarter of an hour."""
    return built(tmp_path_factory.mktemp("ingolstadt7"), "scenario=ingolstadt7", "scenario.end_s=58500")


def measuring_all(scenario, network):
    """Return (scenario, network) whose simulations measure emissions and conflicts too."""
    return scenario, dataclasses.replace(network, ways=read_ways(scenario.net))


def tripinfo_delay(path: Path):
    """Return (delay per vehicle, vehicles) from SUMO's own record."""
    from xml.etree import ElementTree

    trips = ElementTree.parse(path).getroot().findall("tripinfo")
    total = math.fsum(float(trip.get("timeLoss")) + float(trip.get("departDelay")) for trip in trips)
    return total / len(trips), len(trips)
