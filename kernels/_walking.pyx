"""What pedestrians lose on their walks, and how long they wait at signal-controlled crossings.

Units are metres, seconds and metres per second throughout. Arguments are checked in `kernels.walking`, so the loops
here index without checks.
"""

import numpy as np

cdef double STANDING_SPEED = 0.1     # SUMO's own threshold of waiting (docs/measures.md)
cdef double EPS_S = 1e-6             # SUMO counts milliseconds: far below one of them


cdef class Walkers:
    """Live sums of one simulation; `kernels.walking.walkers` makes one from checked arguments."""

    def __init__(self, int n_crossings, double step_s, double window_start_s, double window_end_s):
        self.n_crossings = n_crossings
        self.step_s = step_s
        self.window_start_s = window_start_s
        self.window_end_s = window_end_s
        self.now_s = window_start_s
        self.crossing_persons.assign(n_crossings, 0)
        self.crossing_wait_s.assign(n_crossings, 0.0)
        self.crossing_longest_s.assign(n_crossings, 0.0)

    cdef int add(self) noexcept nogil:
        """Take in a person; returns its index, free again once it retires."""
        cdef Walker walker
        cdef int i_walker
        walker.begun_s = walker.lost_s = walker.wait_s = walker.came_s = 0.0
        walker.top_speed = 1.0
        walker.ahead = walker.on = -1
        walker.walking = walker.counted = 0
        if self.free_slots.empty():
            i_walker = <int>self.walkers.size()
            self.walkers.push_back(walker)
        else:
            i_walker = self.free_slots.back()
            self.free_slots.pop_back()
            self.walkers[i_walker] = walker
        return i_walker

    cdef void begin(self, double now_s) noexcept nogil:
        """Open the step that ended at `now_s`."""
        self.now_s = now_s

    cdef bint _due(self, double at_s) noexcept nogil:
        return self.window_start_s - EPS_S <= at_s <= self.window_end_s + EPS_S

    cdef void set_out(self, int i_walker, double begun_s, double top_speed) noexcept nogil:
        """Begin a walk."""
        cdef Walker* walker = &self.walkers[i_walker]
        walker.begun_s = begun_s
        walker.top_speed = top_speed
        walker.lost_s = walker.wait_s = 0.0
        walker.ahead = walker.on = -1
        walker.walking = 1
        if self._due(begun_s):
            self.n_walks += 1
            self.n_persons += 1 - walker.counted
            walker.counted = 1

    cdef void see(self, int i_walker, double speed, int on, int ahead) noexcept nogil:
        """Score one walking person in this step: its speed, the crossing it is on, the one that lies next ahead."""
        cdef Walker* walker = &self.walkers[i_walker]
        walker.lost_s += self.step_s * (1.0 - speed / walker.top_speed)
        if on >= 0 and on != walker.on:
            # A waiting area that is passed within a step is not seen: no wait then.
            if walker.ahead == on:
                self._pass(walker, on, walker.wait_s, walker.came_s)
            else:
                self._pass(walker, on, 0.0, self.now_s - self.step_s)
        walker.on = on
        if ahead != walker.ahead:
            walker.ahead = ahead
            walker.wait_s = 0.0
            walker.came_s = self.now_s - self.step_s
        if ahead >= 0 and speed < STANDING_SPEED:
            walker.wait_s += self.step_s

    cdef void _pass(self, Walker* walker, int crossing, double wait_s, double came_s) noexcept nogil:
        """Count a person at a crossing that it came to within the window."""
        if not self._due(came_s):
            return
        self.crossing_persons[crossing] += 1
        self.crossing_wait_s[crossing] += wait_s
        if wait_s > self.crossing_longest_s[crossing]:
            self.crossing_longest_s[crossing] = wait_s

    cdef void arrive(self, int i_walker, double length_m) noexcept nogil:
        """End a walk that was `length_m` long: it lost its duration less that way at its top speed.

        A length below 0 is not known: what was lost in the steps that were seen counts.
        """
        cdef Walker* walker = &self.walkers[i_walker]
        # A step's persons arrive at its beginning, as SUMO counts.
        cdef double duration_s = self.now_s - self.step_s - walker.begun_s
        if walker.walking and self._due(walker.begun_s):
            self.delay_sum_s += walker.lost_s if length_m < 0.0 else duration_s - length_m / walker.top_speed
        walker.walking = 0
        walker.ahead = walker.on = -1

    cdef void retire(self, int i_walker) noexcept nogil:
        """Close a person's books; a walk under way counts with what it lost so far, and so does a wait."""
        cdef Walker* walker = &self.walkers[i_walker]
        if walker.walking:
            if self._due(walker.begun_s):
                self.delay_sum_s += walker.lost_s
            if walker.ahead >= 0 and walker.wait_s > 0.0:
                self._pass(walker, walker.ahead, walker.wait_s, walker.came_s)
        self.free_slots.push_back(i_walker)

    # What follows is for Python: the backends without C++, and the results.

    def add_person(self):
        """Return the index of a person that was not known before."""
        return self.add()

    def begin_step(self, double now_s):
        """Open the step that ended at `now_s`."""
        self.begin(now_s)

    def begin_walk(self, int i_walker, double begun_s, double top_speed):
        """Begin a walk."""
        self.set_out(i_walker, begun_s, top_speed)

    def see_walker(self, int i_walker, double speed, int on, int ahead):
        """Score one walking person in this step."""
        self.see(i_walker, speed, on, ahead)

    def end_walk(self, int i_walker, double length_m):
        """End a walk that was `length_m` long, metres; below 0: not known."""
        self.arrive(i_walker, length_m)

    def retire_person(self, int i_walker):
        """Close a person's books."""
        self.retire(i_walker)

    def crossing_sums(self):
        """Return the sums of the crossings by name, one array each, shape (n_crossings,)."""
        return {
            "persons": np.array(self.crossing_persons, dtype=np.int64),
            "wait_s": np.array(self.crossing_wait_s, dtype=np.float64),
            "longest_s": np.array(self.crossing_longest_s, dtype=np.float64),
        }
