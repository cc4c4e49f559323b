"""Sorts rivals by scenario: who meets whom, under which name, against which reference, and what is missing."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from engine.plan import BASELINE
from experiments.compare.rivals import Rival

__all__ = ["BEST", "IN_NET", "Missing", "Place", "missing", "places", "warnings"]

IN_NET, BEST = "plan in the net", "best plan"
"""What the tables call plans that the user has not named."""


@dataclass(frozen=True)
class Place:
    """One scenario and those that meet there; every one of `rivals` is held against `reference`."""

    scenario: str
    reference: Rival
    rivals: tuple[Rival, ...]

    @property
    def all(self) -> tuple[Rival, ...]:
        """The reference and its rivals."""
        return (self.reference, *self.rivals)


@dataclass(frozen=True)
class Missing:
    """Something that a comparison would have, and has not.

    Attributes:
        scenario, rival: whose.
        what: `failed` runs, seeds that were `not run` by it but by the reference (or only by it), or `scenario`: it has
            no runs there at all.
        seeds: which.
        reason: of the first failure, as far as it is known.
    """

    scenario: str
    rival: str
    what: str
    seeds: tuple[int, ...] = ()
    reason: str = ""


def places(rivals: Sequence[Rival], reference: str | None = None) -> list[Place]:
    """Return a place for each scenario, in the order in which scenarios were named.

    The same plan of the same scenario, inputs, window and versions is one rival, with the seeds of all its runs.

    Args:
        rivals: in the order in which they were named.
        reference: the source or label of the reference; `None`: the first one of each scenario.

    Raises:
        InputError: nobody is what `reference` names, or no scenario has two rivals.
    """
    scenarios = list(dict.fromkeys(rival.scenario for rival in rivals))
    by_scenario = {name: _merged(rival for rival in rivals if rival.scenario == name) for name in scenarios}
    labelled = {name: _labelled(of, len(scenarios) > 1) for name, of in by_scenario.items()}
    found = []
    named = False
    for name, of in labelled.items():
        chosen = None if reference is None else _named(of, reference)
        named = named or chosen is not None
        first = chosen or of[0]
        found.append(Place(name, first, tuple(rival for rival in of if rival is not first)))
    if reference is not None and not named:
        labels = ", ".join(f"'{rival.label}'" for of in labelled.values() for rival in of)
        raise InputError(
            f"reference={reference} is none of those that are compared. Name one of {labels}, or its path."
        )
    if not any(place.rivals for place in found):
        what = " and ".join(f"'{place.reference.label}' of '{place.scenario}'" for place in found) or "nothing"
        raise InputError(f"there is {what} and nothing to compare with. Name two plans or studies of one scenario.")
    return found


def _merged(rivals: Iterable[Rival]) -> list[Rival]:
    merged: dict[object, Rival] = {}
    for rival in rivals:
        # Files and studies are told apart by where they come from, even where their plans are the same.
        source = "" if rival.kind in ("net", "run") else rival.source
        key = (source, rival.plan_id, rival.window, *sorted(rival.inputs.items()), *sorted(rival.versions.items()))
        known = merged.get(key)
        merged[key] = rival if known is None else _joined(known, rival)
    return list(merged.values())


def _joined(first: Rival, second: Rival) -> Rival:
    keys = dict.fromkeys((*first.values, *second.values))
    values = {key: {**second.values.get(key, {}), **first.values.get(key, {})} for key in keys}
    return dataclasses.replace(
        first,
        values=values,
        asked=first.asked | second.asked,
        failures={**second.failures, **first.failures},
        source=first.source if second.source in first.source.split(", ") else f"{first.source}, {second.source}",
    )


def _labelled(rivals: Sequence[Rival], several: bool) -> list[Rival]:
    """Return rivals under names of their own.

    Where there are several scenarios, the studies of each take the same names in the order in which they were given, so
    that the first study of one scenario stands beside the first study of another.
    """
    studies = [rival for rival in rivals if rival.kind in ("best", "candidate")]
    labels = []
    for rival in rivals:
        if rival.kind == "net":
            labels.append(IN_NET)
        elif rival.kind in ("best", "candidate") and several:
            place = studies.index(rival) + 1
            labels.append(BEST if len(studies) == 1 else f"{BEST} {place}")
        else:
            labels.append(rival.label)
    counts = Counter(labels)
    labels = [_longer(rival, of) if counts[of] > 1 else of for rival, of in zip(rivals, labels, strict=True)]
    seen: Counter[str] = Counter()
    named = []
    for rival, label in zip(rivals, labels, strict=True):
        seen[label] += 1
        named.append(dataclasses.replace(rival, label=label if seen[label] == 1 else f"{label} ({seen[label]})"))
    return named


def _longer(rival: Rival, label: str) -> str:
    """Return a name that tells apart two that end alike: with the folder that the file or study is in."""
    path = Path(rival.source.split(", ")[0])
    if rival.kind == "net":
        return f"{label} ({path.name})"
    return f"{path.parent.name}/{label}" if path.parent.name else label


def _named(rivals: Sequence[Rival], reference: str) -> Rival | None:
    """Return the rival that a name means: of a study its best plan and not the plan in the net."""
    if reference == BASELINE:
        return next((rival for rival in rivals if rival.kind == "net"), None)
    wanted = str(Path(reference))
    fits = [
        rival
        for rival in rivals
        if reference == rival.label or wanted in [str(Path(source)) for source in rival.source.split(", ")]
    ]
    return next((rival for rival in fits if rival.kind != "net"), fits[0] if fits else None)


def missing(found: Sequence[Place]) -> list[Missing]:
    """Return what every comparison lacks: failed runs, seeds without a partner, rivals absent from a scenario."""
    lacks = []
    for place in found:
        for rival in place.all:
            failed = sorted(set(rival.asked) - set(rival.seeds))
            if failed:
                reason = next((rival.failures[seed] for seed in failed if seed in rival.failures), "")
                lacks.append(Missing(place.scenario, rival.label, "failed", tuple(failed), reason))
        for rival in place.rivals:
            absent = sorted(set(place.reference.asked) - set(rival.asked))
            alone = sorted(set(rival.asked) - set(place.reference.asked))
            if absent:
                lacks.append(Missing(place.scenario, rival.label, "not run", tuple(absent)))
            if alone:
                lacks.append(Missing(place.scenario, place.reference.label, "not run", tuple(alone)))
    labels = dict.fromkeys(rival.label for place in found for rival in place.all)
    for label in labels if len(found) > 1 else ():
        absent_from = [place.scenario for place in found if label not in [rival.label for rival in place.all]]
        lacks += [Missing(scenario, label, "scenario") for scenario in absent_from]
    return list(dict.fromkeys(lacks))


def warnings(place: Place) -> list[tuple[str, str, str]]:
    """Return (kind, rival, what) of everything in which a rival's runs differ from the reference's besides the plan.

    Kinds: `version` of a package, `input` file, `window`, `seeds` (none in common, or a single one).
    """
    first = place.reference
    found = []
    for rival in place.rivals:
        for name, version in rival.versions.items():
            theirs = first.versions.get(name)
            if version != theirs:
                found.append(("version", rival.label, f"{name} {version or '?'}, {theirs or '?'}"))
        names = sorted({*rival.inputs, *first.inputs})
        changed = [name for name in names if rival.inputs.get(name) != first.inputs.get(name)]
        if changed:
            found.append(("input", rival.label, ", ".join(changed)))
        if rival.window and first.window and rival.window != first.window:
            spans = [f"{of.begin_s + of.warmup_s:g}-{of.end_s:g} s" for of in (rival.window, first.window)]
            found.append(("window", rival.label, ", ".join(spans)))
        shared = set(rival.seeds) & set(first.seeds)
        if len(shared) < 2:
            found.append(("seeds", rival.label, str(len(shared))))
    return found
