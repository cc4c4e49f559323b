"""The scorer of one simulation: takes in vehicles and signals step by step, holds the sums of every measure."""

from __future__ import annotations

from typing import Any

import numpy as np

try:
    from kernels._scoring import Scorer
except ImportError as error:
    raise ImportError("The compiled kernels are missing: run 'pip install -e .' in the project's folder.") from error

__all__ = ["Scorer", "scorer"]


def scorer(layout: Any, step_s: float, window_start_s: float, window_end_s: float) -> Scorer:
    """Return a scorer with all sums at zero.

    Args:
        layout: arrays of `engine.layout.Layout`.
        step_s: length of a simulation step, seconds.
        window_start_s, window_end_s: the evaluated window, simulation time in seconds, both ends included.

    Raises:
        ValueError: arrays whose lengths or indices do not fit one another, or an empty window.
    """
    n_lanes, n_queues, n_groups = len(layout.lane_length_m), len(layout.queue_group), len(layout.link_start) - 1
    for name in ("lane_limit", "lane_zone", "lane_queue", "lane_inside", "lane_exit"):
        if len(getattr(layout, name)) != n_lanes:
            raise ValueError(f"{name} has {len(getattr(layout, name))} entries for {n_lanes} lanes")
    if len(layout.feed_start) != n_lanes + 1 or len(layout.feed_queue) != layout.feed_start[-1]:
        raise ValueError("feed_start does not fit the lanes and feeds")
    for name, limit in (("lane_queue", n_queues), ("feed_queue", n_queues), ("queue_group", n_groups)):
        if np.any(np.asarray(getattr(layout, name)) >= limit):
            raise ValueError(f"{name} holds an index of {limit} or more")
    if len(layout.group_approach) != n_groups:
        raise ValueError(f"group_approach has {len(layout.group_approach)} entries for {n_groups} lane groups")
    if np.any(np.asarray(layout.lane_limit) <= 0.0):
        raise ValueError("lane_limit must be above 0 m/s")
    if not (step_s > 0.0 and window_end_s > window_start_s):
        raise ValueError(f"step {step_s} s, window {window_start_s}-{window_end_s} s: nothing to score")
    return Scorer(layout, step_s, window_start_s, window_end_s)
