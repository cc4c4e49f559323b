"""The formulas against published worked examples, their limits in theory, and NumPy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.bench.formulas import arguments as given_arguments
from experiments.bench.formulas import formula_speeds
from experiments.bench.peers.numpy_formulas import TWINS
from kernels import _formulas
from kernels import formulas as f

# HCM 7th edition, chapter 31, example problem 1, as transcribed with its inputs in the test data of
# crosstraffic/transportations-library: v, s, c, g, g for k, d1, d2, d, LOS, Q50 of eight lane groups.
CYCLE_S, PASSAGE_S = 101.8, 2.0
EXAMPLE_1 = {
    "EB T": (239, 1643, 484, 30.0, 30, 29.6, 0.3, 29.9, "C", 4.8),
    "EB TR": (185, 1201, 354, 30.0, 30, 29.9, 0.7, 30.6, "C", 3.8),
    "WB T": (337, 1643, 484, 30.0, 30, 31.9, 3.6, 35.5, "D", 7.6),
    "WB TR": (287, 1398, 412, 30.0, 30, 31.9, 4.3, 36.2, "D", 6.6),
    "NB T": (870, 1683, 827, 50.0, 50, 25.9, 46.0, 72.0, "F", 28.9),
    "NB TR": (863, 1648, 809, 50.0, 50, 25.9, 50.8, 76.7, "F", 29.4),
    "SB T": (513, 1683, 887, 53.6, 50, 16.4, 0.6, 17.0, "B", 7.7),
    "SB TR": (497, 1630, 859, 53.6, 50, 16.4, 0.7, 17.1, "B", 7.5),
}


@pytest.mark.parametrize("group", EXAMPLE_1)
def test_hcm_example_problem_1(group):
    v, s, c, g, available_s, d1, d2, d, los, q50 = EXAMPLE_1[group]
    x = v / c
    uniform_s = f.uniform_delay(x, g / CYCLE_S, CYCLE_S)
    k = f.actuated_factor(v / f.capacity(s, available_s, CYCLE_S), PASSAGE_S)
    incremental_s = f.incremental_delay(x, c, 0.25, k)
    assert uniform_s == pytest.approx(d1, abs=0.1)
    # To 0.2 s as printed: the manual rounds the greens by which it finds k.
    assert round(float(incremental_s), 1) == pytest.approx(d2, abs=0.2 + 1e-9)
    assert uniform_s + incremental_s == pytest.approx(d, abs=0.3)
    assert f.level_of_service(uniform_s + incremental_s, x) == los
    queue_veh = f.back_of_queue(v, c * CYCLE_S / g, g, CYCLE_S, incremental_s, f.speed_change_delay(35.0))
    assert queue_veh == pytest.approx(q50, abs=0.1)


def test_control_delay_is_the_sum_of_its_parts_and_broadcasts():
    flows = np.array([[300.0], [700.0]])
    capacities = np.array([484.0, 600.0, 900.0])
    whole = f.control_delay(flows, capacities, 30.0, 100.0, queue_veh=5.0)
    assert whole.shape == (2, 3)
    x = flows / capacities
    parts = f.uniform_delay(x, 0.3, 100.0) + f.incremental_delay(x, capacities)
    np.testing.assert_allclose(whole, parts + f.initial_queue_delay(5.0, flows, capacities), rtol=1e-14)


def test_initial_queue():
    # Regression value of our own: 20 vehicles are served within the period.
    assert f.initial_queue_delay(20.0, 500.0, 700.0) == pytest.approx(20.571, abs=0.001)
    # By areas: the queue falls from 20 by 200 an hour and is gone after 0.1 h; it costs 20 * 0.1 / 2 vehicle-hours
    # and the vehicles that it displaces; a queue of none costs nothing; one at capacity stays for the whole period.
    assert f.initial_queue_delay(0.0, 500.0, 700.0) == 0.0
    assert f.initial_queue_delay(10.0, 600.0, 600.0) == pytest.approx(3600 / 150 * 10 * 0.25)


def test_arrival_types():
    assert f.progression_factor(0.8, 0.4, 1.0) == pytest.approx(1.0)
    factors = f.progression_factor(0.8, 0.4, np.array([0.33, 0.67, 1.0, 1.33, 1.67, 2.0]))
    assert np.all(np.diff(factors) < 0.0)
    # All vehicles that arrive on green at low flow pass without delay.
    assert f.progression_factor(0.0, 0.4, 1.0 / 0.4 - 1e-9) == pytest.approx(0.0, abs=1e-8)


def test_actuated_factor_and_filtering():
    # kmin = -0.375 + 0.354 * 2 - 0.0910 * 4 + 0.00889 * 8 = 0.04012, and never below 0.04.
    assert f.actuated_factor(np.array([0.0, 0.5, 1.0, 3.0]), 2.0) == pytest.approx(
        [0.04012, 0.04012, 0.5, 0.5], abs=1e-9
    )
    assert f.actuated_factor(0.5, 0.0) == pytest.approx(0.04)
    assert f.filtering_factor(np.array([0.0, 0.5, 1.0, 1.5])) == pytest.approx([1.0, 1 - 0.91 * 0.5**2.68, 0.09, 0.09])


def test_speed_change_delay_and_storage():
    assert f.speed_change_delay(35.0) == pytest.approx(11.22, abs=0.005)
    spacing_ft = 25 * (1 - 0.1) + 45 * 0.1
    assert f.storage_ratio(10.0, 270.0, spacing_ft) == pytest.approx(1.0)


def test_queue_percentiles_grow_with_z_up_to_the_limit():
    queue = f.back_of_queue(337.0, 1643.0, 30.0, CYCLE_S, 3.6, 11.22, z=np.array([0.0, 1.04, 1.28, 1.64, 50.0]))
    assert np.all(np.diff(queue) > 0.0)
    assert queue[-1] == pytest.approx(1.8 * queue[0])


@pytest.mark.parametrize(
    ("flow_ratio", "lost_s", "cycle_s", "tolerance_s"),
    [(0.5, 16, 58, 0.01), (0.7, 12, 76.67, 0.005), (0.72, 12, 82.1, 0.05), (0.77, 6, 60.87, 0.005)],
)
def test_webster_cycle(flow_ratio, lost_s, cycle_s, tolerance_s):
    assert f.webster_cycle(flow_ratio, lost_s) == pytest.approx(cycle_s, abs=tolerance_s)


def test_four_stage_textbook_design():
    ratios = np.array([0.2117, 0.1669, 0.2206, 0.2059])
    assert round(float(f.webster_cycle(ratios.sum(), 12.0))) == 118
    greens_s = f.webster_splits(ratios, 120.0, 12.0)
    assert greens_s.sum() == pytest.approx(108.0)
    assert np.abs(greens_s - [28, 22, 30, 28]).max() < 0.7  # the book rounds to whole seconds


def test_fixed_time_design():
    assert f.shortest_cycle(0.80, 8.0) == pytest.approx(40.0)
    assert f.shortest_cycle(0.80, 8.0, 0.92) == pytest.approx(61.3, abs=0.05)
    greens_s = f.webster_splits([0.45, 0.35], 60.0, 8.0)
    assert greens_s == pytest.approx([29.3, 22.7], abs=0.06)
    assert 0.45 * 60.0 / greens_s[0] == pytest.approx(0.923, abs=0.0005)


def test_uniform_arrivals():
    assert f.queueing_delay(1000.0, 2800.0, 0.55, 90.0) == pytest.approx(14.175, abs=0.0005)
    # 20 arrivals and 50 departures a minute, red and green 30 s.
    assert f.queueing_delay(1200.0, 3000.0, 0.5, 60.0) == pytest.approx(12.5)
    # The same traffic as HCM's uniform delay.
    assert f.uniform_delay(1000.0 / (2800.0 * 0.55), 0.55, 90.0) == pytest.approx(14.175, abs=0.0005)


def test_webster_and_akcelik_agree_where_both_hold():
    # Webster's third term takes 5 to 15 % off the first two.
    x = np.array([0.3, 0.5, 0.7, 0.9])
    flow = x * 1800.0 * 0.4
    two_terms = f.queueing_delay(flow, 1800.0, 0.4, 90.0) + x * x / (2.0 * flow / 3600.0 * (1.0 - x))
    share = f.webster_delay(flow, 1800.0, 0.4, 90.0) / two_terms
    assert np.all((share > 0.80) & (share < 1.0))
    # Below its threshold Akcelik's delay is the uniform one; above it grows with the period beyond capacity.
    assert f.akcelik_delay(0.5, 1800.0, 36.0, 90.0) == pytest.approx(f.uniform_delay(0.5, 0.4, 90.0))
    # Ten per cent above capacity the deterministic queue costs (x - 1) T / 2 on average.
    over = f.akcelik_delay(1.1, 1800.0, 36.0, 90.0, 10.0)
    assert over == pytest.approx(0.1 * 10.0 / 2 * 3600 + f.uniform_delay(1.1, 0.4, 90.0), rel=0.05)


def test_platoon_dispersion():
    smoothing = f.hcm_smoothing(33.54, 1.0)
    assert smoothing == pytest.approx(0.16825, abs=0.000005)
    # t' = t'R - 1/F + 1.25 (HCM eq. 30-12).
    assert 33.54 - 1.0 / smoothing + 1.25 == pytest.approx(28.846, abs=0.005)
    assert f.robertson_smoothing(20.0, 0.35) == pytest.approx(1.0 / (1.0 + 0.35 * 16.0))
    flow = np.zeros(400)
    flow[:10] = 0.5
    further = f.disperse(flow, 16, 0.15)
    assert further[:16].tolist() == [0.0] * 16
    assert further.sum() == pytest.approx(5.0)
    assert further.max() < 0.5


def test_intergreens_and_pedestrians():
    mph, foot_s2 = 1.47, 32.2
    assert f.yellow(45 * mph, 0.04, 1.0, 10.0, foot_s2) == pytest.approx(3.93, abs=0.005)
    assert f.all_red(60.0, 16.0, 1.47 * 35) == pytest.approx(1.477, abs=0.0005)
    assert f.pedestrian_clearance(130.0, 3.5) == 38.0
    assert f.pedestrian_walk(130.0, 60.0, 3.0, 38.0) == 26.0
    assert f.pedestrian_walk(130.0, 60.0, 3.0, 38.0) + f.pedestrian_clearance(130.0, 3.5) == 64.0


def test_statistics():
    assert f.geh(1100.0, 1000.0) == pytest.approx(3.086, abs=0.0005)
    assert f.geh(0.0, 0.0) == 0.0
    # Four runs with a standard deviation of a tenth of the mean, 5 % wanted: (3.182 * 0.1 / 0.05)^2 = 40.5.
    assert f.replications(5.0, 50.0, 0.05, 3.182) == 41


def test_levels_of_service():
    delays_s = np.array([10.0, 10.1, 20.0, 35.0, 55.0, 80.0, 80.1])
    assert "".join(f.level_of_service(delays_s)) == "ABBCDEF"
    assert f.level_of_service(5.0, 1.01) == "F"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: f.webster_cycle(1.0, 12.0), "flow_ratio must be above 0 and below 1, not 1"),
        (lambda: f.webster_delay([100.0, 800.0], 1800.0, 0.4, 90.0), "degree of saturation must be below 1, not 1.1"),
        (lambda: f.uniform_delay(math.nan, 0.4, 90.0), "x must be 0 or more, not nan"),
        (lambda: f.uniform_delay(0.5, 1.2, 90.0), "green_ratio"),
        (lambda: f.progression_factor(0.5, 0.6, 2.0), "share of arrivals on green must be below 1"),
        (lambda: f.shortest_cycle(0.95, 8.0, 0.92), "below the critical"),
        (lambda: f.yellow(10.0, -0.5, 1.0, 3.05), "grade must be less steep"),
        (lambda: f.webster_splits([0.3, 0.2], 10.0, 12.0), "longer than the lost time"),
        (lambda: f.disperse(np.zeros((2, 2)), 1, 0.5), "one dimension"),
        (lambda: f.heavy_grade_factor(0.6), "heavy must be from 0 to 0.5, not 0.6"),
        (lambda: f.heavy_grade_factor(0.1, 0.2), "grade must be from -0.04 to 0.10"),
        (lambda: f.lane_width_factor(2.0), "at least 2.44 m"),
        (lambda: f.right_walk_factor(10.0, 20.0, 30.0, 90.0), "at most the green"),
        (lambda: f.mixed_flow_factor(0.7, 1.05, 0.7, 1.18), "share of turns must be at most 1"),
        (lambda: f.queue_polygon([30.0, 30.0], [900.0, 900.0], [0.0, 1000.0]), "at most what departs"),
        (lambda: f.queue_polygon([30.0], [900.0, 900.0], [0.0, 1000.0]), "one and the same"),
    ],
)
def test_values_outside_the_range_are_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()


@pytest.mark.parametrize("name", TWINS)
def test_kernels_equal_their_plain_twins(name):
    kernel, plain, arguments = getattr(_formulas, name), TWINS[name], given_arguments(name, 2_000)
    np.testing.assert_allclose(kernel(*arguments), plain(*arguments), rtol=1e-11, atol=1e-12)
    strided = [argument[::3] if isinstance(argument, np.ndarray) else argument for argument in arguments]
    np.testing.assert_allclose(kernel(*strided), plain(*strided), rtol=1e-11, atol=1e-12)
    empty = [argument[:0] if isinstance(argument, np.ndarray) else argument for argument in arguments]
    assert kernel(*empty).shape == (0,)
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            argument.flags.writeable = False
    assert kernel(*arguments).shape == (2_000,)


def test_every_compiled_formula_has_a_twin():
    compiled = {name for name, value in vars(_formulas).items() if isinstance(value, np.ufunc)}
    assert compiled == set(TWINS)


@pytest.mark.slow
@pytest.mark.parametrize("name", TWINS)
def test_kernels_are_not_slower_than_numpy(name):
    # At a working size, the lane groups of a city; the best of three tries, for the machine has other things to do.
    assert min(row.ratio for _ in range(3) for row in formula_speeds([1_000], [name])) < 1.0


def plain_accumulate(seconds, arrivals, departures, step_s=0.001):
    """Return (vehicle-seconds of a cycle, longest time that a queue lasts), by small steps over three cycles."""
    area, queue, queued_s = 0.0, 0.0, np.zeros(len(seconds))
    for lap in range(3):
        for i, (length, coming, going) in enumerate(zip(seconds, arrivals, departures, strict=True)):
            for _ in range(round(length / step_s)):
                before = queue
                queue = max(0.0, queue + (coming - going) * step_s)
                if lap == 2:
                    area += 0.5 * (before + queue) * step_s
                    queued_s[i] += step_s * (before > 0.0 or queue > 0.0)
    return area, queued_s


@pytest.mark.parametrize("seed", range(4))
def test_queue_polygon_equals_small_steps(seed):
    draw = np.random.default_rng(seed)
    seconds = draw.integers(3, 20, 5).astype(float)
    departures = np.where(draw.uniform(size=5) < 0.5, draw.uniform(800, 1900, 5), 0.0)
    departures[seed % 5] = 1900.0
    capacity = seconds @ departures / seconds.sum()
    arrivals = np.full(5, 0.8 * capacity)
    polygon = f.queue_polygon(seconds, arrivals, departures)
    area, queued_s = plain_accumulate(seconds, arrivals / 3600, departures / 3600)
    assert polygon.delay_s == pytest.approx(area / (arrivals[0] / 3600 * seconds.sum()), rel=1e-3)
    np.testing.assert_allclose(polygon.queued_s, queued_s, atol=0.01)


@given(st.floats(0.05, 1.0), st.floats(0.1, 0.9), st.floats(40, 180))
def test_queue_polygon_of_one_green_is_the_uniform_delay(x, green_ratio, cycle_s):
    green_s, saturation = green_ratio * cycle_s, 1800.0
    flow = x * saturation * green_ratio
    polygon = f.queue_polygon([cycle_s - green_s, green_s], [flow, flow], [0.0, saturation])
    assert polygon.delay_s == pytest.approx(f.uniform_delay(x, green_ratio, cycle_s), rel=1e-6)
    assert polygon.back_veh == pytest.approx(f.accumulated_queue(flow, saturation, green_s, cycle_s, 0.0), rel=1e-6)


def test_saturation_flow_of_the_manuals_example():
    """Chapter 31, example problem 1: exhibits 31-76 and 31-77 of the eight lane groups without left turns."""
    central = 0.90 * 1900.0
    east = central * f.heavy_grade_factor(0.05)
    north = central * f.heavy_grade_factor(0.02)
    assert east == pytest.approx(1643.0, abs=1.0)
    assert north == pytest.approx(1683.0, abs=1.0)
    assert f.right_walk_factor(120.0, 30.0, 19.0, CYCLE_S, True) == pytest.approx(0.88, abs=0.005)
    assert f.right_walk_factor(40.0, 50.0, 21.0, CYCLE_S, True) == pytest.approx(0.98, abs=0.005)
    # NB TR: 111 - 22 of 863 turn right.
    assert north * f.mixed_flow_factor(89 / 863, 1.18 / 0.976) == pytest.approx(1648.0, abs=1.5)
    assert f.permitted_saturation(624.0) == pytest.approx(813.0, abs=0.5)
    # Unblocked 11.44 and 17.06 s of 30 s; the walk factors are printed with two digits.
    assert f.left_walk_factor(120.0, 624.0, 30.0, 30.0 - 11.44, 19.0, CYCLE_S, True) == pytest.approx(1.00, abs=0.005)
    assert f.left_walk_factor(120.0, 424.0, 30.0, 30.0 - 17.06, 19.0, CYCLE_S, True) == pytest.approx(0.98, abs=0.01)


def test_the_examples_junction():
    """Chapter 31, example problem 1, exhibit 31-81: 45.9 s, D, from all twelve lane groups, left turns as printed."""
    left = {"EB L": (71, 45.5), "WB L": (118, 43.5), "NB L": (133, 13.5), "SB L": (194, 32.6)}
    groups = [(v, d) for v, _, _, _, _, _, _, d, _, _ in EXAMPLE_1.values()] + list(left.values())
    delay_s = sum(v * d for v, d in groups) / sum(v for v, _ in groups)
    assert delay_s == pytest.approx(45.9, abs=0.1)
    assert f.level_of_service(delay_s) == "D"


def test_saturation_adjustments():
    assert f.heavy_grade_factor(0.1, 0.04) == pytest.approx(1 - 0.078 - 0.31 * 16 / 100)
    assert f.heavy_grade_factor(0.1, -0.04) == pytest.approx(1 - 0.079 + 0.0828)
    feet = 0.3048
    assert f.lane_width_factor(np.array([9.9, 10.1, 12.8, 13.0]) * feet) == pytest.approx([0.96, 1.0, 1.0, 1.04])
    assert [f.lane_use_factor(n) for n in (1, 2, 3, 5)] == [1.0, 0.952, 0.908, 0.908]
    assert (f.lane_use_factor(2, "left"), f.lane_use_factor(3, "right")) == (0.971, 0.885)
    assert f.mixed_flow_factor(1.0, 1.05) == pytest.approx(1 / 1.05)
    assert f.permitted_saturation(0.0) == pytest.approx(3600 / 2.5)
    assert np.all(np.diff(f.permitted_saturation(np.arange(0.0, 2000.0, 50.0))) < 0.0)
    # No left turns block nothing; many block at once.
    assert f.time_to_first_left(30.0, 0.0, 90.0) == pytest.approx(28.0)
    assert f.time_to_first_left(30.0, 40.0, 90.0) == pytest.approx(30.0 * math.exp(-0.882) - 2.0)
    assert f.time_to_first_left(30.0, 40.0, 90.0, single_lane=True) == pytest.approx(30.0 * math.exp(-0.860) - 2.0)
    assert f.time_to_first_left(30.0, 900.0, 90.0) == 0.0


def test_standing_queue():
    # 20 vehicles, gone after 0.1 h of a quarter: on average 10 for 0.1 h.
    assert f.standing_queue(20.0, 500.0, 700.0) == pytest.approx(10.0 * 0.1 / 0.25)
    # At capacity it stays; beyond capacity only what stood before counts.
    assert f.standing_queue(20.0, 700.0, 700.0) == pytest.approx(20.0)
    assert f.standing_queue(20.0, 900.0, 700.0) == pytest.approx(20.0)
    assert f.standing_queue(0.0, 900.0, 700.0) == 0.0


@given(st.floats(0.01, 0.99), st.floats(0.1, 0.9), st.floats(30, 200))
def test_more_traffic_never_waits_less(x, green_ratio, cycle_s):
    assert f.uniform_delay(x, green_ratio, cycle_s) <= f.uniform_delay(x + 0.01, green_ratio, cycle_s) + 1e-9


EDGES = {
    "initial_queue_delay": ((0.0, 5.0), (1.0, 300.0), (1.0, 300.0), 0.25),
    "standing_queue": ((0.0, 5.0), (0.0, 300.0), (1.0, 300.0), 0.25),
    "akcelik_delay": ((0.0, 0.67, 1.0, 1.5), (1.0, 900.0), (1.0, 39.0), (40.0, 180.0), 0.25),
    "right_walk_factor": ((0.0, 9000.0), (40.0, 60.0), (0.0, 40.0), (60.0, 180.0), (False, True)),
    "left_walk_factor": ((0.0, 9000.0), (0.0, 900.0), (40.0, 60.0), (0.0, 40.0, 60.0), (0.0, 40.0), 60.0, False),
    "geh": ((0.0, 9.0), (0.0, 9.0)),
}


@pytest.mark.parametrize("name", EDGES)
def test_the_edges_of_a_range_are_values_without_a_warning(name):
    """Many at once: that is when the compiler works out both sides of a condition."""
    grid = np.meshgrid(*EDGES[name], indexing="ij")
    values = np.tile([axis.ravel() for axis in grid], 3)
    many = getattr(f, name)(*values)
    assert np.isfinite(many).all()
    assert many.tolist() == [getattr(f, name)(*column) for column in values.T]
