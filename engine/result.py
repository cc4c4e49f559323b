"""What one simulation leaves behind: frozen data, the same bytes for the same plan, seed and version."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Cycle", "GroupResult", "RunResult"]


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
        queue_truncated: whether a queue reached the end of what is observed.
        storage_m: metres from the stop line to the end of what is observed.
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
    queue_truncated: bool
    storage_m: float


@dataclass(frozen=True)
class Cycle:
    """Back of queue of one lane group in one of its cycles (from start of red to the next start of red).

    Attributes:
        group: index into `RunResult.groups`.
        start_s, end_s: simulation time, seconds.
        queue_m, queue_veh: the cycle's maximum back of queue in metres and the members at that moment.
    """

    group: int
    start_s: float
    end_s: float
    queue_m: float
    queue_veh: int


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
            "cycles": [[c.group, c.start_s, c.end_s, c.queue_m, c.queue_veh] for c in self.cycles],
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
