"""Who meets whom, under which name, and what is missing."""

import dataclasses

import pytest

from engine.errors import InputError
from experiments.compare.places import missing, places, warnings
from experiments.compare.rivals import Window
from experiments.compare.values import NETWORK
from tests.experiments.compare.made import ENVIRONMENT, delays, rival


def study(name, scenario="town", net=48.0, best=40.0, **changes):
    return [
        rival(name, delays(net), scenario, "net", source=f"studies/{name}", **changes),
        rival(name, delays(best), scenario, "best", source=f"studies/{name}", plan_id=f"{name}{best}", **changes),
    ]


def labels(place):
    return [of.label for of in place.all]


def test_studies_of_one_scenario_share_the_plan_in_the_net_and_keep_their_names():
    (place,) = places([*study("race"), *study("tpe", best=42.0)])
    assert labels(place) == ["plan in the net", "race", "tpe"]
    assert place.reference.kind == "net"
    assert place.reference.source == "studies/race, studies/tpe"


def test_the_reference_may_be_named_by_path_or_label():
    rivals = [*study("race"), *study("tpe", best=42.0)]
    for name in ("studies/race", "studies/race/", "race"):
        (place,) = places(rivals, name)
        assert labels(place) == ["race", "plan in the net", "tpe"]
    assert labels(places([rivals[1], rivals[0]], "baseline")[0])[0] == "plan in the net"
    with pytest.raises(
        InputError, match="reference=nobody is none of those that are compared. Name one of 'plan in the net'"
    ):
        places(rivals, "nobody")


def test_the_studies_of_several_scenarios_stand_beside_each_other():
    found = places([*study("race-1", "one"), *study("race-3", "three")])
    assert [(place.scenario, labels(place)) for place in found] == [
        ("one", ["plan in the net", "best plan"]),
        ("three", ["plan in the net", "best plan"]),
    ]
    more = places([*study("a-1", "one"), *study("b-1", "one"), *study("a-3", "three"), *study("b-3", "three")])
    assert [labels(place)[1:] for place in more] == [["best plan 1", "best plan 2"]] * 2


def test_the_plan_in_the_net_of_other_versions_or_inputs_is_another_rival():
    other = {"versions": {"greensplit": "0.1.0", "eclipse-sumo": "1.27.0"}, "inputs": ENVIRONMENT["inputs"]}
    (place,) = places([*study("new"), *study("old", environment=other)])
    assert labels(place) == ["plan in the net (new)", "new", "plan in the net (old)", "old"]
    assert ("version", "old", "eclipse-sumo 1.27.0, 1.28.0") in warnings(place)


def test_single_runs_of_one_plan_are_one_rival():
    runs = [rival(f"run-{seed}", {seed: 40.0 + seed}, kind="run", plan_id="abc") for seed in (1, 2, 3)]
    (place,) = places([rival("baseline", {1: 1.0, 2: 2.0}, kind="net"), *runs])
    assert place.rivals[0].seeds == (1, 2, 3)
    assert place.rivals[0].values[NETWORK, "delay_s"] == {1: 41.0, 2: 42.0, 3: 43.0}


def test_files_of_one_name_are_told_apart_by_their_folders():
    (place,) = places([rival("x", delays(1.0), source=f"{town}/x.add.xml", plan_id=town) for town in ("a", "b", "c")])
    assert labels(place) == ["a/x", "b/x", "c/x"]
    (place,) = places([rival("x", delays(1.0), source=source, plan_id=source) for source in ("x.json", "x.csv")])
    assert labels(place) == ["x", "x (2)"]


def test_nothing_to_compare_with_is_said():
    with pytest.raises(InputError, match="there is 'plan in the net' of 'town' and nothing to compare with"):
        places(study("race")[:1])
    with pytest.raises(InputError, match="'plan in the net' of 'one' and 'x' of 'two' and nothing"):
        places([rival("b", delays(1.0), "one", "net"), rival("x", delays(1.0), "two")])


def test_failed_runs_and_seeds_without_a_partner_are_missing():
    first = rival("baseline", delays(40.0, 4), kind="net")
    broken = rival("broken", delays(38.0, 3), asked=(101, 102, 103, 104), failures={104: "SUMO refuses"})
    fewer = rival("fewer", delays(38.0, 2))
    more = rival("more", delays(38.0, 5))
    found = [(of.rival, of.what, of.seeds, of.reason) for of in missing(places([first, broken, fewer, more]))]
    assert found == [
        ("broken", "failed", (104,), "SUMO refuses"),
        ("fewer", "not run", (103, 104), ""),
        ("plan in the net", "not run", (105,), ""),
    ]


def test_a_rival_that_one_scenario_lacks_is_missing_there():
    found = missing(
        places([*study("a", "one"), rival("baseline", delays(1.0), "two", "net"), rival("x", delays(1.0), "two")])
    )
    assert [(of.scenario, of.rival, of.what) for of in found] == [
        ("two", "best plan", "scenario"),
        ("one", "x", "scenario"),
    ]


def test_what_differs_besides_the_plan_is_warned_of():
    first = rival("baseline", delays(40.0), kind="net")
    inputs = {**ENVIRONMENT, "inputs": {"x.net.xml": "cd" * 32, "y.rou.xml": "ef" * 32}}
    other = rival("other", delays(40.0), environment=inputs, window=Window(600.0, 3600.0, 300.0))
    alone = rival("alone", {101: 3.0})
    (place,) = places([first, other, alone])
    assert warnings(place) == [
        ("input", "other", "x.net.xml, y.rou.xml"),
        ("window", "other", "900-3600 s, 0-3600 s"),
        ("seeds", "alone", "1"),
    ]
    assert warnings(dataclasses.replace(place, rivals=(rival("same", delays(1.0)),))) == []
