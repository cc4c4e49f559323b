"""Ways through an empty network: found by hand in the built-in junction, and by SUMO's duarouter in a real one."""

import itertools

import pytest

from engine.errors import InputError
from engine.sumo.quickest import read_streets
from engine.sumo.routes import read_streams


def test_ends_turns_and_ways_of_a_junction(junction):
    streets = read_streets(junction[0].net)
    assert set(streets.sources) == {"in0", "in1", "in2", "in3"}
    assert set(streets.sinks) == {"out0", "out1", "out2", "out3"}
    assert streets.ways("in3")["out1"] == ("in3", "in3bay1", "out1")
    assert streets.ways("out1", backward=True)["in3"] == ("in3", "in3bay1", "out1")
    assert "in0" not in streets.ways("in3")
    assert streets.after("in3bay1") == list(streets.onward["in3bay1"])


def test_ways_of_a_real_network_are_as_quick_as_duarouters(ingolstadt7):
    streets = read_streets(ingolstadt7[0].net)
    routes = {stream.edges for stream in read_streams(ingolstadt7[0]).vehicles if len(stream.edges) > 1}
    assert len(routes) > 30

    def time_s(way):
        return sum(streets.free_s[edge] for edge in way)

    slower = []
    for route in routes:
        way = streets.ways(route[0])[route[-1]]
        assert all(to in streets.onward[edge] for edge, to in itertools.pairwise(way))
        if not any(pair in streets.turnarounds for pair in itertools.pairwise(route)):
            slower.append(time_s(way) - time_s(route))
    # duarouter adds times over the junctions, so that its ways may be a little longer by edges alone, never shorter.
    assert max(slower) <= 1e-6


def test_a_file_without_roads_is_refused(tmp_path):
    (tmp_path / "empty.net.xml").write_text("<net/>")
    with pytest.raises(InputError, match="no road for cars"):
        read_streets(tmp_path / "empty.net.xml")
