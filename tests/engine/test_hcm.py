"""The manual's analysis: its own worked example, effective green, lanes, and demand that is known by hand."""

import csv
import dataclasses
from collections import defaultdict

import numpy as np
import pytest

from engine.hcm import Method, analyse
from engine.hcm.discharge import Junction, LaneUse, discharge
from engine.hcm.green import effective_green
from engine.hcm.lanes import spread
from engine.hcm.rows import Case, group_row, total_row
from engine.hcm.volumes import count
from engine.network import Link
from engine.plan import Phase, Plan, Program
from engine.sumo.lanes import Lane, read_roads
from engine.sumo.routes import read_streams
from kernels import formulas
from scenarios.junction.data import BUILTIN
from tests.conftest import built
from tests.kernels.test_formulas import CYCLE_S, EXAMPLE_1

METHOD = Method()


def program(*phases):
    return Program("C", tuple(Phase(seconds, state) for seconds, state in phases), 0.0)


def link(index, turn, lane="in_0", to="out_0", foes=(), kind="vehicle", length_m=12.0):
    return Link(index, f"N-{turn}", "N", turn, kind, lane, to, length_m, foes)


def junction(green, links, flows=None, queued_s=None, walks=None, **more):
    sides = {"left": "across", "right": "kerb"}
    return Junction(
        green,
        {one.index: (one,) for one in links},
        {one.index: sides.get(one.turn, "through") for one in links},
        flows or {},
        {one.index: ("N", one.lane) for one in links},
        queued_s or {},
        walks or {},
        {},
        dataclasses.replace(METHOD, **more),
    )


def test_effective_green_is_displayed_green_with_the_manuals_times():
    green = effective_green(program((30, "Gr"), (4, "yr"), (40, "rG"), (3, "ry"), (2, "rr")), (0, 1), METHOD)
    assert green.cycle_s == 79.0
    assert green.effective_s(0) == pytest.approx(30.0)
    assert green.effective_s(1) == pytest.approx(40.0)
    # Its phase less 4 s of lost time where yellow and all-red take 4 s (HCM eq. 19-3).
    assert green.effective_s(0) == pytest.approx(34.0 - 4.0)
    # Nothing is gained where nothing is yellow, nor more than there is of it.
    assert effective_green(program((30, "Gr"), (40, "rG")), (0, 1), METHOD).effective_s(0) == pytest.approx(28.0)
    short = effective_green(program((30, "Gr"), (1, "yr"), (40, "rG")), (0, 1), METHOD)
    assert short.effective_s(0) == pytest.approx(29.0)
    # A green that goes on over the cycle's end is one green, and one that is always there loses nothing.
    over = effective_green(program((10, "GG"), (3, "yG"), (20, "rG"), (5, "GG")), (0, 1), METHOD)
    assert over.effective_s(0) == pytest.approx(15.0)
    assert over.effective_s(1) == pytest.approx(38.0)
    # Giving way and then protected is one green with one start.
    turn = effective_green(program((20, "g"), (5, "G"), (3, "y"), (30, "r")), (0,), METHOD)
    assert turn.effective_s(0) == pytest.approx(25.0)
    assert [spell.letter for spell in turn.spells[0] if spell] == ["G", "g", "G", "G"][1:]
    assert [spell.extension for spell in turn.spells[0] if spell] == [False, False, True]


def test_traffic_fills_lanes_evenly():
    # Through traffic leaves the lane that it shares with right turns until both are equally full.
    ((through_a, through_b), (right_a, right_b)) = spread([800.0, 200.0], [[0, 1], [1]], [1000.0, 1000.0])
    assert (right_a, right_b) == (0.0, pytest.approx(200.0))
    assert through_a == pytest.approx(500.0, abs=1e-3)
    assert through_b == pytest.approx(300.0, abs=1e-3)
    # More turns than an even share: the lane is theirs alone.
    ((alone, none), _) = spread([300.0, 700.0], [[0, 1], [1]], [1000.0, 1000.0])
    assert (alone, none) == (pytest.approx(300.0), pytest.approx(0.0))
    # In proportion to what the lanes can serve.
    ((large, small),) = spread([900.0], [[0, 1]], [2000.0, 1000.0])
    assert large == pytest.approx(2.0 * small)


