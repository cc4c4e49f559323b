"""The keys of `greensplit bench`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from experiments.bench.figures import FIGURES
from experiments.config._checks import one_of, path_field

__all__ = ["BenchConfig"]


@dataclass(frozen=True)
class BenchConfig:
    """`greensplit bench`."""

    what: str = field(default="all", metadata={"path": True})
    json: bool = False
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        for name in self.what.split(","):
            one_of("what", name, ("all", *FIGURES))

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of the figures to measure, in the order of the table."""
        named = self.what.split(",")
        return tuple(name for name in FIGURES if name in named or "all" in named)
