"""The few SUMO runs of the plan in the net that the screening model learns from."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from engine.files import replacing
from engine.network import Network
from engine.result import RunResult
from engine.scenario import Scenario
from engine.sumo.traces import Trace
from engine.traced import traced_runs

__all__ = ["baseline_traces"]


def baseline_traces(
    scenario: Scenario, network: Network, seeds: Sequence[int], workers: int = 1, folder: Path | None = None
) -> list[Trace]:
    """Simulate the plan in the net once a seed, `workers` at a time, and return what the vehicles did, by seed.

    Args:
        scenario, network: what is simulated.
        seeds: SUMO's.
        workers: simulations at a time.
        folder: where each trace is kept, and found again the next time: a study's of this scenario.

    Raises:
        InputError: SUMO refuses the scenario.
        engine.nursery.LostError: a simulation's process died.
    """
    files = {seed: folder / f"calibration-{seed}.json.gz" for seed in seeds} if folder else {}
    traces = {seed: trace for seed, file in files.items() if (trace := _found(file))}
    missing = [seed for seed in seeds if seed not in traces]

    def kept(seed: int, trace: Trace, _: RunResult) -> Trace:
        if files:
            _keep(trace, files[seed])
        return trace

    traces |= zip(missing, traced_runs(scenario, network, missing, workers, kept), strict=True)
    return [traces[seed] for seed in seeds]


def _keep(trace: Trace, path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(gzip.compress(msgspec.json.encode(trace), 3, mtime=0))


def _found(path: Path) -> Trace | None:
    """Return the trace of a file, or nothing where it is missing or damaged: then it is simulated anew."""
    try:
        return msgspec.json.decode(gzip.decompress(path.read_bytes()), type=Trace)
    except (OSError, EOFError, zlib.error, msgspec.MsgspecError):
        return None
