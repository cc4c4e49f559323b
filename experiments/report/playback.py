"""The playback of a study's page: the recorded minutes of both plans, packed for the page's own player."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from experiments.report.packing import KINDS, Footage, Tracks, packed_within
from experiments.report.study import ShownPlan, StudyData, damaged

if TYPE_CHECKING:
    import polars

__all__ = ["SCRIPTS", "Moment", "PlaybackShown", "shown"]

SCRIPTS = ("playback_unpack.js", "playback_scene.js", "playback.js")
"""The player: it shares names from one to the next."""
MOST_BYTES = 800_000
ROWS = 10
STANDING_M_S = 5.0 / 3.6


@dataclass(frozen=True)
class Moment:
    """How many vehicles there are at a moment, and how many of them stand, under each plan."""

    time_s: float
    counts: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class PlaybackShown:
    """What the page plays.

    Attributes:
        seed: of the runs.
        begin_s: its first moment, simulation time in seconds.
        seconds, recorded_s: how many it plays, and how many were recorded.
        text: what the player unpacks.
        rows: the same as numbers, some moments of it.
    """

    seed: int
    begin_s: float
    seconds: int
    recorded_s: int
    text: str
    rows: tuple[Moment, ...]


def shown(study: StudyData, room: int = MOST_BYTES) -> PlaybackShown | None:
    """Return the study's playback; `None` where none was recorded, or too much drives for the page.

    Args:
        study: the study's data.
        room: how many bytes of the page are left for it.

    Raises:
        InputError: a file of it is damaged.
    """
    of_study = study.summary.get("playback")
    if not of_study or study.geometry is None or not all((study.folder / name).is_file() for name in COLUMNS):
        return None
    begin_s, recorded_s = of_study["begin_s"], int(of_study["end_s"] - of_study["begin_s"])
    vehicles, states = (_table(study, name, columns) for name, columns in COLUMNS.items())
    footage = [_footage(plan, vehicles, states, begin_s) for plan in study.plans]
    found = packed_within(study.geometry, footage, recorded_s, min(room, MOST_BYTES))
    if found is None or not all(len(of.tracks.count) for of in footage):
        return None
    moments = range(0, found.seconds + 1, max(1, found.seconds // ROWS))
    counts = [_counts(of.tracks.on_grid(found.unit_m), moments) for of in footage]
    rows = tuple(Moment(begin_s + second, of) for second, *of in zip(moments, *counts, strict=True))
    return PlaybackShown(of_study["seed"], begin_s, found.seconds, recorded_s, found.text, rows)


COLUMNS = {
    "playback.parquet": ("plan_id", "vehicle", "kind", "length_m", "time_s", "x_dm", "y_dm", "angle_deg"),
    "signal_states.parquet": ("plan_id", "signal", "time_s", "state"),
}


def _table(study: StudyData, name: str, columns: tuple[str, ...]) -> polars.DataFrame:
    import polars  # noqa: PLC0415  takes its time to import

    file = study.folder / name
    try:
        return polars.read_parquet(file, columns=list(columns))
    except (OSError, polars.exceptions.PolarsError) as error:
        raise damaged(file, str(error).splitlines()[0] if str(error) else type(error).__name__) from error


def _footage(plan: ShownPlan, vehicles: polars.DataFrame, states: polars.DataFrame, begin_s: float) -> Footage:
    import polars  # noqa: PLC0415  takes its time to import

    mine = polars.col("plan_id") == plan.summary["plan_id"]
    letters: dict[str, list[tuple[int, str]]] = {}
    for signal, time_s, state in states.filter(mine).sort("time_s").select("signal", "time_s", "state").iter_rows():
        letters.setdefault(signal, []).append((round(time_s - begin_s), state))
    return Footage(_tracks(vehicles.filter(mine), begin_s), letters)


def _tracks(table: polars.DataFrame, begin_s: float) -> Tracks:
    """Return the tracks of one plan: a vehicle's rows, as long as no second is missing."""
    table = table.sort("vehicle", "time_s")
    second = np.rint(table["time_s"].to_numpy() - begin_s).astype(np.int64)
    vehicle = table["vehicle"].rle_id().to_numpy()
    first = np.flatnonzero((np.diff(vehicle, prepend=-1) != 0) | (np.diff(second, prepend=-9) != 1))
    count = np.diff(first, append=len(second))
    order = np.argsort(second[first], kind="stable")
    rows = np.concatenate([np.arange(first[i], first[i] + count[i]) for i in order]) if len(order) else first
    kind = table["kind"].replace_strict({name: i for i, name in enumerate(KINDS)}, default=0).to_numpy()
    of_track = first[order]
    x_m, y_m, angle_deg = (
        table[name].to_numpy()[rows] * unit for name, unit in (("x_dm", 0.1), ("y_dm", 0.1), ("angle_deg", 1.0))
    )
    return Tracks(
        second[of_track], count[order], kind[of_track], table["length_m"].to_numpy()[of_track], x_m, y_m, angle_deg
    )


def _counts(tracks: Tracks, moments: range) -> list[tuple[int, int]]:
    """Return (vehicles, of them standing) at some moments."""
    track = np.repeat(np.arange(len(tracks.count)), tracks.count)
    first = np.cumsum(tracks.count) - tracks.count
    row = np.arange(len(track))
    second = tracks.start_s[track] + row - first[track]
    before, after = np.maximum(row - 1, first[track]), np.minimum(row + 1, (first + tracks.count)[track] - 1)
    way_m = np.hypot(tracks.x_m[after] - tracks.x_m[before], tracks.y_m[after] - tracks.y_m[before])
    standing = way_m < STANDING_M_S * np.maximum(after - before, 1)
    drives = (tracks.kind != KINDS.index("person"))[track]
    found = []
    for moment in moments:
        here = drives & (second == moment)
        found.append((int(here.sum()), int((here & standing).sum())))
    return found
