"""What rules ask between the greens of movements that conflict: who may be green together, and who has to have left."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence

from engine.audit.aspects import Controlled, Run
from engine.audit.checks import Check
from engine.audit.findings import Finding, broken
from engine.audit.rules import SOUND, Limit, Rules
from engine.conflicts import blocks, conflict
from kernels.formulas import all_red, pedestrian_clearance

__all__ = ["conflicting", "pedestrian_times", "red_clearances", "red_needed"]

Letters = Mapping[int, str]
"""What a link is shown, by phase."""


def conflicting(signal: str, links: Mapping[int, Controlled], letters: Mapping[int, Letters]) -> Iterator[Finding]:
    """Yield pairs of conflicting links that have green together, where neither is shown that it gives way."""
    for index, link in links.items():
        for other in link.clear_m:
            if other <= index or other not in links:
                continue
            foe = links[other]
            together = [
                phase
                for phase, letter in letters[index].items()
                if conflict(letter, letters[other][phase], other in link.yields, index in foe.yields)
            ]
            if together:
                shown = f"{letters[index][together[0]]} and {letters[other][together[0]]}"
                listed = ", ".join(str(phase) for phase in together)
                yield broken(
                    signal,
                    f"{link.where} (link {index}) with {foe.where} (link {other})",
                    "conflicting greens",
                    f"{shown} in phase {listed}",
                    "one of them red or giving way",
                    SOUND,
                )


def red_clearances(
    link: Controlled,
    of_link: Sequence[Run],
    links: Mapping[int, Controlled],
    letters: Mapping[int, Letters],
    rules: Rules,
) -> Iterator[Check]:
    """Yield the time from a movement's yellow to the green of each movement that conflicts with it."""
    if rules.red_clearance_min_s.value is None and rules.vehicle_length_m.value is None:
        return
    for i, run in enumerate(of_link):
        if run.kind != "green" or len(of_link) < 2:
            continue
        after = of_link[(i + 1) % len(of_link)]
        yellow = after.phases if after.kind == "yellow" else ()
        last = run.phases[-1]
        for other in link.clear_m:
            if other not in links or not blocks(letters[link.index][last], other in link.yields):
                continue
            between = _until(last, link.index, links[other], letters[other])
            if between is None:
                continue
            needed_s, why = red_needed(link, other, rules)
            where = f"{link.where} before {links[other].where}"
            if len(between) < len(yellow):
                overlap = yellow[len(between) :]
                yield Check("red clearance", where, overlap, True, needed_s, why, sign=-1.0)
            else:
                yield Check("red clearance", where, between[len(yellow) :], True, needed_s, why)


def red_needed(link: Controlled, other: int, rules: Rules) -> tuple[float, Limit]:
    """Return the least time from the end of a movement's yellow to a conflicting green, seconds, and the limit behind it.

    By the formula where the rules give its parameters, held within their bounds.
    """
    least, most = rules.red_clearance_min_s.value, rules.red_clearance_max_s.value
    length_m = rules.vehicle_length_m.value
    if length_m is None or link.clearing_m_s <= 0.0:
        return least or 0.0, rules.red_clearance_min_s
    formula_s = _all_red_s(link.clear_m[other], length_m, link.clearing_m_s)
    if least is not None and formula_s <= least:
        return least, rules.red_clearance_min_s
    if most is not None and formula_s >= most:
        return most, rules.red_clearance_max_s
    return formula_s, rules.vehicle_length_m


@functools.lru_cache(maxsize=100_000)
def _all_red_s(clear_m: float, length_m: float, speed: float) -> float:
    # Kernels are made for arrays; one number costs them 20 us, and a network asks for the same ones again and again.
    return float(all_red(clear_m, length_m, speed))


def _until(last: int, index: int, foe: Controlled, shown: Letters) -> tuple[int, ...] | None:
    """Return the phases after `last` until a conflicting link takes the right of way.

    None where it never does so anew: it has it already, or always gives way.
    """
    phases = list(shown)
    at = phases.index(last)
    yields = index in foe.yields
    if blocks(shown[last], yields):
        return None
    between: list[int] = []
    for phase in phases[at + 1 :] + phases[:at]:
        if blocks(shown[phase], yields):
            return tuple(between)
        between.append(phase)
    return None


def pedestrian_times(
    link: Controlled,
    of_link: Sequence[Run],
    links: Mapping[int, Controlled],
    letters: Mapping[int, Letters],
    rules: Rules,
) -> Iterator[Check]:
    """Yield a crossing's walk, its clearance until traffic that does not give way gets green, and both together.

    SUMO states no flashing don't-walk: a plan that leaves a crossing green too long to be cleared breaks the second
    limit, and may still keep the third, the project's floor, which no search goes below.
    """
    walk_s, speed = rules.walk_s.value, rules.walking_m_s.value
    if walk_s is None or speed is None or len(of_link) < 2:
        return
    across_s = float(pedestrian_clearance(link.length_m, speed))
    for run in of_link:
        if run.kind != "green":
            continue
        yield Check("walk", link.where, run.phases, True, walk_s, rules.walk_s)
        for other in link.clear_m:
            if other not in links or links[other].walking:
                continue
            between = _until(run.phases[-1], link.index, links[other], letters[other])
            if between is not None:
                yield Check("pedestrian clearance", link.where, between, True, across_s, rules.walking_m_s)
                total_s = walk_s + across_s
                yield Check("walk and clearance", link.where, run.phases + between, True, total_s, rules.walk_s)
