"""Pedestrians against SUMO's own record of every walk."""

import dataclasses
from xml.etree import ElementTree

import pytest

from engine.nursery import Nursery
from engine.plan import Plan
from kernels.classes import CLASSES

WALKERS = """<routes>
<vType id="slow" vClass="pedestrian" maxSpeed="0.9"/>
{persons}
<person id="w1" depart="26720" type="slow"><walk edges="in0 out0" arrivalPos="15"/></person>
<person id="w2" depart="27010" type="slow"><walk edges="in2bay1 out2" arrivalPos="15"/></person>
<person id="w3" depart="27020"><walk edges="in3bay1 out3"/><stop lane="out3_0" duration="20" actType="shop"/>
  <walk edges="out3 in3bay1"/></person>
</routes>"""


def walks(path, start_s):
    """Return (person, arrived, time loss, waiting time, duration) of every walk that began in the window."""
    found = []
    for person in ElementTree.parse(path).getroot().findall("personinfo"):
        for walk in person.findall("walk"):
            if float(walk.get("depart")) >= start_s - 1e-6:
                values = (float(walk.get(name)) for name in ("arrival", "timeLoss", "waitingTime", "duration"))
                found.append((person.get("id"), *values))
    return found


def simulate(scenario, network, folder, seed=1):
    with Nursery(scenario, network) as nursery:
        result = nursery.run(Plan(()), seed, folder / "tripinfo.xml")
    return result, walks(folder / "tripinfo.xml", scenario.begin_s + scenario.warmup_s)


def test_delay_is_the_time_loss_of_sumos_own_record(junction, tmp_path):
    """Every walk here ends: several crossings, a type of its own, a person with two walks."""
    scenario, network = junction
    routes = tmp_path / "walkers.rou.xml"
    edges = [("in0", "out0"), ("in2bay1", "out2"), ("out0", "in0"), ("in3bay1", "out3")]
    persons = [
        f'<person id="p{i}" depart="{27000 + 7 * i}"><walk from="{a}" to="{b}" arrivalPos="15"/></person>'
        for i, (a, b) in enumerate(edges * 8)
    ]
    everyone = ElementTree.fromstring(WALKERS.format(persons="\n".join(persons)))
    everyone[1:] = sorted(everyone[1:], key=lambda person: float(person.get("depart")))
    routes.write_text(ElementTree.tostring(everyone, encoding="unicode"))
    result, record = simulate(dataclasses.replace(scenario, routes=(routes,)), network, tmp_path)
    assert all(arrival >= 0.0 for _, arrival, *_ in record)
    # 26720 lies before the window; the person with two walks is one person.
    assert (len(record), result.network["pedestrians"]) == (8 * 4 + 3, 8 * 4 + 2)
    ours_s = result.network["pedestrian_delay_s"] * result.network["pedestrians"]
    # SUMO cuts each walk's loss to milliseconds and writes two digits.
    assert ours_s == pytest.approx(sum(loss for _, _, loss, *_ in record), abs=0.006 * len(record))
    assert ours_s > 100.0


def test_the_built_in_junctions_pedestrians_agree(junction, tmp_path):
    scenario, network = junction
    result, record = simulate(dataclasses.replace(scenario, warmup_s=0.0), network, tmp_path, seed=2)
    assert result.network["pedestrians"] == len({person for person, *_ in record}) > 30
    ours_s = result.network["pedestrian_delay_s"] * result.network["pedestrians"]
    ended_s = sum(loss for _, arrival, loss, *_ in record if arrival >= 0.0)
    # SUMO writes no loss for a walk that has not ended; ours counts what it lost so far, at most all its time.
    under_way_s = sum(duration for _, arrival, _, _, duration in record if arrival < 0.0)
    assert ended_s - 0.3 <= ours_s <= ended_s + under_way_s + 0.3
    crossings = {crossing.crossing: crossing for crossing in result.crossings}
    assert list(crossings) == ["crossing N", "crossing E", "crossing S", "crossing W"]
    # SUMO counts a wait anywhere; hardly anybody stands but before a crossing here.
    waited_s = sum(crossing.pedestrians * (crossing.wait_s or 0.0) for crossing in result.crossings)
    assert waited_s == pytest.approx(sum(wait for _, _, _, wait, _ in record), rel=0.02)
    assert 20.0 < result.network["pedestrian_wait_s"] < result.network["pedestrian_wait_max_s"] < 76.0 + 15.0


def test_vehicles_delay_leaves_pedestrians_out(junction):
    with Nursery(*junction) as nursery:
        network = nursery.run(Plan(()), 1).network
    assert sum(network[f"{name}_veh"] for name in CLASSES) == network["vehicles"]
    assert network["pedestrians"] > 0


def test_where_nobody_walks_nothing_looks_for_them(cologne1):
    scenario, network = cologne1
    assert not network.persons
    with Nursery(scenario, network) as nursery:
        result = nursery.run(Plan(()), 1)
    assert result.crossings == ()
    assert result.network["pedestrians"] == 0