@pytest.mark.parametrize("name", EXAMPLE_1)
def test_rows_give_the_manuals_example(name):
    v, _, c, g, _, d1, _, _, los, q50 = EXAMPLE_1[name]
    saturation = c * CYCLE_S / g
    green = effective_green(program((round(g), "G"), (4, "y"), (CYCLE_S - round(g) - 4, "r")), (0,), METHOD)
    found = discharge(
        [LaneUse(saturation * g / round(g), (link(0, "through"),), (float(v),))], junction(green, [link(0, "through")])
    )
    assert found.plain
    row, left_veh = group_row(Case("C", "N", name, 1, 0.0, 0.25, CYCLE_S, 35 * 0.44704, v, 0.05), found)
    assert row.capacity_veh_h == pytest.approx(c, rel=1e-6)
    assert row.v_c == pytest.approx(v / c)
    assert row.uniform_s == pytest.approx(d1, abs=0.4)  # its green is rounded here
    # Fixed times: k is 0.5, so d2 is larger than the manual's actuated one, but where the phase is full.
    assert row.incremental_s == pytest.approx(formulas.incremental_delay(v / c, c))
    if v > c:
        assert row.los == los == "F"
        assert left_veh == pytest.approx(0.25 * (v - c))
        assert row.queue_p50_veh == pytest.approx(q50, abs=0.6)
    else:
        assert left_veh == 0.0
        assert q50 - 0.1 <= row.queue_p50_veh <= q50 + 1.5
    assert row.queue_p95_veh > row.queue_p50_veh


def test_permitted_left_turns_wait_for_the_opposing_queue_and_for_gaps():
    """Chapter 31, example problem 1, eastbound left: v_o 624, s_p 813, g_u 11.44 s of 30."""
    left, ahead = link(0, "left", foes=(1,)), link(1, "through", "opp_0", "west_0", foes=(0,))
    green = effective_green(program((30, "gG"), (4, "yy"), (67.8, "rr")), (0, 1), METHOD)
    blocked_s = 30.0 - 11.44
    # The opposing queue is that of the example, spread over the intervals in which it has effective green.
    queued = [
        min(seconds, blocked_s) if spell and not spell.extension else 0.0
        for seconds, spell in zip(green.seconds, green.spells[1], strict=True)
    ]
    met = junction(green, (left, ahead), {1: 624.0}, {("N", "opp_0"): queued}, sneakers=2.0)
    found = discharge([LaneUse(1643.0, (left,), (71.0,))], met)
    assert not found.plain
    assert found.green_s == pytest.approx(30.0)
    served = formulas.permitted_saturation(624.0) * 1643.0 / 1900.0
    # HCM eq. 31-119: the manual has 149 veh/h, with 702 veh/h where ours is 703.
    capacity = (11.44 * served + 3600.0 * 2.0) / CYCLE_S
    assert found.per_cycle * 3600.0 / CYCLE_S == pytest.approx(capacity, rel=1e-6)
    assert capacity == pytest.approx(149.0, abs=1.0)
    row, _ = group_row(Case("C", "N", "N-left", 1, 0.0, 0.25, CYCLE_S, 15.6, 71.0, 0.05), found)
    # The manual's d1 + d2 is 45.5 s, with the k of an actuated phase that is far from full.
    k = formulas.actuated_factor(71.0 / capacity, 2.0)
    incremental_s = formulas.incremental_delay(71.0 / capacity, capacity, 0.25, k)
    assert row.uniform_s + incremental_s == pytest.approx(45.5, abs=0.2)
    assert not row.closed


def test_pedestrians_take_from_right_turns():
    right, walk = link(0, "right", foes=(1,)), link(1, "crossing", ":C_c0_0", ":C_w0_0", foes=(0,), kind="pedestrian")
    green = effective_green(program((19, "gG"), (11, "gr"), (4, "yr"), (67.8, "rr")), (0, 1), METHOD)
    quiet = discharge([LaneUse(1643.0, (right,), (100.0,))], junction(green, (right, walk)))
    busy = discharge(
        [LaneUse(1643.0, (right,), (100.0,))], junction(green, (right, walk), walks={1: 120.0}, walking_m_s=1e9)
    )
    assert quiet.per_cycle == pytest.approx(30.0 * 1643.0 / 1.18 / 3600.0)
    assert busy.per_cycle / quiet.per_cycle == pytest.approx(formulas.right_walk_factor(120.0, 30.0, 19.0, CYCLE_S))


