"""Puts a bulletin's page together, in the language that is spoken."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from importlib.metadata import version

from experiments.bulletin.gathering import LeftOut
from experiments.bulletin.indicators import INDICATORS, NOT_MEASURED, Indicator
from experiments.bulletin.ranking import Ranked
from experiments.report._language import N_, gettext, lang, ngettext
from experiments.report._templates import fixed, render

__all__ = ["bulletin_page", "finding", "left_out_text"]

LESS_IS_BETTER = frozenset(indicator.key for indicator in INDICATORS) - {"green_utilisation"}
"""Where a change is a gain or a loss; a green that is better used is neither by itself."""


def bulletin_page(found: Sequence[Ranked], order: str, name: str, since: str, left_out: Sequence[LeftOut]) -> str:
    """Return the page.

    Args:
        found: the junctions in their order.
        order: the indicator that orders them.
        name, since: of the two folders; `since` is empty where there is none.
        left_out: what is not shown.
    """
    shown = [of for of in INDICATORS if any(of.key in row.junction.values for row in found)]
    first, *more = finding(found, order)
    return render(
        "bulletin.html.j2",
        figures={},
        found=found,
        indicators=shown,
        absent=[_name(of) for of in INDICATORS if of not in shown],
        not_measured=NOT_MEASURED,
        order=next(_name(of) for of in INDICATORS if of.key == order),
        folder=name,
        since=since,
        notes=[left_out_text(of) for of in left_out],
        heading=first,
        sentences=more,
        several=len({row.junction.scenario for row in found}) > 1,
        mean=statistics.fmean,
        los=_los,
        indicator_name=_name,
        effect=_effect,
        version=version("greensplit"),
    )


def _name(of: Indicator) -> str:
    return of.name_zh if lang().startswith("zh") else gettext(of.name_en)


def _effect(row: Ranked, key: str) -> str:
    """Return whether a change is a sure gain or loss."""
    change = row.changes.get(key)
    if change is None or key not in LESS_IS_BETTER:
        return ""
    return {-1: "gains", 0: "", 1: "loses"}[change.direction]


def _los(delay_s: float) -> str:
    from kernels.formulas import level_of_service  # noqa: PLC0415  the kernels load with it

    letter: str = level_of_service(delay_s)
    return letter


def left_out_text(of: LeftOut) -> str:
    """Return what is not shown as a sentence."""
    texts = {
        "plan": N_("%(study)s is a run of another plan than the one in the net, and is left out."),
        "older": N_("%(study)s was written by an older version without junctions, and is left out."),
        "twice": N_("%(signal)s of %(study)s is in a later study too, which counts."),
    }
    return gettext(texts[of.why], study=of.study, signal=of.signal)


def finding(found: Sequence[Ranked], order: str) -> list[str]:
    """Return the worst junction, then what rose and fell for sure, a sentence each."""
    indicator = next(of for of in INDICATORS if of.key == order)
    worst = next((row for row in found if row.place == 1), None)
    if worst is None:
        return [gettext("%(indicator)s was measured at no junction.", indicator=_name(indicator))]
    values = {"indicator": _name(indicator), "unit": gettext(indicator.unit) if indicator.unit else ""}
    mean = statistics.fmean(worst.junction.values[order])
    said = [
        ngettext(
            "Of %(num)s junction %(signal)s of %(scenario)s has the largest %(indicator)s: %(value)s %(unit)s.",
            "Of %(num)s junctions %(signal)s of %(scenario)s has the largest %(indicator)s: %(value)s %(unit)s.",
            len(found),
            signal=worst.junction.signal,
            scenario=worst.junction.scenario,
            value=fixed(mean, indicator.digits),
            **values,
        )
    ]
    jams = {row.junction.scenario: row.junction for row in found if row.junction.jams}
    said += [
        gettext(
            "%(scenario)s: %(jams)s of %(runs)s runs ended in gridlock, and their delay is in the means.",
            scenario=scenario, jams=of.jams, runs=of.runs,
        )
        for scenario, of in jams.items()
    ]  # fmt: skip
    changes = [(row, row.changes[order]) for row in found if order in row.changes]
    if changes:
        rose = sum(change.direction > 0 for _, change in changes)
        fell = sum(change.direction < 0 for _, change in changes)
        said.append(
            gettext(
                "Since the last bulletin it rose for sure at %(rose)s of %(all)s junctions and fell at %(fell)s.",
                rose=rose, fell=fell, all=len(changes),
            )
        )  # fmt: skip
    return said
