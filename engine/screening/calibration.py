"""Fits the screening model's drivers to runs of the baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engine.screening.roads import RoadArrays
from engine.sumo.traces import Trace
from kernels.screening import Behaviour

__all__ = ["fitted", "observed_loss_s"]

Floats = npt.NDArray[np.float64]

STEPS = {
    "tau_s": 0.05,
    "start_s": 0.15,
    "sight_s": 0.3,
    "react_s": 0.1,
    "minor_speed": 0.5,
    "merge_s": 0.2,
    "lane_bias_m": 2.0,
    "change_m": 3.0,
}
"""What is fitted, and what is a small change of it."""
ROUNDS = 2
DOUBT = 0.01
"""Misfit that one step away from the default has to save: runs of one plan say little of some of these numbers."""


def observed_loss_s(roads: RoadArrays, traces: Sequence[Trace], counted_s: float, end_s: float) -> Floats:
    """Return the time lost on each stretch beyond driving freely, mean over the runs, vehicle-seconds."""
    where = {edge: i for i, edges in enumerate(roads.edges) for edge in edges}
    free_s = np.zeros(roads.n_edges)
    shares = {edges: 1.0 / len(edges) for edges in roads.edges if edges}
    for lane, edge in enumerate(roads.lane_edge):
        free_s[edge] = roads.lane_free_s[lane]
    lost_s = np.zeros(roads.n_edges)
    for trace in traces:
        for trip in trace.trips:
            if trip.due_s < counted_s:
                continue
            at_s = trip.due_s
            driven: dict[int, float] = {}
            for edge, left_s in zip(trip.edges, trip.left_s, strict=True):
                stretch = where[edge]
                gone = left_s >= 0.0
                passed_s = (left_s if gone else end_s) - at_s
                own_s = free_s[stretch] * shares[roads.edges[stretch]] / trip.speed_factor
                driven[stretch] = driven.get(stretch, 0.0) + passed_s - own_s
                if not gone:
                    driven[stretch] = max(driven[stretch], 0.0)
                    break
                at_s = left_s
            for stretch, loss_s in driven.items():
                lost_s[stretch] += loss_s
    return lost_s / max(len(traces), 1)


def fitted(start: Behaviour, observed_s: Floats, lost_s: Callable[[Behaviour], Floats]) -> Behaviour:
    """Return the behaviour, near `start`, under which the model loses time where the runs did.

    One number after the other goes up or down by a step as long as the misfit falls by more than `DOUBT`.

    Args:
        start: where the search begins.
        observed_s: time lost on each stretch, vehicle-seconds.
        lost_s: the same as the model has it under a behaviour.
    """

    def misfit(behaviour: Behaviour) -> float:
        far: float = sum(abs(getattr(behaviour, name) - getattr(start, name)) / step for name, step in STEPS.items())
        total_s = max(float(observed_s.sum()), 1.0)
        return float(np.abs(observed_s - lost_s(behaviour)).sum()) / total_s + DOUBT * far

    best, least = start, misfit(start)
    for _ in range(ROUNDS):
        for name, step in STEPS.items():
            for sign in (-1.0, 1.0):
                while True:
                    trial = replace(best, **{name: round(getattr(best, name) + sign * step, 6)})
                    value = misfit(trial)
                    if value >= least:
                        break
                    best, least = trial, value
    return best
