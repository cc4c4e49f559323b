"""Plans as SUMO additional files, and the programs that are in force in a scenario."""

import dataclasses

import pytest

from engine.errors import InputError
from engine.plan import Plan
from engine.search import Sobol
from engine.simulation import Simulation
from engine.space import SpaceOptions, plan_space
from engine.sumo.net import read_network
from engine.sumo.programs import in_force, plan_xml, read_plan, write_plan

NET = """<net><tlLogic id="a" type="static" programID="0" offset="3"><phase duration="30" state="Gr"/>
<phase duration="3" state="yr"/></tlLogic></net>"""


@pytest.mark.parametrize("name", ["junction", "cologne1", "ingolstadt7"])
def test_reading_back_gives_the_same_plan(name, request, tmp_path):
    _, network = request.getfixturevalue(name)
    space = plan_space(network, SpaceOptions())
    for plan in [Plan(space.programs), *Sobol(space, 3).propose(6)]:
        write_plan(plan, tmp_path / "plan.add.xml")
        assert read_plan(tmp_path / "plan.add.xml", network) == plan
        assert read_plan(tmp_path / "plan.add.xml", network).plan_id == plan.plan_id
        assert plan_xml(plan) == (tmp_path / "plan.add.xml").read_text()


def test_the_program_loaded_last_is_in_force(tmp_path):
    (tmp_path / "a.net.xml").write_text(NET)
    (tmp_path / "b.add.xml").write_text(NET.replace('programID="0"', 'programID="1"').replace('"30"', '"40"'))
    found = in_force(tmp_path / "a.net.xml", [tmp_path / "b.add.xml"])
    assert found["a"].program_id == "1"
    assert [phase.duration_s for phase in found["a"].phases] == [40.0, 3.0]


def test_a_plan_that_is_installed_already_is_simulated_and_exported_under_another_name(cologne1, tmp_path):
    scenario, network = cologne1
    plan = Sobol(plan_space(network, SpaceOptions()), 3).propose(1)[0]
    write_plan(plan, tmp_path / "installed.add.xml")
    found = in_force(scenario.net, [*scenario.additional, tmp_path / "installed.add.xml"])
    installed = dataclasses.replace(scenario, additional=(*scenario.additional, tmp_path / "installed.add.xml"))
    network = read_network(scenario.net, found, {})
    assert network.program_ids > {f"greensplit-{plan.plan_id}"}
    assert f'programID="greensplit-{plan.plan_id}-2"' in plan_xml(plan, network.program_ids)
    installed = dataclasses.replace(installed, end_s=installed.begin_s + 60.0)
    with Simulation(installed, network, plan, 1) as simulation:
        assert simulation.run().network["vehicles"] > 0


def test_a_signal_that_a_waut_switches_stays_as_it_is(tmp_path):
    (tmp_path / "a.net.xml").write_text(NET)
    (tmp_path / "w.add.xml").write_text(
        '<a><WAUT id="w" refTime="0" startProg="0"><wautSwitch time="60" to="0"/></WAUT>'
        '<wautJunction wautID="w" junctionID="a"/></a>'
    )
    assert "WAUT 'w'" in in_force(tmp_path / "a.net.xml", [tmp_path / "w.add.xml"])["a"].fixed_because


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<add", "not well-formed XML"),
        ("<add/>", "holds no tlLogic"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "XML entities"),
        ('<a><tlLogic id="C2" type="static" programID="1"/></a>', "the network has no signal 'C2'. Did you mean 'C'?"),
        (
            '<a><tlLogic id="C" type="static" programID="1"><phase duration="9" state="Gr"/></tlLogic></a>',
            "signal 'C', phase 0: state 'Gr' has 2 letters, the signal has 18 links",
        ),
        (
            '<a><tlLogic id="C" type="static" programID="1"><phase duration="long" state="Gr"/></tlLogic></a>',
            "signal 'C', phase 0: duration 'long' is no time",
        ),
        (
            f'<a><tlLogic id="C" type="actuated" programID="1"><phase duration="9" state="{"G" * 18}"/></tlLogic></a>',
            "cannot be taken as fixed-time: its program is of type actuated",
        ),
    ],
)
def test_a_plan_file_that_cannot_be_used_is_one_line(text, message, tmp_path, junction):
    (tmp_path / "plan.add.xml").write_text(text)
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        read_plan(tmp_path / "plan.add.xml", junction[1])


def test_a_missing_plan_file_is_one_line(tmp_path, junction):
    with pytest.raises(InputError, match="there is no file"):
        read_plan(tmp_path / "none.add.xml", junction[1])
