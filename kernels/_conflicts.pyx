"""Counts encounters of vehicles that are too close in time: TTC, DRAC and PET (definitions: docs/measures.md).

Every vehicle carries an odometer. A lane on its way begins at a fixed reading of it, whether the vehicle has yet to
reach the lane, is on it, or has left it with its rear still there: so one number places it on each of them.

Units are metres, seconds and metres per second. Arguments are checked in `kernels.conflicts`, so the loops here index
without checks.
"""

from libc.math cimport INFINITY, fmax, fmin, sqrt
from libcpp.algorithm cimport sort

import numpy as np

# SUMO's own defaults for its SSM device.
cdef double TTC_S = 3.0
cdef double DRAC = 3.0
cdef double PET_S = 2.0
cdef double RANGE_M = 50.0
cdef double EPS_S = 1e-6

cdef enum:
    BY_TTC = 0
    BY_DRAC = 1
    BY_PET = 2
    N_MEASURES = 3


cdef inline double ttc_of(double gap_m, double closing) noexcept nogil:
    """Return the seconds until a gap that closes at a speed has gone."""
    return gap_m / closing


cdef inline double drac_of(double gap_m, double closing) noexcept nogil:
    """Return the deceleration that takes the closing speed away within the gap."""
    return closing * closing / (2.0 * gap_m)


def encounter(double gap_m, double closing):
    """Return (TTC in seconds, DRAC in m/s2) of two vehicles, from the gap between them and their closing speed.

    Both must be above 0. Hayward 1972; Cooper and Ferguson 1976.
    """
    return ttc_of(gap_m, closing), drac_of(gap_m, closing)


cdef inline double arrival(double distance_m, double speed, double acceleration) noexcept nogil:
    """Return the seconds until a vehicle has covered a distance: at its present speed, or braking on as it brakes."""
    cdef double left
    if distance_m <= 0.0:
        return 0.0
    if speed <= 0.0:
        return INFINITY
    if acceleration >= 0.0:
        return distance_m / speed
    left = speed * speed + 2.0 * acceleration * distance_m
    if left < 0.0:
        return INFINITY
    return (speed - sqrt(left)) / -acceleration


