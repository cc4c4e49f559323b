"""The traffic model that screens plans: vehicles in queues, one queue a lane, moved by events.

`kernels.screening` says what the arrays hold and checks them; docs/screening.md says what the model does and why.
"""

from cython.parallel cimport prange
from libc.math cimport ceil, sqrt
from libc.stdlib cimport abort, free, malloc, realloc
from libcpp.vector cimport vector

cdef enum:
    POSITIONS = 24          # places in a discharging platoon that differ from one another
    SCANNED = 12            # vehicles of a stream that one who yields looks at
    SAMPLED = 20            # seconds between looks at the speeds by which trips are routed
    WINDOW = 9              # looks that count: three minutes, as in SUMO
    CLOSED = 0
    YIELD = 1               # green, but others go first
    GREEN = 2

cdef double NEVER = 1e30
cdef double LONG_AGO = -1e6
cdef double STILL_S = 300.0      # gridlock: nothing has moved for so long
cdef double SLOWEST = 0.001     # m/s: how slow an edge may look
cdef double STARTING_S = 4.0    # a lane that somebody left so short ago discharges ...
cdef double ROLLING = 5.0       # ... and moves like this, m/s
cdef double BRAKING = 4.5        # m/s2, SUMO's default


cdef inline double later(double a, double b) noexcept nogil:
    # The library's fmax heeds NaN and is a call.
    return a if a > b else b


cdef inline double sooner(double a, double b) noexcept nogil:
    return a if a < b else b


cdef struct Net:
    Py_ssize_t n_lanes, n_links, n_signals, n_edges
    const double* lane_length_m
    const double* lane_free_s
    const double* lane_storage_m
    const int* lane_edge
    const int* lane_place       # from the right
    const int* lane_pocket      # the first pocket behind a lane's line, or the next one of the same lane; -1: none
    const double* lane_clear_m  # what may stand in a pocket without blocking the lane
    const int* link_lane
    const int* link_to
    const int* link_signal      # -1: none
    const int* link_letter
    const int* link_pocket      # the lane within the junction where those on this link may wait; -1: none
    const int* link_onward      # the link out of that lane
    const double* link_cross_s
    const double* link_speed
    const double* link_gap_s
    const double* link_roll_s
    const int* link_minor       # whether it yields where its signal, if any, does not say otherwise
    const double* link_clear_s
    const int* foe_start
    const int* foe_link
    Py_ssize_t n_spots
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
    const double* pace_s        # by link, whether it yields, and place in the platoon: seconds a metre
    const double* speed_up_s    # what is lost beyond the line until it drives freely
    const double* late_s        # how long after the end of green one may still cross
    double step_s, spacing_m
    double wave, tau_s, start_s, yellow_s, accel, first_speed, merge_s, sight_s, lane_bias_m, change_m, impatience_s
    double insert_s, follow_s, cruise, top, minor_speed


cdef struct Demand:
    Py_ssize_t n_vehicles
    const double* due_s
    const int* choice
    const double* space_m
    const double* speed_factor
    const double* caution       # factor of the driver's headway


cdef struct Event:
    double at_s
    int lane
    int next


cdef struct State:
    char* block                 # what the arrays below lie in
    # by lane
    int* head
    int* tail
    int* platoon
    int* waits_next             # next lane in the list of those that wait for the same edge
    int* waiting                # whether the lane is in such a list
    int* source_head
    int* source_tail
    double* used_m
    double* last_out_s
    double* last_in_s
    double* last_m              # space of the vehicle that left last
    double* hole_s              # a full lane's free place reaches its upstream end
    double* pending_s           # when the lane looks at its head again
    double* loss_s
    int* blocked                # its head cannot leave for want of space
    # by link
    double* crossed_s
    # by edge
    int* waits_head
    # by vehicle
    int* next
    int* link
    int* at
    double* ready_s
    double* since_s
    # events
    Event* events
    int* bucket_head
    int* bucket_tail
    int free_event
    int n_events
    int n_buckets
    int current
    double moved_s              # when a vehicle last moved
    # signals of the plan
    unsigned char* show         # by signal, letter and second of the cycle
    unsigned short* until       # seconds until the letter opens
    int* show_start             # by signal
    int* shift_s
    int* cycle_s
    # by watched edge
    double* spot_sum
    double* spot_mean           # over the window
    double* spot_ring           # its samples, WINDOW of each edge
    int* spot_count


cdef void grow(State* s) noexcept nogil:
    """Double the room for events; without memory the program ends, as it would anywhere else."""
    cdef int i
    s.events = <Event*>realloc(s.events, 2 * s.n_events * sizeof(Event))
    if s.events == NULL:
        abort()
    for i in range(s.n_events, 2 * s.n_events):
        s.events[i].next = i + 1
    s.free_event = s.n_events
    s.n_events *= 2
    s.events[s.n_events - 1].next = -1


