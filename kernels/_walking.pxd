"""C interface of the pedestrians' sums, for the module that drives SUMO's C++ library without the GIL."""

from libcpp.vector cimport vector


cdef struct Walker:
    double begun_s          # when the walk under way began
    double top_speed        # as fast as this person walks unhindered
    double lost_s           # on the walk under way, so far
    double wait_s           # standing before the crossing that lies ahead
    double came_s           # when that crossing came next
    int ahead               # the crossing that lies next ahead; -1: none
    int on                  # the crossing that it walks on; -1: on none
    int walking
    int counted             # among the persons that began a walk in the window


cdef class Walkers:
    cdef readonly int n_crossings
    cdef readonly double step_s, window_start_s, window_end_s
    cdef double now_s
    cdef vector[Walker] walkers
    cdef vector[int] free_slots
    cdef vector[int] crossing_persons
    cdef vector[double] crossing_wait_s, crossing_longest_s
    cdef public double delay_sum_s
    cdef public long n_persons, n_walks

    cdef int add(self) noexcept nogil
    cdef void begin(self, double now_s) noexcept nogil
    cdef void set_out(self, int i_walker, double begun_s, double top_speed) noexcept nogil
    cdef void see(self, int i_walker, double speed, int on, int ahead) noexcept nogil
    cdef void arrive(self, int i_walker, double length_m) noexcept nogil
    cdef void retire(self, int i_walker) noexcept nogil
    cdef bint _due(self, double at_s) noexcept nogil
    cdef void _pass(self, Walker* walker, int crossing, double wait_s, double came_s) noexcept nogil
