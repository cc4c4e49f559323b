"""Conditions: rain, a closed lane, a match tonight. Each changes a scenario's files, and any scenario takes any of them."""

from scenarios.conditions.composing import Request, compose, digest, parse
from scenarios.conditions.condition import Condition, Figure
from scenarios.conditions.kinds import KINDS

__all__ = ["KINDS", "Condition", "Figure", "Request", "compose", "digest", "parse"]