cdef inline void schedule(State* s, int lane, double at_s) noexcept nogil:
    """Have a lane looked at (lanes from 0; the entries of lanes follow), unless that happens earlier anyway."""
    cdef int i, bucket
    if s.pending_s[lane] <= at_s:
        return
    bucket = <int>at_s
    if bucket < s.current:
        bucket = s.current
    if bucket >= s.n_buckets:
        return
    if s.free_event < 0:
        grow(s)
    i = s.free_event
    s.free_event = s.events[i].next
    s.pending_s[lane] = at_s
    s.events[i].at_s = at_s
    s.events[i].lane = lane
    s.events[i].next = -1
    if s.bucket_tail[bucket] < 0:
        s.bucket_head[bucket] = i
    else:
        s.events[s.bucket_tail[bucket]].next = i
    s.bucket_tail[bucket] = i


cdef inline int shown(const Net* net, State* s, int link, double at_s, double* opens_s) noexcept nogil:
    """Return what a link's signal shows at a time, and when it next opens."""
    cdef int signal = net.link_signal[link]
    cdef int whole_s, row
    if signal < 0:
        opens_s[0] = at_s
        return YIELD
    whole_s = <int>at_s
    row = s.show_start[signal] + net.link_letter[link] * s.cycle_s[signal]
    row += (whole_s + s.shift_s[signal]) % s.cycle_s[signal]
    opens_s[0] = at_s if s.until[row] == 0 else <double>(whole_s + s.until[row])
    return s.show[row]


cdef double give_way(const Net* net, State* s, const Demand* d, int link, double at_s, bint standing,
                     double patience) noexcept nogil:
    """Return the first time from `at_s` on with no stream with priority in the way, or a time to look again."""
    cdef int i, foe, lane, vehicle, n, show
    cdef double t = at_s, arrives_s, cursor_s, opens_s = 0.0
    # One who comes rolling needs less time than one who has to start.
    cdef double gap_s = patience * sooner(net.sight_s, net.link_gap_s[link] if standing else net.link_roll_s[link])
    for i in range(net.foe_start[link], net.foe_start[link + 1]):
        foe = net.foe_link[i]
        if s.crossed_s[foe] + net.link_clear_s[foe] > t:
            t = s.crossed_s[foe] + net.link_clear_s[foe]
        lane = net.link_lane[foe]
        vehicle = s.head[lane]
        if vehicle < 0 or s.blocked[lane]:
            continue
        show = shown(net, s, foe, t, &opens_s)
        if show == CLOSED and opens_s > t + gap_s:
            continue
        cursor_s = later(s.last_out_s[lane] + net.follow_s, opens_s)
        if s.pending_s[lane] < NEVER and s.waiting[lane] == 0:
            cursor_s = later(cursor_s, s.pending_s[lane])
        n = 0
        while vehicle >= 0 and n < SCANNED:
            arrives_s = later(s.ready_s[vehicle], cursor_s)
            if arrives_s >= t + gap_s:
                break
            if s.link[vehicle] == foe:
                if arrives_s + net.link_clear_s[foe] > t:
                    t = arrives_s + net.link_clear_s[foe]
            elif n == 0 and net.link_signal[foe] >= 0 and s.link[vehicle] >= 0:
                show = shown(net, s, s.link[vehicle], arrives_s, &opens_s)
                if show == CLOSED:
                    break
            cursor_s = arrives_s + net.follow_s
            vehicle = s.next[vehicle]
            n += 1
    return t


cdef inline int choose(const Net* net, State* s, const int* options, int n_options, int arrives_on,
                       int* link) noexcept nogil:
    """Return the lane that a vehicle takes on an edge, the emptiest of those that lead on, and its link from there."""
    cdef int i, lane, best = -1
    cdef double cost, least = NEVER
    cdef int moves
    for i in range(n_options):
        lane = options[2 * i]
        cost = s.used_m[lane] + net.lane_bias_m * net.lane_place[lane]
        if arrives_on >= 0 and net.lane_edge[arrives_on] == net.lane_edge[lane]:
            moves = net.lane_place[lane] - net.lane_place[arrives_on]
            if moves < 0:
                moves = -moves
            cost += moves * net.change_m
        if cost < least:
            least = cost
            best = lane
            link[0] = options[2 * i + 1]
    return best


cdef inline void join(State* s, const Demand* d, int vehicle, int lane, int link, double in_s,
                      double ready_s) noexcept nogil:
    """Put a vehicle at the end of a lane."""
    s.next[vehicle] = -1
    s.link[vehicle] = link
    s.ready_s[vehicle] = ready_s
    s.since_s[vehicle] = -1.0
    s.used_m[lane] += d.space_m[vehicle]
    s.last_in_s[lane] = in_s
    s.moved_s = later(s.moved_s, in_s)
    if s.head[lane] < 0:
        s.head[lane] = vehicle
        schedule(s, lane, ready_s)
    else:
        s.next[s.tail[lane]] = vehicle
    s.tail[lane] = vehicle


