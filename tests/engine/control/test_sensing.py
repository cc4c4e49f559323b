"""What sensors tell: less than there is, the same each time, and near to it."""

import dataclasses
import itertools

import numpy as np
import pytest

from engine.control.loops import Loops
from engine.control.sensing import Sensor, sensor
from engine.control.spec import Sensing
from engine.errors import InputError
from engine.layout import layout
from engine.plan import Plan
from engine.simulation import Simulation


@pytest.fixture(scope="module")
def told(cologne1):
    """States of five minutes, a second apart."""
    scenario, network = cologne1
    states = []
    with Simulation(scenario, network, Plan(()), 1) as live:
        live.run_until(scenario.begin_s + 200.0)
        for second in range(300):
            live.run_until(scenario.begin_s + 201.0 + second)
            states.append(live.state())
    return network, layout(network), states


def seen(told, seed=1, **values):
    network, arrays, states = told
    sense = sensor(Sensing(**values), network, arrays, seed)
    return [sense(state) for state in states]


def test_everything_is_everything(told):
    for state, of in zip(told[2], seen(told), strict=True):
        assert np.array_equal(of.number, state.number)
        assert np.array_equal(of.waiting_veh, state.waiting_veh)


def test_a_range_is_a_range(told):
    of = seen(told, range_m=50.0)
    for state, less in zip(told[2], of, strict=True):
        # Who is inside a junction is seen, too; here no signal follows.
        assert np.array_equal(less.to_line_m[less.next_signal >= 0], state.to_line_m[state.to_line_m <= 50.0])


def test_a_share_of_vehicles_tells_and_each_keeps_to_it(told):
    of = seen(told, connected_share=0.3)
    share = sum(len(state.number) for state in of) / sum(len(state.number) for state in told[2])
    assert 0.2 < share < 0.4
    # Whoever tells at first goes on telling while it is there.
    for (before, heard), (after, still) in itertools.pairwise(zip(told[2], of, strict=True)):
        stay = set(before.number.tolist()) & set(after.number.tolist())
        assert set(heard.number.tolist()) & stay == set(still.number.tolist()) & stay
    assert [s.number.tolist() for s in of] == [s.number.tolist() for s in seen(told, connected_share=0.3)]
    assert [s.number.tolist() for s in of] != [s.number.tolist() for s in seen(told, seed=2, connected_share=0.3)]


def test_turns_are_drawn_from_the_links_of_the_lane(told):
    network, arrays, states = told
    guessed = wrong = 0
    names = list(arrays.lane_index)
    for state, of in zip(states, seen(told, turns="shares"), strict=True):
        for lane, signal, link, true in zip(of.lane, of.next_signal, of.next_link, state.next_link, strict=True):
            if signal >= 0:
                links = {one.index for one in network.signals[signal].links if one.lane == names[lane]}
                assert not links or link in links
                guessed += len(links) > 1
                wrong += link != true
    assert guessed > 100
    assert 0 < wrong < guessed


def test_noise_is_as_large_as_it_is_said_to_be(told):
    there = [np.isfinite(state.to_line_m) for state in told[2]]
    of = zip(seen(told, noise_m=2.0), told[2], there, strict=True)
    errors = np.concatenate([a.to_line_m[ahead] - b.to_line_m[ahead] for a, b, ahead in of])
    assert 1.2 < errors.std() < 2.2


def test_loops_count_what_stands(told):
    """The model's vehicles on each approach follow the true ones, second by second."""
    true, believed = [], []
    for state, of in zip(told[2], seen(told, detectors_m=(1.0, 40.0)), strict=True):
        true.append((state.to_line_m <= 40.0).sum())
        believed.append((of.to_line_m <= 40.0).sum())
    assert np.corrcoef(true, believed)[0, 1] > 0.7
    assert abs(np.mean(believed) - np.mean(true)) < 0.35 * np.mean(true)


