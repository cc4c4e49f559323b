import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

GREEN: int
YELLOW: int
RED: int
JUDGED: int
OFF: int
ON: int

def arrivals(codes: Ints, bins: npt.NDArray[np.intp], came: Ints, on_green: Ints) -> None: ...
def occupancies(times: Ints, codes: Ints, rows: Ints) -> int: ...
