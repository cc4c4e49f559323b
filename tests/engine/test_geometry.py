"""Geometry of a network: simplified within its tolerance, written and read back, heads where the network has links."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.geometry import TOLERANCE_M, Geometry, Head, Junction, Lane, _distance, simplified
from engine.sumo.shapes import read_geometry

METRES = st.floats(-500.0, 500.0, allow_nan=False)


@given(st.lists(st.tuples(METRES, METRES), min_size=2, max_size=30))
def test_a_simplified_line_keeps_its_ends_and_its_course(points):
    line = simplified(points)
    assert len(line) <= len(points)
    assert math.dist(line[0], points[0]) < 0.08
    assert math.dist(line[-1], points[-1]) < 0.08
    for point in points:
        assert min(_distance(point, a, b) for a, b in pairwise(line)) < TOLERANCE_M + 0.08


def test_a_straight_line_is_its_two_ends():
    assert simplified([(0.04, 0.0), (50.0, 0.1), (100.0, 0.0)]) == ((0.0, 0.0), (100.0, 0.0))


def test_what_is_written_is_read_back(tmp_path):
    lane = Lane("e_0", "e", "road", 3.2, ((0.1, 2.0), (10.5, -2.0)))
    geometry = Geometry(
        (lane,), (Junction("交叉口", "", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))),), (Head("交叉口", 3, "e_0"),)
    )
    geometry.write(tmp_path / "geometry.json")
    assert Geometry.read(tmp_path / "geometry.json") == geometry


@pytest.mark.parametrize("network", ["junction", "cologne1"])
def test_every_link_of_a_signal_has_its_head(network, request):
    scenario, network = request.getfixturevalue(network)
    geometry = read_geometry(scenario.net)
    lanes = {lane.id: lane for lane in geometry.lanes}
    ours = {(head.signal, head.index) for head in geometry.heads}
    links = {(signal.id, link.index) for signal in network.signals for link in signal.links}
    assert links == ours
    vehicle_lanes = {link.lane for signal in network.signals for link in signal.links if link.kind == "vehicle"}
    assert vehicle_lanes <= {head.lane for head in geometry.heads}
    assert all(lanes[lane].use == "road" for lane in vehicle_lanes)
    # A stop line lies at the signal that the network states, within the size of a junction.
    for head in geometry.heads:
        x, y = network.signal(head.signal).position
        assert math.dist(lanes[head.lane].shape[-1], (x, y)) < 60.0
