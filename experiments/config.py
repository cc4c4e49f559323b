"""The configuration of every command as frozen data, checked as far as it can be without SUMO.

Hydra fills these in (`experiments._compose`); nothing behind this module knows Hydra. Each class is also the schema of
its part of ``conf/``, so a key is defined here and nowhere else.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.audit import Rules
from engine.errors import InputError, nearest
from engine.hcm.method import Method
from engine.objective import APPROACH_DELAY, Objective
from engine.plan import BASELINE
from engine.result import EXTRA_MEASURES, NETWORK_MEASURES
from engine.search import SEARCHES
from engine.space import SpaceOptions
from engine.stages import WALK_S, WALKING_SPEED
from experiments._rules import chosen
from experiments.bench.figures import FIGURES

__all__ = [
    "AttemptsConfig",
    "AuditConfig",
    "BenchConfig",
    "ExportConfig",
    "HcmConfig",
    "ImportConfig",
    "MeasuresConfig",
    "ObjectiveConfig",
    "OptimizeConfig",
    "PlansConfig",
    "QueueConfig",
    "RayConfig",
    "ReportCommandConfig",
    "ReportConfig",
    "RunConfig",
    "ScenarioConfig",
    "ScheduleConfig",
    "SearchConfig",
    "SearchStudyConfig",
    "SweepConfig",
    "TournamentConfig",
    "identity",
    "resolved",
]

BACKENDS = ("native", "libsumo", "traci", "gui")
MEASURES = ("traffic", "all")
KINDS = ("junction", "benchmark", "sumo")
SCENARIOS = Path(__file__).parent.parent / "conf" / "scenario"


def path_field() -> Any:
    """Return a field for a path that may be left out; the command line takes it as it is, whatever is in it."""
    return field(default=None, metadata={"path": True})


def _one_of(key: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise InputError(f"{key}={value} is not known.{nearest(value, known)} Choose one of: {', '.join(known)}.")


def _at_least(key: str, value: float | None, least: float) -> None:
    if value is not None and not value >= least:
        raise InputError(f"{key}={value:g} is too small. Give at least {least:g}.")


def _above_zero(key: str, value: float | None) -> None:
    if value is not None and not value > 0.0:
        raise InputError(f"{key}={value:g} must be above 0.")


def _there(key: str, path: Path | None) -> None:
    if path is not None and not path.is_file():
        raise InputError(f"{key}: there is no file '{path}'. Check the path.")


def _seeds(key: str, seeds: Sequence[int]) -> None:
    twice = sorted({seed for seed in seeds if seeds.count(seed) > 1})
    if twice:
        raise InputError(f"{key} names seed {twice[0]} twice. Name each seed once.")
    if any(seed < 0 for seed in seeds):
        raise InputError(f"{key} holds the negative seed {min(seeds)}. SUMO's seeds are 0 or more.")


@dataclass(frozen=True)
class ScenarioConfig:
    """What is simulated; one option of the group ``scenario``."""

    name: str = ""
    kind: str = "sumo"
    summary: str = ""
    sumocfg: Path | None = path_field()  # noqa: RUF009  a field, not a value
    file: Path | None = path_field()  # noqa: RUF009  a field, not a value
    folder: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    begin_s: float | None = None
    end_s: float | None = None
    warmup_s: float | None = None

    def __post_init__(self) -> None:
        _one_of("scenario.kind", self.kind, KINDS)
        if self.kind == "sumo" and self.sumocfg is None:
            raise InputError("scenario=sumo needs the configuration to run. Give scenario.sumocfg=PATH.")
        if self.kind == "sumo" and self.sumocfg is not None and self.name == "sumo":
            object.__setattr__(self, "name", self.sumocfg.stem)
        if self.kind == "junction" and self.file is not None and self.name == "junction":
            object.__setattr__(self, "name", self.file.stem)
        _there("scenario.sumocfg", self.sumocfg)
        _there("scenario.file", self.file)
        _at_least("scenario.begin_s", self.begin_s, 0.0)
        _at_least("scenario.warmup_s", self.warmup_s, 0.0)
        if self.begin_s is not None and self.end_s is not None and self.end_s <= self.begin_s:
            raise InputError(
                f"scenario.end_s={self.end_s:g} is not after scenario.begin_s={self.begin_s:g}. Give a later end."
            )


@dataclass(frozen=True)
class QueueConfig:
    """How queues are measured."""

    max_m: float = 1000.0

    def __post_init__(self) -> None:
        _above_zero("queue.max_m", self.max_m)


@dataclass(frozen=True)
class RayConfig:
    """Where workers run; a Ray of our own starts once a study has run for `head_start_s` without it."""

    address: str | None = path_field()
    head_start_s: float = 60.0

    def __post_init__(self) -> None:
        _at_least("ray.head_start_s", self.head_start_s, 0.0)


@dataclass(frozen=True)
class AttemptsConfig:
    """What a run may take, and how often a lost one is tried in all."""

    deadline_s: float | None = None
    attempts: int = 2

    def __post_init__(self) -> None:
        _above_zero("run.deadline_s", self.deadline_s)
        _at_least("run.attempts", self.attempts, 1)


@dataclass(frozen=True)
class PlansConfig:
    """The plan space; ``radius`` is a log-ratio or ``full``."""

    cycle: bool = True
    splits: bool = True
    offsets: bool = True
    order: bool = False
    skip: bool = False
    half_cycle: bool = False
    radius: Any = 0.3
    min_cycle_s: float = 40.0
    max_cycle_s: float = 180.0
    min_green_s: float = 5.0
    max_green_s: float | None = None
    signals: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not (self.radius == "full" or isinstance(self.radius, (int, float))) or isinstance(self.radius, bool):
            raise InputError(f"plans.radius={self.radius} is no radius. Give a number such as 0.3, or full.")
        if self.radius != "full":
            _above_zero("plans.radius", self.radius)
        _above_zero("plans.min_cycle_s", self.min_cycle_s)
        _above_zero("plans.min_green_s", self.min_green_s)
        if self.max_cycle_s < self.min_cycle_s:
            raise InputError(
                f"plans.max_cycle_s={self.max_cycle_s:g} is below plans.min_cycle_s={self.min_cycle_s:g}. Swap them."
            )
        if self.max_green_s is not None and self.max_green_s < self.min_green_s:
            raise InputError(
                f"plans.max_green_s={self.max_green_s:g} is below plans.min_green_s={self.min_green_s:g}. Swap them."
            )

    def options(self) -> SpaceOptions:
        """Return what the engine calls this."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        values["radius"] = math.inf if self.radius == "full" else float(self.radius)
        return SpaceOptions(**values)


