"""What a study's files say in English words, and how a page says it in the language that is spoken."""

from __future__ import annotations

import functools
import re

from experiments.report._language import N_, gettext, joined, translated

__all__ = ["SENTENCES", "retold"]

WORDS = (
    N_("mean"), N_("median"), N_("training"), N_("confirmation"), N_("holdout"), N_("calibration"), N_("failed"),
    N_("timeout"), N_("crashed"), N_("the project's floors"), N_("the RESCO benchmark's timing"),
    N_("China (GB 14886-2016, design practice)"), N_("United States (MUTCD, ITE formulas)"), N_("minimum green"),
    N_("maximum red"), N_("longest yellow"), N_("yellow"), N_("yellow after green"), N_("order of colours"),
    N_("red and yellow"), N_("red clearance"), N_("pedestrian clearance"), N_("walk"), N_("walk and clearance"),
    N_("cycle"), N_("conflicting greens"), N_("whole seconds"), N_("green"), N_("offset"), N_("shortest cycle"),
    N_("longest cycle"), N_("duration"), N_("state"), N_("letters"), N_("red throughout"), N_("green in every cycle"),
    N_("one of them red or giving way"), N_("given by the user"), N_("the plan in the net"),
    N_("red"),
    N_("turn on red"),
    N_("dark"),
)  # fmt: skip
"""Words that stand alone in a study's files; a page looks them up in the catalogue as they are."""

SENTENCES = (
    N_("No plan keeps the limits: the nearest of %(num)s, %(plan)s, misses %(missed)s, mean of %(seeds)s training seed."),
    N_("No plan keeps the limits: the nearest of %(num)s, %(plan)s, misses %(missed)s, mean of %(seeds)s training seeds."),
    N_("No seeds were held out: the winner's delay is measured on the seeds that chose it, and flatters it."),
    N_("Signals left as they are: %(signals)s."),
    N_("Of %(num)s finalists, %(plan)s is the best within %(zone)s with a chance of at least %(chance)s %%, after "
       "%(seeds)s confirmation seeds."),
    N_("%(num)s more confirmation seeds would lift that chance to 95 %%."),
    N_("The plan in the net breaks rules=%(rules)s in %(num)s place: %(rule)s. No other plan was run that breaks more of "
       "them, or any by more."),
    N_("The plan in the net breaks rules=%(rules)s in %(num)s places: %(rule)s. No other plan was run that breaks more of "
       "them, or any by more."),
    N_("The configuration's %(key)s is not used: %(reason)s."),
    N_("The configuration has no end: the last departure is at %(last)s s, so the run ends at %(end)s s."),
    N_("Of signal '%(signal)s' no times are judged: %(reason)s."),
    N_("%(rules)s asks for %(seconds)s s of flashing green before yellow. SUMO's letters hold none, so that it is not "
       "judged: part of the green before each yellow stands for it."),
)  # fmt: skip
"""Sentences in a study's files, with names for what they fill in."""


LONGEST = 300
"""A longer text is no phrase that a study puts together."""


def retold(text: str) -> str | None:
    """Return words or a sentence of a study's files in the language that is spoken; `None` where they are not known."""
    for message, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            return gettext(message, **{name: _phrase(value) or value for name, value in found.groupdict().items()})
    return _phrase(text)


def _phrase(text: str) -> str | None:
    """Return known words, and what a study puts together of them: ``order of colours (7), walk`` or ``red after green``."""
    if len(text) > LONGEST:
        return None
    if text in WORDS:
        return translated(text)
    if ", " in text:
        parts = [_phrase(part) for part in text.split(", ")]
        return None if None in parts else joined(parts)
    for separator, message in ((" or ", N_("%(one)s or %(other)s")), (" after ", N_("%(one)s after %(other)s"))):
        left, found, right = text.partition(separator)
        if found:
            one, other = _phrase(left), _phrase(right)
            return None if one is None or other is None else gettext(message, one=one, other=other)
    counted = re.fullmatch(r"(.+) \((\d+)\)", text)
    known = _phrase(counted[1]) if counted else None
    return gettext("%(rule)s (%(num)s)", rule=known, num=counted[2]) if counted and known else None


@functools.cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return each sentence with the pattern of its English text."""
    patterns = []
    for message in SENTENCES:
        parts = re.split(r"%\((\w+)\)s", message.replace("%%", "%"))
        text = "".join(re.escape(part) if i % 2 == 0 else f"(?P<{part}>.+)" for i, part in enumerate(parts))
        patterns.append((message, re.compile(text)))
    return tuple(patterns)