def test_a_shared_lane_whose_turns_go_apart_stands_when_the_wrong_car_leads():
    left, ahead = link(0, "left"), link(1, "through")
    green = effective_green(program((20, "rG"), (3, "ry"), (20, "Gr"), (3, "yr")), (0, 1), METHOD)
    found = discharge([LaneUse(1800.0, (left, ahead), (90.0, 90.0))], junction(green, (left, ahead)))
    # Half turn: with even odds one car passes before the first that may not, P/(1-P) (1 - P^n).
    assert found.per_cycle == pytest.approx(2.0, abs=0.01)
    alone = discharge([LaneUse(1800.0, (left, ahead), (0.0, 90.0))], junction(green, (left, ahead)))
    assert alone.per_cycle == pytest.approx(20.0 * 0.5)


def test_rows_carry_the_queue_on():
    green = effective_green(program((30, "G"), (3, "y"), (27, "r")), (0,), METHOD)
    found = discharge([LaneUse(1800.0, (link(0, "through"),), (1000.0,))], junction(green, [link(0, "through")]))
    case = Case("C", "N", "N-through", 1, 0.0, 0.25, 60.0, 13.9, 1000.0, 0.0)
    first, left_veh = group_row(case, found)
    assert (first.initial_s, left_veh) == (0.0, pytest.approx(25.0))
    second, gone_veh = group_row(dataclasses.replace(case, flow_veh_h=500.0, queue_veh=left_veh), found)
    assert second.initial_s == pytest.approx(formulas.initial_queue_delay(25.0, 500.0, 900.0))
    assert gone_veh == 0.0
    assert second.control_delay_s == pytest.approx(second.uniform_s + second.incremental_s + second.initial_s)
    total = total_row("C", "", [first, second])
    assert total.control_delay_s == pytest.approx((1000 * first.control_delay_s + 500 * second.control_delay_s) / 1500)
    assert total.v_c == pytest.approx(1000 / 900)


def test_no_green_is_f_and_no_traffic_is_nothing():
    green = effective_green(program((30, "rG"), (3, "ry")), (0, 1), METHOD)
    found = discharge([LaneUse(1800.0, (link(0, "through"),), (100.0,))], junction(green, [link(0, "through")]))
    case = Case("C", "N", "N-through", 1, 0.0, 0.25, 33.0, 13.9, 100.0, 0.0)
    row, left_veh = group_row(case, found)
    assert (row.los, row.control_delay_s, left_veh) == ("F", None, 25.0)
    assert total_row("C", "N", [row]).los == "F"
    row, left_veh = group_row(dataclasses.replace(case, flow_veh_h=0.0), found)
    assert (row.los, row.control_delay_s, left_veh) == (None, None, 0.0)


def counted(scenario, network):
    streams, roads = read_streams(scenario), read_roads(scenario.net)
    return streams, roads, count(scenario, network, streams.vehicles, streams.walks, roads.crossed, 0.25)