@dataclass(frozen=True)
class SearchConfig:
    """How plans are proposed, and what may be spent on them."""

    name: str = "sobol"
    budget: int = 96
    batch: int = 8
    seed: int = 0
    levels: int = 3
    screen: bool = True
    finalists: int = 3
    zone: float = 0.02
    confirm_seeds: tuple[int, ...] = tuple(range(201, 221))
    holdout_seeds: tuple[int, ...] = tuple(range(101, 111))

    def __post_init__(self) -> None:
        _one_of("search.name", self.name, SEARCHES)
        _at_least("search.batch", self.batch, 1)
        _at_least("search.levels", self.levels, 1)
        _at_least("search.finalists", self.finalists, 1)
        _above_zero("search.zone", self.zone)
        _seeds("search.confirm_seeds", self.confirm_seeds)
        _seeds("search.holdout_seeds", self.holdout_seeds)
        if 0 < len(self.confirm_seeds) < 5:
            raise InputError(
                f"search.confirm_seeds names {len(self.confirm_seeds)} seeds; a choice among finalists takes at least 5. "
                "Name more, or none: []."
            )


@dataclass(frozen=True)
class ObjectiveConfig:
    """What is made small, and what must be kept; measures are those of docs/measures.md."""

    name: str = "delay"
    weights: dict[str, float] = field(default_factory=lambda: {"delay_s": 1.0})
    worse_by: dict[str, float] = field(default_factory=dict)
    at_most: dict[str, float] = field(default_factory=dict)
    front: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        named = {"weights": self.weights, "worse_by": self.worse_by, "at_most": self.at_most}
        for key, names in (*named.items(), ("front", self.front)):
            known = (*NETWORK_MEASURES, *EXTRA_MEASURES, *([APPROACH_DELAY] if key == "worse_by" else []))
            for name in names:
                _one_of(f"objective.{key}", name, known)
        if not self.weights or not all(math.isfinite(weight) for weight in self.weights.values()):
            raise InputError("objective.weights is empty or holds no number. Give one, as in {delay_s: 1}.")
        if not any(self.weights.values()):
            raise InputError(
                "objective.weights are all 0, so that every plan is as good as any. Give one, as in {delay_s: 1}."
            )
        for name, most in self.worse_by.items():
            if not math.isfinite(most):
                raise InputError(
                    f"objective.worse_by: {name} may not be {most:g} worse. Give a number, as in {{{name}: 5}}."
                )
        for name, most in self.at_most.items():
            if not most >= 0.0:
                raise InputError(f"objective.at_most: no plan keeps {name} at {most:g}. Give 0 or more.")
        if len(self.front) == 1:
            raise InputError(f"objective.front names {self.front[0]} alone. A front takes two measures or more.")

    def extra_measures(self) -> list[str]:
        """Return the measures named here that only `measures=all` brings."""
        named = (*self.weights, *self.worse_by, *self.at_most, *self.front)
        return [name for name in EXTRA_MEASURES if name in named]

    def objective(self) -> Objective:
        """Return what the engine calls this."""
        return Objective(self.weights, self.worse_by, self.at_most, self.front)


