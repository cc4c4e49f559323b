"""Before and after: days of logs and counts, seeds of studies, and what a look-back says of nothing and of something."""

import csv
import datetime
import json
import random
from pathlib import Path

import pytest

from engine.multiple import judge_unpaired
from experiments import cli
from experiments.compare.lookback import look_back, said_of
from experiments.compare.values import NETWORK, Unit
from tests.experiments.study_folder import make_study

DELAYS = json.loads((Path(__file__).parent / "cologne1_delays.json").read_text())
"""Delay of seeds 301 to 340 of cologne1, an hour each, under the plan in the net and under one that a sweep found (`greensplit
compare baseline PLAN scenario=cologne1 seeds=[301,...,340]`)."""

MONDAY = datetime.date(2026, 3, 2)


def write_log(
    folder, days, on_green=0.4, failures=0.2, arrivals=30, hours=(7, 8), start=MONDAY, phases=(2, 6), noise=0.05
):
    """A file of `greensplit measures` for each day, two rows an hour; shares scatter by day."""
    folder.mkdir(parents=True, exist_ok=True)
    scatter = random.Random(folder.name)
    for i in range(days):
        day = start + datetime.timedelta(days=i)
        rows = []
        for phase in phases:
            share, fails = (value + scatter.gauss(0.0, noise) for value in (on_green, failures))
            for hour in hours:
                for minute in (0, 30):
                    cycles = 20
                    rows.append(
                        {
                            "device": 452, "phase": phase, "time": f"{day:%Y-%m-%d}T{hour:02d}:{minute:02d}:00.000000",
                            "arrivals_veh": arrivals, "on_green_veh": round(1000 * share) / 1000 * arrivals,
                            "arrivals_on_green": share, "cycles": cycles, "green_s": 20.0, "green_occupancy": 0.5,
                            "red_occupancy": 0.3, "split_failures": fails * cycles,
                        }
                    )  # fmt: skip
        with (folder / f"{day:%Y-%m-%d}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return folder


def sample(values, n, chosen):
    return chosen.sample(values, n)


def test_no_change_is_reported_as_no_change():
    """200 look-backs on nothing: two disjoint draws of ten seeds of the same plan; at most 5 % may call a change clear.

    The rule's own rate is 1 % (`CLEAR`), two alarms; more than ten of 200 would come up once in ten thousand times.
    """
    chosen = random.Random(20)
    said = []
    for repeat in range(200):
        seeds = chosen.sample(DELAYS["baseline" if repeat % 2 else "best"], 20)
        (judged,) = judge_unpaired([(seeds[:10], seeds[10:])])
        said.append(said_of(judged))
    assert sum(of in ("less", "more") for of in said) <= 0.05 * 200
    # The 95 % interval leaves 0 out in one of twenty, and these are called a change that may be.
    assert 0 < sum(of != "level" for of in said) <= 0.1 * 200


def test_a_known_improvement_is_found():
    chosen = random.Random(21)
    said = []
    for _ in range(200):
        before, after = sample(DELAYS["baseline"], 10, chosen), sample(DELAYS["best"], 10, chosen)
        (judged,) = judge_unpaired([(after, before)])
        said.append(said_of(judged))
    assert said.count("less") >= 0.95 * 200
    assert "more" not in said
    assert "maybe more" not in said


def test_a_change_in_logs_is_that_of_the_days_means(tmp_path):
    before = write_log(tmp_path / "before", 5, on_green=0.4)
    after = write_log(tmp_path / "after", 5, on_green=0.7, start=MONDAY + datetime.timedelta(days=28))
    found = look_back(before, after)
    assert found.main.measure == "arrivals_on_green"
    assert said_of(found.main.judged) == "more"
    assert found.main.effect == "gains"
    assert (len(found.main.before), len(found.main.after)) == (5, 5)
    assert found.main.judged.plain.mean == pytest.approx(0.3, abs=0.1)
    assert {of.unit.lane_group for of in found.of("lane group")} == {"2", "6"}
    (failures,) = found.of("network", "split_failure_share")
    assert said_of(failures.judged) == "level"
    assert found.warnings == ()


def test_times_that_a_day_lacks_are_left_out_and_said(tmp_path):
    before = write_log(tmp_path / "before", 3, hours=(7, 8, 9))
    after = write_log(tmp_path / "after", 3, start=MONDAY + datetime.timedelta(days=7))
    found = look_back(before, after)
    # 2 phases, 2 hours, 2 rows an hour, 30 vehicles: the third hour does not make it more.
    assert found.traffic.before == (240.0,) * 3
    assert found.traffic.after == (240.0,) * 3
    assert ("times", "09:00:00 ... 09:30:00") in found.warnings


def test_weekends_and_other_traffic_are_said(tmp_path, capsys):
    before = write_log(tmp_path / "before", 5)
    after = write_log(tmp_path / "after", 5, start=MONDAY + datetime.timedelta(days=10), arrivals=39)
    assert cli.main(["compare", f"before={before}", f"after={after}", f"out={tmp_path / 'out'}"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Arrivals on green: no change is shown" in said
    assert "The traffic itself changed by +30.0 % in number of vehicles" in said
    assert "The shares of days on weekends differ, before and after: 0%, 40%." in said
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["verdict"], summary["measure"]) == ("level", "arrivals_on_green")
    assert summary["traffic"]["relative"] == pytest.approx(0.3)


def test_one_day_proves_nothing(tmp_path):
    before = write_log(tmp_path / "before", 1)
    after = write_log(tmp_path / "after", 4, on_green=0.9, start=MONDAY + datetime.timedelta(days=7))
    found = look_back(before, after)
    assert said_of(found.main.judged) == "level"
    assert ("few", "before") in found.warnings


def test_counts_tell_whether_the_traffic_changed(tmp_path):
    for name, factor, first in (("before", 1.0, MONDAY), ("after", 1.5, MONDAY + datetime.timedelta(days=7))):
        lines = ["time,leg,turn,vehicles"]
        for i in range(4):
            for leg, vehicles in (("west", 100), ("east", 60)):
                lines.append(
                    f"{first + datetime.timedelta(days=i)} 07:00:00,{leg},left,{round(factor * (vehicles + i))}"
                )
        (tmp_path / f"{name}.csv").write_text("\n".join(lines))
    found = look_back(tmp_path / "before.csv", tmp_path / "after.csv")
    assert (found.main.unit, found.main.measure) == (NETWORK, "vehicles")
    assert said_of(found.main.judged) == "more"
    assert found.main.relative == pytest.approx(0.5, abs=0.01)
    assert {of.unit for of in found.of("junction")} == {Unit("junction", "west left"), Unit("junction", "east left")}
    assert found.main.effect == ""  # more traffic is neither gain nor loss


def test_studies_that_share_no_seeds_are_looked_back_on(tmp_path):
    before = make_study(tmp_path / "march", scenario="town", holdout=tuple(range(101, 111)))
    after = make_study(tmp_path / "april", scenario="town", holdout=tuple(range(201, 211)))
    out = tmp_path / "out"
    assert cli.main(["compare", f"before={before}", f"after={after}", f"out={out}"]) == 0
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["measure"], summary["verdict"]) == ("delay_s", "level")
    assert {path.name for path in out.iterdir()} >= {"comparison.html", "comparison.parquet", "comparison.csv"}


def table(text):
    def prepare(before, after):
        for folder in (before, after):
            folder.mkdir()
        (before / "x.csv").write_text(text)

    return prepare


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (lambda a, b: (write_log(a, 2), write_log(b, 2)), "2026-03-02 is in before="),
        (lambda a, b: (make_study(a), make_study(b)), "share seed 101 and others of the same inputs. Say 'greensplit"),
        (lambda a, b: (write_log(a, 2), make_study(b)), "before is of a log, after of a simulation"),
        (lambda a, b: (make_study(a / "x"), make_study(a / "y", scenario="else")), "A look-back is of one scenario"),
        (lambda a, b: (a.mkdir(), b.mkdir()), "holds neither a study nor tables"),
        (table("time,leg\n2026-03-02 07:00:00,west\n"), "is neither a table of"),
        (table("time,vehicles\n7,3\n"), "column time holds Int64, not dates"),
        (table(""), "x.csv' cannot be read"),
        (lambda a, b: b.mkdir(), "before: there is no"),
    ],
)
def test_what_cannot_be_looked_back_on_is_one_line(tmp_path, capsys, prepare, says):
    before, after = tmp_path / "a", tmp_path / "b"
    prepare(before, after)
    assert cli.main(["compare", f"before={before}", f"after={after}", f"out={tmp_path / 'out'}"]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()
