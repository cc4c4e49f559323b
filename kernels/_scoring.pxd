"""C interface of the scorer, for the module that drives SUMO's C++ library without the GIL."""

from libcpp.pair cimport pair
from libcpp.vector cimport vector


cdef struct Vehicle:
    double length_m
    double speed_factor
    double max_speed
    double due_s            # when it was to depart
    double wait_s           # how long it waited to be inserted
    double entry_s          # when it entered the zone it is on
    double zone_delay_s     # control delay collected there
    double back_s           # step in which a group last counted it as queued
    int zone_stops
    int stops
    int zone                # approaches that share lanes are one zone; -1: on none
    int queue               # stop-line lane that it is on, crossed, or comes to first; -1: none
    int back_group
    int lane
    int slow                # below the queue's speed in this step
    int fast                # above 10 km/h since its last stop
    int fresh               # never observed yet
    int kind                # class: an index into kernels.classes.CLASSES
    int joined              # it has joined a queue of its zone ...
    int on_green            # ... while the queue's lane group showed green
    int inside              # past the stop line, within the junction
    unsigned long long member   # bit i: member of the zone's i-th queue


cdef struct Cycle:
    int group
    double start_s
    double end_s
    double queue_m
    int queue_veh
    double green_s
    double occupied_s       # of the green, with the stop-line zone occupied, mean over lanes
    int crossed
    int on_green            # of those that crossed: had arrived on green
    int failed              # the split was too short
    int vehicles            # that left the approach within it ...
    int stops               # ... their stops ...
    double delay_s          # ... and their control delay
    double spilled_s        # with the queue at its observed end


cdef struct ClassSums:      # of one lane group and vehicle class
    int vehicles
    int crossed
    int stops
    double delay_s


cdef class Scorer:
    # the layout
    cdef vector[double] lane_length_m, lane_limit
    cdef vector[int] lane_zone, lane_queue, lane_inside, lane_exit
    cdef vector[int] feed_start, feed_queue
    cdef vector[double] feed_base_m
    cdef vector[int] queue_group, queue_bit
    cdef vector[double] queue_storage_m
    cdef vector[int] link_start, link_index, signal_group_start, group_signal, group_approach
    cdef readonly int n_lanes, n_queues, n_groups, n_signals, n_approaches
    cdef readonly double step_s, window_start_s, window_end_s
    # the state
    cdef double now_s
    cdef double moved_s
    cdef bint window_open
    cdef vector[Vehicle] vehicles
    cdef vector[int] free_slots
    cdef vector[vector[pair[double, int]]] on_queue
    cdef vector[int] queue_busy
    cdef vector[double] group_back_m
    cdef vector[int] group_members, group_green
    cdef vector[double] group_peak_m    # since they were last taken
    cdef vector[int] group_peak_veh
    cdef vector[Cycle] cycle            # by lane group: its running cycle
    cdef vector[int] group_lanes, group_occupied, group_red, group_ended
    cdef vector[double] red_s, red_occupied_s, spilled_at_s
    cdef vector[int] queue_occupied, queue_rank
    cdef vector[double] queue_crossed_s
    # the sums
    cdef vector[int] group_vehicles, group_crossed, group_stops, group_on_green, group_failed
    cdef vector[int] group_headways
    cdef vector[double] group_delay_s, group_green_s, group_occupied_s, group_spilled_s, group_headway_s
    cdef vector[ClassSums] of_class     # by lane group, then class
    cdef vector[double] area_spilled_s, area_spilled_at_s    # by approach, then by junction
    cdef vector[int] kind_vehicles, kind_stops, kind_arrived
    cdef vector[double] kind_delay_s
    cdef vector[long] slowness
    cdef vector[double] delay_s         # of every vehicle that was due in the window
    cdef vector[Cycle] cycles
    cdef public double delay_sum_s, travel_sum_s, vehicle_seconds
    cdef public long n_vehicles, n_arrived, n_stops, n_waiting, n_running

    cdef int add(self, double length_m, double speed_factor, double max_speed, double due_s, double wait_s,
                 int kind) noexcept nogil
    cdef void begin(self, double now_s) noexcept nogil
    cdef void see(self, int i_vehicle, int i_lane, double position_m, double speed) noexcept nogil
    cdef void show(self, int i_signal, const char* state) noexcept nogil
    cdef void end(self) noexcept nogil
    cdef void retire(self, int i_vehicle, double time_loss_s, double departed_s, bint arrived) noexcept nogil
    cdef double owed(self, int i_vehicle, double time_loss_s) noexcept nogil
    cdef double owed_waiting(self, double due_s) noexcept nogil
    cdef void _spill(self, int area) noexcept nogil
    cdef void _leave(self, Vehicle* vehicle, int i_lane) noexcept nogil
    cdef void _cross(self, Vehicle* vehicle) noexcept nogil
    cdef void _credit(self, Vehicle* vehicle) noexcept nogil
    cdef void _open_cycle(self, int group, double at_s) noexcept nogil
    cdef bint _close_cycle(self, int group, double at_s) noexcept nogil
    cdef void _judge_split(self, int group) noexcept nogil
