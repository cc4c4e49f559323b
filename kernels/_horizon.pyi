from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

class Horizon:
    def __init__(self, lengths_m: Sequence[float] | Floats, behaviour: Any) -> None: ...
    def add(self, what: Any) -> None: ...
    def see(
        self,
        number: Ints,
        lane: Ints,
        position_m: Floats,
        length_m: Floats,
        speed: Floats,
        signal: Ints,
        link: Ints,
        to_line_m: Floats,
        standing_s: Floats,
        red_s: Floats,
        green_s: Floats,
        giving_way: npt.NDArray[np.int8],
        now_s: float,
        waiting: list[tuple[int, int, int, int, float]],
    ) -> None: ...
    def expect(self, now_s: float) -> None: ...
    def plan(self, i_signal: int, stage: int, green_s: Floats, now_s: float) -> int: ...
    def departures(self, i_signal: int) -> list[tuple[float, int]]: ...
