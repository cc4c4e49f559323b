"""Counts of vehicles at places of a network: read, checked, and put on a common grid of time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import InputError, nearest
from engine.network import Network, Signal, edge_of
from engine.sumo.quickest import Streets
from engine.sumo.sampling import Place
from scenarios.demand.table import Row, read_rows

__all__ = ["QUARTER_S", "Count", "Interval", "Places", "binned", "log_counts", "profiled", "read_counts"]

QUARTER_S = 900.0
SHORTEST_S = 60.0
"""Counts over less time are mostly chance."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Count:
    """Vehicles at one place in one interval.

    Attributes:
        place: the edge that they leave and the one that they turn into; or an edge alone, at its end.
        begin_s, end_s: when, seconds.
        number: how many.
        junction: what the file calls the place's junction; else SUMO's id of it.
        label: what the file calls the place: ``W through``, or the edges.
        where: file and line.
    """

    place: Place
    begin_s: float
    end_s: float
    number: float
    junction: str
    label: str
    where: str


@dataclass(frozen=True)
class Places:
    """What counts can be of: the edges of a network, and the approaches and turns of its signals."""

    streets: Streets
    network: Network | None

    def edge(self, name: str, where: str, what: str) -> str:
        """Return an edge.

        Raises:
            InputError: there is none of that name for cars.
        """
        if name not in self.streets.free_s:
            known = self.streets.free_s
            raise InputError(f"{where}: {what} '{name}' is no road for cars.{nearest(name, known)} Correct it.")
        return name

    def place(self, row: Row) -> tuple[Place, str]:
        """Return what a row counts, and the junction that it is at.

        Raises:
            InputError: the junction, approach, edge or movement is not in the network.
        """
        junction, start, to = (row.cells[name] for name in ("junction", "from", "to"))
        start = row.text("from")
        signal = self._signal(junction, row) if junction else None
        approach = next((of for of in signal.approaches if of.name == start), None) if signal else None
        edge = self._from(start, signal, row) if approach is None else approach.edge
        at = junction or self.streets.junctions[edge]
        if not to:
            return (edge,), at
        if signal and approach and to not in self.streets.free_s:
            return (edge, self._turned(signal, start, to, row)), at
        onward = self.edge(to, row.where, "to")
        if onward not in self.streets.onward[edge]:
            leads = self.streets.onward[edge]
            raise InputError(
                f"{row.where}: there is no movement from '{edge}' to '{onward}'; '{edge}' leads to "
                f"{', '.join(repr(of) for of in leads[:6]) or 'nothing'}. Correct one of them."
            )
        return (edge, onward), at

    def _signal(self, name: str, row: Row) -> Signal | None:
        signals = {signal.id: signal for signal in self.network.signals} if self.network else {}
        if name in signals:
            return signals[name]
        if name in self.streets.junctions.values():
            return None
        known = [*signals, *self.streets.junctions.values()]
        raise InputError(f"{row.where}: there is no junction '{name}'.{nearest(name, known)} Correct it.")

    def _from(self, start: str, signal: Signal | None, row: Row) -> str:
        if start in self.streets.free_s:
            return start
        if signal is None:
            return self.edge(start, row.where, "from")
        names = [approach.name for approach in signal.approaches]
        raise InputError(
            f"{row.where}: '{start}' is neither a road nor an approach of '{signal.id}', which has {', '.join(names)}."
            f"{nearest(start, [*names, *self.streets.free_s])} Correct it."
        )

    def _turned(self, signal: Signal, approach: str, turn: str, row: Row) -> str:
        ways: dict[str, dict[str, None]] = {}
        for link in signal.links:
            if link.kind == "vehicle" and link.approach == approach:
                ways.setdefault(link.turn, {})[edge_of(link.to_lane)] = None
        if turn not in ways:
            raise InputError(
                f"{row.where}: there is no movement '{turn}' from {approach} at '{signal.id}', which has "
                f"{', '.join(ways)}.{nearest(turn, ways)} Correct it, or give the edge."
            )
        edges = list(ways[turn])
        if len(edges) > 1:
            raise InputError(
                f"{row.where}: {approach} {turn} at '{signal.id}' leads to several roads, {', '.join(edges)}. Give one."
            )
        return edges[0]


def read_counts(path: Path, places: Places) -> tuple[Count, ...]:
    """Return the counts in a CSV file with columns from, begin, end, count, and, if need be, junction and to.

    Raises:
        InputError: a row is wrong, or two rows count one place at the same time.
    """
    counts = []
    for row in read_rows(path, ("from", "begin", "end", "count"), ("junction", "to")):
        place, junction = places.place(row)
        begin_s, end_s = row.interval()
        label = " ".join(text for text in (row.cells["from"], row.cells["to"]) if text)
        counts.append(Count(place, begin_s, end_s, row.number("count"), junction, label, row.where))
    _once(counts)
    if not any(count.number for count in counts):
        raise InputError(f"'{path}': every count is 0. Give what was counted.")
    return tuple(counts)


