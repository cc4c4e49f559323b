"""Plans the next minute of every signal from where the vehicles are; `kernels.horizon` says what the arrays hold.

One signal is planned at a time, by dynamic programming over its stages on a grid of `STEP_S`: a node is a stage at a
moment with the vehicles that each lane has let go; of the nodes at the same stage and moment the `KEPT` cheapest live
on.
"""

from libc.math cimport INFINITY, fmax, fmin, ceil
from libc.stdlib cimport free, malloc
from libc.string cimport memset
from libcpp.algorithm cimport sort
from libcpp.pair cimport pair
from libcpp.vector cimport vector

cdef extern from *:
    """
    enum {
        LANES = 64, LINKS = 128, EXITS = 64, STAGES = 32, QUEUED = 80, STEPS = 30, KEPT = 2, SWITCHES = 12, LEARNT = 8
    };
    static const double STEP_S = 2.0;
    """
    enum:
        LANES
        LINKS
        EXITS
        STAGES
        QUEUED
        STEPS
        KEPT
        SWITCHES
        LEARNT
    const double STEP_S

cdef double HORIZON_S = STEPS * STEP_S
cdef double FAR_S = 1e9
cdef double SPACE_M = 7.5       # that a standing vehicle takes
cdef double WAVE = 5.0          # m/s, at which a queue's start travels back
cdef double SLOW = 3.0          # m/s
cdef double SHORT_M = 30.0      # exits that hold a few vehicles


cdef struct Node:
    double cost                 # of the vehicles that have left, and of reds that were too long
    double rank                 # with those that wait
    int stage
    int first                   # the first stage that is switched to, -1: none
    int n_switches
    int switch_step[SWITCHES]
    int switch_stage[SWITCHES]
    unsigned long long served   # lanes that have had green
    short gone[LANES]
    float last_s[LANES]
    float green_s[LINKS]        # since when; FAR_S: red
    unsigned char entered[EXITS]


cdef struct Lane:
    int n
    double reach_s[QUEUED]      # when each vehicle would be at the line, unhindered
    int link[QUEUED]
    bint stopped[QUEUED]
    double sum_s[QUEUED + 1]    # of reach_s
    int due[STEPS + 1]          # vehicles that would be there by each step
    double red_s                # for how long it has had no green
    double held_s               # until when nobody leaves it whatever it is shown: something is in the way


cdef struct Junction:
    int n_lanes, n_links, n_exits, n_stages
    int lane_of[LINKS][4]       # the lanes that a link leaves from, -1: none
    int exit_of[LINKS]
    char shows[STAGES][LINKS]   # 0 red, 1 gives way, 2 has priority
    double intergreen_s[STAGES][STAGES]
    double least_s[STAGES]
    int order[STAGES][LANES]    # lanes with priority before those that give way
    int n_foes[LINKS]
    int foes[LINKS][24]
    double speed[LANES]
    unsigned long long serves[STAGES]
    int room[EXITS][STEPS + 1]
    Lane lanes[LANES]
    # The plan: departures by lane, in order, relative to when it was made.
    double made_s
    double departs_s[LANES][QUEUED]
    int leaves_by[LANES][QUEUED]
    int n_departs[LANES]


cdef struct Onward:
    int n
    int signal[LEARNT]
    int link[LEARNT]
    double seen[LEARNT]
    double metres[LEARNT]
    double total
    double owed[LEARNT]


