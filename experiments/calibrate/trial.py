"""One trial of a calibration: a demand and drivers, simulated with several seeds, beside what was observed."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.observed import passed, travel_time_s
from engine.result import RunResult
from engine.sumo.sampling import Place
from engine.sumo.traces import Trace
from engine.traced import traced_runs
from experiments._prepare import prepare
from experiments.config import ScenarioConfig
from experiments.report.calibration import GEH_OK, TRAVEL_TIME_OK, Row
from kernels.formulas import geh
from scenarios.demand.counts import Count, Interval
from scenarios.demand.fleet import Drivers
from scenarios.demand.making import Asked, Ground, Made, Sources, routed, write_scenario
from scenarios.demand.targets import Queue, TravelTime
from scenarios.demand.trips import Vehicle
from scenarios.folder import CONFIGURATION

__all__ = ["Observed", "Seen", "Street", "Trial", "counts_loss", "loss", "rows"]

HOUR_S = 3600.0
QUEUE_OK, QUEUE_LEAST_M = 0.25, 20.0
"""By how much of itself a queue may be missed: as bad as a GEH of 5. Shorter ones may be missed by so much of 20 m."""

Bins = Mapping[Interval, Mapping[Place, float]]


@dataclass(frozen=True)
class Street:
    """What was observed in the street, and what the demand is made for.

    Attributes:
        ground, asked, sources: as in `scenarios.demand.making`.
        counts: as they were read, for names.
        bins: counts by interval and place.
        travel_times, queues: what else was observed; may be empty.
    """

    ground: Ground
    asked: Asked
    sources: Sources
    counts: tuple[Count, ...]
    bins: Bins
    travel_times: tuple[TravelTime, ...] = ()
    queues: tuple[Queue, ...] = ()

    @property
    def window(self) -> Interval:
        """From the first interval's begin to the last one's end, seconds."""
        return next(iter(self.bins))[0], list(self.bins)[-1][1]

    def names(self) -> dict[Place, tuple[str, str]]:
        """Return junction and label of each counted place."""
        return {count.place: (count.junction, count.label) for count in self.counts}


@dataclass(frozen=True)
class Seen:
    """One run as an observer notes it: vehicles at each place by interval, travel times (`None`: nobody), queues, metres."""

    passed: list[Mapping[Place, int]]
    travel_s: list[float | None]
    queues_m: list[float]


@dataclass(frozen=True)
class Observed:
    """A trial's runs, one for each seed."""

    seeds: tuple[int, ...]
    runs: tuple[Seen, ...]

    def mean(self, at: int, place: Place) -> float:
        """Return how many vehicles passed a place in the interval with that number, mean over the seeds."""
        return statistics.fmean(run.passed[at].get(place, 0) for run in self.runs)


@dataclass(frozen=True)
class Trial:
    """A demand and drivers.

    Attributes:
        wanted: what routes are asked to meet: the counts, corrected by what earlier trials missed.
        vehicles: who drives for it.
        drivers: how.
    """

    wanted: Bins
    vehicles: tuple[Vehicle, ...]
    drivers: Drivers

    @classmethod
    def of(cls, wanted: Bins, drivers: Drivers, street: Street) -> Trial:
        """Return the trial of a demand that is to meet `wanted`."""
        return cls(wanted, tuple(routed(wanted, street.ground, street.asked)), drivers)

    def write(self, folder: Path, name: str, street: Street, made: Made) -> None:
        """Write the trial's scenario into an empty folder."""
        write_scenario(
            folder, name, street.ground, self.vehicles, street.window, street.asked.warmup_s, made, street.sources,
            self.drivers,
        )  # fmt: skip

    def run(self, street: Street, seeds: Sequence[int], workers: int) -> Observed:
        """Simulate the trial.

        Raises:
            InputError: SUMO refuses it.
        """
        with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
            folder = Path(scratch)
            self.write(folder, "trial", street, Made("", ()))
            warmup_s = min(street.asked.warmup_s, street.window[0])
            config = ScenarioConfig("trial", sumocfg=folder / CONFIGURATION, warmup_s=warmup_s)
            scenario, network = prepare(config, folder / "scenario", queue_max_m=1000.0)

            def seen(_: int, trace: Trace, result: RunResult) -> Seen:
                queues_m = {(row.signal, row.approach): row.queue_m[3] for row in result.approaches}
                return Seen(
                    passed(trace, list(street.bins)),
                    [travel_time_s(trace, of.start, of.end, (of.begin_s, of.end_s)) for of in street.travel_times],
                    [queues_m[of.signal, of.approach] for of in street.queues],
                )

            return Observed(tuple(seeds), tuple(traced_runs(scenario, network, seeds, workers, seen)))


def rows(street: Street, observed: Observed) -> list[Row]:
    """Return every counted place by the hour, in the order of the counts."""
    found = []
    first_s, last_s = street.window
    intervals = list(street.bins)
    for place, (junction, label) in street.names().items():
        begin_s = first_s
        while begin_s < last_s:
            end_s = min(begin_s + HOUR_S, last_s)
            here = [
                i for i, of in enumerate(intervals) if begin_s <= of[0] < end_s and place in street.bins[of]
            ]  # fmt: skip
            if here:
                hours = sum(intervals[i][1] - intervals[i][0] for i in here) / HOUR_S
                counted = sum(street.bins[intervals[i]][place] for i in here) / hours
                simulated = [sum(run.passed[i].get(place, 0) for i in here) / hours for run in observed.runs]
                mean = statistics.fmean(simulated)
                value = float(geh(mean, counted))
                found.append(Row(junction, label, begin_s, end_s, counted, mean, min(simulated), max(simulated), value))
            begin_s = end_s
    return found


def counts_loss(street: Street, observed: Observed) -> float:
    """Return how far a trial is from the counts: the mean square of GEH over 5, of each place and hour."""
    return statistics.fmean((row.geh / GEH_OK) ** 2 for row in rows(street, observed))


def loss(street: Street, observed: Observed) -> float:
    """Return how far a trial is from what was observed: 0 is none, 1 as far as may be.

    The sum of three means of squares: GEH over 5 of each place and hour, misses of travel times over 15 %, and of queues over
    25 %.
    """
    of_times, of_queues = [], []
    for i, time in enumerate(street.travel_times):
        seen = [run.travel_s[i] for run in observed.runs]
        times = [value for value in seen if value is not None]
        # Where nobody arrives the time is as wrong as can be.
        missed = abs(statistics.fmean(times) / time.seconds - 1.0) if times else 1.0
        of_times.append((missed / TRAVEL_TIME_OK) ** 2)
    for i, queue in enumerate(street.queues):
        metres = statistics.fmean(run.queues_m[i] for run in observed.runs)
        of_queues.append(((metres - queue.metres) / (QUEUE_OK * max(queue.metres, QUEUE_LEAST_M))) ** 2)
    return counts_loss(street, observed) + sum(statistics.fmean(of) for of in (of_times, of_queues) if of)