@dataclass(frozen=True)
class ReportConfig:
    """How the page is written."""

    language: str = "en"

    def __post_init__(self) -> None:
        _one_of("report.language", self.language, ("en",))


@dataclass(frozen=True)
class RunConfig:
    """`greensplit run`."""

    scenario: ScenarioConfig
    queue: QueueConfig = field(default_factory=QueueConfig)
    seed: int = 1
    plan: str = field(default=BASELINE, metadata={"path": True})
    tripinfo: Path | None = path_field()  # noqa: RUF009  a field, not a value
    series_s: float = 0.0
    json: bool = False
    measures: str = "traffic"
    backend: str = "native"
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        _one_of("backend", self.backend, BACKENDS)
        _one_of("measures", self.measures, MEASURES)
        _at_least("seed", self.seed, 0)
        _at_least("series_s", self.series_s, 0.0)
        if self.series_s > 0.0 and self.out is None:
            raise InputError(f"series_s={self.series_s:g} needs a folder for series.parquet. Give out=DIR.")
        if self.plan != BASELINE:
            _there("plan", Path(self.plan))


@dataclass(frozen=True)
class SearchStudyConfig:
    """What `sweep` and `optimize` share."""

    scenario: ScenarioConfig
    plans: PlansConfig = field(default_factory=PlansConfig)
    search: SearchConfig = field(default_factory=SearchConfig)
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    rules: Rules = field(default_factory=Rules)
    report: ReportConfig = field(default_factory=ReportConfig)
    queue: QueueConfig = field(default_factory=QueueConfig)
    run: AttemptsConfig = field(default_factory=AttemptsConfig)
    ray: RayConfig = field(default_factory=RayConfig)
    seeds: tuple[int, ...] = (1, 2, 3)
    workers: int | None = None
    measures: str = "traffic"
    backend: str = "native"
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        _one_of("backend", self.backend, BACKENDS[:3])
        _one_of("measures", self.measures, MEASURES)
        if self.measures != "all" and self.objective.extra_measures():
            raise InputError(
                f"objective names {self.objective.extra_measures()[0]}, which is not measured. Add measures=all."
            )
        _at_least("workers", self.workers, 1)
        if not self.seeds:
            raise InputError("seeds is empty. Name at least one training seed, as in seeds=[1,2,3].")
        _seeds("seeds", self.seeds)
        sets = {
            "seeds": self.seeds,
            "search.holdout_seeds": self.search.holdout_seeds,
            "search.confirm_seeds": self.search.confirm_seeds,
        }
        for (one, a), (other, b) in itertools.combinations(sets.items(), 2):
            shared = sorted(set(a) & set(b))
            if shared:
                raise InputError(
                    f"seed {', '.join(map(str, shared))} is in {one} and in {other}. A plan is chosen on one set and "
                    "proven on the other: name different seeds."
                )
        if self.search.budget < len(self.seeds):
            raise InputError(
                f"search.budget={self.search.budget} is below the {len(self.seeds)} seeds that each plan runs with. "
                "Raise the budget or name fewer seeds."
            )


