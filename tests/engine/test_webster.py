"""Webster's retiming against worked examples, on signals made up for it."""

import math

import pytest

from engine.hcm.method import Method
from engine.hcm.rows import GroupRow
from engine.network import Approach, LaneGroup, Network, Signal
from engine.plan import Phase, Program
from engine.space import PlanSpace, SpaceOptions
from engine.webster import critical_ratios, webster_plans

WIDE = SpaceOptions(radius=math.inf, min_cycle_s=20.0, max_cycle_s=300.0, offsets=False)


def program(states, greens, yellow_s=3.0, signal="s", high=200.0):
    phases = []
    for stage, (state, green) in enumerate(zip(states, greens, strict=True)):
        phases += [Phase(float(green), state, stage), Phase(yellow_s, "y" * len(state), -1)]
    return Program(signal, tuple(phases), 0.0, (3.0,) * len(states), (high,) * len(states))


def signal_of(of, groups):
    """Return a signal whose lane groups, by name, are the links given."""
    approaches = tuple(
        Approach(name, f"e{name}", (f"e{name}",), (LaneGroup(name, ("through",), links, ()),))
        for name, links in groups.items()
    )
    return Signal(of.signal, (), approaches, of, "", (0.0, 0.0))


def row(group, ratio, signal="s", saturation=1800.0):
    return GroupRow(
        signal, group, group, 1, 0.0, ratio * saturation, 0.0, saturation, 20.0, 60.0, 600.0, *(None,) * 6, 0.0, 0.0, 0.0,
        0.0, 0.0, True,
    )  # fmt: skip


def one(states, greens, groups, rows, options=WIDE, scales=(1.0,), yellow_s=3.0):
    of = program(states, greens, yellow_s)
    network = Network((signal_of(of, groups),), (), frozenset())
    return [plan.programs[0] for plan in webster_plans(PlanSpace([of], options), network, rows, Method(), scales)]


FOUR = ("Grrr", "rGrr", "rrGr", "rrrG")


def test_the_textbooks_four_stages():
    """y = 0.2117, 0.1669, 0.2206, 0.2059 and L = 12: a cycle of 118 s (rounded to 120 there); greens of 28, 22, 30, 28."""
    ratios = (0.2117, 0.1669, 0.2206, 0.2059)
    rows = [row(name, ratio) for name, ratio in zip("ABCD", ratios, strict=True)]
    (made,) = one(FOUR, (20, 20, 20, 20), dict(zip("ABCD", ((0,), (1,), (2,), (3,)), strict=True)), rows)
    assert made.cycle_s == 118
    assert made.greens_s == pytest.approx((28, 22, 30, 28), abs=1.0)
    assert sum(made.greens_s) == 118 - 12


def test_equal_degree_of_saturation():
    """y = 0.45 and 0.35, L = 8: 85 s; every stage is as full as the other."""
    rows = [row("A", 0.45), row("B", 0.35)]
    (made,) = one(("Gr", "rG"), (20, 20), {"A": (0,), "B": (1,)}, rows, yellow_s=4.0)
    assert made.cycle_s == 85
    full = [ratio * 85 / green for ratio, green in zip((0.45, 0.35), made.greens_s, strict=True)]
    assert full[0] == pytest.approx(full[1], rel=0.03)


def test_scales_are_of_the_cycle_and_keep_the_proportions():
    rows = [row("A", 0.4), row("B", 0.2)]
    plain, longer, shorter = one(
        ("Gr", "rG"), (20, 20), {"A": (0,), "B": (1,)}, rows, scales=(1.0, 2.0, 0.8), yellow_s=5.0
    )
    assert plain.cycle_s == 50  # (1.5 x 10 + 5)/(1 - 0.6)
    assert (longer.cycle_s, shorter.cycle_s) == (100, 40)
    assert longer.greens_s == (60, 30)
    assert shorter.greens_s == (20, 10)


def test_more_than_a_junction_can_serve_has_the_longest_cycle_that_is_allowed():
    rows = [row("A", 0.8), row("B", 0.5)]
    options = SpaceOptions(radius=math.inf, max_cycle_s=120.0)
    (made,) = one(("Gr", "rG"), (20, 20), {"A": (0,), "B": (1,)}, rows, options, yellow_s=6.0)
    assert made.cycle_s == 120
    assert made.greens_s[0] / made.greens_s[1] == pytest.approx(1.6, rel=0.03)


def test_a_radius_holds_the_cycle_and_the_splits_come_as_close_as_it_lets_them():
    rows = [row("A", 0.12), row("B", 0.1)]
    (made,) = one(("Gr", "rG"), (40, 40), {"A": (0,), "B": (1,)}, rows, SpaceOptions(offsets=False))
    assert made.cycle_s == round(86 * math.exp(-0.3))
    assert made.greens_s == (32, 26)  # 58 s as 12 to 10


def test_a_turn_that_may_go_twice_asks_for_its_own_stage():
    """Through traffic with a permissive left turn, the left turn alone, the side road."""
    of = program(("Ggr", "rGr", "rrG"), (20, 10, 20))
    signal = signal_of(of, {"through": (0,), "left": (1,), "side": (2,)})
    rows = [row("through", 0.3), row("left", 0.4), row("side", 0.2)]
    assert critical_ratios(signal, of, rows) == pytest.approx([0.3, 0.1, 0.2])
    assert critical_ratios(signal, of, [row("through", 0.3), row("left", 0.2)]) == [0.3, 0.01, 0.01]


def test_a_shared_lane_is_served_where_all_of_its_turns_are():
    of = program(("GGr", "rGr", "rrG"), (20, 10, 20))
    signal = signal_of(of, {"through+left": (0, 1), "side": (2,)})
    assert critical_ratios(signal, of, [row("through+left", 0.4), row("side", 0.2)]) == [0.4, 0.01, 0.2]


def test_nobody_and_no_green_ask_for_nothing():
    of = program(("Gr", "rG"), (20, 20))
    signal = signal_of(of, {"A": (0,), "B": (1,)})
    assert critical_ratios(signal, of, [row("A", 0.0), row("B", 0.5, saturation=0.0)]) == [0.01, 0.01]


def test_signals_on_a_common_cycle_get_the_longest_of_theirs():
    busy, quiet = program(("Gr", "rG"), (30, 24), signal="s"), program(("Gr", "rG"), (30, 24), signal="t")
    network = Network(tuple(signal_of(of, {"A": (0,), "B": (1,)}) for of in (busy, quiet)), (), frozenset())
    rows = [row("A", 0.5), row("B", 0.25), row("A", 0.1, "t"), row("B", 0.1, "t")]
    (plan,) = webster_plans(PlanSpace([busy, quiet], WIDE), network, rows, Method())
    assert [made.cycle_s for made in plan.programs] == [56, 56]  # (1.5 x 6 + 5)/(1 - 0.75)
    assert plan.programs[0].greens_s == pytest.approx((33, 17), abs=1)
    assert plan.programs[1].greens_s == (25, 25)


def test_no_signals_have_no_plans():
    assert webster_plans(PlanSpace((), SpaceOptions()), Network((), (), frozenset()), [], Method()) == []
