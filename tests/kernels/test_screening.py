"""The screening kernel against its plain twin and against what theory says."""

from types import SimpleNamespace

import numpy as np
import pytest

from kernels.screening import Behaviour, score
from tests.kernels.plain_screening import PlainModel

INTS = {
    *("lane_edge", "lane_place", "lane_pocket", "link_lane", "link_to", "link_signal", "link_letter", "link_pocket"),
    *("link_onward", "link_minor", "foe_start", "foe_link", "signal_letters", "route_start", "step_start"),
    *("bar_start", "bar_link", "spot_start", "way_start", "way_spot", "choice_start", "choice_route"),
}
LIMIT = 10.0


def roads(**changes):
    """A road of 200 m with a signal at its end, and a road that yields to it and joins it behind the signal.

    Lanes: 0 the signal's, 1 the one that yields, 2 the way out (100 m, ends at a signal that is always green), and 3
    behind that. Links: 0 from 0 to 2 under letter 0; 1 from 1 to 2, yields to 0; 2 from 2 to 3 under letter 1.
    """
    values = {
        "lane_length_m": [200.0, 200.0, 100.0, 100.0],
        "lane_free_s": [20.0, 20.0, 10.0, 10.0],
        "lane_storage_m": [200.0, 200.0, 100.0, 100.0],
        "lane_edge": [0, 1, 2, 3],
        "lane_place": [0] * 4,
        "lane_pocket": [-1] * 4,
        "lane_clear_m": [0.0] * 4,
        "link_lane": [0, 1, 2],
        "link_to": [2, 2, 3],
        "link_signal": [0, -1, 0],
        "link_letter": [0, -1, 1],
        "link_pocket": [-1] * 3,
        "link_onward": [-1] * 3,
        "link_cross_s": [1.0, 1.0, 1.0],
        "link_speed": [LIMIT] * 3,
        "link_gap_s": [4.0] * 3,
        "link_roll_s": [3.0] * 3,
        "link_clear_s": [1.5] * 3,
        "link_minor": [0, 1, 0],
        "foe_start": [0, 0, 1, 1],
        "foe_link": [0],
        "signal_letters": [2],
        "route_start": [0, 3],
        "step_start": [0, 1, 2, 2, 3, 4, 4],
        "options": [[0, 0], [2, 2], [1, 1], [2, 2]],
        "spot_start": [0] * 5,
        "spot_end_m": [],
        "spot_length_m": [],
        "spot_speed": [],
        "way_start": [0] * 3,
        "way_spot": [],
        "way_free_s": [0.0] * 2,
        "choice_start": [0, 1, 2],
        "choice_route": [0, 1],
        "bar_start": [0] * 5,
        "bar_link": [],
        "n_edges": 4,
        "spacing_m": 7.5,
        "step_s": 1.0,
    }  # fmt: skip
    values.update(changes)
    for name, value in values.items():
        if name in INTS or name == "options":
            values[name] = np.array(value, np.int32)
        elif isinstance(value, list):
            values[name] = np.array(value, np.float64)
    return SimpleNamespace(**values)


def demand(due_s, choice, **changes):
    n = len(due_s)
    values = {"space_m": [7.5] * n, "speed_factor": [1.0] * n, "caution": [1.0] * n, **changes}
    floats = {name: np.array(value, np.float64) for name, value in values.items()}
    return SimpleNamespace(
        start=np.array([0, n], np.int32),
        due_s=np.array(due_s, np.float64),
        choice=np.array(choice, np.int32),
        **floats,
    )


def programs(*plans):
    """Each plan is (green of letter 0, rest of the cycle, offset); letter 1 is always green."""
    return SimpleNamespace(
        phase_start=np.array([[2 * i, 2 * i + 2] for i in range(len(plans))], np.int32),
        phase_s=np.array([seconds for green, rest, _ in plans for seconds in (green, rest)], np.int32),
        phase_row=np.array([0, 1] * len(plans), np.int32),
        letters=np.array([[2, 2], [0, 2]], np.uint8),
        offset_s=np.array([[offset] for _, _, offset in plans], np.int32),
        table=max(2 * (green + rest) for green, rest, _ in plans),
    )


