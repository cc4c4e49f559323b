"""The scoring state machine: what every vehicle does in a step becomes delay, stops and back of queue.

Units are metres, seconds and metres per second throughout. Arguments are checked in `kernels.scoring`, so the
loops here index without checks.
"""

from libc.math cimport fmin
from libcpp.algorithm cimport sort

import numpy as np

from kernels import events
from kernels.classes import CLASSES

# Definitions of the measures, SI units (docs/measures.md).
cdef double QUEUE_SPEED = 5.0 / 3.6       # below this a vehicle stops or joins a queue
cdef double FREE_SPEED = 10.0 / 3.6       # above this it may stop anew
cdef double JOIN_GAP_M = 20.0             # largest gap to the stop line or the member ahead on joining
cdef double MOVING_SPEED = 0.1            # SUMO's own threshold of halting, for gridlock
cdef double TRUNCATED_M = 7.5             # a queue that ends within one vehicle of the observed extent may be longer
cdef double LONGEST_CYCLE_S = 300.0      # a lane group that is never red still has its queue reported
cdef double ZONE_M = 12.0                 # a stop-line detector's zone, 40 ft
cdef double FULL = events.FULL            # share of the time for which the zone is occupied where a split is too short
cdef double RED_S = events.RED_MS / 1000.0  # seconds of red that are looked at for it
cdef int QUEUE_START = 4                  # discharge is steady from the fourth queued vehicle on
cdef double SLOWNESS_STEP = 0.01          # of travel time over free-flow time
cdef int SLOWNESS_STEPS = 10000
cdef int N_CLASSES = len(CLASSES)
cdef double EPS_S = 1e-6                  # SUMO counts milliseconds: far below one of them