cdef inline void wake(const Net* net, State* s, int lane, double at_s) noexcept nogil:
    """Tell those who wait for the lane's edge that a place will be free at a time."""
    cdef int edge = net.lane_edge[lane], waits = s.waits_head[edge], onward
    s.waits_head[edge] = -1
    while waits >= 0:
        onward = s.waits_next[waits]
        s.waiting[waits] = 0
        if waits < net.n_lanes:
            # From now on those who yield have to reckon with it.
            s.blocked[waits] = 0
        schedule(s, waits, at_s)
        waits = onward


cdef inline void wait_for(const Net* net, State* s, int lane, int target) noexcept nogil:
    """Put a lane (or the entry of one) on the list of those that wait for a place on the target's edge."""
    cdef int edge = net.lane_edge[target]
    if not s.waiting[lane]:
        s.waiting[lane] = 1
        s.waits_next[lane] = s.waits_head[edge]
        s.waits_head[edge] = lane


cdef void serve(const Net* net, State* s, const Demand* d, int lane, double now_s, double until_s,
                double counted_s) noexcept nogil:
    """Let vehicles leave a lane as long as they can before `until_s`."""
    cdef const int* step_start = net.step_start
    cdef int vehicle, link, show, place, target, onward, step, other, row = 0
    cdef double t, follow_s, opens_s = 0.0, free_s, base_s, enter_s, seen_s, speed, up_s
    cdef bint standing, pocket
    while s.head[lane] >= 0:
        vehicle = s.head[lane]
        link = s.link[vehicle]
        s.blocked[lane] = 0
        # Since when it has stood at the line decides how it goes on; -1 while it has not.
        base_s = later(s.ready_s[vehicle], now_s if s.since_s[vehicle] >= 0.0 else 0.0)
        if link < 0:
            # The end of its route: nothing holds it but those ahead.
            if base_s >= until_s:
                schedule(s, lane, base_s)
                return
            t = later(base_s, s.last_out_s[lane])
            place = POSITIONS
        else:
            place = s.platoon[lane] + 1
            if place >= POSITIONS:
                place = POSITIONS - 1
            row = 2 * link
            if net.link_minor[link]:
                row += shown(net, s, link, later(base_s, s.last_out_s[lane] + 1.0), &opens_s) == YIELD
            row *= POSITIONS
            follow_s = s.last_out_s[lane] + d.caution[vehicle] * (
                net.tau_s + s.last_m[lane] * net.pace_s[row + place])
            standing = s.since_s[vehicle] >= 0.0
            if standing:
                # It stood at the line: it starts anew.
                t = later(base_s, s.last_out_s[lane] + 1.0)
                place = 0
            elif follow_s > base_s:
                t = follow_s
            else:
                t = base_s
                place = POSITIONS - 1
            # One who comes rolling obeys what showed when there was still room to stop.
            seen_s = t - (net.start_s - 1e-6 if standing else net.late_s[row + place])
            show = shown(net, s, link, later(seen_s, 0.0), &opens_s)
            if show == CLOSED:
                if s.since_s[vehicle] < 0.0:
                    s.since_s[vehicle] = t
                schedule(s, lane, opens_s + net.start_s)
                return
            if t >= until_s:
                schedule(s, lane, t)
                return
            if show == YIELD and net.foe_start[link + 1] > net.foe_start[link]:
                free_s = t if s.since_s[vehicle] < 0.0 else s.since_s[vehicle]
                opens_s = give_way(net, s, d, link, t, standing, later(0.0, 1.0 - (t - free_s) / net.impatience_s))
                if opens_s > t:
                    if opens_s > t + 1.0 and s.since_s[vehicle] < 0.0:
                        s.since_s[vehicle] = t
                    if opens_s >= until_s:
                        schedule(s, lane, opens_s)
                        return
                    # Within this second: look again at once, as of then.
                    t = opens_s
                    opens_s = give_way(net, s, d, link, t, standing, 1.0)
                    if opens_s > t:
                        schedule(s, lane, later(opens_s, until_s))
                        return
        # Where to?
        pocket = link >= 0 and net.link_pocket[link] >= 0
        target = -1
        onward = -1
        step = s.at[vehicle] + 1
        if pocket:
            target = net.link_pocket[link]
            onward = net.link_onward[link]
        elif link >= 0 and step_start[step + 1] > step_start[step]:
            target = choose(net, s, net.options + 2 * step_start[step], step_start[step + 1] - step_start[step],
                            net.link_to[link], &onward)
        other = net.lane_pocket[lane] if link >= 0 else -1
        while other >= 0 and (other == target or s.used_m[other] <= net.lane_clear_m[other]):
            other = net.lane_pocket[other]
        if other >= 0:
            # Someone who waits within the junction has his rear in the way.
            if s.since_s[vehicle] < 0.0:
                s.since_s[vehicle] = t
            s.blocked[lane] = 1
            wait_for(net, s, lane, other)
            return
        if target >= 0:
            if s.used_m[target] > 0.0 and s.used_m[target] + d.space_m[vehicle] > net.lane_storage_m[target]:
                if s.since_s[vehicle] < 0.0:
                    s.since_s[vehicle] = t
                s.blocked[lane] = 1
                wait_for(net, s, lane, target)
                return
            enter_s = later(s.hole_s[target], s.last_in_s[target] + net.merge_s)
            if enter_s > t:
                if enter_s > t + 1.0 and s.since_s[vehicle] < 0.0:
                    s.since_s[vehicle] = t
                if enter_s >= until_s:
                    schedule(s, lane, enter_s)
                    return
                t = enter_s
        # It leaves.
        s.head[lane] = s.next[vehicle]
        if s.used_m[lane] + net.spacing_m > net.lane_storage_m[lane]:
            s.hole_s[lane] = t + net.lane_length_m[lane] / net.wave
        s.used_m[lane] -= d.space_m[vehicle]
        if s.head[lane] < 0:
            s.used_m[lane] = 0.0
        s.platoon[lane] = place
        s.last_out_s[lane] = t
        s.last_m[lane] = d.space_m[vehicle]
        if t > s.moved_s:
            s.moved_s = t
        up_s = 0.0
        if link >= 0:
            s.crossed_s[link] = t
            up_s = net.speed_up_s[row + place]
        if d.due_s[vehicle] >= counted_s:
            s.loss_s[lane] += t - s.ready_s[vehicle] + up_s
        if s.waits_head[net.lane_edge[lane]] >= 0:
            wake(net, s, lane, t + net.lane_length_m[lane] / net.wave)
        if target >= 0:
            if not pocket:
                s.at[vehicle] = step
            speed = d.speed_factor[vehicle] * net.cruise
            join(s, d, vehicle, target, onward, t,
                 t + up_s + (net.link_cross_s[link] + net.lane_free_s[target]) / speed)
        now_s = t


