"""A place before and after a treatment: samples that share no traffic, so nothing is paired."""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.errors import InputError
from engine.multiple import Judged, judge_unpaired
from experiments.compare.judging import JUDGED, MORE_IS_BETTER, judged_columns
from experiments.compare.periods import Period, Source, aligned, read_period
from experiments.compare.values import Unit

__all__ = ["CLEAR", "MEASURES", "Change", "Lookback", "Said", "changes", "look_back", "said_of", "summary_of"]

Said = Literal["less", "more", "maybe less", "maybe more", "level"]
"""Clearly less or more; by the 95 % interval only; no change is shown."""

CLEAR = 0.01
"""A look-back is asked once, of days that no plan chose and nobody can repeat, and acted upon: it calls a change clear
at this p-value, so that one in a hundred look-backs on nothing is wrong; between it and 0.05 it says that there may be one."""

MEASURES: dict[Source, tuple[str, ...]] = {
    "simulation": JUDGED["network"],
    "log": ("arrivals_on_green", "split_failure_share", "green_occupancy", "red_occupancy"),
    "counts": (),
}
"""What the network's table shows beside the traffic itself, `vehicles`. The first one is what the verdict is about."""
PLACES: dict[Source, dict[str, tuple[str, ...]]] = {
    "simulation": {
        level: JUDGED[level] for level in ("junction", "approach", "lane group", "class", "time")
    },
    "log": {"junction": MEASURES["log"][:2], "lane group": MEASURES["log"][:2]},
    "counts": {"junction": ("vehicles",)},
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One measure of one place before and after; `judged` is after - before, corrected for its family by Holm."""

    unit: Unit
    measure: str
    before: tuple[float, ...]
    after: tuple[float, ...]
    judged: Judged

    @property
    def effect(self) -> Literal["gains", "loses", ""]:
        """Whether it gains or loses, as far as the corrected 95 % interval says so."""
        direction = self.judged.direction * (-1 if self.measure in MORE_IS_BETTER else 1)
        return "" if self.measure == "vehicles" else "gains" if direction < 0 else "loses" if direction > 0 else ""

    @property
    def relative(self) -> float | None:
        """The change as a share of what was before."""
        mean = statistics.fmean(self.before)
        return self.judged.plain.mean / mean if mean else None

    def to_row(self) -> dict[str, Any]:
        """Return the row of comparison.parquet."""
        return {
            **{name: value if value != "" else None for name, value in self.unit._asdict().items()},
            "measure": self.measure,
            "n_before": len(self.before),
            "n_after": len(self.after),
            "before_mean": statistics.fmean(self.before),
            "before_median": statistics.median(self.before),
            "after_mean": statistics.fmean(self.after),
            "after_median": statistics.median(self.after),
            "change_mean": self.judged.plain.mean,
            **judged_columns(self.judged, self.relative, self.effect),
        }


@dataclass(frozen=True)
class Lookback:
    """A look-back: both periods, every change, the main one, that of the traffic, and what speaks against it."""

    before: Period
    after: Period
    changes: tuple[Change, ...]
    warnings: tuple[tuple[str, str], ...]

    def of(self, level: str, measure: str = "") -> list[Change]:
        """Return the changes of a level, of one measure or of all."""
        return [of for of in self.changes if of.unit.level == level and measure in ("", of.measure)]

    @property
    def main(self) -> Change:
        """The change that the verdict is about: of delay, of arrivals on green, or of the traffic that was counted."""
        measures = (*MEASURES[self.before.source], "vehicles")
        return next(of for measure in measures for of in self.of("network", measure))

    @property
    def traffic(self) -> Change | None:
        """The change of the traffic itself."""
        return next(iter(self.of("network", "vehicles")), None)


def said_of(judged: Judged) -> Said:
    """Return what a look-back says of one difference that is the only one asked for; see `CLEAR`."""
    lower = judged.plain.mean < 0.0
    if judged.p <= CLEAR:
        return "less" if lower else "more"
    if judged.p <= 0.05:
        return "maybe less" if lower else "maybe more"
    return "level"


def look_back(before: Path, after: Path) -> Lookback:
    """Return what changed between two periods.

    Raises:
        InputError: a side cannot be read, they are not of one kind or scenario, or they share seeds of the same traffic.
    """
    sides = read_period(before, "before"), read_period(after, "after")
    _refuse_shared(*sides)
    first, second, left_out = aligned(*sides)
    found = changes(first, second)
    if not found:
        raise InputError(f"'{before}' and '{after}' measured nothing in common. Check that they are of one place.")
    notes = [*_warnings(first, second)]
    if left_out:
        notes.append(("times", f"{left_out[0]} ... {left_out[-1]}" if len(left_out) > 1 else left_out[0]))
    return Lookback(first, second, tuple(found), tuple(notes))


def changes(before: Period, after: Period) -> list[Change]:
    """Return every change, after - before. The places of a level and measure are one family; of the network each measure."""
    levels = {"network": (*MEASURES[before.source], "vehicles"), **PLACES[before.source]}
    found = []
    for level, measures in levels.items():
        for measure in measures:
            units = [unit for unit, of in before.values if unit.level == level and of == measure]
            family = []
            for unit in sorted(units, key=lambda unit: (unit.from_s or 0.0, unit)):
                theirs, ours = before.values[unit, measure], after.values.get((unit, measure))
                if ours:
                    family.append((unit, tuple(theirs.values()), tuple(ours.values())))
            judged = judge_unpaired([(ours, theirs) for _, theirs, ours in family])
            found += [
                Change(unit, measure, theirs, ours, of)
                for (unit, theirs, ours), of in zip(family, judged, strict=True)
                if any(theirs) or any(ours)
            ]
    return found


def _refuse_shared(before: Period, after: Period) -> None:
    """Refuse the same seeds of the same inputs: they meet the same traffic, and pairing them says much more."""
    runs = [
        {(seed, *sorted(rival.inputs.items())) for rival in of.rivals for seed in rival.seeds} for of in (before, after)
    ]
    shared = sorted(str(seed) for seed, *_ in runs[0] & runs[1])
    if shared:
        raise InputError(
            f"before='{before.path}' and after='{after.path}' share seed {shared[0]}{' and others' if len(shared) > 1 else ''} "
            "of the same inputs. Say 'greensplit compare A B', which pairs them."
        )
    days = sorted(set(before.days) & set(after.days)) if before.rows else []
    if days:
        raise InputError(
            f"{days[0]} is in before='{before.path}' and in after='{after.path}'. A day belongs to one side."
        )


def _warnings(before: Period, after: Period) -> list[tuple[str, str]]:
    """Return (kind, what) of everything that may have made the change instead: `few` days, `weekend`s, `version`s."""
    found = []
    for name, of in (("before", before), ("after", after)):
        if len(of.days) < 2:
            found.append(("few", name))
    if before.rows:
        shares = [_weekend_share(of.days) for of in (before, after)]
        if abs(shares[0] - shares[1]) > 0.1:
            found.append(("weekend", f"{shares[0]:.0%}, {shares[1]:.0%}"))
    versions: Sequence[set[str]] = [
        {f"{name} {version}" for rival in of.rivals for name, version in rival.versions.items()}
        for of in (before, after)
    ]
    if versions[0] != versions[1]:
        found.append(("version", ", ".join(sorted(versions[0] ^ versions[1]))))
    windows = [{rival.window for rival in of.rivals if rival.window} for of in (before, after)]
    if len(windows[0] | windows[1]) > 1:
        texts = [f"{of.begin_s + of.warmup_s:g}-{of.end_s:g} s" for of in windows[0] | windows[1]]
        found.append(("window", ", ".join(sorted(texts))))
    return found


def _weekend_share(days: Sequence[str]) -> float:
    weekend = [datetime.date.fromisoformat(day).weekday() > 4 for day in days]
    return sum(weekend) / len(weekend)


def summary_of(of: Lookback) -> dict[str, Any]:
    """Return the look-back as the data of ``summary.json``."""

    def side(period: Period) -> dict[str, Any]:
        return {
            "path": str(period.path),
            "source": period.source,
            "days": list(period.days),
            "studies": [
                {"source": rival.source, "plan_id": rival.plan_id, "scenario": rival.scenario,
                 "versions": dict(rival.versions), "inputs": dict(rival.inputs)}
                for rival in period.rivals
            ],
        }  # fmt: skip

    main = of.main
    return {
        "command": "compare",
        "before": side(of.before),
        "after": side(of.after),
        "measure": main.measure,
        "verdict": said_of(main.judged),
        "change": {**main.judged.plain.to_json(), "p": main.judged.p, "relative": main.relative},
        "traffic": None if of.traffic is None else {"relative": of.traffic.relative, "p": of.traffic.judged.p},
        "network": {c.measure: {**c.judged.plain.to_json(), "p": c.judged.p} for c in of.of("network")},
        "warnings": [{"kind": kind, "what": what} for kind, what in of.warnings],
    }
