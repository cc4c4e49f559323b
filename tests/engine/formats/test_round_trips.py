"""What goes out comes back: properties of every format."""

import dataclasses
import json

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.formats import read_any_plan
from engine.formats.plan_json import parse_plan_json, plan_json, schema
from engine.formats.sheet import parse_sheet, sheet_text
from engine.formats.utdf import parse_utdf, utdf_text
from engine.formats.utdf_plan import utdf_plan
from engine.formats.utdf_writer import phase_records, plan_utdf
from engine.formats.writing import plan_text
from engine.plan import Plan
from engine.ring_form import differences, ring_form
from engine.ring_program import ring_program
from engine.rings import problems
from engine.sumo.programs import plan_xml, read_plan
from tests.engine.formats.strategies import nema_wiring, plans, ring_timings, utdf_files

# The junction is built once; what is drawn from it is data.
relaxed = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@relaxed
@given(data=st.data())
def test_a_sumo_program_comes_back(data, junction, tmp_path):
    plan = data.draw(plans(junction[1]))
    (tmp_path / "plan.add.xml").write_text(plan_xml(plan))
    back = read_plan(tmp_path / "plan.add.xml", junction[1])
    assert back == plan
    assert back.plan_id == plan.plan_id


@relaxed
@given(data=st.data())
def test_json_comes_back_and_keeps_to_its_schema(data, junction):
    plan = data.draw(plans(junction[1]))
    plan = dataclasses.replace(
        plan, parameters=data.draw(st.dictionaries(st.text(max_size=9), st.floats(-9, 9), max_size=3))
    )
    text = plan_json(plan)
    jsonschema.validate(json.loads(text), schema(), jsonschema.Draft202012Validator)
    back = parse_plan_json(text, junction[1])
    assert back == plan
    assert back.parameters == plan.parameters


@relaxed
@given(data=st.data(), delimiter=st.sampled_from(",;\t"))
def test_a_timing_sheet_comes_back_also_from_a_spreadsheet(data, delimiter, junction):
    import csv
    import io

    plan = data.draw(plans(junction[1]))
    # A sheet tells intergreens by their colours: an interval of no stage with yellow in it is a yellow one.
    text, notes = sheet_text(plan, junction[1])
    assert notes == []
    resaved = io.StringIO()
    csv.writer(resaved, delimiter=delimiter).writerows(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline="")))
    for shown in (text, resaved.getvalue(), resaved.getvalue().replace("\r\n", "\n")):
        assert parse_sheet(shown, junction[1]) == plan


@relaxed
@given(data=utdf_files())
def test_utdf_data_text_data_and_text_data_text(data):
    text = utdf_text(data)
    back = parse_utdf(text)
    # What a file with one section and no line end is made of does not tell which line end it would have had.
    assert back == dataclasses.replace(data, padded=back.padded)
    assert utdf_text(back) == text


def shown(timing):
    """Return when each phase turns green by the master clock, and its green, yellow and all-red."""
    starts, greens = timing.starts_s(), timing.greens_s()
    found = {}
    for p in timing.phases:
        found[p.number, "start"] = round(timing.begins_s + starts[p.number], 6) % timing.cycle_s
        found |= {
            (p.number, "green"): greens[p.number],
            (p.number, "yellow"): p.yellow_s,
            (p.number, "red"): p.all_red_s,
        }
    return found


@relaxed
@given(data=st.data())
def test_rings_become_stages_and_the_stages_the_same_rings(data, junction):
    signal = junction[1].signals[0]
    timing = data.draw(ring_timings(signal))
    assert problems(timing) == []
    wiring = nema_wiring(signal)
    program = ring_program(timing, wiring, signal.links)
    assert program.cycle_s == timing.cycle_s
    form, reason = ring_form(program, signal.links)
    assert form is not None, reason
    assert form.differences == frozenset()
    assert shown(form.timing) == shown(timing)
    assert form.wiring.services == wiring.services
    assert differences(program, ring_program(form.timing, form.wiring, signal.links)) == frozenset()


@relaxed
@given(data=st.data())
def test_rings_survive_utdf(data, junction):
    signal = junction[1].signals[0]
    timing = data.draw(ring_timings(signal))
    program = ring_program(timing, nema_wiring(signal), signal.links)
    written, _ = plan_utdf(Plan((program,)), junction[1])
    back, notes = utdf_plan(parse_utdf(utdf_text(written)), junction[1], {})
    assert differences(program, back.programs[0]) == frozenset()
    assert not any("starts at" in note or "rounded" in note for note in notes)
    starts = {n: float(text) for n, text in phase_records(timing)["Start"].items()}
    assert starts == {n: value for (n, what), value in shown(timing).items() if what == "start"}


@pytest.mark.parametrize("name", ["junction", "cologne1", "ingolstadt7"])
@pytest.mark.parametrize("kind", ["sumo", "json", "csv"])
def test_plans_of_real_networks_come_back_whatever_the_file_is_called(name, kind, request, tmp_path):
    network = request.getfixturevalue(name)[1]
    plan = Plan(tuple(signal.program for signal in network.signals if signal.program))
    text, notes = plan_text(plan, network, kind)
    (tmp_path / "plan").write_bytes(text.encode())
    found = read_any_plan(tmp_path / "plan", network)
    assert found.plan == plan
    assert (found.kind, found.notes, notes) == (kind, (), [])


def test_what_a_format_does_not_hold_is_named(junction):
    network = junction[1]
    plan = Plan((network.signals[0].program,), {"cycle": 0.1})
    lost = {kind: plan_text(plan, network, kind)[1] for kind in ("sumo", "json", "csv", "utdf")}
    assert lost["json"] == []
    assert all(any("parameters" in note for note in lost[kind]) for kind in ("sumo", "csv", "utdf"))
    assert any("least green" in note for note in lost["utdf"])
    assert any("volumes" in note for note in lost["utdf"])
