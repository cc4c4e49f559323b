"""`greensplit schedule`: periods from demand, plans for them, a schedule that SUMO runs, and what cannot be used."""

import json
import subprocess
from itertools import pairwise

import pytest

from engine.sumo.installation import binary, environment
from engine.sumo.waut import read_schedules
from experiments._clock import clock, clock_s
from experiments.cli import main
from experiments.schedule.show import why
from scenarios.junction.data import BUILTIN
from tests.conftest import built

QUIET, BUSY = 20, 90


@pytest.fixture(scope="module")
def morning(tmp_path_factory):
    """The built-in junction from 06:00 to 09:00: quiet, busy from 07:00 to 08:00, quiet again."""
    folder = tmp_path_factory.mktemp("morning")
    (folder / "junction.yaml").write_text(BUILTIN.read_text(encoding="utf-8"), encoding="utf-8")
    rows = ["start,leg,turn,vehicles"]
    for quarter in range(24, 36):
        level = BUSY if 28 <= quarter < 32 else QUIET
        for leg in ("north", "east", "south", "west"):
            for turn, share in (("through", 1.0), ("left", 0.2), ("right", 0.2)):
                rows.append(f"{quarter // 4:02d}:{quarter % 4 * 15:02d},{leg},{turn},{round(level * share)}")
    (folder / "counts.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder / "junction.yaml"


def scheduled(capsys, *arguments):
    assert main(["schedule", "json=true", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_periods_are_those_of_the_demand_and_quiet_ones_share_a_plan(morning, tmp_path, capsys):
    table = tmp_path / "periods.csv"
    found = scheduled(capsys, f"scenario.file={morning}", f"out={tmp_path / 'day.add.xml'}", f"table={table}")
    assert [clock(period["begins_s"]) for period in found["periods"]] == ["06:00:00", "07:00:00", "08:00:00"]
    assert [period["name"] for period in found["periods"]] == ["plan-1", "plan-2", "plan-1"]
    quiet, busy, _ = found["periods"]
    # Four legs of through and two turns: 4 x (20 + 4 + 4) and 4 x (90 + 18 + 18) vehicles a quarter of an hour.
    assert quiet["flow_veh_h"] == pytest.approx(4 * 4 * 28, rel=0.02)
    assert busy["flow_veh_h"] == pytest.approx(4 * 4 * 126, rel=0.02)
    assert busy["cycles_s"]["C"] > quiet["cycles_s"]["C"]
    assert quiet["delay_s"] < quiet["delay_in_net_s"]
    assert table.read_text() == "begins,plan\n06:00:00,webster\n07:00:00,webster\n08:00:00,webster\n"
    said = " ".join(why(found))
    assert "3 periods of at least 30 min" in said
    assert "Periods 1 and 3 share plan-1" in said
    # What was written is what was printed, and plain SUMO runs it.
    network = built(tmp_path / "scenario", "scenario=junction", f"scenario.file={morning}")
    (schedule,) = read_schedules([tmp_path / "day.add.xml"], network[1])
    times = [switch.at_s for switch in schedule.switches]
    assert times == [time_s for change in found["changes"] for time_s in (change["leaves_s"], change["enters_s"])]
    assert all(a < b for a, b in pairwise(times))
    command = [binary("sumo"), "-c", network[0].configuration, "-a", tmp_path / "day.add.xml", "--end", "26400"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_plans_that_the_user_names_run_when_the_table_says(morning, tmp_path, capsys):
    plan = tmp_path / "eigener, Plan.json"
    assert main(["export", "baseline", f"scenario.file={morning}", f"out={plan}"]) == 0
    longer = json.loads(plan.read_text())
    for phase in longer["programs"][0]["phases"]:
        phase[0] += 4 * (phase[2] >= 0)
    plan.write_text(json.dumps(longer))
    capsys.readouterr()
    table = tmp_path / "plans.csv"
    table.write_text(f'begins,plan\n06:00,baseline\n6:45,"{plan}"\n29700,webster\n', encoding="utf-8")
    found = scheduled(capsys, f"scenario.file={morning}", f"periods={table}")
    assert [clock(period["begins_s"]) for period in found["periods"]] == ["06:00:00", "06:45:00", "08:15:00"]
    before, own, _ = found["periods"]
    assert own["cycles_s"]["C"] == before["cycles_s"]["C"] + 16
    assert found["cut"] is None
    assert why(found) == ["The periods begin as the table says."]


def test_the_text_names_periods_flows_and_changes(morning, capsys):
    assert main(["schedule", f"scenario.file={morning}"]) == 0
    said = capsys.readouterr().out
    for words in ("periods of the day", "veh/h by approach and period", "changes of plan", "in step at"):
        assert words in said


def test_demand_that_varies_by_chance_is_one_period(capsys):
    found = scheduled(capsys)
    assert len(found["periods"]) == 1
    assert found["changes"] == []
    assert why(found) == [
        "One period: the 4 approach flows in 4 bins of 15 min vary no more than chance makes them vary."
    ]


@pytest.mark.parametrize(
    ("table", "arguments", "says"),
    [
        ("begins,plan\n06:00,webster\n05:00,webster\n", [], "line 3: 05:00:00 is not after 06:00:00"),
        (
            "begins,plan\n06:00,webster\n23:00,webster\n",
            [],
            "no period can begin at 23:00:00: the window is from 06:00:00",
        ),
        ("begins,plan\ndawn,webster\n", [], "line 2: begins is 'dawn'. Give a time such as 07:30"),
        ("begins,plan\n06:00,nowhere.xml\n", [], "nowhere.xml' cannot be read"),
        ("begins,plan\n06:00,\n", [], "line 2: name one plan"),
        ("begin,plan\n06:00,webster\n", [], "column begin is not known. Did you mean 'begins'?"),
        ("plan\nwebster\nwebster\n", [], "has 2 rows, and the demand has 3 periods"),
        ("begins\n06:00\n", [], "needs the column plan"),
        ("begins,plan\n06:00,webster\n06:01,webster\n06:02,webster\n", [], "is shorter than bin_min=15"),
        (None, ["shortest_min=5"], "shortest_min=5 is too small. Give at least 15"),
        (None, ["gain=2"], "gain=2 is no share"),
        (None, ["out=day.json"], "must end in .xml"),
        (None, ["max_cycle_s=30"], "max_cycle_s=30 is below min_cycle_s=40"),
        (None, ["periods=missing.csv"], "there is no file 'missing.csv'"),
    ],
)
def test_what_cannot_be_used_is_one_line(morning, tmp_path, capsys, table, arguments, says):
    given = [f"scenario.file={morning}", *arguments]
    if table is not None:
        (tmp_path / "plans.csv").write_text(table, encoding="utf-8")
        given.append(f"periods={tmp_path / 'plans.csv'}")
    code = main(["schedule", *given])
    said = capsys.readouterr()
    assert code == 2
    assert says in said.err
    assert said.err.count("\n") == 1


def test_a_schedule_is_no_plan(morning, tmp_path, capsys):
    assert main(["schedule", f"scenario.file={morning}", f"out={tmp_path / 'day.add.xml'}"]) == 0
    for command in ("run", "audit"):
        assert main([command, f"scenario.file={morning}", f"plan={tmp_path / 'day.add.xml'}"]) == 2
        assert "is a time-of-day schedule, not one plan" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "seconds"), [("7:30", 27000.0), ("07:30:15", 27015.0), ("27000", 27000.0)])
def test_times_of_day(text, seconds):
    assert clock_s(text) == seconds
    assert clock_s(clock(seconds)) == seconds
