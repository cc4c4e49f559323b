"""Reads a signal controller's high-resolution log and scores it with the kernels."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import InputError
from kernels.events import OFF, ON, SIGNAL, arrivals_on_green, cycle_occupancies, mended, phase_state

__all__ = ["DETECTOR_COLUMNS", "LOG_COLUMNS", "actuations", "read_table", "score"]

LOG_COLUMNS = ("TimeStamp", "DeviceId", "EventId", "Parameter")
DETECTOR_COLUMNS = ("DeviceId", "Phase", "Parameter", "Function")
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
SLACK_MS = MINUTE_MS
"""A log that begins or ends this near to a bin's is taken to hold it whole: events are not there at every moment."""


def read_table(path: Path, columns: tuple[str, ...], what: str) -> Any:
    """Return a Parquet or CSV file as a Polars table with these columns.

    Raises:
        InputError: the file cannot be read, or a column is missing or holds something else.
    """
    import polars  # noqa: PLC0415  takes its time to import

    try:
        table = polars.read_parquet(path) if path.suffix == ".parquet" else polars.read_csv(path, try_parse_dates=True)
    except (OSError, polars.exceptions.PolarsError) as error:
        raise InputError(f"'{path}' cannot be read as {what}: {error}. Give a Parquet or CSV file.") from error
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise InputError(
            f"'{path}' has no column {', '.join(missing)}; {what} has the columns {', '.join(columns)}. Rename them."
        )
    for name in columns:
        kind = table[name].dtype
        wanted = {"TimeStamp": "times", "Function": "words"}.get(name, "whole numbers")
        fits = {"times": kind == polars.Datetime, "words": kind == polars.String, "whole numbers": kind.is_integer()}
        if not fits[wanted] or table[name].null_count():
            raise InputError(f"'{path}': column {name} holds {kind} or empty places; it must hold {wanted} throughout.")
    return table.select(columns)


