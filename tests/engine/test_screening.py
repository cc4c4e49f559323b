"""The screening model on a real junction: what it reads from SUMO, and what it makes of it."""

import dataclasses
import math
import pickle
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import spearmanr

from engine.network import Network
from engine.nursery import Nursery
from engine.plan import Phase, Plan, Program
from engine.screening.calibration import fitted
from engine.screening.demand import choices_of, demand_arrays
from engine.screening.model import ScreeningModel
from engine.screening.runs import baseline_traces
from engine.screening.timing import program_arrays
from engine.screening.ways import other_ways
from engine.search import Sobol
from engine.simulation import Simulation
from engine.space import SpaceOptions, plan_space
from engine.sumo.roads import read_roads
from engine.sumo.traces import Trace, routed_at_departure, vehicle_types
from kernels.screening import Behaviour
from tests.conftest import built


@pytest.fixture(scope="module")
def traces(cologne1):
    return baseline_traces(*cologne1, seeds=(1,))


@pytest.fixture(scope="module")
def model(cologne1, traces):
    return ScreeningModel.build(*cologne1, traces)


@pytest.fixture(scope="module")
def plans(cologne1):
    return Sobol(plan_space(cologne1[1], SpaceOptions(radius=math.inf)), 5).propose(6)


def test_a_trace_holds_what_the_run_measured(cologne1, traces):
    with Nursery(*cologne1) as nursery:
        network = nursery.run(Plan(()), 1).network
    trips = traces[0].trips
    assert len(trips) > 400
    assert math.fsum(trip.loss_s for trip in trips) / len(trips) == pytest.approx(network["delay_s"], abs=0.01)
    assert all(len(trip.edges) == len(trip.left_s) for trip in trips)
    assert [trip.due_s for trip in trips] == sorted(trip.due_s for trip in trips)


def test_a_trace_is_kept_found_again_and_made_anew_where_it_is_damaged(cologne1, tmp_path, monkeypatch):
    scenario = dataclasses.replace(cologne1[0], end_s=cologne1[0].begin_s + 300.0)
    first = baseline_traces(scenario, cologne1[1], (1, 2), 2, tmp_path)
    assert first[0].trips
    (tmp_path / "calibration-2.json.gz").write_bytes((tmp_path / "calibration-2.json.gz").read_bytes()[:-20])
    asked = []
    answer = Nursery.answer
    monkeypatch.setattr(Nursery, "answer", lambda self, order: asked.append(order.seed) or answer(self, order))
    assert baseline_traces(scenario, cologne1[1], (1, 2), 2, tmp_path) == first
    assert asked == [2]


def test_a_trace_and_a_tripinfo_exclude_each_other(cologne1, tmp_path):
    with pytest.raises(ValueError, match="one tripinfo"):
        Simulation(*cologne1, Plan(()), 1, tripinfo=tmp_path / "a.xml", trace=tmp_path / "b")


def test_passages_of_a_lane_lie_on_the_routes(cologne1, traces):
    lanes = read_roads(cologne1[0].net).lanes
    routes = {trip.id: trip.edges for trip in traces[0].trips}
    assert len(traces[0].passages) > len(traces[0].trips)
    assert all(lanes[passage.lane].edge in routes[passage.trip] for passage in traces[0].passages)


def test_vehicle_types_have_sumos_defaults(cologne1):
    (car,) = vehicle_types(cologne1[0].routes).values()
    assert (car.kind, car.length_m, car.gap_m, car.tau_s) == ("passenger", 4.3, 1.5, 1.0)


def test_roads_know_who_yields(cologne1):
    roads = read_roads(cologne1[0].net)
    right = next(c for c in roads.connections if c.lane == "130165204_0")
    assert {roads.connections[i].lane for i in right.yields_to} == {"27115123#2_0", "27115123#2_1"}
    assert all(i in roads.connections[j].crosses for i, c in enumerate(roads.connections) for j in c.yields_to)
    left = next(c for c in roads.connections if c.lane == "-32038056#3_1" and c.to_lane == "32324544#0_1")
    assert left.lengths_m == (8.62, 19.58)


def test_trips_have_other_ways_and_the_one_driven_among_them(traces, tmp_path):
    scenario, _ = built(tmp_path, "scenario=cologne8", "scenario.end_s=25500")
    roads = read_roads(scenario.net)
    ((ends, ways),) = other_ways(roads, [("8716807#6", "8716827#0", "passenger")]).items()
    assert all(way[0] == ends[0] and way[-1] == ends[1] for way, _ in ways)
    assert len(set(ways)) == len(ways) > 1
    links = {(roads.lanes[c.lane].edge, roads.lanes[c.to_lane].edge) for c in roads.connections}
    assert all(pair in links for way, _ in ways for pair in pairwise(way))
    own_s = {lane.edge: lane.length_m / lane.speed for lane in roads.lanes.values()}
    seconds = [sum(own_s[edge] for edge in way) for way, _ in ways]
    assert seconds == sorted(seconds)
    assert not other_ways(roads, [("28675510#7", "nowhere", "passenger")])["28675510#7", "nowhere", "passenger"]


def test_ids_of_trips_are_read(cologne1, traces):
    routed = routed_at_departure(cologne1[0].routes)
    assert {trip.id for trip in traces[0].trips if trip.type} <= routed


