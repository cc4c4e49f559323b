"""Runs that are given up on the way: only where that is sure, the same everywhere, and never a finalist."""

import math

import pytest

from engine.jobs import Attempt, Job
from engine.ledger import Ledger
from engine.nursery import Nursery
from engine.objective import Objective
from engine.plan import Phase, Plan, Program
from engine.result import RunResult
from engine.search import Evaluation, Race, Trial
from engine.selection import rank
from engine.simulation import Simulation
from engine.space import PlanSpace, SpaceOptions
from engine.stopping import CHECK_S, Stop, StoppedError
from engine.study import Study, run_key
from engine.worker import attempted

SEEDS = (1, 2, 3)
STOP = Stop(100.0, 123.0625, 660.0, 540.0)


def plan_of(greens):
    phases = []
    for stage, green in enumerate(greens):
        phases += [Phase(green, "Gr" if stage else "rG", stage), Phase(3.0, "yr" if stage else "ry", -1)]
    return Program("a", tuple(phases), 0.0, (5.0,) * len(greens), (120.0,) * len(greens))


def space():
    return PlanSpace([plan_of((30, 20))], SpaceOptions())


def test_the_delay_so_far_only_grows_and_ends_as_the_delay(cologne1):
    scenario, network = cologne1
    with Simulation(scenario, network, Plan(()), 1) as simulation:
        sums = []
        while simulation.now_s < scenario.end_s:
            simulation.run_until(simulation.now_s + 15.0)
            sums.append(simulation.delay_sum_s)
        result = simulation.result().network
    assert sums == sorted(sums)
    assert sums[-1] == pytest.approx(result["delay_s"] * result["vehicles"], rel=1e-9)


@pytest.mark.parametrize("backend", ["native", "libsumo"])
def test_a_run_is_stopped_once_its_delay_exceeds_the_limit(cologne1, backend):
    scenario, network = cologne1
    with Nursery(scenario, network, backend) as nursery:
        whole = nursery.run(Plan(()), 1)
        total_s = whole.network["delay_s"] * whole.network["vehicles"]
        with pytest.raises(StoppedError) as caught:
            nursery.run(Plan(()), 1, limit_s=0.5 * total_s)
        stop = caught.value.stop
        assert 0.5 * total_s < stop.delay_sum_s < total_s
        assert (stop.at_s - scenario.begin_s) % CHECK_S == 0.0
        assert stop.at_s + stop.left_s == scenario.end_s
        # A limit that it keeps changes nothing, to the last bit.
        assert nursery.run(Plan(()), 1, limit_s=1.01 * total_s).to_bytes() == whole.to_bytes()


def test_every_backend_stops_at_the_same_place(cologne1):
    stops = []
    for backend in ("native", "libsumo"):
        with Nursery(*cologne1, backend) as nursery, pytest.raises(StoppedError) as caught:
            nursery.run(Plan(()), 2, limit_s=5000.0)
        stops.append(caught.value.stop)
    assert stops[0] == stops[1]


def test_a_stop_keeps_every_digit():
    assert Stop.from_bytes(STOP.to_bytes()) == STOP
    assert "stopped at 660 s, 540 s before its end" in str(STOP)


def test_a_worker_answers_where_it_stopped():
    def run(job):
        raise StoppedError(STOP)

    status, reason, data, _ = attempted(run, Job("k", Plan(()), 1, "training", 100.0))
    assert (status, reason, Stop.from_bytes(data)) == ("stopped", str(STOP), STOP)


class Books:
    """A pool that stops every run with a limit, and ends the others at once with ten vehicles."""

    def __init__(self):
        self.ran = []

    def run(self, jobs):
        for job in jobs:
            self.ran.append((job.plan.plan_id, job.seed, job.limit_s))
            if job.limit_s == math.inf:
                result = RunResult({"delay_s": 8.0, "vehicles": 10}, (), ()).to_bytes()
                yield Attempt(job, 1, "done", "", "h:1", "", 1.0, result)
            else:
                stop = Stop(job.limit_s, job.limit_s + 1.0, 60.0, 40.0)
                yield Attempt(job, 1, "stopped", str(stop), "h:1", "", 1.0, None, stop)


