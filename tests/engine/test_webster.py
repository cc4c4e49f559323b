"""Textbook timing against worked examples, on signals made up for it: within a plan space, and for given flows."""

import math

import pytest

from engine.audit import Bounds
from engine.hcm.method import Method
from engine.hcm.rows import GroupRow
from engine.network import Approach, LaneGroup, Network, Signal
from engine.plan import Phase, Program
from engine.space import PlanSpace, SpaceOptions
from engine.webster import critical_ratios, webster_plan, webster_plans

WIDE = SpaceOptions(radius=math.inf, min_cycle_s=20.0, max_cycle_s=300.0, offsets=False)


def program(states, greens, yellow_s=3.0, signal="s", low=3.0, high=200.0):
    phases = []
    for stage, (state, green) in enumerate(zip(states, greens, strict=True)):
        phases += [Phase(float(green), state, stage), Phase(yellow_s, "y" * len(state), -1)]
    return Program(signal, tuple(phases), 0.0, (low,) * len(states), (high,) * len(states))


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
EACH = dict(zip("ABCD", ((0,), (1,), (2,), (3,)), strict=True))


def four_stages(signal="s", greens=(20, 20, 20, 20)):
    """Four lane groups, each with a stage of its own and 3 s of intergreen: L = 12 s."""
    return program(FOUR, greens, signal=signal, low=5.0, high=90.0)


def asked(ratios, signal="s"):
    return [row(name, ratio, signal) for name, ratio in zip("ABCD", ratios, strict=True)]


def planned(programs, rows, allowed=None, **bounds):
    network = Network(tuple(signal_of(of, EACH) for of in programs), (), frozenset())
    return webster_plan(network, rows, allowed or {}, (), Method(), **bounds)


def test_the_textbooks_four_stages():
    """y = 0.2117, 0.1669, 0.2206, 0.2059 and L = 12: a cycle of 118 s (rounded to 120 there); greens of 28, 22, 30, 28."""
    ratios = (0.2117, 0.1669, 0.2206, 0.2059)
    (made,) = one(FOUR, (20, 20, 20, 20), EACH, asked(ratios))
    assert made.cycle_s == 118
    assert made.greens_s == pytest.approx((28, 22, 30, 28), abs=1.0)
    assert sum(made.greens_s) == 118 - 12
    plan, notes = planned([four_stages()], asked(ratios), max_cycle_s=180.0)
    assert (plan.programs[0].cycle_s, notes) == (118.0, [])
    plan, _ = planned([four_stages()], asked(ratios), min_cycle_s=120.0, max_cycle_s=180.0)
    assert plan.programs[0].greens_s == (28.0, 22.0, 30.0, 28.0)


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
    assert critical_ratios(of, signal, rows) == pytest.approx([0.3, 0.1, 0.2])
    assert critical_ratios(of, signal, [row("through", 0.3), row("left", 0.2)]) == pytest.approx([0.3, 0.0, 0.0])
    # Were the left turn protected first and then through gaps, its stage would be the same one.
    of = program(("rGr", "Ggr", "rrG"), (20, 10, 20))
    assert critical_ratios(of, signal_of(of, {"left": (1,)}), [row("left", 0.4)]) == pytest.approx([0.4, 0.0, 0.0])
    of = program(("Ggr", "rGr", "rrG"), (20, 10, 20))
    assert critical_ratios(of, signal_of(of, {"left": (1,)}), [row("left", 0.4)]) == pytest.approx([0.0, 0.4, 0.0])


def test_a_lane_group_with_green_in_several_stages_is_served_by_all_of_them():
    """D has green in the stages of A and B, too: of its own only what they leave is asked, and the sum is the least."""
    of = program(("GrrG", "rGrG", "rrGr", "rrrG"), (20, 20, 20, 20))
    signal = signal_of(of, EACH)
    assert critical_ratios(of, signal, asked((0.2, 0.1, 0.15, 0.25))) == pytest.approx([0.2, 0.1, 0.15, 0.0])
    more = critical_ratios(of, signal, asked((0.2, 0.1, 0.15, 0.4)))
    assert sum(more) == pytest.approx(0.55)
    assert more[0] + more[1] + more[3] == pytest.approx(0.4)


def test_chains_of_shared_stages_cost_no_more_than_they_must():
    """A in stages 1 and 2, B in 2 and 3, 0.3 each: the stage between them serves both, and half of each is twice as much."""
    of = program(("Grr", "GGr", "rGr", "rrG"), (20, 20, 20, 20))
    signal = signal_of(of, {"A": (0,), "B": (1,), "C": (2,)})
    assert critical_ratios(of, signal, [row("A", 0.3), row("B", 0.3), row("C", 0.2)]) == pytest.approx([0, 0.3, 0, 0.2])


