"""Where ways over a junction conflict: geometry with known answers, and a net written by hand."""

import math

import numpy as np
import pytest

from engine.errors import InputError
from engine.sumo.ways import WAITING_M, read_ways
from engine.ways import HALF_WIDTH_M, overlap


def line(*corners):
    return np.array(corners, np.float64)


def test_lines_that_cross_at_right_angles():
    begin, end = overlap(line((0, 0), (20, 0)), line((12, -8), (12, 8)))
    assert (begin, end) == pytest.approx((12 - HALF_WIDTH_M, 12 + HALF_WIDTH_M), abs=1e-9)


def test_the_flatter_they_cross_the_longer_the_area():
    degrees = math.radians(30)
    way = line((-30, 0), (30, 0))
    other = line((-30 * math.cos(degrees), -30 * math.sin(degrees)), (30 * math.cos(degrees), 30 * math.sin(degrees)))
    begin, end = overlap(way, other)
    reach = HALF_WIDTH_M * (1 + math.cos(degrees)) / math.sin(degrees)
    assert end - begin == pytest.approx(2 * reach, abs=0.01)
    assert begin + end == pytest.approx(60.0, abs=1e-6)


def test_lines_that_keep_apart_or_end_in_one_point():
    assert overlap(line((0, 0), (20, 0)), line((0, 1.81), (20, 1.81))) is None
    assert overlap(line((0, 0), (20, 0)), line((0, 1.79), (20, 1.79))) == (0.0, 20.0)
    assert overlap(line((0, 0), (20, 0)), line((100, -8), (100, 8))) is None
    _, end = overlap(line((0, 0), (20, 0)), line((10, 10), (20, 0)))
    assert end == 20.0


NET = """<net>
  <edge id=":J_0" function="internal"><lane id=":J_0_0" index="0" length="20.00" speed="10" shape="-10,0 10,0"/></edge>
  <edge id=":J_1" function="internal"><lane id=":J_1_0" index="0" length="40.00" speed="10" shape="2,-10 2,10"/></edge>
  <edge id=":J_2" function="internal"><lane id=":J_2_0" index="0" length="10.60" speed="10" shape="-8,-8 -0.5,-0.5"/></edge>
  <edge id=":J_3" function="internal"><lane id=":J_3_0" index="0" length="13.44" speed="10" shape="-0.5,-0.5 2,5 2,10"/></edge>
  <edge id="w" from="W" to="J"><lane id="w_0" index="0" length="50" speed="10" shape="-60,0 -10,0"/></edge>
  <edge id="s" from="S" to="J"><lane id="s_0" index="0" length="50" speed="10" shape="2,-60 2,-10"/></edge>
  <edge id="x" from="X" to="J"><lane id="x_0" index="0" length="50" speed="10" shape="-50,-50 -8,-8"/></edge>
  <edge id="e" from="J" to="E"><lane id="e_0" index="0" length="50" speed="10" shape="10,0 60,0"/></edge>
  <edge id="n" from="J" to="N"><lane id="n_0" index="0" length="50" speed="10" shape="2,10 2,60"/></edge>
  <junction id="J" type="priority" x="0" y="0" incLanes="w_0 s_0 x_0" intLanes=":J_0_0 :J_1_0 :J_3_0">
    <request index="0" response="000" foes="110" cont="0"/>
    <request index="1" response="000" foes="101" cont="0"/>
    <request index="2" response="011" foes="011" cont="1"/>
  </junction>
  <connection from="w" to="e" fromLane="0" toLane="0" via=":J_0_0" dir="s" state="M"/>
  <connection from="s" to="n" fromLane="0" toLane="0" via=":J_1_0" dir="s" state="M"/>
  <connection from="x" to="n" fromLane="0" toLane="0" via=":J_2_0" dir="l" state="m"/>
  <connection from=":J_0" to="e" fromLane="0" toLane="0" dir="s" state="M"/>
  <connection from=":J_1" to="n" fromLane="0" toLane="0" dir="s" state="M"/>
  <connection from=":J_2" to="n" fromLane="0" toLane="0" via=":J_3_0" dir="l" state="m"/>
  <connection from=":J_3" to="n" fromLane="0" toLane="0" dir="l" state="M"/>
</net>"""


def test_a_net_by_hand(tmp_path):
    (tmp_path / "a.net.xml").write_text(NET)
    ways = read_ways(tmp_path / "a.net.xml")
    assert ("x_0", "n_0", ":J_2_0") in ways.hops
    assert (":J_2_0", "n_0", ":J_3_0") in ways.hops
    assert (":J_3_0", "n_0", "") in ways.hops
    areas = {(area.lane, area.foe): area for area in ways.areas}
    # The second lane's shape is half its length: its metres count twice.
    crossing = areas[":J_0_0", ":J_1_0"]
    assert (crossing.enter_m, crossing.leave_m) == pytest.approx((12 - 0.9, 12 + 0.9), abs=2e-3)
    assert (crossing.foe_enter_m, crossing.foe_leave_m) == pytest.approx((20 - 1.8, 20 + 1.8), abs=2e-3)
    assert not crossing.merges
    merging = areas[":J_1_0", ":J_3_0"]
    assert merging.merges
    assert (merging.leave_m, merging.foe_leave_m) == (40.0, 13.44)
    # Where a left turn waits, at the end of its first part, it is in nobody's way.
    assert areas[":J_0_0", ":J_2_0"].foe_leave_m <= 10.60 - WAITING_M + 1e-9
    assert (":J_0_0", ":J_3_0") in areas


def test_a_file_that_is_no_network(tmp_path):
    (tmp_path / "a.net.xml").write_text("<net><edge")
    with pytest.raises(InputError, match=r"a\.net\.xml' cannot be read as a SUMO network"):
        read_ways(tmp_path / "a.net.xml")


def test_areas_lie_on_their_lanes(ingolstadt7):
    scenario, network = ingolstadt7
    lengths = {lane: length_m for lane, length_m, _ in network.lanes}
    ways = read_ways(scenario.net)
    assert len(ways.areas) > 100
    for area in ways.areas:
        assert 0.0 <= area.enter_m < area.leave_m <= lengths[area.lane] + 0.001
        assert 0.0 <= area.foe_enter_m < area.foe_leave_m <= lengths[area.foe] + 0.001
