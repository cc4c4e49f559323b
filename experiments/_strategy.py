"""Makes the search that a configuration asks for, with what it may know before the first simulation."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.arteries import Artery, arteries
from engine.errors import InputError
from engine.hcm import analyse
from engine.hcm.method import Method
from engine.hcm.volumes import count
from engine.network import Network
from engine.plan import Plan
from engine.progression import bandwidth_offsets
from engine.risk import Risk
from engine.scenario import Scenario
from engine.screening.model import ScreeningModel
from engine.screening.runs import baseline_traces
from engine.search import SEARCHES, Search
from engine.space import PlanSpace
from engine.sumo.demand import scan
from engine.sumo.lanes import read_roads
from engine.sumo.routes import read_streams
from engine.webster import webster_plans
from experiments.config import SearchStudyConfig

__all__ = ["Site", "calibration_seeds", "strategy"]

CALIBRATION_RUNS = 3
CYCLES = (0.5, 0.25, 0.75, 0.0, 1.0)
"""Cycles that bands are sought for, as places between the space's bounds; with a radius, the first is today's."""

SCALES = (1.0, 1.2, 0.85, 1.45, 0.7)
"""Of Webster's cycle: delay is flat around its least, and what meets at real junctions moves that least."""


@dataclass(frozen=True)
class Site:
    """One scenario that plans run in: what is simulated, how much it counts, and the folder of its study."""

    scenario: Scenario
    network: Network
    weight: float
    folder: Path


def calibration_seeds(config: SearchStudyConfig, space: PlanSpace) -> tuple[int, ...]:
    """Return the seeds of today's plan that a screening model is built from; none where the search has no model.

    A set's members are draws of their own: together they have as many runs as one scenario has, or one each.
    """
    screened = config.search.name == "race" and config.search.screen and space.n_dimensions
    return config.seeds[: math.ceil(CALIBRATION_RUNS / len(config.members()))] if screened else ()


def strategy(
    config: SearchStudyConfig, sites: Sequence[Site], space: PlanSpace, workers: int, say: Callable[[str], None]
) -> Search:
    """Return the search; `say` is told what takes long.

    Args:
        config: what is asked for.
        sites: the scenarios that plans run in; what a textbook says is of the first one.
        space, workers: where plans come from; simulations at a time.

    Raises:
        InputError: it cannot follow the objective.
    """
    name = config.search.name
    kind = SEARCHES[name]
    if config.objective.front and not kind.several:
        several = ", ".join(name for name, of in SEARCHES.items() if of.several)
        raise InputError(
            f"search={name} follows one objective, and objective.front names several measures. Choose one of: {several}."
        )
    more: dict[str, Any] = {}
    scenario, network = sites[0].scenario, sites[0].network
    if name == "grid":
        more["levels"] = config.search.levels
    if name == "maxband":
        more["starts"] = _bands(space, CYCLES, _arteries(scenario, network, space))
    if name == "webster":
        more["starts"] = _retimed(scenario, network, space, SCALES, _arteries(scenario, network, space))
    if name == "race":
        proving = {*config.search.confirm_seeds, *config.search.holdout_seeds}
        more["leader_seeds"] = [seed for seed in config.search.leader_seeds if seed not in proving]
        seeds = calibration_seeds(config, space)
        # Runs of today's plan go on in a process of their own: what begins the race is worked out meanwhile.
        with ThreadPoolExecutor(1) as beside:
            starts = beside.submit(_first_plans, scenario, network, space)
            if seeds:
                n_runs = len(seeds) * len(sites)
                say(
                    f"{n_runs} run{'s' * (n_runs > 1)} of today's plan come first: the screening model is built from them"
                )
                more["screen"] = _screen(sites, config.objective.risk(), seeds, workers)
            more["starts"] = starts.result()
    return kind(space, config.search.seed, config.seeds, **more)


def _first_plans(scenario: Scenario, network: Network, space: PlanSpace) -> list[Plan]:
    """Return what textbooks say: today's greens with bandwidth-optimal offsets, and Webster's retiming."""
    found = _arteries(scenario, network, space)
    plans = _bands(space, CYCLES[:1], found)
    # A start more is no reason to fail: demand that cannot be read without simulating is simulated all the same.
    with contextlib.suppress(InputError):
        plans += _retimed(scenario, network, space, SCALES[:1], found)
    return plans


def _bands(space: PlanSpace, cycles: Sequence[float], found: Sequence[Artery] | None) -> list[Plan]:
    """Return today's greens with bandwidth-optimal offsets, for some cycles; none where no offset may change."""
    if found is None:
        return []
    today = space.to_unit(space.encode(space.nearest(Plan(space.programs))))
    plans = []
    for place in cycles if "cycle" in space.names else cycles[:1]:
        unit = np.array([place if name == "cycle" else at for name, at in zip(space.names, today, strict=True)])
        plans.append(bandwidth_offsets(space.decode(space.from_unit(unit)).programs, found))
    return plans


def _retimed(
    scenario: Scenario, network: Network, space: PlanSpace, scales: Sequence[float], found: Sequence[Artery] | None
) -> list[Plan]:
    """Return today's stages with Webster's cycle and splits, for some scales of the cycle, and the offsets to fit.

    Raises:
        InputError: demand that cannot be read.
    """
    if not {name.partition(" ")[0] for name in space.names} & {"cycle", "green"}:
        return []
    method = Method()
    streams, roads = read_streams(scenario), read_roads(scenario.net)
    volumes = count(scenario, network, streams.vehicles, streams.walks, roads.crossed, method.period_h)
    rows = analyse(network, roads, Plan(()), volumes, method).groups
    # Scales that end at the same bound are one plan.
    plans = list({plan.plan_id: plan for plan in webster_plans(space, network, rows, method, scales)}.values())
    return plans if found is None else [bandwidth_offsets(plan.programs, found) for plan in plans]


def _arteries(scenario: Scenario, network: Network, space: PlanSpace) -> list[Artery] | None:
    """Return what offsets are to be found for; `None`, without reading the demand, where no offset may change."""
    if not any(name.startswith("offset") for name in space.names):
        return None
    return arteries(network, scan([*scenario.routes, *scenario.additional]).edges)


def _screen(sites: Sequence[Site], risk: Risk, seeds: Sequence[int], workers: int) -> Any:
    """Return what screening models say of plans, as `engine.search.Screen`; `None` where nobody drives."""
    models = []
    for site in sites:
        traces = baseline_traces(site.scenario, site.network, seeds, workers, site.folder)
        if not any(trace.trips for trace in traces):
            return None
        n_draws = CALIBRATION_RUNS if len(sites) == 1 else len(traces)
        models.append(ScreeningModel.build(site.scenario, site.network, traces, n_draws).calibrated())
    return functools.partial(_medians, models, risk, [site.weight for site in sites], workers)


def _medians(
    models: Sequence[ScreeningModel], risk: Risk, weights: Sequence[float], threads: int, plans: Sequence[Plan]
) -> npt.NDArray[np.float64]:
    """Return the median over the draws of the delay, or of its risk over several scenarios, draw by draw."""
    delays_s = [model.score(plans, threads).delay_s for model in models]
    of_each = delays_s[0] if len(models) == 1 else risk.values(np.array(delays_s), weights)
    median: npt.NDArray[np.float64] = np.median(of_each, axis=1)
    return median
