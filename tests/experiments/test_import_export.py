"""`greensplit import` and `greensplit export`: an office's files in and out, one clear line where they cannot be used."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

from experiments.cli import main

SAMPLE = Path(importlib.util.find_spec("utdf2gmns").origin).parent / "engine" / "sigma_x" / "UTDF8.csv"


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_timings_come_from_utdf_and_run(capsys):
    assert main(["import", str(SAMPLE), "map=1:C", "out=plan.add.xml", "json=true"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["signals"] == [{"signal": "C", "cycle_s": 140, "offset_s": 116, "greens_s": [6, 16, 8, 11]}]
    assert any("crossing N has no walk" in note for note in said["notes"])
    for name in ("plan.json", "plan.csv"):
        assert main(["export", "plan.add.xml", f"out={name}", "json=true"]) == 0
        assert json.loads(capsys.readouterr().out)["plan_id"] == said["plan_id"]
    summaries = []
    for name in ("plan.add.xml", "plan.csv"):
        assert main(["run", f"plan={name}", "scenario.end_s=27060", "scenario.warmup_s=60", "json=true"]) == 0
        summaries.append(json.loads(capsys.readouterr().out))
    for summary in summaries:
        assert (summary["plan_id"], summary["delay_s"]) == (said["plan_id"], summaries[0]["delay_s"])
    assert summaries[0]["notes"] == []
    assert "greensplit export plan.csv out=plan.add.xml" in summaries[1]["notes"][-1]


def test_sumo_shows_each_phase_when_the_other_tool_says(junction, capsys):
    """Node 1 of the sample: phase 6 starts at 129 s of the master clock, phase 4 at 67.2, phase 2 at 0 (cycle 140)."""
    import libsumo

    assert main(["import", str(SAMPLE), "map=1:C", "out=plan.add.xml"]) == 0
    links = {link.movement: link.index for link in junction[1].signals[0].links}
    starts = {}
    libsumo.start(
        ["sumo", "-n", str(junction[0].net), "-a", "plan.add.xml", "-b", "1400", "-e", "1700", "--no-step-log"]
    )
    try:
        before = ""
        for _ in range(141):
            libsumo.simulationStep()
            state = libsumo.trafficlight.getRedYellowGreenState("C")
            for movement in ("W-through", "N-through", "E-through"):
                if before and state[links[movement]] == "G" and before[links[movement]] != "G":
                    starts[movement] = (libsumo.simulation.getTime() - 1) % 140
            before = state
    finally:
        libsumo.close()
    assert starts == {"W-through": 129, "N-through": 67, "E-through": 0}


def test_a_map_file_turns_directions(capsys):
    Path("nodes.csv").write_text("\ufeffINTID,signal,NB,SB,EB,WB\n1,C,E,W,S,N\n")
    assert main(["import", str(SAMPLE), "map=nodes.csv", "out=plan.csv"]) == 0
    assert "C" in capsys.readouterr().out
    # Phase 1, which begins the cycle, is the eastbound left turn: from S here.
    assert "S-left" in Path("plan.csv").read_text().splitlines()[1]


def test_every_format_goes_out_of_the_plan_in_the_net(capsys):
    for name in ("plan.add.xml", "plan.json", "plan.csv", "sheet.html"):
        assert main(["export", "baseline", f"out={name}"]) == 0
    assert main(["export", "baseline", "format=utdf", "out=utdf.csv"]) == 0
    assert "note: links, lanes and volumes are not written" in capsys.readouterr().out
    assert main(["import", "utdf.csv", "out=back.json", "json=true"]) == 0
    back = json.loads(capsys.readouterr().out)
    assert (back["notes"], back["signals"][0]["cycle_s"]) == ([], 96)
    assert sorted(back["signals"][0]["greens_s"]) == [12, 12, 14, 22]


def test_the_printed_sheet_has_a_page_for_each_signal(ingolstadt7):
    from engine.plan import Plan
    from experiments.report.sheet import sheet_page

    network = ingolstadt7[1]
    plan = Plan(tuple(signal.program for signal in network.signals if signal.program), {"cycle": 0.1})
    page, notes = sheet_page(plan, network, "Straße <3>")
    assert notes == ["a printed sheet does not show the parameters that a search varied"]
    assert page.count('<section class="sheet"') == len(plan.programs) == page.count('<table class="phases"')
    assert "Straße &lt;3&gt;" in page
    assert "break-after: page" in page
    # Every interval is a row with its seconds, and the bars of a link cover its green.
    first = page.split('<section class="sheet"')[1]
    rows = re.findall(r'<tr(?: class="stage")?><th scope="row" class="n">(\d+)</th>', first)
    assert [int(row) for row in rows] == list(range(1, len(plan.programs[0].phases) + 1))
    assert not re.search(r"<script|https?://", page)


def test_a_studys_best_plan_goes_out(capsys):
    assert main(["export", "baseline", "out=study/best.add.xml"]) == 0
    Path("study/config.yaml").write_text("scenario: {name: junction}\n")
    assert main(["export", "study", "out=best.json"]) == 0
    Path("study/config.yaml").write_text("scenario: {name: cologne1}\n")
    assert main(["export", "study", "out=best.json"]) == 2
    assert "the study in 'study' is of cologne1, not of junction. Say scenario=cologne1" in capsys.readouterr().err
    Path("empty").mkdir()
    assert main(["export", "empty", "out=best.json"]) == 2
    assert "'empty' holds no best plan" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["import"], "import needs a file"),
        (["import", "none.csv", "out=p.json"], "file: there is no file 'none.csv'"),
        (["import", str(SAMPLE)], "out is missing"),
        (["import", str(SAMPLE), "out=p.txt"], "out='p.txt' must end in .xml, .json or .csv"),
        (["import", str(SAMPLE), "out=p.json"], "Say which is which with map=NODE:SIGNAL,... or map=FILE"),
        (["import", str(SAMPLE), "out=p.json", "map=C"], "map='C' is neither a file nor NODE:SIGNAL"),
        (["import", str(SAMPLE), "out=p.json", "map=1:D"], "node 1: the network has no signal 'D'"),
        (["import", str(SAMPLE), "out=p.json", "map=1000:C"], "there is no timing for node '1000'"),
        (["import", str(SAMPLE), "out=p.json", "map=39:C"], "no movement comes from N to signal 'C'"),
        (["import", str(SAMPLE), "out=p.json", "map=bad.csv"], "map='bad.csv', line 1: column node is not known"),
        (["import", str(SAMPLE), "out=p.json", "map=short.csv"], "map='short.csv', line 2: give INTID and signal"),
        (["import", "cut.csv", "out=p.json", "map=1:C"], "has no section [Phases]"),
        (["import", "knots.csv", "out=p.json", "map=1:C"], "has no section [Nodes]"),
        (["import", "stranger.csv", "out=p.json", "map=1:C"], "is about node '777', which [Nodes] does not have"),
        (["import", "empty.csv", "out=p.json"], "'empty.csv' is empty"),
        (["export"], "export needs a plan"),
        (["export", "none.xml", "out=p.json"], "there is no plan or study 'none.xml'"),
        (["export", "baseline"], "out is missing"),
        (["export", "baseline", "out=p.doc"], "does not say which format"),
        (["export", "baseline", "out=p.json", "format=pdf"], "format=pdf is not known"),
        (["export", "short.csv", "out=p.json"], "line 1: this is no timing sheet"),
        (["export", "baseline", "out=/dev/null/p.json"], "cannot write"),
        (["run", "plan=short.csv"], "line 1: this is no timing sheet"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(arguments, says, workplace, capsys):
    Path("bad.csv").write_text("node,signal\n1,C\n")
    Path("short.csv").write_text("INTID,signal\n1\n")
    Path("empty.csv").write_text("")
    Path("cut.csv").write_text(SAMPLE.read_text().partition("[Phases]")[0])
    Path("knots.csv").write_text(SAMPLE.read_text().replace("[Nodes]", "[Knots]"))
    Path("stranger.csv").write_text(SAMPLE.read_text().replace("MinGreen,7,6", "MinGreen,777,6"))
    before = sorted(workplace.iterdir())
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("greensplit: error: ")
    assert said.err.count("\n") == 1
    assert says in said.err
    assert sorted(workplace.iterdir()) == before