def test_every_route_leads_from_lane_to_lane(model):
    roads = model.roads
    for route in roads.route_start:
        step = route
        while roads.step_start[step + 1] > roads.step_start[step]:
            options = roads.options[roads.step_start[step] : roads.step_start[step + 1]]
            assert len({roads.lane_edge[lane] for lane, _ in options}) == 1
            assert all(link < 0 or roads.link_lane[link] == lane for lane, link in options)
            step += 1
        assert step > route


def test_the_model_says_of_the_plan_in_the_net_what_the_runs_did(model, traces):
    observed = math.fsum(trip.loss_s for trip in traces[0].trips) / len(traces[0].trips)
    assert model.score([Plan(())]).mean_s[0] == pytest.approx(observed, abs=1e-9)
    # What SUMO counts and the model does not is small.
    assert abs(model.base_s) < 0.3 * observed


def test_scores_repeat_for_any_threads_and_in_a_pickle(model, plans):
    scores = model.score(plans, by_approach=True)
    again = pickle.loads(pickle.dumps(model)).score(plans, threads=2, by_approach=True)
    assert scores.delay_s.tobytes() == again.delay_s.tobytes()
    assert scores.approach_delay_s.tobytes() == again.approach_delay_s.tobytes()
    assert scores.delay_s.shape == (6, 3)
    assert np.all(scores.median_s == np.median(scores.delay_s, axis=1))
    assert scores.gridlock_share.tolist() == [0.0] * 6


def test_approaches_hold_no_more_than_the_network(model, plans):
    scores = model.score(plans, by_approach=True)
    assert scores.approach_delay_s.shape == (6, sum(len(s.approaches) for s in model.network.signals))
    assert np.all(scores.approach_delay_s.sum(axis=1) <= scores.mean_s - model.base_s + 1e-9)
    # The rest is lost at the minor road that joins downstream of no signal.
    assert np.all(scores.approach_delay_s.sum(axis=1) > 0.7 * (scores.mean_s - model.base_s))


def test_plans_are_ranked_as_sumo_ranks_them(cologne1, model, plans):
    with Nursery(*cologne1) as nursery:
        sumo = [nursery.run(plan, 1).network["delay_s"] for plan in plans]
    assert spearmanr(model.score(plans).median_s, sumo)[0] > 0.8


def test_a_fit_finds_back_what_it_started_from(model):
    truth = Behaviour(tau_s=1.5)

    def lost_s(behaviour):
        return np.array([100.0, 50.0]) * behaviour.tau_s

    assert fitted(Behaviour(), lost_s(truth), lost_s).tau_s == pytest.approx(1.5, abs=0.051)
    # What the runs say nothing of stays as it is.
    assert fitted(Behaviour(), lost_s(truth), lost_s).react_s == Behaviour().react_s
    assert model.calibrated().score([Plan(())]).mean_s[0] == pytest.approx(model.observed_delay_s, abs=1e-9)


def test_draws_differ_and_repeat(cologne1, traces):
    scenario, _ = cologne1
    types, routed = vehicle_types(scenario.routes), routed_at_departure(scenario.routes)
    choices = choices_of(traces, types, routed, read_roads(scenario.net))
    arrays = demand_arrays(traces, types, choices, routed, scenario.begin_s, scenario.end_s, 2)
    again = demand_arrays(traces, types, choices, routed, scenario.begin_s, scenario.end_s, 2)
    first, second = (slice(arrays.start[i], arrays.start[i + 1]) for i in range(2))
    assert arrays.caution.tobytes() == again.caution.tobytes()
    assert np.any(arrays.caution[first] != arrays.caution[second])
    assert arrays.due_s[first].tolist() == arrays.due_s[second].tolist()
    assert sorted(arrays.speed_factor[first]) == sorted(arrays.speed_factor[second])


def test_fractions_of_seconds_are_shown_as_whole_ones(model):
    signal = model.network.signals[0]
    phases = tuple(Phase(2.4, phase.state) for phase in signal.program.phases)
    arrays = program_arrays(model.network, model.roads, [Plan((Program(signal.id, phases, 1.6),))])
    assert arrays.phase_s.tolist() == [2, 3, 2, 3, 2, 2, 3, 2]
    assert arrays.phase_s.sum() == round(2.4 * 8)
    assert arrays.offset_s.tolist() == [[2]]


def test_a_run_without_vehicles_is_refused(cologne1):
    with pytest.raises(ValueError, match="at least one vehicle"):
        ScreeningModel.build(*cologne1, [Trace((), ())])


@pytest.mark.slow
def test_a_network_of_sixteen_signals_is_ranked_as_sumo_ranks_it(tmp_path):
    scenario, network = built(tmp_path, "scenario=grid4x4", "scenario.end_s=1800")
    assert isinstance(network, Network)
    model = ScreeningModel.build(scenario, network, baseline_traces(scenario, network, (1,)))
    plans = Sobol(plan_space(network, SpaceOptions(radius=math.inf)), 9).propose(10)
    with Nursery(scenario, network) as nursery:
        sumo = [nursery.run(plan, 1).network["delay_s"] for plan in plans]
    assert spearmanr(model.score(plans).median_s, sumo)[0] > 0.9
