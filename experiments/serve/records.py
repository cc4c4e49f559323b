"""What is read of a study's files: only what the app shows, each value of the type that it must have."""

from __future__ import annotations

from pathlib import Path

import msgspec
import yaml

from engine.plan import BASELINE
from experiments.serve.files import UnreadableError, read

__all__ = ["Config", "Measure", "Summary", "read_config", "read_summary"]

MOST_CONFIG_BYTES = 1 << 18
MOST_LEVELS = 20
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C takes a tenth of the time."""


class Measure(msgspec.Struct, frozen=True):
    """A measure of a plan, or a paired difference: over `n` seeds, the interval of what `of` says."""

    mean: float | None
    median: float | None = None
    ci95: tuple[float, float] | None = None
    n: int = 0
    of: str = "mean"
    centre: float | None = None


class OfPlan(msgspec.Struct, frozen=True):
    """A plan's measures on the reporting seeds."""

    plan_id: str
    gridlock_share: float | None = None
    delay_s: Measure | None = None


class Difference(msgspec.Struct, frozen=True):
    """Paired difference, the plan that is handed out less the plan in the net."""

    delay_s: Measure | None = None


class Counts(msgspec.Struct, frozen=True):
    """How many simulations a study took."""

    done: int = 0
    failed: int = 0
    stopped: int = 0


class Window(msgspec.Struct, frozen=True):
    """What was evaluated, seconds."""

    begin_s: float
    end_s: float
    warmup_s: float = 0.0


class Summary(msgspec.Struct, frozen=True):
    """``summary.json`` of a search; `run` writes one of its own, with a `seed` and no plans."""

    scenario: str = ""
    command: str = ""
    search: str = ""
    seeds: tuple[int, ...] = ()
    holdout_seeds: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    verdict: str = ""
    window: Window | None = None
    baseline: OfPlan | None = None
    best: OfPlan | None = None
    candidate: OfPlan | None = None
    candidate_difference: Difference | None = None
    difference: Difference | None = None
    simulations: Counts | None = None
    wall_s: float = 0.0
    # of `greensplit run`
    plan_id: str = BASELINE
    seed: int | None = None
    delay_s: float | None = None
    gridlock: float | None = None

    @property
    def reporting(self) -> tuple[int, ...]:
        """The seeds that measures are reported on."""
        return self.holdout_seeds or self.seeds or (() if self.seed is None else (self.seed,))

    @property
    def plan(self) -> str:
        """The id of the plan that the study hands out."""
        return self.best.plan_id if self.best else self.plan_id


class OfScenario(msgspec.Struct, frozen=True):
    """The scenario's group of ``config.yaml``."""

    name: str = ""


class OfSearch(msgspec.Struct, frozen=True):
    """The search's group of ``config.yaml``."""

    name: str = ""
    budget: int = 0
    finalists: int = 1
    confirm_seeds: tuple[int, ...] = ()
    holdout_seeds: tuple[int, ...] = ()


class OfPlans(msgspec.Struct, frozen=True):
    """The plan space's group of ``config.yaml``: what varies."""

    cycle: bool = False
    splits: bool = False
    offsets: bool = False
    order: bool = False
    skip: bool = False
    half_cycle: bool = False


class Config(msgspec.Struct, frozen=True):
    """``config.yaml``, as far as a study that has not ended is told by it."""

    command: str = ""
    scenario: OfScenario = OfScenario()
    search: OfSearch | None = None
    plans: OfPlans | None = None
    seeds: tuple[int, ...] = ()


def read_summary(folder: Path, most_bytes: int) -> Summary:
    """Return a study's summary.

    Raises:
        FileNotFoundError: it has none.
        UnreadableError: it is damaged or no summary.
    """
    file = folder / "summary.json"
    data = read(file, most_bytes)
    try:
        return msgspec.json.decode(data, type=Summary)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged(file, error) from error


def read_config(folder: Path) -> Config:
    """Return a study's configuration.

    Raises:
        FileNotFoundError: it has none.
        UnreadableError: it is damaged or no configuration.
    """
    file = folder / "config.yaml"
    text = read(file, MOST_CONFIG_BYTES)
    try:
        # What the program writes is nested a few levels and has no aliases. A few of these stand for gigabytes, and
        # thousands of levels take the parser minutes.
        depth = 0
        for event in yaml.parse(text, Loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > MOST_LEVELS:
                raise UnreadableError(f"{file.name} is not read: it has aliases, or more than {MOST_LEVELS} levels")
        return msgspec.convert(yaml.load(text, Loader), Config)
    except (yaml.YAMLError, msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
        raise _damaged(file, error) from error


def _damaged(file: Path, error: Exception) -> UnreadableError:
    why = " ".join(str(error).split()) or type(error).__name__
    return UnreadableError(f"{file.name} cannot be read: {why[:300]}")
