"""What differences between plans of one scenario say, in plain sentences of the language that is spoken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.statistics import Interval
from experiments.compare.comparison import Compared, Comparison
from experiments.compare.judging import Difference
from experiments.compare.places import BEST, IN_NET
from experiments.report._language import gettext, joined, ngettext
from experiments.report._templates import fixed
from experiments.report.comparison import direction

__all__ = ["MOST", "effects", "heading", "in_text", "name", "sentences"]

MOST = 3
"""Of those that gain or lose most, as many are named."""


def name(label: str) -> str:
    """Return a rival's label; those that are ours are translated."""
    for ours, told in ((IN_NET, gettext("plan in the net")), (BEST, gettext("best plan"))):
        if label.startswith(ours):
            return told + label.removeprefix(ours)
    return label


def in_text(label: str) -> str:
    """Return a rival's label as it stands in a sentence."""
    for ours, told in ((IN_NET, gettext("the plan in the net")), (BEST, gettext("the best plan"))):
        if label.startswith(ours):
            return told + label.removeprefix(ours)
    return label


def heading(comparison: Comparison) -> str:
    """Return the one sentence on top: of the rival that saves most, over all scenarios or in the only one."""
    if len(comparison.compared) > 1:
        return _over_scenarios(comparison)
    compared = comparison.compared[0]
    rows = [(rival.label, compared.main(rival.label)) for rival in compared.place.rivals]
    known = sorted(((of.judged.plain.centre, label, of) for label, of in rows if of), key=lambda row: row[:2])
    better = [(label, of) for _, label, of in known if compared.verdicts[label] == "better"]
    if better:
        return _saves(compared, *better[0])
    reference = in_text(compared.place.reference.label)
    if not known:
        return gettext("Nothing can be paired: %(reference)s shares no seed with its rivals.", reference=reference)
    if all(compared.verdicts[label] == "worse" for _, label, _ in known):
        return ngettext(
            "%(reference)s stays ahead of its %(num)s rival, which has more delay.",
            "%(reference)s stays ahead: all of its %(num)s rivals have more delay.",
            len(known),
            reference=_first_large(reference),
        )
    return ngettext(
        "The %(num)s rival is not shown to have less delay than %(reference)s.",
        "None of the %(num)s rivals is shown to have less delay than %(reference)s.",
        len(known),
        reference=reference,
    )


def _over_scenarios(comparison: Comparison) -> str:
    sure = sorted((of for of in comparison.overall if of.judged.direction < 0), key=lambda of: of.judged.plain.mean)
    if not sure:
        n = len(comparison.compared)
        return gettext("Over all %(n)s scenarios together no rival is shown to have less delay.", n=n)
    best = sure[0]
    low, high = sorted(-100.0 * end for end in best.ends or (best.relative, best.relative))
    return gettext(
        "%(rival)s has %(by)s %% less delay, mean of %(n)s scenarios (95 %% interval %(low)s to %(high)s %%).",
        rival=_first_large(in_text(best.rival)),
        by=fixed(-100.0 * best.relative),
        n=len(best.scenarios),
        low=fixed(low),
        high=fixed(high),
    )


def _saves(compared: Compared, label: str, of: Difference) -> str:
    theirs = sum(of.theirs) / len(of.theirs)
    values = {
        "rival": _first_large(in_text(label)),
        "by": fixed(-of.judged.plain.centre),
        "reference": in_text(compared.place.reference.label),
        "theirs": fixed(theirs),
        "n": len(of.seeds),
        **_ends(of.judged.corrected, -1.0),
    }
    if of.judged.plain.of == "median":
        return gettext(
            "%(rival)s saves %(by)s s per vehicle in the median, as one run jams (95 %% interval %(low)s to %(high)s), "
            "against %(reference)s, on %(n)s seeds.",
            **values,
        )
    return gettext(
        "%(rival)s saves %(by)s s per vehicle (95 %% interval %(low)s to %(high)s) of the %(theirs)s s under %(reference)s, "
        "on %(n)s seeds.",
        **values,
    )


