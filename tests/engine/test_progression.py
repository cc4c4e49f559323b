"""Arteries of real and made-up networks, and offsets whose bands are as wide as geometry allows."""

import itertools
import random
import subprocess
import sys
from types import SimpleNamespace

import pytest
import scipy.optimize

from engine import progression
from engine.arteries import Artery, Hop, arteries
from engine.plan import Phase, Plan, Program
from engine.progression import bandwidth_offsets, green_band, green_window


def program(signal, green_s, cycle_s=60.0, offset_s=0.0):
    """Two stages: link 0 is through traffic on the artery, in both directions."""
    phases = (Phase(green_s, "Gr", 0), Phase(3.0, "yr"), Phase(cycle_s - green_s - 6.0, "rG", 1), Phase(3.0, "ry"))
    return Program(signal, phases, offset_s, (5.0, 5.0), (120.0, 120.0))


def street(travel_s, demand=(500.0, 500.0)):
    """Return an artery over signals a, b, c, ... and the way back."""
    names = "abcdefgh"[: len(travel_s) + 1]
    out = tuple(Hop(names[i], names[i + 1], (0,), (0,), 0.9 * t, 10.0 * t, demand[0]) for i, t in enumerate(travel_s))
    back = tuple(Hop(hop.end, hop.start, (0,), (0,), hop.travel_s, hop.length_m, demand[1]) for hop in reversed(out))
    return [Artery(tuple(names), out), Artery(tuple(reversed(names)), back)]


def band_s(plan, artery):
    """Return the artery's band by brute force: how long a stream from the first signal meets green everywhere."""
    programs = {of.signal: of for of in plan.programs}

    def green(signal, at_s):
        of = programs[signal]
        start, length = green_window(of, (0,))
        return (at_s - of.offset_s - start) % of.cycle_s < length

    passed, best, cycle_s = 0, 0, int(programs[artery.signals[0]].cycle_s)
    times = [0.0]
    for hop in artery.hops:
        times.append(times[-1] + hop.travel_s / 0.9)
    for at_s in range(2 * cycle_s):
        ok = all(green(signal, at_s + t + 0.5) for signal, t in zip(artery.signals, times, strict=True))
        passed = passed + 1 if ok else 0
        best = max(best, passed)
    return min(best, cycle_s)


def test_the_longest_common_green_may_go_over_the_turn_of_the_cycle():
    phases = (Phase(10, "GGr", 0), Phase(3, "yyr"), Phase(20, "rGG", 1), Phase(3, "ryy"), Phase(14, "Grr", 2))
    of = Program("a", phases, 0.0)
    assert green_window(of, (0,)) == (36.0, 24.0)
    assert green_window(of, (1,)) == (13.0, 20.0)
    assert green_window(of, (0, 2)) is None


def test_one_way_street_gets_the_whole_green():
    ways = street([17.0, 23.0, 31.0])[:1]
    plan = bandwidth_offsets([program(name, 28.0) for name in "abcd"], ways)
    assert band_s(plan, ways[0]) >= 27
    assert [of.greens_s for of in plan.programs] == [(28.0, 26.0)] * 4


def test_half_a_cycle_apart_both_directions_get_the_whole_green():
    ways = street([30.0, 30.0, 60.0])
    plan = bandwidth_offsets([program(name, 25.0) for name in "abcd"], ways)
    assert [band_s(plan, way) for way in ways] == [25, 25]


def test_the_busier_direction_counts_more_where_both_cannot_have_all():
    wide, narrow = ([band_s(plan, way) for way in street([15.0, 15.0])] for plan in (
        bandwidth_offsets([program(name, 24.0) for name in "abc"], street([15.0, 15.0], demand))
        for demand in ((900.0, 100.0), (100.0, 900.0))
    ))  # fmt: skip
    assert wide[0] > wide[1]
    assert narrow == wide[::-1]


def test_where_both_directions_can_have_no_band_at_all_the_busier_one_has_the_whole_green():
    # There and back are half a cycle apart, and greens of a sixth of it cannot bridge that.
    for demand, kept in (((900.0, 100.0), 0), ((100.0, 900.0), 1)):
        ways = street([15.0], demand)
        plan = bandwidth_offsets([program(name, 10.0) for name in "ab"], ways)
        bands = [band_s(plan, way) for way in ways]
        assert bands[kept] >= 9
        assert bands[1 - kept] == 0


def test_no_offsets_beat_the_programs():
    """Against every set of offsets in steps of 5 s: the sum of the bands, weighted alike, is as large as any."""
    ways = street([21.0, 13.0])
    of = [program("a", 26.0), program("b", 22.0), program("c", 30.0)]
    best = 0
    for b in range(0, 60, 5):
        for c in range(0, 60, 5):
            tried = [of[0], program("b", 22.0, offset_s=b), program("c", 30.0, offset_s=c)]
            best = max(best, sum(band_s(type("P", (), {"programs": tried}), way) for way in ways))
    plan = bandwidth_offsets(of, ways)
    assert sum(band_s(plan, way) for way in ways) >= best - 1


def test_another_cycle_cuts_the_artery_and_signals_off_it_stay():
    ways = street([20.0, 20.0, 20.0])[:1]
    of = [program("a", 28.0), program("b", 28.0), program("c", 40.0, cycle_s=90.0, offset_s=33.0), program("x", 20.0)]
    plan = bandwidth_offsets(of, ways)
    assert plan.programs[2:] == tuple(of[2:])
    assert band_s(plan, Artery(("a", "b"), ways[0].hops[:1])) >= 27