cdef class Scorer:
    """Live sums of one simulation; `kernels.scoring.scorer` makes one from checked arrays."""

    def __init__(self, layout, double step_s, double window_start_s, double window_end_s):
        self.lane_length_m = layout.lane_length_m
        self.lane_limit = layout.lane_limit
        self.lane_zone = layout.lane_zone
        self.lane_queue = layout.lane_queue
        self.lane_inside = layout.lane_inside
        self.lane_exit = layout.lane_exit
        self.feed_start = layout.feed_start
        self.feed_queue = layout.feed_queue
        self.feed_base_m = layout.feed_base_m
        self.queue_group = layout.queue_group
        self.queue_bit = layout.queue_bit
        self.queue_storage_m = layout.queue_storage_m
        self.link_start = layout.link_start
        self.link_index = layout.link_index
        self.signal_group_start = layout.signal_group_start
        self.group_approach = layout.group_approach
        self.n_lanes = len(layout.lane_length_m)
        self.n_queues = len(layout.queue_group)
        self.n_groups = len(layout.link_start) - 1
        self.n_signals = len(layout.signal_group_start) - 1
        self.n_approaches = max(layout.group_approach, default=-1) + 1
        self.step_s = step_s
        self.window_start_s = window_start_s
        self.window_end_s = window_end_s
        self.now_s = self.moved_s = window_start_s
        self.window_open = False
        self.on_queue.resize(self.n_queues)
        self.queue_busy.assign(self.n_queues, 0)
        self.group_back_m.assign(self.n_groups, 0.0)
        self.group_members.assign(self.n_groups, 0)
        self.group_green.assign(self.n_groups, 0)
        self.cycle.resize(self.n_groups)
        self.group_occupied.assign(self.n_groups, 0)
        self.group_red.assign(self.n_groups, 0)
        self.group_ended.assign(self.n_groups, -1)
        self.red_s.assign(self.n_groups, 0.0)
        self.red_occupied_s.assign(self.n_groups, 0.0)
        self.queue_occupied.assign(self.n_queues, 0)
        self.queue_rank.assign(self.n_queues, -1)
        self.queue_crossed_s.assign(self.n_queues, 0.0)
        self.group_lanes.assign(self.n_groups, 0)
        cdef int i, group
        for i in range(self.n_queues):
            self.group_lanes[self.queue_group[i]] += 1
        for i in range(self.n_groups):
            self._open_cycle(i, window_start_s)
        self.group_on_green.assign(self.n_groups, 0)
        self.group_failed.assign(self.n_groups, 0)
        self.group_headways.assign(self.n_groups, 0)
        self.group_green_s.assign(self.n_groups, 0.0)
        self.group_occupied_s.assign(self.n_groups, 0.0)
        self.group_spilled_s.assign(self.n_groups, 0.0)
        self.group_headway_s.assign(self.n_groups, 0.0)
        self.kind_vehicles.assign(N_CLASSES, 0)
        self.kind_stops.assign(N_CLASSES, 0)
        self.kind_arrived.assign(N_CLASSES, 0)
        self.kind_delay_s.assign(N_CLASSES, 0.0)
        self.slowness.assign(SLOWNESS_STEPS + 1, 0)
        self.group_vehicles.assign(self.n_groups, 0)
        self.group_crossed.assign(self.n_groups, 0)
        self.group_stops.assign(self.n_groups, 0)
        self.spilled_at_s.assign(self.n_groups, -1.0)
        self.area_spilled_at_s.assign(self.n_approaches + self.n_signals, -1.0)
        self.area_spilled_s.assign(self.n_approaches + self.n_signals, 0.0)
        self.of_class.resize(self.n_groups * N_CLASSES)
        self.group_peak_m.assign(self.n_groups, 0.0)
        self.group_peak_veh.assign(self.n_groups, 0)
        self.group_signal.resize(self.n_groups)
        for i in range(self.n_signals):
            for group in range(self.signal_group_start[i], self.signal_group_start[i + 1]):
                self.group_signal[group] = i
        self.group_delay_s.assign(self.n_groups, 0.0)

    cdef int add(self, double length_m, double speed_factor, double max_speed, double due_s, double wait_s,
                 int kind) noexcept nogil:
        """Take in a vehicle that was inserted in this step; returns its index, free again once it retires."""
        cdef Vehicle vehicle
        cdef int i_vehicle
        vehicle.length_m = length_m
        vehicle.speed_factor = speed_factor
        vehicle.max_speed = max_speed
        vehicle.due_s = due_s
        vehicle.wait_s = wait_s
        vehicle.kind = kind
        vehicle.joined = 0
        vehicle.on_green = 0
        vehicle.entry_s = 0.0
        vehicle.zone_delay_s = 0.0
        vehicle.back_s = -1.0
        vehicle.zone_stops = 0
        vehicle.stops = 0
        vehicle.zone = -1
        vehicle.queue = -1
        vehicle.back_group = -1
        vehicle.lane = -1
        vehicle.slow = 0
        vehicle.fast = 0
        vehicle.fresh = 1
        vehicle.inside = 0
        vehicle.member = 0
        if self.free_slots.empty():
            i_vehicle = <int>self.vehicles.size()
            self.vehicles.push_back(vehicle)
        else:
            i_vehicle = self.free_slots.back()
            self.free_slots.pop_back()
            self.vehicles[i_vehicle] = vehicle
        return i_vehicle

    cdef void begin(self, double now_s) noexcept nogil:
        """Open the step that ended at `now_s`."""
        cdef int group
        self.now_s = now_s
        if not self.window_open and now_s - self.step_s >= self.window_start_s - EPS_S:
            self.window_open = True
            for group in range(self.n_groups):
                self._open_cycle(group, self.window_start_s)

    cdef void see(self, int i_vehicle, int i_lane, double position_m, double speed) noexcept nogil:
        """Score one vehicle in this step: where its front is and how fast it goes."""
        cdef Vehicle* vehicle = &self.vehicles[i_vehicle]
        cdef int zone = self.lane_zone[i_lane]
        cdef int queue = self.lane_queue[i_lane]
        cdef int i_feed
        cdef double limit, to_end_m
        self.vehicle_seconds += self.step_s
        if speed > MOVING_SPEED:
            self.moved_s = self.now_s
        if zone != vehicle.zone:
            if vehicle.zone >= 0:
                self._leave(vehicle, i_lane)
            vehicle.zone = zone
            vehicle.queue = -1
            vehicle.inside = 0
            vehicle.member = 0
            vehicle.joined = 0
            vehicle.zone_stops = 0
            vehicle.zone_delay_s = 0.0
            vehicle.entry_s = self.now_s - self.step_s
            if vehicle.fresh and zone >= 0:
                # Waiting to be inserted on an approach is waiting on it.
                vehicle.zone_delay_s = vehicle.wait_s
                vehicle.entry_s = vehicle.due_s
        vehicle.fresh = 0
        vehicle.lane = i_lane
        vehicle.slow = speed < QUEUE_SPEED
        if vehicle.slow:
            if vehicle.fast:
                vehicle.fast = 0
                vehicle.stops += 1
                vehicle.zone_stops += 1
        elif speed > FREE_SPEED:
            vehicle.fast = 1
        if zone < 0:
            return
        limit = fmin(self.lane_limit[i_lane] * vehicle.speed_factor, vehicle.max_speed)
        vehicle.zone_delay_s += self.step_s * (1.0 - speed / limit)
        if queue >= 0:
            vehicle.queue = queue
        if self.lane_inside[i_lane]:
            if not vehicle.inside:
                self._cross(vehicle)
            vehicle.inside = 1
            if position_m < vehicle.length_m:
                self.queue_occupied[vehicle.queue] = 1
            return
        to_end_m = self.lane_length_m[i_lane] - position_m
        if queue >= 0 and to_end_m <= ZONE_M:
            self.queue_occupied[queue] = 1
        for i_feed in range(self.feed_start[i_lane], self.feed_start[i_lane + 1]):
            queue = self.feed_queue[i_feed]
            if vehicle.queue < 0:
                # A stop-line lane of 1 m is passed within a step, unseen: until one is seen, the first ahead counts.
                vehicle.queue = queue
            self.on_queue[queue].push_back(pair[double, int](self.feed_base_m[i_feed] + to_end_m, i_vehicle))
            if speed < QUEUE_SPEED or vehicle.member:
                self.queue_busy[queue] = 1

    cdef void _leave(self, Vehicle* vehicle, int i_lane) noexcept nogil:
        """Score a vehicle that left its approach for `i_lane`: over the stop line, or into a side road."""
        if vehicle.queue < 0:
            return
        if not vehicle.inside:
            # Small junctions and 1 m long stop-line lanes are crossed within a step, unseen.
            if self.lane_queue[vehicle.lane] < 0 and not self.lane_exit[i_lane]:
                return
            self._cross(vehicle)
        self._credit(vehicle)

    cdef void _cross(self, Vehicle* vehicle) noexcept nogil:
        """Score a vehicle that passes the stop line; one that never queued arrives in this moment."""
        cdef int queue = vehicle.queue
        cdef int group = self.queue_group[queue]
        cdef int on_green = vehicle.on_green if vehicle.joined else self.group_green[group]
        if self.window_open:
            self.group_crossed[group] += 1
            self.of_class[group * N_CLASSES + vehicle.kind].crossed += 1
            self.group_on_green[group] += on_green
            self.cycle[group].crossed += 1
            self.cycle[group].on_green += on_green
        if self.queue_rank[queue] < 0:
            return
        if not vehicle.member & (<unsigned long long>1 << self.queue_bit[queue]):
            self.queue_rank[queue] = -1  # the queue has gone: what follows comes as it arrives
            return
        self.queue_rank[queue] += 1
        if self.queue_rank[queue] > QUEUE_START and self.window_open:
            self.group_headways[group] += 1
            self.group_headway_s[group] += self.now_s - self.queue_crossed_s[queue]
        self.queue_crossed_s[queue] = self.now_s

    cdef void _credit(self, Vehicle* vehicle) noexcept nogil:
        """Add what a vehicle collected on its approach to its lane group's sums."""
        cdef int group = self.queue_group[vehicle.queue]
        cdef ClassSums* of_class = &self.of_class[group * N_CLASSES + vehicle.kind]
        cdef Cycle* cycle = &self.cycle[group]
        if vehicle.entry_s >= self.window_start_s - EPS_S:
            self.group_vehicles[group] += 1
            self.group_stops[group] += vehicle.zone_stops
            self.group_delay_s[group] += vehicle.zone_delay_s
            of_class.vehicles += 1
            of_class.stops += vehicle.zone_stops
            of_class.delay_s += vehicle.zone_delay_s
            cycle.vehicles += 1
            cycle.stops += vehicle.zone_stops
            cycle.delay_s += vehicle.zone_delay_s

    cdef void retire(self, int i_vehicle, double time_loss_s, double departed_s, bint arrived) noexcept nogil:
        """Close a vehicle's books: it arrived, or the simulation ended while it drove."""
        cdef double travel_s, slowness
        cdef Vehicle* vehicle = &self.vehicles[i_vehicle]
        if vehicle.zone >= 0 and vehicle.queue >= 0 and (vehicle.inside or not arrived):
            # One that ends its trip before the stop line was never bound for the junction.
            self._credit(vehicle)
        if self.window_start_s - EPS_S <= vehicle.due_s <= self.window_end_s + EPS_S:
            self.n_vehicles += 1
            self.delay_sum_s += time_loss_s + vehicle.wait_s
            self.delay_s.push_back(time_loss_s + vehicle.wait_s)
            self.n_stops += vehicle.stops
            self.kind_vehicles[vehicle.kind] += 1
            self.kind_delay_s[vehicle.kind] += time_loss_s + vehicle.wait_s
            self.kind_stops[vehicle.kind] += vehicle.stops
            if arrived:
                self.n_arrived += 1
                self.kind_arrived[vehicle.kind] += 1
                # A step's vehicles arrive at its beginning, as SUMO counts: one inserted in a step moves in the next.
                travel_s = self.now_s - self.step_s - departed_s
                self.travel_sum_s += travel_s
                if travel_s > time_loss_s:
                    slowness = travel_s / (travel_s - time_loss_s)
                    self.slowness[<int>fmin(slowness / SLOWNESS_STEP, SLOWNESS_STEPS)] += 1
        if not arrived:
            self.n_running += 1
        vehicle.zone = -1
        self.free_slots.push_back(i_vehicle)

    cdef void show(self, int i_signal, const char* state) noexcept nogil:
        """Take in a signal's state letters; a lane group's cycle ends where its last green goes."""
        cdef int group, i_link, green, red, queue
        cdef bint closed
        cdef char letter
        for group in range(self.signal_group_start[i_signal], self.signal_group_start[i_signal + 1]):
            green = 0
            red = 1
            for i_link in range(self.link_start[group], self.link_start[group + 1]):
                letter = state[self.link_index[i_link]]
                if letter == b"G" or letter == b"g":
                    green = 1
                if letter != b"r" and letter != b"u":
                    red = 0
            if self.group_green[group] and not green:
                closed = self._close_cycle(group, self.now_s - self.step_s)
                self.group_ended[group] = <int>self.cycles.size() - 1 if closed else -1
                self.red_s[group] = self.red_occupied_s[group] = 0.0
            if green and not self.group_green[group]:
                self._judge_split(group)
                for queue in range(self.n_queues):
                    if self.queue_group[queue] == group:
                        self.queue_rank[queue] = 0
            self.group_green[group] = green
            self.group_red[group] = red

    cdef void _open_cycle(self, int group, double at_s) noexcept nogil:
        cdef Cycle* cycle = &self.cycle[group]
        cycle.group = group
        cycle.start_s = cycle.end_s = at_s
        cycle.queue_m = cycle.green_s = cycle.occupied_s = cycle.delay_s = cycle.spilled_s = 0.0
        cycle.queue_veh = cycle.crossed = cycle.on_green = cycle.failed = cycle.vehicles = cycle.stops = 0

    cdef bint _close_cycle(self, int group, double at_s) noexcept nogil:
        """Keep the running cycle and begin the next; returns whether there was anything to keep."""
        cdef bint lasted = self.window_open and at_s > self.cycle[group].start_s + EPS_S
        if lasted:
            self.cycle[group].end_s = at_s
            self.cycles.push_back(self.cycle[group])
        if lasted or not self.window_open:
            # One that ends in the moment in which it began goes on: a vehicle may have left in it already.
            self._open_cycle(group, at_s)
        return lasted

    cdef void _judge_split(self, int group) noexcept nogil:
        """Say whether the split of the cycle that ended was too short: the zone stayed full in green and after it."""
        cdef int ended = self.group_ended[group]
        cdef Cycle* cycle
        self.group_ended[group] = -1
        if ended < 0 or self.red_s[group] <= 0.0:
            return
        cycle = &self.cycles[ended]
        if cycle.occupied_s >= FULL * cycle.green_s > 0.0 and self.red_occupied_s[group] >= FULL * self.red_s[group]:
            cycle.failed = 1
            self.group_failed[group] += 1

    cdef void _spill(self, int area) noexcept nogil:
        """Count this step once for an approach or junction, however many of its lane groups spill back in it."""
        if self.area_spilled_at_s[area] != self.now_s:
            self.area_spilled_s[area] += self.step_s
            self.area_spilled_at_s[area] = self.now_s

    cdef double owed(self, int i_vehicle, double time_loss_s) noexcept nogil:
        """Return the delay so far of a vehicle that is still driving; 0 where it does not count."""
        cdef Vehicle* vehicle = &self.vehicles[i_vehicle]
        if self.window_start_s - EPS_S <= vehicle.due_s <= self.window_end_s + EPS_S:
            return time_loss_s + vehicle.wait_s
        return 0.0

    cdef double owed_waiting(self, double due_s) noexcept nogil:
        """Return the delay so far of a vehicle that waits to be inserted; 0 where it does not count."""
        if self.window_start_s - EPS_S <= due_s <= self.window_end_s + EPS_S:
            return self.now_s - due_s
        return 0.0

    cdef void end(self) noexcept nogil:
        """Close the step: find the back of every queue."""
        cdef int queue, group, i_vehicle
        cdef unsigned long long bit
        cdef double tail_m, back_m, front_m, occupied_s
        cdef size_t i
        cdef Vehicle* vehicle
        for queue in range(self.n_queues):
            self.group_occupied[self.queue_group[queue]] += self.queue_occupied[queue]
            self.queue_occupied[queue] = 0
            if self.queue_busy[queue]:
                group = self.queue_group[queue]
                bit = <unsigned long long>1 << self.queue_bit[queue]
                sort(self.on_queue[queue].begin(), self.on_queue[queue].end())
                tail_m = back_m = 0.0
                for i in range(self.on_queue[queue].size()):
                    front_m = self.on_queue[queue][i].first
                    i_vehicle = self.on_queue[queue][i].second
                    vehicle = &self.vehicles[i_vehicle]
                    if not vehicle.member & bit:
                        if vehicle.slow and front_m - tail_m <= JOIN_GAP_M:
                            vehicle.member |= bit
                            if not vehicle.joined:
                                vehicle.joined = 1
                                vehicle.on_green = self.group_green[group]
                        else:
                            continue
                    tail_m = front_m + vehicle.length_m
                    if vehicle.slow:
                        back_m = tail_m
                    if vehicle.back_s != self.now_s or vehicle.back_group != group:
                        # A vehicle on a lane that feeds two queues of its group is one vehicle.
                        vehicle.back_s = self.now_s
                        vehicle.back_group = group
                        self.group_members[group] += 1
                if back_m > self.group_back_m[group]:
                    self.group_back_m[group] = back_m
                if back_m > self.queue_storage_m[queue] - TRUNCATED_M and self.window_open:
                    if self.spilled_at_s[group] != self.now_s:
                        self.group_spilled_s[group] += self.step_s
                        self.cycle[group].spilled_s += self.step_s
                        self.spilled_at_s[group] = self.now_s
                        self._spill(self.group_approach[group])
                        self._spill(self.n_approaches + self.group_signal[group])
                self.queue_busy[queue] = 0
            self.on_queue[queue].clear()
        for group in range(self.n_groups):
            occupied_s = self.step_s * self.group_occupied[group] / self.group_lanes[group]
            self.group_occupied[group] = 0
            if self.group_green[group]:
                self.cycle[group].green_s += self.step_s
                self.cycle[group].occupied_s += occupied_s
                if self.window_open:
                    self.group_green_s[group] += self.step_s
                    self.group_occupied_s[group] += occupied_s
            elif self.group_ended[group] >= 0 and self.group_red[group]:
                self.red_s[group] += self.step_s
                self.red_occupied_s[group] += occupied_s
                if self.red_s[group] >= RED_S - EPS_S:
                    self._judge_split(group)
            if self.group_back_m[group] > self.cycle[group].queue_m:
                self.cycle[group].queue_m = self.group_back_m[group]
            if self.group_members[group] > self.cycle[group].queue_veh:
                self.cycle[group].queue_veh = self.group_members[group]
            if self.group_back_m[group] > self.group_peak_m[group]:
                self.group_peak_m[group] = self.group_back_m[group]
            if self.group_members[group] > self.group_peak_veh[group]:
                self.group_peak_veh[group] = self.group_members[group]
            self.group_back_m[group] = 0.0
            self.group_members[group] = 0
            if self.now_s - self.cycle[group].start_s >= LONGEST_CYCLE_S:
                self._close_cycle(group, self.now_s)

    # What follows is for Python: the backends without C++, and the results.

    def add_vehicle(self, double length_m, double speed_factor, double max_speed, double due_s, double wait_s,
                    int kind):
        """Return the index of a vehicle that was inserted in this step."""
        return self.add(length_m, speed_factor, max_speed, due_s, wait_s, kind)

    def begin_step(self, double now_s):
        """Open the step that ended at `now_s`."""
        self.begin(now_s)

    def see_vehicle(self, int i_vehicle, int i_lane, double position_m, double speed):
        """Score one vehicle in this step."""
        self.see(i_vehicle, i_lane, position_m, speed)

    def show_signal(self, int i_signal, bytes state):
        """Take in a signal's state letters."""
        self.show(i_signal, state)

    def end_step(self):
        """Close the step."""
        self.end()

    def retire_vehicle(self, int i_vehicle, double time_loss_s, double departed_s, bint arrived):
        """Close a vehicle's books."""
        self.retire(i_vehicle, time_loss_s, departed_s, arrived)

    def wait(self, int group, double due_s, int kind):
        """Count a vehicle that was never inserted; `group` is the lane group that it was bound for, or -1."""
        if not self.window_start_s - EPS_S <= due_s <= self.window_end_s + EPS_S:
            return
        self.n_vehicles += 1
        self.n_waiting += 1
        self.delay_sum_s += self.now_s - due_s
        self.delay_s.push_back(self.now_s - due_s)
        self.kind_vehicles[kind] += 1
        self.kind_delay_s[kind] += self.now_s - due_s
        if group >= 0:
            self.group_vehicles[group] += 1
            self.group_delay_s[group] += self.now_s - due_s
            self.of_class[group * N_CLASSES + kind].vehicles += 1
            self.of_class[group * N_CLASSES + kind].delay_s += self.now_s - due_s

    def close(self):
        """Close every lane group's last, unfinished cycle."""
        for group in range(self.n_groups):
            self._close_cycle(group, self.now_s)

    def group_sums(self):
        """Return the sums of the lane groups by name, one array each, shape (n_groups,)."""
        return {
            "vehicles": np.array(self.group_vehicles, dtype=np.int64),
            "crossed": np.array(self.group_crossed, dtype=np.int64),
            "on_green": np.array(self.group_on_green, dtype=np.int64),
            "stops": np.array(self.group_stops, dtype=np.int64),
            "failed": np.array(self.group_failed, dtype=np.int64),
            "headways": np.array(self.group_headways, dtype=np.int64),
            "delay_s": np.array(self.group_delay_s, dtype=np.float64),
            "green_s": np.array(self.group_green_s, dtype=np.float64),
            "occupied_s": np.array(self.group_occupied_s, dtype=np.float64),
            "spilled_s": np.array(self.group_spilled_s, dtype=np.float64),
            "headway_s": np.array(self.group_headway_s, dtype=np.float64),
        }

    def owed_s(self, int i_vehicle, double time_loss_s):
        """Return the delay so far of a vehicle that is still driving, seconds; 0 where it does not count."""
        return self.owed(i_vehicle, time_loss_s)

    def owed_waiting_s(self, double due_s):
        """Return the delay so far of a vehicle that waits to be inserted, seconds; 0 where it does not count."""
        return self.owed_waiting(due_s)

    def class_group_sums(self):
        """Return the lane groups' sums by vehicle class by name, one array each, shape (n_groups, n_classes)."""
        cdef ClassSums c
        rows = [(c.vehicles, c.crossed, c.stops, c.delay_s) for c in self.of_class]
        table = np.array(rows, dtype=np.float64).reshape(self.n_groups, N_CLASSES, 4)
        return {name: table[:, :, i] for i, name in enumerate(("vehicles", "crossed", "stops", "delay_s"))}

    def spilled_s(self):
        """Return seconds with a queue at its observed end: (by approach, by junction), one array each."""
        both = np.array(self.area_spilled_s, dtype=np.float64)
        return both[:self.n_approaches], both[self.n_approaches:]

    def on_approaches(self):
        """Return how many vehicles are before each lane group's stop line, shape (n_groups,)."""
        cdef Vehicle vehicle
        counts = np.zeros(self.n_groups, dtype=np.int64)
        for vehicle in self.vehicles:
            if vehicle.zone >= 0 and vehicle.queue >= 0 and not vehicle.inside:
                counts[self.queue_group[vehicle.queue]] += 1
        return counts

    def take_peaks(self):
        """Return the longest queues since the last call, metres and vehicles, shape (n_groups,) each; begin anew."""
        peaks = np.array(self.group_peak_m, dtype=np.float64), np.array(self.group_peak_veh, dtype=np.int64)
        self.group_peak_m.assign(self.n_groups, 0.0)
        self.group_peak_veh.assign(self.n_groups, 0)
        return peaks

    def class_sums(self):
        """Return the sums of the vehicle classes by name, one array each, ordered as `kernels.classes.CLASSES`."""
        return {
            "vehicles": np.array(self.kind_vehicles, dtype=np.int64),
            "arrived": np.array(self.kind_arrived, dtype=np.int64),
            "stops": np.array(self.kind_stops, dtype=np.int64),
            "delay_s": np.array(self.kind_delay_s, dtype=np.float64),
        }

    def cycle_rows(self):
        """Return one tuple for each cycle, in the order in which they ended, fields of `engine.result.Cycle`."""
        cdef Cycle c
        rows = []
        for c in self.cycles:
            counts = (c.crossed, c.on_green, c.failed, c.vehicles, c.stops, c.delay_s, c.spilled_s)
            rows.append((c.group, c.start_s, c.end_s, c.queue_m, c.queue_veh, c.green_s, c.occupied_s, *counts))
        return rows

    def delays_s(self):
        """Return the delay of every vehicle that was due to depart in the window, seconds, in no particular order."""
        return np.array(self.delay_s, dtype=np.float64)

    def slowness_percentile(self, double share):
        """Return a percentile of travel time over free-flow time of arrived vehicles, to 0.01; 0 where none arrived."""
        cdef long wanted, seen = 0
        cdef int i
        wanted = <long>(share * self.n_arrived)
        for i in range(SLOWNESS_STEPS + 1):
            seen += self.slowness[i]
            if seen > wanted:
                return round(i * SLOWNESS_STEP, 2)
        return 0.0

    @property
    def n_driving(self):
        """Vehicles that were inserted and have not retired."""
        return <long>self.vehicles.size() - <long>self.free_slots.size()

    @property
    def still_s(self):
        """Seconds for which nothing has moved."""
        return self.now_s - self.moved_s
