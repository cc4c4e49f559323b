"""Time series: what they sum to, and that asking for them changes nothing else."""

import dataclasses

import pytest

from engine.errors import InputError
from engine.nursery import Nursery
from engine.plan import Plan
from engine.simulation import Simulation
from engine.tables import run_rows

BACKENDS = ("native", "libsumo")


@pytest.fixture(scope="module")
def runs(junction, ingolstadt7):
    """Return, for each scenario, its run without and with a series by the minute."""
    found = {}
    for name, (scenario, network) in (("junction", junction), ("ingolstadt7", ingolstadt7)):
        with Nursery(scenario, network) as nursery:
            found[name] = scenario, nursery.run(Plan(()), 1), nursery.run(Plan(()), 1, series_s=60.0)
    return found


@pytest.mark.parametrize("name", ["junction", "ingolstadt7"])
def test_intervals_add_up_to_the_run(runs, name):
    scenario, plain, run = runs[name]
    assert dataclasses.replace(run, series=()) == plain
    network = [row for row in run.series if row.group == -1]
    start_s = scenario.begin_s + scenario.warmup_s
    assert [row.start_s for row in network] == [start_s + 60.0 * i for i in range(len(network))]
    assert network[-1].end_s == scenario.end_s
    total_s = run.network["delay_s"] * run.network["vehicles"]
    assert sum(row.delay_s for row in network) == pytest.approx(total_s, rel=1e-9)
    assert sum(row.throughput_veh for row in network) == run.network["throughput_veh"]
    assert (network[-1].vehicles, network[-1].waiting_veh) == (run.network["running_veh"], run.network["waiting_veh"])
    assert max(row.queue_m for row in network) == run.network["queue_max_m"]
    for i, group in enumerate(run.groups):
        rows = [row for row in run.series if row.group == i]
        assert len(rows) == len(network)
        assert sum(row.throughput_veh for row in rows) == group.throughput_veh
        assert max(row.queue_m for row in rows) == group.queue_m[-1]
        assert max(row.queue_veh for row in rows) == group.queue_veh[-1]
        # Those that are still on the approach at the end left in no interval.
        assert (
            0 <= group.vehicles - sum(row.left_veh for row in rows) <= rows[-1].vehicles + network[-1].waiting_veh + 5
        )


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_gives_the_same_series(runs, junction, backend):
    with Nursery(*junction, backend) as nursery:
        assert nursery.run(Plan(()), 1, series_s=60.0).series == runs["junction"][2].series


def test_the_last_interval_may_be_shorter(cologne1):
    scenario, network = cologne1
    with Nursery(scenario, network) as nursery:
        rows = nursery.run(Plan(()), 1, series_s=250.0).series
    assert [row.end_s - row.start_s for row in rows if row.group == -1] == [250.0, 250.0, 250.0, 150.0]


def test_the_table_names_lane_groups(runs):
    _, _, run = runs["junction"]
    rows = run_rows("series", "baseline", 1, "run", run)
    assert [row["level"] for row in rows[:2]] == ["network", "lane group"]
    assert rows[1]["lane_group"] == run.groups[0].group
    assert rows[0]["signal"] is None


def test_intervals_are_whole_steps(cologne1):
    with Simulation(*cologne1, Plan(()), 1) as simulation, pytest.raises(InputError, match="no multiple"):
        simulation.run(2.5)
