"""The traffic model that screens plans: vehicles in queues, one queue a lane, moved by events.

`kernels.screening` says what the arrays hold and checks them; docs/screening.md says what the model does and why.
"""

from cython.parallel cimport prange
from libc.math cimport ceil, sqrt
from libc.stdlib cimport free
from libc.string cimport memcpy
from libcpp.vector cimport vector

cdef enum:
    POSITIONS = 24          # places in a discharging platoon that differ from one another
    SCANNED = 12            # vehicles of a stream that one who yields looks at
    SAMPLED = 60            # seconds between looks at the speeds by which trips are routed
    WINDOW = 3              # looks that count: three minutes, as in SUMO
    CLOSED = 0
    YIELD = 1               # green, but others go first
    GREEN = 2
    FREE = 0                # what the cells of a plan's table hold: green, ...
    YIELDS = 1              # ... green for those who yield, or more than that, by how long it stays closed
    FOREVER = 0xfffe
    NONE = -1
    OUT = -2
    LINE = 64               # bytes of a line of the cache

ctypedef signed char bint_t

cdef extern from "<stdlib.h>" nogil:
    void* aligned_alloc(size_t alignment, size_t size)

cdef extern from *:
    """
    static const double NEVER = 1e30;
    static const double LONG_AGO = -1e6;
    static const double STILL_S = 300.0;
    static const double SLOWEST = 0.001;
    static const double STARTING_S = 4.0;
    static const double ROLLING = 5.0;
    static const double BRAKING = 4.5;
    """
    # Variables of the module's own would be read from memory each time.
    const double NEVER, LONG_AGO
    const double STILL_S        # gridlock: nothing has moved for so long
    const double SLOWEST        # m/s: how slow an edge may look
    const double STARTING_S     # a lane that somebody left so short ago discharges ...
    const double ROLLING        # ... and moves like this, m/s
    const double BRAKING        # m/s2, SUMO's default


cdef inline double later(double a, double b) noexcept nogil:
    # The library's fmax heeds NaN and is a call.
    return a if a > b else b


cdef inline double sooner(double a, double b) noexcept nogil:
    return a if a < b else b


cdef inline double rounded_up(double a) noexcept nogil:
    # As ceil does for what is not negative, which is a call.
    cdef long long whole = <long long>a
    return <double>whole if whole >= a else <double>(whole + 1)


cdef struct Crossing:
    # How a vehicle crosses a line, by its place in the platoon.
    double pace_s               # seconds a metre
    double up_s                 # what is lost beyond the line until it drives freely
    double late_s               # how long after the end of green one may still cross


cdef struct Lane:
    # What changes lies beside what does not: a look at a lane needs both. Two lines of the cache.
    double used_m               # taken up by its vehicles
    double storage_m
    double last_out_s
    double last_in_s
    double hole_s               # a full lane's free place reaches its upstream end
    double free_s
    double bias_m               # by how much longer it looks to those who choose
    double loss_s
    double climb_s              # how long a free place takes to its upstream end
    double last_m               # space of the vehicle that left last
    double next_s               # when the head can leave, ...
    double next_up_s            # ... and what it loses beyond the line
    int tail
    int edge
    int pocket                  # the first pocket behind a lane's line, or the next one of the same lane; -1: none
    short place                 # from the right
    short platoon               # the place of the vehicle that left last
    short next_place            # the head's place in the platoon, ...
    signed char next_show       # ... and what shows for it
    bint_t foreseen             # whether all that is known of the head, and holds until it stands
    bint_t blocked              # the head cannot leave for want of space
    bint_t bars                 # of a pocket: its head finds no room beyond the junction and stands in others' way
    int owner                   # of a pocket: the lane before it; -1: it is none
    int n_over                  # how many of a lane's pockets are so full that their last vehicle stands in its way


cdef struct Link:
    # One line of the cache.
    double crossed_s            # when a vehicle last did
    double clear_s
    double cross_s
    int lane
    int to
    int pocket                  # the lane within the junction where those on this link may wait; -1: none
    int onward                  # the link out of that lane
    int speeds                  # its first row in the table of crossings
    int row                     # of its letter in the plan's table; -1: no signal
    unsigned short cycle_s
    unsigned short shift_s
    int foe_start
    short n_foes
    bint_t minor                # whether it yields where its signal, if any, does not say otherwise
    short n_barred              # vehicles that stand across its way within the junction
    bint_t plain                # neither that nor a signal: half of all crossings are


cdef struct Vehicle:
    # One line of the cache.
    double ready_s              # when it could cross the line if nothing held it
    double since_s              # since when it has stood there; -1: it has not
    double due_s
    double space_m
    double caution              # factor of the driver's headway
    double speed                # over the limit
    int next
    int link
    int at                      # step of its route


cdef struct Net:
    Py_ssize_t n_lanes, n_links, n_signals, n_edges
    const Lane* lanes           # as they are at the beginning
    const Link* links
    const Crossing* crossings
    const int* link_signal      # -1: none
    const int* link_letter
    const int* foe_link
    const int* bar_start        # by lane: of a pocket, the links whose way one who stands there is in
    const int* bar_link
    Py_ssize_t n_spots, n_watched
    const int* watched          # lanes of edges with spots
    const double* lane_length_m
    const double* lane_clear_m  # what may stand in a pocket without blocking the lane
    const double* link_gap_s    # what one who yields needs, standing ...
    const double* link_roll_s   # ... or rolling
    const int* spot_start
    const double* spot_end_m
    const double* spot_length_m
    const double* spot_speed
    const int* way_start
    const int* way_spot
    const double* way_free_s
    const int* choice_start
    const int* choice_route
    const int* route_start
    const int* step_start
    const int* options
    bint chosen                 # whether any vehicle has a choice
    double step_s, spacing_m
    double wave, tau_s, start_s, yellow_s, accel, first_speed, merge_s, sight_s, change_m, impatience_s
    double insert_s, follow_s, cruise, top, minor_speed


