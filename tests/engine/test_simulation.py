"""One simulation: every backend gives the same bits, and SUMO's own record gives the same delay."""

import dataclasses
import itertools
import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.nursery import LostError, Nursery
from engine.plan import Plan
from engine.result import RunResult
from engine.simulation import Simulation
from engine.space import SpaceOptions, plan_space
from tests.conftest import built, measuring_all, tripinfo_delay

BACKENDS = ("native", "libsumo", "traci")


def run(scenario, network, plan=None, seed=1, backend="native", tripinfo=None):
    with Nursery(scenario, network, backend) as nursery:
        return nursery.run(plan or Plan(()), seed, tripinfo)


def in_a_fresh_process(scenario, network, stops):
    """Return the bytes of a result, simulated with stops on the way in a process that has simulated nothing before."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_simulate, (scenario, network, stops))


def _simulate(scenario, network, stops):
    with Simulation(scenario, network, Plan(()), 1) as simulation:
        for time_s in stops:
            simulation.run_until(time_s)
            assert simulation.now_s == time_s
        return simulation.run().to_bytes()


@pytest.mark.parametrize("name", ["junction", "cologne1", "ingolstadt7"])
def test_every_backend_gives_the_same_bits(name, request):
    scenario, network = request.getfixturevalue(name)
    backends = BACKENDS if name == "cologne1" else BACKENDS[:2]
    results = {run(scenario, network, seed=3, backend=backend).to_bytes() for backend in backends}
    assert len(results) == 1
    assert RunResult.from_bytes(results.pop()).network["vehicles"] > 100


@pytest.mark.parametrize("name", ["junction", "cologne1", "ingolstadt7"])
def test_every_backend_gives_the_same_bits_of_emissions_and_conflicts(name, request):
    scenario, network = measuring_all(*request.getfixturevalue(name))
    # Over a socket this takes many calls for each vehicle and second.
    scenario = dataclasses.replace(scenario, end_s=scenario.begin_s + scenario.warmup_s + 180.0)
    backends = BACKENDS if name == "cologne1" else BACKENDS[:2]
    results = {run(scenario, network, seed=3, backend=backend).to_bytes() for backend in backends}
    assert len(results) == 1
    result = RunResult.from_bytes(results.pop())
    assert [row.signal for row in result.signals] == [signal.id for signal in network.signals]
    for measure in ("co2_g", "fuel_ml", "conflicts_ttc", "conflicts_drac"):
        assert result.network[measure] >= sum(getattr(row, measure) for row in result.signals) > 0


def test_measuring_more_changes_nothing_else(cologne1):
    scenario, network = cologne1
    traffic, more = run(scenario, network), run(*measuring_all(scenario, network))
    assert traffic.signals == ()
    assert {name: more.network[name] for name in traffic.network} == traffic.network
    assert (more.groups, more.cycles) == (traffic.groups, traffic.cycles)
    added = {"co2_g", "fuel_ml", "conflicts_ttc", "conflicts_drac", "conflicts_pet"}
    assert set(more.network) - set(traffic.network) == added


@pytest.mark.parametrize("name", ["junction", "cologne1", "ingolstadt7"])
def test_delay_is_that_of_sumos_own_tripinfo(name, request, tmp_path):
    scenario, network = request.getfixturevalue(name)
    result = run(scenario, network, seed=2, tripinfo=tmp_path / "tripinfo.xml")
    delay_s, vehicles = tripinfo_delay(tmp_path / "tripinfo.xml")
    if scenario.warmup_s == 0:
        assert result.network["vehicles"] == vehicles
        # SUMO writes two digits of each vehicle's loss.
        assert result.network["delay_s"] == pytest.approx(delay_s, abs=0.006)
    else:
        assert result.network["vehicles"] < vehicles


def test_warm_up_leaves_out_the_vehicles_due_before_it(tmp_path):
    from xml.etree import ElementTree

    scenario, network = built(tmp_path, "scenario=cologne1", "scenario.end_s=26100", "scenario.warmup_s=300")
    result = run(scenario, network, tripinfo=tmp_path / "tripinfo.xml")
    trips = ElementTree.parse(tmp_path / "tripinfo.xml").getroot().findall("tripinfo")
    due = [
        t
        for t in trips
        if float(t.get("depart")) - float(t.get("departDelay")) >= 25500.0 - 1e-6 or float(t.get("depart")) < 0
    ]
    delays_s = sorted(float(t.get("timeLoss")) + float(t.get("departDelay")) for t in due)
    assert result.network["vehicles"] == len(due) > 100
    assert result.network["delay_s"] == pytest.approx(sum(delays_s) / len(due), abs=0.006)
    # Every percentile, too: of 101 places the k-th is k per cent of the way through the sorted delays.
    places = [k / 100 * (len(due) - 1) for k in range(101)]
    below = [delays_s[int(place)] for place in places]
    above = [delays_s[min(int(place) + 1, len(due) - 1)] for place in places]
    between = [low + (high - low) * (place % 1) for low, high, place in zip(below, above, places, strict=True)]
    assert result.delay_percentiles_s == pytest.approx(between, abs=0.02)


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(cologne1):
    first = run(*cologne1, seed=5).to_bytes()
    assert run(*cologne1, seed=6).to_bytes() != first
    assert run(*cologne1, seed=5).to_bytes() == first


def test_stopping_on_the_way_changes_nothing(cologne1):
    stopped = in_a_fresh_process(*cologne1, (25203.0, 25500.0, 25500.0, 26000.0))
    assert stopped == run(*cologne1).to_bytes()


def test_what_ran_before_changes_nothing(cologne1):
    """SUMO's results depend on the addresses that memory was handed out at: every run has to find the same."""
    with Nursery(*cologne1) as nursery:
        results = [nursery.run(Plan(()), seed).to_bytes() for seed in (1, 2, 1, 3, 2, 1)]
    assert results[0] == results[2] == results[5]
    assert results[1] == results[4]
    assert results[0] == run(*cologne1).to_bytes()


