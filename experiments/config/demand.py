"""The keys of `greensplit demand`, most of which `greensplit calibrate` has, too."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from engine.errors import InputError
from experiments.config._checks import at_least, one_of, path_field, there
from experiments.config.scenario import ScenarioConfig

__all__ = ["CountsConfig", "DemandConfig"]

METHODS = ("routes", "turns")


@dataclass(frozen=True)
class CountsConfig:
    """What `greensplit demand` and `greensplit calibrate` ask for alike.

    Attributes:
        scenario: whose network and signals are taken; its own demand says who drives.
        counts: CSV of counts: junction, from, to, begin, end, count.
        log: instead: a controller's high-resolution log; with detectors=PATH.
        detectors: with a log, CSV: DeviceId, Parameter, junction, from, to: what each detector counts.
        method: of counts: routes (routeSampler) or turns (jtrrouter).
        profile: shares of the total in each quarter of an hour, summing to 1; empty: even.
        scale: vehicles for each counted one.
        shift_s: by how much later everything comes, seconds.
        seed: of departures, routes, and ends in zones.
        warmup_min: minutes at the first interval's rate before it, which are not evaluated.
        trucks: share of trucks, where the scenario's own demand names no types.
        tolerance: share by which counts of neighbouring junctions may differ.
        sources: roads within the network where traffic begins and ends.
        bin_min: of a log: minutes that one count is over.
        json: print what was done as JSON.
        out: the folder of the scenario that is made.
    """

    KINDS: ClassVar[tuple[str, ...]] = ("counts", "log")
    """Sources, of which one is given."""
    PAIRS: ClassVar[tuple[tuple[str, str], ...]] = (("log", "detectors"),)
    """Keys that belong together."""

    scenario: ScenarioConfig
    counts: Path | None = path_field()  # noqa: RUF009  a field, not a value
    log: Path | None = path_field()  # noqa: RUF009  a field, not a value
    detectors: Path | None = path_field()  # noqa: RUF009  a field, not a value
    method: str = "routes"
    profile: tuple[float, ...] = ()
    scale: float = 1.0
    shift_s: float = 0.0
    seed: int = 1
    warmup_min: float = 10.0
    trucks: float = 0.05
    tolerance: float = 0.15
    sources: tuple[str, ...] = ()
    bin_min: int = 15
    json: bool = False
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        given = [kind for kind in self.KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            both = f", not {' and '.join(f'{kind}=' for kind in given)}" if given else ""
            raise InputError(f"one source is needed{both}: {', '.join(f'{kind}=FILE' for kind in self.KINDS)}.")
        for key, needed in self.PAIRS:
            if (getattr(self, key) is None) != (getattr(self, needed) is None):
                raise InputError(f"{key}= and {needed}= belong together. Give both, or neither.")
        for key in dict.fromkeys((*self.KINDS, *(key for pair in self.PAIRS for key in pair))):
            there(key, getattr(self, key))
        if self.out is None:
            raise InputError("out is missing: the folder of the scenario that is made, as in out=counted.")
        if self.scenario.conditions:
            raise InputError("conditions are for what is run: make the demand without, then run it with conditions=.")
        one_of("method", self.method, METHODS)
        if any(not 0.0 <= share <= 1.0 for share in self.profile) or (
            self.profile and not math.isclose(sum(self.profile), 1.0, abs_tol=0.005)
        ):
            raise InputError(f"profile={list(self.profile)} sums to {sum(self.profile):g}. Give shares that sum to 1.")
        if not 0.0 < self.scale <= 100.0:
            raise InputError(f"scale={self.scale:g} cannot be used. Give more than 0 and at most 100.")
        if not 0.0 <= self.trucks <= 1.0:
            raise InputError(f"trucks={self.trucks:g} is no share. Give 0 to 1.")
        at_least("seed", self.seed, 0)
        at_least("warmup_min", self.warmup_min, 0.0)
        at_least("tolerance", self.tolerance, 0.0)
        at_least("bin_min", self.bin_min, 1)


@dataclass(frozen=True)
class DemandConfig(CountsConfig):
    """`greensplit demand`: a scenario's network with demand from turning counts, detectors, flows or a matrix.

    Attributes:
        flows: instead of counts: CSV of flows from road to road: from, to, begin, end, count.
        od: instead: the same from zone to zone; with zones=PATH.
        zones: with a matrix, CSV: zone, edge, weight: where its trips begin and end.
    """

    KINDS: ClassVar[tuple[str, ...]] = ("counts", "log", "flows", "od")
    PAIRS: ClassVar[tuple[tuple[str, str], ...]] = (("log", "detectors"), ("od", "zones"))

    flows: Path | None = path_field()  # noqa: RUF009  a field, not a value
    od: Path | None = path_field()  # noqa: RUF009  a field, not a value
    zones: Path | None = path_field()  # noqa: RUF009  a field, not a value
