"""The stages that controllers choose among: those of a signal's own program, as letters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.conflicts import GREEN
from engine.control.timing import Timing
from engine.network import Signal
from engine.state import State

__all__ = ["alike", "counts_by_link", "intergreen_s", "least_s", "serving", "stages_of"]


def stages_of(signal: Signal) -> tuple[str, ...]:
    """Return the letters of each stage of a signal's program, in its order; none where it has no fixed-time program."""
    if signal.program is None:
        return ()
    return tuple(dict.fromkeys(phase.state for phase in signal.program.phases if phase.stage >= 0))


def alike(stage: str, letters: str) -> int:
    """Return how many links have green in both."""
    return sum(a in GREEN and b in GREEN for a, b in zip(stage, letters, strict=True))


def least_s(stage: str, timing: Timing) -> float:
    """Return the shortest green of a stage, seconds."""
    return max((timing.min_green_s[i] for i, letter in enumerate(stage) if letter in GREEN), default=0.0)


def intergreen_s(before: str, after: str, timing: Timing) -> float:
    """Return how long it takes at least from the end of one stage to the last green of the next, seconds."""
    ending = [i for i, letter in enumerate(before) if letter in GREEN and after[i] not in GREEN]
    starting = {i for i, letter in enumerate(after) if letter in GREEN and before[i] not in GREEN}
    return max(
        (timing.yellow_s[i] + foe.clearance_s for i in ending for foe in timing.foes[i] if foe.index in starting),
        default=0.0,
    )


def serving(stages: tuple[str, ...]) -> npt.NDArray[np.float64]:
    """Return 1 where a stage shows a link green, shape (n_stages, n_letters)."""
    return np.array([[letter in GREEN for letter in stage] for stage in stages], np.float64)


def counts_by_link(state: State, width: int, within_m: float) -> npt.NDArray[np.float64]:
    """Return how many vehicles on the road are bound for each link, shape (n_signals, width).

    Args:
        state: the traffic.
        width: letters of the widest signal.
        within_m: metres from the stop line.
    """
    counts = np.zeros((len(state.letters), width))
    near = (state.next_signal >= 0) & (state.to_line_m <= within_m)
    np.add.at(counts, (state.next_signal[near], state.next_link[near]), 1.0)
    return counts
