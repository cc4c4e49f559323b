"""Sums what vehicles emit and burn over the evaluated window, by signal."""

import numpy as np

cdef double EPS_S = 1e-6


cdef class Emissions:
    """Live sums of one simulation.

    Args:
        lane_signal: for each lane the signal whose junction or approach it belongs to; `n_signals` off all of them.
        n_signals: how many there are.
        step_s: length of a simulation step, seconds.
        window_start_s: from when on emissions count, simulation time in seconds.
    """

    def __init__(self, lane_signal, int n_signals, double step_s, double window_start_s):
        if len(lane_signal) and not 0 <= min(lane_signal) <= max(lane_signal) <= n_signals:
            raise ValueError(f"lane_signal holds an index outside 0 to {n_signals}")
        self.lane_signal = lane_signal
        self.step_s = step_s
        self.window_start_s = window_start_s
        self.window_open = False
        self.co2_g.assign(n_signals + 1, 0.0)
        self.fuel_ml.assign(n_signals + 1, 0.0)

    cdef void begin(self, double now_s) noexcept nogil:
        """Open the step that ended at `now_s`."""
        self.window_open = now_s - self.step_s >= self.window_start_s - EPS_S

    cdef void see(self, int i_lane, double co2_mg_s, double fuel_ml_s) noexcept nogil:
        """Add what one vehicle emits and burns in this step."""
        if self.window_open:
            self.co2_g[self.lane_signal[i_lane]] += co2_mg_s * self.step_s / 1000.0
            self.fuel_ml[self.lane_signal[i_lane]] += fuel_ml_s * self.step_s

    def begin_step(self, double now_s):
        """Open the step that ended at `now_s`."""
        self.begin(now_s)

    def see_vehicle(self, int i_lane, double co2_mg_s, double fuel_ml_s):
        """Add what one vehicle emits and burns in this step."""
        self.see(i_lane, co2_mg_s, fuel_ml_s)

    def sums(self):
        """Return `co2_g` and `fuel_ml` by signal, shape (n_signals + 1,) each; the last is off every signal."""
        return {
            "co2_g": np.array(self.co2_g, dtype=np.float64),
            "fuel_ml": np.array(self.fuel_ml, dtype=np.float64),
        }
