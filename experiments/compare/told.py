"""What a look-back found, and what warnings and gaps of a comparison mean, in the language that is spoken."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.compare.finding import in_text
from experiments.compare.lookback import Change, Lookback, said_of
from experiments.compare.places import Missing
from experiments.report._language import N_, gettext, joined
from experiments.report._templates import fixed

__all__ = ["MEASURES", "label", "lookback_sentences", "missing_text", "unit_of", "warning_text"]

MEASURES = {
    "delay_s": (N_("delay"), N_("s per vehicle"), 1),
    "control_delay_s": (N_("control delay"), N_("s per vehicle"), 1),
    "stops_per_veh": (N_("stops"), N_("per vehicle"), 2),
    "travel_time_s": (N_("travel time of arrived vehicles"), N_("s"), 1),
    "travel_time_p95_ratio": (N_("travel time over free-flow time, 95th percentile"), "", 2),
    "throughput_veh": (N_("arrived vehicles"), "", 0),
    "vehicles": (N_("vehicles"), "", 0),
    "queue_max_m": (N_("longest back of queue"), N_("m"), 0),
    "queue_p95_m": (N_("back of queue, 95th percentile"), N_("m"), 0),
    "spillback_s": (N_("spillback"), N_("s"), 0),
    "split_failures": (N_("split failures"), "", 0),
    "split_failure_share": (N_("cycles whose green was too short"), N_("share"), 3),
    "arrivals_on_green": (N_("arrivals on green"), N_("share"), 3),
    "green_occupancy": (N_("stop line occupied in green"), N_("share"), 3),
    "red_occupancy": (N_("stop line occupied in the first 5 s of red"), N_("share"), 3),
    "pedestrian_delay_s": (N_("delay of pedestrians"), N_("s per person"), 1),
    "co2_g": (N_("CO2"), N_("g"), 0),
    "fuel_ml": (N_("fuel"), N_("ml"), 0),
    "conflicts_ttc": (N_("conflicts, time to collision < 3 s"), "", 0),
    "conflicts_drac": (N_("conflicts, needed deceleration > 3 m/s²"), "", 0),
    "conflicts_pet": (N_("conflicts, post-encroachment time < 2 s"), "", 0),
}
"""What measures are called, their units, and the digits that are shown."""


def label(measure: str) -> str:
    """Return what a measure is called."""
    return gettext(MEASURES[measure][0])


def unit_of(measure: str) -> str:
    """Return a measure's unit; empty where it is a number."""
    return gettext(MEASURES[measure][1]) if MEASURES[measure][1] else ""


def lookback_sentences(of: Lookback) -> list[str]:
    """Return the finding, then what else there is to know of it, a sentence each."""
    main = of.main
    digits = MEASURES[main.measure][2]
    plain = main.judged.plain
    n_before, n_after = len(main.before), len(main.after)
    values = {
        "measure": label(main.measure),
        "before": fixed(sum(main.before) / n_before, digits),
        "after": fixed(sum(main.after) / n_after, digits),
        "unit": unit_of(main.measure),
        "by": fixed(plain.mean, digits, sign=True),
        "low": fixed(plain.low, digits, sign=True),
        "high": fixed(plain.high, digits, sign=True),
        "n_before": n_before,
        "n_after": n_after,
    }
    said = said_of(main.judged)
    if plain.low is None:
        first = gettext(
            "%(measure)s: %(before)s %(unit)s before, %(after)s after; one day or seed on a side proves nothing.",
            **values,
        )
    elif said in ("less", "more"):
        first = gettext(
            "%(measure)s changed by %(by)s %(unit)s (95 %% interval %(low)s to %(high)s), from %(before)s to %(after)s, "
            "%(n_before)s days or seeds before and %(n_after)s after.",
            **values,
        )
    elif said == "level":
        first = gettext(
            "%(measure)s: no change is shown, %(before)s %(unit)s before and %(after)s after (difference %(by)s, 95 %% "
            "interval %(low)s to %(high)s).",
            **values,
        )
    else:
        first = gettext(
            "%(measure)s may have changed by %(by)s %(unit)s (95 %% interval %(low)s to %(high)s), from %(before)s to "
            "%(after)s: more days would tell.",
            **values,
        )
    return [
        first[:1].upper() + first[1:],
        *_traffic(of, main),
        *(lookback_warning(*warning) for warning in of.warnings),
    ]


def _traffic(of: Lookback, main: Change) -> list[str]:
    traffic = of.traffic
    if traffic is None or traffic is main or traffic.judged.p > 0.05 or traffic.relative is None:
        return []
    return [
        gettext(
            "The traffic itself changed by %(by)s %% in number of vehicles: the treatment alone did not make the difference.",
            by=fixed(100.0 * traffic.relative, sign=True),
        )
    ]


def lookback_warning(kind: str, what: str) -> str:
    """Return a warning of a look-back as a sentence."""
    texts = {
        "few": N_("There are fewer than two days or seeds on the side %(what)s: no interval can be given."),
        "weekend": N_("The shares of days on weekends differ, before and after: %(what)s."),
        "version": N_("Versions differ: %(what)s."),
        "window": N_("The evaluated windows differ: %(what)s."),
        "times": N_("Times of day that not every day has at a place were left out there: %(what)s."),
    }
    return gettext(texts[kind], what=what)


def warning_text(kind: str, rival: str, what: str) -> str:
    """Return a warning of a comparison as a sentence."""
    texts = {
        "version": N_(
            "%(rival)s ran with another version than the reference (%(what)s): part of the difference may be that."
        ),
        "input": N_("%(rival)s was not simulated with the reference's input files: %(what)s differ."),
        "window": N_("%(rival)s was not simulated in the reference's window (%(what)s)."),
        "seeds": N_("%(rival)s has %(what)s seeds in common with the reference: there is no interval."),
    }
    return gettext(texts[kind], rival=in_text(rival), what=what)


def missing_text(of: Missing) -> str:
    """Return what is missing as a sentence."""
    values = {"rival": in_text(of.rival), "scenario": of.scenario, "seeds": _seeds(of.seeds), "reason": of.reason[:200]}
    if of.what == "scenario":
        return gettext("%(rival)s has no runs of %(scenario)s.", **values)
    if of.what == "failed" and of.reason:
        return gettext("%(scenario)s: runs of %(rival)s without a result, seeds %(seeds)s: %(reason)s", **values)
    if of.what == "failed":
        return gettext("%(scenario)s: runs of %(rival)s without a result, seeds %(seeds)s.", **values)
    return gettext(
        "%(scenario)s: %(rival)s was not run with seeds %(seeds)s, which others were: they are left out.", **values
    )


def _seeds(seeds: Sequence[int], most: int = 20) -> str:
    return joined(seeds[:most]) + ("…" if len(seeds) > most else "")