cdef struct Demand:
    Py_ssize_t n_vehicles
    const double* due_s
    const int* choice
    const double* space_m
    const double* speed_factor
    const double* caution


cdef struct Spot:
    double sum
    double mean                 # over the window
    double[WINDOW] samples
    int count
    int stirred                 # looks until all samples are those of an empty edge again; 0: they are


cdef struct State:
    char* block                 # what the arrays below lie in
    Lane* lanes
    Link* links
    # by slot: a lane (from 0), or the entry of one (after the lanes)
    double* at_s                # when it is looked at again; NEVER: when it is told to
    int* waits_next             # the next of those that wait for the same edge; OUT: it waits for none
    Vehicle* vehicles           # those under way: places of those that have arrived are used again
    Spot* spots
    int* stirred                # the spots whose speeds differ from those of an empty edge
    int n_stirred
    double* pass_s              # by spot: time over the edge at the speeds of the last minutes
    int* head                   # the first vehicle on the lane, or of those who want to get in
    int* entry_tail             # by lane: the last of these
    int* waits_head             # by edge
    int* last                   # by second: the last in its list of slots that are to be looked at
    int* following              # the next in a list: of the slots, then of the seconds themselves, which begin theirs
    unsigned short* cells       # by signal, letter and second of the cycle: FREE, YIELDS, or 1 + seconds until it opens
    int* starts                 # by signal: where its letters are
    int* shifts_s
    int* cycles_s
    int n_buckets
    int current
    int spare                   # the first place of a vehicle that has arrived; -1: none
    int n_vehicles              # places that were ever used
    double moved_s              # when a vehicle last moved


cdef inline void schedule(State* s, int slot, double at_s) noexcept nogil:
    """Have a slot looked at, unless that is to happen anyway: nobody has reason to be earlier than what is known."""
    cdef int bucket
    if s.at_s[slot] < NEVER:
        return
    bucket = <int>at_s
    if bucket < s.current:
        bucket = s.current
    if bucket >= s.n_buckets:
        return
    s.at_s[slot] = at_s
    s.following[slot] = NONE
    s.following[s.last[bucket]] = slot
    s.last[bucket] = slot


cdef inline int shown(State* s, const Link* link, double at_s, double* opens_s) noexcept nogil:
    """Return what a link's signal shows at a time, and when it next opens."""
    cdef unsigned int whole_s, cell
    opens_s[0] = at_s
    if link.row < 0:
        return YIELD
    whole_s = <unsigned int>at_s
    cell = s.cells[link.row + (whole_s + <unsigned int>link.shift_s) % <unsigned int>link.cycle_s]
    if cell == FREE:
        return GREEN
    if cell == YIELDS:
        return YIELD
    opens_s[0] = <double>(whole_s + cell - 1)
    return CLOSED


cdef double give_way(const Net* net, State* s, int i_link, double at_s, bint standing,
                     double patience) noexcept nogil:
    """Return the first time from `at_s` on with no stream with priority in the way, or a time to look again."""
    cdef int i, vehicle, n, show
    cdef const Link *link = s.links + i_link
    cdef const Link *foe
    cdef const Lane* lane
    cdef const Vehicle* other
    cdef double t = at_s, arrives_s, cursor_s, opens_s = 0.0
    # One who comes rolling needs less time than one who has to start.
    cdef double gap_s = patience * sooner(net.sight_s, net.link_gap_s[i_link] if standing else net.link_roll_s[i_link])
    for i in range(link.foe_start, link.foe_start + link.n_foes):
        foe = s.links + net.foe_link[i]
        t = later(t, foe.crossed_s + foe.clear_s)
        vehicle = s.head[foe.lane]
        lane = s.lanes + foe.lane
        if vehicle < 0 or lane.blocked:
            continue
        show = shown(s, foe, t, &opens_s)
        if show == CLOSED and opens_s > t + gap_s:
            continue
        cursor_s = later(lane.last_out_s + net.follow_s, opens_s)
        if s.at_s[foe.lane] < NEVER and s.waits_next[foe.lane] == OUT:
            cursor_s = later(cursor_s, s.at_s[foe.lane])
        n = 0
        while vehicle >= 0 and n < SCANNED:
            other = s.vehicles + vehicle
            arrives_s = later(other.ready_s, cursor_s)
            if arrives_s >= t + gap_s:
                break
            if other.link == net.foe_link[i]:
                t = later(t, arrives_s + foe.clear_s)
            elif n == 0 and foe.row >= 0 and other.link >= 0:
                if shown(s, s.links + other.link, arrives_s, &opens_s) == CLOSED:
                    break
            cursor_s = arrives_s + net.follow_s
            vehicle = other.next
            n += 1
    return t


cdef inline int choose(const Net* net, State* s, int step, int arrives_on, int* link) noexcept nogil:
    """Return the lane that a vehicle takes on a step, the emptiest of those that lead on, and its link from there."""
    cdef int i, best = net.step_start[step], ends = net.step_start[step + 1], moves
    cdef const Lane* lane
    cdef double cost, least = NEVER
    for i in range(best, ends if ends > best + 1 else best):
        lane = s.lanes + net.options[2 * i]
        cost = lane.used_m + lane.bias_m
        if arrives_on >= 0 and s.lanes[arrives_on].edge == lane.edge:
            moves = lane.place - s.lanes[arrives_on].place
            cost += (moves if moves > 0 else -moves) * net.change_m
        if cost < least:
            least = cost
            best = i
    link[0] = net.options[2 * best + 1]
    return net.options[2 * best]


