"""A study over several scenarios, with a pool that answers from a table instead of simulating."""

import dataclasses

import pytest

from engine.errors import InputError
from engine.jobs import Attempt
from engine.ledger import Ledger
from engine.objective import Objective
from engine.plan import Plan
from engine.result import RunResult
from engine.risk import Risk
from engine.scenario_set import SetStudy, same_signals
from engine.stopping import Stop
from engine.study import Study
from tests.engine.test_stopping import plan_of

NET, OTHER = Plan(()), Plan((plan_of((30, 20)),))
DELAYS = {
    ("dry", "baseline"): 20.0,
    ("wet", "baseline"): 60.0,
    ("dry", OTHER.plan_id): 30.0,
    ("wet", OTHER.plan_id): 40.0,
}


class Table:
    """Answers jobs by (member, plan), stops what exceeds its limit, and remembers what it was asked."""

    def __init__(self, jam=()):
        self.ran, self.jam = [], jam

    def run(self, jobs):
        for job in jobs:
            self.ran.append((job.scenario, job.plan.plan_id, job.seed))
            delay_s = DELAYS[job.scenario, job.plan.plan_id] + job.seed
            network = {
                "delay_s": delay_s,
                "vehicles": 10,
                "gridlock": int((job.scenario, job.plan.plan_id) in self.jam),
            }
            if 10 * delay_s > job.limit_s:
                yield Attempt(
                    job, 1, "stopped", "", "h:1", "", 1.0, None, Stop(job.limit_s, job.limit_s + 1.0, 60.0, 40.0)
                )
            else:
                yield Attempt(job, 1, "done", "", "h:1", "", 1.0, RunResult(network, (), ()).to_bytes())


@pytest.fixture
def opened(tmp_path, cologne1):
    ledgers = []

    def open_(risk, pool, weights=(0.5, 0.5)):
        studies = {}
        for name in ("dry", "wet"):
            ledgers.append(Ledger(tmp_path / f"{name}.sqlite"))
            studies[name] = Study(cologne1[0], ledgers[-1], pool, 1000.0, "traffic", name=name)
        return SetStudy(studies, weights, Objective(), risk, pool)

    yield open_
    for ledger in ledgers:
        ledger.close()


def test_a_trial_runs_in_every_member_and_counts_by_its_risk(opened):
    for risk, value in (
        (Risk("mean"), 41.0),
        (Risk("worst"), 61.0),
        (Risk("cvar", 0.5), 61.0),
        (Risk("cvar", 0.75), 47.667),
    ):
        pool = Table()
        study = opened(risk, pool)
        study.evaluate([(NET, 1), (OTHER, 1)], "training")
        assert study.runs("baseline", (1, 2))[1]["delay_s"] == pytest.approx(value, abs=1e-3)
        assert set(study.runs("baseline", (1, 2))) == {1}
        assert study.counts()["training"] == 4
    assert pool.ran == [], "the ledgers knew all of it"


def test_a_plan_and_seed_runs_in_all_members_before_the_next_one(opened):
    pool = Table()
    opened(Risk(), pool).evaluate([(NET, 2), (OTHER, 1)], "training")
    assert [of[1:] for of in pool.ran] == [("baseline", 2), ("baseline", 2), (OTHER.plan_id, 1), (OTHER.plan_id, 1)]
    assert {of[0] for of in pool.ran} == {"dry", "wet"}


def test_a_run_is_given_up_where_its_member_alone_exceeds_the_limit(opened):
    study = opened(Risk("worst"), Table())
    study.evaluate([(NET, 1)], "training")
    study.evaluate([(OTHER, 1)], "training", {(OTHER.plan_id, 1): 35.0})
    # Dry has 31 s and ends; wet has 41 s and is stopped at 35.1 s, which bounds the worst from below.
    assert study.parts["dry"].runs(OTHER.plan_id, [1])[1]["delay_s"] == 31.0
    assert study.at_least_s(OTHER.plan_id, 1) == pytest.approx(35.1)
    assert study.runs(OTHER.plan_id, [1]) == {}
    assert study.stopped() == {OTHER.plan_id: {1}}
    assert study.at_least_s("baseline", 1) is None


def test_gridlock_is_the_share_of_members_and_what_today_has_is_given(opened):
    study = opened(Risk(), Table(jam={("wet", "baseline")}))
    study.evaluate([(NET, 1), (OTHER, 1)], "training")
    assert study.runs("baseline", [1])[1]["gridlock"] == 0.5
    assert study.runs(OTHER.plan_id, [1])[1]["gridlock"] == 0.0
    assert study.jams(1) == 0.5


def test_members_with_different_networks_are_refused(cologne1):
    network = cologne1[1]
    same_signals({"dry": network, "wet": network})
    with pytest.raises(InputError, match="'dry' and 'wet' have different networks: signal '.*' is in one of them only"):
        same_signals({"dry": network, "wet": dataclasses.replace(network, signals=())})
    fewer = dataclasses.replace(network.signals[0], links=network.signals[0].links[:-1])
    with pytest.raises(InputError, match="has other links"):
        same_signals({"dry": network, "wet": dataclasses.replace(network, signals=(fewer, *network.signals[1:]))})
