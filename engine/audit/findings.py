"""What an audit found, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.audit.rules import Limit

__all__ = ["Finding", "beyond", "broken", "worst"]


@dataclass(frozen=True)
class Finding:
    """One rule that a plan breaks at one place.

    Attributes:
        signal: the signal's id.
        where: the movement, pair of movements, stage, phase or lane group.
        rule: which rule, in words.
        measured, limit: what the plan has and what the rule asks for; numbers in `unit`, or words.
        unit: s, or nothing.
        excess: by how much the limit is broken, 1 for what is either right or wrong.
        jurisdiction, source, verified: as in `Limit`.
    """

    signal: str
    where: str
    rule: str
    measured: float | str
    limit: float | str
    unit: str
    excess: float
    jurisdiction: str
    source: str
    verified: bool

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two plans' findings the same one."""
        return self.signal, self.rule, self.where

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data, one row of a table."""
        return {
            "signal": self.signal,
            "where": self.where,
            "rule": self.rule,
            "measured": self.measured,
            "limit": self.limit,
            "unit": self.unit,
            "jurisdiction": self.jurisdiction,
            "source": self.source,
            "verified": self.verified,
        }


def broken(signal: str, where: str, rule: str, measured: str, limit: str, of: Limit) -> Finding:
    """Return a finding about what is either right or wrong."""
    return Finding(signal, where, rule, measured, limit, "", 1.0, of.jurisdiction, of.source, of.verified)


def beyond(signal: str, where: str, rule: str, measured: float, limit: float, unit: str, of: Limit) -> Finding:
    """Return a finding about a number on the wrong side of a limit."""
    excess = round(abs(measured - limit), 6)
    numbers = round(measured, 3), round(limit, 3)
    return Finding(signal, where, rule, *numbers, unit, excess, of.jurisdiction, of.source, of.verified)


def worst(findings: Iterable[Finding]) -> list[Finding]:
    """Return the worst finding of each rule at each place, sorted by signal, rule and place."""
    kept: dict[tuple[str, str, str], Finding] = {}
    for finding in findings:
        known = kept.get(finding.key)
        if known is None or finding.excess > known.excess:
            kept[finding.key] = finding
    return [kept[key] for key in sorted(kept)]
