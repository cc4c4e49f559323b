"""UTDF as data and as timing, held against a public sample: Grand Avenue, 19 signals, with Synchro's own results in it."""

import dataclasses
import importlib.util
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.formats.utdf import SECTIONS, Record, decode_utdf, parse_utdf, read_utdf, utdf_bytes, utdf_text
from engine.formats.utdf_plan import NodeMap, utdf_plan
from engine.formats.utdf_timing import node_timings
from engine.formats.utdf_writer import phase_records, plan_records, plan_utdf
from engine.network import Network
from engine.plan import Plan
from engine.rings import OffsetReference, Recall


@pytest.fixture(scope="module")
def sample():
    # Only the file inside the package is used: its code is never imported.
    return Path(importlib.util.find_spec("utdf2gmns").origin).parent / "engine" / "sigma_x" / "UTDF8.csv"


@pytest.fixture(scope="module")
def timings(sample):
    return node_timings(read_utdf(sample))


def test_the_sample_comes_back_byte_for_byte(sample):
    data = read_utdf(sample)
    assert utdf_bytes(data) == sample.read_bytes()
    assert [section.name for section in data.sections] == list(SECTIONS)
    assert [len(section.records) for section in data.sections] == [21, 53, 1060, 1021, 191, 456]


def test_a_spreadsheets_padding_and_other_encodings_come_back(sample):
    lines = sample.read_bytes().decode().split("\r\n")[:-1]
    padded = "\n".join(line + "," * (30 - line.count(",") - 1) for line in lines) + "\n"
    assert utdf_text(parse_utdf(padded)) == padded
    assert node_timings(parse_utdf(padded)).keys() == node_timings(parse_utdf("\r\n".join(lines))).keys()
    for written in ("Grande Allée".encode(), "Grande Allée".encode("latin-1"), "大道".encode("gb18030")):
        data = sample.read_bytes().replace(b"Grand Ave", written)
        text, encoding = decode_utdf(data)
        assert utdf_bytes(parse_utdf(text, "office.csv", encoding)) == data


def test_unknown_sections_columns_and_records_are_kept():
    text = '[Trams]\nOurs\nRECORDNAME,INTID,X\nBell,7,"a,b"\n\n[Phases]\nP\nRECORDNAME,INTID,D1,D99\nMystery,7,1,2\n'
    assert utdf_text(parse_utdf(text)) == text


def test_every_start_is_what_the_other_tool_computed(timings):
    compared = 0
    for of in timings.values():
        records = phase_records(of.timing)
        assert not any("starts at" in note for note in of.notes)
        compared += len(records["Start"])
    assert (len(timings), compared) == (19, 114)


@pytest.mark.parametrize("name", ["BRP", "MinGreen", "MaxGreen", "Yellow", "AllRed", "Recall", "Walk", "DontWalk", "MinSplit",
                                  "DualEntry", "Start", "End", "Yield", "LocalStart", "LocalYield"])  # fmt: skip
def test_what_we_write_of_a_phase_is_what_the_file_has(sample, timings, name):
    data = read_utdf(sample)
    compared = 0
    for section, record in data.records("Phases"):
        cells = dict(zip(section.columns, record.cells, strict=True))
        if cells["RECORDNAME"] != name:
            continue
        of = timings[cells["INTID"]].timing
        for number, text in phase_records(of)[name].items():
            theirs = cells[f"D{number}"]
            assert bool(text) == bool(theirs)
            if text:
                apart = abs(float(text) - float(theirs))
                # Times of the clock wrap at the cycle; theirs are rounded to tenths.
                wraps = name in ("Start", "End", "Yield", "LocalStart", "LocalYield")
                assert min(apart, abs(apart - of.cycle_s) if wraps else apart) <= 0.1001
            compared += 1
    assert compared == 114