cdef class Conflicts:
    """Live counts of one simulation; `kernels.conflicts.conflicts` makes one from checked arrays."""

    def __init__(self, layout, double step_s, double window_start_s):
        cdef int i, i_side
        self.lane_length_m = layout.lane_length_m
        self.lane_edge = layout.lane_edge
        self.lane_signal = layout.lane_signal
        self.hop_start = layout.hop_start
        self.hop_to = layout.hop_to
        self.hop_via = layout.hop_via
        self.area_lane = layout.area_lane
        self.area_foe = layout.area_foe
        self.area_merges = layout.area_merges
        self.enter_m = layout.enter_m
        self.leave_m = layout.leave_m
        self.side_start = layout.side_start
        self.side = layout.side
        self.step_s = step_s
        self.window_start_s = window_start_s
        self.now_s = window_start_s
        self.window_open = False
        self.next_serial = 0
        cdef int n_lanes = len(layout.lane_length_m)
        self.clear_m.assign(n_lanes, -1.0)
        for i in range(n_lanes):
            for i_side in range(self.side_start[i], self.side_start[i + 1]):
                self.clear_m[i] = fmax(self.clear_m[i], self.leave_m[self.side[i_side]])
        self.on_lane.resize(n_lanes)
        self.users.resize(n_lanes)
        self.left.resize(len(layout.enter_m))
        self.n_signals = layout.n_signals
        self.counts.assign(N_MEASURES * (self.n_signals + 1), 0)

    cdef void enter(self, int i_vehicle, double length_m) noexcept nogil:
        """Take in a vehicle under an index that is free."""
        cdef Mover mover
        mover.length_m = length_m
        mover.odometer_m = mover.before_m = mover.speed = mover.acceleration = 0.0
        mover.seen_s = -1.0
        mover.serial = self.next_serial
        mover.lane = -1
        self.next_serial += 1
        if i_vehicle >= <int>self.movers.size():
            self.movers.resize(i_vehicle + 1)
            self.path.resize(i_vehicle + 1)
            self.trail.resize(i_vehicle + 1)
            self.met.resize(i_vehicle + 1)
        self.movers[i_vehicle] = mover
        self.path[i_vehicle].clear()
        self.trail[i_vehicle].clear()
        self.met[i_vehicle].clear()

    cdef void retire(self, int i_vehicle) noexcept nogil:
        """Forget a vehicle; its index is free again."""
        self.movers[i_vehicle].serial = -1
        self.met[i_vehicle].clear()

    cdef void begin(self, double now_s) noexcept nogil:
        """Open the step that ended at `now_s`."""
        self.now_s = now_s
        self.window_open = now_s - self.step_s >= self.window_start_s - EPS_S

    cdef void head(self, int i_vehicle, int i_lane, const int* onward, int n_onward) noexcept nogil:
        """Take in that a vehicle has come to another lane.

        Args:
            onward: lanes outside junctions by which it means to go on, in order; `i_lane` itself may be the first.
        """
        cdef Place place
        cdef int i, i_hop, here, via
        cdef double end_m
        self._locate(i_vehicle, i_lane)
        here = i_lane
        place = self.path[i_vehicle][0]
        end_m = place.start_m + self.lane_length_m[i_lane]
        place.start_m = end_m
        for i in range(n_onward):
            # All that can come within range before the vehicle is on another lane, where it is asked again.
            if place.start_m - end_m > RANGE_M:
                break
            while here != onward[i]:
                via = -2
                for i_hop in range(self.hop_start[here], self.hop_start[here + 1]):
                    if self.hop_to[i_hop] == onward[i]:
                        via = self.hop_via[i_hop]
                        break
                if via == -2:
                    return  # from there its lane does not lead on: it has to change lanes first
                here = via if via >= 0 else onward[i]
                place.lane = here
                self.path[i_vehicle].push_back(place)
                place.start_m += self.lane_length_m[here]

    cdef void _locate(self, int i_vehicle, int i_lane) noexcept nogil:
        """Find a vehicle's lane on the way that it was on; leaves that lane as its path."""
        cdef vector[Place]* path = &self.path[i_vehicle]
        cdef Mover* mover = &self.movers[i_vehicle]
        cdef Place place
        cdef size_t i, found = path.size()
        place.lane = i_lane
        place.start_m = 0.0
        for i in range(path.size()):
            if path[0][i].lane == i_lane:
                found = i
                break
        if found == path.size():
            for i in range(path.size()):
                if self.lane_edge[path[0][i].lane] == self.lane_edge[i_lane]:
                    found = i  # beside it: the lanes of an edge are of one length
                    break
        if found < path.size():
            place.start_m = path[0][found].start_m
            for i in range(found):
                if self.clear_m[path[0][i].lane] >= 0.0:
                    self.trail[i_vehicle].push_back(path[0][i])
        else:
            # Inserted, or moved by something other than its wheels: nothing is known of where it was.
            mover.seen_s = -1.0
            self.trail[i_vehicle].clear()
        path.clear()
        path.push_back(place)
        mover.lane = i_lane

    cdef void see(self, int i_vehicle, double position_m, double speed) noexcept nogil:
        """Take in where a vehicle's front is on its lane, and how fast it goes."""
        cdef Mover* mover = &self.movers[i_vehicle]
        cdef double odometer_m = self.path[i_vehicle][0].start_m + position_m
        cdef bint known = mover.seen_s >= self.now_s - self.step_s - EPS_S
        mover.before_m = mover.odometer_m if known else odometer_m
        mover.acceleration = (speed - mover.speed) / self.step_s if known else 0.0
        mover.odometer_m = odometer_m
        mover.speed = speed
        mover.seen_s = self.now_s
        self.seen.push_back(i_vehicle)
        if self.on_lane[mover.lane].empty():
            self.busy.push_back(mover.lane)
        self.on_lane[mover.lane].push_back(pair[double, int](position_m, i_vehicle))

    cdef void end(self) noexcept nogil:
        """Close the step: judge every pair of vehicles."""
        cdef size_t i, k
        cdef int i_lane, i_side, i_area, i_foe
        cdef size_t m, n
        cdef vector[pair[double, int]]* row
        for i in range(self.busy.size()):
            row = &self.on_lane[self.busy[i]]
            if row.size() > 1:
                sort(row.begin(), row.end())
        for i in range(self.busy.size()):
            row = &self.on_lane[self.busy[i]]
            for k in range(row.size() - 1):
                self._follow(
                    row[0][k].second,
                    row[0][k + 1].second,
                    row[0][k + 1].first - self.movers[row[0][k + 1].second].length_m - row[0][k].first,
                )
            self._follow_ahead(row.at(row.size() - 1).second)
        for i in range(self.seen.size()):
            self._use(self.seen[i])
        # Who left comes before who entered: within one step one may do the one and another the other.
        for i in range(self.used.size()):
            i_lane = self.used[i]
            for k in range(self.users[i_lane].size()):
                for i_side in range(self.side_start[i_lane], self.side_start[i_lane + 1]):
                    self._leave(&self.users[i_lane][k], self.side[i_side])
        for i in range(self.used.size()):
            i_lane = self.used[i]
            for i_side in range(self.side_start[i_lane], self.side_start[i_lane + 1]):
                for k in range(self.users[i_lane].size()):
                    self._come(&self.users[i_lane][k], self.side[i_side])
                if self.side[i_side] % 2:
                    continue  # each pair of lanes once
                i_area = self.side[i_side] // 2
                i_foe = self.area_foe[i_area]
                for m in range(self.users[i_foe].size()):
                    for n in range(self.users[i_lane].size()):
                        self._meet(i_area, &self.users[i_lane][n], &self.users[i_foe][m])
        for i in range(self.used.size()):
            self.users[self.used[i]].clear()
        for i in range(self.busy.size()):
            self.on_lane[self.busy[i]].clear()
        self.used.clear()
        self.busy.clear()
        self.seen.clear()

    cdef void _follow_ahead(self, int i_vehicle) noexcept nogil:
        """Judge the first vehicle on a lane behind the last one on the next lane of its way that has any."""
        cdef Mover* mover = &self.movers[i_vehicle]
        cdef vector[Place]* path = &self.path[i_vehicle]
        cdef pair[double, int] last
        cdef double gap_m
        cdef size_t i
        if mover.speed <= 0.0:
            return
        for i in range(1, path.size()):
            if path[0][i].start_m - mover.odometer_m > RANGE_M:
                return
            if not self.on_lane[path[0][i].lane].empty():
                last = self.on_lane[path[0][i].lane][0]
                gap_m = path[0][i].start_m + last.first - self.movers[last.second].length_m - mover.odometer_m
                if last.second != i_vehicle and gap_m > 0.0:
                    self._follow(i_vehicle, last.second, gap_m)
                return

    cdef void _follow(self, int i_vehicle, int i_leader, double gap_m) noexcept nogil:
        """Judge a vehicle behind another one."""
        cdef double closing = self.movers[i_vehicle].speed - self.movers[i_leader].speed
        if closing <= 0.0 or gap_m > RANGE_M:
            return
        if gap_m <= 0.0:
            self._judge(i_vehicle, i_leader, 0.0, 0.0, self.movers[i_vehicle].lane)
        else:
            self._judge(
                i_vehicle, i_leader, ttc_of(gap_m, closing), drac_of(gap_m, closing), self.movers[i_vehicle].lane
            )

    cdef void _use(self, int i_vehicle) noexcept nogil:
        """Enter a vehicle on the lists of the lanes with conflict areas that it has left, is on, or is about to use."""
        cdef Mover* mover = &self.movers[i_vehicle]
        cdef vector[Place]* trail = &self.trail[i_vehicle]
        cdef vector[Place]* path = &self.path[i_vehicle]
        cdef double ahead_m
        cdef size_t i, kept = 0
        for i in range(trail.size()):
            if mover.before_m - trail[0][i].start_m - mover.length_m <= self.clear_m[trail[0][i].lane]:
                trail[0][kept].lane = trail[0][i].lane
                trail[0][kept].start_m = trail[0][i].start_m
                self._add_user(i_vehicle, &trail[0][kept])
                kept += 1
        trail.resize(kept)
        # The second of a conflict has a TTC below 3 s or a DRAC above 3 m/s2, so that it comes within max(3, v / 6) s,
        # or twice that as it brakes; and the first comes before it.
        ahead_m = fmin(RANGE_M, 2.0 * mover.speed * fmax(TTC_S, mover.speed / (2.0 * DRAC)))
        for i in range(path.size()):
            if path[0][i].start_m - mover.odometer_m > ahead_m:
                return
            if self.clear_m[path[0][i].lane] >= 0.0:
                self._add_user(i_vehicle, &path[0][i])

    cdef void _add_user(self, int i_vehicle, Place* place) noexcept nogil:
        cdef User user
        user.vehicle = i_vehicle
        user.at_m = self.movers[i_vehicle].odometer_m - place.start_m
        if self.users[place.lane].empty():
            self.used.push_back(place.lane)
        self.users[place.lane].push_back(user)

    cdef void _leave(self, User* user, int i_side) noexcept nogil:
        """Note that a vehicle's rear has left an area in this step, and when."""
        cdef Mover* mover = &self.movers[user.vehicle]
        cdef double past_m = user.at_m - mover.length_m - self.leave_m[i_side]
        cdef double moved_m = mover.odometer_m - mover.before_m
        cdef vector[Passage]* left = &self.left[i_side]
        cdef Passage passage
        cdef size_t i, kept = 0
        if past_m < 0.0 or past_m >= moved_m or self.area_merges[i_side // 2]:
            return
        for i in range(left.size()):
            if left[0][i].time_s > self.now_s - self.step_s - PET_S:
                left[0][kept].serial = left[0][i].serial
                left[0][kept].vehicle = left[0][i].vehicle
                left[0][kept].time_s = left[0][i].time_s
                kept += 1
        left.resize(kept)
        passage.serial = mover.serial
        passage.vehicle = user.vehicle
        passage.time_s = self.now_s - self.step_s * past_m / moved_m
        left.push_back(passage)

    cdef void _come(self, User* user, int i_side) noexcept nogil:
        """Judge a vehicle whose front has entered an area in this step by who had left it before, on the other lane."""
        cdef Mover* mover = &self.movers[user.vehicle]
        cdef double past_m = user.at_m - self.enter_m[i_side]
        cdef double moved_m = mover.odometer_m - mover.before_m
        cdef vector[Passage]* left = &self.left[i_side ^ 1]
        cdef double since_s
        cdef size_t i
        if past_m < 0.0 or past_m >= moved_m:
            return
        for i in range(left.size()):
            since_s = self.now_s - self.step_s * past_m / moved_m - left[0][i].time_s
            if 0.0 <= since_s < PET_S:
                if self.movers[left[0][i].vehicle].serial == left[0][i].serial:
                    self._count(user.vehicle, left[0][i].vehicle, BY_PET, self.area_lane[i_side // 2])
                elif self.window_open:
                    # The other one has gone for good: this pair cannot meet again.
                    self._add(BY_PET, self.area_lane[i_side // 2])

    cdef void _meet(self, int i_area, User* one, User* two) noexcept nogil:
        """Judge two vehicles bound for the same area on two lanes."""
        cdef Mover* first = &self.movers[one.vehicle]
        cdef Mover* second = &self.movers[two.vehicle]
        cdef double enter_1_m = self.enter_m[2 * i_area] - one.at_m
        cdef double enter_2_m = self.enter_m[2 * i_area + 1] - two.at_m
        cdef double leave_1_m = self.leave_m[2 * i_area] - one.at_m
        cdef double leave_2_m = self.leave_m[2 * i_area + 1] - two.at_m
        cdef double enter_1_s, enter_2_s, leave_1_s, gap_m, closing, drac
        if leave_1_m + first.length_m <= 0.0 or leave_2_m + second.length_m <= 0.0:
            return  # one has left it
        if (enter_1_m <= 0.0 and enter_2_m <= 0.0) or one.vehicle == two.vehicle:
            return  # both are in it
        enter_1_s = arrival(enter_1_m, first.speed, first.acceleration)
        enter_2_s = arrival(enter_2_m, second.speed, second.acceleration)
        if enter_2_s < enter_1_s:
            first, second = second, first
            enter_1_m, enter_2_m = enter_2_m, enter_1_m
            leave_1_m, leave_2_m = leave_2_m, leave_1_m
            enter_1_s, enter_2_s = enter_2_s, enter_1_s
        if enter_2_s == INFINITY:
            return  # the second stops before it
        leave_1_s = arrival(leave_1_m + first.length_m, first.speed, first.acceleration)
        if enter_2_s <= leave_1_s:
            # It has to lose its speed before the area, or only as much as it takes for the first to be gone.
            drac = drac_of(enter_2_m, second.speed)
            if leave_1_s * second.speed < 2.0 * enter_2_m:
                drac = 2.0 * (second.speed - enter_2_m / leave_1_s) / leave_1_s
            self._judge(one.vehicle, two.vehicle, ttc_of(enter_2_m, second.speed), drac, self.area_lane[i_area])
        elif self.area_merges[i_area]:
            # They get into line; from then on the one follows the other.
            gap_m = leave_2_m - leave_1_m - first.length_m
            closing = second.speed - first.speed
            if closing > 0.0 and gap_m > 0.0:
                drac = drac_of(gap_m, closing)
                self._judge(one.vehicle, two.vehicle, ttc_of(gap_m, closing), drac, self.area_lane[i_area])

    cdef void _judge(self, int one, int two, double ttc_s, double drac, int i_lane) noexcept nogil:
        if ttc_s < TTC_S:
            self._count(one, two, BY_TTC, i_lane)
        if drac > DRAC:
            self._count(one, two, BY_DRAC, i_lane)

    cdef void _count(self, int one, int two, int measure, int i_lane) noexcept nogil:
        """Count a pair of vehicles, unless this measure has counted it; the elder one remembers."""
        cdef int bit = 1 << measure
        cdef vector[Met]* met
        cdef Met new
        cdef size_t i
        if not self.window_open:
            return
        if self.movers[one].serial > self.movers[two].serial:
            one, two = two, one
        met = &self.met[one]
        for i in range(met.size()):
            if met[0][i].serial == self.movers[two].serial:
                if met[0][i].counted & bit:
                    return
                met[0][i].counted |= bit
                break
        else:
            new.serial = self.movers[two].serial
            new.counted = bit
            met.push_back(new)
        self._add(measure, i_lane)

    cdef void _add(self, int measure, int i_lane) noexcept nogil:
        self.counts[measure * (self.n_signals + 1) + self.lane_signal[i_lane]] += 1

    # What follows is for Python: the backends without C++, and the results.

    def enter_vehicle(self, int i_vehicle, double length_m):
        """Take in a vehicle that was inserted in this step, under an index that is free."""
        self.enter(i_vehicle, length_m)

    def retire_vehicle(self, int i_vehicle):
        """Forget a vehicle."""
        self.retire(i_vehicle)

    def begin_step(self, double now_s):
        """Open the step that ended at `now_s`."""
        self.begin(now_s)

    def head_vehicle(self, int i_vehicle, int i_lane, list onward):
        """Take in that a vehicle has come to another lane, and the lanes outside junctions that it means to use."""
        cdef vector[int] lanes = onward
        self.head(i_vehicle, i_lane, lanes.data(), <int>lanes.size())

    def see_vehicle(self, int i_vehicle, double position_m, double speed):
        """Take in where a vehicle's front is on its lane, and how fast it goes."""
        self.see(i_vehicle, position_m, speed)

    def end_step(self):
        """Close the step."""
        self.end()

    def sums(self):
        """Return the counts by measure (`ttc`, `drac`, `pet`), shape (n_signals + 1,); the last is off every signal."""
        rows = np.array(self.counts, dtype=np.int64).reshape(N_MEASURES, self.n_signals + 1)
        return {"ttc": rows[BY_TTC], "drac": rows[BY_DRAC], "pet": rows[BY_PET]}
