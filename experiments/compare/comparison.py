"""A whole comparison: every scenario's differences and verdicts, the overall ones, and what is missing."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.statistics import interval
from experiments.compare.judging import JUDGED, Difference, Overall, Verdict, differences, overall, verdict
from experiments.compare.places import Missing, Place, missing, places, warnings
from experiments.compare.rivals import Rival
from experiments.compare.values import NETWORK

__all__ = ["Compared", "Comparison", "compare", "summary_of"]


@dataclass(frozen=True)
class Compared:
    """One scenario: who met, every difference, and the verdict on each rival by its label."""

    place: Place
    differences: Sequence[Difference]
    verdicts: Mapping[str, Verdict]

    def of_rival(self, label: str, level: str = "network") -> list[Difference]:
        """Return a rival's differences of one level."""
        return [of for of in self.differences if of.rival == label and of.unit.level == level]

    def main(self, label: str) -> Difference | None:
        """Return a rival's difference in delay, or `None` where it has no seed in common with the reference."""
        return next((of for of in self.of_rival(label) if of.measure == "delay_s"), None)


@dataclass(frozen=True)
class Comparison:
    """All scenarios; `notes` are sentences of the simulations, `simulations` their counts."""

    compared: tuple[Compared, ...]
    overall: tuple[Overall, ...]
    missing: tuple[Missing, ...]
    notes: tuple[str, ...] = ()
    simulations: Mapping[str, int] = dataclasses.field(default_factory=dict)

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of comparison.parquet."""
        return [of.to_row() for compared in self.compared for of in compared.differences]


def compare(
    rivals: Sequence[Rival],
    reference: str | None = None,
    notes: Sequence[str] = (),
    simulations: Mapping[str, int] = {},
) -> Comparison:
    """Return what there is to be said of rivals; see `experiments.compare.places.places`.

    Raises:
        InputError: nobody is what `reference` names, or there is nothing to compare.
    """
    found = places(rivals, reference)
    compared = []
    for place in found:
        of_place = differences(place)
        verdicts = {rival.label: verdict(place, rival, of_place) for rival in place.rivals}
        compared.append(Compared(place, of_place, verdicts))
    every = [of for one in compared for of in one.differences]
    return Comparison(
        tuple(compared), tuple(overall(every)), tuple(missing(found)), tuple(dict.fromkeys(notes)), dict(simulations)
    )


def summary_of(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as the data of ``summary.json``."""
    return {
        "command": "compare",
        "places": [_place(compared) for compared in comparison.compared],
        "overall": [
            {
                "rival": of.rival,
                "scenarios": list(of.scenarios),
                "relative": of.relative,
                "ci_holm": None if of.ends is None else list(of.ends),
                "p": of.judged.p,
                "p_holm": of.judged.p_holm,
            }
            for of in comparison.overall
        ],
        "missing": [dataclasses.asdict(of) for of in comparison.missing],
        "notes": list(comparison.notes),
        "simulations": dict(comparison.simulations),
    }


def _place(compared: Compared) -> dict[str, Any]:
    place = compared.place
    window = place.reference.window
    return {
        "scenario": place.scenario,
        "reference": place.reference.label,
        "window": None if window is None else dataclasses.asdict(window),
        "plans": [_rival(rival) for rival in place.all],
        "differences": {
            rival.label: {
                "verdict": compared.verdicts[rival.label],
                **{of.measure: _judged(of.judged) for of in compared.of_rival(rival.label)},
            }
            for rival in place.rivals
        },
        "warnings": [{"kind": kind, "rival": rival, "what": what} for kind, rival, what in warnings(place)],
    }


def _rival(rival: Rival) -> dict[str, Any]:
    measures: dict[str, Any] = {}
    for measure in JUDGED["network"]:
        of = list(rival.values.get((NETWORK, measure), {}).values())
        if of:
            measures[measure] = interval(of).to_json()
    n = len(rival.seeds)
    vehicles = rival.values.get((NETWORK, "vehicles"))
    return {
        "label": rival.label,
        "kind": rival.kind,
        "plan_id": rival.plan_id,
        "source": rival.source,
        "seeds": list(rival.seeds),
        "gridlock_share": len(rival.gridlocks) / n if n else None,
        "vehicles": statistics.fmean(vehicles.values()) if vehicles else None,
        "measures": measures,
        "versions": dict(rival.versions),
        "commit": rival.environment.get("commit"),
        "inputs": dict(rival.inputs),
    }


def _judged(judged: Any) -> dict[str, Any]:
    corrected = judged.corrected
    holm = None if corrected.low is None else [corrected.low, corrected.high]
    return {
        **judged.plain.to_json(),
        "p": judged.p,
        "p_holm": judged.p_holm,
        "ci_holm": holm,
        "holm_level": 1.0 - judged.alpha,
    }
