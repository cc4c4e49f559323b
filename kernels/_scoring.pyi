from typing import Any

import numpy as np
import numpy.typing as npt

class Scorer:
    n_lanes: int
    n_queues: int
    n_groups: int
    n_signals: int
    step_s: float
    window_start_s: float
    window_end_s: float
    delay_sum_s: float
    travel_sum_s: float
    vehicle_seconds: float
    n_vehicles: int
    n_arrived: int
    n_stops: int
    n_waiting: int
    n_running: int

    def __init__(self, layout: Any, step_s: float, window_start_s: float, window_end_s: float) -> None: ...
    def add_vehicle(
        self, length_m: float, speed_factor: float, max_speed: float, due_s: float, wait_s: float
    ) -> int: ...
    def begin_step(self, now_s: float) -> None: ...
    def see_vehicle(self, i_vehicle: int, i_lane: int, position_m: float, speed: float) -> None: ...
    def show_signal(self, i_signal: int, state: bytes) -> None: ...
    def end_step(self) -> None: ...
    def retire_vehicle(self, i_vehicle: int, time_loss_s: float, departed_s: float, arrived: bool) -> None: ...
    def wait(self, group: int, due_s: float) -> None: ...
    def close(self) -> None: ...
    def group_sums(
        self,
    ) -> tuple[
        npt.NDArray[np.int64],
        npt.NDArray[np.int64],
        npt.NDArray[np.int64],
        npt.NDArray[np.int64],
        npt.NDArray[np.float64],
    ]: ...
    def cycle_rows(self) -> list[tuple[int, float, float, float, int]]: ...
    @property
    def still_s(self) -> float: ...
