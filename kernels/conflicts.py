"""The counter of conflicts of one simulation: takes in vehicles step by step, holds the counts by measure and signal."""

from __future__ import annotations

from typing import Any

import numpy as np

try:
    from kernels._conflicts import Conflicts, encounter
except ImportError as error:
    raise ImportError("The compiled kernels are missing: run 'pip install -e .' in the project's folder.") from error

__all__ = ["Conflicts", "conflicts", "encounter"]


def conflicts(layout: Any, step_s: float, window_start_s: float) -> Conflicts:
    """Return a counter with all counts at zero.

    Args:
        layout: arrays of `engine.layout.ConflictLayout`.
        step_s: length of a simulation step, seconds.
        window_start_s: from when on conflicts count, simulation time in seconds.

    Raises:
        ValueError: arrays whose lengths or indices do not fit one another.
    """
    n_lanes, n_areas = len(layout.lane_length_m), len(layout.area_lane)
    for name, wanted in (
        ("lane_edge", n_lanes),
        ("lane_signal", n_lanes),
        ("hop_start", n_lanes + 1),
        ("side_start", n_lanes + 1),
        ("hop_to", layout.hop_start[-1]),
        ("hop_via", layout.hop_start[-1]),
        ("area_foe", n_areas),
        ("area_merges", n_areas),
        ("enter_m", 2 * n_areas),
        ("leave_m", 2 * n_areas),
        ("side", 2 * n_areas),
    ):
        if len(getattr(layout, name)) != wanted:
            raise ValueError(f"{name} has {len(getattr(layout, name))} entries and not {wanted}")
    for name, least, limit in (
        ("hop_to", 0, n_lanes),
        ("hop_via", -1, n_lanes),
        ("area_lane", 0, n_lanes),
        ("area_foe", 0, n_lanes),
        ("side", 0, 2 * n_areas),
        ("lane_signal", 0, layout.n_signals + 1),
    ):
        values = np.asarray(getattr(layout, name))
        if np.any((values < least) | (values >= limit)):
            raise ValueError(f"{name} holds an index outside {least} to {limit - 1}")
    if not step_s > 0.0:
        raise ValueError(f"a step of {step_s} s")
    return Conflicts(layout, step_s, window_start_s)
