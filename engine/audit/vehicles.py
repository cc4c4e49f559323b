"""What rules ask of a vehicle movement's colours: their order, yellow, minimum green, maximum red."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from engine.audit.aspects import Controlled, Run
from engine.audit.checks import Check
from engine.audit.findings import Finding, broken
from engine.audit.rules import SEQUENCE, SOUND, Limit, Rules
from kernels.formulas import yellow

__all__ = ["sequence", "timed", "yellow_needed"]

NAMES = {"ready": "red and yellow", "turn": "turn on red", "off": "dark"}
MAY_FOLLOW = {
    "green": ("yellow", "off"),
    "yellow": ("red", "turn", "off"),
    "ready": ("green",),
    "red": ("green", "ready", "turn", "off"),
    "turn": ("green", "ready", "red", "off"),
    "off": ("green", "yellow", "ready", "red", "turn"),
}
"""What a driver may see after each colour. Dark and blinking signals are outside of the order."""


def sequence(signal: str, link: Controlled, of_link: list[Run]) -> Iterator[Finding]:
    """Yield colours that follow one another in an order that is not to be shown, and a red that never ends."""
    if len(of_link) < 2:
        if of_link and of_link[0].kind == "red":
            yield broken(signal, link.where, "green", "red throughout", "green in every cycle", SOUND)
        return
    for i, run in enumerate(of_link):
        after = of_link[(i + 1) % len(of_link)]
        if after.kind not in MAY_FOLLOW[run.kind]:
            name, other = NAMES.get(run.kind, run.kind), NAMES.get(after.kind, after.kind)
            rule = "yellow after green" if run.kind == "green" else "order of colours"
            due = " or ".join(NAMES.get(kind, kind) for kind in MAY_FOLLOW[run.kind] if kind != "off")
            where = f"{link.where}, phase {after.phases[0]}"
            yield broken(signal, where, rule, f"{other} after {name}", due, SEQUENCE)


def timed(link: Controlled, of_link: list[Run], rules: Rules) -> Iterator[Check]:
    """Yield the limits on a movement's greens, yellows and reds."""
    if len(of_link) < 2:
        return
    needed_s, why = yellow_needed(link, rules)
    for i, run in enumerate(of_link):
        if run.kind == "green" and rules.min_green_s.value is not None:
            yield Check("minimum green", link.where, run.phases, True, rules.min_green_s.value, rules.min_green_s)
        elif run.kind == "yellow" and of_link[i - 1].kind == "green":
            if needed_s is not None:
                yield Check("yellow", link.where, run.phases, True, needed_s, why)
            if rules.yellow_max_s.value is not None:
                yield Check(
                    "longest yellow", link.where, run.phases, False, rules.yellow_max_s.value, rules.yellow_max_s
                )
        elif run.kind == "ready" and rules.red_yellow_max_s.value is not None:
            limit = rules.red_yellow_max_s
            yield Check("red and yellow", link.where, run.phases, False, rules.red_yellow_max_s.value, limit)
        elif run.kind == "red" and rules.max_red_s.value is not None:
            yield Check("maximum red", link.where, run.phases, False, rules.max_red_s.value, rules.max_red_s)


def yellow_needed(link: Controlled, rules: Rules) -> tuple[float | None, Limit]:
    """Return the least yellow of a movement, seconds, and the limit that it comes from; None where rules set none.

    By the formula where the rules give its parameters, held within their bounds.
    """
    least, most = rules.yellow_min_s.value, rules.yellow_max_s.value
    reaction_s, deceleration = rules.reaction_s.value, rules.deceleration_m_s2.value
    if reaction_s is None or deceleration is None or link.approach_m_s <= 0.0:
        return least, rules.yellow_min_s
    formula_s = _yellow_s(link.approach_m_s, link.grade, reaction_s, deceleration)
    if least is not None and formula_s <= least:
        return least, rules.yellow_min_s
    if most is not None and formula_s >= most:
        return most, rules.yellow_max_s
    return formula_s, rules.deceleration_m_s2


@functools.lru_cache(maxsize=10_000)
def _yellow_s(speed: float, grade: float, reaction_s: float, deceleration: float) -> float:
    return float(yellow(speed, grade, reaction_s, deceleration))
