"""The rules that a command was given, as they hold in its scenario, each limit with its true source."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import yaml

from conf import FOLDER
from engine.audit import Auditor, Finding, Rules
from engine.plan import Plan

__all__ = ["audited", "chosen", "counted", "street_note"]


def chosen(rules: Rules, scenario: str) -> Rules:
    """Return the rules of one scenario. A value that the user changed has neither the book's source nor its exceptions."""
    file = FOLDER / "rules" / f"{rules.name}.yaml"
    shipped = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    changed: dict[str, Any] = {}
    for name, limit in rules.limits():
        stated = shipped.get(name) or {}
        same = limit.value == stated.get("value") or limit.value is None
        if not same and limit.source == stated.get("source", ""):
            changed[name] = dataclasses.replace(limit, source="given by the user", verified=False)
    exceptions = {
        of: {name: value for name, value in values.items() if name not in changed}
        for of, values in rules.exceptions.items()
    }
    return dataclasses.replace(rules, exceptions=exceptions, **changed).for_scenario(scenario)


def counted(findings: Sequence[Finding]) -> str:
    """Return how often each rule is broken, in words, the most frequent first."""
    rules = [finding.rule for finding in findings]
    numbers = sorted((-rules.count(rule), rule) for rule in set(rules))
    return ", ".join(f"{rule} ({-number})" for number, rule in numbers)


def street_note(auditor: Auditor) -> list[str]:
    """Return a sentence about what the plan in the net breaks; none where it breaks nothing."""
    found = auditor.findings(Plan(()))
    if not found:
        return []
    return [
        f"The plan in the net breaks rules={auditor.rules.name} in {len(found)} place{'s' * (len(found) != 1)}: "
        f"{counted(found)}. No other plan was run that breaks more of them, or any by more."
    ]


def audited(auditor: Auditor, best: Plan) -> dict[str, Any]:
    """Return what the plan in the net and the best plan break, as in ``summary.json``."""
    return {
        "rules": auditor.rules.name,
        "title": auditor.rules.title,
        "baseline": [finding.to_json() for finding in auditor.findings(Plan(()))],
        "best": [finding.to_json() for finding in auditor.findings(best)],
        "notes": auditor.notes(),
    }