cdef void admit(const Net* net, State* s, const Demand* d, int lane, double until_s, double counted_s) noexcept nogil:
    """Let vehicles that are due get in at the beginning of a lane as long as they can before `until_s`."""
    cdef int vehicle, entry = <int>net.n_lanes + lane
    cdef double t, own_s
    while s.source_head[lane] >= 0:
        vehicle = s.source_head[lane]
        own_s = d.space_m[vehicle] * net.lane_free_s[lane] / later(net.lane_length_m[lane], 1.0)
        t = later(later(d.due_s[vehicle], s.last_in_s[lane] + net.insert_s + own_s), s.hole_s[lane])
        t = ceil(t / net.step_s) * net.step_s
        if t >= until_s:
            schedule(s, entry, t)
            return
        if s.used_m[lane] > 0.0 and s.used_m[lane] + d.space_m[vehicle] > net.lane_storage_m[lane]:
            wait_for(net, s, entry, lane)
            return
        s.source_head[lane] = s.next[vehicle]
        if d.due_s[vehicle] >= counted_s:
            s.loss_s[lane] += t - d.due_s[vehicle]
        join(s, d, vehicle, lane, s.link[vehicle], t,
             t + net.lane_free_s[lane] / (d.speed_factor[vehicle] * net.cruise))


cdef void watch(const Net* net, State* s, const Demand* d, int look, double now_s) noexcept nogil:
    """Look at the speeds on all edges, for the `look`-th time."""
    cdef Py_ssize_t i
    cdef int lane, vehicle, spot, last
    cdef double place_m, stands_m, speed, freely, rolls, *sample
    for i in range(net.n_spots):
        s.spot_sum[i] = 0.0
        s.spot_count[i] = 0
    for lane in range(net.n_lanes):
        vehicle = s.head[lane]
        spot = net.spot_start[net.lane_edge[lane]]
        last = net.spot_start[net.lane_edge[lane] + 1] - 1
        if vehicle < 0 or last < spot:
            continue
        stands_m = 0.0
        freely = net.lane_length_m[lane] / net.lane_free_s[lane]
        # A queue that discharges moves.
        rolls = ROLLING if now_s - s.last_out_s[lane] < STARTING_S else 0.0
        while vehicle >= 0:
            place_m = stands_m
            speed = rolls
            if s.ready_s[vehicle] > now_s:
                speed = freely
                place_m = later(place_m, (s.ready_s[vehicle] - now_s) * speed)
            while spot < last and place_m > net.spot_end_m[spot]:
                spot += 1
            s.spot_sum[spot] += speed
            s.spot_count[spot] += 1
            stands_m += d.space_m[vehicle]
            vehicle = s.next[vehicle]
    for i in range(net.n_spots):
        sample = s.spot_ring + i * WINDOW + look % WINDOW
        speed = s.spot_sum[i] / s.spot_count[i] if s.spot_count[i] > 0 else net.spot_speed[i]
        s.spot_mean[i] += (speed - sample[0]) / WINDOW
        sample[0] = speed


