"""Plan files that cannot be used: one line each, with the place."""

import json

import pytest

from engine.errors import InputError
from engine.formats import read_any_plan
from engine.formats.plan_json import plan_json
from engine.formats.sheet import COLUMNS, sheet_text
from engine.plan import Plan


@pytest.fixture
def plan(junction):
    return Plan((junction[1].signals[0].program,))


def refused(path, text, network):
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_any_plan(path, network)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda d: d.pop("programs"), "schema at $: 'programs' is a required property"),
        (lambda d: d["programs"][0].pop("signal"), "schema at $.programs[0]: 'signal' is a required property"),
        (lambda d: d["programs"][0].update(cycle=9), "schema at $.programs[0]: Additional properties are not allowed ('cycle'"),
        (lambda d: d["programs"][0]["phases"][2].__setitem__(0, "3 s"), "$.programs[0].phases[2][0]: '3 s' is not of type"),
        (lambda d: d["programs"][0]["phases"][1].__setitem__(0, 0), "$.programs[0].phases[1][0]: 0 is less than or equal to"),
        (lambda d: d["programs"][0]["phases"][1].__setitem__(1, "GX"), "$.programs[0].phases[1][1]: 'GX' does not match"),
        (lambda d: d["programs"][0]["phases"][1].append(1), "schema at $.programs[0].phases[1]: "),
        (lambda d: d["programs"][0].update(offset_s=-1), "$.programs[0].offset_s: -1 is less than the minimum of 0"),
        (lambda d: d["programs"][0].update(signal="C2"), "the network has no signal 'C2'. Did you mean 'C'?"),
        (lambda d: d["programs"].append(d["programs"][0]), "signal 'C' has more than one program"),
        (lambda d: d["programs"][0].update(offset_s=96), "signal 'C': the offset of 96 s is not within the cycle of 96 s"),
        (lambda d: d["programs"][0].update(min_green_s=[5]), "min_green_s has 1 values for 4 stages"),
        (lambda d: d["programs"][0].update(max_green_s=[1] * 4), "stage 0: the least green of 5 s is above the most, 1 s"),
        (lambda d: d["programs"][0]["phases"][0].__setitem__(2, 7), "its stages are [1, 2, 3, 7]. Number them without gaps"),
        (lambda d: d["programs"][0]["phases"][0].__setitem__(1, "Gr"), "interval 1: state 'Gr' has 2 letters, the signal has 18"),
        (lambda d: d["programs"][0]["phases"][1].__setitem__(1, "G" * 19), "interval 2: its state is longer or shorter"),
    ],
)  # fmt: skip
def test_json_that_does_not_fit(edit, says, plan, junction, tmp_path):
    data = json.loads(plan_json(plan))
    edit(data)
    assert says in refused(tmp_path / "plan.json", json.dumps(data), junction[1])


def test_json_that_is_none(plan, junction, tmp_path):
    whole = plan_json(plan)
    assert "is no JSON" in refused(tmp_path / "plan.json", whole[:-9], junction[1])
    assert "NaN is no number of JSON" in refused(
        tmp_path / "plan.json", whole.replace('"offset_s": 0.0', '"offset_s": NaN'), junction[1]
    )
    assert "is no JSON" in refused(tmp_path / "plan.json", '{"a":' * 100_000, junction[1])


def test_the_ledgers_own_form_of_a_plan_is_read_too(plan, junction, tmp_path):
    (tmp_path / "plan.json").write_text(json.dumps(plan.to_json()))
    assert read_any_plan(tmp_path / "plan.json", junction[1]).plan == plan


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("stage,", "step,", "line 1: this is no timing sheet: there is no column stage"),
        ("C,96,0,2,", "C,96,0,2,,", "line 3: 14 cells, the sheet has 13 columns"),
        ("C,96,0,2,,", 'C,96,0,2,,"', "it cannot be read as CSV"),
        ("C,96,0,1,", "D,96,0,1,", "line 2: the network has no signal 'D'"),
        ("crossing S\",22,", "crossing S\",soon,", "line 2: green_s 'soon' is no number"),
        ("crossing S\",22,", "crossing S\",inf,", "line 2: green_s 'inf' is no time"),
        ("crossing S\",22,", "crossing S\",23,", "line 2: signal 'C': its intervals sum to 97 s, cycle_s says 96"),
        ("crossing S\",22,,,,5", "crossing S\",22,,3,,5", "line 2: one of green_s, clearance_s, yellow_s, all_red_s holds"),
        (",,,3,,,,rrryyy", ",,3,,,,,rrryyy", "line 4: the seconds are in clearance_s, the state 'rrryyyrrrryyyrrrrr' is yellow"),
        ("C,96,0,3,,", "C,96,0,3,2,", "line 4: a green interval, and no other, has a stage"),
        ("C,96,0,1,1,", "C,96,0,1,one,", "line 2: stage 'one' is no number. Stages count from 1"),
        ("C,96,0,1,1,", "C,96,0,1,9,", "signal 'C': its stages are [1, 2, 3, 8]. Number them without gaps"),
        ("C,96,0,2,", "C,96,9,2,", "line 3: offset_s is 9, a row before has 0"),
        ("C,96,0,2,", "C,99,0,2,", "line 3: cycle_s is 99, a row before has 96"),
        ("crossing S\",22,", "crossing W\",22,", "the state gives green to '(E-right), E-through, (W-right),"),
        ("rrrgGGrrrrgGGrGrGr", "rrrgGGrrrrgGG", "line 2: signal 'C' has 18 links, state 'rrrgGGrrrrgGG' has 13 letters"),
    ],
)  # fmt: skip
def test_a_timing_sheet_that_does_not_fit(old, new, says, plan, junction, tmp_path):
    text, _ = sheet_text(plan, junction[1])
    assert old in text
    assert says in refused(tmp_path / "plan.csv", text.replace(old, new, 1), junction[1])


def test_what_is_no_plan_at_all(junction, tmp_path):
    network = junction[1]
    assert "is empty. A plan is" in refused(tmp_path / "plan", "", network)
    assert "has no row" in refused(tmp_path / "plan", ",".join(COLUMNS) + "\n", network)
    assert "this is no timing sheet" in refused(tmp_path / "plan", "Dear colleague,\n", network)
    (tmp_path / "plan").write_bytes("signal;名".encode("gb18030"))
    with pytest.raises(InputError, match="is not written in UTF-8"):
        read_any_plan(tmp_path / "plan", network)
    with pytest.raises(InputError, match="cannot be read"):
        read_any_plan(tmp_path, network)


def test_several_programs_of_a_signal_are_named(plan, junction, tmp_path):
    from engine.sumo.programs import plan_xml

    text = plan_xml(plan)
    begin, end = text.index("    <tlLogic"), text.index("</additional>")
    (tmp_path / "plan.add.xml").write_text(text[:end] + text[begin:end].replace("greensplit-", "night-") + text[end:])
    found = read_any_plan(tmp_path / "plan.add.xml", junction[1])
    assert found.plan == plan
    assert found.notes == ("signal 'C' has 2 programs in the file; a plan is the last of them",)
