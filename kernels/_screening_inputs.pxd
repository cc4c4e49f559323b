"""C interface of the screening model's inputs, for the model that reads them without the GIL."""

from libcpp.vector cimport vector

cdef enum:
    POSITIONS = 24              # places in a discharging platoon that differ from one another


cdef extern from *:
    """
    static const double SLOWEST = 0.001;
    """
    const double SLOWEST        # m/s: how slow an edge may look


cdef struct Crossing:
    # How a vehicle crosses a line, by its place in the platoon.
    double pace_s               # seconds a metre
    double up_s                 # what is lost beyond the line until it drives freely
    double late_s               # how long after the end of green one may still cross


cdef struct Step:
    # A stretch of a route, and the only lane that leads on, as most have no other.
    int lane                    # -1: the route is at its end
    int link                    # out of that lane; -1: none
    int first_option            # where there are several lanes, they are looked up in a list
    int n_options


cdef struct Net:
    # The network and its drivers: the same for every plan and draw.
    Py_ssize_t n_lanes, n_links, n_signals, n_edges, n_foes
    const double* lane_length_m
    const double* lane_free_s
    const double* lane_storage_m
    const double* lane_clear_m  # what may stand in a pocket without blocking the lane
    const int* lane_edge
    const int* lane_place
    const int* lane_pocket
    const int* link_lane
    const int* link_to
    const int* link_signal      # -1: none
    const int* link_letter
    const int* link_pocket
    const int* link_onward
    const int* link_minor
    const int* link_speeds      # where its speed limit's rows begin among the crossings
    const double* link_cross_s
    const double* link_clear_s
    const double* link_gap_s    # what one who yields needs, standing ...
    const double* link_roll_s   # ... or rolling
    const Crossing* crossings   # by speed limit: for POSITIONS with priority, then yielding
    const int* foe_start
    const int* foe_link
    const int* bar_start        # by lane: of a pocket, the links whose way one who stands there is in
    const int* bar_link
    Py_ssize_t n_spots, n_watched
    const int* watched          # lanes of edges with spots
    const int* spot_start
    const double* spot_end_m
    const double* spot_length_m
    const double* spot_speed
    const int* way_start
    const int* way_spot
    const double* way_free_s
    const double* way_least_s   # the least that a route can take, by the sum that is made of its spots
    const int* choice_start
    const int* choice_route
    const int* route_start
    const Step* steps
    const int* options
    bint chosen                 # whether any vehicle has a choice
    double step_s, spacing_m, wave
    double tau_s, start_s, yellow_s, accel, first_speed, merge_s, sight_s, lane_bias_m, change_m, impatience_s
    double insert_s, follow_s, cruise, top, minor_speed


cdef struct Demand:
    Py_ssize_t n_vehicles
    const double* due_s
    const int* choice
    const double* space_m
    const double* speed_factor
    const double* caution


cdef struct Programs:
    Py_ssize_t table            # cells that the largest plan's table has
    Py_ssize_t n_letters
    const int* signal_letters
    const int* phase_start      # by plan and signal
    const int* phase_s
    const int* phase_row
    const unsigned char* letters
    const int* offset_s         # by plan and signal


cdef class Inputs:
    cdef Net net
    cdef Programs programs
    cdef vector[Demand] draws
    cdef Py_ssize_t n_plans
    cdef Py_ssize_t n_vehicles  # of the largest draw
    cdef object _owners         # of the arrays that are pointed to
    cdef vector[Crossing] _crossings
    cdef vector[Step] _steps
    cdef vector[int] _speeds, _watched
    cdef vector[double] _least_s