def test_a_shared_lane_is_served_where_all_of_its_turns_are():
    of = program(("GGr", "rGr", "rrG"), (20, 10, 20))
    signal = signal_of(of, {"through+left": (0, 1), "side": (2,)})
    assert critical_ratios(of, signal, [row("through+left", 0.4), row("side", 0.2)]) == pytest.approx([0.4, 0.0, 0.2])


def test_nobody_and_no_green_ask_for_nothing():
    of = program(("Gr", "rG"), (20, 20))
    signal = signal_of(of, {"A": (0,), "B": (1,)})
    assert critical_ratios(of, signal, [row("A", 0.0), row("B", 0.5, saturation=0.0)]) == [0.0, 0.0]
    assert critical_ratios(of, signal, []) == [0.0, 0.0]


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


def test_what_starting_costs_beyond_what_yellow_gives_back_is_lost_in_both():
    """Two stages, 3 s of yellow, 3 s to start and 1 s of yellow used: L = 6 + 2 x 2 = 10 s, Y = 0.6: 50 s."""
    of = program(("Gr", "rG"), (20, 20), low=5.0)
    network = Network((signal_of(of, {"A": (0,), "B": (1,)}),), (), frozenset())
    rows, method = [row("A", 0.4), row("B", 0.2)], Method(startup_s=3.0, extension_s=1.0)
    (searched,) = webster_plans(PlanSpace([of], WIDE), network, rows, method)
    timed, _ = webster_plan(network, rows, {}, (), method)
    for plan in (searched, timed):
        assert plan.programs[0].cycle_s == 50
        # Effective greens of 80/3 and 40/3 s, and 2 s more each to be shown.
        assert plan.programs[0].greens_s == (29, 15)


def test_a_stage_in_several_intervals_is_lengthened_where_it_is_longest_and_never_shortened():
    phases = (Phase(20.0, "Gr", 0), Phase(3.0, "yr"), Phase(15.0, "rG", 1), Phase(3.0, "ry"), Phase(6.0, "Gr", 0),
              Phase(3.0, "yr"))  # fmt: skip
    of = Program("s", phases, 0.0, (5.0, 5.0), (90.0, 90.0))
    assert of.held_s == (26.0, 0.0)
    rows = [row("A", 0.08), row("B", 0.7)]
    network = Network((signal_of(of, {"A": (0,), "B": (1,)}),), (), frozenset())
    timed, _ = webster_plan(network, rows, {}, (), Method())
    (searched,) = webster_plans(PlanSpace([of], WIDE), network, rows, Method())
    for plan in (timed, searched):
        (made,) = plan.programs
        assert made.cycle_s == 84  # (1.5 x 9 + 5)/(1 - 0.78) = 84.1
        assert [phase.duration_s for phase in made.phases] == [20, 3, 49, 3, 6, 3]
    (made,) = webster_plan(network, [row("A", 0.7), row("B", 0.08)], {}, (), Method())[0].programs
    assert [phase.duration_s for phase in made.phases] == [61, 3, 8, 3, 6, 3]


def test_no_traffic_gives_the_shortest_cycle():
    plan, notes = planned([four_stages()], asked((0.0,) * 4))
    assert (plan.programs[0].cycle_s, notes) == (40.0, [])
    assert set(plan.programs[0].greens_s) == {7.0}


def test_more_traffic_than_any_plan_serves_gets_the_longest_cycle_and_a_note():
    plan, notes = planned([four_stages()], asked((0.4, 0.3, 0.2, 0.1)), max_cycle_s=120.0)
    assert plan.programs[0].cycle_s == 120.0
    assert notes == [
        "'s': its critical flow ratios sum to 1.00, more than any fixed-time plan serves: it gets the longest cycle."
    ]


def test_signals_on_one_cycle_stay_on_one_and_others_have_their_own():
    programs = [four_stages("a"), four_stages("b"), four_stages("c", greens=(10, 10, 10, 10))]
    plan, _ = planned(programs, [*asked((0.1,) * 4, "a"), *asked((0.18,) * 4, "b"), *asked((0.05,) * 4, "c")])
    # b needs (1.5 x 12 + 5) / (1 - 0.72) = 82 s, a and b share it; c needs 29 s and gets the shortest.
    assert [made.cycle_s for made in plan.programs] == [82.0, 82.0, 40.0]


def test_what_the_rules_allow_holds():
    allowed = {"s": Bounds((5.0, 30.0, 5.0, 5.0), (90.0, 90.0, 90.0, 20.0), 50.0, 100.0)}
    plan, _ = planned([four_stages()], asked((0.25, 0.05, 0.25, 0.3)), allowed, max_cycle_s=180.0)
    (made,) = plan.programs
    assert made.cycle_s == 100.0
    assert made.greens_s[1] == 30.0
    assert made.greens_s[3] <= 20.0
    # Intergreens and their order are the network's own.
    assert [phase.state for phase in made.phases] == [phase.state for phase in four_stages().phases]
