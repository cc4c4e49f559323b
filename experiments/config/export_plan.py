"""The keys of `greensplit export`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from engine.plan import BASELINE
from experiments.config._checks import one_of, path_field
from experiments.config.scenario import ScenarioConfig

__all__ = ["ExportConfig"]

EXPORTED = {"sumo": ".xml", "json": ".json", "csv": ".csv", "sheet": ".html", "utdf": None}
"""The formats of `export` and how the names of their files end, which stands in for `format`; UTDF has to be asked for."""


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
            one_of("format", self.format, tuple(EXPORTED))
        elif self.out.suffix not in EXPORTED.values():
            raise InputError(
                f"the name of out='{self.out}' does not say which format. Give format={'|'.join(EXPORTED)}."
            )

    @property
    def kind(self) -> str:
        """The format: as asked for, or as the file's name ends."""
        assert self.out is not None  # the configurations refuse to be without it
        return self.format or next(kind for kind, suffix in EXPORTED.items() if suffix == self.out.suffix)