def test_demand_of_the_built_in_junction_is_what_was_counted(tmp_path):
    scenario, network = built(tmp_path / "s", "scenario=junction")
    streams, roads, volumes = counted(scenario, network)
    assert streams.notes == ()
    assert len(volumes.periods) == 4
    counts = defaultdict(lambda: np.zeros(4))
    with (BUILTIN.parent / "counts.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            hour, minute = map(int, row["start"].split(":"))
            counts[row["leg"], row["turn"]][(hour * 60 + minute - 450) // 15] += float(row["vehicles"])
    legs = {"N": "north", "E": "east", "S": "south", "W": "west"}
    lengths = {"north": 250 / (50 / 3.6), "east": 300 / (60 / 3.6), "south": 250 / (50 / 3.6), "west": 450 / (60 / 3.6)}
    (signal,) = network.signals
    seen = 0
    for link_ in signal.links:
        if link_.kind != "vehicle":
            continue
        movement = (link_.lane.rsplit("_", 1)[0], link_.to_lane.rsplit("_", 1)[0])
        leg = legs[link_.approach]
        exact = counts[leg, link_.turn]
        # Arrivals at the line are the counts at the leg's start, later by the drive along it.
        share = lengths[leg] / 900.0
        later = exact * (1.0 - share) + np.concatenate([exact[:1], exact[:-1]]) * share
        assert volumes.vehicles[movement].sum(axis=1) == pytest.approx(later, rel=0.003)
        trucks = 0.06 if leg == "west" else 0.05
        assert volumes.vehicles[movement][:, 2] == pytest.approx(trucks * volumes.vehicles[movement].sum(axis=1))
        seen += 1
    assert seen >= 12
    walks = volumes.walks
    assert sum(number.sum() for number in walks.values()) == pytest.approx(
        sum(number.sum() for (_, turn), number in counts.items() if turn == "crossing"), rel=1e-4
    )
    assert set(walks) == set(roads.crossed)


def test_the_built_in_junction_is_overloaded_from_the_west(tmp_path):
    scenario, network = built(tmp_path / "s", "scenario=junction")
    _, roads, volumes = counted(scenario, network)
    peak = analyse(network, roads, Plan(()), volumes, METHOD)
    assert peak.left_out == peak.notes == ()
    worst = max(peak.groups, key=lambda row: row.v_c)
    assert (worst.approach, worst.los) == ("W", "F")
    assert worst.v_c > 1.0
    # Exclusive lanes: 1900 veh/h less trucks, protected left turns over 1.05; effective green as displayed.
    left = next(row for row in peak.groups if row.lane_group == "W-left")
    assert left.saturation_veh_h == pytest.approx(1900 * (1 - 0.78 * 0.06) / 1.05, rel=1e-4)
    assert (left.green_s, left.cycle_s) == (12.0, 96.0)
    assert left.capacity_veh_h == pytest.approx(left.saturation_veh_h * 12 / 96)
    assert left.closed
    assert left.uniform_s == pytest.approx(formulas.uniform_delay(left.v_c, 12 / 96, 96.0))
    # Through traffic shares two lanes evenly, by v/s.
    two = [
        row.flow_veh_h / row.saturation_veh_h
        for row in peak.groups
        if row.approach == "E" and "through" in row.lane_group
    ]
    assert two[0] < two[1] * 1.1
    junction_ = next(row for row in peak.totals if not row.approach)
    assert junction_.flow_veh_h == pytest.approx(sum(row.flow_veh_h for row in peak.groups))
    all_day = analyse(network, roads, Plan(()), volumes, METHOD, every_period=True)
    starts = sorted({row.start_s for row in all_day.groups})
    assert starts == [27000.0, 27900.0, 28800.0, 29700.0]
    assert max(row.initial_s or 0.0 for row in all_day.groups) > 0.0
    # Arriving on green is less delay.
    keys = {(row.signal, row.approach, row.lane_group): 1.5 for row in peak.groups}
    better = analyse(network, roads, Plan(()), volumes, METHOD, platoons=keys)
    assert all(b.uniform_s < a.uniform_s for a, b in zip(peak.groups, better.groups, strict=True))


BENCHMARKS = (
    "cologne1",
    "cologne3",
    "cologne8",
    "ingolstadt1",
    "ingolstadt7",
    "ingolstadt21",
    "grid4x4",
    "arterial4x4",
)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if n == "ingolstadt21" else []) for n in BENCHMARKS]
)
def test_every_benchmark_network_has_sane_rows(name, tmp_path):
    scenario, network = built(tmp_path, f"scenario={name}")
    streams, roads, volumes = counted(scenario, network)
    assert sum(stream.number for stream in streams.vehicles) > 500
    assert not any("left out" in note for note in streams.notes)
    found = analyse(network, roads, Plan(()), volumes, METHOD)
    assert found.left_out == ()
    assert {row.signal for row in found.groups} == {signal.id for signal in network.signals}
    entering = sum(row.flow_veh_h for row in found.groups)
    assert entering > 1000.0
    for row in found.groups:
        assert 0.0 <= row.green_s <= row.cycle_s + 1e-6
        assert 0.0 <= row.saturation_veh_h <= 1.04 * 1900.0 * row.lanes + 1e-6
        if row.flow_veh_h > 0.0:
            assert row.control_delay_s == pytest.approx(row.uniform_s + row.incremental_s + row.initial_s)
            assert 0.0 <= row.uniform_s <= row.cycle_s
            assert row.queue_p95_m >= row.queue_p50_m >= 0.0
    # What enters a signal's lanes is what its movements carry.
    for signal in network.signals:
        rows = [row for row in found.groups if row.signal == signal.id]
        moves = {
            (one.lane.rsplit("_", 1)[0], one.to_lane.rsplit("_", 1)[0]) for one in signal.links if one.kind == "vehicle"
        }
        period = next(i for i, (start_s, _) in enumerate(volumes.periods) if start_s == rows[0].start_s)
        total = sum(volumes.vehicles[move][period, :3].sum() for move in moves if move in volumes.vehicles) * 4.0
        assert sum(row.flow_veh_h for row in rows) == pytest.approx(total, rel=1e-6)


