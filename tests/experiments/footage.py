"""Invented footage: a street of signals and cars that accelerate, cruise, brake and stand."""

import json

import numpy as np
import polars

from engine.geometry import Geometry, Head, Junction, Lane
from experiments.report.packing import KINDS, Tracks

SIGNALS = 5
GAP_M = 300.0


def street():
    """Streets east and north through five signals, four lanes each."""
    lanes, junctions, heads = [], [], []
    for k in range(SIGNALS):
        at = GAP_M * (k + 1)
        name = f"J{k}"
        corner = 8.0
        junctions.append(
            Junction(name, name, tuple((at + x * corner, y * corner) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))))
        )
        for i in range(2):
            aside = 1.6 + 3.2 * i
            ways = {
                "e": ((at - GAP_M + 8, -aside), (at - 8, -aside)),
                "w": ((at + GAP_M - 8, aside), (at + 8, aside)),
                "n": ((at + aside, -GAP_M), (at + aside, -8)),
                "s": ((at - aside, GAP_M), (at - aside, 8)),
            }
            for j, (way, shape) in enumerate(ways.items()):
                lane = Lane(f"{name}{way}_{i}", f"{name}{way}", "road", 3.2, shape)
                lanes.append(lane)
                heads.append(Head(name, 2 * j + i, lane.id))
    return Geometry(tuple(lanes), tuple(junctions), tuple(heads))


def letters(seconds):
    """Each signal's letters as (second, letters) at every change."""
    phases = ((30, "GGGGrrrr"), (3, "yyyyrrrr"), (2, "rrrrrrrr"), (25, "rrrrGGgg"), (3, "rrrryyyy"), (2, "rrrrrrrr"))
    found = {}
    for k in range(SIGNALS):
        second, changes = -10 * k, []
        while second <= seconds:
            for lasts, state in phases:
                changes.append((max(second, 0), state))
                second += lasts
        latest = dict(changes)  # what ended before the begin is overwritten
        found[f"J{k}"] = sorted(latest.items())
    return found


def driven(n, seconds, seed=1):
    """Tracks of `n` vehicles that are there all the time, east or west or across; `seconds` places each."""
    rng = np.random.default_rng(seed)
    speed = np.zeros((n, seconds))
    wish = rng.uniform(8.0, 16.0, n)
    for k in range(1, seconds):
        red = ((k + rng.integers(0, 4, n) + 13 * np.arange(n)) % 65) > 35
        speed[:, k] = np.clip(speed[:, k - 1] + np.where(red, -2.5, 1.5) + rng.normal(0, 0.3, n), 0.0, wish)
    way_m = (rng.uniform(0.0, GAP_M * SIGNALS, n)[:, None] + np.cumsum(speed, 1)) % (GAP_M * SIGNALS)
    angle = rng.choice([0.0, 90.0, 180.0, 270.0], n)
    forward = np.radians(angle)[:, None]
    middle = np.where(angle % 180 == 0, GAP_M * (1 + rng.integers(0, SIGNALS, n)), 0.5 * GAP_M * SIGNALS)[:, None]
    along = way_m - 0.5 * GAP_M * SIGNALS
    along = np.where((angle % 180 == 0)[:, None], along % (2 * GAP_M) - GAP_M, along)
    aside = (1.6 + 3.2 * rng.integers(0, 2, n))[:, None]
    x = middle + along * np.sin(forward) + aside * np.cos(forward)
    y = along * np.cos(forward) - aside * np.sin(forward)
    return Tracks(
        np.zeros(n, np.int64),
        np.full(n, seconds, np.int64),
        rng.choice([0, 0, 0, 0, 1, 2], n).astype(np.int64),
        rng.choice([4.5, 5.0, 12.0], n),
        x.ravel(),
        y.ravel(),
        np.repeat(angle, seconds),
    )


BEGIN_S = 27000.0


def filmed(folder, n_vehicles, seconds):
    """Write a playback into a made study's folder and return the folder."""
    summary = json.loads((folder / "summary.json").read_text())
    summary["playback"] = {"begin_s": BEGIN_S, "end_s": BEGIN_S + seconds, "seed": 101}
    (folder / "summary.json").write_text(json.dumps(summary))
    street().write(folder / "geometry.json")
    tables, states = [], []
    for seed, plan in enumerate(("baseline", (summary["candidate"] or summary["best"])["plan_id"])):
        tracks = driven(n_vehicles, seconds + 1, seed)
        columns = {
            "plan_id": np.full(len(tracks.x_m), plan),
            "vehicle": np.repeat([f"v{i}" for i in range(n_vehicles)], tracks.count),
            "kind": np.repeat([KINDS[kind] for kind in tracks.kind], tracks.count),
            "length_m": np.repeat(tracks.length_m, tracks.count),
            "time_s": np.tile(BEGIN_S + np.arange(seconds + 1), n_vehicles),
            "x_dm": np.rint(10 * tracks.x_m).astype(np.int32),
            "y_dm": np.rint(10 * tracks.y_m).astype(np.int32),
            "angle_deg": tracks.angle_deg.astype(np.int16),
        }
        tables.append(polars.DataFrame(columns))
        for signal, changes in letters(seconds).items():
            states += [
                {"plan_id": plan, "signal": signal, "time_s": BEGIN_S + k, "state": state} for k, state in changes
            ]
    polars.concat(tables).write_parquet(folder / "playback.parquet")
    polars.DataFrame(states).write_parquet(folder / "signal_states.parquet")
    return folder
