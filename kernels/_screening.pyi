from typing import Any

import numpy.typing as npt

from kernels._screening_inputs import Inputs

def score(
    inputs: Inputs,
    begin_s: float,
    end_s: float,
    counted_s: float,
    threads: int,
    out: npt.NDArray[Any],
    loss: npt.NDArray[Any] | None,
) -> None: ...
