"""Packed footage is what was packed, to the grid; and it is as small as it is told to be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.geometry import Geometry, Head, Junction, Lane
from experiments.report.packing import KINDS, TURNS, Footage, Tracks, numbers_to_bytes, packed, packed_within
from tests.experiments.footage import driven, street
from tests.experiments.unpacking import Numbers, unpacked

METRES = st.floats(-9_000.0, 9_000.0, allow_nan=False)
NUMBERS = st.integers(-(2**30), 2**30)


@given(st.lists(NUMBERS))
def test_numbers_are_read_back(numbers):
    data = numbers_to_bytes(np.array(numbers, np.int64))
    read = Numbers(data)
    assert read.column(len(numbers)) == numbers
    assert next(read.bytes, None) is None


def test_numbers_near_zero_take_a_byte():
    assert [len(numbers_to_bytes(np.array([n], np.int64))) for n in (0, 63, -64, 64, -65, 8191, 8192)] == [
        1,
        1,
        1,
        2,
        2,
        2,
        3,
    ]


@st.composite
def tracks(draw):
    count = draw(st.lists(st.integers(1, 9), max_size=6))
    n, total = len(count), sum(count)
    column = st.lists(METRES, min_size=total, max_size=total)
    return Tracks(
        np.array(sorted(draw(st.lists(st.integers(0, 40), min_size=n, max_size=n))), np.int64),
        np.array(count, np.int64),
        np.array(draw(st.lists(st.integers(0, len(KINDS) - 1), min_size=n, max_size=n)), np.int64),
        np.array(draw(st.lists(st.floats(0.5, 30.0), min_size=n, max_size=n)), np.float64),
        np.array(draw(column), np.float64),
        np.array(draw(column), np.float64),
        np.array(draw(st.lists(st.floats(0.0, 360.0), min_size=total, max_size=total)), np.float64),
    )


LETTERS = {"J1": [(0, "Gr"), (7, "yr"), (60, "rG")], "交叉口": [(0, "gG")]}
GEOMETRY = Geometry(
    (
        Lane("a_0", "a", "road", 3.2, ((-1000.3, -20.0), (-900.0, 50.5))),
        Lane("b_0", "b", "cycleway", 1.5, ((0.0, 0.0), (0.0, 100.0))),
        Lane(":J_c0_0", ":J_c0", "crossing", 4.0, ((5.0, 5.0), (15.0, 5.0))),
    ),
    (Junction("J1", "J1", ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0))),),
    (Head("J1", 0, "b_0"), Head("J1", 1, "b_0"), Head("交叉口", 0, ":J_c0_0")),
)


@given(st.lists(tracks(), min_size=1, max_size=2), st.sampled_from((0.2, 0.5)), st.integers(20, 60))
@settings(max_examples=60)
def test_what_is_packed_is_unpacked_on_its_grid(plans, unit_m, seconds):
    found = unpacked(packed(GEOMETRY, [Footage(of, LETTERS) for of in plans], seconds, unit_m))
    assert found["seconds"] == seconds
    for plan, whole in zip(found["plans"], plans, strict=True):
        of = whole.until(seconds)
        assert len(plan["tracks"]) == len(of.count)
        ends = np.cumsum(of.count)
        for i, track in enumerate(plan["tracks"]):
            rows = slice(ends[i] - of.count[i], ends[i])
            assert (track["start"], track["kind"]) == (of.start_s[i], of.kind[i])
            assert track["length"] == pytest.approx(of.length_m[i], abs=0.051)
            # The origin is the most westerly and southerly whole metre.
            assert track["x"] - 1001.0 == pytest.approx(of.x_m[rows], abs=unit_m / 2 + 1e-6)
            assert track["y"] - 20.0 == pytest.approx(of.y_m[rows], abs=unit_m / 2 + 1e-6)
            away = (track["angle"] * 360.0 / TURNS - of.angle_deg[rows]) % 360.0
            assert np.minimum(away, 360.0 - away).max() < 360.0 / TURNS
        assert plan["letters"] == [[list(c) for c in LETTERS[name] if c[0] <= seconds] for name in ("J1", "交叉口")]


@given(tracks(), st.integers(0, 60))
def test_cut_tracks_end_where_they_are_cut(of, seconds):
    cut = of.until(seconds)
    assert cut.count.sum() == len(cut.x_m) == len(cut.y_m) == len(cut.angle_deg)
    assert (cut.start_s + cut.count - 1 <= seconds).all()
    seen = np.concatenate([s + np.arange(n) for s, n in zip(of.start_s, of.count, strict=True)] or [np.array([])])
    assert cut.x_m.tolist() == of.x_m[seen <= seconds].tolist()


def test_network_and_heads():
    found = unpacked(packed(GEOMETRY, [], 60))
    assert [lane[:2] for lane in found["lanes"]] == [("road", 3.2), ("cycleway", 1.5), ("crossing", 4.0)]
    assert found["lanes"][0][2] == [pytest.approx((0.7, 0.0)), pytest.approx((101.0, 70.5))]
    assert found["junctions"][0][2] == pytest.approx((1010.0, 29.0))
    of = {tuple(head[:2]): head for head in found["heads"]}
    # Two links share a lane that leads north: the first stands to the right of the second, at the lane's end.
    assert of[0, 0][2:] == (0, 8, pytest.approx(1001.4), pytest.approx(120.0))
    assert of[0, 1][2:] == (0, 8, pytest.approx(1000.6), pytest.approx(120.0))
    # Who crosses waits at the crossing's start and looks along it, to the east.
    assert of[1, 0][2:] == (64, 40, pytest.approx(1006.0), pytest.approx(25.0))


def test_a_vehicle_that_goes_on_or_stands_costs_next_to_nothing():
    footage = [Footage(driven(500, 301), {}), Footage(driven(500, 301, seed=2), {})]
    text = packed(street(), footage, 300)
    assert len(text) < 800_000
    standing = np.zeros(300, np.float64)
    one = np.ones(1, np.int64)
    still = Tracks(0 * one, 300 * one, 0 * one, 5.0 * one, standing, standing, standing)
    assert len(packed(Geometry((), (), ()), [Footage(still, {})], 300)) < 120


def test_what_does_not_fit_gets_coarser_then_shorter_then_is_left_out():
    footage = [Footage(driven(60, 301), {})]
    fine, coarse = (packed(street(), footage, 300, unit_m) for unit_m in (0.2, 0.5))
    assert len(coarse) < len(fine)
    whole = packed_within(street(), footage, 300, len(fine))
    assert (whole.text, whole.seconds, whole.unit_m) == (fine, 300, 0.2)
    assert packed_within(street(), footage, 300, len(fine) - 1).unit_m == 0.5
    short = packed_within(street(), footage, 300, len(coarse) // 2)
    assert len(short.text) <= len(coarse) // 2
    assert 60 < short.seconds < 200
    assert unpacked(short.text)["seconds"] == short.seconds
    assert packed_within(street(), footage, 300, 100) is None
