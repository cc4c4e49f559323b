"""Demand from counts, logs, flows and matrices; and what cannot be used, in one line, with nothing left behind."""

import datetime
import itertools
from collections import Counter

import pytest

from engine.errors import InputError
from engine.sumo.programs import parse_xml
from experiments import cli
from scenarios.demand import Asked, Sources, make_demand
from scenarios.demand.making import ground_of
from scenarios.folder import read_entry
from scenarios.imports import Asked as Imported
from scenarios.imports import import_scenario
from tests.conftest import built
from tests.scenarios import avenue

HEAD = "junction,from,to,begin,end,count"
COUNTS = [
    "C,W,left,07:30,07:45,30",
    "C,W,through,07:30,07:45,90",
    "C,E,through,07:30,07:45,60",
    "C,N,right,07:30,07:45,12",
]
PLACES = {("in3bay1", "out0"): 30, ("in3bay1", "out1"): 90, ("in1bay1", "out3"): 60, ("in0bay1", "out3"): 12}
BEGIN_S = 27000.0


@pytest.fixture(scope="module")
def ground(junction):
    return ground_of(*junction, Asked())


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """Two signals on an avenue; a function that makes demand for it."""
    folder = tmp_path_factory.mktemp("town")
    import_scenario(avenue.write(folder / "tables"), folder / "avenue", Imported(random_veh_h_km=0.0))
    return ground_of(*built(folder / "built", f"scenario={folder / 'avenue'}"), Asked())


def write(folder, lines, name="counts.csv", head=HEAD):
    path = folder / name
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def passed(folder, begin_s=BEGIN_S):
    """Return how many made vehicles pass each movement, those of the warm-up aside."""
    found = Counter()
    for vehicle in parse_xml(folder / "demand.rou.xml").iter("vehicle"):
        if float(vehicle.get("depart")) >= begin_s:
            found.update(itertools.pairwise(vehicle.find("route").get("edges").split()))
    return found


def departures(folder):
    return [float(vehicle.get("depart")) for vehicle in parse_xml(folder / "demand.rou.xml").iter("vehicle")]


@pytest.mark.parametrize(("method", "off"), [("routes", 1), ("turns", 12)])
def test_counts_are_passed_as_often_as_was_counted(ground, tmp_path, method, off):
    asked = Asked(method=method)
    made = make_demand(Sources(counts=write(tmp_path, COUNTS)), ground, asked, tmp_path / "made")
    found = passed(tmp_path / "made")
    assert {place: found[place] for place in PLACES} == pytest.approx(PLACES, abs=off)
    assert made.record["geh_under_5"] == 1.0
    entry = read_entry(tmp_path / "made")
    assert (entry.warmup_s, entry.notes) == (600.0, made.notes)
    # Ten minutes before the counts, at their rate.
    assert min(departures(tmp_path / "made")) == pytest.approx(BEGIN_S - 600.0, abs=30.0)
    assert sum(at < BEGIN_S for at in departures(tmp_path / "made")) == pytest.approx(192 * 2 / 3, abs=30)


def test_edges_name_places_as_well_and_longer_counts_follow_a_profile(ground, tmp_path):
    rows = ["C,in3bay1,out1,27000,28800,200", "C,in1,,27000,28800,100"]
    asked = Asked(profile=(0.25, 0.75), warmup_s=0.0)
    make_demand(Sources(counts=write(tmp_path, rows)), ground, asked, tmp_path / "made")
    found = passed(tmp_path / "made")
    assert found["in3bay1", "out1"] == 200
    assert found["in1", "in1bay1"] == 100
    early = sum(at < BEGIN_S + 900.0 for at in departures(tmp_path / "made"))
    assert early == pytest.approx(75, abs=1)


