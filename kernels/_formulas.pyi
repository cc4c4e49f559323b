import numpy as np
import numpy.typing as npt

actuated_factor: np.ufunc
akcelik_delay: np.ufunc
geh: np.ufunc
heavy_grade_factor: np.ufunc
incremental_delay: np.ufunc
initial_queue_delay: np.ufunc
lane_width_factor: np.ufunc
left_walk_factor: np.ufunc
mixed_flow_factor: np.ufunc
progression_factor: np.ufunc
queueing_delay: np.ufunc
random_delay: np.ufunc
right_walk_factor: np.ufunc
service_level: np.ufunc
shortest_cycle: np.ufunc
speed_change_delay: np.ufunc
standing_queue: np.ufunc
uniform_delay: np.ufunc
uniform_queue: np.ufunc
webster_cycle: np.ufunc

def accumulate(
    seconds: npt.NDArray[np.float64],
    arrivals: npt.NDArray[np.float64],
    departures: npt.NDArray[np.float64],
    queued_s: npt.NDArray[np.float64],
) -> tuple[float, float]: ...
def disperse(flow: npt.NDArray[np.float64], lag: int, smoothing: float, out: npt.NDArray[np.float64]) -> None: ...
