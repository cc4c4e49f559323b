"""Programs that respond to traffic: taken from a file as they stand, simulated, and nothing else."""

import pickle
import subprocess

import pytest

from engine.errors import InputError
from engine.formats import read_any_plan
from engine.nursery import Nursery
from engine.plan import BASELINE, Plan
from engine.sumo.installation import binary, environment
from engine.sumo.options import plain_command
from engine.sumo.programs import plan_xml, program_lines, read_plan
from tests.conftest import tripinfo_delay


def actuated_file(network, path, changes=()):
    """The plan in the net as an actuated one: greens of 5 to 60 s, ended by gaps of 2 s."""
    signal = network.signals[0]
    lines = program_lines(signal.program, "mine")
    lines[0] = lines[0].replace('type="static"', 'type="actuated"')
    lines[1:1] = ['<param key="max-gap" value="2.0"/>', '<param key="file" value="seen.xml"/>']
    text = "\n".join(["<additional>", *lines, "</additional>"])
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


def test_it_is_refused_where_a_fixed_time_plan_is_needed(junction, tmp_path):
    file = actuated_file(junction[1], tmp_path / "plan.add.xml")
    with pytest.raises(InputError, match="cannot be taken as fixed-time: its program is of type actuated"):
        read_plan(file, junction[1])
    found = read_any_plan(file, junction[1], as_is=True)
    assert (found.plan.programs, len(found.plan.actuated)) == ((), 1)


def test_it_has_an_identity_of_its_own_and_survives_every_way_of_writing(junction, tmp_path):
    network = junction[1]
    plan = read_plan(actuated_file(network, tmp_path / "plan.add.xml"), network, as_is=True)
    other = read_plan(actuated_file(network, tmp_path / "other.add.xml", [('"2.0"', '"3.0"')]), network, as_is=True)
    fixed = Plan((network.signals[0].program,))
    assert len({plan.plan_id, other.plan_id, fixed.plan_id, BASELINE}) == 4
    assert Plan.from_json(plan.to_json()) == plan == pickle.loads(pickle.dumps(plan))
    for one in (plan, fixed, Plan(())):
        passed_on = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(one))))
        assert (passed_on, pickle.dumps(passed_on)) == (one, pickle.dumps(one))
    (tmp_path / "again.add.xml").write_text(plan_xml(plan), encoding="utf-8")
    again = read_plan(tmp_path / "again.add.xml", network, as_is=True)
    assert again.actuated[0].replace(f"greensplit-{plan.plan_id}", "mine") == plan.actuated[0]
    # A program writes no files beside the run's own.
    assert "seen.xml" not in plan_xml(plan)


def test_plans_without_one_are_what_they_were(junction):
    plan = Plan((junction[1].signals[0].program,))
    assert plan.__getstate__().keys() == plan.to_json().keys() == {"programs", "parameters"}


def test_it_responds_to_traffic_and_plain_sumo_does_the_same_with_the_users_file(cologne1, tmp_path):
    scenario, network = cologne1
    file = actuated_file(network, tmp_path / "plan.add.xml")
    # Each in a process of its own, as plain SUMO is: what ran before in a process may resolve a tie another way.
    with Nursery(scenario, network) as nursery:
        ours = nursery.run(read_plan(file, network, as_is=True), 1).network
        fixed = nursery.run(Plan((network.signals[0].program,)), 1).network
    assert fixed["delay_s"] != pytest.approx(ours["delay_s"], rel=0.02)
    command = [str(binary("sumo")), *plain_command(scenario, 1, file, str(tmp_path / "tripinfo.xml"))[1:]]
    subprocess.run(command, env=environment(), check=True, capture_output=True, cwd=tmp_path)
    assert tripinfo_delay(tmp_path / "tripinfo.xml") == (pytest.approx(ours["delay_s"], abs=1e-3), ours["vehicles"])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ([('id="C"', 'id="D"')], "the network has no signal 'D'"),
        ([('state="', 'state="" old="')], "has a state of 0 letters"),
        ([("actuated", "rail_signal")], "its program is of type rail_signal"),
    ],
)
def test_one_that_cannot_run_is_one_line(junction, tmp_path, changes, says):
    file = actuated_file(junction[1], tmp_path / "plan.add.xml", changes)
    with pytest.raises(InputError) as error:
        read_plan(file, junction[1], as_is=True)
    assert says in str(error.value)
    assert "\n" not in str(error.value)
