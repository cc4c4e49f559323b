"""What one simulation leaves behind: frozen data, the same bytes for the same plan, seed and version."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from kernels.classes import CLASSES

__all__ = [
    "EXTRA_MEASURES",
    "NETWORK_MEASURES",
    "ClassResult",
    "ControlResult",
    "CrossingResult",
    "Cycle",
    "Fallback",
    "GroupResult",
    "Interval",
    "LevelResult",
    "RunResult",
    "SignalResult",
]

NETWORK_MEASURES = (
    "delay_s", "control_delay_s", "stops_per_veh", "travel_time_p95_ratio", "travel_time_s", "throughput_veh",
    "vehicles", "running_veh", "waiting_veh", "queue_max_m", "gridlock", "collisions", "teleports", "vehicle_seconds",
    "spillback_s", "split_failures", "arrivals_on_green",
    *(f"{kind}_{measure}" for kind in CLASSES for measure in ("veh", "delay_s", "stops_per_veh")),
    "pedestrians", "pedestrian_delay_s", "pedestrian_wait_s", "pedestrian_wait_max_s",
)  # fmt: skip
"""What `RunResult.network` holds (definitions: docs/measures.md)."""

EXTRA_MEASURES = ("co2_g", "fuel_ml", "conflicts_ttc", "conflicts_drac", "conflicts_pet")
"""What it holds besides with `measures=all`."""


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
        degree_of_saturation, capacity_veh_h: v/c, and c.
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
    capacity_veh_h: float = 0.0


@dataclass(frozen=True)
class ClassResult:
    """One vehicle class on an approach or at a junction; `None` where no vehicle of it came."""

    vehicles: int
    throughput_veh: int
    control_delay_s: float | None
    stops_per_veh: float | None


@dataclass(frozen=True)
class LevelResult:
    """Measures of one approach, or of one junction; names as in `GroupResult`, combined by `engine.levels`.

    Attributes:
        approach: its name; empty for a junction.
        los: by delay alone.
        queue_m, queue_veh: of the longest queue of any of its lane groups in each cycle.
        storage_ratio, degree_of_saturation: the largest of its lane groups.
        spillback_s: seconds in which the queue of any of its lane groups reached the end of what is observed.
        green_ratio: mean over the vehicles that crossed; `None` where none did.
        classes: by vehicle class, in the order of `kernels.classes.CLASSES`.
    """

    signal: str
    approach: str
    vehicles: int
    throughput_veh: int
    flow_veh_h: float
    control_delay_s: float | None
    stops_per_veh: float | None
    los: str | None
    queue_m: tuple[float, float, float, float, float]
    queue_veh: tuple[float, float, float, float, float]
    storage_ratio: float
    spillback_s: float
    queue_truncated: bool
    green_ratio: float | None
    green_utilisation: float | None
    arrivals_on_green: float | None
    platoon_ratio: float | None
    split_failures: int
    degree_of_saturation: float | None
    classes: tuple[ClassResult, ...]


class Cycle(NamedTuple):
    """One lane group in one of its cycles (from start of red to the next start of red).

    Attributes:
        group: index into `RunResult.groups`.
        start_s, end_s: simulation time, seconds.
        queue_m, queue_veh: the cycle's largest back of queue in metres, and largest number of members.
        green_s, occupied_s: green, and for how long of it the stop-line zone was occupied (mean over lanes), seconds.
        crossed, on_green: vehicles that crossed the stop line, and those of them that had arrived on green.
        failed: 1 where the split was too short.
        vehicles, stops, delay_s: vehicles that left the approach over the junction in it or stood there at the end,
            their stops and the sum of their control delay, seconds; vehicles never inserted are in no cycle.
        spilled_s: seconds in which the queue reached the end of what is observed.
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
    vehicles: int = 0
    stops: int = 0
    delay_s: float = 0.0
    spilled_s: float = 0.0


@dataclass(frozen=True)
class CrossingResult:
    """Pedestrians at one crossing of a signal.

    Attributes:
        signal, crossing, edge: where: signal id, name (``crossing N``), id of the crossing's edge.
        pedestrians: persons that came to it in the window and walked over it, or waited there at its end.
        wait_s, wait_max_s: mean over them, and the longest, of the time that they stood before it; seconds.
    """

    signal: str
    crossing: str
    edge: str
    pedestrians: int
    wait_s: float | None
    wait_max_s: float


