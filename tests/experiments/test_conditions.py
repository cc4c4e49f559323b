"""A scenario under a condition goes through every command as any other does."""

import json

import polars
import pytest

from tests.experiments.test_sweep import greensplit

CLOSED = (
    "conditions=[rain,lane_closed]", "conditions.lane_closed.lanes=[in3_1]", "conditions.lane_closed.begin_s=27000",
)  # fmt: skip
SHORT = (
    "scenario.end_s=27600", "seeds=[1,2]", "search.holdout_seeds=[101,102]", "report.playback_s=0", "workers=2",
)  # fmt: skip


@pytest.mark.slow
def test_a_day_of_rain_with_a_closed_lane_goes_through_every_command(tmp_path):
    dry, wet, best = (tmp_path / name for name in ("dry", "wet", "best"))
    greensplit("sweep", *SHORT, "search.budget=4", f"out={dry}")
    greensplit("sweep", *SHORT, *CLOSED, "search.budget=4", f"out={wet}")
    delays = [
        polars.read_parquet(folder / "results.parquet")
        .filter(polars.col("plan_id") == "baseline")["control_delay_s"]
        .mean()
        for folder in (dry, wet)
    ]
    assert delays[1] > 1.1 * delays[0]
    notes = json.loads((wet / "summary.json").read_text(encoding="utf-8"))["notes"]
    assert any("Rain: free speed x 0.88" in note for note in notes)
    assert "Rain: free speed x 0.88" in (wet / "report.html").read_text(encoding="utf-8")

    greensplit("optimize", *SHORT, *CLOSED, "search.budget=12", "search.finalists=1", f"out={best}")
    assert (best / "best.add.xml").is_file()
    # Two studies of one scenario on different days are two scenarios.
    compared = tmp_path / "compared"
    greensplit("compare", str(dry), str(wet), f"out={compared}")
    assert (compared / "comparison.html").is_file()
    assert "as recorded" in greensplit("replay", str(best)).stdout

    run = greensplit("run", *CLOSED, "scenario.end_s=27600").stdout
    assert "in3_1" in run
