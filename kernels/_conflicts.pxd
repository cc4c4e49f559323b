"""C interface of the conflict counter, for the module that drives SUMO's C++ library without the GIL."""

from libcpp.pair cimport pair
from libcpp.vector cimport vector


cdef struct Mover:
    double length_m
    double odometer_m       # of its front; a place on its way lies at a fixed reading
    double before_m         # the reading one step ago
    double speed
    double acceleration     # of the last step
    double seen_s           # when it was last seen; -1: never
    long long serial        # vehicles are numbered as they come
    int lane


cdef struct Place:
    int lane
    double start_m          # the odometer's reading at the lane's begin


cdef struct Met:
    long long serial        # of the other vehicle, the younger one
    int counted             # bit 0, 1, 2: as a conflict by TTC, DRAC, PET


cdef struct User:
    int vehicle
    double at_m             # where its front is, from the begin of the lane; it may be before it or past its end


cdef struct Passage:
    long long serial
    int vehicle
    double time_s


cdef class Conflicts:
    # the layout
    cdef vector[double] lane_length_m
    cdef vector[int] lane_edge, lane_signal
    cdef vector[int] hop_start, hop_to, hop_via
    cdef vector[int] area_lane, area_foe, area_merges
    cdef vector[double] enter_m, leave_m        # of area i: on its lane at 2 i, on its foe at 2 i + 1
    cdef vector[int] side_start, side           # by lane: those of its areas
    cdef vector[double] clear_m                 # by lane: where its last area ends; -1: it has none
    cdef readonly double step_s, window_start_s
    # the state
    cdef double now_s
    cdef bint window_open
    cdef long long next_serial
    cdef vector[Mover] movers
    cdef vector[vector[Place]] path             # by vehicle: its lane and those ahead
    cdef vector[vector[Place]] trail            # lanes inside junctions that its rear may not have cleared
    cdef vector[vector[Met]] met
    cdef vector[int] seen
    cdef vector[vector[pair[double, int]]] on_lane
    cdef vector[int] busy
    cdef vector[vector[User]] users             # by lane with areas: who is on it, just past it, or about to come
    cdef vector[int] used
    cdef vector[vector[Passage]] left           # by side of an area: who left it a moment ago
    # the counts, by measure and signal; the last is for the network without signals
    cdef readonly int n_signals
    cdef vector[long] counts

    cdef void enter(self, int i_vehicle, double length_m) noexcept nogil
    cdef void begin(self, double now_s) noexcept nogil
    cdef void head(self, int i_vehicle, int i_lane, const int* onward, int n_onward) noexcept nogil
    cdef void see(self, int i_vehicle, double position_m, double speed) noexcept nogil
    cdef void end(self) noexcept nogil
    cdef void retire(self, int i_vehicle) noexcept nogil
    cdef void _locate(self, int i_vehicle, int i_lane) noexcept nogil
    cdef void _use(self, int i_vehicle) noexcept nogil
    cdef void _add_user(self, int i_vehicle, Place* place) noexcept nogil
    cdef void _follow(self, int i_vehicle, int i_leader, double gap_m) noexcept nogil
    cdef void _follow_ahead(self, int i_vehicle) noexcept nogil
    cdef void _leave(self, User* user, int i_side) noexcept nogil
    cdef void _come(self, User* user, int i_side) noexcept nogil
    cdef void _meet(self, int i_area, User* one, User* two) noexcept nogil
    cdef void _judge(self, int one, int two, double ttc_s, double drac, int i_lane) noexcept nogil
    cdef void _count(self, int one, int two, int measure, int i_lane) noexcept nogil
    cdef void _add(self, int measure, int i_lane) noexcept nogil