cdef inline void join(State* s, int vehicle, int lane, int link, double in_s, double ready_s) noexcept nogil:
    """Put a vehicle at the end of a lane."""
    cdef Vehicle* v = s.vehicles + vehicle
    cdef Lane* own = s.lanes + lane
    v.next = -1
    v.link = link
    v.ready_s = ready_s
    v.since_s = -1.0
    own.used_m += v.space_m
    own.last_in_s = in_s
    s.moved_s = later(s.moved_s, in_s)
    if s.head[lane] < 0:
        s.head[lane] = vehicle
        schedule(s, lane, ready_s)
    else:
        s.vehicles[own.tail].next = vehicle
    own.tail = vehicle


cdef inline void wake(const Net* net, State* s, int edge, double at_s) noexcept nogil:
    """Tell those who wait for an edge that a place will be free at a time."""
    cdef int waits = s.waits_head[edge], onward
    s.waits_head[edge] = -1
    while waits >= 0:
        onward = s.waits_next[waits]
        s.waits_next[waits] = OUT
        if waits < net.n_lanes:
            # From now on those who yield have to reckon with it.
            s.lanes[waits].blocked = 0
        schedule(s, waits, at_s)
        waits = onward


cdef inline void wait_for(State* s, int slot, int target) noexcept nogil:
    """Put a slot on the list of those that wait for a place on the target's edge."""
    cdef int* first = s.waits_head + s.lanes[target].edge
    if s.waits_next[slot] == OUT:
        s.waits_next[slot] = first[0]
        first[0] = slot


cdef inline bint full(const Lane* lane, const Vehicle* v) noexcept nogil:
    """Return whether a vehicle finds no room on a lane."""
    return (lane.used_m > 0.0) & (lane.used_m + v.space_m > lane.storage_m)


cdef inline void stand(Lane* own, Vehicle* v, double at_s) noexcept nogil:
    """Note that the head of a lane stands at the line."""
    own.foreseen = 0
    if v.since_s < 0.0:
        v.since_s = at_s


cdef inline double foresee(const Net* net, State* s, Lane* own, const Vehicle* v, double now_s) noexcept nogil:
    """Work out when the head of a lane can leave, at which place of a platoon and under what; returns when it opens."""
    cdef const Link* link
    cdef const Crossing* row
    cdef bint standing = v.since_s >= 0.0
    # Since when it has stood at the line decides how it goes on.
    cdef double base_s = later(v.ready_s, now_s if standing else 0.0), anew_s = own.last_out_s + 1.0
    cdef double follow_s, seen_s, opens_s = 0.0
    cdef int place
    own.foreseen = standing == 0
    own.next_show = GREEN
    if v.link < 0:
        # The end of its route: nothing holds it but those ahead.
        own.next_s = later(base_s, own.last_out_s)
        own.next_place = POSITIONS
        own.next_up_s = 0.0
        return 0.0
    link = s.links + v.link
    row = net.crossings + link.speeds
    place = own.platoon + 1 if own.platoon + 1 < POSITIONS else POSITIONS - 1
    if not link.plain and link.minor and shown(s, link, later(base_s, anew_s), &opens_s) == YIELD:
        row += POSITIONS
    if standing:
        # It stood at the line: it starts anew.
        own.next_s = later(base_s, anew_s)
        place = 0
    else:
        follow_s = own.last_out_s + v.caution * (net.tau_s + own.last_m * row[place].pace_s)
        own.next_s = follow_s
        if follow_s <= base_s:
            own.next_s = base_s
            place = POSITIONS - 1
    if not link.plain:
        # One who comes rolling obeys what showed when there was still room to stop.
        seen_s = own.next_s - (net.start_s - 1e-6 if standing else row[place].late_s)
        own.next_show = <signed char>shown(s, link, later(seen_s, 0.0), &opens_s)
    own.next_place = <short>place
    own.next_up_s = row[place].up_s
    return opens_s


cdef void bar(const Net* net, State* s, int lane, int by) noexcept nogil:
    """Put one more (or fewer) vehicle in the way of all that cross a pocket."""
    cdef int i
    for i in range(net.bar_start[lane], net.bar_start[lane + 1]):
        s.links[net.bar_link[i]].n_barred += <short>by


cdef inline void depart(const Net* net, State* s, int lane, Vehicle* v, double at_s, double up_s, int place,
                        double counted_s) noexcept nogil:
    """Take the head off a lane."""
    cdef Lane* own = s.lanes + lane
    cdef bint over
    s.head[lane] = v.next
    own.foreseen = 0
    if own.bars:
        own.bars = 0
        bar(net, s, lane, -1)
    if own.used_m + net.spacing_m > own.storage_m:
        own.hole_s = at_s + own.climb_s
    over = own.owner >= 0 and own.used_m > net.lane_clear_m[lane]
    own.used_m = (own.used_m - v.space_m) * (v.next >= 0)
    if over and own.used_m <= net.lane_clear_m[lane]:
        s.lanes[own.owner].n_over -= 1
    own.platoon = <short>place
    own.last_out_s = at_s
    own.last_m = v.space_m
    s.moved_s = later(s.moved_s, at_s)
    if v.due_s >= counted_s:
        own.loss_s += at_s - v.ready_s + up_s
    if s.waits_head[own.edge] >= 0:
        wake(net, s, own.edge, at_s + own.climb_s)


