"""What searches begin with, from a real junction's demand."""

from pathlib import Path

import pytest

from engine.errors import InputError
from engine.plan import Plan
from engine.space import plan_space
from experiments import _strategy
from experiments._compose import compose
from experiments.config import identity


def proposed(built, *overrides):
    """Return a search and its space for overrides of `greensplit optimize`."""
    scenario, network = built
    config = compose("optimize", [f"scenario={scenario.name}", "search.screen=false", *overrides])
    space = plan_space(network, config.plans.options())
    return _strategy.strategy(config, [_strategy.Site(scenario, network, 1.0, Path())], space, 1, print), space


def test_webster_gives_the_busier_road_more_green(cologne1):
    search, space = proposed(cologne1, "search=webster")
    plans = [trial.plan for trial in search.ask(30)][::3]
    assert 2 <= len(plans) <= 5
    assert len({plan.programs[0].cycle_s for plan in plans}) == len(plans)
    for plan in plans:
        assert space.decode(space.encode(plan)) == plan
        # In this quarter of an hour the second road asks for more (v/s); today both have 29 s.
        assert plan.programs[0].greens_s[0] < plan.programs[0].greens_s[2]


def test_the_race_begins_with_bands_and_with_webster(ingolstadt7):
    race, space = proposed(ingolstadt7)
    textbook, _ = proposed(ingolstadt7, "search=webster")
    bands, _ = proposed(ingolstadt7, "search=maxband")
    first = [textbook.ask(3)[0].plan, bands.ask(3)[0].plan]
    assert {plan.plan_id for plan in map(space.nearest, race._starts)} == {plan.plan_id for plan in first}


def test_nothing_to_retime_has_no_start(cologne1):
    search, _ = proposed(cologne1, "search=webster", "plans=offsets")
    assert search.ask(30) == []


def test_demand_that_cannot_be_read_costs_the_race_a_start_and_webster_its_answer(cologne1, monkeypatch):
    def unreadable(_):
        raise InputError("the demand cannot be read")

    monkeypatch.setattr(_strategy, "read_streams", unreadable)
    assert proposed(cologne1)[0].of_plan(Plan(()))
    with pytest.raises(InputError, match="cannot be read"):
        proposed(cologne1, "search=webster")


def test_choices_that_are_off_leave_a_studys_identity_as_it_was():
    plain = identity(compose("optimize", []))
    assert not {"order", "skip", "half_cycle"} & set(plain["plans"])
    assert identity(compose("optimize", ["plans.order=true"]))["plans"]["order"] is True
    assert identity(compose("optimize", ["plans.order=false"])) == plain


def test_a_search_that_a_model_leads_looks_everywhere_and_samples_stay_near_the_plan_in_the_net():
    assert compose("optimize", []).plans.radius == "full"
    assert compose("sweep", []).plans.radius == 0.3
    assert compose("optimize", ["plans=offsets", "plans.radius=0.2"]).plans.radius == 0.2