def sentences(compared: Compared) -> list[str]:
    """Return a sentence on every rival's delay, the one that saves most first, and those on who gains and who loses."""
    said = []
    rows = [(compared.main(rival.label), rival.label) for rival in compared.place.rivals]
    for of, label in sorted(rows, key=lambda row: row[0].judged.plain.centre if row[0] else 0.0):
        said.append(_verdict(compared, label, of))
        said += effects(compared, label)
    return said


def _verdict(compared: Compared, label: str, of: Difference | None) -> str:
    rival = _first_large(in_text(label))
    if of is None:
        return gettext("%(rival)s shares no seed with the reference: nothing is paired.", rival=rival)
    verdict, change = compared.verdicts[label], fixed(of.judged.plain.centre, sign=True)
    known = {"rival": rival, "change": change}
    if len(of.seeds) < 2:
        return gettext("%(rival)s: %(change)s s per vehicle on the one seed in common, which proves nothing.", **known)
    if verdict == "better":
        return _saves(compared, label, of)
    ends = _ends(of.judged.corrected, 1.0, sign=True)
    if verdict == "worse":
        return gettext(
            "%(rival)s costs %(by)s s per vehicle (95 %% interval of the difference %(low)s to %(high)s).",
            rival=rival, by=fixed(of.judged.plain.centre), **ends,
        )  # fmt: skip
    if verdict == "jams":
        return gettext(
            "%(rival)s has less delay (%(change)s s per vehicle) and ends in gridlock more often: it is not better.",
            **known,
        )
    if verdict == "missing":
        return gettext(
            "%(rival)s has less delay (%(change)s s per vehicle) on the seeds that ended, and some did not: nothing is "
            "proven.",
            **known,
        )
    return gettext(
        "%(rival)s: no difference is shown (%(change)s s per vehicle, 95 %% interval %(low)s to %(high)s).",
        **known,
        **ends,
    )


def effects(compared: Compared, label: str) -> list[str]:
    """Return who gains and who loses for sure under a rival: approaches, then classes."""
    said = []
    approaches = [of for of in compared.of_rival(label, "approach") if of.measure == "control_delay_s"]
    several = len({of.unit.signal for of in approaches}) > 1
    for effect, of_effect in (("gains", 1), ("loses", -1)):
        rows = sorted(
            (of for of in approaches if of.effect == effect), key=lambda of: of_effect * of.judged.plain.centre
        )
        if not rows:
            continue
        values = {"rival": in_text(label), "most": _listed(rows[:MOST], several), "all": len(approaches)}
        if effect == "gains":
            text = ngettext(
                "Under %(rival)s %(num)s of %(all)s approaches gains time: %(most)s.",
                "Under %(rival)s %(num)s of %(all)s approaches gain time, most of all %(most)s.",
                len(rows),
                **values,
            )
        else:
            text = ngettext(
                "Under %(rival)s %(num)s of %(all)s approaches loses time: %(most)s.",
                "Under %(rival)s %(num)s of %(all)s approaches lose time, most of all %(most)s.",
                len(rows),
                **values,
            )
        said.append(text)
    return said


def _listed(rows: Iterable[Difference], several: bool) -> str:
    parts = []
    for of in rows:
        by = fixed(abs(of.judged.plain.centre))
        values = {"approach": direction(of.unit.approach), "by": by, "signal": of.unit.signal}
        parts.append(
            gettext("%(approach)s at %(signal)s %(by)s s", **values)
            if several
            else gettext("%(approach)s %(by)s s", **values)
        )
    return joined(parts)


def _ends(of: Interval, factor: float, digits: int = 1, sign: bool = False) -> dict[str, str]:
    ends: Sequence[float | None] = (
        sorted([factor * of.low, factor * (of.high or 0.0)]) if of.low is not None else (None, None)
    )
    return dict(zip(("low", "high"), (fixed(end, digits, sign) for end in ends), strict=True))


def _first_large(text: str) -> str:
    """Return text as a sentence begins; what users call their plans is left as it is."""
    ours = text.startswith((gettext("the plan in the net"), gettext("the best plan")))
    return text[:1].upper() + text[1:] if ours else text
