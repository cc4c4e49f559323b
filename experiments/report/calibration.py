"""A calibration's page: what was counted, what the simulation makes of it on held-out seeds, and how its drivers drive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from experiments._clock import clock
from experiments.report._language import gettext
from experiments.report._templates import render

__all__ = ["GEH_OK", "SHARE_OK", "TRAVEL_TIME_OK", "Calibration", "Driven", "Missed", "Row", "calibration_page"]


GEH_OK = 5.0
SHARE_OK = 0.85
"""Share of places and hours that have to come out with GEH below 5, as is usual in calibrating traffic models."""
TRAVEL_TIME_OK = 0.15
"""Share of itself by which a travel time may be missed."""


@dataclass(frozen=True)
class Row:
    """One counted place in one hour, or what of an hour is counted.

    Attributes:
        junction, label: where.
        begin_s, end_s: of the hour, seconds.
        counted_veh_h, simulated_veh_h: the count, and the mean over the seeds; vehicles an hour.
        least_veh_h, most_veh_h: of the seeds.
        geh: of the two.
    """

    junction: str
    label: str
    begin_s: float
    end_s: float
    counted_veh_h: float
    simulated_veh_h: float
    least_veh_h: float
    most_veh_h: float
    geh: float

    @property
    def fits(self) -> bool:
        """Whether GEH is below 5."""
        return self.geh < GEH_OK


@dataclass(frozen=True)
class Missed:
    """An observed travel time or queue beside the simulated means before and after; `None` where nobody came."""

    label: str
    observed: float
    before: float | None
    after: float | None

    @property
    def share(self) -> float | None:
        """By which share of itself it is missed after the calibration."""
        return None if self.after is None or not self.observed else self.after / self.observed - 1.0


@dataclass(frozen=True)
class Driven:
    """A vehicle type's share and attributes, before and after."""

    name: str
    share: float
    before: Mapping[str, str]
    after: Mapping[str, str]

    def value(self, key: str) -> tuple[str, str]:
        """Return an attribute before and after; a dash stands for SUMO's default."""
        return self.before.get(key, "\N{EN DASH}"), self.after.get(key, "\N{EN DASH}")


@dataclass(frozen=True)
class Calibration:
    """All that the page shows.

    Attributes:
        scenario, sources, window: what was calibrated, to which files, from when to when, seconds.
        seeds, holdout_seeds: of the runs that fitted, and of those that judge.
        simulations: in all.
        rows: counted places by the hour, on held-out seeds.
        n_before: rows with GEH below 5 before the calibration, on the same seeds.
        travel_times, queues: what else was observed.
        fleet: who drives.
        drivers_fitted: whether the driving was fitted, too.
        notes: of the scenario.
    """

    scenario: str
    sources: tuple[str, ...]
    window: tuple[float, float]
    seeds: tuple[int, ...]
    holdout_seeds: tuple[int, ...]
    simulations: int
    rows: Sequence[Row]
    n_before: int
    travel_times: Sequence[Missed]
    queues: Sequence[Missed]
    fleet: Sequence[Driven]
    drivers_fitted: bool
    notes: tuple[str, ...]

    @property
    def n_fits(self) -> int:
        """Rows with GEH below 5."""
        return sum(row.fits for row in self.rows)

    def keeps(self, time: Missed) -> bool:
        """Return whether a travel time is met."""
        return time.share is not None and abs(time.share) <= TRAVEL_TIME_OK

    @property
    def counts_pass(self) -> bool:
        """Whether enough counts are met."""
        return self.n_fits >= SHARE_OK * len(self.rows)

    @property
    def passes(self) -> bool:
        """Whether enough counts are met, and every travel time."""
        return self.counts_pass and all(self.keeps(of) for of in self.travel_times)


def calibration_page(of: Calibration) -> str:
    """Return the page, in the language that is spoken."""
    values = {"fits": of.n_fits, "all": len(of.rows), "share": round(100.0 * of.n_fits / len(of.rows))}
    late = sum(not of.keeps(time) for time in of.travel_times)
    if late and of.counts_pass:
        heading = gettext("Not calibrated: the counts are met, and %(late)s of %(all)s travel times are missed.",
                          late=late, all=len(of.travel_times))  # fmt: skip
    elif of.passes:
        heading = gettext("Calibrated: %(fits)s of %(all)s counts (%(share)s %%) have a GEH below 5.", **values)
    else:
        heading = gettext("Not calibrated: %(fits)s of %(all)s counts (%(share)s %%) have a GEH below 5.", **values)
    return render(
        "calibration.html.j2",
        figures={},
        of=of,
        share_ok=SHARE_OK,
        travel_time_ok=TRAVEL_TIME_OK,
        heading=heading,
        window=gettext("%(begin)s to %(end)s", begin=clock(of.window[0]), end=clock(of.window[1])),
        clock=clock,
        version=version("greensplit"),
    )
