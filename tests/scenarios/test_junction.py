"""The built-in junction is data: what an engineer writes is what is simulated, and what is wrong is named."""

import copy
import subprocess
from xml.etree import ElementTree

import pytest
import yaml

import scenarios.junction
from engine.errors import InputError
from engine.sumo.installation import binary, environment
from scenarios.junction import data, signals

BUILTIN = yaml.safe_load(data.BUILTIN.read_text(encoding="utf-8"))


def described(tmp_path, counts=None, **changes):
    """Write the built-in description with changes (dotted keys) and return its path."""
    description = copy.deepcopy(BUILTIN)
    description["counts"] = counts or [
        {"start": "07:30", "leg": leg, "turn": turn, "vehicles": 20}
        for leg in ("north", "east", "south", "west")
        for turn in ("left", "through", "right")
    ]
    for key, value in changes.items():
        target = description
        *way, last = (int(part) if part.isdecimal() else part for part in key.split("."))
        for part in way:
            target = target[part]
        target[last] = value
    path = tmp_path / "junction.yaml"
    path.write_text(yaml.safe_dump(description, allow_unicode=True), encoding="utf-8")
    return path


def program(configuration):
    root = ElementTree.parse(configuration.parent / "junction.net.xml").getroot()
    return [(int(phase.get("duration")), phase.get("state")) for phase in root.find("tlLogic")]


def test_the_same_description_gives_the_same_bytes(tmp_path):
    one = scenarios.junction.write(None, tmp_path / "one").parent
    other = scenarios.junction.write(None, tmp_path / "other").parent
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in other.iterdir())
    assert all((one / name).read_bytes() == (other / name).read_bytes() for name in names)


def test_plain_sumo_runs_it_without_a_warning(tmp_path):
    configuration = scenarios.junction.write(None, tmp_path / "j")
    done = subprocess.run(
        [binary("sumo"), "-c", configuration, "--end", "27600", "--no-step-log", "--duration-log.disable"],
        env=environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout + done.stderr == ""


def test_the_counts_are_the_demand(tmp_path):
    routes = ElementTree.parse(scenarios.junction.write(None, tmp_path / "j").parent / "junction.rou.xml").getroot()
    expected = {}
    for flow in routes.findall("flow"):
        begin_s, end_s = float(flow.get("begin")), float(flow.get("end"))
        if begin_s >= 27000.0:
            rate = float(flow.get("period")[4:-1])
            expected[begin_s] = expected.get(begin_s, 0.0) + rate * (end_s - begin_s)
    counted = {}
    for count in data.read(None).counts:
        if count.turn != "crossing":
            counted[count.start_s] = counted.get(count.start_s, 0.0) + count.number
    assert expected == pytest.approx(counted, rel=1e-4)
    assert len(counted) == 4


def test_states_follow_the_rules_of_the_road(tmp_path):
    phases = program(scenarios.junction.write(None, tmp_path / "j"))
    assert sum(seconds for seconds, _ in phases) == 96
    # Stage 1, east-west: through protected, right gives way to pedestrians, lefts red.
    assert phases[0][1][3:7] == "gGGr"
    # The crossings beside it end 5 s before the vehicles, so that 9.6 m are cleared at 1 m/s with yellow and all-red.
    assert phases[0][0] + phases[1][0] == 27
    assert phases[0][1][14::2] == "GG"
    assert set(phases[1][1][14:]) == {"r"}
    assert [seconds for seconds, state in phases if "y" in state] == [3, 3, 3, 3]
    assert [seconds for seconds, state in phases if set(state) == {"r"}] == [2, 2, 2, 2]


def test_hourly_counts_are_spread_by_the_peak_hour_factor(tmp_path):
    hourly = [
        {"start": "07:00", "leg": leg, "turn": "through", "vehicles": 400, "minutes": 60}
        for leg in ("north", "east", "south", "west")
    ]
    description = data.read(described(tmp_path, hourly, peak_hour_factor=0.8))
    north = [count.number for count in description.counts if count.leg == "north"]
    assert max(north) == 400 / (4 * 0.8) == 125.0
    assert sum(north) == pytest.approx(400.0)


def test_a_junction_of_ones_own_with_chinese_names_and_three_legs(tmp_path):
    three = {
        "name": "人民路",
        "legs": [
            {"name": "北", "bearing": 0, "length_m": 200, "speed_km_h": 50, "inbound": [{"turns": ["left", "right"]}]},
            {"name": "东 路", "bearing": 90, "length_m": 200, "inbound": [{"turns": ["through", "right"]}]},
            {
                "name": "西",
                "bearing": 270,
                "length_m": 200,
                "inbound": [{"turns": ["through"]}, {"turns": ["left"], "bay_m": 40}],
            },
        ],
        "counts": [{"start": "17:15", "leg": "东 路", "turn": "through", "vehicles": 100}],
        "timing": {
            "stages": [
                {"green_s": 30, "movements": ["东 路 through", "东 路 right", "西 through", "西 left"]},
                {"green_s": 20, "movements": ["北 left", "北 right"]},
            ]
        },
    }
    path = tmp_path / "三岔路口, 1.yaml"
    path.write_text(yaml.safe_dump(three, allow_unicode=True), encoding="utf-8")
    configuration = scenarios.junction.write(path, tmp_path / "出 口")
    assert sum(seconds for seconds, _ in program(configuration)) == 60
    # The left turn to oncoming traffic gives way.
    assert "g" in program(configuration)[0][1]


def test_an_explicit_left_hand_junction_builds(tmp_path):
    assert scenarios.junction.write(described(tmp_path, drive_on="left"), tmp_path / "j").is_file()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"legz": 1}, "unknown key 'legz'. Did you mean 'legs'?"),
        ({"legs.0.bearing": "north"}, "leg 1: bearing is 'north'. Give a number"),
        ({"legs.1.bearing": 10}, "legs 'north' and 'east' are 10 degrees apart"),
        ({"legs.1.name": "north"}, "two legs are called 'north'"),
        ({"legs.0.inbound.1.bay_m": 240}, "the bay of 240 m does not fit into a leg of 250 m"),
        ({"legs.0.inbound.0.turns": ["strait"]}, "there is no turn 'strait'"),
        ({"legs.0.inbound": [{"turns": ["left"], "bay_m": 30}]}, "every inbound lane is a bay"),
        ({"legs": BUILTIN["legs"][:2]}, "legs must be a list of 3 to 6 entries"),
        ({"timing.stages.0.green_s": 3}, "stage 1: green_s is 3, outside the bounds 7-70 s"),
        ({"timing.stages.0.movements.0": "east thru"}, "no lane serves 'east thru'. Did you mean 'east through'?"),
        ({"timing.stages.0.crossings": ["up"]}, "leg 'up' has no crossing"),
        ({"timing.stages.3.movements": ["north left"]}, "south left has traffic and no green"),
        ({"timing.stages.1.movements": ["east left", "west left", "north through"]}, "conflict, and both have green"),
        ({"timing.stages.0.green_s": 9}, "needs 5 s of walk and 5 s of clearance. Give at least 10 s"),
        ({"drive_on": "centre"}, "drive_on is 'centre'"),
        ({"trucks": 1.5}, "trucks is 1.5. Give a number from 0 to 1"),
    ],
)
def test_a_description_that_cannot_be_used_is_one_line(changes, message, tmp_path):
    path = described(tmp_path, **changes)
    with pytest.raises(InputError) as caught:
        scenarios.junction.write(path, tmp_path / "j")
    assert message in str(caught.value)
    assert not (tmp_path / "j").exists()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["junction.yaml"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("start,leg,turn\n", "has no column 'vehicles'"),
        ("start,leg,turn,vehicles\n", "holds no counts"),
        ("start,leg,turn,vehicles\n07:30,nroth,left,4\n", "line 2: there is no leg 'nroth'. Did you mean 'north'?"),
        ("start,leg,turn,vehicles\n07:30,north,lift,4\n", "line 2: there is no turn 'lift'"),
        ("start,leg,turn,vehicles\n07:30,north,left,-4\n", "line 2: north left has -4 vehicles"),
        ("start,leg,turn,vehicles\n07:30,north,left,many\n", "vehicles is 'many'. Give a number"),
        ("start,leg,turn,vehicles\n07:30,north,uturn,4\n", "north uturn has 4 vehicles and no lane for it"),
        ("start,leg,turn,vehicles\n07:31,north,left,4\n", "start is '07:31'"),
        ("start,leg,turn,vehicles\n07:30,north,left,4\n07:30,north,left,4\n", "counted twice at 07:30"),
        ("start,leg,turn,vehicles\n07:30,north,left,4\n08:00,north,left,4\n", "no counts between 07:45 and 08:00"),
    ],
)
def test_counts_that_cannot_be_used_are_one_line(rows, message, tmp_path):
    path = described(tmp_path, "c.csv")
    (tmp_path / "c.csv").write_text(rows)
    with pytest.raises(InputError) as caught:
        data.read(path)
    assert message in str(caught.value)


