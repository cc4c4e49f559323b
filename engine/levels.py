"""Lane groups combined into approaches and junctions; the one definition of how, explained in docs/measures.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.network import Network
from engine.result import ClassResult, Cycle, GroupResult, LevelResult
from kernels.classes import CLASSES
from kernels.formulas import level_of_service
from kernels.scoring import Scorer

__all__ = ["combine", "levels", "queue_statistics"]

CLASS_SUMS = ("vehicles", "crossed", "stops", "delay_s")
"""Of a lane group by vehicle class: `Scorer.class_group_sums`."""


def levels(
    network: Network, scorer: Scorer, groups: Sequence[GroupResult], cycles: Iterable[Cycle]
) -> tuple[tuple[LevelResult, ...], tuple[LevelResult, ...]]:
    """Return the rows of every approach and of every junction, in the network's order.

    Args:
        network: what was simulated.
        scorer: its sums, closed.
        groups, cycles: rows of the lane groups, as in `RunResult`.
    """
    by_group: list[list[Cycle]] = [[] for _ in groups]
    for cycle in cycles:
        by_group[cycle.group].append(cycle)
    classes = {name: values.tolist() for name, values in scorer.class_group_sums().items()}

    def row(signal: str, approach: str, first: int, n_groups: int, spillback_s: float) -> LevelResult:
        members = slice(first, first + n_groups)
        sums = {
            name: [sum(column) for column in zip(*of[members], strict=True)] or [0.0] * len(CLASSES)
            for name, of in classes.items()
        }
        return combine(signal, approach, groups[members], by_group[members], spillback_s, sums)

    approaches, junctions = [], []
    spilled_s = [iter(values.tolist()) for values in scorer.spilled_s()]
    first = 0
    for signal in network.signals:
        of_signal = first
        for approach in signal.approaches:
            approaches.append(row(signal.id, approach.name, first, len(approach.groups), next(spilled_s[0])))
            first += len(approach.groups)
        junctions.append(row(signal.id, "", of_signal, first - of_signal, next(spilled_s[1])))
    return tuple(approaches), tuple(junctions)


def combine(
    signal: str,
    approach: str,
    groups: Sequence[GroupResult],
    cycles: Sequence[Sequence[Cycle]],
    spillback_s: float,
    classes: Mapping[str, Sequence[float]],
) -> LevelResult:
    """Return one approach's row, or one junction's, from those of its lane groups.

    Args:
        signal, approach: where; no approach for a junction.
        groups, cycles: its lane groups, and the cycles of each in time order.
        spillback_s: seconds in which the queue of any of them stood at its observed end.
        classes: sums by vehicle class: vehicles, crossed, stops, delay_s; in the order of `CLASSES`.
    """
    vehicles, throughput = sum(g.vehicles for g in groups), sum(g.throughput_veh for g in groups)
    delay_s = _mean((g.control_delay_s, g.vehicles) for g in groups)
    on_green = _mean((g.arrivals_on_green, g.throughput_veh) for g in groups)
    green_ratio = _mean((g.green_ratio, g.throughput_veh) for g in groups)
    longest = _longest(groups, cycles)
    return LevelResult(
        signal=signal,
        approach=approach,
        vehicles=vehicles,
        throughput_veh=throughput,
        flow_veh_h=sum(g.flow_veh_h for g in groups),
        control_delay_s=delay_s,
        stops_per_veh=_mean((g.stops_per_veh, g.vehicles) for g in groups),
        los=None if delay_s is None else level_of_service(delay_s),
        queue_m=queue_statistics([queue_m for queue_m, _ in longest]),
        queue_veh=queue_statistics([float(queue_veh) for _, queue_veh in longest]),
        storage_ratio=max((g.storage_ratio for g in groups), default=0.0),
        spillback_s=spillback_s,
        queue_truncated=any(g.queue_truncated for g in groups),
        green_ratio=green_ratio,
        green_utilisation=_mean((g.green_utilisation, g.green_ratio) for g in groups),
        arrivals_on_green=on_green,
        platoon_ratio=on_green / green_ratio if on_green is not None and green_ratio else None,
        split_failures=sum(g.split_failures for g in groups),
        degree_of_saturation=max(
            (g.degree_of_saturation for g in groups if g.degree_of_saturation is not None), default=None
        ),
        classes=tuple(
            ClassResult(int(n), int(crossed), delay / n if n else None, stops / n if n else None)
            for n, crossed, stops, delay in zip(*(classes[name] for name in CLASS_SUMS), strict=True)
        ),
    )


def _mean(pairs: Iterable[tuple[float | None, float]]) -> float | None:
    """Return the weighted mean of (value, weight); `None` where nothing weighs."""
    known = [(value, weight) for value, weight in pairs if value is not None and weight > 0.0]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total > 0.0 else None


def _longest(groups: Sequence[GroupResult], cycles: Sequence[Sequence[Cycle]]) -> list[tuple[float, int]]:
    """Return the longest queue of any lane group in each cycle, in metres and in vehicles.

    The cycles are those of the lane group that most vehicles came to (the first one of several); a cycle of another
    lane group belongs to the one that it ends in. All of them end at the end of the simulation, so none is left over.
    """
    if not groups:
        return []
    busiest = max(range(len(groups)), key=lambda i: groups[i].vehicles)
    longest = [(cycle.queue_m, cycle.queue_veh) for cycle in cycles[busiest]]
    for i, others in enumerate(cycles):
        place = 0
        for other in others if i != busiest else ():
            while place < len(longest) - 1 and cycles[busiest][place].end_s < other.end_s:
                place += 1
            if longest:
                queue_m, queue_veh = longest[place]
                longest[place] = max(queue_m, other.queue_m), max(queue_veh, other.queue_veh)
    return longest


def queue_statistics(values: Sequence[float]) -> tuple[float, float, float, float, float]:
    """Return (mean, 50th, 85th, 95th percentile, maximum); zeros where there are no values."""
    if not values:
        return (0.0, 0.0, 0.0, 0.0, 0.0)
    ordered = sorted(values)
    p50, p85, p95 = (_percentile(ordered, share) for share in (0.50, 0.85, 0.95))
    return (sum(ordered) / len(ordered), p50, p85, p95, ordered[-1])


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Return a percentile, interpolated between neighbours; NumPy's takes 60 us for these few values."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