def test_scale_shift_and_seed_change_what_they_say(ground, tmp_path):
    source = Sources(counts=write(tmp_path, COUNTS))
    for name, asked in (
        ("as-is", Asked(warmup_s=0.0)),
        ("again", Asked(warmup_s=0.0)),
        ("other", Asked(warmup_s=0.0, seed=2)),
        ("twice", Asked(warmup_s=0.0, scale=2.0)),
        ("later", Asked(warmup_s=0.0, shift_s=3600.0)),
    ):
        make_demand(source, ground, asked, tmp_path / name)
    demand = {of.name: (of / "demand.rou.xml").read_bytes() for of in tmp_path.iterdir() if of.is_dir()}
    assert demand["as-is"] == demand["again"] != demand["other"]
    assert len(departures(tmp_path / "twice")) == pytest.approx(2 * len(departures(tmp_path / "as-is")), abs=2)
    assert departures(tmp_path / "later") == [at + 3600.0 for at in departures(tmp_path / "as-is")]


def test_people_on_foot_stay_and_types_are_those_of_the_scenario(ground, junction, tmp_path):
    make_demand(Sources(counts=write(tmp_path, COUNTS)), ground, Asked(), tmp_path / "made")
    root, own = parse_xml(tmp_path / "made" / "demand.rou.xml"), parse_xml(junction[0].routes[0])
    assert len(list(root.iter("personFlow"))) == len(list(own.iter("personFlow"))) > 0
    assert {of.get("id") for of in root.iter("vType")} == {"car", "truck"}


def test_a_controllers_log_is_counted_detector_by_detector(ground, tmp_path):
    start = datetime.datetime(2026, 3, 2, 7, 30)
    events = [(start, 1, 82, 99), (start + datetime.timedelta(minutes=30), 1, 82, 99)]
    for i in range(60):  # detector 5 twice as often as detector 6, of another movement
        at = start + datetime.timedelta(seconds=10 + 25 * i)
        events += [(at, 1, 82, 5), (at, 1, 81, 5)] + ([(at, 1, 82, 6)] if i % 2 else [])
    rows = [f"{at:%Y-%m-%dT%H:%M:%S},{device},{code},{parameter}" for at, device, code, parameter in sorted(events)]
    log = write(tmp_path, rows, "log.csv", "TimeStamp,DeviceId,EventId,Parameter")
    names = write(tmp_path, ["1,5,C,W,through", "1,6,C,E,"], "detectors.csv", "DeviceId,Parameter,junction,from,to")
    make_demand(Sources(log=log, detectors=names), ground, Asked(warmup_s=0.0), tmp_path / "made")
    found = passed(tmp_path / "made")
    assert found["in3bay1", "out1"] == 60
    assert found["in1", "in1bay1"] == 30


def test_flows_and_matrices_are_driven_from_end_to_end(ground, tmp_path):
    head = "from,to,begin,end,count"
    flows = write(
        tmp_path, ["in3,out1,07:30,07:45,40", "in0,out2,07:30,07:45,10.5", "in0,out3,07:30,07:45,10.5"], head=head
    )
    make_demand(Sources(flows=flows), ground, Asked(warmup_s=0.0), tmp_path / "flows")
    found = passed(tmp_path / "flows")
    assert found["in3bay1", "out1"] == 40
    assert found["in0bay1", "out2"] + found["in0bay1", "out3"] == 21  # no part of a vehicle is lost
    matrix = write(tmp_path, ["west,rest,07:30,07:45,400"], "od.csv", head)
    zones = write(tmp_path, ["west,in3,", "west,out3,", "rest,out0,1", "rest,out1,3"], "zones.csv", "zone,edge,weight")
    make_demand(Sources(od=matrix, zones=zones), ground, Asked(warmup_s=0.0), tmp_path / "od")
    found = passed(tmp_path / "od")
    assert found["in3bay1", "out0"] + found["in3bay1", "out1"] == 400
    assert found["in3bay1", "out1"] == pytest.approx(300, abs=30)


def test_neighbours_that_agree_are_taken_and_routes_pass_both(town, tmp_path):
    rows = ["1,W-1bay1,1-2,0,900,100", "1,N1-1,1-2,0,900,20", "1,S1-1,1-2,0,900,20"]
    rows += ["2,1-2bay1,2-E,0,900,110", "2,1-2bay1,2-N2,0,900,15", "2,1-2bay1,2-S2,0,900,10"]
    made = make_demand(Sources(counts=write(tmp_path, rows)), town, Asked(), tmp_path / "made")
    assert made.record["geh_under_5"] == 1.0
    assert any("no warm-up" in note for note in made.notes)