def test_missing_and_broken_files_are_one_line(tmp_path):
    with pytest.raises(InputError, match="there is no junction description"):
        data.read(tmp_path / "none.yaml")
    (tmp_path / "broken.yaml").write_text("legs: [")
    with pytest.raises(InputError, match="is not YAML"):
        data.read(tmp_path / "broken.yaml")
    (tmp_path / "code.yaml").write_text("!!python/object/apply:os.system ['true']")
    with pytest.raises(InputError, match="is not YAML"):
        data.read(tmp_path / "code.yaml")
    with pytest.raises(InputError, match="there is no counts file"):
        data.read(described(tmp_path, "none.csv"))


def test_movements_may_meet_only_where_a_rule_resolves_it():
    description = data.read(None)

    def meet(*turns, yielding=(0,)):
        movements = {
            i: signals.Movement(leg, turn, "x", 10.0, frozenset({1 - i}), frozenset({1 - i} if i in yielding else ()))
            for i, (leg, turn) in enumerate(turns)
        }
        stage = data.Stage(
            30, tuple(t for t in turns if t[1] != "crossing"), tuple(t[0] for t in turns if t[1] == "crossing")
        )
        return signals._greens(description, 0, stage, movements)

    assert meet(("north", "left"), ("south", "through")) == {0: "g", 1: "G"}
    assert meet(("north", "right"), ("west", "crossing")) == {0: "g", 1: "G"}
    for clash in [
        (("north", "through"), ("east", "through")),
        (("north", "left"), ("east", "through")),
        (("north", "through"), ("north", "crossing")),
        (("north", "left"), ("east", "left")),
    ]:
        with pytest.raises(InputError, match="conflict"):
            meet(*clash)
    # A rule of the road that the network does not follow resolves nothing.
    with pytest.raises(InputError, match="conflict"):
        meet(("north", "left"), ("south", "through"), yielding=())
