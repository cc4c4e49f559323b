"""The state as arrays, the same on every backend, and signals driven by hand between stops."""

import dataclasses
import multiprocessing

import numpy as np
import pytest

from engine.errors import InputError
from engine.layout import layout
from engine.plan import Plan
from engine.simulation import Simulation
from kernels.classes import CLASSES

BACKENDS = ("native", "libsumo", "traci")


def fresh(function, *arguments):
    """Return what a function returns in a process that has simulated nothing before."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def states(scenario, network, backend, times):
    with Simulation(scenario, network, Plan(()), 1, backend) as simulation:
        found = []
        for time_s in times:
            simulation.run_until(time_s)
            found.append(simulation.state())
        return found, simulation.run().to_bytes()


def as_bytes(state):
    values = dataclasses.asdict(state)
    return {
        name: (value.dtype.str, value.tobytes()) if isinstance(value, np.ndarray) else value
        for name, value in values.items()
    }


@pytest.mark.parametrize(("name", "backends"), [("junction", BACKENDS), ("ingolstadt7", BACKENDS[:2])])
def test_every_backend_tells_the_same_state(name, backends, request):
    scenario, network = request.getfixturevalue(name)
    begin_s = scenario.begin_s
    scenario = dataclasses.replace(scenario, end_s=begin_s + 420.0)
    times = (begin_s + 1.0, begin_s + 120.0, begin_s + 121.0, begin_s + 400.0)
    told = [fresh(states, scenario, network, backend, times) for backend in backends]
    assert len({result for _, result in told}) == 1
    for others in told[1:]:
        assert [as_bytes(state) for state in others[0]] == [as_bytes(state) for state in told[0][0]]
    check(told[0][0][-1], network, begin_s + 400.0)


def check(state, network, time_s):
    """Assert what has to hold of any state in the middle of a run."""
    arrays = layout(network)
    assert state.time_s == time_s
    assert len(state.number) > 10
    assert np.all(np.diff(state.number) > 0)
    assert np.all(state.position_m <= arrays.lane_length_m[state.lane] + 1e-6)
    assert set(state.kind.tolist()) <= set(range(len(CLASSES)))
    assert np.all((state.standing_s > 0.0) <= (state.speed <= 0.1))
    assert np.all((state.next_signal >= 0) == np.isfinite(state.to_line_m))
    assert [len(letters) for letters in state.letters] == [
        1 + max(link.index for link in signal.links) for signal in network.signals
    ]
    assert np.all(state.next_switch_s >= time_s)
    # A vehicle on a stop-line lane is as far from the line as its lane goes on, and its link leaves from there.
    on_stop_lane = 0
    lanes = list(arrays.lane_index)
    for i in np.flatnonzero(state.next_signal >= 0):
        links = [link for link in network.signals[state.next_signal[i]].links if link.index == state.next_link[i]]
        if any(link.lane == lanes[state.lane[i]] for link in links):
            on_stop_lane += 1
            rest_m = arrays.lane_length_m[state.lane[i]] - state.position_m[i]
            assert state.to_line_m[i] == pytest.approx(rest_m, abs=1e-6)
    assert on_stop_lane > 5
    assert 0 <= state.waiting_veh.sum() <= state.n_waiting


def test_vehicles_that_cannot_get_in_are_counted_by_lane_group(ingolstadt7):
    scenario, network = ingolstadt7
    (state,), _ = fresh(states, scenario, network, "native", (scenario.begin_s + 890.0,))
    assert state.n_waiting > 0
    with Simulation(scenario, network, Plan(()), 1) as simulation:
        simulation.run_until(scenario.begin_s + 890.0)
        assert simulation.state().n_waiting == simulation.result().network["waiting_veh"]


def driven(scenario, network, backend, script):
    """Return the result of a run in which every signal is set by hand, second by second, from the letters given."""
    with Simulation(scenario, network, Plan(()), 1, backend) as simulation:
        for step, letters in enumerate(script):
            for signal, shown in zip(network.signals, letters, strict=True):
                simulation.show(signal.id, shown)
            simulation.run_until(scenario.begin_s + step + 1.0)
        return simulation.run().to_bytes()


def shown_by_the_plan(scenario, network):
    """Return what each signal shows in each step under the plan in the net, and the run's result."""
    with Simulation(scenario, network, Plan(()), 1) as simulation:
        script = []
        for step in range(int(scenario.end_s - scenario.begin_s)):
            simulation.run_until(scenario.begin_s + step + 1.0)
            script.append(simulation.state().letters)
        return script, simulation.run().to_bytes()


@pytest.mark.parametrize(("name", "backends"), [("junction", BACKENDS), ("cologne1", BACKENDS[:1])])
def test_a_controller_that_repeats_the_plan_gives_the_same_result(name, backends, request):
    scenario, network = request.getfixturevalue(name)
    scenario = dataclasses.replace(scenario, end_s=scenario.begin_s + scenario.warmup_s + 200.0)
    script, planned = fresh(shown_by_the_plan, scenario, network)
    assert len(set(script)) > 3
    for backend in backends:
        assert fresh(driven, scenario, network, backend, script) == planned


def test_a_signal_that_is_held_red_lets_nobody_through(cologne1):
    scenario, network = cologne1
    with Simulation(scenario, network, Plan(()), 1) as simulation:
        simulation.run_until(scenario.begin_s + 1.0)
        red = "r" * len(simulation.state().letters[0])
        simulation.show(network.signals[0].id, red)
        result = simulation.run()
    assert sum(group.throughput_veh for group in result.groups) == 0
    assert result.network["vehicles"] > 100


@pytest.mark.parametrize("backend", BACKENDS[:2])
def test_a_phase_is_set_and_the_program_goes_on_from_there(cologne1, backend):
    fresh(_set_phase, *cologne1, backend)


def _set_phase(scenario, network, backend):
    signal = network.signals[0]
    with Simulation(scenario, network, Plan(()), 1, backend) as simulation:
        simulation.run_until(scenario.begin_s + 3.0)
        before = int(simulation.state().phase[0])
        wanted = (before + 2) % len(signal.program.phases)
        simulation.set_phase(signal.id, wanted)
        simulation.run_until(scenario.begin_s + 4.0)
        assert simulation.state().phase[0] == wanted
        assert simulation.state().letters[0] == signal.program.phases[wanted].state
        with pytest.raises(InputError, match="phase"):
            simulation.set_phase(signal.id, 99)


def test_what_no_signal_can_show_is_refused(cologne1):
    scenario, network = cologne1
    signal = network.signals[0].id
    with Simulation(scenario, network, Plan(()), 1) as simulation:
        n = len(simulation.state().letters[0])
        with pytest.raises(ValueError, match=f"takes {n} of the letters"):
            simulation.show(signal, "G")
        with pytest.raises(ValueError, match="of the letters"):
            simulation.show(signal, "x" * n)
        with pytest.raises(KeyError):
            simulation.show("nowhere", "G" * n)
