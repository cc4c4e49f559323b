"""`greensplit calibrate`: a scenario's folder whose traffic passes what was counted, with a page that shows how well."""

from __future__ import annotations

import csv
import io
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments._json import hand_out
from experiments._pool import n_workers
from experiments._prepare import prepare
from experiments.calibrate.fitting import Fit, Fitted, fit
from experiments.calibrate.trial import Observed, Street, Trial, rows
from experiments.config import CalibrateConfig
from experiments.demand import asked_of, sources_of
from experiments.report._language import speaking
from experiments.report.calibration import Calibration, Driven, Missed, Row, calibration_page
from scenarios.demand.counts import binned
from scenarios.demand.fleet import Drivers, driven
from scenarios.demand.making import Made, cold_start, counted, ground_of, inherited
from scenarios.demand.targets import read_queues, read_travel_times
from scenarios.folder import making

__all__ = ["main"]


def main(config: CalibrateConfig) -> int:
    """Fit, judge on held-out seeds, and leave the scenario with its page. Returns 0, or 1 where it misses its aims."""
    assert config.out is not None  # the configuration refuses to be without
    workers = n_workers(config)
    bounds = {key: getattr(config, key) for key in ("tau", "speed_factor", "min_gap", "sigma")}
    with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch, making(config.out) as folder:
        street = _street(config, Path(scratch))
        found = fit(street, Fit(config.seeds, config.rounds, config.driver_runs, bounds, workers), _say)
        _say(f"judging on {len(config.holdout_seeds)} held-out seeds")
        before = Trial.of(street.bins, Drivers(), street).run(street, config.holdout_seeds, workers)
        after = found.trial.run(street, config.holdout_seeds, workers)
        calibration = _calibration(config, street, found, before, after)
        note = (
            f"Demand and driving are calibrated to {', '.join(path.name for path in street.sources.files)}: "
            f"{calibration.n_fits} of {len(calibration.rows)} counted places and hours have a GEH below 5 on "
            f"{len(config.holdout_seeds)} held-out seeds."
        )
        notes = (*inherited(street.ground.scenario), note, *cold_start(street.window, street.asked))
        made = Made(f"calibrated demand on {street.ground.scenario.name}", notes)
        found.trial.write(folder, config.out.absolute().name, street, made)
        record = _record(calibration, street, found)
        (folder / "calibration.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
        (folder / "calibration.csv").write_text(_table(calibration.rows), "utf-8")
        with speaking(config.report.language or "en"):
            (folder / "calibration.html").write_text(calibration_page(calibration), "utf-8")
    if config.json:
        hand_out({"scenario": str(config.out), **record}, None, printed=True)
    else:
        _show(calibration, config.out)
    return 0 if calibration.passes else 1


def _street(config: CalibrateConfig, scratch: Path) -> Street:
    scenario, network = prepare(config.scenario, scratch / "scenario", queue_max_m=1000.0)
    asked, sources = asked_of(config), sources_of(config)
    ground = ground_of(scenario, network, asked)
    times = read_travel_times(config.travel_times, ground.places, config.shift_s) if config.travel_times else ()
    queues = read_queues(config.queues, ground.places) if config.queues else ()
    counts = counted(sources, ground, asked)
    return Street(ground, asked, sources, counts, binned(counts), times, queues)


def _calibration(
    config: CalibrateConfig, street: Street, found: Fitted, before: Observed, after: Observed
) -> Calibration:
    times = [
        Missed(f"{of.start} \N{RIGHTWARDS ARROW} {of.end}", of.seconds, *_means(i, before, after, "travel_s"))
        for i, of in enumerate(street.travel_times)
    ]
    queues = [
        Missed(f"{of.signal} {of.approach}", of.metres, *_means(i, before, after, "queues_m"))
        for i, of in enumerate(street.queues)
    ]
    step_s = street.ground.scenario.step_s
    fleet = [
        Driven(of["id"], share, of, driven(of, found.trial.drivers, step_s))
        for of, share in zip(street.ground.fleet.types, street.ground.fleet.shares, strict=True)
    ]
    return Calibration(
        scenario=street.ground.scenario.name,
        sources=tuple(path.name for path in street.sources.files),
        window=street.window,
        seeds=config.seeds,
        holdout_seeds=config.holdout_seeds,
        simulations=found.simulations + len(before.runs) + len(after.runs),
        rows=tuple(rows(street, after)),
        n_before=sum(row.fits for row in rows(street, before)),
        travel_times=tuple(times),
        queues=tuple(queues),
        fleet=tuple(fleet),
        drivers_fitted=found.drivers_fitted,
        notes=tuple(inherited(street.ground.scenario)),
    )


def _means(at: int, before: Observed, after: Observed, name: str) -> tuple[float | None, float | None]:
    means = []
    for observed in (before, after):
        values = [value for run in observed.runs if (value := getattr(run, name)[at]) is not None]
        means.append(statistics.fmean(values) if values else None)
    return means[0], means[1]


def _record(calibration: Calibration, street: Street, found: Fitted) -> dict[str, Any]:
    return {
        "passes": calibration.passes,
        "geh_under_5": round(calibration.n_fits / len(calibration.rows), 4),
        "geh_under_5_before": round(calibration.n_before / len(calibration.rows), 4),
        "seeds": list(calibration.seeds),
        "holdout_seeds": list(calibration.holdout_seeds),
        "simulations": calibration.simulations,
        "misfit": round(found.misfit, 6),
        "drivers": asdict(found.trial.drivers),
        "vehicles": len(found.trial.vehicles),
        "rows": [_rounded(row) for row in calibration.rows],
        "travel_times": [asdict(of) for of in calibration.travel_times],
        "queues": [asdict(of) for of in calibration.queues],
        "inputs": [path.name for path in street.sources.files],
    }


def _rounded(row: Row) -> dict[str, Any]:
    values = {key: round(value, 3) if isinstance(value, float) else value for key, value in asdict(row).items()}
    return values | {"fits": row.fits}


def _table(found: Sequence[Row]) -> str:
    stream = io.StringIO()
    table = csv.DictWriter(stream, list(_rounded(found[0])), lineterminator="\n")
    table.writeheader()
    table.writerows(_rounded(row) for row in found)
    return stream.getvalue()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _show(of: Calibration, out: Path) -> None:
    print(f"{out}: {of.n_fits} of {len(of.rows)} counted places and hours have a GEH below 5 (before: {of.n_before}).")
    for row in of.rows:
        if not row.fits:
            print(
                f"- {row.junction}: {row.label}: {row.counted_veh_h:.0f} counted, {row.simulated_veh_h:.0f} simulated, "
                f"veh/h, GEH {row.geh:.1f}"
            )
    for what, missed in (("travel time", of.travel_times), ("queue", of.queues)):
        for one in missed:
            unit = "s" if what == "travel time" else "m"
            simulated = "nothing" if one.after is None else f"{one.after:.1f} {unit}"
            print(f"- {what} {one.label}: {one.observed:g} {unit} observed, {simulated} simulated")
    print(f"{'All aims are met' if of.passes else 'Not all aims are met'}: {out / 'calibration.html'}")
    print(f"\nNext: greensplit optimize scenario={out}")