cdef inline bint held(const Net* net, State* s, int lane, Vehicle* v, double until_s, double* at_s, int* i_target,
                      int* onward) noexcept nogil:
    """Return whether something keeps the head of a lane from leaving at `at_s`, and have it looked at again if so.

    OUT: at_s, a bit later where it has to wait within this second; the lane that it goes to (-1: none), and its link.
    """
    cdef Lane* own = s.lanes + lane
    cdef const Lane* target
    cdef const Link* link = s.links + v.link
    cdef int other
    cdef double t = at_s[0], free_s, since_s
    cdef bint standing
    if own.next_show == YIELD and link.n_foes > 0:
        standing = v.since_s >= 0.0
        since_s = v.since_s if standing else t
        free_s = give_way(net, s, v.link, t, standing, later(0.0, 1.0 - (t - since_s) / net.impatience_s))
        if free_s > t:
            if free_s > t + 1.0:
                stand(own, v, t)
            if free_s >= until_s:
                schedule(s, lane, free_s)
                return True
            # Within this second: look again at once, as of then.
            t = free_s
            free_s = give_way(net, s, v.link, t, standing, 1.0)
            if free_s > t:
                schedule(s, lane, later(free_s, until_s))
                return True
    if link.n_barred > 0:
        # Nobody says when the way is free: look again in a second.
        stand(own, v, t)
        own.blocked = 1
        schedule(s, lane, until_s + 1.0)
        return True
    if link.pocket >= 0:
        i_target[0], onward[0] = link.pocket, link.onward
    elif net.step_start[v.at + 2] > net.step_start[v.at + 1]:
        i_target[0] = choose(net, s, v.at + 1, link.to, onward)
    other = NONE
    if own.n_over > 0 or own.owner >= 0:
        other = own.pocket
        while other >= 0 and (other == i_target[0] or s.lanes[other].used_m <= net.lane_clear_m[other]):
            other = s.lanes[other].pocket
    # Someone who waits within the junction has his rear in the way, or there is no room beyond it.
    if other < 0 and i_target[0] >= 0 and full(s.lanes + i_target[0], v):
        other = i_target[0]
    if other >= 0:
        stand(own, v, t)
        own.blocked = 1
        if own.owner >= 0 and not own.bars and other == i_target[0]:
            own.bars = 1
            bar(net, s, lane, 1)
        wait_for(s, lane, other)
        return True
    if i_target[0] >= 0:
        target = s.lanes + i_target[0]
        free_s = later(target.hole_s, target.last_in_s + net.merge_s)
        if free_s > t:
            if free_s > t + 1.0:
                stand(own, v, t)
            if free_s >= until_s:
                schedule(s, lane, free_s)
                return True
            t = free_s
    at_s[0] = t
    return False


cdef void serve(const Net* net, State* s, int lane, double now_s, double until_s, double counted_s) noexcept nogil:
    """Let vehicles leave a lane as long as they can before `until_s`."""
    cdef Lane* own = s.lanes + lane
    cdef const Lane* target
    cdef Vehicle* v
    cdef Link* link
    cdef int vehicle, i_target, onward
    cdef double opens_s
    while s.head[lane] >= 0:
        vehicle = s.head[lane]
        v = s.vehicles + vehicle
        own.blocked = 0
        if not own.foreseen:
            opens_s = foresee(net, s, own, v, now_s)
            if own.next_show == CLOSED:
                stand(own, v, own.next_s)
                schedule(s, lane, opens_s + net.start_s)
                return
        now_s = own.next_s
        if now_s >= until_s:
            schedule(s, lane, now_s)
            return
        i_target = onward = NONE
        if v.link >= 0:
            if held(net, s, lane, v, until_s, &now_s, &i_target, &onward):
                return
            link = s.links + v.link
            link.crossed_s = now_s
        depart(net, s, lane, v, now_s, own.next_up_s, own.next_place, counted_s)
        if i_target >= 0:
            target = s.lanes + i_target
            if link.pocket < 0:
                v.at += 1
            elif target.used_m <= net.lane_clear_m[i_target] < target.used_m + v.space_m:
                own.n_over += 1
            join(s, vehicle, i_target, onward, now_s,
                 now_s + own.next_up_s + (link.cross_s + target.free_s) / v.speed)
        else:
            v.next = s.spare
            s.spare = vehicle


cdef void admit(const Net* net, State* s, int lane, double until_s, double counted_s) noexcept nogil:
    """Let vehicles that are due get in at the beginning of a lane as long as they can before `until_s`."""
    cdef int vehicle, i_entry = <int>net.n_lanes + lane
    cdef Lane* own = s.lanes + lane
    cdef Vehicle* v
    cdef double t, own_s
    while s.head[i_entry] >= 0:
        vehicle = s.head[i_entry]
        v = s.vehicles + vehicle
        own_s = v.space_m * own.free_s / later(net.lane_length_m[lane], 1.0)
        t = later(later(v.due_s, own.last_in_s + net.insert_s + own_s), own.hole_s)
        t = rounded_up(t) if net.step_s == 1.0 else rounded_up(t / net.step_s) * net.step_s
        if t >= until_s:
            schedule(s, i_entry, t)
            return
        if full(own, v):
            wait_for(s, i_entry, lane)
            return
        s.head[i_entry] = v.next
        if v.due_s >= counted_s:
            own.loss_s += t - v.due_s
        join(s, vehicle, lane, v.link, t, t + own.free_s / v.speed)


