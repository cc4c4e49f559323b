"""GMNS tables become a network that runs: lanes, pockets, movements and timing as they state them."""

import pytest

from engine.errors import InputError
from engine.sumo.net import read_network
from engine.sumo.programs import in_force
from engine.sumo.roads import read_roads
from experiments import cli
from scenarios.folder import read_entry
from scenarios.imports import Asked, import_scenario
from tests.scenarios import avenue

ASKED = Asked(random_veh_h_km=60.0)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gmns")
    return import_scenario(avenue.write(folder / "tables"), folder / "avenue", ASKED), folder / "avenue"


@pytest.fixture(scope="module")
def network(made):
    net = made[1] / "network.net.xml"
    return read_network(net, in_force(net, ()), {})


def test_links_have_their_lanes_and_pockets_begin_where_the_segments_say(made):
    lanes = read_roads(made[1] / "network.net.xml").lanes
    found = {edge: [of for of in lanes.values() if of.edge == edge] for edge in ("W-1", "W-1bay1", "N1-1", "1-2bay1")}
    assert {edge: len(of) for edge, of in found.items()} == {"W-1": 2, "W-1bay1": 3, "N1-1": 1, "1-2bay1": 3}
    # 80 m and 70 m before the end of the link, less half of the junction.
    assert found["W-1bay1"][0].length_m == pytest.approx(80.0, abs=15.0)
    assert found["1-2bay1"][0].length_m == pytest.approx(70.0, abs=15.0)
    assert found["W-1"][0].speed == pytest.approx(50.0 / 3.6, abs=0.01)
    assert not any(of.edge.startswith("path") for of in lanes.values())


def test_movements_join_the_lanes_that_they_name(made):
    joined = {(of.lane, of.to_lane) for of in read_roads(made[1] / "network.net.xml").connections}
    # Lanes count from the kerb: of three the pocket for left turns is the last.
    wanted = {("W-1bay1_0", "1-S1_0"), ("W-1bay1_0", "1-2_0"), ("W-1bay1_1", "1-2_1"), ("W-1bay1_2", "1-N1_0")}
    assert {pair for pair in joined if pair[0].startswith("W-1bay1")} == wanted


def test_a_signal_with_timing_has_its_cycle_greens_and_offset(network):
    program = network.signal("1").program
    assert program.cycle_s == 60.0
    links = {link.movement: link.index for link in network.signal("1").links}
    greens = {}
    for movement in ("W-through", "W-left", "N-through"):
        greens[movement] = sum(of.duration_s for of in program.phases if of.state[links[movement]] in "Gg")
    assert greens == {"W-through": 30.0, "W-left": 30.0, "N-through": 20.0}
    begin_s = 0.0
    for phase in program.phases:
        if phase.state[links["W-through"]] == "G":
            break
        begin_s += phase.duration_s
    assert (program.offset_s + begin_s) % 60.0 == 12.0
    left = next(of.state[links["W-left"]] for of in program.phases if of.state[links["W-through"]] == "G")
    assert left == "g"  # permitted


def test_what_the_format_does_not_hold_is_named(made):
    told = " ".join(made[0].told)
    for what in (
        "zone.csv",
        "1 links are not for cars",
        "1 movements are of links or lanes",
        "4 s are taken as yellow",
    ):
        assert what in told
    assert [of.origin.partition(",")[2].strip() for of in made[0].signals] == ["with its timing", ""]
    assert read_entry(made[1]).notes[0].startswith("Of 1 of 2 signals the timing is netconvert's guess")


def test_it_runs_and_nothing_looks_wrong(made, capsys):
    assert cli.main(["check", f"scenario={made[1]}"]) == 0
    assert cli.main(["audit", f"scenario={made[1]}"]) == 0
    assert cli.main(["run", f"scenario={made[1]}", "scenario.end_s=300", "json=true"]) == 0
    assert '"gridlock": 0' in capsys.readouterr().out


def test_the_same_tables_give_the_same_bytes(made, tmp_path):
    import_scenario(avenue.write(tmp_path / "tables"), tmp_path / "avenue", ASKED)
    for path in made[1].iterdir():
        assert (tmp_path / "avenue" / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"config": ("kph", "furlongs")}, "speed 'furlongs' is no unit that we know"),
        ({"node": ("-300,0", "west,0")}, "line 4: x_coord 'west' is no number"),
        ({"node": ("2,400", "1,400")}, "line 3: node 1 is there twice"),
        ({"link": ("W-1,Avenue,W,1", "W-1,Avenue,W,9")}, "link W-1 joins node '9', which node.csv does not have"),
        ({"link": ("from_node_id", "start")}, "has no column 'from_node_id'"),
        ({"movement": ("1Wt,1,W-1", "1Wt,2,W-1")}, "link W-1 does not lead to node 2"),
        ({"segment": ("W,220,300", "W,300,220")}, "ends at 220, not after its begin"),
    ],
)  # fmt: skip
def test_broken_tables_are_one_line_and_leave_nothing(tmp_path, changed, says):
    avenue.write(tmp_path / "tables", **changed)
    with pytest.raises(InputError) as refused:
        import_scenario(tmp_path / "tables", tmp_path / "made", ASKED)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]


def test_tables_without_units_ask_for_them(tmp_path):
    (avenue.write(tmp_path / "tables") / "config.csv").unlink()
    with pytest.raises(InputError, match="units=us"):
        import_scenario(tmp_path / "tables", tmp_path / "made", ASKED)
