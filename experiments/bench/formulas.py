"""How fast each compiled formula is beside vectorised NumPy; what `kernels.formulas` has in NumPy is not in question."""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.bench.peers.numpy_formulas import TWINS
from experiments.bench.rows import Row, at_most
from kernels import _formulas

__all__ = ["SIZES", "FormulaSpeed", "arguments", "formula_speeds", "rows"]

SIZES = (1_000, 100_000)
"""The lane groups of a city; those of a city over all plans of a sweep."""
PAIRS = 7
SECONDS = 0.02
LIMIT = at_most(1.0)
PEER = "the function of the same name in experiments/bench/peers/numpy_formulas.py"
HOW = f"least time of a call; ratio: the median of {PAIRS} pairs measured in turns"


@dataclass(frozen=True)
class FormulaSpeed:
    """One kernel at one size.

    Attributes:
        name: of the kernel.
        n: elements.
        ours_us, numpy_us: the least time of a call, microseconds.
        ratio: ours over NumPy's, the median over pairs that were measured in turns.
    """

    name: str
    n: int
    ours_us: float
    numpy_us: float
    ratio: float


def arguments(name: str, n: int, seed: int = 7) -> tuple[Any, ...]:
    """Return arguments of a kernel as arrays of `n` values within its range; what is constant in practice is one."""
    draw = np.random.default_rng(seed).uniform
    x, ratio, cycle = draw(0.05, 1.4, n), draw(0.1, 0.8, n), draw(40.0, 180.0, n)
    saturation, flow, queue = draw(900.0, 2100.0, n), draw(50.0, 1500.0, n), draw(0.5, 40.0, n)
    green, capacity = ratio * cycle, saturation * ratio
    below = x / 1.5 * capacity
    share, grade, speed = draw(0.0, 0.5, n), draw(-0.04, 0.1, n), draw(8.0, 25.0, n)
    walk = green * draw(0.3, 1.0, n)
    each: dict[str, tuple[Any, ...]] = {
        "actuated_factor": (x, draw(0.5, 5.0, n)),
        "akcelik_delay": (x, saturation, green, cycle, 0.25),
        "geh": (flow, flow * x),
        "heavy_grade_factor": (share, grade),
        "incremental_delay": (x, capacity, 0.25, 0.5, 1.0),
        "initial_queue_delay": (queue, flow, capacity, 0.25),
        "lane_width_factor": (draw(2.5, 5.0, n),),
        "left_walk_factor": (flow, flow, green, green * ratio, walk, cycle, 1.0),
        "mixed_flow_factor": (share, 1.05, share, 1.18),
        "progression_factor": (x, ratio, draw(0.33, 1.2, n)),
        "queueing_delay": (below, saturation, ratio, cycle),
        "random_delay": (below, saturation, ratio, cycle),
        "right_walk_factor": (flow, green, walk, cycle, 1.0),
        "service_level": (draw(0.0, 120.0, n), x),
        "shortest_cycle": (x / 1.6, draw(6.0, 20.0, n), 0.9),
        "speed_change_delay": (speed * 2.237,),
        "standing_queue": (queue, flow, capacity, 0.25),
        "uniform_delay": (x, ratio, cycle, 1.0),
        "uniform_queue": (flow, capacity, saturation, green, cycle, ratio, 11.0),
        "webster_cycle": (x / 1.6, draw(6.0, 20.0, n)),
    }
    return each[name]


def formula_speeds(
    sizes: Sequence[int] = SIZES, names: Iterable[str] = tuple(TWINS), pairs: int = PAIRS
) -> list[FormulaSpeed]:
    """Return the speed of the named kernels at every size, each measured in turns with its NumPy twin."""
    rows = []
    for name in names:
        kernel, twin = getattr(_formulas, name), TWINS[name]
        for n in sizes:
            given = arguments(name, n)
            with np.errstate(all="ignore"):
                number = max(1, int(SECONDS / max(timeit.timeit(lambda: twin(*given), number=1), 1e-7)))  # noqa: B023
                measured = [
                    tuple(timeit.timeit(lambda: call(*given), number=number) / number for call in (kernel, twin))  # noqa: B023
                    for _ in range(pairs)
                ]
            ours_s, numpy_s = (min(column) for column in zip(*measured, strict=True))
            ratio = statistics.median(ours / theirs for ours, theirs in measured)
            rows.append(FormulaSpeed(name, n, 1e6 * ours_s, 1e6 * numpy_s, ratio))
    return rows


def rows(done: Callable[[float], None]) -> list[Row]:
    """Return the time of every kernel at every size beside its NumPy twin's."""
    made = []
    for name in TWINS:
        for speed in formula_speeds(names=[name]):
            title = f"{name}, {speed.n:,} elements"
            made.append(Row(title, "us", speed.ours_us, speed.numpy_us, speed.ratio, LIMIT, PEER, HOW))
        done(1.0 / len(TWINS))
    return made


if __name__ == "__main__":
    for row in formula_speeds():
        print(f"{row.name:<22}{row.n:>8}{row.ours_us:>10.1f} us{row.numpy_us:>10.1f} us{row.ratio:>7.2f}")
