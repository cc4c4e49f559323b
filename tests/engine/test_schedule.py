"""Time-of-day schedules: read, written, and what SUMO makes of them."""

import dataclasses

import pytest

from engine.errors import InputError
from engine.plan import Plan
from engine.schedule import OFF, Schedule, Switch, SwitchedSignal
from engine.sumo.programs import in_force
from engine.sumo.waut import read_schedules, write_schedules


@pytest.fixture
def day(junction):
    program = junction[1].signals[0].program
    longer = tuple(
        dataclasses.replace(phase, duration_s=phase.duration_s + 3 * (phase.stage >= 0)) for phase in program.phases
    )
    peak = dataclasses.replace(program, phases=longer, offset_s=7.0)
    return Schedule(
        "day & 夜", "calm", (Switch(60, "peak"), Switch(200, "calm")), (SwitchedSignal("C", "GSP", True),),
        (("calm", Plan((program,))), ("peak", Plan((peak,)))), 27000.0, 86400.0,
    )  # fmt: skip


def test_a_schedule_comes_back(day, junction, tmp_path):
    write_schedules([day], tmp_path / "day.add.xml")
    assert read_schedules([junction[0].net, tmp_path / "day.add.xml"], junction[1]) == (day,)
    # And the signal is still one whose program no plan replaces.
    assert "WAUT 'day & 夜'" in in_force(junction[0].net, [tmp_path / "day.add.xml"])["C"].fixed_because


@pytest.mark.parametrize(
    ("time_s", "name"),
    [(0, "calm"), (27059, "calm"), (27060, "peak"), (27199, "peak"), (27200, "calm"), (113460, "peak")],
)
def test_who_runs_when(day, time_s, name):
    assert day.name_at(time_s) == name


def test_sumo_runs_what_the_schedule_says(day, junction, tmp_path):
    import libsumo

    day = dataclasses.replace(day, signals=(SwitchedSignal("C"),))
    write_schedules([day], tmp_path / "day.add.xml")
    libsumo.start(
        [
            "sumo",
            "-n",
            str(junction[0].net),
            "-a",
            str(tmp_path / "day.add.xml"),
            "-b",
            "27000",
            "-e",
            "27300",
            "--no-step-log",
        ]
    )
    try:
        for _ in range(250):
            at_s = libsumo.simulation.getTime()
            libsumo.simulationStep()
            assert libsumo.trafficlight.getProgram("C") == day.name_at(at_s)
    finally:
        libsumo.close()


def test_off_needs_no_plan(day, junction, tmp_path):
    night = dataclasses.replace(day, switches=(*day.switches, Switch(300, OFF)))
    write_schedules([night], tmp_path / "day.add.xml")
    assert read_schedules([tmp_path / "day.add.xml"], junction[1]) == (night,)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('to="peak"', 'to="paek"', "WAUT 'day & 夜': signal 'C' has no program 'paek'. Did you mean 'peak'"),
        ('time="60"', 'time="dawn"', "wautSwitch 0: time 'dawn' is no time"),
        ('junctionID="C"', 'junctionID="D"', "the network has no signal 'D'"),
        ('wautID="day &amp; 夜"', 'wautID="night"', "wautJunction names the WAUT 'night', which no file before it has"),
        (' to="peak"', "", "wautSwitch 0: it does not say to which program"),
        ('period="86400"', 'period="daily"', "period 'daily' is no time"),
    ],
)
def test_a_schedule_that_cannot_be_used_is_one_line(day, junction, tmp_path, old, new, says):
    file = tmp_path / "day.add.xml"
    write_schedules([day], file)
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(InputError) as error:
        read_schedules([file], junction[1])
    assert says in str(error.value)