cdef void watch(const Net* net, State* s, int look, double now_s) noexcept nogil:
    """Look at the speeds on the edges where they count, for the `look`-th time."""
    cdef Py_ssize_t i
    cdef const Lane* lane
    cdef const Vehicle* v
    cdef Spot* seen
    cdef int vehicle, spot, last, n_left = 0
    cdef double place_m, stands_m, speed, freely, rolls
    for i in range(net.n_watched):
        vehicle = s.head[net.watched[i]]
        if vehicle < 0:
            continue
        lane = s.lanes + net.watched[i]
        spot = net.spot_start[lane.edge]
        last = net.spot_start[lane.edge + 1] - 1
        stands_m = 0.0
        freely = net.lane_length_m[net.watched[i]] / lane.free_s
        # A queue that discharges moves.
        rolls = ROLLING if now_s - lane.last_out_s < STARTING_S else 0.0
        while vehicle >= 0:
            v = s.vehicles + vehicle
            place_m = stands_m
            speed = rolls
            if v.ready_s > now_s:
                speed = freely
                place_m = later(place_m, (v.ready_s - now_s) * speed)
            while spot < last and place_m > net.spot_end_m[spot]:
                spot += 1
            seen = s.spots + spot
            if seen.stirred == 0:
                seen.stirred = WINDOW
                s.stirred[s.n_stirred] = spot
                s.n_stirred += 1
            seen.sum += speed
            seen.count += 1
            stands_m += v.space_m
            vehicle = v.next
    look %= WINDOW
    for i in range(s.n_stirred):
        spot = s.stirred[i]
        seen = s.spots + spot
        seen.stirred = seen.stirred - 1 if seen.count == 0 else WINDOW
        speed = net.spot_speed[spot] if seen.count == 0 else seen.sum / seen.count
        seen.mean += (speed - seen.samples[look]) / WINDOW
        seen.samples[look] = speed
        s.pass_s[spot] = net.spot_length_m[spot] / later(sooner(seen.mean, net.spot_speed[spot]), SLOWEST)
        seen.sum = 0.0
        seen.count = 0
        if seen.stirred > 0:
            s.stirred[n_left] = spot
            n_left += 1
    s.n_stirred = n_left


cdef inline int quickest(const Net* net, State* s, int choice) noexcept nogil:
    """Return the route of a choice that takes least time by the speeds of the last minutes."""
    cdef int i, route, way, best = -1
    cdef double route_s, least = NEVER
    if net.choice_start[choice + 1] == net.choice_start[choice] + 1:
        return net.choice_route[net.choice_start[choice]]
    for i in range(net.choice_start[choice], net.choice_start[choice + 1]):
        route = net.choice_route[i]
        route_s = net.way_free_s[route]
        for way in range(net.way_start[route], net.way_start[route + 1]):
            route_s += s.pass_s[net.way_spot[way]]
            if route_s >= least:
                break
        if route_s < least:
            least = route_s
            best = route
    return best


cdef void clear(const Net* net, State* s) noexcept nogil:
    """Empty the roads."""
    cdef Py_ssize_t i
    cdef int sample
    memcpy(s.lanes, net.lanes, net.n_lanes * sizeof(Lane))
    for i in range(2 * net.n_lanes):
        s.at_s[i] = NEVER
        s.waits_next[i] = OUT
        s.head[i] = -1
    for i in range(net.n_links):
        s.links[i].crossed_s = LONG_AGO
        s.links[i].n_barred = 0
    for i in range(net.n_edges):
        s.waits_head[i] = -1
    for i in range(s.n_buckets):
        s.last[i] = <int>(2 * net.n_lanes + i)
        s.following[2 * net.n_lanes + i] = NONE
    for i in range(net.n_spots):
        s.spots[i].sum = 0.0
        s.spots[i].count = s.spots[i].stirred = 0
        s.spots[i].mean = net.spot_speed[i]
        s.pass_s[i] = net.spot_length_m[i] / later(net.spot_speed[i], SLOWEST)
        for sample in range(WINDOW):
            s.spots[i].samples[sample] = net.spot_speed[i]
    s.spare = -1
    s.n_vehicles = s.n_stirred = 0
    s.moved_s = 0.0


cdef inline void appear(const Net* net, State* s, const Demand* d, int coming) noexcept nogil:
    """Let a vehicle of the demand queue up at the beginning of its route."""
    cdef int vehicle = s.spare, lane, i_entry, step = net.route_start[quickest(net, s, d.choice[coming])]
    cdef Vehicle* v
    if vehicle < 0:
        vehicle = s.n_vehicles
        s.n_vehicles += 1
    else:
        s.spare = s.vehicles[vehicle].next
    v = s.vehicles + vehicle
    lane = choose(net, s, step, -1, &v.link)
    v.due_s = d.due_s[coming]
    v.space_m = d.space_m[coming]
    v.caution = d.caution[coming]
    v.speed = d.speed_factor[coming] * net.cruise
    v.at = step
    v.next = -1
    i_entry = <int>net.n_lanes + lane
    if s.head[i_entry] < 0:
        s.head[i_entry] = vehicle
        schedule(s, i_entry, v.due_s)
    else:
        s.vehicles[s.entry_tail[lane]].next = vehicle
    s.entry_tail[lane] = vehicle