def test_a_study_knows_a_stopped_run_again_under_the_same_limit_only(tmp_path, cologne1):
    plan = Plan((plan_of((30, 20)),))
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        # Limits are of delay per vehicle; the plan in the net has told how many vehicles there are: ten.
        for limit_s, ran in ((10.0, 2), (10.0, 0), (20.0, 1)):
            pool = Books()
            study = Study(cologne1[0], ledger, pool, 1000.0, "traffic")
            study.evaluate([(Plan(()), 1)], "training")
            study.evaluate([(plan, 1)], "training", {(plan.plan_id, 1): limit_s})
            assert len(pool.ran) == ran
            assert study.at_least_s(plan.plan_id, 1) == (10.0 * limit_s + 1.0) / 10.0
            assert study.at_least_s("baseline", 1) is None
            assert study.runs(plan.plan_id, SEEDS) == {}
            assert study.result(plan.plan_id, 1) is None
            assert (study.counts()["training"], study.counts()["stopped"]) == (2, 1)
            assert (study.counts()["done"], study.counts()["failed"], study.counts()["saved_s"]) == (1, 0, 40)
        assert [row.status for row in ledger.attempts()] == ["done", "stopped", "stopped"]
        assert ledger.stop(run_key(cologne1[0], plan, 1, 1000.0, "traffic"), 150.0) is None


def test_a_stopped_plan_ranks_behind_all_that_were_run_to_the_end():
    done = {"delay_s": 50.0, "gridlock": 0}
    runs = {"baseline": {1: done, 2: done}, "given up": {1: done | {"delay_s": 10.0}}, "dropped": {1: done}}
    asked = {"baseline": {1, 2}, "given up": {1, 2}, "dropped": {1}}
    ranked = rank(list(runs), runs, (1, 2), asked=asked, stopped={"given up": {2}})
    assert [of.plan_id for of in ranked] == ["baseline", "dropped", "given up"]
    assert (ranked[2].stopped, ranked[2].failed, ranked[2].untried) == ((2,), (), ())


def test_only_delay_alone_has_a_bound():
    assert Objective().delay_weight == 1.0
    assert Objective({"delay_s": 2.0}).delay_weight == 2.0
    others = (
        Objective({"delay_s": 1.0, "stops_per_veh": 1.0}),
        Objective({"stops_per_veh": 1.0}),
        Objective({"delay_s": -1.0}),
        Objective(worse_by={"delay_s": 0.0}),
        Objective(at_most={"spillback_s": 0.0}),
        Objective(front=("delay_s",)),
    )
    assert [objective.delay_weight for objective in others] == [None] * len(others)


def test_the_race_gives_limits_and_drops_what_was_stopped():
    race = Race(space(), 0, SEEDS)
    base = {1: 20.0, 2: 30.0, 3: 40.0}
    race.tell([Evaluation(Trial(Plan(()), seed), (value,)) for seed, value in base.items()])
    given_up = set()
    for _ in range(6):
        trials = race.ask(8)
        assert all(trial.limit == pytest.approx(1.25 * base[trial.seed]) for trial in trials)
        assert given_up.isdisjoint(trial.plan.plan_id for trial in trials)
        answers = []
        for i, trial in enumerate(trials):
            if i % 3 == 0:
                given_up.add(trial.plan.plan_id)
                answers.append(Evaluation(trial, None, at_least=1.6 * base[trial.seed]))
            else:
                # Never below the plan in the net: that one leads.
                answers.append(Evaluation(trial, (1.2 * base[trial.seed],)))
        race.tell(answers)
    assert len(given_up) > 6


def test_the_limit_follows_the_leader():
    race = Race(space(), 0, SEEDS)
    base = {1: 20.0, 2: 30.0, 3: 40.0}
    race.tell([Evaluation(Trial(Plan(()), seed), (value,)) for seed, value in base.items()])
    for _ in range(8):
        race.tell([Evaluation(trial, (0.8 * base[trial.seed],)) for trial in race.ask(8)])
    assert all(trial.limit == pytest.approx(1.25 * 0.8 * base[trial.seed]) for trial in race.ask(8))


def test_without_a_run_of_the_plan_in_the_net_nothing_is_stopped():
    race = Race(space(), 0, SEEDS)
    race.tell([Evaluation(Trial(Plan(()), seed), None) for seed in SEEDS])
    assert all(trial.limit == math.inf for trial in race.ask(8))
