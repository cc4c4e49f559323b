"""The keys of `greensplit import`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from experiments.config._checks import path_field, there
from experiments.config.scenario import ScenarioConfig

__all__ = ["ImportConfig"]

IMPORTED = (".xml", ".json", ".csv")
"""What `import` can write, by how the file's name ends."""


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
        there("file", self.file)
        if self.out is None:
            raise InputError("out is missing: where the plan goes, as in out=plan.add.xml, plan.json or plan.csv.")
        if self.out.suffix not in IMPORTED:
            raise InputError(f"out='{self.out}' must end in {', '.join(IMPORTED[:-1])} or {IMPORTED[-1]}.")
