"""C interface of the sums of emissions."""

from libcpp.vector cimport vector


cdef class Emissions:
    cdef vector[int] lane_signal
    cdef readonly double step_s, window_start_s
    cdef bint window_open
    cdef vector[double] co2_g, fuel_ml      # by signal; the last is for the network without signals

    cdef void begin(self, double now_s) noexcept nogil
    cdef void see(self, int i_lane, double co2_mg_s, double fuel_ml_s) noexcept nogil
