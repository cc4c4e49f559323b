from typing import Any

import numpy.typing as npt

def score(
    roads: Any,
    demands: Any,
    behaviour: Any,
    programs: Any,
    begin_s: float,
    end_s: float,
    counted_s: float,
    threads: int,
    out: npt.NDArray[Any],
    loss: npt.NDArray[Any] | None,
) -> None: ...
