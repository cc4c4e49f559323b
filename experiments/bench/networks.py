"""The networks that figures are measured on, prepared once, and the commands that run them."""

from __future__ import annotations

import dataclasses
import functools
import pickle
import sys
import tempfile
from pathlib import Path

from engine.network import Network
from engine.scenario import Scenario
from engine.sumo.installation import binary
from engine.sumo.options import STANDING
from experiments._compose import compose
from experiments._prepare import prepare
from experiments.bench.scored import SEED

__all__ = ["bare_options", "bare_sumo", "measured", "our_run", "peer_loop", "scratch"]


@functools.cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="greensplit-bench-")


def scratch() -> Path:
    """Return a folder that lasts as long as the process."""
    return Path(_kept().name)


@functools.cache
def measured(name: str, seconds: float | None = None, measures: str = "traffic") -> tuple[Scenario, Network]:
    """Return a scenario by name, and its network: its first seconds, or the whole of it."""
    if seconds is None:
        config = compose("run", [f"scenario={name}"])
        return prepare(config.scenario, scratch() / name, config.queue.max_m, measures)
    scenario, network = measured(name, None, measures)
    return dataclasses.replace(scenario, end_s=scenario.begin_s + seconds), network


def bare_options(name: str, seconds: float | None = None) -> list[str]:
    """Return SUMO's options for a scenario without any output: those of our runs but for what scoring needs."""
    scenario, _ = measured(name, seconds)
    return ["-c", str(scenario.configuration), "--end", f"{scenario.end_s:g}", "--seed", str(SEED), *STANDING]


def bare_sumo(name: str, seconds: float | None = None) -> list[str]:
    """Return the command of SUMO's program alone, by its path: the one on PATH is a Python script that starts it."""
    return [str(binary("sumo")), *bare_options(name, seconds)]


def peer_loop(module: str, name: str, seconds: float) -> list[str]:
    """Return the command of one of `experiments.bench.peers`."""
    return [sys.executable, "-m", f"experiments.bench.peers.{module}", *bare_options(name, seconds)]


def our_run(name: str, seconds: float, backend: str = "native", measures: str = "traffic") -> list[str]:
    """Return the command of a scored run in one process: `experiments.bench.scored`."""
    file = scratch() / f"{name}-{seconds:g}-{measures}.pickle"
    if not file.exists():
        file.write_bytes(pickle.dumps(measured(name, seconds, measures)))
    return [sys.executable, "-m", "experiments.bench.scored", str(file), backend]
