"""Users' SUMO configurations: read as they are, run without a trace beside them."""

import shutil
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.nursery import Nursery
from engine.plan import Plan
from engine.sumo.configuration import load
from engine.sumo.installation import folder as sumo_folder
from tests.conftest import built

GAMES = sumo_folder() / "tools" / "game"


def listing(folder):
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["cross", "square", "corridor"])
def test_sumos_own_games_run_unchanged_and_leave_nothing(name, tmp_path):
    before = listing(GAMES)
    scenario, network = built(tmp_path, "scenario=sumo", f"scenario.sumocfg={GAMES / f'{name}.sumocfg'}")
    assert scenario.name == name
    with Nursery(scenario, network) as nursery:
        result = nursery.run(Plan(()), 1)
    assert result.network["vehicles"] > 50
    assert listing(GAMES) == before


def write_scenario(folder, demand, configuration=""):
    """Copy the built-in junction's network and write a configuration around it."""
    import scenarios.junction

    built_at = scenarios.junction.write(None, folder / "built").parent
    shutil.copy(built_at / "junction.net.xml", folder / "n.net.xml")
    (folder / "d.rou.xml").write_text(f"<routes>{demand}</routes>")
    (folder / "c.sumocfg").write_text(
        f'<configuration><net-file value="n.net.xml"/><route-files value="d.rou.xml"/>{configuration}</configuration>'
    )
    return folder / "c.sumocfg"


CAR = '<vehicle id="{0}" depart="{0}"><route edges="in1 in1bay1 out3"/></vehicle>'


def test_a_configuration_without_an_end_ends(tmp_path):
    path = write_scenario(tmp_path, "".join(CAR.format(i) for i in (0, 5, 42)))
    scenario = load(path, "mine", tmp_path)
    assert (scenario.begin_s, scenario.end_s) == (0.0, 42.0 + 1800.0)
    assert "the last departure is at 42 s, so the run ends at 1842 s" in scenario.notes[0]
    scenario, network = built(tmp_path, "scenario=sumo", f"scenario.sumocfg={path}")
    with Nursery(scenario, network) as nursery:
        assert nursery.run(Plan(()), 1).network["throughput_veh"] == 3


def test_overridden_options_are_named(tmp_path):
    values = {"end": "100", "seed": "7", "random": "true", "time-to-teleport": "120", "step-length": "0.5"}
    settings = "".join(f'<{key} value="{value}"/>' for key, value in values.items())
    scenario = load(write_scenario(tmp_path, CAR.format(0), settings), "mine", tmp_path)
    assert scenario.step_s == 0.5
    assert dict(scenario.options) == {"step-length": "0.5"}
    for key in ("seed=7", "random=true", "time-to-teleport=120"):
        assert any(f"The configuration's {key} is not used" in note for note in scenario.notes)


@pytest.mark.parametrize("name", ["拥堵 路口", "a,b", "x [1] {y}", "semi;colon 'quoted' \"twice\"", "a=b#c&d"])
def test_paths_work_whatever_is_in_them(name, tmp_path):
    folder = tmp_path / name
    folder.mkdir()
    add = '<a><e1Detector id="e" lane="in1_1" pos="10" freq="60" file="e.xml"/></a>'
    path = write_scenario(folder, CAR.format(0), '<end value="60"/><additional-files value="d.add.xml"/>')
    (folder / "d.add.xml").write_text(add)
    before = listing(folder)
    scenario, network = built(tmp_path / f"out {name}", "scenario=sumo", f"scenario.sumocfg={path}")
    with Nursery(scenario, network) as nursery:
        assert nursery.run(Plan(()), 1).network["throughput_veh"] == 1
    assert listing(folder) == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('<end value="0"/>', "nothing is left to evaluate"),
        ('<end value="soon"/>', "end='soon' is no time"),
        ('<route-file value="x"/>', "SUMO has no option 'route-file'. Did you mean 'route-files'?"),
        ('<additional-files value="none.xml"/>', "names '.*none.xml', which is not there"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_one_line(settings, message, tmp_path):
    path = write_scenario(tmp_path, CAR.format(0), settings)
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        load(path, "mine", tmp_path)


def test_broken_xml_names_the_file(tmp_path):
    path = write_scenario(tmp_path, "<vehicle")
    with pytest.raises(InputError, match=r"d.rou.xml' is not well-formed XML"):
        load(path, "mine", tmp_path)
    Path(path).write_text("<configuration><net-file")
    with pytest.raises(InputError, match=r"c.sumocfg' is not well-formed XML"):
        load(path, "mine", tmp_path)


def test_a_demand_without_departures_needs_an_end(tmp_path):
    with pytest.raises(InputError, match="no last departure. Give scenario.end_s"):
        load(write_scenario(tmp_path, ""), "mine", tmp_path)
