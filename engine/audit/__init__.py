"""Audits signal plans against timing rules: rules and findings are data, nothing is simulated."""

from engine.audit.auditor import Auditor, violations
from engine.audit.bounds import Bounds
from engine.audit.findings import Finding, worst
from engine.audit.rules import Limit, Rules
from engine.audit.stated import stated

__all__ = ["Auditor", "Bounds", "Finding", "Limit", "Rules", "stated", "violations", "worst"]