def alone(told, path):
    """States of one vehicle that follows a path of (lane, position_m), a second each, and the loops that see it."""
    network, arrays, states = told
    sense = Loops(Sensing(detectors_m=(1.0, 40.0)), network, arrays, 1)
    names = {index: lane for lane, index in arrays.lane_index.items()}
    for second, (lane, position_m) in enumerate(path):
        link = next(link.index for link in network.signals[0].links if link.lane == names[lane])
        values = {
            "number": np.array([0], np.int32),
            "lane": np.array([lane], np.int32),
            "position_m": np.array([position_m]),
            "length_m": np.array([5.0]),
            "next_signal": np.array([0], np.int32),
            "next_link": np.array([link], np.int32),
            "to_line_m": np.array([arrays.lane_length_m[lane] - position_m]),
        }
        rest = {name: getattr(states[0], name)[:1] for name in ("kind", "speed", "standing_s")}
        seen_of = sense(dataclasses.replace(states[0], time_s=states[0].time_s + second, **values, **rest))
    return sense, seen_of


def long_lanes(told):
    """Return two lanes side by side at a stop line, each with loops at 1 m and 40 m, and their length."""
    network, arrays, _ = told
    by_edge = {}
    for signal in network.signals:
        for approach in signal.approaches:
            lanes = sorted(arrays.lane_index[stop.lane] for group in approach.groups for stop in group.lanes)
            by_edge[approach.edge] = [lane for lane in lanes if arrays.lane_length_m[lane] > 60.0]
    one, other = next(lanes for lanes in by_edge.values() if len(lanes) > 1)[:2]
    return one, other, float(arrays.lane_length_m[one])


def test_a_change_of_lane_before_the_loops_is_counted_where_it_ends(told):
    one, other, length_m = long_lanes(told)
    sense, _ = alone(told, [(one, length_m - 55.0), (other, length_m - 45.0), (other, length_m - 35.0)])
    counted = {(loop.lane, loop.at_m) for loop in sense._detectors.loops if np.isfinite(loop.counted_s)}
    assert counted == {(other, 40.0)}


def test_who_stops_short_of_the_line_is_on_its_loop(told):
    one, _, length_m = long_lanes(told)
    path = [(one, length_m - 45.0), (one, length_m - 30.0)] + [(one, length_m - 5.0)] * 20
    _, of = alone(told, path)
    assert of.lane.tolist() == [one]
    assert of.to_line_m[0] < 5.0


def test_who_is_counted_and_does_not_come_is_forgotten(told):
    one, _, length_m = long_lanes(told)
    # It stands between the loops, for ever: nothing tells of it.
    _, of = alone(told, [(one, length_m - 45.0)] + [(one, length_m - 30.0)] * 3)
    assert len(of.number) == 1
    _, of = alone(told, [(one, length_m - 45.0)] + [(one, length_m - 30.0)] * 30)
    assert len(of.number) == 0


def test_lost_counts_and_dead_loops_repeat(told):
    one, again = (seen(told, detectors_m=(1.0, 40.0), lost_share=0.3, dead_share=0.3) for _ in range(2))
    for a, b in zip(one, again, strict=True):
        assert a.to_line_m.tolist() == b.to_line_m.tolist()


def test_silent_loops_are_not_believed(told):
    network, arrays, states = told
    sense = Loops(Sensing(detectors_m=(1.0, 40.0), silent_s=120.0), network, arrays, 1)
    for state in states[:60]:
        sense(state)
    assert sense.blind == frozenset()
    # From now on one vehicle stands on everything, for ever: no loop is ever free.
    lanes = sorted({loop.lane for loop in sense._detectors.loops})
    n = len(lanes)
    stuck = dataclasses.replace(
        states[60],
        number=np.arange(n, dtype=np.int32),
        lane=np.array(lanes, np.int32),
        position_m=arrays.lane_length_m[lanes],
        length_m=arrays.lane_length_m[lanes],
        **{name: getattr(states[60], name)[:1].repeat(n) for name in
           ("kind", "speed", "standing_s", "next_signal", "next_link", "to_line_m")},
    )  # fmt: skip
    for second in range(200):
        sense(dataclasses.replace(stuck, time_s=states[60].time_s + second))
    assert sense.blind == frozenset({0})


def test_detectors_that_are_not_there_are_one_line(told):
    network, arrays, _ = told
    with pytest.raises(InputError, match=r"sensing.detectors_m: lane .* is .* m long, and the nearest detector"):
        sensor(Sensing(detectors_m=(5000.0,)), network, arrays, 1)
    with pytest.raises(InputError, match="sensing.dead_share=2 is no share"):
        Sensing(dead_share=2.0)
    assert isinstance(sensor(Sensing(), network, arrays, 1), Sensor)
