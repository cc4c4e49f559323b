"""Emissions and conflicts against SUMO's own devices on real networks; docs/truth.md explains the figures."""

import dataclasses
import multiprocessing
import subprocess
from collections import defaultdict
from xml.etree import ElementTree

import pytest

from engine.nursery import Nursery
from engine.plan import Plan
from engine.sumo.installation import binary, environment
from engine.sumo.options import plain_command
from tests.conftest import built, measuring_all
from tests.kernels.plain_conflicts import PlainConflicts

pytestmark = pytest.mark.slow

SECONDS = {"cologne8": 1800.0, "ingolstadt7": 900.0}

# SUMO's numbers of the kinds of encounter (MSDevice_SSM.h) by what we call them.
KINDS = {
    "following": {"2", "3"},
    "merging": {"6", "7"},
    "crossing": {"10", "11", "12", "13", "14", "15", "16", "17"},
}
THRESHOLDS = {
    "ttc": ("minTTC", lambda value: value < 3.0),
    "drac": ("maxDRAC", lambda value: value > 3.0),
    "pet": ("PET", lambda value: value < 2.0),
}


@dataclasses.dataclass
class Both:
    name: str
    result: object
    twin_sums: dict
    ours: dict  # (measure, kind): pairs of vehicle ids
    theirs: dict
    co2_g: float
    fuel_ml: float
    vehicle_seconds: int


@pytest.fixture(scope="module", params=sorted(SECONDS))
def both(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    scenario, network = measuring_all(*built(folder / "scenario", f"scenario={request.param}"))
    scenario = dataclasses.replace(scenario, end_s=scenario.begin_s + SECONDS[request.param])
    command = plain_command(scenario, 1, None, str(folder / "tripinfo.xml"))
    command[0] = str(binary("sumo"))
    command += ["--emission-output", str(folder / "emissions.xml"), "--emission-output.attributes", "id,CO2,fuel"]
    command += ["--emission-output.precision", "6", "--emissions.volumetric-fuel", "true"]
    command += ["--fcd-output", str(folder / "fcd.xml"), "--fcd-output.attributes", "id,lane,pos"]
    command += ["--device.ssm.probability", "1", "--device.ssm.file", str(folder / "ssm.xml")]
    command += ["--device.ssm.measures", "TTC DRAC PET", "--device.ssm.thresholds", "3.0 3.0 2.0"]
    command += ["--no-step-log", "--no-warnings"]
    subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True)
    with Nursery(scenario, network) as nursery:
        result = nursery.run(Plan(()), 1)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        twin_sums, ours = pool.apply(_pairs, (scenario, network))
    return Both(request.param, result, twin_sums, ours, _theirs(folder), *_emissions(folder / "emissions.xml"))


def _pairs(scenario, network):
    """Return the twin's counts and pairs of vehicle ids by (measure, kind), of a simulation of its own."""
    import engine.extras
    from engine.simulation import Simulation
    from engine.sumo.live import Drive

    twins, names = [], {}

    def twin(*arguments):
        twins.append(_Twin(*arguments))
        return twins[0]

    def take_in(drive, vehicle, taken=Drive._take_in):
        names[twins[0].n] = vehicle
        taken(drive, vehicle)

    engine.extras.conflicts, Drive._take_in = twin, take_in
    with Simulation(scenario, network, Plan(()), 1, "libsumo") as simulation:
        simulation.run()
    pairs = defaultdict(set)
    for (measure, one, two), (_, kind) in twins[0].pairs.items():
        pairs[measure, kind].add(frozenset((names[one], names[two])))
    return {measure: sum(values) for measure, values in twins[0].sums().items()}, dict(pairs)


class _Twin(PlainConflicts):
    def sums(self):
        import numpy as np

        return {measure: np.array(values) for measure, values in super().sums().items()}


def _emissions(path):
    co2_mg = fuel_ml = 0.0
    n = 0
    for _, element in ElementTree.iterparse(path):
        if element.tag == "vehicle":
            co2_mg += float(element.get("CO2"))
            fuel_ml += float(element.get("fuel"))
            n += 1
        elif element.tag == "timestep":
            element.clear()
    return co2_mg / 1000.0, fuel_ml, n