cdef class Horizon:
    """The planner of a network.

    Args:
        lengths_m: of every lane, metres, shape (n_lanes,).
        behaviour: a `kernels.horizon.Behaviour`.
    """

    cdef vector[Junction*] junctions
    cdef vector[vector[pair[double, int]]] ahead      # by signal: (metres to the line, vehicle's place)
    cdef vector[vector[Onward]] onward                 # by signal and link: what follows it
    cdef vector[int] last_signal, last_link            # by a vehicle's number
    cdef vector[int] lane_at                            # by network lane: 1 + index of the lane at its signal's line
    cdef vector[vector[int]] exits                      # by signal: network lanes
    cdef vector[double] lane_length, rear_m, rear_speed
    cdef vector[vector[int]] fed_signal, fed_lane       # by network lane: the queues it feeds
    cdef vector[vector[double]] fed_base
    cdef vector[vector[double]] tail_m                  # by signal and lane
    cdef vector[vector[double]] held_until
    cdef vector[Node] nodes
    # `kernels.horizon.Behaviour`
    cdef public double headway_s, startup_s, yellow_used_s, gap_s, accel_s, stop_s, left_s, max_red_s, red_cost
    cdef public double stuck_s, patient_s, held_for_s, near_m

    def __init__(self, lengths_m, behaviour):
        cdef double length
        for length in lengths_m:
            self.lane_length.push_back(length)
        self.lane_at.resize(self.lane_length.size())
        self.rear_m.resize(self.lane_length.size())
        self.rear_speed.resize(self.lane_length.size())
        self.fed_signal.resize(self.lane_length.size())
        self.fed_lane.resize(self.lane_length.size())
        self.fed_base.resize(self.lane_length.size())
        self.nodes.resize((STEPS + 1) * STAGES * KEPT)
        for name, value in vars(behaviour).items():
            setattr(self, name, value)

    def __dealloc__(self):
        cdef Junction* junction
        for junction in self.junctions:
            free(junction)

    def add(self, what):
        """Take in the next signal, a `kernels.horizon.Junction`."""
        cdef Junction* junction = <Junction*>malloc(sizeof(Junction))
        cdef int i, j, k, lane
        memset(junction, 0, sizeof(Junction))
        junction.n_lanes, junction.n_links = len(what.lanes), len(what.link_lanes)
        junction.n_stages, junction.n_exits = len(what.stages), len(what.exits)
        junction.made_s = -FAR_S
        i_signal = self.junctions.size()
        for i, lane in enumerate(what.lanes):
            self.lane_at[lane] = i + 1
            junction.speed[i] = what.speeds[i]
            for upstream, base in what.feeds[i]:
                self.fed_signal[upstream].push_back(i_signal)
                self.fed_lane[upstream].push_back(i)
                self.fed_base[upstream].push_back(base)
        for i in range(junction.n_links):
            for k in range(4):
                junction.lane_of[i][k] = what.link_lanes[i][k] if k < len(what.link_lanes[i]) else -1
            junction.exit_of[i] = what.link_exit[i]
            foes = what.gives_way[i][:24]
            junction.n_foes[i] = len(foes)
            for k in range(junction.n_foes[i]):
                junction.foes[i][k] = foes[k]
        for i in range(junction.n_stages):
            junction.least_s[i] = what.least_s[i]
            for j in range(junction.n_links):
                junction.shows[i][j] = what.stages[i][j]
            for j in range(junction.n_stages):
                junction.intergreen_s[i][j] = what.intergreen_s[i][j]
            # Lanes whose links all have priority first: whoever gives way looks at them.
            minor = [False] * junction.n_lanes
            for j in range(junction.n_links):
                for k in range(4):
                    lane = junction.lane_of[j][k]
                    if lane >= 0 and junction.shows[i][j]:
                        junction.serves[i] |= 1ULL << lane
                        if junction.shows[i][j] == 1 and junction.n_foes[j]:
                            minor[lane] = True
            for j, k in enumerate(sorted(range(junction.n_lanes), key=lambda lane: (minor[lane], lane))):
                junction.order[i][j] = k
        self.junctions.push_back(junction)
        self.exits.push_back(what.exits)
        self.ahead.resize(self.junctions.size())
        self.onward.resize(self.junctions.size())
        self.onward[i_signal].resize(junction.n_links)
        self.tail_m.resize(self.junctions.size())
        self.tail_m[i_signal].resize(max(1, junction.n_lanes))
        self.held_until.resize(self.junctions.size())
        self.held_until[i_signal].resize(max(1, junction.n_lanes), 0.0)
        for i in range(junction.n_links):
            memset(&self.onward[i_signal][i], 0, sizeof(Onward))

    def see(self, const int[::1] number, const int[::1] lane, const double[::1] position_m, const double[::1] length_m,
            const double[::1] speed, const int[::1] signal, const int[::1] link, const double[::1] to_line_m,
            const double[::1] standing_s, const double[:, ::1] red_s, const double[:, ::1] green_s,
            const char[:, ::1] giving_way, double now_s, list waiting):
        """Take in where everybody is: the arrays of `engine.state.State`, shape (n_vehicles,).

        Args:
            red_s: for how long each lane has had no green, seconds, shape (n_signals, n_lanes).
            green_s: for how long each letter has been green, seconds, negative where it is not;
                shape (n_signals, n_letters).
            giving_way: 1 where that green gives way.
            now_s: seconds.
            waiting: (signal, lane, letter, vehicles, metres to the line) of those that wait to enter.
        """
        cdef int i, n = number.shape[0], k, s, best, q, letter
        cdef Junction* junction
        cdef size_t j
        cdef double rear, least_s
        for s in range(<int>self.ahead.size()):
            self.ahead[s].clear()
            junction = self.junctions[s]
            for k in range(junction.n_lanes):
                junction.lanes[k].n = 0
                junction.lanes[k].red_s = red_s[s, k]
                junction.lanes[k].held_s = fmax(0.0, self.held_until[s][k] - now_s)
                self.tail_m[s][k] = 0.0
        for j in range(self.rear_m.size()):
            self.rear_m[j] = INFINITY
        for i in range(n):
            rear = position_m[i] - length_m[i]
            if rear < self.rear_m[lane[i]]:
                self.rear_m[lane[i]] = rear
                self.rear_speed[lane[i]] = speed[i]
            if number[i] >= <int>self.last_signal.size():
                self.last_signal.resize(number[i] + 1, -1)
                self.last_link.resize(number[i] + 1, -1)
            if self.last_signal[number[i]] >= 0 and self.last_signal[number[i]] != signal[i]:
                self._learn(&self.onward[self.last_signal[number[i]]][self.last_link[number[i]]],
                            signal[i], link[i], to_line_m[i])
            self.last_signal[number[i]] = signal[i]
            self.last_link[number[i]] = link[i]
            if signal[i] >= 0:
                self.ahead[signal[i]].push_back(pair[double, int](to_line_m[i], i))
        for s in range(<int>self.ahead.size()):
            sort(self.ahead[s].begin(), self.ahead[s].end())
            junction = self.junctions[s]
            for j in range(self.ahead[s].size()):
                i = self.ahead[s][j].second
                letter = link[i]
                if letter >= junction.n_links:
                    continue
                best = self._lane(junction, letter, lane[i])
                if best < 0:
                    continue
                least_s = self.patient_s if giving_way[s, letter] else self.stuck_s
                if not junction.lanes[best].n and to_line_m[i] < self.near_m \
                        and fmin(green_s[s, letter], standing_s[i]) > least_s:
                    # It had its green and did not move: whatever is in the way is not in the model.
                    self.held_until[s][best] = now_s + self.held_for_s
                    junction.lanes[best].held_s = self.held_for_s
                self._queue(junction, best, letter, to_line_m[i] / junction.speed[best]
                            + (self.accel_s * (1.0 - fmin(1.0, speed[i] / junction.speed[best]))), speed[i] < 2.0)
                if speed[i] < SLOW:
                    self.tail_m[s][best] = fmax(self.tail_m[s][best], to_line_m[i] + length_m[i])
        for s, q, letter, k, metres in waiting:
            junction = self.junctions[s]
            for i in range(k):
                self._queue(junction, q, letter, metres / junction.speed[q] + 2.0 * i, False)

    cdef int _lane(self, Junction* junction, int link, int at):
        cdef int k, lane, best = -1
        for k in range(4):
            lane = junction.lane_of[link][k]
            if lane < 0:
                break
            if at >= 0 and self.lane_at[at] == lane + 1:
                return lane
            if best < 0 or junction.lanes[lane].n < junction.lanes[best].n:
                best = lane
        return best

    cdef void _queue(self, Junction* junction, int i_lane, int link, double reach_s, bint stopped) noexcept:
        cdef Lane* lane = &junction.lanes[i_lane]
        if lane.n >= QUEUED:
            return
        lane.reach_s[lane.n] = fmax(reach_s, lane.reach_s[lane.n - 1]) if lane.n else reach_s
        lane.link[lane.n] = link
        lane.stopped[lane.n] = stopped
        lane.n += 1

    cdef void _learn(self, Onward* onward, int signal, int link, double metres) noexcept:
        cdef int k
        cdef double decay = 0.98
        onward.total = onward.total * decay + 1.0
        for k in range(onward.n):
            onward.seen[k] *= decay
        if signal < 0:
            return
        for k in range(onward.n):
            if onward.signal[k] == signal and onward.link[k] == link:
                onward.seen[k] += 1.0
                onward.metres[k] += 0.1 * (metres - onward.metres[k])
                return
        if onward.n < LEARNT:
            k = onward.n
            onward.n += 1
            onward.signal[k], onward.link[k], onward.seen[k], onward.metres[k] = signal, link, 1.0, metres
            onward.owed[k] = 0.0

    def expect(self, double now_s):
        """Send each signal's planned departures on to the signals that follow."""
        cdef int s, q, i, k, best
        cdef Junction* junction
        cdef Junction* beyond
        cdef Onward* onward
        cdef double at_s
        cdef vector[vector[pair[double, pair[int, int]]]] to
        to.resize(self.junctions.size())
        for s in range(<int>self.junctions.size()):
            junction = self.junctions[s]
            if now_s - junction.made_s > 20.0:
                continue
            for k in range(junction.n_links):
                for i in range(self.onward[s][k].n):
                    self.onward[s][k].owed[i] = 0.5 * self.onward[s][k].seen[i] / fmax(1.0, self.onward[s][k].total)
            for q in range(junction.n_lanes):
                for i in range(junction.n_departs[q]):
                    at_s = junction.made_s + junction.departs_s[q][i] - now_s
                    if at_s < 0.0:
                        continue
                    onward = &self.onward[s][junction.leaves_by[q][i]]
                    for k in range(onward.n):
                        # Shares of a vehicle add up until there is a whole one to send.
                        onward.owed[k] += onward.seen[k] / fmax(1.0, onward.total)
                        if onward.owed[k] >= 1.0:
                            onward.owed[k] -= 1.0
                            beyond = self.junctions[onward.signal[k]]
                            if beyond.n_lanes:
                                to[onward.signal[k]].push_back(pair[double, pair[int, int]](
                                    at_s + onward.metres[k] / 12.0 + 2.0, pair[int, int](onward.link[k], i)))
        for s in range(<int>self.junctions.size()):
            sort(to[s].begin(), to[s].end())
            junction = self.junctions[s]
            for i in range(<int>to[s].size()):
                if to[s][i].first >= HORIZON_S or to[s][i].second.first >= junction.n_links:
                    continue
                best = self._lane(junction, to[s][i].second.first, -1)
                if best >= 0:
                    self._queue(junction, best, to[s][i].second.first, to[s][i].first, False)

    def plan(self, int i_signal, int stage, const double[::1] green_s, double now_s):
        """Return the stage that a signal is best switched to now, or the one that it has.

        Args:
            i_signal: which one.
            stage: what it has.
            green_s: for how long each link has had green, seconds; negative: red.
            now_s: seconds.
        """
        cdef Junction* junction = self.junctions[i_signal]
        cdef int i, step, k, other
        cdef Node* node
        cdef Node* root = &self.nodes[stage * KEPT]
        cdef Node* best = NULL
        self._settle(junction, i_signal, now_s)
        for i in range(<int>self.nodes.size()):
            self.nodes[i].rank = INFINITY
        memset(root, 0, sizeof(Node))
        root.stage, root.first = stage, -1
        for i in range(junction.n_links):
            root.green_s[i] = -green_s[i] if green_s[i] >= 0.0 else FAR_S
        for i in range(junction.n_lanes):
            root.last_s[i] = -self.headway_s
        root.served = junction.serves[stage]
        with nogil:
            for step in range(STEPS):
                for other in range(junction.n_stages):
                    for k in range(KEPT):
                        node = &self.nodes[(step * STAGES + other) * KEPT + k]
                        if node.rank == INFINITY:
                            continue
                        self._extend(junction, node, step)
                        if node.n_switches < SWITCHES:
                            for i in range(junction.n_stages):
                                if i != other:
                                    self._switch(junction, node, step, i)
        for other in range(junction.n_stages):
            for k in range(KEPT):
                node = &self.nodes[(STEPS * STAGES + other) * KEPT + k]
                if node.rank < INFINITY and (best == NULL or node.rank < best.rank - 1e-6):
                    best = node
        if best == NULL:
            return stage
        self._keep(junction, best, stage, green_s, now_s)
        if best.n_switches and best.switch_step[0] == 0:
            return best.switch_stage[0]
        return stage

    def departures(self, int i_signal):
        """Return (seconds after the plan was made, letter) of each vehicle that a signal's plan lets go, by lane."""
        cdef Junction* junction = self.junctions[i_signal]
        return [
            (junction.departs_s[lane][i], junction.leaves_by[lane][i])
            for lane in range(junction.n_lanes)
            for i in range(junction.n_departs[lane])
        ]

    cdef void _settle(self, Junction* junction, int i_signal, double now_s):
        """Work out what does not depend on the plan: who is due when, and how much room the exits have."""
        cdef int i, k, step, at, q, down
        cdef Lane* lane
        cdef Junction* beyond
        cdef double gap, base, when, tail
        cdef int here
        for i in range(junction.n_lanes):
            lane = &junction.lanes[i]
            lane.sum_s[0] = 0.0
            for k in range(lane.n):
                lane.sum_s[k + 1] = lane.sum_s[k] + lane.reach_s[k]
            k = 0
            for step in range(STEPS + 1):
                while k < lane.n and lane.reach_s[k] < step * STEP_S:
                    k += 1
                lane.due[step] = k
        for i in range(junction.n_exits):
            at = self.exits[i_signal][i]
            if self.rear_m[at] < INFINITY and self.rear_speed[at] < SLOW:
                gap = fmax(0.0, self.rear_m[at])
                tail = self.lane_length[at] - gap
            else:
                gap = self.lane_length[at]
                tail = 0.0
                base = 0.0
                for k in range(<int>self.fed_signal[at].size()):
                    if self.tail_m[self.fed_signal[at][k]][self.fed_lane[at][k]] > tail:
                        tail = self.tail_m[self.fed_signal[at][k]][self.fed_lane[at][k]]
                        base = self.fed_base[at][k]
                gap += fmax(0.0, base - tail) if tail > 0.0 else 1000.0
            for step in range(STEPS + 1):
                here = <int>(gap / SPACE_M)
                if self.lane_length[at] < SHORT_M:
                    pass  # who finds no room there stands within the junction: no promise of the next signal counts
                elif self.fed_signal[at].empty():
                    here += <int>(fmax(0.0, step * STEP_S - tail / WAVE) * 0.5)
                else:
                    when = step * STEP_S - (tail + (0.0 if self.fed_base[at].empty() else self.fed_base[at][0])) / WAVE
                    for k in range(<int>self.fed_signal[at].size()):
                        beyond = self.junctions[self.fed_signal[at][k]]
                        if beyond.n_stages < 2 or now_s - beyond.made_s > 30.0:
                            here += <int>(fmax(0.0, when) * 0.25)
                            continue
                        q = self.fed_lane[at][k]
                        for down in range(beyond.n_departs[q]):
                            if 0.0 <= beyond.made_s + beyond.departs_s[q][down] - now_s <= when:
                                here += 1
                junction.room[i][step] = here if here < 255 else 255

    cdef void _extend(self, Junction* junction, Node* node, int step) noexcept nogil:
        """Hold the stage for another step."""
        cdef Node child = node[0]
        self._flow(junction, &child, child.stage, step * STEP_S, (step + 1) * STEP_S, NULL)
        self._offer(junction, &child, step + 1)

    cdef void _switch(self, Junction* junction, Node* node, int step, int stage) noexcept nogil:
        """End the stage and hold another one for as short as it may."""
        cdef Node child = node[0]
        cdef double now_s = step * STEP_S, start_s, end_s
        cdef double until_s[LINKS]
        cdef int i, to
        start_s = now_s + junction.intergreen_s[node.stage][stage]
        to = step + <int>ceil((junction.intergreen_s[node.stage][stage] + junction.least_s[stage]) / STEP_S)
        if to > STEPS:
            to = STEPS
        end_s = to * STEP_S
        for i in range(junction.n_links):
            until_s[i] = FAR_S
            if junction.shows[stage][i]:
                if child.green_s[i] >= FAR_S:
                    child.green_s[i] = start_s
            elif child.green_s[i] < FAR_S:
                until_s[i] = now_s + self.yellow_used_s
        if not child.n_switches:
            child.first = stage
        child.switch_step[child.n_switches] = step
        child.switch_stage[child.n_switches] = stage
        child.n_switches += 1
        child.stage = stage
        for i in range(junction.n_lanes):
            if junction.serves[stage] >> i & 1 and not child.served >> i & 1:
                child.cost += self._overdue(junction, i, start_s)
        child.served |= junction.serves[stage]
        self._flow(junction, &child, node.stage, now_s, end_s, until_s)
        for i in range(junction.n_links):
            if not junction.shows[stage][i]:
                child.green_s[i] = FAR_S
        self._offer(junction, &child, to)

    cdef double _overdue(self, Junction* junction, int lane, double at_s) noexcept nogil:
        if not junction.lanes[lane].n or junction.lanes[lane].reach_s[0] > at_s:
            return 0.0
        return self.red_cost * fmax(0.0, junction.lanes[lane].red_s + at_s - self.max_red_s)

    cdef void _flow(self, Junction* junction, Node* node, int before, double from_s, double to_s,
                    const double* until_s) noexcept nogil:
        """Let vehicles go from one moment to another. `until_s`: where links lose their green, when."""
        cdef int i, j, k, link, exit, step
        cdef double at_s, end_s, start_s
        cdef Lane* lane
        cdef char shown
        for j in range(junction.n_lanes):
            i = junction.order[node.stage][j]
            lane = &junction.lanes[i]
            while node.gone[i] < lane.n:
                k = node.gone[i]
                if lane.reach_s[k] >= to_s:
                    break
                link = lane.link[k]
                start_s = node.green_s[link]
                if start_s >= to_s:
                    break
                end_s = to_s
                shown = junction.shows[node.stage][link]
                if until_s != NULL and until_s[link] < to_s:
                    end_s = until_s[link]
                    shown = junction.shows[before][link]
                at_s = fmax(fmax(lane.reach_s[k], node.last_s[i] + self.headway_s), fmax(from_s, lane.held_s))
                if at_s < start_s + self.startup_s:
                    at_s = start_s + self.startup_s
                if at_s >= end_s:
                    break
                if shown == 1 and junction.n_foes[link]:
                    at_s = self._gap(junction, node, link, at_s, end_s)
                    # Who waits inside the junction when the green ends still leaves.
                    if at_s >= end_s and until_s != NULL and until_s[link] < to_s \
                            and node.green_s[link] < from_s - 2.0 and node.last_s[i] < end_s - 2.0 * self.headway_s:
                        at_s = end_s
                    elif at_s >= end_s:
                        break
                exit = junction.exit_of[link]
                if exit >= 0:
                    step = <int>(at_s / STEP_S)
                    while step <= STEPS and junction.room[exit][step] <= node.entered[exit]:
                        step += 1
                    if step * STEP_S > at_s:
                        at_s = step * STEP_S
                        if at_s >= end_s:
                            break
                    if node.entered[exit] < 255:
                        node.entered[exit] += 1
                node.cost += at_s - lane.reach_s[k]
                if not lane.stopped[k] and at_s - lane.reach_s[k] > 2.0:
                    node.cost += self.stop_s
                node.last_s[i] = at_s
                node.gone[i] += 1

    cdef double _gap(self, Junction* junction, Node* node, int link, double at_s, double end_s) noexcept nogil:
        """Return when a vehicle that gives way finds its gap, or `end_s`."""
        cdef int f, foe, k, i, next
        cdef double comes_s
        for f in range(junction.n_foes[link]):
            foe = junction.foes[link][f]
            if junction.shows[node.stage][foe] == 0 or node.green_s[foe] >= FAR_S:
                continue
            for k in range(4):
                i = junction.lane_of[foe][k]
                if i < 0:
                    break
                if node.last_s[i] > at_s - 1.0:
                    at_s = node.last_s[i] + 1.0
                next = node.gone[i]
                if next < junction.lanes[i].n and junction.lanes[i].link[next] == foe:
                    comes_s = fmax(fmax(junction.lanes[i].reach_s[next], node.last_s[i] + self.headway_s),
                                   node.green_s[foe])
                    if comes_s < at_s + self.gap_s:
                        return end_s
        return at_s

    cdef void _offer(self, Junction* junction, Node* child, int step) noexcept nogil:
        """Keep a node where it is among the best of its stage and moment."""
        cdef int i, k, n
        cdef double now_s = step * STEP_S, left
        cdef Lane* lane
        cdef Node* place
        child.rank = child.cost
        for i in range(junction.n_lanes):
            lane = &junction.lanes[i]
            n = lane.due[step]
            k = child.gone[i]
            if n > k:
                left = n - k
                child.rank += left * now_s - (lane.sum_s[n] - lane.sum_s[k])
                # What it still has to wait, the more the longer its queue.
                child.rank += left * (self.left_s if child.green_s[lane.link[k]] >= FAR_S else 0.0) \
                    + 0.5 * self.headway_s * left * left
            if not child.served >> i & 1:
                child.rank += self._overdue(junction, i, now_s)
        place = &self.nodes[(step * STAGES + child.stage) * KEPT]
        if child.rank < place[0].rank:
            if child.first != place[0].first:
                place[1] = place[0]
            place[0] = child[0]
        elif child.rank < place[1].rank and child.first != place[0].first:
            place[1] = child[0]

    cdef void _keep(self, Junction* junction, Node* best, int stage, const double[::1] green_s, double now_s):
        """Work out the departures of the plan, for those who follow."""
        cdef int before[LANES]
        cdef double until_s[LINKS]
        cdef int i, k, at, step, upto, now_stage = stage, gone
        cdef double start_s
        cdef Node run
        memset(&run, 0, sizeof(Node))
        run.stage = stage
        for i in range(junction.n_links):
            run.green_s[i] = -green_s[i] if green_s[i] >= 0.0 else FAR_S
        for i in range(junction.n_lanes):
            run.last_s[i] = -self.headway_s
            junction.n_departs[i] = 0
        junction.made_s = now_s
        for at in range(best.n_switches + 1):
            step = best.switch_step[at - 1] if at else 0
            upto = best.switch_step[at] if at < best.n_switches else STEPS
            for k in range(junction.n_links):
                until_s[k] = FAR_S
            if at:
                start_s = step * STEP_S + junction.intergreen_s[now_stage][best.switch_stage[at - 1]]
                for k in range(junction.n_links):
                    if junction.shows[best.switch_stage[at - 1]][k]:
                        if run.green_s[k] >= FAR_S:
                            run.green_s[k] = start_s
                    elif run.green_s[k] < FAR_S:
                        until_s[k] = step * STEP_S + self.yellow_used_s
                run.stage = best.switch_stage[at - 1]
            # A step at a time, as the plan was found.
            while step < upto:
                for i in range(junction.n_lanes):
                    before[i] = run.gone[i]
                self._flow(junction, &run, now_stage, step * STEP_S, (step + 1) * STEP_S, until_s)
                for i in range(junction.n_lanes):
                    gone = run.gone[i]
                    for k in range(before[i], gone):
                        junction.leaves_by[i][junction.n_departs[i]] = junction.lanes[i].link[k]
                        junction.departs_s[i][junction.n_departs[i]] = \
                            run.last_s[i] - (gone - 1 - k) * self.headway_s
                        junction.n_departs[i] += 1
                step += 1
            now_stage = run.stage
            for k in range(junction.n_links):
                if not junction.shows[run.stage][k]:
                    run.green_s[k] = FAR_S
