"""Records as files: what is written is read back to the bit, and damage is said."""

import dataclasses
import json
import math

import pytest

from engine.bands import Band, CaseRecord
from engine.errors import InputError
from engine.origin import Origin, arithmetic
from engine.records import Record, read_record, write_record

ORIGIN = Origin("0.1.0", "1.28.0", "3.11.2", "2.4.6", "x86_64", "glibc 2.36", "0123456789ab", "")
CASE = CaseRecord(
    {"scenario": "junction", "begin_s": 26700.0, "end_s": 27900.0},
    (1, 2, 3),
    {"counts.csv": "ab" * 32},
    {"programs": "0123456789ab", "step_s": "1"},
    {
        "delay_s": Band((40.1, math.nextafter(40.1, 99.0), 1 / 3)),
        "collisions": Band((0.0, 0.0, 0.0)),
        "signed": Band((0.0, -0.0, 0.0)),
    },
    {"cycles": ("aa", "bb", "cc"), "junctions": ("dd", "dd", "dd")},
)
RECORD = Record("路口 suite", ORIGIN, {"路口 1": CASE, "second": CASE})


def written(folder, record=RECORD):
    write_record(record, folder / "made.json")
    return folder / "made.json"


def test_a_record_comes_back_to_the_bit(tmp_path):
    file = written(tmp_path)
    back = read_record(file)
    assert repr(back) == repr(RECORD)  # == takes -0.0 for 0.0
    assert back == RECORD
    again = written(tmp_path / "again", back)
    assert again.read_bytes() == file.read_bytes()


def test_a_difference_of_one_measure_is_one_line(tmp_path):
    before = written(tmp_path).read_text(encoding="utf-8").splitlines()
    bands = CASE.bands | {"delay_s": Band((40.1, 40.2, 40.3))}
    changed = dataclasses.replace(RECORD, cases={**RECORD.cases, "second": dataclasses.replace(CASE, bands=bands)})
    after = written(tmp_path, changed).read_text(encoding="utf-8").splitlines()
    assert len(before) == len(after)
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
    assert max(map(len, before)) < 300


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("40.1", "40.2", "mean and standard error are not those of the values"),
        ('"aa", "bb"', '"aa"', "table cycles has 2 values for 3 seeds"),
        ("[1, 2, 3]", "[]", "has no seeds"),
        ('"numpy"', '"nympu"', "'numpy' is missing"),
        ('"format": 1', '"format": 2', "its format is 2, this program reads 1"),
        ('"values"', '"value"', "'values' is missing"),
        ("{", "", "Extra data"),
        ('"cases": {', '"cases": [], "more": {', "no attribute"),
    ],
)
def test_damage_is_one_line_that_says_what_to_do(tmp_path, old, new, says):
    file = written(tmp_path)
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_record(file)
    assert says in str(raised.value)
    assert "Restore it from version control" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_half_a_record_is_damaged(tmp_path):
    file = written(tmp_path)
    file.write_bytes(file.read_bytes()[:900])
    with pytest.raises(InputError, match="is damaged"):
        read_record(file)


def test_no_record_says_how_to_make_one(tmp_path):
    with pytest.raises(InputError, match="Add --record to make it"):
        read_record(tmp_path / "none.json")


def test_origins_differ_by_what_may_change_bits_and_not_by_our_version():
    assert Origin.from_json(ORIGIN.to_json()) == ORIGIN
    assert dataclasses.replace(ORIGIN, greensplit="9.9").excuses(ORIGIN) == []
    other = dataclasses.replace(ORIGIN, numpy="3.0.0", allocator="MALLOC_ARENA_MAX=1")
    assert other.excuses(ORIGIN) == [
        "numpy 3.0.0, recorded 2.4.6",
        "allocator MALLOC_ARENA_MAX=1, recorded default",
    ]


def test_the_origin_of_here_names_everything(monkeypatch):
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", "64")
    here = Origin.here()
    assert here.allocator == "MALLOC_MMAP_THRESHOLD_=64"
    assert all(value for value in json.loads(json.dumps(here.to_json())).values())
    assert len(arithmetic()) == 12
