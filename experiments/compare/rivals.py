"""Who is compared: one plan in one scenario, with its runs."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Literal

from experiments.compare.values import NETWORK, Values

__all__ = ["Kind", "Rival", "Window"]

Kind = Literal["net", "best", "candidate", "plan", "run", "scenario"]
"""The plan in the net; a study's winner; its favourite that was not confirmed; a plan file's; that of single runs; the
plan in the net of a scenario that is held against other scenarios."""


@dataclass(frozen=True)
class Window:
    """The window that a scenario is simulated in, seconds; the evaluated one begins after the warm-up."""

    begin_s: float
    end_s: float
    warmup_s: float = 0.0


@dataclass(frozen=True)
class Rival:
    """One plan in one scenario.

    Attributes:
        label: what it is called in every table.
        kind: what sort of plan it is.
        plan_id: `engine.plan.Plan.plan_id`.
        source: where it comes from: the path or name that was given.
        scenario: the name of what was simulated.
        window: of the simulation; `None` where a study of an older version does not say.
        values: what its runs left.
        asked: the seeds that it was to be run with.
        environment: versions and hashes of the inputs, as in ``environment.json``.
        failures: why runs have no result, by seed, as far as that is known.
    """

    label: str
    kind: Kind
    plan_id: str
    source: str
    scenario: str
    window: Window | None
    values: Values
    asked: Set[int]
    environment: Mapping[str, Any] = field(default_factory=dict)
    failures: Mapping[int, str] = field(default_factory=dict)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds with a result, sorted."""
        return tuple(sorted(self.values.get((NETWORK, "delay_s"), {})))

    @property
    def inputs(self) -> Mapping[str, str]:
        """SHA-256 of every input file by its name."""
        inputs: Mapping[str, str] = self.environment.get("inputs") or {}
        return inputs

    @property
    def versions(self) -> Mapping[str, str | None]:
        """Versions of the packages that decide what a run gives."""
        versions: Mapping[str, str | None] = self.environment.get("versions") or {}
        return {name: versions.get(name) for name in ("greensplit", "eclipse-sumo")}

    @property
    def gridlocks(self) -> frozenset[int]:
        """The seeds whose run ended in gridlock."""
        return frozenset(seed for seed, value in self.values.get((NETWORK, "gridlock"), {}).items() if value > 0.0)