def score(log: Any, detectors: Any, bin_min: int = 15) -> list[dict[str, Any]]:
    """Return one row for each device, phase and bin of time: arrivals on green and split failures.

    Args:
        log: table with `LOG_COLUMNS`.
        detectors: table with `DETECTOR_COLUMNS`: the phase that each detector (``Parameter``) belongs to, and whether
            it is set back from the stop line (``Function`` Advance) or at it (Presence).
        bin_min: length of a bin, minutes.

    Returns:
        Rows sorted by device, phase and time. Measures that a phase has no detector for are `None`.
    """
    import polars  # noqa: PLC0415  takes its time to import

    log = log.with_columns(polars.col("TimeStamp").dt.epoch("ms"))
    bin_ms = bin_min * MINUTE_MS
    end_ms = (int(log["TimeStamp"].max()) // bin_ms + 1) * bin_ms if len(log) else 0
    rows: dict[tuple[int, int, int], dict[str, Any]] = {}
    for device, phase, events, functions in _phases(log, detectors):
        signal = _arrays(events.filter(polars.col("EventId").is_in(SIGNAL) & (polars.col("Parameter") == phase)))

        def row(at_ms: int, device: int = device, phase: int = phase) -> dict[str, Any]:
            return rows.setdefault((device, phase, at_ms), _empty(device, phase, at_ms))

        if "Advance" in functions:
            on = _arrays(
                events.filter((polars.col("EventId") == ON) & polars.col("Parameter").is_in(functions["Advance"]))
            )
            times, codes = (np.concatenate(parts) for parts in zip(signal, on, strict=True))
            for at_ms, came, on_green in zip(*arrivals_on_green(times, codes, bin_ms), strict=True):
                row(int(at_ms)).update(
                    arrivals_veh=int(came), on_green_veh=int(on_green), arrivals_on_green=float(on_green / came)
                )
        if "Presence" in functions:
            states = []
            for detector in functions["Presence"]:
                of = events.filter(polars.col("EventId").is_in((OFF, ON)) & (polars.col("Parameter") == detector))
                states.append(mended(*_arrays(of)))
            times, codes = (np.concatenate(parts) for parts in zip(signal, phase_state(states), strict=True))
            cycles = cycle_occupancies(times, codes, end_ms)
            bins = cycles.judged_ms - cycles.judged_ms % bin_ms
            for at_ms in np.unique(bins):
                of_bin = bins == at_ms
                row(int(at_ms)).update(
                    cycles=int(of_bin.sum()),
                    green_s=float(cycles.green_s[of_bin].mean()),
                    green_occupancy=float(cycles.green_occupancy[of_bin].mean()),
                    red_occupancy=float(cycles.red_occupancy[of_bin].mean()),
                    split_failures=int(cycles.failed[of_bin].sum()),
                )
    return [rows[key] for key in sorted(rows)]


def actuations(log: Any, bin_min: int = 15) -> dict[tuple[int, int, float], int]:
    """Return how often each detector switched on, by device, detector and begin of the bin, seconds of the first day.

    Only bins that lie wholly between the log's first and last event count: in others it may have missed vehicles.

    Args:
        log: table with `LOG_COLUMNS`.
        bin_min: length of a bin, minutes.

    Raises:
        InputError: the log is shorter than a bin.
    """
    import polars  # noqa: PLC0415  takes its time to import

    times = log.select(polars.col("TimeStamp").dt.epoch("ms").alias("at"), "DeviceId", "EventId", "Parameter")
    bin_ms = bin_min * MINUTE_MS
    first, last = int(times["at"].min() or 0), int(times["at"].max() or 0)
    begin, end = -(-first // bin_ms) * bin_ms, last // bin_ms * bin_ms
    if len(times) and first % bin_ms < SLACK_MS:
        begin = first // bin_ms * bin_ms
    if len(times) and last % bin_ms > bin_ms - SLACK_MS:
        end = (last // bin_ms + 1) * bin_ms
    if end <= begin:
        raise InputError(
            f"the log holds no whole {bin_min} minutes that begin on a multiple of {bin_min} minutes. Give a longer log."
        )
    day_ms = begin // DAY_MS * DAY_MS
    inside = times.filter((polars.col("EventId") == ON) & polars.col("at").is_between(begin, end, closed="left"))
    counted = (
        inside.group_by("DeviceId", "Parameter", polars.col("at") // bin_ms).len().sort("DeviceId", "Parameter", "at")
    )
    return {
        (int(device), int(parameter), (at * bin_ms - day_ms) / 1000.0): int(number)
        for device, parameter, at, number in counted.iter_rows()
    }


def _phases(log: Any, detectors: Any) -> Iterator[tuple[int, int, Any, dict[str, list[int]]]]:
    """Yield (device, phase, the device's events, detectors by function)."""
    import polars  # noqa: PLC0415  takes its time to import

    for (device,), of_device in sorted(detectors.group_by(["DeviceId"]), key=lambda item: item[0]):
        events = log.filter(polars.col("DeviceId") == device)
        for (phase,), of_phase in sorted(of_device.group_by(["Phase"]), key=lambda item: item[0]):
            functions: dict[str, list[int]] = {}
            for detector, function in of_phase.select("Parameter", "Function").sort("Parameter").iter_rows():
                functions.setdefault(function, []).append(int(detector))
            yield int(device), int(phase), events, functions


def _arrays(events: Any) -> tuple[Any, Any]:
    return tuple(events[name].to_numpy().astype(np.int64) for name in ("TimeStamp", "EventId"))


def _empty(device: int, phase: int, at_ms: int) -> dict[str, Any]:
    return {
        "device": device,
        "phase": phase,
        "time": datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).replace(tzinfo=None),
        "arrivals_veh": None,
        "on_green_veh": None,
        "arrivals_on_green": None,
        "cycles": None,
        "green_s": None,
        "green_occupancy": None,
        "red_occupancy": None,
        "split_failures": None,
    }
