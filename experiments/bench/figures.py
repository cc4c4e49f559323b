"""The families of figures: what each shows, and how long it takes."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from experiments.bench.rows import Row

__all__ = ["FIGURES", "Figure"]


@dataclass(frozen=True)
class Figure:
    """One family of figures.

    Attributes:
        title: what it shows.
        module: the module of `experiments.bench` whose ``rows(done)`` measures it; ``done`` is told each share of the
            work that has been finished, and the shares add up to 1.
        seconds: what it takes on two quiet cores, for the time that remains.
    """

    title: str
    module: str
    seconds: float

    def rows(self, advance: Callable[[float], None]) -> list[Row]:
        """Measure it; `advance` is told the seconds of work that have been done."""
        module = importlib.import_module(f"experiments.bench.{self.module}")
        measured: list[Row] = module.rows(lambda share: advance(share * self.seconds))
        return measured


FIGURES = {
    "instructions": Figure("Instructions of scoring every second, 900 s", "instructions", 900.0),
    "profile": Figure("Where the instructions of a scored run go", "profile", 30.0),
    "wall": Figure("Wall time of one run", "wall", 400.0),
    "sweep": Figure("Wall time of a sweep", "sweeping", 400.0),
    "memory": Figure("Memory of a worker", "memory", 300.0),
    "loop": Figure("The scoring loop", "loop", 10.0),
    "formulas": Figure("The manual's formulas beside NumPy", "formulas", 60.0),
    "startup": Figure("Start-up", "startup", 15.0),
}