@dataclass(frozen=True)
class SweepConfig(SearchStudyConfig):
    """`greensplit sweep`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if SEARCHES[self.search.name].learns:
            still = ", ".join(name for name, kind in SEARCHES.items() if not kind.learns)
            raise InputError(
                f"search={self.search.name} learns as it goes, and a sweep does not. "
                f"Choose one of: {still}; or say 'greensplit optimize'."
            )


@dataclass(frozen=True)
class OptimizeConfig(SearchStudyConfig):
    """`greensplit optimize`."""


@dataclass(frozen=True)
class AuditConfig:
    """`greensplit audit`."""

    scenario: ScenarioConfig
    rules: Rules = field(default_factory=Rules)
    plan: str = field(default=BASELINE, metadata={"path": True})
    json: bool = False
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        if self.plan != BASELINE and not Path(self.plan).exists():
            raise InputError(f"plan: there is no file or study '{self.plan}'. Check the path.")
        if self.out is not None and self.out.suffix not in (".json", ".csv"):
            raise InputError(f"out='{self.out}' must end in .json or .csv.")


@dataclass(frozen=True)
class ReportCommandConfig:
    """`greensplit report`."""

    dir: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        if self.dir is None:
            raise InputError("report needs a study's folder. Say: greensplit report DIR")


@dataclass(frozen=True)
class MeasuresConfig:
    """`greensplit measures`."""

    log: Path | None = path_field()  # noqa: RUF009  a field, not a value
    detectors: Path | None = path_field()  # noqa: RUF009  a field, not a value
    bin_min: int = 15
    json: bool = False
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        if self.log is None:
            raise InputError("measures needs a controller's log. Say: greensplit measures LOG detectors=FILE")
        if self.detectors is None:
            raise InputError("detectors is missing: the file that says which phase each detector belongs to.")
        _there("log", self.log)
        _there("detectors", self.detectors)
        _at_least("bin_min", self.bin_min, 1)
        if self.out is not None and self.out.suffix not in (".parquet", ".csv"):
            raise InputError(f"out='{self.out}' must end in .parquet or .csv.")


@dataclass(frozen=True)
class HcmConfig:
    """`greensplit hcm`."""

    scenario: ScenarioConfig
    queue: QueueConfig = field(default_factory=QueueConfig)
    method: Method = field(default_factory=Method)
    plan: str = field(default=BASELINE, metadata={"path": True})
    study: Path | None = path_field()  # noqa: RUF009  a field, not a value
    periods: str = "peak"
    platoon: str = "random"
    json: bool = False
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        _one_of("periods", self.periods, ("peak", "all"))
        _one_of("platoon", self.platoon, ("random", "measured"))
        for key, value in vars(self.method).items():
            if key in ("startup_s", "extension_s", "sneakers"):
                _at_least(f"method.{key}", value, 0.0)
            else:
                _above_zero(f"method.{key}", value)
        if self.study is None and (self.plan == "best" or self.platoon == "measured"):
            asked = "plan=best" if self.plan == "best" else "platoon=measured"
            raise InputError(f"{asked} is what a study found. Name its folder with study=DIR.")
        if self.study is not None and not self.study.is_dir():
            raise InputError(f"study: there is no folder '{self.study}'. Check the path.")
        if self.plan not in (BASELINE, "best"):
            _there("plan", Path(self.plan))


IMPORTED = (".xml", ".json", ".csv")
"""What `import` can write, by how the file's name ends."""
EXPORTED = {"sumo": ".xml", "json": ".json", "csv": ".csv", "sheet": ".html", "utdf": None}
"""The formats of `export` and how the names of their files end, which stands in for `format`; UTDF has to be asked for."""


@dataclass(frozen=True)
class ImportConfig:
    """`greensplit import`."""

    scenario: ScenarioConfig
    file: Path | None = path_field()  # noqa: RUF009  a field, not a value
    map: str | None = path_field()
    whole_seconds: bool = True
    json: bool = False
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        if self.file is None:
            raise InputError("import needs a file. Say: greensplit import FILE scenario=NAME out=plan.add.xml")
        _there("file", self.file)
        if self.out is None:
            raise InputError("out is missing: where the plan goes, as in out=plan.add.xml, plan.json or plan.csv.")
        if self.out.suffix not in IMPORTED:
            raise InputError(f"out='{self.out}' must end in {', '.join(IMPORTED[:-1])} or {IMPORTED[-1]}.")


@dataclass(frozen=True)
class ExportConfig:
    """`greensplit export`."""

    scenario: ScenarioConfig
    plan: str | None = path_field()
    format: str | None = None
    json: bool = False
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        if self.plan is None:
            raise InputError(
                f"export needs a plan: a plan file, a study's folder, or {BASELINE} for the plan in the net. "
                "Say: greensplit export PLAN scenario=NAME format=csv out=plan.csv"
            )
        if self.plan != BASELINE and not Path(self.plan).exists():
            raise InputError(f"there is no plan or study '{self.plan}'. Check the path.")
        if self.out is None:
            raise InputError("out is missing: where the file goes, as in out=plan.csv.")
        if self.format is not None:
            _one_of("format", self.format, tuple(EXPORTED))
        elif self.out.suffix not in EXPORTED.values():
            raise InputError(
                f"the name of out='{self.out}' does not say which format. Give format={'|'.join(EXPORTED)}."
            )

    @property
    def kind(self) -> str:
        """The format: as asked for, or as the file's name ends."""
        assert self.out is not None  # the configurations refuse to be without it
        return self.format or next(kind for kind, suffix in EXPORTED.items() if suffix == self.out.suffix)