def _once(counts: Iterable[Count]) -> None:
    seen: dict[Place, list[Count]] = {}
    for count in counts:
        for other in seen.setdefault(count.place, []):
            if count.begin_s < other.end_s and other.begin_s < count.end_s:
                raise InputError(
                    f"{count.where}: {' to '.join(count.place)} is counted from {count.begin_s:g} to {count.end_s:g} s, and "
                    f"by {other.where} from {other.begin_s:g} to {other.end_s:g} s as well. Take one out."
                )
        seen[count.place].append(count)


def log_counts(
    path: Path, rows: Mapping[tuple[int, int, float], int], bin_s: float, detectors: Path, places: Places
) -> tuple[Count, ...]:
    """Return a controller's actuations as counts; detectors of one place add up.

    Args:
        path: the log, for messages.
        rows: actuations by device, detector and begin of the bin, seconds of the day.
        bin_s: length of a bin, seconds.
        detectors: a CSV file with columns DeviceId, Parameter, from, and, if need be, junction and to: what each counts.
        places: of the network.

    Raises:
        InputError: a row is wrong, or no detector of the file is in the log.
    """
    sums: dict[tuple[Place, float], float] = {}
    named: dict[Place, tuple[str, str]] = {}
    begins = sorted({begin_s for _, _, begin_s in rows})
    known = {(device, parameter) for device, parameter, _ in rows}
    found = False
    for row in read_rows(detectors, ("DeviceId", "Parameter", "from"), ("junction", "to")):
        key = int(row.number("DeviceId")), int(row.number("Parameter"))
        place, junction = places.place(row)
        named[place] = junction, " ".join(text for text in (row.cells["from"], row.cells["to"]) if text)
        found |= key in known
        for begin_s in begins:
            sums[place, begin_s] = sums.get((place, begin_s), 0.0) + rows.get((*key, begin_s), 0)
    if not found:
        raise InputError(
            f"'{detectors}' names no detector that '{path}' has an event of. Look at DeviceId and Parameter."
        )
    return tuple(
        Count(place, begin_s, begin_s + bin_s, number, *named[place], f"'{detectors}'")
        for (place, begin_s), number in sums.items()
    )


def profiled(counts: Sequence[Count], shares: Sequence[float], scale: float, shift_s: float) -> tuple[Count, ...]:
    """Return counts multiplied, moved in time, and those as long as the profile split into quarters of an hour.

    Args:
        counts: as they were read.
        shares: of the total in each quarter of an hour, summing to 1; empty leaves counts as they are.
        scale: vehicles for each counted one.
        shift_s: by how much later they come, seconds.

    Raises:
        InputError: no count is as long as the profile, or one would come before 0.
    """
    length_s = QUARTER_S * len(shares)
    if shares and not any(math.isclose(of.end_s - of.begin_s, length_s) for of in counts):
        raise InputError(
            f"profile has {len(shares)} quarters of an hour, and no interval is {length_s / 60:g} minutes long. Give one "
            "share for each quarter of an hour of the intervals."
        )
    found = []
    for count in counts:
        moved = replace(
            count, begin_s=count.begin_s + shift_s, end_s=count.end_s + shift_s, number=count.number * scale
        )
        if moved.begin_s < 0.0:
            raise InputError(f"shift_s={shift_s:g} moves {count.where} before 0 s. Shift by less.")
        if shares and math.isclose(count.end_s - count.begin_s, length_s):
            for i, share in enumerate(shares):
                begin_s = moved.begin_s + i * QUARTER_S
                found.append(replace(moved, begin_s=begin_s, end_s=begin_s + QUARTER_S, number=moved.number * share))
        else:
            found.append(moved)
    return tuple(found)


def binned(counts: Sequence[Count]) -> dict[Interval, dict[Place, float]]:
    """Return counts by intervals of one length, a quarter of an hour at most, and by place; longer ones are split evenly.

    Raises:
        InputError: the intervals' times have no common measure of a minute or more.
    """
    first = min(of.begin_s for of in counts)
    times = {round(at) for of in counts for at in (of.begin_s - first, of.end_s - first)}
    step_s = float(math.gcd(int(QUARTER_S), *times))
    if step_s < SHORTEST_S or any(not float(at).is_integer() for of in counts for at in (of.begin_s, of.end_s)):
        raise InputError(
            f"the intervals of the counts begin and end at times that only {step_s:g} s divide. Give intervals of whole "
            "minutes, such as quarters of an hour."
        )
    last = max(of.end_s for of in counts)
    n_bins = round((last - first) / step_s)
    bins: dict[Interval, dict[Place, float]] = {
        (first + i * step_s, first + (i + 1) * step_s): {} for i in range(n_bins)
    }
    keys = list(bins)
    for count in counts:
        begin, end = round((count.begin_s - first) / step_s), round((count.end_s - first) / step_s)
        for i in range(begin, end):
            bins[keys[i]][count.place] = count.number / (end - begin)
    return bins