def test_arteries_of_a_real_street(ingolstadt7):
    scenario, network = ingolstadt7
    from engine.sumo.demand import scan

    found = arteries(network, scan([*scenario.routes, *scenario.additional]).edges)
    assert len(found[0].signals) >= 3
    hops = [(hop.start, hop.end) for artery in found for hop in artery.hops]
    assert len(hops) == len({(hop.start, hop.end, hop.leaves) for artery in found for hop in artery.hops})
    for artery in found:
        for hop, onward in zip(artery.hops, artery.hops[1:], strict=False):
            assert hop.end == onward.start
            assert set(hop.arrives) & set(onward.leaves)
        assert all(2.0 < hop.travel_s < 120.0 for hop in artery.hops)
        assert all(hop.length_m / hop.travel_s == pytest.approx(14.0, abs=8.0) for hop in artery.hops)


def test_where_greens_are_too_short_for_both_ways_the_busier_one_gets_its_band():
    # 15 s one way and 15 s back with 6 s of green in a cycle of 60 s: no offsets let a vehicle through both ways.
    ways = street([15.0, 15.0], demand=(300.0, 700.0))
    plan = bandwidth_offsets([program(name, 6.0) for name in "abc"], ways)
    assert band_s(plan, ways[1]) >= 5
    assert band_s(plan, ways[0]) == 0


@pytest.mark.parametrize("seed", range(30))
def test_the_band_that_is_drawn_is_the_widest_there_is(seed):
    draw = random.Random(seed)
    travel_s = [float(draw.randint(5, 50)) for _ in range(3)]
    ways = street(travel_s)
    programs = [program(name, float(draw.randint(10, 45)), offset_s=float(draw.randrange(60))) for name in "abcd"]
    later_s = [0.0, *itertools.accumulate(travel_s)]
    start_s, width_s = green_band(programs, [(0,)] * 4, later_s)
    assert width_s == pytest.approx(band_s(Plan(tuple(programs)), ways[0]), abs=1e-6)
    if width_s:
        for of, t in zip(programs, later_s, strict=True):
            begin, length = green_window(of, (0,))
            for at_s in (start_s + 1e-6, start_s + width_s - 1e-6):
                assert (at_s + t - of.offset_s - begin) % of.cycle_s <= length


def test_hops_know_their_edges(ingolstadt7):
    _, network = ingolstadt7
    found = arteries(network, {})
    assert found
    for artery in found:
        for hop in artery.hops:
            assert sum(length_m for _, length_m in hop.edges) == pytest.approx(hop.length_m)
            # In the direction of travel: the last one ends at the stop line.
            assert hop.edges[-1][0] in {approach.edge for approach in network.signal(hop.end).approaches}


def grid(seed):
    """Return programs and ways of 3 x 3 signals: rows on link 0, columns on link 1, both ways, uneven distances."""
    draw = random.Random(seed)
    ways = []
    for across, i in itertools.product((0, 1), range(3)):
        names = [f"{i}{j}" if across == 0 else f"{j}{i}" for j in range(3)]
        travel_s = [draw.uniform(10.0, 40.0) for _ in range(2)]
        for signals, times in ((names, travel_s), (names[::-1], travel_s[::-1])):
            demand = draw.uniform(100.0, 900.0)
            hops = [
                Hop(*ends, (across,), (across,), t, 10 * t, demand)
                for ends, t in zip(itertools.pairwise(signals), times, strict=True)
            ]
            ways.append(Artery(tuple(signals), tuple(hops)))
    return [program(f"{i}{j}", draw.uniform(36.0, 48.0), 90.0) for i in range(3) for j in range(3)], ways


def test_what_else_the_machine_does_has_no_say_in_the_offsets(monkeypatch):
    solve, asked, gaps = scipy.optimize.milp, [], []

    def milp(*args, options, **more):
        asked.append(set(options))
        solved = solve(*args, options=options, **more)
        gaps.append(solved.mip_gap)
        return solved

    monkeypatch.setattr(scipy.optimize, "milp", milp)
    monkeypatch.setattr(progression, "NODES", 20)
    programs, ways = grid(1)
    quiet = bandwidth_offsets(programs, ways)
    spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
    try:
        busy = bandwidth_offsets(programs, ways)
    finally:
        for process in spinning:
            process.kill()
            process.wait()
    # It is the limit that ended both searches, and it is one of nodes.
    assert gaps[-1] > progression.GAP
    assert quiet == busy != Plan(tuple(programs))
    assert asked == [{"node_limit", "mip_rel_gap"}] * len(asked)


def test_where_the_limit_ends_the_search_without_bands_the_least_artery_is_left_out(monkeypatch):
    solve, answers = scipy.optimize.milp, [SimpleNamespace(status=4, x=None)]
    monkeypatch.setattr(
        scipy.optimize, "milp", lambda *args, **more: answers.pop() if answers else solve(*args, **more)
    )
    ways = street([15.0, 20.0], demand=(300.0, 700.0))
    plan = bandwidth_offsets([program(name, 25.0) for name in "abc"], ways)
    assert band_s(plan, ways[1]) >= 24
