"""The rolling horizon on real junctions, and on made ones at capacity, beside the plan in the street."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.control.spec import Control, Sensing
from engine.nursery import Nursery
from engine.plan import Plan
from engine.sumo.installation import binary, environment, folder
from tests.conftest import built
from tests.engine.control.test_control import RULES

DATA = "GREENSPLIT_DATA"
"""A folder with further scenarios: pasubio/run.sumocfg, the morning peak of a congested city quarter, 90 minutes."""


def rolling(**parameters):
    named = tuple(sorted(parameters.items()))
    return Plan((), control=Control("rolling_horizon", named, rules=RULES, sensing=Sensing("range200", 200.0)))


def ran(scenario, network, plan, seeds):
    with Nursery(scenario, network) as nursery:
        return [nursery.run(plan, seed) for seed in seeds]


def mean_delay_s(results):
    assert not any(result.network["gridlock"] for result in results)
    return float(np.mean([result.network["delay_s"] for result in results]))


def test_it_halves_the_delay_of_a_real_junction(cologne1):
    assert mean_delay_s(ran(*cologne1, rolling(), [1])) < 0.5 * mean_delay_s(ran(*cologne1, Plan(()), [1]))


def test_the_same_seed_gives_the_same_bytes(cologne1):
    scenario, network = cologne1
    short = dataclasses.replace(scenario, end_s=scenario.begin_s + 300.0)
    one, other = (ran(short, network, rolling(), [3])[0] for _ in range(2))
    assert one.to_bytes() == other.to_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "most_s"),
    # What greedy, max pressure and SUMO's own controllers are all above, and a fixed plan by far.
    [("cologne1", 15.0), ("cologne3", 17.0), ("cologne8", 14.0), ("ingolstadt1", 11.5), ("ingolstadt7", 20.0)],
)
def test_an_hour_of_a_real_network(tmp_path, name, most_s):
    assert mean_delay_s(ran(*built(tmp_path, f"scenario={name}"), rolling(), [1])) < most_s


def made(tmp_path, shape, period_s, seed):
    """A network at capacity: two lanes, turn lanes, a signal at every junction, demand drawn at random."""
    network, trips, configuration = (tmp_path / name for name in ("made.net.xml", "made.trips.xml", "made.sumocfg"))
    signals = ("--default-junction-type", "traffic_light", "--tls.default-type", "static", "--no-turnarounds", "true")
    lanes = ("--default.lanenumber", "2", "--turn-lanes", "1", "--turn-lanes.length", "40")
    quiet = {"capture_output": True, "env": {**os.environ, **environment()}, "cwd": tmp_path}
    subprocess.run([binary("netgenerate"), *shape, *lanes, *signals, "-o", network], check=True, **quiet)
    drawn = ("--fringe-factor", "10", "--random-depart", "--min-distance", "300", "--validate", "--seed", str(seed))
    tool = Path(folder()) / "tools" / "randomTrips.py"
    subprocess.run(
        [sys.executable, tool, "-n", network, "-o", trips, "-e", "1500", "-p", str(period_s), *drawn],
        check=True,
        **quiet,
    )
    configuration.write_text(
        "<configuration><input><net-file value='made.net.xml'/><route-files value='made.trips.xml'/></input>"
        "<time><end value='1800'/></time></configuration>",
        encoding="utf-8",
    )
    return built(tmp_path / "scenario", "scenario=sumo", f"scenario.sumocfg={configuration}")


@pytest.mark.slow
@pytest.mark.parametrize(
    "shape",
    [
        ("--grid", "--grid.number", "4", "--grid.length", "160", "--grid.attach-length", "200"),
        ("--spider", "--spider.arm-number", "5", "--spider.circle-number", "2", "--spider.space-radius", "160"),
    ],
    ids=["grid", "ring"],
)
def test_it_is_no_worse_than_the_plan_in_the_street_at_capacity(tmp_path, shape):
    scenario = made(tmp_path, shape, period_s=0.4, seed=1)
    street = ran(*scenario, Plan(()), [1])[0].network
    ours = ran(*scenario, rolling(), [1])[0].network
    assert ours["delay_s"] <= 1.05 * street["delay_s"]
    assert ours["gridlock"] <= street["gridlock"]


@pytest.mark.slow
def test_a_congested_quarter_that_it_was_not_made_for(tmp_path):
    if DATA not in os.environ:
        pytest.skip(f"needs {DATA}: a folder with pasubio/run.sumocfg")
    configuration = Path(os.environ[DATA]) / "pasubio" / "run.sumocfg"
    scenario = built(tmp_path, "scenario=sumo", f"scenario.sumocfg={configuration}", "scenario.end_s=5400")
    assert mean_delay_s(ran(*scenario, rolling(), [1, 2])) < mean_delay_s(ran(*scenario, Plan(()), [1, 2]))