cdef void simulate(const Net* net, State* s, const Demand* d, double end_s, double counted_s,
                   double* out) noexcept nogil:
    """Simulate one plan on one demand. OUT: delay sum, s; gridlocked; vehicles left within; vehicles never in."""
    cdef int bucket, vehicle, slot, first, coming = 0, within = 0, outside = 0, n = <int>net.n_lanes
    cdef Vehicle* v
    cdef double until_s, at_s, delay_s = 0.0
    clear(net, s)
    for bucket in range(s.n_buckets):
        s.current = bucket
        if net.chosen and bucket % SAMPLED == 0:
            watch(net, s, bucket // SAMPLED, <double>bucket)
        until_s = sooner(bucket + 1.0, end_s)
        while coming < d.n_vehicles and d.due_s[coming] < until_s:
            appear(net, s, d, coming)
            coming += 1
        first = 2 * n + bucket
        while s.following[first] >= 0:
            slot = s.following[first]
            s.following[first] = s.following[slot]
            s.last[bucket] = first if s.following[first] < 0 else s.last[bucket]
            at_s = s.at_s[slot]
            s.at_s[slot] = NEVER
            if slot < n:
                serve(net, s, slot, at_s, until_s, counted_s)
            else:
                admit(net, s, slot - n, until_s, counted_s)
    # Those still there have lost what they stand beyond their free-flow time.
    for slot in range(n):
        vehicle = s.head[slot]
        while vehicle >= 0:
            within += 1
            v = s.vehicles + vehicle
            if v.ready_s < end_s and v.due_s >= counted_s:
                s.lanes[slot].loss_s += end_s - v.ready_s
            vehicle = v.next
        vehicle = s.head[n + slot]
        while vehicle >= 0:
            outside += 1
            v = s.vehicles + vehicle
            if v.due_s >= counted_s:
                s.lanes[slot].loss_s += end_s - v.due_s
            vehicle = v.next
        delay_s += s.lanes[slot].loss_s
    out[0] = delay_s
    out[1] = 1.0 if within > 0 and s.moved_s < end_s - STILL_S else 0.0
    out[2] = within
    out[3] = outside


cdef void read_plan(const Net* net, State* s, const int* phase_start, const int* phase_s, const int* phase_row,
                    const unsigned char* letters, Py_ssize_t n_letters, const int* signal_letters,
                    const int* offset_s, int begin_s) noexcept nogil:
    """Fill the table of what each letter shows in each second of its cycle, and tell the links where it is."""
    cdef Py_ssize_t signal, phase, i
    cdef int second, letter, code, cell, start = 0, cycle_s, row, ahead
    for signal in range(net.n_signals):
        cycle_s = 0
        for phase in range(phase_start[signal], phase_start[signal + 1]):
            cycle_s += phase_s[phase]
        s.cycles_s[signal] = cycle_s
        s.starts[signal] = start
        s.shifts_s[signal] = ((begin_s - offset_s[signal]) % cycle_s + cycle_s) % cycle_s
        for letter in range(signal_letters[signal]):
            row = start + letter * cycle_s
            second = 0
            for phase in range(phase_start[signal], phase_start[signal + 1]):
                code = letters[phase_row[phase] * n_letters + letter]
                cell = FREE if code == GREEN else YIELDS if code == YIELD else 1 + FOREVER
                for _ in range(phase_s[phase]):
                    s.cells[row + second] = cell
                    second += 1
            # Twice around: what follows the last second is the cycle's beginning.
            ahead = FOREVER
            for _ in range(2):
                for second in range(row + cycle_s - 1, row - 1, -1):
                    if s.cells[second] <= YIELDS:
                        ahead = 0
                    else:
                        ahead = ahead + 1 if ahead < FOREVER else FOREVER
                        s.cells[second] = 1 + ahead
        start += signal_letters[signal] * cycle_s
    for i in range(net.n_links):
        signal = net.link_signal[i]
        if signal >= 0:
            s.links[i].cycle_s = <unsigned short>s.cycles_s[signal]
            s.links[i].shift_s = <unsigned short>s.shifts_s[signal]
            s.links[i].row = s.starts[signal] + net.link_letter[i] * s.cycles_s[signal]


cdef void settle(const Net* net, double limit, Crossing* rows) noexcept nogil:
    """Fill in how fast the places of a platoon cross a link with a speed limit: first with priority, then yielding."""
    cdef int place, steps, yields
    cdef double speed, top = limit * net.top, crossing, squared
    cdef Crossing* row
    for yields in range(2):
        crossing = sooner(top, net.minor_speed) if yields else top
        for place in range(POSITIONS):
            row = rows + yields * POSITIONS + place
            squared = net.first_speed * net.first_speed + 2.0 * net.accel * net.spacing_m * place
            speed = crossing if place == POSITIONS - 1 else sooner(crossing, sqrt(squared))
            row.up_s = (top - speed) * (top - speed) / (2.0 * net.accel * top)
            # Between its predecessor's place and its own it was slower than it crosses.
            row.pace_s = 1.0 / speed
            if place > 0:
                row.pace_s = 1.0 / sooner(crossing, sqrt(squared - net.accel * net.spacing_m))
            # The distance in which it comes to rest, a step at a time, and the metre that it keeps from the line.
            steps = <int>(speed / BRAKING)
            row.late_s = net.yellow_s - net.step_s + (steps * (speed - 0.5 * BRAKING * (steps + 1)) + 1.0) / speed


cdef inline void* take(char** free_at, Py_ssize_t n, Py_ssize_t size) noexcept nogil:
    """Return the next part of a block, for `n` items."""
    cdef char* part = free_at[0]
    free_at[0] = part + (n * size + LINE - 1) // LINE * LINE
    return part


cdef Py_ssize_t lay_out(State* s, char* block, const Net* net, Py_ssize_t n_vehicles, Py_ssize_t table) noexcept nogil:
    """Point the arrays of a state into a block of memory; returns how many bytes they take."""
    cdef char* at = block
    s.lanes = <Lane*>take(&at, net.n_lanes, sizeof(Lane))
    s.links = <Link*>take(&at, net.n_links, sizeof(Link))
    s.vehicles = <Vehicle*>take(&at, n_vehicles, sizeof(Vehicle))
    s.at_s = <double*>take(&at, 2 * net.n_lanes, sizeof(double))
    s.waits_next = <int*>take(&at, 2 * net.n_lanes, sizeof(int))
    s.spots = <Spot*>take(&at, net.n_spots, sizeof(Spot))
    s.pass_s = <double*>take(&at, net.n_spots, sizeof(double))
    s.stirred = <int*>take(&at, net.n_spots, sizeof(int))
    s.head = <int*>take(&at, 2 * net.n_lanes, sizeof(int))
    s.entry_tail = <int*>take(&at, net.n_lanes, sizeof(int))
    s.waits_head = <int*>take(&at, net.n_edges, sizeof(int))
    s.last = <int*>take(&at, s.n_buckets, sizeof(int))
    s.following = <int*>take(&at, 2 * net.n_lanes + s.n_buckets, sizeof(int))
    s.starts = <int*>take(&at, net.n_signals, sizeof(int))
    s.shifts_s = <int*>take(&at, net.n_signals, sizeof(int))
    s.cycles_s = <int*>take(&at, net.n_signals, sizeof(int))
    s.cells = <unsigned short*>take(&at, table, sizeof(short))
    return at - block


cdef bint score_plan(const Net* net, const Demand* draws, Py_ssize_t n_draws, Py_ssize_t n_vehicles, double begin_s,
                     double end_s, double counted_s, Py_ssize_t table, const int* phase_start, const int* phase_s,
                     const int* phase_row, const unsigned char* letters, Py_ssize_t n_letters,
                     const int* signal_letters, const int* offset_s, double* out, double* loss) noexcept nogil:
    """Simulate one plan on every draw. OUT: out, and loss unless it is NULL. Returns whether there was memory."""
    cdef Py_ssize_t draw, lane
    cdef State state
    cdef State* s = &state
    s.n_buckets = <int>ceil(end_s)
    # All that a simulation will ever need: a slot is in one second's list at most, a vehicle in one place.
    s.block = <char*>aligned_alloc(LINE, lay_out(s, NULL, net, n_vehicles, table))
    if s.block == NULL:
        return False
    lay_out(s, s.block, net, n_vehicles, table)
    memcpy(s.links, net.links, net.n_links * sizeof(Link))
    read_plan(net, s, phase_start, phase_s, phase_row, letters, n_letters, signal_letters, offset_s, <int>begin_s)
    for draw in range(n_draws):
        simulate(net, s, draws + draw, end_s, counted_s, out + 4 * draw)
        if loss != NULL:
            for lane in range(net.n_lanes):
                loss[draw * net.n_lanes + lane] = s.lanes[lane].loss_s
    free(s.block)
    return True


cdef inline const int* ints(const int[::1] values) noexcept nogil:
    return &values[0] if values.shape[0] else NULL


cdef inline const double* doubles(const double[::1] values) noexcept nogil:
    return &values[0] if values.shape[0] else NULL


cdef int lanes_of(roads, behaviour, vector[Lane]& lanes, vector[int]& watched) except -1:
    """Fill in the lanes as they are before any vehicle, and which of them are looked at for speeds."""
    cdef const double[::1] length_m = roads.lane_length_m, free_s = roads.lane_free_s
    cdef const double[::1] storage_m = roads.lane_storage_m
    cdef const int[::1] edge = roads.lane_edge, place = roads.lane_place, pocket = roads.lane_pocket
    cdef const int[::1] spot_start = roads.spot_start
    cdef double bias_m = behaviour.lane_bias_m, spacing_m = roads.spacing_m, wave = spacing_m / behaviour.react_s
    cdef Py_ssize_t i
    cdef Lane* lane
    lanes.resize(length_m.shape[0])
    for i in range(length_m.shape[0]):
        lane = &lanes[i]
        lane.free_s, lane.storage_m = free_s[i], storage_m[i]
        lane.edge, lane.place, lane.pocket = edge[i], <short>place[i], pocket[i]
        lane.climb_s, lane.bias_m = length_m[i] / wave, bias_m * place[i]
        lane.used_m = lane.loss_s = 0.0
        lane.last_out_s = lane.last_in_s = lane.hole_s = LONG_AGO
        lane.last_m = spacing_m
        lane.tail = -1
        lane.platoon = POSITIONS - 1
        lane.blocked = lane.foreseen = 0
        lane.owner, lane.n_over = -1, 0
        lane.bars = 0
        if spot_start[edge[i] + 1] > spot_start[edge[i]]:
            watched.push_back(<int>i)
    return 0


cdef int links_of(roads, const Net* net, vector[Lane]& lanes, vector[Link]& links,
                  vector[Crossing]& crossings) except -1:
    """Fill in the links, whose pockets are whose, and how vehicles cross: one table for each speed limit."""
    cdef const int[::1] lane = roads.link_lane, to = roads.link_to, minor = roads.link_minor, signal = roads.link_signal
    cdef const int[::1] pocket = roads.link_pocket, onward = roads.link_onward, foe_start = roads.foe_start
    cdef const double[::1] cross_s = roads.link_cross_s, speed = roads.link_speed, clear_s = roads.link_clear_s
    cdef vector[double] limits
    cdef size_t known
    cdef Py_ssize_t i
    cdef Link* link
    links.resize(lane.shape[0])
    for i in range(lane.shape[0]):
        link = &links[i]
        link.lane, link.to, link.pocket, link.onward = lane[i], to[i], pocket[i], onward[i]
        link.minor = minor[i] != 0
        link.plain = signal[i] < 0 and minor[i] == 0 and foe_start[i + 1] == foe_start[i]
        if pocket[i] >= 0:
            lanes[pocket[i]].owner = lane[i]
        link.cross_s, link.clear_s = cross_s[i], clear_s[i]
        link.foe_start, link.n_foes = foe_start[i], <short>(foe_start[i + 1] - foe_start[i])
        link.row = -1
        link.n_barred = 0
        known = 0
        while known < limits.size() and limits[known] != speed[i]:
            known += 1
        if known == limits.size():
            limits.push_back(speed[i])
        link.speeds = <int>known * 2 * POSITIONS
    crossings.resize(limits.size() * 2 * POSITIONS)
    for known in range(limits.size()):
        settle(net, limits[known], &crossings[known * 2 * POSITIONS])
    return 0


def score(roads, demands, behaviour, programs, double begin_s, double end_s, double counted_s, int threads,
          double[:, :, ::1] out not None, double[:, :, ::1] loss):
    """Score plans; `kernels.screening.score` is the way in. OUT: out, and loss unless it is None."""
    cdef Net net
    cdef const int[::1] link_signal = roads.link_signal, link_letter = roads.link_letter, foe_link = roads.foe_link
    cdef const double[::1] lane_length_m = roads.lane_length_m, lane_clear_m = roads.lane_clear_m
    cdef const int[::1] bar_start = roads.bar_start, bar_link = roads.bar_link
    cdef const double[::1] link_gap_s = roads.link_gap_s, link_roll_s = roads.link_roll_s
    cdef const int[::1] signal_letters = roads.signal_letters, route_start = roads.route_start
    cdef const int[::1] step_start = roads.step_start
    cdef const int[:, ::1] options = roads.options
    cdef const int[::1] spot_start = roads.spot_start, way_start = roads.way_start, way_spot = roads.way_spot
    cdef const int[::1] choice_start = roads.choice_start, choice_route = roads.choice_route
    cdef const double[::1] spot_end_m = roads.spot_end_m, spot_length_m = roads.spot_length_m
    cdef const double[::1] spot_speed = roads.spot_speed, way_free_s = roads.way_free_s
    cdef const int[::1] vehicle_start = demands.start, choice = demands.choice
    cdef const double[::1] due_s = demands.due_s, space_m = demands.space_m
    cdef const double[::1] speed_factor = demands.speed_factor, caution = demands.caution
    cdef const int[:, ::1] phase_start = programs.phase_start, offset_s = programs.offset_s
    cdef const int[::1] phase_s = programs.phase_s, phase_row = programs.phase_row
    cdef const unsigned char[:, ::1] letters = programs.letters
    cdef Py_ssize_t i, n_plans = offset_s.shape[0], n_draws = vehicle_start.shape[0] - 1, most = 0
    cdef Py_ssize_t table = programs.table, n_letters = letters.shape[1]
    cdef vector[Lane] lanes
    cdef vector[Link] links
    cdef vector[Crossing] crossings
    cdef vector[int] watched
    cdef vector[Demand] draws
    cdef int n_failed = 0
    cdef double* losses = NULL
    cdef const int *all_phases, *all_rows, *all_letters
    cdef Py_ssize_t lane_losses = 0
    net.step_s, net.spacing_m = roads.step_s, roads.spacing_m
    net.tau_s, net.start_s, net.yellow_s = behaviour.tau_s, behaviour.start_s, behaviour.yellow_s
    net.accel, net.first_speed, net.merge_s = behaviour.accel, behaviour.first_speed, behaviour.merge_s
    net.sight_s, net.change_m, net.impatience_s = behaviour.sight_s, behaviour.change_m, behaviour.impatience_s
    net.insert_s, net.follow_s, net.cruise = behaviour.insert_s, behaviour.follow_s, behaviour.cruise
    net.top, net.minor_speed = behaviour.top, behaviour.minor_speed
    lanes_of(roads, behaviour, lanes, watched)
    links_of(roads, &net, lanes, links, crossings)
    net.lanes, net.links, net.crossings, net.watched = lanes.data(), links.data(), crossings.data(), watched.data()
    net.n_lanes, net.n_links, net.n_watched = lanes.size(), links.size(), watched.size()
    net.n_signals, net.n_edges = signal_letters.shape[0], roads.n_edges
    net.link_signal, net.link_letter, net.foe_link = ints(link_signal), ints(link_letter), ints(foe_link)
    net.lane_length_m, net.lane_clear_m = doubles(lane_length_m), doubles(lane_clear_m)
    net.bar_start, net.bar_link = ints(bar_start), ints(bar_link)
    net.link_gap_s, net.link_roll_s = doubles(link_gap_s), doubles(link_roll_s)
    net.n_spots = spot_end_m.shape[0]
    net.spot_start, net.spot_end_m, net.spot_length_m = ints(spot_start), doubles(spot_end_m), doubles(spot_length_m)
    net.spot_speed, net.way_start, net.way_spot = doubles(spot_speed), ints(way_start), ints(way_spot)
    net.way_free_s, net.choice_start, net.choice_route = doubles(way_free_s), ints(choice_start), ints(choice_route)
    net.route_start, net.step_start, net.options = ints(route_start), ints(step_start), &options[0, 0]
    net.chosen = choice_route.shape[0] > choice_start.shape[0] - 1
    draws.resize(n_draws)
    for i in range(n_draws):
        draws[i].n_vehicles = vehicle_start[i + 1] - vehicle_start[i]
        draws[i].due_s, draws[i].choice = &due_s[vehicle_start[i]], &choice[vehicle_start[i]]
        draws[i].space_m, draws[i].speed_factor = &space_m[vehicle_start[i]], &speed_factor[vehicle_start[i]]
        draws[i].caution = &caution[vehicle_start[i]]
        if draws[i].n_vehicles > most:
            most = draws[i].n_vehicles
    all_phases, all_rows, all_letters = ints(phase_s), ints(phase_row), ints(signal_letters)
    if loss is not None:
        losses = &loss[0, 0, 0]
        lane_losses = n_draws * net.n_lanes
    for i in prange(n_plans, nogil=True, num_threads=threads, schedule="dynamic"):
        n_failed += not score_plan(
            &net, &draws[0], n_draws, most, begin_s, end_s, counted_s, table, &phase_start[i, 0], all_phases, all_rows,
            &letters[0, 0], n_letters, all_letters, &offset_s[i, 0], &out[i, 0, 0],
            losses + i * lane_losses if losses != NULL else NULL)
    if n_failed:
        raise MemoryError(f"no memory for {n_failed} of {n_plans} plans")