cdef int quickest(const Net* net, State* s, int choice) noexcept nogil:
    """Return the route of a choice that takes least time by the speeds of the last minutes."""
    cdef int i, route, way, best = -1
    cdef double route_s, least = NEVER
    if net.choice_start[choice + 1] == net.choice_start[choice] + 1:
        return net.choice_route[net.choice_start[choice]]
    for i in range(net.choice_start[choice], net.choice_start[choice + 1]):
        route = net.choice_route[i]
        route_s = net.way_free_s[route]
        for way in range(net.way_start[route], net.way_start[route + 1]):
            route_s += net.spot_length_m[net.way_spot[way]] / later(
                sooner(s.spot_mean[net.way_spot[way]], net.spot_speed[net.way_spot[way]]), SLOWEST)
        if route_s < least:
            least = route_s
            best = route
    return best


cdef void simulate(const Net* net, State* s, const Demand* d, double end_s, double counted_s,
                   double* out) noexcept nogil:
    """Simulate one plan on one demand. OUT: delay sum, s; gridlocked; vehicles left within; vehicles never in."""
    cdef Py_ssize_t i, bucket, n = net.n_lanes
    cdef int vehicle = 0, lane, link = -1, event, step, within, outside, look
    cdef double until_s, delay_s
    for i in range(n):
        s.head[i] = s.tail[i] = s.source_head[i] = s.source_tail[i] = -1
        s.platoon[i] = POSITIONS - 1
        s.blocked[i] = 0
        s.used_m[i] = s.loss_s[i] = 0.0
        s.last_out_s[i] = s.last_in_s[i] = LONG_AGO
        s.last_m[i] = net.spacing_m
        s.hole_s[i] = LONG_AGO
    for i in range(2 * n):
        s.waiting[i] = 0
        s.pending_s[i] = NEVER
    for i in range(net.n_links):
        s.crossed_s[i] = LONG_AGO
    for i in range(net.n_edges):
        s.waits_head[i] = -1
    for i in range(s.n_buckets):
        s.bucket_head[i] = s.bucket_tail[i] = -1
    for i in range(net.n_spots):
        s.spot_mean[i] = net.spot_speed[i]
        for look in range(WINDOW):
            s.spot_ring[i * WINDOW + look] = net.spot_speed[i]
    s.moved_s = 0.0
    for bucket in range(s.n_buckets):
        s.current = <int>bucket
        if net.chosen and bucket % SAMPLED == 0:
            watch(net, s, d, <int>bucket // SAMPLED, <double>bucket)
        until_s = sooner(bucket + 1.0, end_s)
        while vehicle < d.n_vehicles and d.due_s[vehicle] < until_s:
            step = net.route_start[quickest(net, s, d.choice[vehicle])]
            lane = choose(net, s, net.options + 2 * net.step_start[step],
                          net.step_start[step + 1] - net.step_start[step], -1, &link)
            s.at[vehicle] = step
            s.link[vehicle] = link
            s.next[vehicle] = -1
            if s.source_head[lane] < 0:
                s.source_head[lane] = vehicle
                schedule(s, <int>n + lane, d.due_s[vehicle])
            else:
                s.next[s.source_tail[lane]] = vehicle
            s.source_tail[lane] = vehicle
            vehicle += 1
        while s.bucket_head[bucket] >= 0:
            event = s.bucket_head[bucket]
            s.bucket_head[bucket] = s.events[event].next
            if s.bucket_head[bucket] < 0:
                s.bucket_tail[bucket] = -1
            lane = s.events[event].lane
            delay_s = s.events[event].at_s
            s.events[event].next = s.free_event
            s.free_event = event
            if s.pending_s[lane] != delay_s:
                continue        # it was looked at earlier
            s.pending_s[lane] = NEVER
            if lane < n:
                serve(net, s, d, lane, delay_s, until_s, counted_s)
            else:
                admit(net, s, d, lane - <int>n, until_s, counted_s)
    # Those still there have lost what they stand beyond their free-flow time.
    delay_s = 0.0
    within = outside = 0
    for i in range(n):
        vehicle = s.head[i]
        while vehicle >= 0:
            within += 1
            if s.ready_s[vehicle] < end_s and d.due_s[vehicle] >= counted_s:
                s.loss_s[i] += end_s - s.ready_s[vehicle]
            vehicle = s.next[vehicle]
        vehicle = s.source_head[i]
        while vehicle >= 0:
            outside += 1
            if d.due_s[vehicle] >= counted_s:
                s.loss_s[i] += end_s - d.due_s[vehicle]
            vehicle = s.next[vehicle]
        delay_s += s.loss_s[i]
    out[0] = delay_s
    out[1] = 1.0 if within > 0 and s.moved_s < end_s - STILL_S else 0.0
    out[2] = within
    out[3] = outside


cdef void read_plan(const Net* net, State* s, const int* phase_start, const int* phase_s, const int* phase_row,
                    const unsigned char* letters, Py_ssize_t n_letters, const int* signal_letters,
                    const int* offset_s, int begin_s) noexcept nogil:
    """Fill the tables of what each letter shows in each second of its cycle, and when it next opens."""
    cdef Py_ssize_t signal, phase
    cdef int second, letter, code, start = 0, cycle_s, row, seconds, ahead
    for signal in range(net.n_signals):
        cycle_s = 0
        for phase in range(phase_start[signal], phase_start[signal + 1]):
            cycle_s += phase_s[phase]
        s.cycle_s[signal] = cycle_s
        s.show_start[signal] = start
        s.shift_s[signal] = ((begin_s - offset_s[signal]) % cycle_s + cycle_s) % cycle_s
        for letter in range(signal_letters[signal]):
            row = start + letter * cycle_s
            second = 0
            for phase in range(phase_start[signal], phase_start[signal + 1]):
                code = letters[phase_row[phase] * n_letters + letter]
                for _ in range(phase_s[phase]):
                    s.show[row + second] = code
                    second += 1
            # Twice around: what follows the last second is the cycle's beginning.
            ahead = 0xffff
            for seconds in range(2 * cycle_s - 1, -1, -1):
                second = seconds % cycle_s
                code = s.show[row + second]
                if code != CLOSED:
                    ahead = 0
                elif ahead < 0xffff:
                    ahead += 1
                s.until[row + second] = ahead
        start += signal_letters[signal] * cycle_s


cdef void settle(const Net* net, double* pace_s, double* speed_up_s, double* late_s) noexcept nogil:
    """Fill the tables of how fast the places of a platoon cross each link."""
    cdef Py_ssize_t row
    cdef int place, steps
    cdef double speed, top, crossing, squared
    for row in range(2 * net.n_links):
        top = net.link_speed[row // 2] * net.top
        crossing = sooner(top, net.minor_speed) if row % 2 else top
        for place in range(POSITIONS):
            squared = net.first_speed * net.first_speed + 2.0 * net.accel * net.spacing_m * place
            speed = crossing if place == POSITIONS - 1 else sooner(crossing, sqrt(squared))
            speed_up_s[row * POSITIONS + place] = (top - speed) * (top - speed) / (2.0 * net.accel * top)
            # Between its predecessor's place and its own it was slower than it crosses.
            if place > 0:
                pace_s[row * POSITIONS + place] = 1.0 / sooner(crossing, sqrt(squared - net.accel * net.spacing_m))
            else:
                pace_s[row * POSITIONS] = 1.0 / speed
            # The distance in which it comes to rest, a step at a time, and the metre that it keeps from the line.
            steps = <int>(speed / BRAKING)
            late_s[row * POSITIONS + place] = net.yellow_s - net.step_s + (
                steps * (speed - 0.5 * BRAKING * (steps + 1)) + 1.0) / speed


cdef inline void* take(char** free_at, Py_ssize_t n, Py_ssize_t size) noexcept nogil:
    """Return the next part of a block, for `n` items."""
    cdef char* part = free_at[0]
    free_at[0] = part + (n * size + 7) // 8 * 8
    return part


cdef Py_ssize_t lay_out(State* s, char* block, const Net* net, Py_ssize_t n_vehicles, Py_ssize_t table) noexcept nogil:
    """Point the arrays of a state into a block of memory; returns how many bytes they take."""
    cdef char* at = block
    cdef Py_ssize_t n = net.n_lanes
    s.used_m = <double*>take(&at, n, sizeof(double))
    s.last_out_s = <double*>take(&at, n, sizeof(double))
    s.last_in_s = <double*>take(&at, n, sizeof(double))
    s.last_m = <double*>take(&at, n, sizeof(double))
    s.hole_s = <double*>take(&at, n, sizeof(double))
    s.loss_s = <double*>take(&at, n, sizeof(double))
    s.pending_s = <double*>take(&at, 2 * n, sizeof(double))
    s.crossed_s = <double*>take(&at, net.n_links, sizeof(double))
    s.spot_sum = <double*>take(&at, net.n_spots, sizeof(double))
    s.spot_mean = <double*>take(&at, net.n_spots, sizeof(double))
    s.spot_ring = <double*>take(&at, WINDOW * net.n_spots, sizeof(double))
    s.ready_s = <double*>take(&at, n_vehicles, sizeof(double))
    s.since_s = <double*>take(&at, n_vehicles, sizeof(double))
    s.head = <int*>take(&at, n, sizeof(int))
    s.tail = <int*>take(&at, n, sizeof(int))
    s.platoon = <int*>take(&at, n, sizeof(int))
    s.blocked = <int*>take(&at, n, sizeof(int))
    s.source_head = <int*>take(&at, n, sizeof(int))
    s.source_tail = <int*>take(&at, n, sizeof(int))
    s.waits_next = <int*>take(&at, 2 * n, sizeof(int))
    s.waiting = <int*>take(&at, 2 * n, sizeof(int))
    s.waits_head = <int*>take(&at, net.n_edges, sizeof(int))
    s.next = <int*>take(&at, n_vehicles, sizeof(int))
    s.link = <int*>take(&at, n_vehicles, sizeof(int))
    s.at = <int*>take(&at, n_vehicles, sizeof(int))
    s.bucket_head = <int*>take(&at, s.n_buckets, sizeof(int))
    s.bucket_tail = <int*>take(&at, s.n_buckets, sizeof(int))
    s.spot_count = <int*>take(&at, net.n_spots, sizeof(int))
    s.show_start = <int*>take(&at, net.n_signals, sizeof(int))
    s.shift_s = <int*>take(&at, net.n_signals, sizeof(int))
    s.cycle_s = <int*>take(&at, net.n_signals, sizeof(int))
    s.until = <unsigned short*>take(&at, table, sizeof(short))
    s.show = <unsigned char*>take(&at, table, sizeof(char))
    return at - block


cdef bint begin(State* s, const Net* net, Py_ssize_t n_vehicles, double end_s, Py_ssize_t table) noexcept nogil:
    """Give a state its memory; returns whether there was enough. `finish` frees it."""
    cdef int i
    s.n_buckets = <int>ceil(end_s)
    s.n_events = <int>(8 * net.n_lanes + 64)
    s.block = <char*>malloc(lay_out(s, NULL, net, n_vehicles, table))
    s.events = <Event*>malloc(s.n_events * sizeof(Event))
    if s.block == NULL or s.events == NULL:
        return False
    lay_out(s, s.block, net, n_vehicles, table)
    for i in range(s.n_events):
        s.events[i].next = i + 1
    s.events[s.n_events - 1].next = -1
    s.free_event = 0
    return True


cdef void finish(State* s) noexcept nogil:
    free(s.block)
    free(s.events)


cdef bint score_plan(const Net* net, const Demand* draws, Py_ssize_t n_draws, Py_ssize_t n_vehicles, double begin_s,
                     double end_s, double counted_s, Py_ssize_t table, const int* phase_start, const int* phase_s,
                     const int* phase_row, const unsigned char* letters, Py_ssize_t n_letters,
                     const int* signal_letters, const int* offset_s, double* out, double* loss) noexcept nogil:
    """Simulate one plan on every draw. OUT: out, and loss unless it is NULL. Returns whether there was memory."""
    cdef Py_ssize_t draw, lane
    cdef State state
    cdef State* s = &state
    if not begin(s, net, n_vehicles, end_s, table):
        finish(s)
        return False
    read_plan(net, s, phase_start, phase_s, phase_row, letters, n_letters, signal_letters, offset_s, <int>begin_s)
    for draw in range(n_draws):
        simulate(net, s, draws + draw, end_s, counted_s, out + 4 * draw)
        if loss != NULL:
            for lane in range(net.n_lanes):
                loss[draw * net.n_lanes + lane] = s.loss_s[lane]
    finish(s)
    return True


cdef inline const int* ints(const int[::1] values) noexcept nogil:
    return &values[0] if values.shape[0] else NULL


cdef inline const double* doubles(const double[::1] values) noexcept nogil:
    return &values[0] if values.shape[0] else NULL


def score(roads, demands, behaviour, programs, double begin_s, double end_s, double counted_s, int threads,
          double[:, :, ::1] out not None, double[:, :, ::1] loss):
    """Score plans; `kernels.screening.score` is the way in. OUT: out, and loss unless it is None."""
    cdef Net net
    cdef const double[::1] lane_length_m = roads.lane_length_m, lane_free_s = roads.lane_free_s
    cdef const double[::1] lane_storage_m = roads.lane_storage_m, link_cross_s = roads.link_cross_s
    cdef const double[::1] link_speed = roads.link_speed, link_gap_s = roads.link_gap_s
    cdef const double[::1] link_clear_s = roads.link_clear_s, link_roll_s = roads.link_roll_s
    cdef const int[::1] link_minor = roads.link_minor, lane_pocket = roads.lane_pocket
    cdef const double[::1] lane_clear_m = roads.lane_clear_m
    cdef const int[::1] lane_edge = roads.lane_edge, lane_place = roads.lane_place, link_lane = roads.link_lane
    cdef const int[::1] link_to = roads.link_to, link_signal = roads.link_signal, link_letter = roads.link_letter
    cdef const int[::1] link_pocket = roads.link_pocket, link_onward = roads.link_onward
    cdef const int[::1] foe_start = roads.foe_start, foe_link = roads.foe_link
    cdef const int[::1] signal_letters = roads.signal_letters, route_start = roads.route_start
    cdef const int[::1] step_start = roads.step_start
    cdef const int[:, ::1] options = roads.options
    cdef const int[::1] spot_start = roads.spot_start, way_start = roads.way_start, way_spot = roads.way_spot
    cdef const int[::1] choice_start = roads.choice_start, choice_route = roads.choice_route
    cdef const double[::1] spot_end_m = roads.spot_end_m, spot_length_m = roads.spot_length_m
    cdef const double[::1] spot_speed = roads.spot_speed, way_free_s = roads.way_free_s
    cdef vector[double] speeds
    cdef const int[::1] vehicle_start = demands.start, choice = demands.choice
    cdef const double[::1] due_s = demands.due_s, space_m = demands.space_m
    cdef const double[::1] speed_factor = demands.speed_factor, caution = demands.caution
    cdef const int[:, ::1] phase_start = programs.phase_start, offset_s = programs.offset_s
    cdef const int[::1] phase_s = programs.phase_s, phase_row = programs.phase_row
    cdef const unsigned char[:, ::1] letters = programs.letters
    cdef Py_ssize_t i, n_plans = offset_s.shape[0], n_draws = vehicle_start.shape[0] - 1, most = 0, n_speeds
    cdef Py_ssize_t table = programs.table, n_letters = letters.shape[1]
    cdef vector[Demand] draws
    cdef int n_failed = 0
    cdef double* losses = NULL
    cdef const int *all_phases, *all_rows, *all_letters
    cdef Py_ssize_t lane_losses = 0
    net.n_lanes, net.n_links = lane_length_m.shape[0], link_lane.shape[0]
    net.n_signals, net.n_edges = signal_letters.shape[0], roads.n_edges
    net.lane_length_m, net.lane_free_s = doubles(lane_length_m), doubles(lane_free_s)
    net.lane_storage_m = doubles(lane_storage_m)
    net.lane_edge, net.lane_place = ints(lane_edge), ints(lane_place)
    net.lane_pocket, net.lane_clear_m = ints(lane_pocket), doubles(lane_clear_m)
    net.link_lane, net.link_to, net.link_signal = ints(link_lane), ints(link_to), ints(link_signal)
    net.link_letter, net.link_pocket, net.link_onward = ints(link_letter), ints(link_pocket), ints(link_onward)
    net.link_cross_s, net.link_speed = doubles(link_cross_s), doubles(link_speed)
    net.link_gap_s, net.link_clear_s = doubles(link_gap_s), doubles(link_clear_s)
    net.link_roll_s, net.link_minor = doubles(link_roll_s), ints(link_minor)
    net.foe_start, net.foe_link = ints(foe_start), ints(foe_link)
    net.step_s, net.spacing_m = roads.step_s, roads.spacing_m
    net.tau_s, net.start_s, net.yellow_s = behaviour.tau_s, behaviour.start_s, behaviour.yellow_s
    net.accel, net.first_speed, net.merge_s = behaviour.accel, behaviour.first_speed, behaviour.merge_s
    net.sight_s, net.lane_bias_m, net.change_m = behaviour.sight_s, behaviour.lane_bias_m, behaviour.change_m
    net.impatience_s, net.insert_s, net.follow_s = behaviour.impatience_s, behaviour.insert_s, behaviour.follow_s
    net.cruise, net.top, net.minor_speed = behaviour.cruise, behaviour.top, behaviour.minor_speed
    net.wave = roads.spacing_m / behaviour.react_s
    draws.resize(n_draws)
    net.n_spots = spot_end_m.shape[0]
    net.spot_start, net.spot_end_m, net.spot_length_m = ints(spot_start), doubles(spot_end_m), doubles(spot_length_m)
    net.spot_speed, net.way_start, net.way_spot = doubles(spot_speed), ints(way_start), ints(way_spot)
    net.way_free_s, net.choice_start, net.choice_route = doubles(way_free_s), ints(choice_start), ints(choice_route)
    net.route_start, net.step_start, net.options = ints(route_start), ints(step_start), &options[0, 0]
    net.chosen = choice_route.shape[0] > choice_start.shape[0] - 1
    n_speeds = 2 * net.n_links * POSITIONS
    speeds.resize(3 * n_speeds)
    net.pace_s, net.speed_up_s, net.late_s = &speeds[0], &speeds[n_speeds], &speeds[2 * n_speeds]
    settle(&net, &speeds[0], &speeds[n_speeds], &speeds[2 * n_speeds])
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
