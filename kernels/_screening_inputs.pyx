"""What the screening model reads: NumPy arrays as pointers, and what follows from them for every plan alike.

`kernels.screening` says what the arrays hold and checks them.
"""

from libc.math cimport sqrt

cdef extern from *:
    """
    static const double BRAKING = 4.5;
    """
    const double BRAKING        # m/s2, SUMO's default


cdef const int* ints(const int[::1] values) noexcept:
    return &values[0] if values.shape[0] else NULL


cdef const int* rows_of_ints(const int[:, ::1] values) noexcept:
    return &values[0, 0] if values.shape[0] and values.shape[1] else NULL


cdef const double* doubles(const double[::1] values) noexcept:
    return &values[0] if values.shape[0] else NULL


cdef void settle(const Net* net, double limit, Crossing* rows) noexcept nogil:
    """Fill in how fast the places of a platoon cross a link with a speed limit: first with priority, then yielding."""
    cdef int place, steps, yields
    cdef double speed, top = limit * net.top, crossing, squared
    cdef Crossing* row
    for yields in range(2):
        crossing = min(top, net.minor_speed) if yields else top
        for place in range(POSITIONS):
            row = rows + yields * POSITIONS + place
            squared = net.first_speed * net.first_speed + 2.0 * net.accel * net.spacing_m * place
            speed = crossing if place == POSITIONS - 1 else min(crossing, sqrt(squared))
            row.up_s = (top - speed) * (top - speed) / (2.0 * net.accel * top)
            # Between its predecessor's place and its own it was slower than it crosses.
            row.pace_s = 1.0 / speed
            if place > 0:
                row.pace_s = 1.0 / min(crossing, sqrt(squared - net.accel * net.spacing_m))
            # The distance in which it comes to rest, a step at a time, and the metre that it keeps from the line.
            steps = <int>(speed / BRAKING)
            row.late_s = net.yellow_s - net.step_s + (steps * (speed - 0.5 * BRAKING * (steps + 1)) + 1.0) / speed


