"""Plans the next minute of every signal from where the vehicles are: the arrays of the compiled planner, and its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

try:
    from kernels._horizon import Horizon
except ImportError as error:
    raise ImportError("The compiled kernels are missing: run 'pip install -e .' in the project's folder.") from error

__all__ = ["Behaviour", "Horizon", "Junction"]

MOST_LANES, MOST_LINKS, MOST_EXITS, MOST_STAGES = 64, 128, 64, 32
"""What the planner has room for at one signal."""


@dataclass(frozen=True)
class Behaviour:
    """How the planner takes drivers to behave, and what it holds against a plan.

    Attributes:
        headway_s: between two vehicles that cross a stop line one after the other.
        startup_s: from the start of green to the first of a queue.
        yellow_used_s: seconds of yellow in which vehicles still cross.
        gap_s: that a turn which gives way needs before the next vehicle that has priority.
        accel_s: by how much later a vehicle that stands arrives than one at full speed.
        stop_s: seconds of delay that a stop counts for.
        left_s: seconds that each vehicle counts for which waits at red when the plan ends.
        max_red_s, red_cost: from which red on a lane with demand counts, and by how much, each second.
        stuck_s, patient_s: after how long a vehicle that stands before its green counts as held by something that the
            planner does not know, with priority and where it gives way.
        held_for_s: for how long nobody is then taken to leave that lane.
        near_m: how near to the line such a vehicle stands.
    """

    headway_s: float = 1.8
    startup_s: float = 1.0
    yellow_used_s: float = 1.0
    gap_s: float = 3.5
    accel_s: float = 2.0
    stop_s: float = 0.0
    left_s: float = 10.0
    max_red_s: float = 90.0
    red_cost: float = 5.0
    stuck_s: float = 6.0
    patient_s: float = 20.0
    held_for_s: float = 20.0
    near_m: float = 15.0


@dataclass(frozen=True)
class Junction:
    """One signal as the planner sees it. Lanes are those that end at its stop lines, by their place in `lanes`.

    Attributes:
        lanes: index in the network of each lane.
        speeds: speed limit of each, m/s.
        feeds: for each, (index in the network, metres from its end to the stop line) of the lanes that its queue may stand on.
        exits: index in the network of each lane behind the junction.
        link_lanes: for each letter of the state the lanes that it is shown to; at most four are looked at.
        link_exit: and the place in `exits` of the lane that it leads to; -1: none.
        gives_way: and the letters that it gives way to.
        stages: for each stage and letter 0 (red), 1 (green that gives way) or 2 (green).
        least_s: shortest green of each stage, seconds.
        intergreen_s: from the end of one stage to the start of another, seconds.

    Raises:
        ValueError: the signal is larger than the planner has room for.
    """

    lanes: Sequence[int]
    speeds: Sequence[float]
    feeds: Sequence[Sequence[tuple[int, float]]]
    exits: Sequence[int]
    link_lanes: Sequence[Sequence[int]]
    link_exit: Sequence[int]
    gives_way: Sequence[Sequence[int]]
    stages: Sequence[Sequence[int]]
    least_s: Sequence[float]
    intergreen_s: Sequence[Sequence[float]]

    def __post_init__(self) -> None:
        for what, n, most in (
            ("lanes at its stop lines", len(self.lanes), MOST_LANES),
            ("letters", len(self.link_lanes), MOST_LINKS),
            ("lanes behind it", len(self.exits), MOST_EXITS),
            ("stages", len(self.stages), MOST_STAGES),
        ):
            if n > most:
                raise ValueError(f"it has {n} {what}, and the planner has room for {most}")