def test_trips_are_routed_and_flows_are_expected_values(tmp_path, cologne1):
    scenario, _ = cologne1
    demand = tmp_path / "mixed, demand.rou.xml"
    edges = "28198821#3 32038051#0"
    demand.write_text(
        '<routes><vType id="lorry" vClass="truck"/><vTypeDistribution id="mix" vTypes="lorry DEFAULT_VEHTYPE" '
        'probabilities="0.25 0.75"/>'
        f'<route id="r" edges="{edges}"/><vehicle id="a" type="lorry" route="r" depart="25300"/>'
        f'<flow id="b" type="mix" begin="25200" end="25500" period="exp(0.1)"><route edges="{edges}"/></flow>'
        '<flow id="c" begin="7:00:00" end="25300" vehsPerHour="360" from="28198821#3" to="32038051#0"/>'
        '<trip id="d" depart="25201" from="28198821#3" to="28198821#3"/>'
        '<vehicle id="e" route="r" depart="triggered"/></routes>'
    )
    streams = read_streams(dataclasses.replace(scenario, routes=(demand,)))
    assert [round(stream.number, 6) for stream in streams.vehicles] == [1.0, 30.0, 10.0, 1.0]
    assert streams.vehicles[1].mix == (0.75, 0.0, 0.25, 0.0)
    assert streams.vehicles[2].edges == tuple(edges.split())
    assert streams.vehicles[2].begin_s == 25200.0
    assert any("name no time of departure" in note for note in streams.notes)


def test_lanes_of_a_network_by_hand(tmp_path):
    net = tmp_path / "n.net.xml"
    net.write_text(
        '<net lefthand="true"><edge id=":c_0" function="internal"><lane id=":c_0_0"/></edge>'
        '<edge id=":c_w" function="crossing" crossingEdges="a b"/>'
        '<edge id="a"><lane id="a_0" allow="bus" shape="0,0 100,0"/>'
        '<lane id="a_1" width="2.8" disallow="bus" shape="0,0,0 40,0,0 100,0,3"/></edge></net>'
    )
    roads = read_roads(net)
    assert roads.lefthand
    assert roads.crossed == {":c_w": frozenset({"a", "b"})}
    assert roads.lanes == {"a_0": Lane(3.2, 0.0, False), "a_1": Lane(2.8, pytest.approx(0.05), True)}


def test_a_signal_with_another_program_is_left_out(cologne1):
    scenario, network = cologne1
    signal = dataclasses.replace(network.signals[0], program=None, fixed_because="its program is of type actuated")
    other = dataclasses.replace(network, signals=(signal,))
    _, roads, volumes = counted(scenario, network)
    found = analyse(other, roads, Plan(()), volumes, METHOD)
    assert found.groups == ()
    assert found.left_out == ((signal.id, "its program is of type actuated"),)