def test_what_we_write_of_a_plan_is_what_the_file_has(sample, timings):
    for section, record in read_utdf(sample).records("Timeplans"):
        cells = dict(zip(section.columns, record.cells, strict=True))
        if cells["RECORDNAME"] in ("Cycle Length", "Referenced To", "Reference Phase", "Offset"):
            mine = float(plan_records(timings[cells["INTID"]].timing)[cells["RECORDNAME"]])
            used = {phase.number for phase in timings[cells["INTID"]].timing.phases}
            theirs = float(cells["DATA"])
            # A phase that the signal does not have is no reference.
            if cells["RECORDNAME"] != "Reference Phase" or {int(theirs) // 100, int(theirs) % 100} - {0} <= used:
                assert mine == theirs


def test_one_signal_in_words(timings):
    timing = timings["1"].timing
    assert (timing.cycle_s, timing.offset_s, timing.reference, timing.reference_phases) == (
        140, 0, OffsetReference.LAST_GREEN, (2, 6),
    )  # fmt: skip
    six = timing.phase(6)
    assert (six.barrier, six.ring, six.position, six.green_s, six.yellow_s, six.all_red_s) == (1, 2, 2, 56.6, 4.4, 2.4)
    assert (six.walk_s, six.dont_walk_s, six.min_split_s, six.recall, six.dual_entry) == (
        7,
        28,
        45.8,
        Recall.MAXIMUM,
        True,
    )
    # Phase 6 starts 13 s after phase 1 and 5; phase 2 after 24 s, at the reference: 116 s is where the cycle begins.
    assert (timing.starts_s()[6], timing.starts_s()[2], timing.begins_s) == (13, 24, 116)
    assert not timing.leads(6)
    assert timing.leads(1)
    assert timings["1"].movements["NBR"].permitted == (8,)
    assert timings["1"].movements["EBR"].protected == ()
    assert any("actuated, coordinated" in note for note in timings["1"].notes)


def test_every_phase_has_the_split_that_it_needs(timings):
    phases = [phase for of in timings.values() for phase in of.timing.phases]
    assert len(phases) == 114
    assert all(phase.min_split_s >= phase.needed_s - 0.05 for phase in phases)


def test_a_nodes_timing_runs_at_a_signal_of_ours(sample, junction):
    plan, notes = utdf_plan(read_utdf(sample), junction[1], {"1": NodeMap("C")})
    (program,) = plan.programs
    assert (program.signal, program.cycle_s, program.offset_s) == ("C", 140, 116)
    assert all(phase.duration_s == int(phase.duration_s) for phase in program.phases)
    first = program.phases[0]
    west_left = next(link.index for link in junction[1].signals[0].links if link.movement == "W-left")
    assert first.state[west_left] == "G"
    assert any("rounded to whole seconds" in note and "phase 2, 6" in note for note in notes)
    assert any("crossing N has no walk" in note for note in notes)
    assert any("nodes without a signal here: 7, 9" in note for note in notes)


def test_rounding_never_shortens_a_change_interval(timings):
    from engine.ring_program import whole_seconds

    for of in timings.values():
        rounded, _ = whole_seconds(of.timing)
        assert rounded.cycle_s == round(of.timing.cycle_s)
        for mine, theirs in zip(rounded.phases, of.timing.phases, strict=True):
            assert mine.number == theirs.number
            assert mine.yellow_s >= theirs.yellow_s
            assert mine.all_red_s >= theirs.all_red_s
            assert abs(mine.split_s - theirs.split_s) <= 1.0
            assert mine.green_s == int(mine.green_s) >= 1


def test_networks_of_many_signals_go_out_and_come_back(ingolstadt7):
    network = ingolstadt7[1]
    plan = Plan(tuple(signal.program for signal in network.signals if signal.program))
    data, notes = plan_utdf(plan, network)
    written = {record.cells[5] for _, record in data.records("Nodes")}
    left_out = {signal.id for signal in network.signals} - written
    assert written
    for signal_id in left_out:
        assert any(note.startswith(f"signal '{signal_id}' is left out: ") for note in notes)
    back, _ = utdf_plan(parse_utdf(utdf_text(data)), network, {})
    assert {program.signal for program in back.programs} == written
    for program in back.programs:
        ours = next(p for p in plan.programs if p.signal == program.signal)
        greens = {phase.state for phase in ours.phases if phase.stage >= 0}
        assert greens <= {phase.state for phase in program.phases}


def edited(sample, old, new):
    text = sample.read_text()
    assert old in text
    return parse_utdf(text.replace(old, new, 1), "office.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty. A UTDF file has the sections Network"),
        ("RECORDNAME,DATA\n", "line 1: 'RECORDNAME,DATA' stands before the first section"),
        ("[Nodes]\n", "line 1: section .Nodes. has no line of column names"),
        ("[Nodes]\nNode Data\nINTID,TYPE\n1\n", "line 4: 1 cells, section .Nodes. has 2 columns"),
        ("[Nodes]\nNode Data\nINTID,TYPE\n1,0,5\n", "line 4: 3 cells, section .Nodes. has 2 columns"),
        ('[Nodes]\nNode Data\nINTID,TYPE\n1,"0\n', "line 4: the line cannot be read as CSV"),
        ("[Nodes],\nNode Data,\nINTID,TYPE\n1,0,5\n", "line 4: 3 cells, the file's other lines have 2"),
    ],
)
def test_a_broken_line_is_named(text, message):
    with pytest.raises(InputError, match=message):
        parse_utdf(text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[Phases]", "[Phasings]", r"has no section \[Phases\]. Timings need Nodes, Lanes, Timeplans, Phases"),
        ("[Nodes]", "[Knots]", r"has no section \[Nodes\]"),
        ("MinGreen,7,6", "MinGreen,777,6", r"line 2395: section \[Phases\] is about node '777', which \[Nodes\] does not have"),
        ("Offset,7,70.0", "Offset,71,70.0", r"section \[Timeplans\] is about node '71'.* Did you mean '7'"),
        ("MaxGreen,1,17,", "MaxGreen,1,long,", r"line 2372: MaxGreen of node 1, D1, 'long' is no number"),
        ("MaxGreen,1,17,", "MaxGreen,1,nan,", r"D1, 'nan' is no time"),
        ("Cycle Length,1,140.0", "Cycle Length,1,soon", r"Cycle Length of node 1, DATA, 'soon' is no number"),
        ("Cycle Length,1,140.0", "Cycle Length,1,0", r"node 1: Cycle Length is 0 s"),
        ("MaxGreen,1,17,", "MaxGreen,1,27,", r"node 1: the splits sum to 150 s, the cycle is 140 s \(up to barrier 1 ring 1 "
         r"\(phases 1, 2\) takes 86.4 s and ring 2 \(phases 5, 6\) 76.4 s\)"),
        ("BRP,1,111", "BRP,1,11", r"BRP of node 1, D1, '11' is no place of a phase"),
        ("BRP,1,111,112", "BRP,1,111,111", r"phases 1 and 2 are both at barrier 1, ring 1, position 1"),
        ("Referenced To,1,0", "Referenced To,1,9", r"node 1: Referenced To is 9; UTDF knows 0 to 4"),
        ("Reference Phase,1,206", "Reference Phase,1,0", r"node 1: no reference phase says what the offset is given for"),
        ("Recall,1,0", "Recall,1,7", r"'7' is not known: UTDF has 0 to 4"),
        ("RECORDNAME,INTID,D1", "RECORDNAME,INTERSECTION,D1", r"\[Phases\] has no column INTID"),
    ],
)  # fmt: skip
def test_timing_that_cannot_be_used_is_named(sample, old, new, message):
    with pytest.raises(InputError, match=message):
        node_timings(edited(sample, old, new), "office.csv")


