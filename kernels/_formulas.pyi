import numpy as np
import numpy.typing as npt

actuated_factor: np.ufunc
akcelik_delay: np.ufunc
all_red: np.ufunc
filtering_factor: np.ufunc
geh: np.ufunc
hcm_smoothing: np.ufunc
incremental_delay: np.ufunc
initial_queue_delay: np.ufunc
percentile_factor: np.ufunc
progression_factor: np.ufunc
queueing_delay: np.ufunc
random_delay: np.ufunc
robertson_smoothing: np.ufunc
service_level: np.ufunc
shortest_cycle: np.ufunc
speed_change_delay: np.ufunc
uniform_delay: np.ufunc
uniform_queue: np.ufunc
webster_cycle: np.ufunc
yellow: np.ufunc

def disperse(flow: npt.NDArray[np.float64], lag: int, smoothing: float, out: npt.NDArray[np.float64]) -> None: ...