class Interval(NamedTuple):
    """The network or one lane group in one interval of the time series.

    Attributes:
        start_s, end_s: simulation time, seconds.
        group: index into `RunResult.groups`; -1 for the network.
        vehicles: on the road at the interval's end; before the stop line for a lane group.
        waiting_veh: vehicles that waited to be inserted then; `None` for a lane group.
        delay_s: vehicle-seconds. Network: delay that arose in the interval, whoever has it. Lane group: control delay
            of the vehicles that left the approach in it.
        left_veh: vehicles that left: arrived (network), or left the approach over the junction.
        throughput_veh: vehicles that arrived, or crossed the stop line.
        queue_m, queue_veh: the longest back of queue, and most members, in the interval.
    """

    start_s: float
    end_s: float
    group: int
    vehicles: int
    waiting_veh: int | None
    delay_s: float
    left_veh: int
    throughput_veh: int
    queue_m: float
    queue_veh: int


@dataclass(frozen=True)
class SignalResult:
    """What `measures=all` adds for one signal: its junctions' interiors and its approaches.

    Attributes:
        signal: its id.
        co2_g, fuel_ml: emitted and burned there within the window, all vehicles together.
        conflicts_ttc, conflicts_drac, conflicts_pet: encounters there that passed the threshold.
    """

    signal: str
    co2_g: float
    fuel_ml: float
    conflicts_ttc: int
    conflicts_drac: int
    conflicts_pet: int


@dataclass(frozen=True)
class Fallback:
    """A time from which signals followed the fixed plan instead of their controller.

    Attributes:
        time_s: simulation time, seconds.
        signal: its id; empty for all of them.
        reason: why.
    """

    time_s: float
    signal: str
    reason: str


@dataclass(frozen=True)
class ControlResult:
    """What became of a controller.

    Attributes:
        controller: what it was (`engine.control.spec.Control.told`).
        interventions: how often something was not shown as it was asked for, by rule.
        fallbacks: what went back to the fixed plan, in time order.
        priority: how often a signal answered to a vehicle that goes first, by how.
    """

    controller: dict[str, Any]
    interventions: dict[str, int]
    fallbacks: tuple[Fallback, ...] = ()
    priority: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RunResult:
    """One finished simulation.

    Attributes:
        network: network measures by their names in docs/measures.md (`delay_s`, `stops_per_veh`, ...).
        groups: one row for each lane group, sorted by signal, approach and group.
        cycles: rows in time order.
        approaches, junctions: one row for each, sorted by signal, and approaches clockwise from north.
        crossings: one row for each crossing with a signal; none where nobody walks.
        series: the network and every lane group by interval, where that was asked for.
        signals: one row for each signal, sorted by id, where `measures=all` was asked for.
        delay_percentiles_s: of the vehicles that `delay_s` is the mean of: the least delay, every percentile, and the
            largest, 101 values; none where no vehicle was due.
        control: what became of the plan's controller; unset, and not in its bytes, where it has none.
    """

    network: dict[str, int | float]
    groups: tuple[GroupResult, ...]
    cycles: tuple[Cycle, ...]
    approaches: tuple[LevelResult, ...] = ()
    junctions: tuple[LevelResult, ...] = ()
    crossings: tuple[CrossingResult, ...] = ()
    series: tuple[Interval, ...] = ()
    signals: tuple[SignalResult, ...] = ()
    delay_percentiles_s: tuple[float, ...] = ()
    control: ControlResult | msgspec.UnsetType = msgspec.UNSET

    @property
    def approach_delays_s(self) -> dict[tuple[str, str], float]:
        """Control delay by (signal, approach), seconds per vehicle, where a vehicle came."""
        rows = [(row, row.control_delay_s) for row in self.approaches]
        return {(row.signal, row.approach): delay_s for row, delay_s in rows if delay_s is not None}

    def to_bytes(self) -> bytes:
        """Return the result as compressed JSON; equal results give equal bytes."""
        return zlib.compress(_ENCODER.encode(self), FAST)

    @classmethod
    def from_bytes(cls, data: bytes) -> RunResult:
        """Return the result that `to_bytes` wrote.

        Raises:
            ValueError: something else wrote it.
        """
        return _DECODER.decode(zlib.decompress(data))


def network_measures(data: bytes) -> dict[str, int | float]:
    """Return the network measures of what `RunResult.to_bytes` wrote, and leave the rest as it is.

    Raises:
        ValueError: something else wrote it.
    """
    return _HEAD.decode(zlib.decompress(data)).network


class _Head(msgspec.Struct):
    network: dict[str, int | float]


FAST = 1
"""A higher level takes four times as long for a fifth less, and a worker writes each run's result."""
_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(RunResult)
_HEAD = msgspec.json.Decoder(_Head)
