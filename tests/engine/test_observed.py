"""What an observer notes of a run, on runs that are made up by hand."""

from engine.observed import passed, travel_time_s
from engine.sumo.traces import Trace, Trip

EDGES = ("in", "mid", "out")


def trip(name, departed_s, *left_s, edges=EDGES):
    return Trip(name, "car", departed_s or 0.0, departed_s, 0.0, 1.0, "in_0", edges, left_s)


TRACE = Trace(
    (
        trip("early", 0.0, 50.0, 90.0, 140.0),
        trip("first", 60.0, 100.0, 160.0, 200.0),
        trip("late", 80.0, 190.0, 230.0, 260.0),
        trip("stuck", 120.0, 150.0, -1.0, -1.0),
        trip("other", 100.0, 110.0, 199.0, edges=("in", "out")),
        trip("never", None, -1.0, -1.0, -1.0),
    ),
    (),
)


def test_movements_count_when_the_edge_before_is_left():
    first, second = passed(TRACE, [(100.0, 150.0), (150.0, 200.0)])
    # 140 leaves the network; 150 and 100 are the begins of intervals, 90 and 200 outside.
    assert first == {("in",): 2, ("in", "mid"): 1, ("in", "out"): 1, ("out",): 1}
    assert second == {("in",): 2, ("in", "mid"): 2, ("mid",): 1, ("mid", "out"): 1, ("out",): 1}


def test_a_travel_time_runs_from_entering_the_first_edge_to_leaving_the_last():
    assert travel_time_s(TRACE, "in", "out", (0.0, 70.0)) == (140.0 + 140.0) / 2
    assert travel_time_s(TRACE, "mid", "out", (100.0, 150.0)) == 100.0  # "stuck" has not arrived
    assert travel_time_s(TRACE, "mid", "mid", (0.0, 60.0)) == 40.0
    assert travel_time_s(TRACE, "out", "in", (0.0, 500.0)) is None
    assert travel_time_s(TRACE, "in", "out", (300.0, 400.0)) is None
