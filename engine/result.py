"""What one simulation leaves behind: frozen data, the same bytes for the same plan, seed and version."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass
from typing import Any

from kernels.classes import CLASSES

__all__ = ["NETWORK_MEASURES", "Cycle", "GroupResult", "RunResult"]

NETWORK_MEASURES = (
    "delay_s", "control_delay_s", "stops_per_veh", "travel_time_p95_ratio", "travel_time_s", "throughput_veh",
    "vehicles", "running_veh", "waiting_veh", "queue_max_m", "gridlock", "collisions", "teleports", "vehicle_seconds",
    "spillback_s", "split_failures", "arrivals_on_green",
    *(f"{kind}_{measure}" for kind in CLASSES for measure in ("veh", "delay_s", "stops_per_veh")),
)  # fmt: skip
"""What `RunResult.network` holds (definitions: docs/measures.md)."""


@dataclass(frozen=True)
class GroupResult:
    """Measures of one lane group over the evaluated window (definitions: docs/measures.md).

    Attributes:
        signal, approach, group: where: signal id, approach name ("N"), lane group ("N-through").
        vehicles: denominators of `control_delay_s` and `stops_per_veh`: those that entered the approach in the
            window, the ones still there or still waiting to be inserted at its end included.
        throughput_veh: vehicles that crossed the stop line.
        control_delay_s: mean per vehicle; NaN never occurs, `None` where no vehicle came.
        queue_m, queue_veh: back of queue per cycle as (mean, 50th, 85th, 95th percentile, maximum).
        storage_m: metres from the stop line to the end of what is observed.
        storage_ratio: 95th percentile of the back of queue over `storage_m`.
        spillback_s: seconds for which a queue reached the end of what is observed.
        queue_truncated: whether it ever did, so that the queue may have been longer.
        green_ratio: share of the window that the group shows green.
        green_utilisation: share of its green with the stop-line zone occupied.
        arrivals_on_green, platoon_ratio: share of the vehicles that crossed; that share over the green ratio.
        split_failures: cycles whose split was too short.
        saturation_flow_veh_h: measured, all lanes; `None` where fewer than `MIN_HEADWAYS` were seen.
        degree_of_saturation: v/c.
    """

    signal: str
    approach: str
    group: str
    vehicles: int
    throughput_veh: int
    flow_veh_h: float
    control_delay_s: float | None
    stops_per_veh: float | None
    los: str | None
    queue_m: tuple[float, float, float, float, float]
    queue_veh: tuple[float, float, float, float, float]
    storage_m: float
    storage_ratio: float
    spillback_s: float
    queue_truncated: bool
    green_ratio: float
    green_utilisation: float | None
    arrivals_on_green: float | None
    platoon_ratio: float | None
    split_failures: int
    saturation_flow_veh_h: float | None
    degree_of_saturation: float | None


@dataclass(frozen=True)
class Cycle:
    """Back of queue of one lane group in one of its cycles (from start of red to the next start of red).

    Attributes:
        group: index into `RunResult.groups`.
        start_s, end_s: simulation time, seconds.
        queue_m, queue_veh: the cycle's largest back of queue in metres, and largest number of members.
        green_s, occupied_s: green, and for how long of it the stop-line zone was occupied (mean over lanes), seconds.
        crossed, on_green: vehicles that crossed the stop line, and those of them that had arrived on green.
        failed: 1 where the split was too short.
    """

    group: int
    start_s: float
    end_s: float
    queue_m: float
    queue_veh: int
    green_s: float
    occupied_s: float
    crossed: int
    on_green: int
    failed: int


@dataclass(frozen=True)
class RunResult:
    """One finished simulation.

    Attributes:
        network: network measures by their names in docs/measures.md (`delay_s`, `stops_per_veh`, ...).
        groups: one row for each lane group, sorted by signal, approach and group.
        cycles: rows in time order.
    """

    network: dict[str, float]
    groups: tuple[GroupResult, ...]
    cycles: tuple[Cycle, ...]

    def to_bytes(self) -> bytes:
        """Return the result as compressed JSON; equal results give equal bytes."""
        data = {
            "network": self.network,
            "groups": [asdict(group) for group in self.groups],
            "cycles": [tuple(vars(cycle).values()) for cycle in self.cycles],
        }
        return zlib.compress(json.dumps(data, sort_keys=True, separators=(",", ":")).encode(), 6)

    @classmethod
    def from_bytes(cls, data: bytes) -> RunResult:
        """Return the result that `to_bytes` wrote."""
        read: Any = json.loads(zlib.decompress(data))
        groups = []
        for group in read["groups"]:
            values: Any = {name: tuple(value) if isinstance(value, list) else value for name, value in group.items()}
            groups.append(GroupResult(**values))
        return cls(read["network"], tuple(groups), tuple(Cycle(*row) for row in read["cycles"]))