def test_a_plan_that_repeats_the_net_changes_nothing(ingolstadt7):
    scenario, network = ingolstadt7
    space = plan_space(network, SpaceOptions())
    assert run(scenario, network, Plan(space.programs)).network == run(scenario, network).network


def test_a_plan_changes_what_it_says(cologne1):
    scenario, network = cologne1
    space = plan_space(network, SpaceOptions())
    plan = space.decode(space.from_unit([0.0] + [0.5] * (space.n_dimensions - 1)))
    result = run(scenario, network, plan)
    assert plan.programs[0].cycle_s < space.programs[0].cycle_s
    assert result.network["delay_s"] != run(scenario, network).network["delay_s"]
    rows = [cycle for cycle in result.cycles if cycle.group == 0]
    lengths = [b.start_s - a.start_s for a, b in itertools.pairwise(rows[1:])]
    assert sum(lengths) / len(lengths) * (2 if len(rows) > 20 else 1) == pytest.approx(
        plan.programs[0].cycle_s, rel=0.35
    )


def test_memory_stays_flat_over_runs(cologne1):
    with Nursery(*cologne1) as nursery:
        memory_kb = []
        for seed in range(8):
            nursery.run(Plan(()), seed)
            status = Path(f"/proc/{nursery.pid}/status").read_text()
            memory_kb.append(int(status.partition("VmRSS:")[2].split()[0]))
    assert max(memory_kb[1:]) - memory_kb[1] < 256


def test_a_killed_simulation_is_lost_and_the_next_one_runs(cologne1):
    import threading

    with Nursery(*cologne1) as nursery:
        whole = nursery.run(Plan(()), 1)

        def kill():
            children = Path(f"/proc/{nursery.pid}/task/{nursery.pid}/children").read_text().split()
            os.kill(int(children[0]), signal.SIGKILL)

        timer = threading.Timer(0.1, kill)
        timer.start()
        with pytest.raises(LostError, match="signal 9"):
            nursery.run(Plan(()), 1)
        timer.join()
        assert nursery.run(Plan(()), 1) == whole
        os.kill(nursery.pid, signal.SIGKILL)
        with pytest.raises(LostError, match="parent process"):
            nursery.run(Plan(()), 1)


def test_a_route_over_an_edge_that_is_not_there_is_one_line(tmp_path):
    scenario, network = built(tmp_path / "s", "scenario=junction")
    broken = tmp_path / "broken.rou.xml"
    broken.write_text('<routes><vehicle id="v" depart="26800"><route edges="in0 nowhere"/></vehicle></routes>')
    with pytest.raises(InputError, match="SUMO refuses scenario 'junction'.*nowhere"):
        run(dataclasses.replace(scenario, routes=(broken,)), network)


def test_temporary_folders_are_gone(cologne1, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    run(*cologne1)
    assert list(tmp_path.iterdir()) == []
