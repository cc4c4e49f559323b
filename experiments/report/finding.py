"""A study's outcome in plain sentences: what the plan saves, who gains and who loses, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.plan import BASELINE
from engine.statistics import Interval
from experiments.report._language import gettext, joined, ngettext
from experiments.report._templates import fixed
from experiments.report.comparison import Approach, direction

__all__ = ["finding", "gains", "headline", "proof"]

NAMED = 3
"""Approaches that a sentence names."""


def finding(summary: dict[str, Any]) -> str:
    """Return a study's outcome in a few plain sentences; its approaches are not in the summary."""
    # Studies of former versions do not say which limits no plan keeps.
    return " ".join([headline(summary), *proof(summary), *summary.get("unmet", ())])


def headline(summary: dict[str, Any], rows: Sequence[Approach] = ()) -> str:
    """Return the outcome in one sentence: what a better plan saves, and who loses most by it, or else gains most."""
    if len(summary["ranking"]) == 1:
        delay = summary["baseline"]["delay_s"]
        if not delay:
            return gettext("The plan in the net alone was run.")
        return ngettext(
            "The plan in the net alone was run: %(delay)s s of delay per vehicle, mean of %(num)s seed.",
            "The plan in the net alone was run: %(delay)s s of delay per vehicle, mean of %(num)s seeds.",
            delay["n"],
            delay=fixed(delay["mean"]),
        )
    if summary["verdict"] == "better":
        return _saving(summary, rows)
    if summary["verdict"] == "unreported":
        if summary["best"]["plan_id"] == BASELINE:
            return gettext(
                "The plan in the net came first on the seeds that choose. No seeds were held out, so nothing is proven."
            )
        return gettext(
            "Plan %(plan)s came first on the seeds that choose. No seeds were held out, so nothing is proven.",
            plan=summary["best"]["plan_id"],
        )
    return gettext("No plan beat the plan in the net with confidence on the held-out seeds: it stays.")


def _saving(summary: dict[str, Any], rows: Sequence[Approach]) -> str:
    difference = summary["difference"]["delay_s"]
    saved = fixed(-difference["centre"])
    if difference["of"] == "mean":
        low, high = difference["ci95"]
        saved = gettext("%(centre)s ± %(half)s", centre=saved, half=fixed((high - low) / 2.0))
    gained, lost = _gains(rows), _losses(rows)
    values = {"plan": summary["best"]["plan_id"], "gain": saved, "num": str(len(lost))}
    if not gained and not lost:
        return gettext("Plan %(plan)s saves %(gain)s s per vehicle.", **values)
    row, change = (lost or gained)[0]
    where = gettext("%(direction)s approach", direction=direction(row.name))
    if len({row.signal for row in rows}) > 1:
        where = gettext("%(direction)s approach at %(signal)s", direction=direction(row.name), signal=row.signal)
    values |= {"approach": where, "seconds": fixed(abs(change.centre))}
    if not lost:
        return gettext(
            "Plan %(plan)s saves %(gain)s s per vehicle; the %(approach)s gains most: %(seconds)s s.", **values
        )
    if len(lost) == 1:
        return gettext("Plan %(plan)s saves %(gain)s s per vehicle; the %(approach)s loses %(seconds)s s.", **values)
    return gettext(
        "Plan %(plan)s saves %(gain)s s per vehicle; %(num)s approaches lose, the %(approach)s most: %(seconds)s s.",
        **values,
    )


def proof(summary: dict[str, Any]) -> list[str]:
    """Return how sure a better plan's saving is, in a sentence; none where no plan is proven to be better."""
    if summary["verdict"] != "better" or len(summary["ranking"]) == 1:
        return []
    difference, baseline = summary["difference"]["delay_s"], summary["baseline"]["delay_s"]
    low, high = difference["ci95"]
    values = {"low": fixed(-high), "high": fixed(-low), "before": fixed(baseline[difference["of"]])}
    values |= {"num": baseline["n"]}
    if difference["of"] == "median":
        return [
            gettext(
                "That is in the median, as one run jams: 95 %% interval %(low)s to %(high)s s, of the %(before)s s under "
                "the plan in the net, on %(num)s held-out seeds.",
                **values,
            )
        ]
    return [
        gettext(
            "The 95 %% interval is %(low)s to %(high)s s, of the %(before)s s under the plan in the net, on %(num)s "
            "held-out seeds.",
            **values,
        )
    ]


def gains(rows: Sequence[Approach]) -> list[str]:
    """Return who gains and who loses, a sentence each, as far as the intervals are clear of zero."""
    several = len({row.signal for row in rows}) > 1
    sentences = []
    gained, lost = _gains(rows), _losses(rows)
    if gained:
        sentences.append(
            ngettext(
                "%(num)s of %(all)s approaches gains time: %(named)s per vehicle.",
                "%(num)s of %(all)s approaches gain time: %(named)s per vehicle.",
                len(gained), all=len(rows), named=_named(gained, several),
            )
        )  # fmt: skip
    if lost:
        sentences.append(
            ngettext(
                "%(num)s of %(all)s approaches loses time: %(named)s per vehicle.",
                "%(num)s of %(all)s approaches lose time: %(named)s per vehicle.",
                len(lost), all=len(rows), named=_named(lost, several),
            )
        )  # fmt: skip
    return sentences


def _named(found: Sequence[tuple[Approach, Interval]], several: bool) -> str:
    """Return the approaches that change most, each with its seconds."""
    named = joined(
        gettext("%(approach)s %(seconds)s s", approach=_place(row, several), seconds=fixed(abs(difference.centre)))
        for row, difference in found[:NAMED]
    )
    return named if len(found) <= NAMED else gettext("most of all %(named)s", named=named)


def _place(row: Approach, several: bool) -> str:
    if not several:
        return direction(row.name)
    return gettext("%(direction)s at %(signal)s", direction=direction(row.name), signal=row.signal)


def _gains(rows: Sequence[Approach]) -> list[tuple[Approach, Interval]]:
    return sorted((pair for pair in _sure(rows) if (pair[1].high or 0.0) < 0.0), key=lambda pair: pair[1].centre)


def _losses(rows: Sequence[Approach]) -> list[tuple[Approach, Interval]]:
    return sorted((pair for pair in _sure(rows) if (pair[1].low or 0.0) > 0.0), key=lambda pair: -pair[1].centre)


def _sure(rows: Sequence[Approach]) -> list[tuple[Approach, Interval]]:
    """Return the approaches whose difference has an interval, with it."""
    return [(row, row.difference) for row in rows if row.difference and row.difference.low is not None]
