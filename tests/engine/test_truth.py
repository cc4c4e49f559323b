"""The recorder against SUMO's own detectors on real networks; docs/truth.md explains the figures."""

import statistics
import subprocess
from collections import Counter, defaultdict
from xml.etree import ElementTree

import pytest

from engine.nursery import Nursery
from engine.plan import Plan
from engine.sumo.installation import binary, environment
from engine.sumo.options import plain_command
from tests.conftest import built, tripinfo_delay

pytestmark = pytest.mark.slow

NETWORKS = ("cologne8", "ingolstadt7")


def detectors(network, folder):
    """Write an induction loop and a lane-area detector for each stop-line lane, and lane data of everything."""
    lengths = {lane: length_m for lane, length_m, _ in network.lanes}
    lines = ["<additional>"]
    stops = sorted({stop.lane for _, _, group in network.groups for stop in group.lanes})
    for lane in stops:
        lines.append(f'<inductionLoop id="{lane}" lane="{lane}" pos="-0.1" period="100000" file="loops.xml"/>')
        lines.append(
            f'<laneAreaDetector id="{lane}" lane="{lane}" pos="0" endPos="{lengths[lane]}" period="100000" '
            'file="areas.xml" friendlyPos="true" timeThreshold="0" speedThreshold="1.3889" jamThreshold="20"/>'
        )
    lines.append('<laneData id="lanes" file="lanes.xml" withInternal="true"/>')
    lines.append("</additional>")
    (folder / "detectors.add.xml").write_text("\n".join(lines))
    return lengths


@pytest.fixture(scope="module", params=NETWORKS)
def both(request, tmp_path_factory):
    """Return (network, our result, lane lengths, folder with the detectors' output) of one seed."""
    folder = tmp_path_factory.mktemp(request.param)
    scenario, network = built(folder / "scenario", f"scenario={request.param}")
    lengths = detectors(network, folder)
    command = plain_command(scenario, 1, None, str(folder / "tripinfo.xml"))
    command[0] = str(binary("sumo"))
    command += ["-a", ",".join(map(str, [*scenario.additional, folder / "detectors.add.xml"]))]
    command += ["--no-step-log", "--no-warnings"]
    subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True)
    with Nursery(scenario, network) as nursery:
        result = nursery.run(Plan(()), 1)
    return network, result, lengths, folder


def rows(folder, name, tag):
    return list(ElementTree.parse(folder / name).getroot().iter(tag))


def test_delay_equals_tripinfo(both):
    _, result, _, folder = both
    delay_s, vehicles = tripinfo_delay(folder / "tripinfo.xml")
    assert result.network["vehicles"] == vehicles
    assert result.network["delay_s"] == pytest.approx(delay_s, rel=1e-4)


def test_throughput_equals_the_loops_at_the_stop_lines(both):
    network, result, lengths, folder = both
    counted = {row.get("id"): int(row.get("nVehContrib")) for row in rows(folder, "loops.xml", "interval")}
    ended = Counter()
    for trip in rows(folder, "tripinfo.xml", "tripinfo"):
        # A trip that ends at the end of the lane may pass the loop, but never the stop line.
        lane = trip.get("arrivalLane")
        if lane in counted and float(trip.get("arrivalPos")) > lengths[lane] - 0.2:
            ended[lane] += 1
    sums = defaultdict(lambda: [0, 0, 0])
    for (signal, approach, group), ours in zip(network.groups, result.groups, strict=True):
        # By approach: a change of lanes in the last metre counts in one lane group here and in another there.
        lanes = [stop.lane for stop in group.lanes]
        for i, n in enumerate(
            (ours.throughput_veh, sum(counted[lane] for lane in lanes), sum(ended[lane] for lane in lanes))
        ):
            sums[signal.id, approach.name][i] += n
    ours, theirs, most = (sum(column) for column in zip(*sums.values(), strict=True))
    print(f"throughput: ours {ours}, loops {theirs}, of which at most {most} ended their trip")
    assert theirs > 1000
    assert theirs - most <= ours <= theirs * 1.002
    # A loop misses a vehicle that is just changing lanes upon it.
    assert all(low - n_ended - 1 <= n <= low + 5 for n, low, n_ended in sums.values())


def test_control_delay_equals_the_time_loss_on_the_approaches_lanes(both):
    network, result, _, folder = both
    time_loss_s = {row.get("id"): float(row.get("timeLoss", 0.0)) for row in rows(folder, "lanes.xml", "lane")}
    ours_s, theirs_s = 0.0, 0.0
    lanes = set()
    for (_, _, group), of in zip(network.groups, result.groups, strict=True):
        ours_s += of.vehicles * (of.control_delay_s or 0.0)
        for stop in group.lanes:
            lanes.update(lane for lane, _ in stop.feeds)
            lanes.update(stop.interior)
    theirs_s = sum(time_loss_s.get(lane, 0.0) for lane in lanes)
    # Ours adds the wait for insertion, which lanes do not know, and leaves out vehicles that turn off before the line.
    trips = rows(folder, "tripinfo.xml", "tripinfo")
    insertion_s = sum(float(trip.get("departDelay")) for trip in trips)
    print(f"control delay: ours {ours_s:.0f} s, lanes {theirs_s:.0f} s, insertion {insertion_s:.0f} s")
    assert theirs_s * 0.95 <= ours_s <= (theirs_s + insertion_s) * 1.01


def test_back_of_queue_agrees_with_lane_area_detectors(both):
    network, result, lengths, folder = both
    jam_m = {row.get("id"): float(row.get("maxJamLengthInMeters")) for row in rows(folder, "areas.xml", "interval")}
    differences = []
    for (_, _, group), ours in zip(network.groups, result.groups, strict=True):
        own = [stop for stop in group.lanes if lengths[stop.lane] >= 50.0]
        longest_m = max((jam_m[stop.lane] for stop in own), default=0.0)
        # A detector ends where its lane begins; only queues that fit on the lane can be compared.
        if len(own) == len(group.lanes) and 0.0 < ours.queue_m[-1] < min(lengths[stop.lane] for stop in own) - 10.0:
            differences.append(ours.queue_m[-1] - longest_m)
    print(f"{len(differences)} lane groups, differences {sorted(round(d, 1) for d in differences)}")
    assert len(differences) >= 10
    assert abs(statistics.median(differences)) <= 1.5
    assert sum(abs(difference) <= 7.5 for difference in differences) >= 0.7 * len(differences)


def test_waits_add_up_by_class_and_by_vehicle(both):
    _, result, _, folder = both
    trips = rows(folder, "tripinfo.xml", "tripinfo")
    by_class = defaultdict(float)
    for name in ("car", "bus", "truck", "bicycle"):
        by_class[name] = result.network[f"{name}_veh"] * result.network[f"{name}_delay_s"]
    assert sum(by_class.values()) == pytest.approx(result.network["vehicles"] * result.network["delay_s"], rel=1e-9)
    arrived = [trip for trip in trips if float(trip.get("arrival")) >= 0.0]
    ratios = sorted(
        float(trip.get("duration")) / (float(trip.get("duration")) - float(trip.get("timeLoss"))) for trip in arrived
    )
    mean_s = sum(float(trip.get("duration")) for trip in arrived) / len(arrived)
    assert result.network["travel_time_s"] == pytest.approx(mean_s, abs=0.01)
    assert result.network["travel_time_p95_ratio"] == pytest.approx(ratios[int(0.95 * len(ratios))], abs=0.011)