@dataclass(frozen=True)
class ScheduleConfig:
    """`greensplit schedule`."""

    scenario: ScenarioConfig
    rules: Rules = field(default_factory=Rules)
    periods: Path | None = path_field()  # noqa: RUF009  a field, not a value
    bin_min: float = 15.0
    shortest_min: float = 30.0
    most: int = 8
    gain: float = 0.02
    min_cycle_s: float = 40.0
    max_cycle_s: float = 120.0
    table: Path | None = path_field()  # noqa: RUF009  a field, not a value
    json: bool = False
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        _there("periods", self.periods)
        _above_zero("bin_min", self.bin_min)
        _at_least("shortest_min", self.shortest_min, self.bin_min)
        _at_least("most", self.most, 1)
        if not 0.0 < self.gain < 1.0:
            raise InputError(f"gain={self.gain:g} is no share. Give one between 0 and 1, such as 0.02.")
        _above_zero("min_cycle_s", self.min_cycle_s)
        if self.max_cycle_s < self.min_cycle_s:
            raise InputError(f"max_cycle_s={self.max_cycle_s:g} is below min_cycle_s={self.min_cycle_s:g}. Swap them.")
        if self.out is not None and self.out.suffix != ".xml":
            raise InputError(f"out='{self.out}' must end in .xml, as in day.add.xml.")
        if self.table is not None and self.table.suffix != ".csv":
            raise InputError(f"table='{self.table}' must end in .csv.")


@dataclass(frozen=True)
class BenchConfig:
    """`greensplit bench`."""

    what: str = field(default="all", metadata={"path": True})
    json: bool = False
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        for name in self.what.split(","):
            _one_of("what", name, ("all", *FIGURES))

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of the figures to measure, in the order of the table."""
        named = self.what.split(",")
        return tuple(name for name in FIGURES if name in named or "all" in named)


@dataclass(frozen=True)
class TournamentConfig:
    """`greensplit tournament`."""

    scenarios: tuple[str, ...] = ("cologne1", "cologne3", "cologne8", "ingolstadt1")
    searches: tuple[str, ...] = ("race", "tpe", "cmaes")
    budgets: tuple[int, ...] = (100,)
    repeats: int = 3
    workers: int | None = None
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        for name in self.scenarios:
            _one_of("scenarios", name, sorted(path.stem for path in SCENARIOS.glob("*.yaml")))
        for name in self.searches:
            _one_of("searches", name, SEARCHES)
        if not (self.scenarios and self.searches and self.budgets):
            raise InputError("a tournament needs scenarios, searches and budgets. Name at least one of each.")
        for budget in self.budgets:
            _at_least("budgets", budget, 3)
        _at_least("repeats", self.repeats, 1)
        _at_least("workers", self.workers, 1)
        if self.out is None:
            raise InputError("out is missing: the folder that the tournament grows in, as in out=studies/tournament.")


NOT_IDENTIFYING = ("workers", "ray", "run", "report", "backend", "out", "json", "tripinfo")
"""How something is computed and shown, and not what: a study goes on when these change."""


def identity(config: RunConfig | SearchStudyConfig) -> dict[str, Any]:
    """Return the settings that identify a study. Its input files count by their bytes, so paths are left out."""
    settings = resolved(config)
    for key in NOT_IDENTIFYING:
        settings.pop(key, None)
    if "search" in settings:
        # A larger budget extends a study.
        settings["search"].pop("budget")
        for choice in ("order", "skip", "half_cycle"):
            # Studies from before these choices go on.
            if not settings["plans"][choice]:
                settings["plans"].pop(choice)
    for key in ("sumocfg", "file", "folder", "files", "summary"):
        settings["scenario"].pop(key)
    if isinstance(config, SearchStudyConfig):
        # Rules count by their values, wherever they come from; the project's own floors always hold and add nothing.
        rules = chosen(config.rules, config.scenario.name)
        settings["rules"] = {name: limit.value for name, limit in rules.limits() if limit.value is not None}
        if settings["rules"] in ({}, {"walk_s": WALK_S, "walking_m_s": WALKING_SPEED}):
            settings.pop("rules")
    return settings


def resolved(config: object) -> dict[str, Any]:
    """Return a configuration as plain data: dicts, lists, strings and numbers."""
    plain: dict[str, Any] = _plain(config)
    return plain


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