def test_a_ring_that_is_early_at_a_barrier_waits_there_and_that_is_said(sample):
    found = node_timings(edited(sample, "MaxGreen,1,17,45.6", "MaxGreen,1,17,40.6"))["1"]
    assert found.timing.greens_s()[2] == pytest.approx(45.6)
    assert any("ring 1 (phases 1, 2) 71.4 s: its last phase keeps green for 5 s more" in note for note in found.notes)


def test_a_split_below_what_walking_needs_is_reported_and_not_repaired(sample):
    found = node_timings(edited(sample, "MinSplit,1,13,21.8,12.8,47.6", "MinSplit,1,13,21.8,12.8,40"))["1"]
    assert any("phase 4: MinSplit 40 s is below the 43.6 s" in note for note in found.notes)


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ({}, r"none of its nodes \(1, 7, .* is a signal of the network \('C'\)"),
        ({"1": NodeMap("c")}, "node 1: the network has no signal 'c'. Its signals are 'C'"),
        ({"101": NodeMap("C")}, "there is no timing for node '101'. Did you mean '1"),
        ({"1": NodeMap("C"), "7": NodeMap("C")}, "signal 'C' is given to more than one node"),
        ({"39": NodeMap("C")}, "node 39: no movement comes from N to signal 'C'; the file has NE, NW, SE"),
        ({"1": NodeMap("C", {"NB": "North"})}, "signal 'C' has no approach 'North' for NB"),
    ],
)
def test_nodes_that_are_no_signals_are_named(sample, junction, nodes, message):
    with pytest.raises(InputError, match=message):
        utdf_plan(read_utdf(sample), junction[1], nodes)


def test_a_turned_network_is_mapped_by_direction(sample, junction):
    sides = {"NB": "E", "SB": "W", "EB": "S", "WB": "N"}
    plan, _ = utdf_plan(read_utdf(sample), junction[1], {"1": NodeMap("C", sides)})
    # Phase 1 is the left turn of the eastbound traffic, which comes from S here.
    south_left = next(link.index for link in junction[1].signals[0].links if link.movement == "S-left")
    assert plan.programs[0].phases[0].state[south_left] == "G"


def test_phases_that_let_conflicting_traffic_meet_are_refused(sample, junction):
    data = edited(sample, "Phase1,1,3,8,,7,4,,,1,6", "Phase1,1,3,6,,7,4,,,1,6")
    with pytest.raises(InputError, match=r"'\w+-through' and '\w+-through' conflict, and the phases give both green"):
        utdf_plan(data, junction[1], {"1": NodeMap("C")})


def test_a_description_names_the_signal(junction, sample):
    data = read_utdf(sample)
    records = tuple(
        Record((*r.cells[:5], "C", *r.cells[6:])) if r.cells[0] == "1" else r for _, r in data.records("Nodes")
    )
    sections = tuple(
        dataclasses.replace(section, records=records) if section.name == "Nodes" else section
        for section in data.sections
    )
    plan, _ = utdf_plan(dataclasses.replace(data, sections=sections), junction[1], {})
    assert [program.signal for program in plan.programs] == ["C"]


def test_nothing_that_fits_is_one_line(junction):
    network = junction[1]
    signal = dataclasses.replace(network.signals[0], approaches=())
    odd = Network((signal,), network.lanes, network.exits)
    program = dataclasses.replace(signal.program, phases=(dataclasses.replace(signal.program.phases[0], stage=-1),))
    with pytest.raises(InputError, match="no signal of the plan can be written as UTDF"):
        plan_utdf(Plan((program,)), odd)
