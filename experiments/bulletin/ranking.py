"""Ranks junctions by an indicator, and says what changed since another bulletin."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.multiple import Judged, judge_unpaired
from engine.statistics import interval
from experiments.bulletin.gathering import Junction
from experiments.bulletin.indicators import INDICATORS

__all__ = ["Ranked", "ranked", "rows_of"]


@dataclass(frozen=True)
class Ranked:
    """A junction and its place.

    Attributes:
        place: 1 for the largest value of the indicator that orders; 0 where it has none.
        junction: the junction.
        before: the same one in the other bulletin, `None` where it was not in it.
        before_place: its place there.
        changes: by indicator, now - before, corrected for the number of junctions by Holm's procedure.
    """

    place: int
    junction: Junction
    before: Junction | None
    before_place: int
    changes: dict[str, Judged]


def ranked(junctions: Sequence[Junction], since: Sequence[Junction], order: str) -> list[Ranked]:
    """Return junctions, the largest mean of the indicator `order` first, with their changes.

    The two bulletins' runs are not paired: demand differs from month to month, whatever the seeds are called.
    """
    now, before = _places(junctions, order), _places(since, order)
    known = {junction.key: junction for junction in since}
    changes: dict[tuple[str, str], dict[str, Judged]] = {junction.key: {} for junction in junctions}
    for indicator in INDICATORS:
        both = [
            (junction.key, junction.values[indicator.key], known[junction.key].values[indicator.key])
            for junction in junctions
            if junction.key in known
            and junction.values.get(indicator.key)
            and known[junction.key].values.get(indicator.key)
        ]
        for (key, _, _), judged in zip(both, judge_unpaired([pair[1:] for pair in both]), strict=True):
            changes[key][indicator.key] = judged
    found = [Ranked(now[of.key], of, known.get(of.key), before.get(of.key, 0), changes[of.key]) for of in junctions]
    return sorted(found, key=lambda row: (row.place == 0, row.place, row.junction.key))


def _places(junctions: Sequence[Junction], order: str) -> dict[tuple[str, str], int]:
    with_value = [of for of in junctions if of.values.get(order)]
    in_order = sorted(with_value, key=lambda of: (-statistics.fmean(of.values[order]), of.key))
    places = {of.key: place for place, of in enumerate(in_order, start=1)}
    return {of.key: places.get(of.key, 0) for of in junctions}


def rows_of(found: Sequence[Ranked]) -> list[dict[str, Any]]:
    """Return the rows of bulletin.parquet: one for each junction and indicator that was measured there."""
    rows = []
    for of in found:
        for indicator in INDICATORS:
            values = of.junction.values.get(indicator.key)
            if not values:
                continue
            now, change = interval(list(values)), of.changes.get(indicator.key)
            theirs = of.before.values.get(indicator.key) if of.before else None
            rows.append(
                {
                    "rank": of.place or None,
                    "rank_before": of.before_place or None,
                    "scenario": of.junction.scenario,
                    "signal": of.junction.signal,
                    "indicator": indicator.key,
                    "name_en": indicator.name_en,
                    "name_zh": indicator.name_zh,
                    "unit": indicator.unit,
                    "n_seeds": now.n,
                    "value": now.mean,
                    "low95": now.low,
                    "high95": now.high,
                    "before": statistics.fmean(theirs) if theirs else None,
                    "change": change.plain.mean if change else None,
                    "change_low": change.corrected.low if change else None,
                    "change_high": change.corrected.high if change else None,
                    "p_holm": change.p_holm if change else None,
                }
            )
    return rows
