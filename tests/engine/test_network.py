"""Signals, movements and approaches of networks, made-up and real."""

import pytest

from engine.errors import InputError
from engine.layout import layout
from engine.sumo.net import _grade, read_network


def test_the_built_in_junction_is_what_its_description_says(junction):
    _, network = junction
    (signal,) = network.signals
    assert [approach.name for approach in signal.approaches] == ["N", "E", "S", "W"]
    groups = {group.name: len(group.lanes) for approach in signal.approaches for group in approach.groups}
    assert groups["N-left"] == groups["E-through"] == groups["W-through+right"] == 1
    assert {link.movement for link in signal.links if link.kind == "pedestrian"} == {f"crossing {d}" for d in "NESW"}
    assert signal.program.n_stages == 4
    assert signal.program.cycle_s == 96


def test_queues_are_followed_over_the_bay_to_the_leg(junction):
    _, network = junction
    west = next(approach for approach in network.signals[0].approaches if approach.name == "W")
    assert len(west.edges) == 2
    for group in west.groups:
        for stop in group.lanes:
            assert stop.storage_m == pytest.approx(450.0, abs=20.0)
            assert stop.feeds[0] == (stop.lane, 0.0)
            distances = [metres for _, metres in stop.feeds]
            assert distances == sorted(distances)


def test_a_one_metre_stop_line_lane_has_its_approach_behind_it(ingolstadt7):
    _, network = ingolstadt7
    lengths = {lane: length for lane, length, _ in network.lanes}
    short = [
        stop
        for signal in network.signals
        for approach in signal.approaches
        for group in approach.groups
        for stop in group.lanes
        if lengths[stop.lane] < 3.0
    ]
    assert short
    assert all(stop.storage_m > 45.0 for stop in short)


def test_conflicts_are_those_of_the_junction(junction):
    _, network = junction
    links = {link.movement: link for link in network.signals[0].links}
    by_index = {link.index: link.movement for link in links.values()}

    def meet(one, other):
        return other in {by_index.get(index) for index in links[one].foes}

    assert meet("N-through", "E-through")
    assert meet("N-left", "S-through")
    assert meet("N-through", "crossing N")
    assert not meet("N-left", "S-left")
    assert not meet("N-through", "S-through")


def test_layout_arrays_fit_one_another(ingolstadt7):
    _, network = ingolstadt7
    arrays = layout(network)
    assert len(arrays.queue_group) == sum(len(group.lanes) for _, _, group in network.groups)
    assert arrays.feed_start[-1] == len(arrays.feed_queue) == len(arrays.feed_base_m)
    for i_lane in range(len(arrays.lane_limit)):
        for i_feed in range(arrays.feed_start[i_lane], arrays.feed_start[i_lane + 1]):
            assert arrays.lane_zone[i_lane] >= 0
            assert arrays.feed_base_m[i_feed] < 1000.0
    # No two queues of a zone share a bit.
    zones = {}
    for lane, queue in enumerate(arrays.lane_queue):
        if queue >= 0 and not arrays.lane_inside[lane]:
            zones.setdefault(arrays.lane_zone[lane], []).append(arrays.queue_bit[queue])
    assert all(len(bits) == len(set(bits)) for bits in zones.values())


@pytest.mark.parametrize(
    ("text", "message"),
    [("<net><edge", "cannot be read as a SUMO network"), ('<net version="1.20"></net>', "has no traffic signals")],
)
def test_a_network_that_cannot_be_used_is_one_line(text, message, tmp_path):
    (tmp_path / "x.net.xml").write_text(text)
    with pytest.raises(InputError, match=message):
        read_network(tmp_path / "x.net.xml", {}, {})


def test_links_know_who_goes_first_and_where_they_have_left_each_others_way(junction):
    _, network = junction
    links = {link.movement: link for link in network.signals[0].links}
    index = {movement: link.index for movement, link in links.items()}
    left, oncoming, crossing = links["N-left"], links["S-through"], links["crossing N"]
    assert oncoming.index in left.yields
    assert left.index not in oncoming.yields
    assert crossing.index in left.yields
    assert crossing.yields == frozenset()
    for link in links.values():
        assert link.yields <= set(link.foes)
        assert len(link.clear_m) == len(link.foes)
        assert all(0.0 < metres <= link.length_m + 2.0 for metres in link.clear_m)
    clear_m = dict(zip(links["N-through"].foes, links["N-through"].clear_m, strict=True))
    # The crossing before the stop line is left first, that on the far side last; the way itself is 40 m long.
    assert clear_m[index["crossing N"]] < 6.0 < clear_m[index["E-through"]] < 38.0 < clear_m[index["crossing S"]]
    assert left.approach_m_s == pytest.approx(50 / 3.6, abs=0.01)
    assert 8.0 < left.clearing_m_s < left.approach_m_s


@pytest.mark.parametrize(
    ("shape", "grade"),
    [
        ([(0, 0, 0), (0, 100, 4)], 0.04),
        ([(0, 0, 9), (0, 60, 3), (0, 100, 3)], -0.06),
        ([(0, 0, 50), (0, 10, 0), (0, 100, 0)], 0.0),
        ([(3, 3, 0), (3, 3, 5)], 0.0),
    ],
)
def test_grade_is_that_of_the_last_fifty_metres(shape, grade):
    class Lane:
        def getShape3D(self):  # noqa: N802  sumolib's name
            return shape

    assert _grade(Lane()) == pytest.approx(grade)