def traffic(rng, n=300, horizon_s=1200.0):
    due_s = np.sort(rng.uniform(0.0, horizon_s, n))
    return demand(
        due_s,
        rng.integers(0, 2, n),
        space_m=rng.uniform(5.0, 14.0, n),
        speed_factor=rng.uniform(0.8, 1.2, n),
        caution=rng.uniform(0.8, 1.3, n),
    )


def test_a_window_may_end_within_a_second():
    # At red, a vehicle that has not moved has lost all its time since it came to the line.
    vehicles = demand([0.0], [0])
    whole, longer = (
        score(roads(), vehicles, programs((1, 999, 500)), Behaviour(), 0.0, end_s).delay_sum_s[0, 0]
        for end_s in (300.0, 300.5)
    )
    assert longer == pytest.approx(whole + 0.5, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_the_kernel_is_its_plain_twin(seed):
    rng = np.random.default_rng(seed)
    net, vehicles, behaviour = roads(lane_storage_m=[200.0, 60.0, 20.0, 100.0]), traffic(rng), Behaviour()
    plans = programs((30, 30, 0), (5, 75, 11), (50, 13, 40))
    outcome = score(net, vehicles, plans, behaviour, 100.0, 1300.0, warmup_s=200.0, by_lane=True)
    for plan in range(3):
        plain = PlainModel(net, vehicles, plans, behaviour, 100.0, 1200.0, 200.0, plan)
        delay_s, gridlock, running, waiting = plain.run()
        assert outcome.delay_sum_s[plan, 0] == delay_s
        assert outcome.loss_s[plan, 0].tolist() == plain.loss
        assert (outcome.gridlock[plan, 0], outcome.running[plan, 0], outcome.waiting[plan, 0]) == (
            gridlock, running, waiting,
        )  # fmt: skip


def test_one_who_finds_no_room_beyond_the_junction_stands_in_the_way():
    # Lane 4 is a pocket behind lane 0, on the way to lane 2, which is short and closed at its end: who stands there
    # bars link 1, over which the other road would go on to lane 3.
    net = roads(
        lane_length_m=[200.0, 200.0, 10.0, 100.0, 8.0], lane_free_s=[20.0, 20.0, 1.0, 10.0, 1.0],
        lane_storage_m=[200.0, 200.0, 15.0, 100.0, 15.0], lane_edge=[0, 1, 2, 3, 4], lane_place=[0] * 5,
        lane_pocket=[4, -1, -1, -1, -1], lane_clear_m=[0.0, 0.0, 0.0, 0.0, 15.1], n_edges=5,
        link_lane=[0, 1, 2, 4], link_to=[4, 3, 3, 2], link_signal=[-1, -1, 0, -1], link_letter=[-1, -1, 0, -1],
        link_pocket=[4, -1, -1, -1], link_onward=[3, -1, -1, -1], link_cross_s=[1.0] * 4, link_speed=[LIMIT] * 4,
        link_gap_s=[4.0] * 4, link_roll_s=[3.0] * 4, link_clear_s=[1.5] * 4, link_minor=[1, 0, 0, 1],
        foe_start=[0] * 5, foe_link=[], bar_start=[0, 0, 0, 0, 0, 1], bar_link=[1], spot_start=[0] * 6,
        route_start=[0, 4], step_start=[0, 1, 2, 3, 3, 4, 5, 5], options=[[0, 0], [2, 2], [3, -1], [1, 1], [3, -1]],
    )  # fmt: skip
    vehicles = demand([1.0, 5.0, 9.0, 13.0, 60.0], [0, 0, 0, 0, 1])
    shut = programs((1, 999, 500))
    outcome = score(net, vehicles, shut, Behaviour(), 0.0, 400.0, by_lane=True)
    assert outcome.loss_s[0, 0, 1] > 300.0
    assert outcome.gridlock[0, 0]
    net.bar_start[5] = 0
    net.bar_link = net.bar_link[:0]
    free = score(net, vehicles, shut, Behaviour(), 0.0, 400.0, by_lane=True)
    assert free.loss_s[0, 0, 1] < 5.0
    net.bar_start[5], net.bar_link = 1, np.array([1], np.int32)
    plain = PlainModel(net, vehicles, shut, Behaviour(), 0.0, 400.0)
    assert plain.run()[0] == outcome.delay_sum_s[0, 0]


def test_a_pocket_lets_one_wait_and_the_rest_pass():
    # Lane 4 is a pocket behind lane 0; the road that yields becomes the opposing stream that those in it wait for.
    net = roads(
        lane_length_m=[200.0, 200.0, 100.0, 100.0, 8.0], lane_free_s=[20.0, 20.0, 10.0, 10.0, 1.0],
        lane_storage_m=[200.0, 200.0, 100.0, 100.0, 7.5], lane_edge=[0, 1, 2, 3, 4], lane_place=[0] * 5,
        lane_pocket=[4, -1, -1, -1, -1], lane_clear_m=[0.0, 0.0, 0.0, 0.0, 7.6], n_edges=5,
        link_lane=[0, 1, 2, 0, 4], link_to=[2, 2, 3, 4, 3], link_signal=[0, 0, 0, 0, -1], link_letter=[1, 1, 1, 1, -1],
        link_pocket=[-1, -1, -1, 4, -1], link_onward=[-1, -1, -1, 4, -1], link_cross_s=[1.0] * 5, link_speed=[LIMIT] * 5,
        link_gap_s=[4.0] * 5, link_roll_s=[3.0] * 5, link_clear_s=[1.5] * 5, link_minor=[0, 0, 0, 1, 1], bar_start=[0] * 6,
        foe_start=[0, 0, 0, 0, 0, 1], foe_link=[1], spot_start=[0] * 6, way_start=[0] * 4, way_free_s=[0.0] * 3,
        choice_start=[0, 1, 2, 3], choice_route=[0, 1, 2],
        route_start=[0, 2, 4], step_start=[0, 1, 1, 2, 2, 3, 3], options=[[0, 0], [1, 1], [0, 3]],
    )  # fmt: skip
    opposing = [(float(t), 1) for t in range(0, 300, 2)]
    own = [(1.0, 2), (60.0, 0), (120.0, 0)]
    due_s, route = zip(*sorted(opposing + own), strict=True)
    vehicles = demand(due_s, route)
    outcome = score(net, vehicles, programs((30, 30, 0)), Behaviour(impatience_s=1e9), 0.0, 300.0, by_lane=True)
    assert outcome.loss_s[0, 0, 4] > 200.0  # it waits in the pocket until the opposing stream ends
    assert outcome.loss_s[0, 0, 0] < 5.0  # and those behind it, who go straight on, do not
    net.lane_clear_m[4] = 0.0
    blocked = score(net, vehicles, programs((30, 30, 0)), Behaviour(impatience_s=1e9), 0.0, 300.0, by_lane=True)
    assert blocked.loss_s[0, 0, 0] > 200.0  # unless its rear is in their way
    plain = PlainModel(net, vehicles, programs((30, 30, 0)), Behaviour(impatience_s=1e9), 0.0, 300.0)
    assert plain.run()[0] == blocked.delay_sum_s[0, 0]


def two_ways():
    """Both roads are ways to the same end: the way by the signal, lane 0, is 5 s quicker while nobody stands on it."""
    return roads(
        spot_start=[0, 1, 2, 2, 2], spot_end_m=[200.0, 200.0], spot_length_m=[200.0, 200.0], spot_speed=[LIMIT, LIMIT],
        way_start=[0, 1, 2], way_spot=[0, 1], way_free_s=[0.0, 5.0], choice_start=[0, 2, 3], choice_route=[0, 1, 1],
    )  # fmt: skip


def test_trips_leave_a_road_that_stands():
    vehicles = demand([float(t) for t in range(0, 600, 4)], [0] * 150)
    quick = score(two_ways(), vehicles, programs((600, 1, 0)), Behaviour(), 0.0, 900.0, by_lane=True)
    # Nobody has reason to take the other road.
    assert quick.loss_s[0, 0, 1] == 0.0
    shut = score(two_ways(), vehicles, programs((5, 595, 0)), Behaviour(), 0.0, 900.0, by_lane=True)
    bound = score(roads(), vehicles, programs((5, 595, 0)), Behaviour(), 0.0, 900.0)
    assert shut.delay_sum_s[0, 0] < 0.6 * bound.delay_sum_s[0, 0]
    assert shut.waiting[0, 0] == 0 < bound.waiting[0, 0]


@pytest.mark.parametrize("seed", range(3))
def test_the_plain_twin_chooses_the_same_ways(seed):
    vehicles = traffic(np.random.default_rng(seed), 500)
    plans = programs((20, 60, 0), (8, 92, 30))
    outcome = score(two_ways(), vehicles, plans, Behaviour(), 0.0, 1300.0, by_lane=True)
    for plan in range(2):
        plain = PlainModel(two_ways(), vehicles, plans, Behaviour(), 0.0, 1300.0, plan=plan)
        assert plain.run()[0] == outcome.delay_sum_s[plan, 0]
        assert outcome.loss_s[plan, 0].tolist() == plain.loss


def test_a_vehicle_alone_on_a_green_road_loses_nothing():
    outcome = score(roads(), demand([5.0], [0]), programs((60, 1, 0)), Behaviour(), 0.0, 60.0)
    assert outcome.delay_sum_s[0, 0] == 0.0
    assert outcome.running[0, 0] == 0


def test_a_vehicle_at_red_loses_the_wait_and_its_acceleration():
    behaviour = Behaviour()
    # Due at 0, at the line after 20 s / cruise; green starts at 60.
    outcome = score(roads(), demand([0.0], [0]), programs((30, 60, 60)), behaviour, 0.0, 200.0)
    top = LIMIT * behaviour.top
    speed_up_s = (top - behaviour.first_speed) ** 2 / (2.0 * behaviour.accel * top)
    expected_s = 60.0 + behaviour.start_s - 20.0 / behaviour.cruise + speed_up_s
    assert outcome.delay_sum_s[0, 0] == pytest.approx(expected_s, abs=1e-9)


def test_delay_of_an_even_stream_is_the_deterministic_queues():
    behaviour = Behaviour(start_s=0.0, yellow_s=0.0, first_speed=100.0, top=1.0, cruise=1.0, merge_s=0.0)
    # Everyone crosses at full speed: a server of 1 vehicle in tau + 7.5 m / 10 m/s while green shows.
    headway_s = behaviour.tau_s + 0.75
    gap_s, green_s, cycle_s = 5.0, 40, 80
    due_s = np.arange(0.0, 80.0 * 40.0, gap_s)
    outcome = score(
        roads(), demand(due_s, [0] * len(due_s)), programs((green_s, cycle_s - green_s, 0)), behaviour, 0.0, 3300.0
    )
    red_s = cycle_s - green_s
    uniform_s = 0.5 * red_s**2 / cycle_s / (1.0 - headway_s / gap_s)
    # The formula's vehicles are a fluid; whole ones, 5 s apart, wait up to half a headway more.
    assert uniform_s < outcome.delay_sum_s[0, 0] / len(due_s) < uniform_s + headway_s


def test_above_capacity_the_queue_grows_by_what_green_cannot_serve():
    behaviour = Behaviour(first_speed=100.0, top=1.0, merge_s=0.0)
    due_s = np.arange(0.0, 3600.0, 3.0)
    outcome = score(
        roads(lane_storage_m=[1e6] * 4), demand(due_s, [0] * 1200), programs((30, 60, 0)), behaviour, 0.0, 3600.0
    )
    served = 1200 - outcome.running[0, 0] - outcome.waiting[0, 0]
    capacity = 40 * 30.0 / (behaviour.tau_s + 0.75)
    assert served == pytest.approx(capacity, rel=0.06)


def test_results_do_not_depend_on_threads_or_on_the_batch():
    rng = np.random.default_rng(5)
    plans = [(int(green), int(rest), 7) for green, rest in rng.integers(5, 60, (12, 2))]
    vehicles = traffic(rng)
    one = score(roads(), vehicles, programs(*plans), Behaviour(), 0.0, 1200.0)
    two = score(roads(), vehicles, programs(*plans), Behaviour(), 0.0, 1200.0, threads=2)
    last = score(roads(), vehicles, programs(plans[-1]), Behaviour(), 0.0, 1200.0)
    assert one.delay_sum_s.tobytes() == two.delay_sum_s.tobytes()
    assert last.delay_sum_s[0, 0] == one.delay_sum_s[-1, 0]


def test_a_signal_that_never_opens_ends_in_gridlock():
    plans = programs((30, 30, 0))
    plans.letters = np.array([[0, 2], [0, 2]], np.uint8)
    outcome = score(roads(), demand([0.0, 1.0], [0, 0]), plans, Behaviour(), 0.0, 900.0)
    assert outcome.gridlock[0, 0]
    assert outcome.delay_sum_s[0, 0] == pytest.approx(2 * 900.0, rel=0.05)


def test_no_plans_give_no_scores():
    plans = programs((30, 30, 0))
    plans.phase_start, plans.offset_s = plans.phase_start[:0], plans.offset_s[:0]
    assert score(roads(), demand([0.0], [0]), plans, Behaviour(), 0.0, 60.0).delay_sum_s.shape == (0, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"link_lane": [0, 1, 9]}, "link_lane holds an index"),
        ({"lane_free_s": [1.0]}, "lane_free_s has 1 entries"),
        ({"foe_start": [0, 2, 1, 1]}, "foe_start"),
        ({"link_letter": [0, -1, 2]}, "link_letter names a letter"),
        ({"link_pocket": [3, -1, -1]}, "link_onward does not lead out of"),
        ({"options": [[0, 0], [7, 2], [1, 1], [2, 2]]}, "options' lanes"),
        ({"link_speed": [0.0, 1.0, 1.0]}, "speeds must be above 0"),
        ({"route_start": [2, 3]}, "without options"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        score(roads(**change), demand([0.0], [0]), programs((30, 30, 0)), Behaviour(), 0.0, 60.0)


def test_plans_windows_and_vehicles_that_do_not_fit_are_refused():
    small = programs((30, 30, 0))
    small.table = 10
    none = programs((0, 0, 0))
    for plans, vehicles, end_s, message in (
        (small, demand([0.0], [0]), 60.0, "table is too small"),
        (none, demand([0.0], [0]), 60.0, "cycle below 1 s"),
        (programs((30, 30, 0)), demand([5.0, 0.0], [0, 0]), 60.0, "order of departure"),
        (programs((30, 30, 0)), demand([0.0], [4]), 60.0, "choice holds an index"),
        (programs((30, 30, 0)), demand([0.0], [0]), 0.0, "nothing to simulate"),
    ):
        with pytest.raises(ValueError, match=message):
            score(roads(), vehicles, plans, Behaviour(), 0.0, end_s)
    with pytest.raises(ValueError, match="threads"):
        score(roads(), demand([0.0], [0]), programs((30, 30, 0)), Behaviour(), 0.0, 60.0, threads=0)
