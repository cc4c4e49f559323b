"""The keys of `greensplit measures`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from experiments.config._checks import at_least, path_field, there

__all__ = ["MeasuresConfig"]


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
        there("log", self.log)
        there("detectors", self.detectors)
        at_least("bin_min", self.bin_min, 1)
        if self.out is not None and self.out.suffix not in (".parquet", ".csv"):
            raise InputError(f"out='{self.out}' must end in .parquet or .csv.")