cdef class Inputs:
    """Networks, drivers, demand and programs as the model reads them; keeps alive what it points to.

    Args:
        roads, demand, behaviour, programs: as `kernels.screening.score` has checked them.
    """

    def __init__(self, roads, demand, behaviour, programs):
        self._owners = roads, demand, programs
        self._read_roads(roads)
        self._read_drivers(roads, behaviour)
        self._read_demand(demand)
        self._read_programs(roads, programs)
        self._settle_crossings(roads.link_speed)
        self._lay_steps(roads.step_start, roads.options)
        self._watch_spots()
        self._bound_ways(len(roads.route_start))

    def _read_roads(self, roads):
        cdef Net* net = &self.net
        net.n_lanes, net.n_links, net.n_foes = len(roads.lane_length_m), len(roads.link_lane), len(roads.foe_link)
        net.n_signals, net.n_edges, net.n_spots = len(roads.signal_letters), roads.n_edges, len(roads.spot_end_m)
        net.lane_length_m, net.lane_free_s = doubles(roads.lane_length_m), doubles(roads.lane_free_s)
        net.lane_storage_m, net.lane_clear_m = doubles(roads.lane_storage_m), doubles(roads.lane_clear_m)
        net.lane_edge, net.lane_place = ints(roads.lane_edge), ints(roads.lane_place)
        net.lane_pocket, net.link_minor = ints(roads.lane_pocket), ints(roads.link_minor)
        net.link_lane, net.link_to = ints(roads.link_lane), ints(roads.link_to)
        net.link_signal, net.link_letter = ints(roads.link_signal), ints(roads.link_letter)
        net.link_pocket, net.link_onward = ints(roads.link_pocket), ints(roads.link_onward)
        net.link_cross_s, net.link_clear_s = doubles(roads.link_cross_s), doubles(roads.link_clear_s)
        net.link_gap_s, net.link_roll_s = doubles(roads.link_gap_s), doubles(roads.link_roll_s)
        net.foe_start, net.foe_link = ints(roads.foe_start), ints(roads.foe_link)
        net.bar_start, net.bar_link = ints(roads.bar_start), ints(roads.bar_link)
        net.spot_start, net.spot_end_m = ints(roads.spot_start), doubles(roads.spot_end_m)
        net.spot_length_m, net.spot_speed = doubles(roads.spot_length_m), doubles(roads.spot_speed)
        net.way_start, net.way_spot = ints(roads.way_start), ints(roads.way_spot)
        net.way_free_s = doubles(roads.way_free_s)
        net.choice_start, net.choice_route = ints(roads.choice_start), ints(roads.choice_route)
        net.chosen = len(roads.choice_route) > len(roads.choice_start) - 1
        net.route_start, net.options = ints(roads.route_start), rows_of_ints(roads.options)

    def _read_drivers(self, roads, behaviour):
        cdef Net* net = &self.net
        net.step_s, net.spacing_m = roads.step_s, roads.spacing_m
        net.wave = net.spacing_m / <double>behaviour.react_s
        net.tau_s, net.start_s, net.yellow_s = behaviour.tau_s, behaviour.start_s, behaviour.yellow_s
        net.accel, net.first_speed, net.merge_s = behaviour.accel, behaviour.first_speed, behaviour.merge_s
        net.sight_s, net.impatience_s = behaviour.sight_s, behaviour.impatience_s
        net.lane_bias_m, net.change_m = behaviour.lane_bias_m, behaviour.change_m
        net.insert_s, net.follow_s, net.cruise = behaviour.insert_s, behaviour.follow_s, behaviour.cruise
        net.top, net.minor_speed = behaviour.top, behaviour.minor_speed

    def _read_demand(self, demand):
        cdef const int[::1] start = demand.start
        cdef Py_ssize_t i
        cdef Demand draw
        self.n_vehicles = 0
        for i in range(start.shape[0] - 1):
            draw.n_vehicles = start[i + 1] - start[i]
            draw.due_s, draw.choice = doubles(demand.due_s) + start[i], ints(demand.choice) + start[i]
            draw.space_m, draw.caution = doubles(demand.space_m) + start[i], doubles(demand.caution) + start[i]
            draw.speed_factor = doubles(demand.speed_factor) + start[i]
            self.draws.push_back(draw)
            self.n_vehicles = max(self.n_vehicles, draw.n_vehicles)

    def _read_programs(self, roads, programs):
        cdef Programs* read = &self.programs
        cdef const unsigned char[:, ::1] letters = programs.letters
        self.n_plans = len(programs.offset_s)
        read.table, read.n_letters, read.signal_letters = programs.table, letters.shape[1], ints(roads.signal_letters)
        read.phase_start, read.offset_s = rows_of_ints(programs.phase_start), rows_of_ints(programs.offset_s)
        read.phase_s, read.phase_row, read.letters = ints(programs.phase_s), ints(programs.phase_row), &letters[0, 0]

    def _settle_crossings(self, const double[::1] speed):
        """Fill in how vehicles cross: one table for each speed limit."""
        cdef vector[double] limits
        cdef size_t known
        cdef Py_ssize_t i
        for i in range(self.net.n_links):
            known = 0
            while known < limits.size() and limits[known] != speed[i]:
                known += 1
            if known == limits.size():
                limits.push_back(speed[i])
            self._speeds.push_back(<int>known * 2 * POSITIONS)
        self._crossings.resize(limits.size() * 2 * POSITIONS)
        for known in range(limits.size()):
            settle(&self.net, limits[known], &self._crossings[known * 2 * POSITIONS])
        self.net.link_speeds, self.net.crossings = self._speeds.data(), self._crossings.data()

    def _lay_steps(self, const int[::1] start, const int[:, ::1] options):
        """Fill in the steps, those without a choice such that nothing else has to be looked up."""
        cdef Py_ssize_t i
        cdef Step step
        for i in range(start.shape[0] - 1):
            step.first_option, step.n_options = start[i], start[i + 1] - start[i]
            step.lane = step.link = -1
            if step.n_options > 0:
                step.lane, step.link = options[start[i], 0], options[start[i], 1]
            self._steps.push_back(step)
        self.net.steps = self._steps.data()

    def _watch_spots(self):
        """Fill in which lanes are looked at for speeds."""
        cdef const int* start = self.net.spot_start
        cdef Py_ssize_t i
        for i in range(self.net.n_lanes):
            if start[self.net.lane_edge[i] + 1] > start[self.net.lane_edge[i]]:
                self._watched.push_back(<int>i)
        self.net.watched, self.net.n_watched = self._watched.data(), self._watched.size()

    def _bound_ways(self, Py_ssize_t n_routes):
        """Fill in what routes take where everybody drives at the limit; as rounding is monotone, no sum is below it."""
        cdef Py_ssize_t i
        cdef int way, spot
        cdef double least_s
        for i in range(n_routes):
            least_s = self.net.way_free_s[i]
            for way in range(self.net.way_start[i], self.net.way_start[i + 1]):
                spot = self.net.way_spot[way]
                least_s += self.net.spot_length_m[spot] / max(self.net.spot_speed[spot], SLOWEST)
            self._least_s.push_back(least_s)
        self.net.way_least_s = self._least_s.data()