BAD = {
    "negative": (["C,W,left,07:30,07:45,-1"], "line 2: count is -1"),
    "no number": (["C,W,left,07:30,07:45,many"], "line 2: count 'many' is no number"),
    "no movement": (["C,W,diagonal,07:30,07:45,1"], "line 2: there is no movement 'diagonal' from W at 'C'"),
    "no way": (["C,in3bay1,in0,07:30,07:45,1"], "there is no movement from 'in3bay1' to 'in0'"),
    "no junction": (["D,W,left,07:30,07:45,1"], "there is no junction 'D'"),
    "no approach": (["C,Q,left,07:30,07:45,1"], "'Q' is neither a road nor an approach of 'C'"),
    "no edge": ([",in9,,07:30,07:45,1"], "from 'in9' is no road for cars"),
    "ends early": (["C,W,left,07:45,07:30,1"], "the interval ends at 07:30, which is not after its begin at 07:45"),
    "no time": (["C,W,left,noon,07:30,1"], "begin 'noon' is no time"),
    "twice": (["C,W,left,07:30,07:45,1", "C,W,left,07:40,07:55,1"], "line 3: in3bay1 to out0 is counted from"),
    "empty": ([], "has no rows"),
    "nothing": (["C,W,left,07:30,07:45,0"], "every count is 0"),
    "odd times": (["C,W,left,27000,27007,5"], "only 1 s divide"),
    "no way out": (
        [",in3,,07:30,07:45,90", *(f",in3bay1,{to},07:30,07:45,0" for to in ("out0", "out1", "out2"))],
        "90 vehicles are counted onto 'in3' and none is counted on its way out of 'in3bay1'",
    ),
}


@pytest.mark.parametrize(("rows", "says"), BAD.values(), ids=BAD)
def test_bad_counts_are_one_line_and_leave_nothing(ground, tmp_path, rows, says):
    with pytest.raises(InputError) as refused:
        make_demand(Sources(counts=write(tmp_path, rows)), ground, Asked(), tmp_path / "made")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["counts.csv"]


def test_neighbours_that_contradict_each_other_are_refused_unless_a_source_lies_between(town, tmp_path):
    rows = ["1,W-1bay1,1-2,0,900,100", "1,N1-1,1-2,0,900,20", "1,S1-1,1-2,0,900,20"]
    rows += ["2,1-2bay1,2-E,0,900,60", "2,1-2bay1,2-N2,0,900,15", "2,1-2bay1,2-S2,0,900,10"]
    source = Sources(counts=write(tmp_path, rows))
    with pytest.raises(InputError) as refused:
        make_demand(source, town, Asked(), tmp_path / "made")
    assert "140 vehicles are counted onto '1-2' and 85 off '1-2bay1' at junction '2'" in str(refused.value)
    assert "39%, more than tolerance=0.15" in str(refused.value)
    assert "sources=[1-2]" in str(refused.value)
    assert not (tmp_path / "made").exists()
    make_demand(source, town, Asked(tolerance=0.4), tmp_path / "tolerant")
    make_demand(source, town, Asked(sources=("1-2",)), tmp_path / "made")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "one source is needed"),
        (["counts=counts.csv", "flows=counts.csv"], "one source is needed, not counts= and flows="),
        (["counts=there.csv"], "there is no file 'there.csv'"),
        (["od=counts.csv"], "od= and zones= belong together"),
        (["counts=counts.csv", "profile=[0.5,0.6]"], "sums to 1.1"),
        (["counts=counts.csv", "profile=[0.5,0.5]"], "no interval is 30 minutes long"),
        (["counts=counts.csv", "scale=-1"], "scale=-1 cannot be used"),
        (["counts=counts.csv", "conditions=[rain]"], "run it with conditions="),
        (["counts=counts.csv", "sources=[nowhere]"], "the road 'nowhere' is no road for cars"),
    ],
)
def test_what_the_command_cannot_do_ends_with_2(tmp_path, monkeypatch, capsys, arguments, says):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, COUNTS)
    assert cli.main(["demand", *arguments, "out=made"]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert not (tmp_path / "made").exists()
