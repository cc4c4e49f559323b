"""The pedestrians of one simulation: takes in persons step by step, holds the sums of what they lose and wait."""

from __future__ import annotations

try:
    from kernels._walking import Walkers
except ImportError as error:
    raise ImportError("The compiled kernels are missing: run 'pip install -e .' in the project's folder.") from error

__all__ = ["Walkers", "walkers"]


def walkers(n_crossings: int, step_s: float, window_start_s: float, window_end_s: float) -> Walkers:
    """Return pedestrians' sums at zero.

    Args:
        n_crossings: crossings with a signal; they are known by their index.
        step_s: length of a simulation step, seconds.
        window_start_s, window_end_s: the evaluated window, simulation time in seconds, both ends included.

    Raises:
        ValueError: a negative number of crossings, or an empty window.
    """
    if n_crossings < 0:
        raise ValueError(f"{n_crossings} crossings: there cannot be fewer than none")
    if not (step_s > 0.0 and window_end_s > window_start_s):
        raise ValueError(f"step {step_s} s, window {window_start_s}-{window_end_s} s: nothing to score")
    return Walkers(n_crossings, step_s, window_start_s, window_end_s)