def _theirs(folder):
    """Return pairs of vehicle ids by (measure, kind); of following ones those with nobody between them."""
    places = {}
    for _, step in ElementTree.iterparse(folder / "fcd.xml"):
        if step.tag == "timestep":
            places[float(step.get("time"))] = {
                v.get("id"): (v.get("lane"), float(v.get("pos"))) for v in step if v.tag == "vehicle"
            }
            step.clear()
    pairs = defaultdict(set)
    for conflict in ElementTree.parse(folder / "ssm.xml").getroot().iter("conflict"):
        ego, foe = conflict.get("ego"), conflict.get("foe")
        for measure, (tag, passed) in THRESHOLDS.items():
            found = conflict.find(tag)
            if found is None or found.get("value") == "NA" or not passed(float(found.get("value"))):
                continue
            kind = next((kind for kind, types in KINDS.items() if found.get("type") in types), "other")
            if kind == "following":
                behind, ahead = (ego, foe) if found.get("type") == "2" else (foe, ego)
                if _between(places[float(found.get("time"))], behind, ahead):
                    kind = "following over others"
            pairs[measure, kind].add(frozenset((ego, foe)))
    return dict(pairs)


def _between(places, behind, ahead):
    """Return whether somebody drives between two vehicles, as far as their two lanes show."""
    if behind not in places or ahead not in places:
        return False
    (lane, front_m), (lane_ahead, ahead_m) = places[behind], places[ahead]
    for vehicle, (there, at_m) in places.items():
        if vehicle in (behind, ahead):
            continue
        if lane == lane_ahead:
            if there == lane and front_m < at_m < ahead_m:
                return True
        elif (there == lane and at_m > front_m) or (there == lane_ahead and at_m < ahead_m):
            return True
    return False


def shares(both, measure, kind):
    """Return (how many of ours, of theirs, share of ours that they have, share of theirs that we have, of any kind)."""
    ours, theirs = both.ours.get((measure, kind), set()), both.theirs.get((measure, kind), set())
    any_ours = set().union(*(pairs for (of, _), pairs in both.ours.items() if of == measure))
    any_theirs = set().union(*(pairs for (of, _), pairs in both.theirs.items() if of == measure))
    known, found = len(ours & any_theirs) / max(len(ours), 1), len(theirs & any_ours) / max(len(theirs), 1)
    print(f"{both.name} {measure} {kind}: {len(ours)} / {len(theirs)}, {known:.2f} of ours, {found:.2f} of theirs")
    return len(ours), len(theirs), known, found


def test_emissions_equal_the_emission_output(both):
    print(f"{both.name}: {both.result.network['co2_g']} / {both.co2_g} g, {both.fuel_ml} ml")
    assert both.result.network["vehicle_seconds"] == both.vehicle_seconds
    # The file has six digits after the point.
    assert both.result.network["co2_g"] == pytest.approx(both.co2_g, rel=1e-8)
    assert both.result.network["fuel_ml"] == pytest.approx(both.fuel_ml, rel=1e-6)
    # A litre of petrol makes 2.3 kg of CO2, a litre of diesel 2.6.
    assert 2.2 < both.result.network["co2_g"] / both.result.network["fuel_ml"] < 2.7


def test_the_kernel_counts_what_the_plain_twin_counts(both):
    for measure, count in both.twin_sums.items():
        assert both.result.network[f"conflicts_{measure}"] == count
        assert count > 30


@pytest.mark.parametrize("measure", ["ttc", "drac"])
def test_following_conflicts_are_those_of_the_ssm_device_with_nobody_in_between(both, measure):
    ours, theirs, known, found = shares(both, measure, "following")
    assert ours > 300
    assert abs(ours - theirs) <= 0.05 * theirs
    assert min(known, found) >= 0.95
    # Of those with others in between there are many, and ours are not among them.
    over = both.theirs[measure, "following over others"]
    assert len(over) > 50
    assert len(over & both.ours[measure, "following"]) <= 0.06 * len(over)


@pytest.mark.parametrize(("measure", "least"), [("ttc", 0.65), ("drac", 0.45), ("pet", 0.55)])
def test_crossing_conflicts_are_mostly_those_of_the_ssm_device(both, measure, least):
    ours, theirs, known, found = shares(both, measure, "crossing")
    assert min(ours, theirs) > 25
    assert 0.7 <= ours / theirs <= 1.5
    assert min(known, found) >= least


def test_merging_conflicts_hold_most_of_those_of_the_ssm_device(both):
    ours, theirs, _, found = shares(both, "ttc", "merging")
    assert ours >= theirs > 5
    assert found >= 0.6
    assert not any(kind == "merging" for measure, kind in both.ours if measure == "pet")
