"""Turns the sums of a finished simulation into measures. Definitions: docs/measures.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.entry import groups_by_entry
from engine.extras import Extras
from engine.levels import levels, queue_statistics
from engine.network import Network
from engine.result import CrossingResult, Cycle, GroupResult, RunResult, SignalResult
from engine.scenario import Scenario
from kernels.classes import CLASSES
from kernels.formulas import level_of_service
from kernels.scoring import Scorer
from kernels.walking import Walkers

__all__ = ["GRIDLOCK_S", "MIN_HEADWAYS", "USUAL_SATURATION_VEH_H", "run_result"]

MIN_HEADWAYS = 10
"""Fewer headways of a discharging queue say nothing of its saturation flow."""

USUAL_SATURATION_VEH_H = 1800.0
"""Per lane, where none was measured: two seconds a vehicle."""

GRIDLOCK_S = 300.0
"""Vehicles stand and nothing has moved for this long at the end of a gridlocked run."""


def run_result(
    scenario: Scenario,
    network: Network,
    scorer: Scorer,
    waiting: Iterable[tuple[Sequence[str], float, int]],
    incidents: Any,
    walkers: Walkers | None = None,
    extras: Extras | None = None,
) -> RunResult:
    """Return the measures of a simulation that has ended.

    Args:
        scenario, network: what was simulated.
        scorer: its sums, closed.
        waiting: (edges of the route, scheduled departure in seconds, class) of vehicles that were never inserted.
        incidents: has the counts `n_collisions` and `n_teleports`.
        walkers: the pedestrians' sums, closed; `None` where nobody walks.
        extras: the sums that `measures=all` adds, or `None`.
    """
    bound_for = groups_by_entry(network)
    for route, due_s, kind in waiting:
        scorer.wait(bound_for(route), due_s, kind)
    sums, classes = scorer.group_sums(), scorer.class_sums()
    groups, cycles = _groups(scenario, network, scorer, sums)
    served = sum(group.vehicles for group in groups)
    n = scorer.n_vehicles
    measures = {
        "delay_s": scorer.delay_sum_s / n if n else 0.0,
        "control_delay_s": sum(group.vehicles * (group.control_delay_s or 0.0) for group in groups) / max(served, 1),
        "stops_per_veh": scorer.n_stops / n if n else 0.0,
        "travel_time_p95_ratio": scorer.slowness_percentile(0.95),
        "travel_time_s": scorer.travel_sum_s / scorer.n_arrived if scorer.n_arrived else 0.0,
        "throughput_veh": scorer.n_arrived,
        "vehicles": n,
        "running_veh": scorer.n_running,
        "waiting_veh": scorer.n_waiting,
        "queue_max_m": max((group.queue_m[-1] for group in groups), default=0.0),
        "gridlock": int(scorer.n_running > 0 and scorer.still_s >= GRIDLOCK_S),
        "collisions": incidents.n_collisions,
        "teleports": incidents.n_teleports,
        "vehicle_seconds": scorer.vehicle_seconds,
        "spillback_s": sum(group.spillback_s for group in groups),
        "split_failures": sum(group.split_failures for group in groups),
        "arrivals_on_green": _share(sums["on_green"].sum(), sums["crossed"].sum()) or 0.0,
    }
    for i, name in enumerate(CLASSES):
        n_class = int(classes["vehicles"][i])
        measures[f"{name}_veh"] = n_class
        measures[f"{name}_delay_s"] = float(classes["delay_s"][i]) / n_class if n_class else 0.0
        measures[f"{name}_stops_per_veh"] = float(classes["stops"][i]) / n_class if n_class else 0.0
    crossings = _crossings(network, walkers) if walkers else ()
    walked = walkers.n_persons if walkers else 0
    crossed = sum(crossing.pedestrians for crossing in crossings)
    waited_s = sum(crossing.pedestrians * (crossing.wait_s or 0.0) for crossing in crossings)
    measures |= {
        "pedestrians": walked,
        "pedestrian_delay_s": walkers.delay_sum_s / walked if walkers and walked else 0.0,
        "pedestrian_wait_s": waited_s / crossed if crossed else 0.0,
        "pedestrian_wait_max_s": max((crossing.wait_max_s for crossing in crossings), default=0.0),
    }
    signals: tuple[SignalResult, ...] = ()
    if extras:
        more, signals = _extra_measures(network, extras)
        measures |= more
    higher = levels(network, scorer, groups, cycles)
    spread = _percentiles(scorer.delays_s())
    return RunResult(measures, groups, cycles, *higher, crossings, signals=signals, delay_percentiles_s=spread)


def _percentiles(delays_s: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """Return the smallest value, every percentile and the largest: 101 values, to 0.01; none where there is no vehicle."""
    if not len(delays_s):
        return ()
    return tuple(round(value, 2) for value in np.percentile(delays_s, np.arange(101)).tolist())


def _crossings(network: Network, walkers: Walkers) -> tuple[CrossingResult, ...]:
    sums = (values.tolist() for values in walkers.crossing_sums().values())
    return tuple(
        CrossingResult(crossing.signal, crossing.name, crossing.edge, persons, _share(wait_s, persons), longest_s)
        for crossing, persons, wait_s, longest_s in zip(network.crossings, *sums, strict=True)
    )


def _extra_measures(network: Network, extras: Extras) -> tuple[dict[str, float], tuple[SignalResult, ...]]:
    emissions, conflicts = extras.emissions.sums(), extras.conflicts.sums()
    columns: dict[str, list[Any]] = {name: values.tolist() for name, values in emissions.items()}
    columns |= {f"conflicts_{name}": values.tolist() for name, values in conflicts.items()}
    signals = tuple(
        SignalResult(signal.id, **{name: column[i] for name, column in columns.items()})
        for i, signal in enumerate(network.signals)
    )
    return {name: sum(column) for name, column in columns.items()}, signals


def _share(part: float, whole: float) -> float | None:
    return float(part) / float(whole) if whole > 0.0 else None


def _groups(
    scenario: Scenario, network: Network, scorer: Scorer, sums: Mapping[str, Any]
) -> tuple[tuple[GroupResult, ...], tuple[Cycle, ...]]:
    cycles = tuple(Cycle(*row) for row in scorer.cycle_rows())
    queues_m: list[list[float]] = [[] for _ in network.groups]
    queues_veh: list[list[float]] = [[] for _ in network.groups]
    for cycle in cycles:
        queues_m[cycle.group].append(cycle.queue_m)
        queues_veh[cycle.group].append(float(cycle.queue_veh))
    window_s = scenario.end_s - scenario.begin_s - scenario.warmup_s
    rows = []
    for i, (signal, approach, group) in enumerate(network.groups):
        of = {name: values[i].item() for name, values in sums.items()}
        control_delay_s = _share(of["delay_s"], of["vehicles"])
        queue_m = queue_statistics(queues_m[i])
        storage_m = max(stop.storage_m for stop in group.lanes)
        green_ratio = of["green_s"] / window_s
        on_green = _share(of["on_green"], of["crossed"])
        measured = of["headways"] >= MIN_HEADWAYS
        lane_veh_h = 3600.0 * of["headways"] / of["headway_s"] if measured else USUAL_SATURATION_VEH_H
        saturation_veh_h = lane_veh_h * len(group.lanes)
        flow_veh_h = 3600.0 * of["vehicles"] / window_s
        capacity_veh_h = saturation_veh_h * green_ratio
        v_c = _share(flow_veh_h, capacity_veh_h)
        rows.append(
            GroupResult(
                signal=signal.id,
                approach=approach.name,
                group=group.name,
                vehicles=of["vehicles"],
                throughput_veh=of["crossed"],
                flow_veh_h=3600.0 * of["crossed"] / window_s,
                control_delay_s=control_delay_s,
                stops_per_veh=_share(of["stops"], of["vehicles"]),
                los=None if control_delay_s is None else level_of_service(control_delay_s, v_c or 0.0),
                queue_m=queue_m,
                queue_veh=queue_statistics(queues_veh[i]),
                storage_m=storage_m,
                storage_ratio=queue_m[3] / storage_m,
                spillback_s=of["spilled_s"],
                queue_truncated=of["spilled_s"] > 0.0,
                green_ratio=green_ratio,
                green_utilisation=_share(of["occupied_s"], of["green_s"]),
                arrivals_on_green=on_green,
                platoon_ratio=None if on_green is None else _share(on_green, green_ratio),
                split_failures=of["failed"],
                saturation_flow_veh_h=saturation_veh_h if measured else None,
                degree_of_saturation=v_c,
                capacity_veh_h=capacity_veh_h,
            )
        )
    return tuple(rows), cycles
