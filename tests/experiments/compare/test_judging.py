"""Differences, verdicts and the overall one, on numbers that can be worked out by hand."""

import math

import pytest

from engine.statistics import paired_interval
from experiments.compare.comparison import compare, summary_of
from experiments.compare.judging import differences, overall, verdict
from experiments.compare.places import places
from experiments.compare.values import NETWORK, Unit
from tests.experiments.compare.made import NORTH, SOUTH, delays, rival

NOISE = [0.3, -0.2, 0.5, 0.1, -0.4, 0.2, -0.1, 0.4, -0.3, -0.5]


def noisy(mean, scale=1.0):
    return {seed: value + scale * noise for (seed, value), noise in zip(delays(mean).items(), NOISE, strict=True)}


def judged(*rivals):
    (place,) = places(rivals)
    return place, differences(place)


NET = rival("baseline", delays(48.0), kind="net")


def test_pairs_are_of_the_same_seed_and_others_are_left_out():
    better = rival("b", {**noisy(40.0), 999: 1.0})
    del better.values[NETWORK, "delay_s"][101]
    _, (of, *_) = judged(NET, better)
    assert of.seeds == tuple(range(102, 111))
    interval = paired_interval([40.0 + noise for noise in NOISE[1:]], [48.0] * 9)
    assert of.judged.plain.mean == pytest.approx(interval.mean)
    assert of.judged.plain.low == pytest.approx(interval.low)
    assert of.relative == pytest.approx(interval.mean / of.to_row()["reference_mean"])


def test_verdicts():
    cases = {
        "better": rival("better", noisy(40.0)),
        "worse": rival("worse", noisy(50.0)),
        "level": rival("level", noisy(48.0, 8.0)),
        "jams": rival("jams", noisy(40.0), gridlocks=(103,)),
        "missing": rival("missing", {s: d for s, d in noisy(40.0).items() if s != 104}, asked=range(101, 111)),
        "unpaired": rival("unpaired", {1: 1.0, 2: 2.0}),
    }
    place, found = judged(NET, *cases.values())
    assert {of.label: verdict(place, of, found) for of in place.rivals} == {name: name for name in cases}


def test_a_rival_that_was_run_on_fewer_seeds_is_not_suspected():
    fewer = rival("fewer", {s: d for s, d in noisy(40.0).items() if s < 107})
    place, found = judged(NET, fewer)
    assert verdict(place, fewer, found) == "better"


def test_several_rivals_are_one_family_and_one_alone_is_not():
    # Alone p is below 0.05; beside two that differ by nothing it has to be below 0.05/3.
    close = {seed: delay + 1.6 * noise - 0.36 for (seed, delay), noise in zip(delays(48.0).items(), NOISE, strict=True)}
    (alone,) = [of for of in judged(NET, rival("close", close))[1] if of.measure == "delay_s"]
    assert (alone.judged.sure, alone.judged.p) == (alone.judged.p_holm <= 0.05, alone.judged.p_holm)
    others = [rival(f"o{i}", noisy(48.0, 3.0 + i)) for i in range(2)]
    rows = judged(NET, rival("close", close), *others)[1]
    among = next(of for of in rows if (of.rival, of.measure) == ("close", "delay_s"))
    assert among.judged.p == alone.judged.p
    assert among.judged.p_holm == pytest.approx(min(1.0, 3 * alone.judged.p))
    assert among.judged.corrected.low < alone.judged.corrected.low


def test_who_gains_and_who_loses_by_approach_and_measure():
    def more(north, south, share):
        return {
            (NORTH, "control_delay_s"): noisy(north),
            (SOUTH, "control_delay_s"): noisy(south, -1.0),
            (NORTH, "vehicles"): dict.fromkeys(delays(0.0), 100.0),
            (NETWORK, "arrivals_on_green"): {seed: share + delay / 1e4 for seed, delay in noisy(0.0).items()},
        }

    net = rival("baseline", delays(48.0), kind="net", more=more(30.0, 20.0, 0.4))
    other = rival("x", noisy(45.0), more=more(25.0, 24.0, 0.6))
    _, found = judged(net, other)
    effects = {(of.unit, of.measure): of.effect for of in found}
    assert effects[NORTH, "control_delay_s"] == "gains"
    assert effects[SOUTH, "control_delay_s"] == "loses"
    assert effects[NETWORK, "arrivals_on_green"] == "gains"  # more of them is better
    assert next(of for of in found if of.unit == NORTH).vehicles == 100.0


def test_places_that_only_one_plan_served_have_no_difference():
    net = rival("baseline", delays(48.0), kind="net", more={(NORTH, "control_delay_s"): delays(3.0)})
    _, found = judged(net, rival("x", delays(40.0)))
    assert [of for of in found if of.unit == NORTH] == []


def test_a_jam_is_judged_by_ranks_and_shown_as_a_median():
    jam = {**noisy(40.0), 105: 600.0}
    place, (of, *_) = judged(rival("baseline", jam, kind="net"), rival("x", noisy(35.0, 2.0)))
    assert of.judged.plain.of == "median"
    assert verdict(place, place.rivals[0], [of]) == "better"
    assert of.relative == pytest.approx(of.judged.plain.median / 40.0, rel=0.05)


def test_the_overall_ratio_is_a_geometric_mean_in_which_scenarios_weigh_the_same():
    def of(scenario, factor, n):
        theirs = delays(40.0, n)
        ours = {
            seed: factor * delay * math.exp(noise / 50.0)
            for (seed, delay), noise in zip(theirs.items(), NOISE, strict=False)
        }
        return [rival("baseline", theirs, scenario, "net"), rival(scenario, ours, scenario, "best")]

    comparison = compare([*of("one", 0.8, 10), *of("two", 0.5, 3)])
    (found,) = comparison.overall
    assert (found.rival, found.scenarios) == ("best plan", ("one", "two"))
    mean = (math.log(0.8) + sum(NOISE) / 500.0 + math.log(0.5) + sum(NOISE[:3]) / 150.0) / 2
    assert found.judged.plain.mean == pytest.approx(mean)
    assert found.relative == pytest.approx(math.exp(mean) - 1.0)
    assert found.ends[0] < found.relative < found.ends[1] < 0.0
    assert overall(comparison.compared[0].differences) == []  # one scenario alone has no overall verdict


def test_the_summary_has_every_plan_difference_and_gap():
    import json

    summary = summary_of(compare([NET, rival("x", noisy(40.0), gridlocks=(101,))]))
    (place,) = summary["places"]
    assert (place["scenario"], place["reference"]) == ("town", "plan in the net")
    assert [plan["label"] for plan in place["plans"]] == ["plan in the net", "x"]
    assert place["plans"][1]["gridlock_share"] == 0.1
    of = place["differences"]["x"]
    assert of["verdict"] == "jams"
    assert of["delay_s"]["ci_holm"] == pytest.approx(of["delay_s"]["ci95"])
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_times_are_in_order_and_units_of_other_levels_are_apart():
    more = {(Unit("time", from_s=t, to_s=t + 900.0), "control_delay_s"): noisy(t / 100.0 + 5.0) for t in (900.0, 0.0)}
    _, found = judged(rival("baseline", delays(9.0), kind="net", more=more), rival("x", delays(9.0), more=more))
    assert [of.unit.from_s for of in found if of.unit.level == "time"] == [0.0, 900.0]
