"""Fits a demand, and the driving, so that simulated counts, queues and travel times come near those observed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from experiments.calibrate.trial import Bins, Observed, Street, Trial, counts_loss, loss, rows
from experiments.report.calibration import SHARE_OK
from scenarios.demand.fleet import Drivers

__all__ = ["Fit", "Fitted", "fit"]

GAIN = 0.7
"""Share of what a place misses that the next demand is asked for more: all of it would overshoot where queues carry over."""
FARTHEST = 0.5
"""A demand is never asked for more or less than this share beyond the count: what the junction cannot serve would grow."""
DOUBT, LEAST_GAIN = 0.02, 0.01
"""Share of the misfit, and misfit, that another way to drive has to save: less is chance."""
STEPS = {"tau": 0.1, "speed_factor": 0.05, "min_gap": 0.1, "sigma": 0.2}


@dataclass(frozen=True)
class Fit:
    """What the fit may take.

    Attributes:
        seeds: of its runs.
        rounds: of the demand.
        driver_runs: simulations for the driving.
        bounds: least and largest factor of each of `STEPS`.
        workers: simulations at a time.
    """

    seeds: tuple[int, ...]
    rounds: int
    driver_runs: int
    bounds: Mapping[str, tuple[float, ...]]
    workers: int


@dataclass(frozen=True)
class Fitted:
    """The best trial, its misfit on the seeds that fitted it, and how many simulations that took."""

    trial: Trial
    misfit: float
    simulations: int
    drivers_fitted: bool


def fit(street: Street, of: Fit, say: Callable[[str], None]) -> Fitted:
    """Return the trial that comes nearest to what was observed.

    First the demand is corrected, round by round. Then, where travel times or queues were observed or fewer than 85 % of the
    counts are met, one driving parameter after the other goes up or down as long as that helps; counts alone hardly tell how
    people drive. The same input gives the same trial, whatever the number of workers.

    Args:
        street: what was observed.
        of: what the fit may take.
        say: called with a line on each step.

    Raises:
        InputError: SUMO refuses a trial.
    """
    runs = 0

    def seen(trial: Trial) -> Observed:
        nonlocal runs
        runs += len(of.seeds)
        return trial.run(street, of.seeds, of.workers)

    trial = Trial.of(street.bins, Drivers(), street)
    observed = seen(trial)
    best, best_seen = trial, observed
    say(f"the counts as they are: {_told(street, observed)}")
    for i in range(1, of.rounds):
        trial = Trial.of(_corrected(street.bins, trial.wanted, observed), best.drivers, street)
        observed = seen(trial)
        say(f"demand corrected, round {i}: {_told(street, observed)}")
        # By the counts alone: where queues come and go, the best of several by travel times would be the luckiest.
        if counts_loss(street, observed) < counts_loss(street, best_seen):
            best, best_seen = trial, observed
    least = loss(street, best_seen)
    share = sum(row.fits for row in rows(street, best_seen)) / len(rows(street, best_seen))
    wanted = bool(street.travel_times or street.queues or share < SHARE_OK)
    before = runs
    if wanted and of.driver_runs >= len(of.seeds):

        def misfit_of(drivers: Drivers) -> float | None:
            if runs - before + len(of.seeds) > of.driver_runs:
                return None
            return loss(street, seen(replace(best, drivers=drivers)))

        drivers, least = _driven(best.drivers, least, of.bounds, misfit_of, say)
        best = replace(best, drivers=drivers)
    return Fitted(best, least, runs, wanted)


def _told(street: Street, observed: Observed) -> str:
    found = rows(street, observed)
    return f"GEH below 5 at {sum(row.fits for row in found)} of {len(found)}, misfit {loss(street, observed):.3f}"


def _corrected(counted: Bins, wanted: Bins, observed: Observed) -> Bins:
    """Return what the next demand is asked for: the last one's and a share of what it missed, within bounds."""
    found = {}
    for at, (interval, places) in enumerate(counted.items()):
        found[interval] = {
            place: min(
                max(wanted[interval][place] + GAIN * (number - observed.mean(at, place)), number * (1.0 - FARTHEST)),
                number * (1.0 + FARTHEST),
            )
            for place, number in places.items()
        }
    return found


def _driven(
    start: Drivers,
    misfit: float,
    bounds: Mapping[str, tuple[float, ...]],
    misfit_of: Callable[[Drivers], float | None],
    say: Callable[[str], None],
) -> tuple[Drivers, float]:
    """Return drivers near `start` with less misfit, one number changed after the other; `None` ends the search."""
    best, least = start, misfit
    tried = {start}
    improved = True
    while improved:
        improved = False
        for name, step in STEPS.items():
            for sign in (1.0, -1.0):
                while True:
                    value = round(getattr(best, name) + sign * step, 6)
                    if not bounds[name][0] <= value <= bounds[name][1]:
                        break
                    trial = replace(best, **{name: value})
                    found = None if trial in tried else misfit_of(trial)
                    if trial not in tried and found is None:
                        return best, least
                    tried.add(trial)
                    if found is None or found >= least - max(DOUBT * least, LEAST_GAIN):
                        break
                    best, least, improved = trial, found, True
                    say(f"{name} x {value:g}: misfit {found:.3f}")
    return best, least
