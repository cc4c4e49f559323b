"""What a replay found, for people, for programs, and as GitHub annotations."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

from engine.bands import Check

__all__ = ["SHOWN", "as_json", "error_annotation", "moved_annotations", "report", "sentence"]

SHOWN = 12
"""Measures of one case that are printed; a change of any weight moves most of them."""

MANY_DIGITS = 17


def sentence(check: Check) -> str:
    """Return what a check found: recorded, now, and by how many standard errors."""
    n = len(check.differing)
    seeds = f"{n} seed{'s' if n != 1 else ''} differ{'s' if n == 1 else ''}"
    if check.recorded is None:
        return f"rows are not as recorded: {seeds} (from seed {check.differing[0]})"
    if check.now is None:
        return f"recorded {check.recorded:.6g}, now not measured any more"
    recorded, now = _apart(check.recorded, check.now)
    if check.errors is None:
        by = "the same with every seed" if check.now != check.recorded else "in no mean"
    else:
        by = f"{check.errors:+.1f} standard errors"
    text = f"recorded {recorded}, now {now} ({by}; {seeds})"
    if check.seed_values is not None:
        seed, then, value = check.seed_values
        text += ", seed {}: {} -> {}".format(seed, *_apart(then, value))
    return text


def _apart(one: float, other: float) -> tuple[str, str]:
    """Return two numbers with as few digits, six at least, as tell them apart."""
    for digits in range(6, MANY_DIGITS + 1):
        texts = f"{one:.{digits}g}", f"{other:.{digits}g}"
        if texts[0] != texts[1]:
            return texts
    return texts


def report(
    what: str, checks: Sequence[Check], notes: Sequence[str], exact: Sequence[str], n_seeds: int, wall_s: float
) -> list[str]:
    """Return the lines that say what a replay found.

    Args:
        what: what was replayed, such as ``suite quick``.
        checks: all of them.
        notes: what the reader has to know beside them.
        exact: what keeps equal bytes from being expected; nothing where they are.
        n_seeds: simulations.
        wall_s: seconds that it took.
    """
    lines = [f"note: {note}" for note in notes]
    if exact:
        lines.append(f"note: held against bands, as last bits may differ: {'; '.join(exact)}.")
    moved = [check for check in checks if check.moved]
    by_case = Counter(check.case for check in moved)
    for case, n in by_case.items():
        for check in [check for check in moved if check.case == case][:SHOWN]:
            lines.append(f"{case}  {check.measure}: {sentence(check)}")
        if n > SHOWN:
            lines.append(f"{case}  and {n - SHOWN} more; json=true and junit=PATH have all of them")
    how = "within their bands" if exact else "as recorded, to the last bit"
    n_cases = len({check.case for check in checks})
    done = f"{what}: {n_cases} cases, {n_seeds} simulations, {len(checks)} measures, {wall_s:.0f} s"
    if moved:
        lines.append(f"{done}: MOVED: {len(moved)} measures of {', '.join(by_case)}.")
    else:
        lines.append(f"{done}: all {how}.")
    return lines


def as_json(what: str, checks: Sequence[Check], notes: Sequence[str], exact: Sequence[str]) -> dict[str, Any]:
    """Return everything that a replay found as plain data."""
    return {
        "replayed": what,
        "moved": sum(check.moved for check in checks),
        "exact": not exact,
        "excuses": list(exact),
        "notes": list(notes),
        "checks": [dataclasses.asdict(check) for check in checks],
    }


def moved_annotations(checks: Sequence[Check]) -> list[str]:
    """Return a GitHub annotation for each case with something that moved: GitHub shows no more than ten of a step."""
    by_case: dict[str, list[Check]] = {}
    for check in checks:
        if check.moved:
            by_case.setdefault(check.case, []).append(check)
    lines = []
    for case, moved in by_case.items():
        more = f" And {len(moved) - 3} more measures." if len(moved) > 3 else ""
        text = "\n".join(f"{check.measure}: {sentence(check)}" for check in moved[:3]) + more
        lines.append(_annotation(f"replay: {case} moved", text))
    return lines


def error_annotation(message: str) -> str:
    """Return the annotation of a replay that could not be run."""
    return _annotation("replay could not run", message)


def _annotation(title: str, text: str) -> str:
    """Return a workflow command; its grammar wants these letters escaped, in properties two more than in the text."""
    for letter, escape in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        title, text = title.replace(letter, escape), text.replace(letter, escape)
    title = title.replace(":", "%3A").replace(",", "%2C")
    return f"::error title={title}::{text}"
