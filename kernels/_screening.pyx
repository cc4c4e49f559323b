"""The traffic model that screens plans: vehicles in queues, one queue a lane, moved by events.

`kernels._screening_inputs` holds what it reads; docs/screening.md says what the model does and why.
"""

from cython.parallel cimport prange
from libc.math cimport ceil
from libc.stdlib cimport free

from kernels._screening_inputs cimport POSITIONS, SLOWEST, Crossing, Demand, Inputs, Net, Programs, Step

cdef enum:
    SCANNED = 12            # vehicles of a stream that one who yields looks at
    SAMPLED = 60            # seconds between looks at the speeds by which trips are routed
    CLOSED = 0
    YIELD = 1               # green, but others go first
    GREEN = 2
    FREE = 0                # what the cells of a plan's table hold: green, ...
    YIELDS = 1              # ... green for those who yield, or more than that, by how long it stays closed
    FOREVER = 0xfffe
    LINE = 64               # bytes of a line of the cache

cdef extern from "<stdlib.h>" nogil:
    void* aligned_alloc(size_t alignment, size_t size)

cdef extern from *:
    """
    static const double NEVER = 1e30;
    static const double LONG_AGO = -1e6;
    static const double STILL_S = 300.0;
    static const double STARTING_S = 4.0;
    static const double ROLLING = 5.0;
    """
    # Variables of the module's own would be read from memory each time.
    const double NEVER, LONG_AGO
    const double STILL_S        # gridlock: nothing has moved for so long
    const double STARTING_S     # a lane that somebody left so short ago discharges ...
    const double ROLLING        # ... and moves like this, m/s


cdef inline double later(double a, double b) noexcept nogil:
    # The library's fmax heeds NaN and is a call.
    return a if a > b else b


cdef inline double sooner(double a, double b) noexcept nogil:
    return a if a < b else b


cdef inline double rounded_up(double a) noexcept nogil:
    # As ceil does for what is not negative, which is a call.
    cdef long long whole = <long long>a
    return <double>whole if whole >= a else <double>(whole + 1)


cdef inline void schedule(State* s, Slot* slot, double at_s) noexcept nogil:
    """Have a slot looked at, unless that is to happen anyway: nobody has reason to be earlier than what is known."""
    cdef Py_ssize_t second
    if slot.at_s < NEVER or at_s >= s.end_s:
        return
    second = <Py_ssize_t>at_s
    if second < s.now:
        second = s.now
    slot.at_s = at_s
    slot.next = NULL
    s.seconds[second].end[0] = slot
    s.seconds[second].end = &slot.next


cdef inline int shown(const Link* link, double at_s, double* opens_s) noexcept nogil:
    """Return what a link's signal shows at a time, and when it next opens."""
    cdef unsigned int whole_s, cell
    opens_s[0] = at_s
    if link.cells == NULL:
        return YIELD
    whole_s = <unsigned int>at_s
    cell = link.cells[(whole_s + <unsigned int>link.shift_s) % <unsigned int>link.cycle_s]
    if cell == FREE:
        return GREEN
    if cell == YIELDS:
        return YIELD
    opens_s[0] = <double>(whole_s + cell - 1)
    return CLOSED


cdef double give_way(const Net* net, const State* s, const Link* link, double at_s, bint standing,
                     double patience) noexcept nogil:
    """Return the first time from `at_s` on with no stream with priority in the way, or a time to look again."""
    cdef int n, show
    cdef Py_ssize_t i_link = link - s.links
    cdef const Foe* foe = s.foes + link.first_foe
    cdef const Foe* end = foe + link.n_foes
    cdef const Lane* lane
    cdef const Vehicle* other
    cdef double t = at_s, arrives_s, cursor_s, opens_s = 0.0
    # One who comes rolling needs less time than one who has to start.
    cdef double gap_s = patience * sooner(net.sight_s, net.link_gap_s[i_link] if standing else net.link_roll_s[i_link])
    while foe < end:
        t = later(t, foe.link.crossed_s + foe.clear_s)
        lane = foe.lane
        other = lane.line.head
        if other != NULL and not lane.blocked:
            show = shown(foe.link, t, &opens_s)
            if show != CLOSED or opens_s <= t + gap_s:
                cursor_s = later(lane.last_out_s + net.follow_s, opens_s)
                if lane.line.at_s < NEVER:
                    cursor_s = later(cursor_s, lane.line.at_s)
                n = 0
                while other != NULL and n < SCANNED:
                    arrives_s = later(other.ready_s, cursor_s)
                    if arrives_s >= t + gap_s:
                        break
                    if other.link == foe.link:
                        t = later(t, arrives_s + foe.clear_s)
                    elif n == 0 and foe.link.cells != NULL and other.link != NULL:
                        if shown(other.link, arrives_s, &opens_s) == CLOSED:
                            break
                    cursor_s = arrives_s + net.follow_s
                    other = other.next
                    n += 1
        foe += 1
    return t


cdef inline Lane* choose(const Net* net, State* s, const Step* step, const Lane* arrives_on,
                         Link** link) noexcept nogil:
    """Return the lane that a vehicle takes on a step, the emptiest of those that lead on, and its link from there.

    At the end of a route there is neither: NULL.
    """
    cdef Py_ssize_t i_lane = step.lane, i_link = step.link
    cdef const int* option
    cdef const int* end
    cdef const Lane* lane
    cdef double cost, least
    cdef int moves
    link[0] = NULL
    if i_lane < 0:
        return NULL
    if step.n_options > 1:
        least = NEVER
        option = net.options + 2 * step.first_option
        end = option + 2 * step.n_options
        while option < end:
            lane = s.lanes + option[0]
            cost = lane.used_m + lane.bias_m
            if arrives_on != NULL and arrives_on.edge == lane.edge:
                moves = lane.place - arrives_on.place
                cost += (moves if moves > 0 else -moves) * net.change_m
            if cost < least:
                least = cost
                i_lane, i_link = option[0], option[1]
            option += 2
    if i_link >= 0:
        link[0] = s.links + i_link
    return s.lanes + i_lane


cdef inline void join(State* s, Vehicle* v, Lane* lane, Link* link, double in_s, double ready_s) noexcept nogil:
    """Put a vehicle at the end of a lane."""
    v.next = NULL
    v.link = link
    v.ready_s = ready_s
    lane.used_m += v.space_m
    lane.last_in_s = in_s
    if lane.line.head == NULL:
        lane.line.head = v
        schedule(s, &lane.line, ready_s)
    else:
        lane.line.tail.next = v
    lane.line.tail = v


cdef inline void wake(State* s, Edge* edge, double at_s) noexcept nogil:
    """Tell those who wait for an edge that a place will be free at a time."""
    cdef Slot* slot = edge.waiting
    cdef Slot* onward
    edge.waiting = NULL
    while slot != NULL:
        onward = slot.next
        if slot == &slot.lane.line:
            # From now on those who yield have to reckon with it.
            slot.lane.blocked = 0
        schedule(s, slot, at_s)
        slot = onward


cdef inline void wait_for(Slot* slot, const Lane* target) noexcept nogil:
    """Put a slot that nobody looks at any more on the list of those that wait for a place on the target's edge."""
    slot.next = target.edge.waiting
    target.edge.waiting = slot


cdef inline bint full(const Lane* lane, const Vehicle* v) noexcept nogil:
    """Return whether a vehicle finds no room on a lane."""
    return lane.used_m + v.space_m > lane.storage_m and lane.used_m > 0.0


cdef inline void stand(Lane* own, double at_s) noexcept nogil:
    """Note that the head of a lane stands at the line."""
    own.foreseen = 0
    if own.since_s < 0.0:
        own.since_s = at_s


cdef inline double foresee(const Net* net, Lane* own, const Vehicle* v, double now_s) noexcept nogil:
    """Work out when the head of a lane can leave, at which place of a platoon and under what; returns when it opens."""
    cdef const Link* link = v.link
    cdef const Crossing* rows
    cdef const Crossing* row
    cdef bint standing = own.since_s >= 0.0
    # Since when it has stood at the line decides how it goes on.
    cdef double base_s = later(v.ready_s, now_s if standing else 0.0), seen_s, opens_s = 0.0
    own.foreseen = standing == 0
    if link == NULL:
        # The end of its route: nothing holds it but those ahead.
        own.next_show = GREEN
        own.next_s = later(base_s, own.last_out_s)
        own.next_follows = POSITIONS - 1
        own.next_up_s = 0.0
        return 0.0
    rows = link.crossings
    if link.minor and shown(link, later(base_s, own.last_out_s + 1.0), &opens_s) == YIELD:
        rows += POSITIONS
    if standing:
        # It stood at the line: it starts anew.
        row = rows
        own.next_s = later(base_s, own.last_out_s + 1.0)
        own.next_follows = 1
        seen_s = own.next_s - (net.start_s - 1e-6)
    else:
        row = rows + own.follows
        own.next_s = own.last_out_s + v.caution * (net.tau_s + own.last_m * row.pace_s)
        own.next_follows = own.follows + (own.follows < POSITIONS - 1)
        if own.next_s <= base_s:
            own.next_s = base_s
            row = rows + POSITIONS - 1
            own.next_follows = POSITIONS - 1
        # One who comes rolling obeys what showed when there was still room to stop.
        seen_s = own.next_s - row.late_s
    own.next_up_s = row.up_s
    own.next_show = <signed char>shown(link, later(seen_s, 0.0), &opens_s)
    return opens_s


cdef void bar(const Net* net, State* s, const Lane* lane, int by) noexcept nogil:
    """Put one more (or fewer) vehicle in the way of all that cross a pocket."""
    cdef Py_ssize_t i_lane = lane - s.lanes
    cdef int i
    for i in range(net.bar_start[i_lane], net.bar_start[i_lane + 1]):
        s.links[net.bar_link[i]].n_barred += <short>by


cdef inline void depart(const Net* net, State* s, Lane* own, Vehicle* v, double at_s, double counted_s) noexcept nogil:
    """Take the head off a lane."""
    own.line.head = v.next
    own.foreseen = 0
    own.since_s = -1.0
    if own.bars:
        own.bars = 0
        bar(net, s, own, -1)
    if own.used_m + net.spacing_m > own.storage_m:
        own.hole_s = at_s + own.climb_s
    # The clear metres of what is no pocket have no end.
    if own.used_m > own.clear_m:
        if own.used_m - v.space_m <= own.clear_m or v.next == NULL:
            own.owner.n_over -= 1
    own.used_m = own.used_m - v.space_m if v.next != NULL else 0.0
    own.follows = own.next_follows
    own.last_out_s = at_s
    own.last_m = v.space_m
    if v.due_s >= counted_s:
        own.loss_s += at_s - v.ready_s + own.next_up_s
    if own.edge.waiting != NULL:
        wake(s, own.edge, at_s + own.climb_s)


cdef inline bint held(const Net* net, State* s, Lane* own, const Vehicle* v, double until_s, double* at_s,
                      Lane** target, Link** onward) noexcept nogil:
    """Return whether something keeps the head of a lane from leaving at `at_s`, and have it looked at again if so.

    OUT: at_s, a bit later where it has to wait within this second; the lane that it goes to (NULL: none), and its link.
    """
    cdef const Link* link = v.link
    cdef Lane* other
    cdef double t = at_s[0], free_s, since_s
    cdef bint standing
    if own.next_show == YIELD and link.n_foes > 0:
        standing = own.since_s >= 0.0
        since_s = own.since_s if standing else t
        free_s = give_way(net, s, link, t, standing, later(0.0, 1.0 - (t - since_s) / net.impatience_s))
        if free_s > t:
            if free_s > t + 1.0:
                stand(own, t)
            if free_s >= until_s:
                schedule(s, &own.line, free_s)
                return True
            # Within this second: look again at once, as of then.
            t = free_s
            free_s = give_way(net, s, link, t, standing, 1.0)
            if free_s > t:
                schedule(s, &own.line, later(free_s, until_s))
                return True
    if link.n_barred > 0:
        # Nobody says when the way is free: look again in a second.
        stand(own, t)
        own.blocked = 1
        schedule(s, &own.line, until_s + 1.0)
        return True
    if link.onward != NULL:
        target[0], onward[0] = link.to, link.onward
    else:
        target[0] = choose(net, s, v.step + 1, link.to, onward)
    other = NULL
    if own.n_over > 0 or own.owner != NULL:
        other = own.pocket
        while other != NULL and (other == target[0] or other.used_m <= other.clear_m):
            other = other.pocket
    # Someone who waits within the junction has his rear in the way, or there is no room beyond it.
    if other == NULL and target[0] != NULL and full(target[0], v):
        other = target[0]
    if other != NULL:
        stand(own, t)
        own.blocked = 1
        if own.owner != NULL and not own.bars and other == target[0]:
            own.bars = 1
            bar(net, s, own, 1)
        wait_for(&own.line, other)
        return True
    if target[0] != NULL:
        free_s = later(target[0].hole_s, target[0].last_in_s + net.merge_s)
        if free_s > t:
            if free_s > t + 1.0:
                stand(own, t)
            if free_s >= until_s:
                schedule(s, &own.line, free_s)
                return True
            t = free_s
    at_s[0] = t
    return False


cdef inline void serve(const Net* net, State* s, Lane* own, double now_s, double until_s,
                       double counted_s) noexcept nogil:
    """Let vehicles leave a lane as long as they can before `until_s`."""
    cdef Vehicle* v = own.line.head
    cdef Lane* target
    cdef Link* link
    cdef Link* onward
    cdef double opens_s
    while v != NULL:
        own.blocked = 0
        if not own.foreseen:
            opens_s = foresee(net, own, v, now_s)
            if own.next_show == CLOSED:
                stand(own, own.next_s)
                schedule(s, &own.line, opens_s + net.start_s)
                return
        now_s = own.next_s
        if now_s >= until_s:
            schedule(s, &own.line, now_s)
            return
        link = v.link
        target = NULL
        if link != NULL:
            if held(net, s, own, v, until_s, &now_s, &target, &onward):
                return
            link.crossed_s = now_s
        depart(net, s, own, v, now_s, counted_s)
        if target != NULL:
            if link.onward == NULL:
                v.step += 1
            elif target.used_m <= target.clear_m < target.used_m + v.space_m:
                own.n_over += 1
            join(s, v, target, onward, now_s, now_s + own.next_up_s + (link.cross_s + target.free_s) / v.speed)
        else:
            v.next = s.spare
            s.spare = v
        v = own.line.head


cdef inline void admit(const Net* net, State* s, Slot* entry, double until_s, double counted_s) noexcept nogil:
    """Let vehicles that are due get in at the beginning of a lane as long as they can before `until_s`."""
    cdef Lane* own = entry.lane
    cdef Vehicle* v
    cdef double t, own_s
    while entry.head != NULL:
        v = entry.head
        own_s = v.space_m * own.free_s / later(net.lane_length_m[own - s.lanes], 1.0)
        t = later(later(v.due_s, own.last_in_s + net.insert_s + own_s), own.hole_s)
        t = rounded_up(t) if net.step_s == 1.0 else rounded_up(t / net.step_s) * net.step_s
        if t >= until_s:
            schedule(s, entry, t)
            return
        if full(own, v):
            wait_for(entry, own)
            return
        entry.head = v.next
        if v.due_s >= counted_s:
            own.loss_s += t - v.due_s
        join(s, v, own, v.link, t, t + own.free_s / v.speed)


cdef void watch(const Net* net, State* s, int look, double now_s) noexcept nogil:
    """Look at the speeds on the edges where they count, for the `look`-th time."""
    cdef Py_ssize_t i
    cdef const Lane* lane
    cdef const Vehicle* v
    cdef Spot* seen
    cdef int i_lane, spot, last, n_left = 0
    cdef double place_m, stands_m, speed, freely, rolls
    for i in range(net.n_watched):
        i_lane = net.watched[i]
        lane = s.lanes + i_lane
        v = lane.line.head
        if v == NULL:
            continue
        spot = net.spot_start[net.lane_edge[i_lane]]
        last = net.spot_start[net.lane_edge[i_lane] + 1] - 1
        stands_m = 0.0
        freely = net.lane_length_m[i_lane] / lane.free_s
        # A queue that discharges moves.
        rolls = ROLLING if now_s - lane.last_out_s < STARTING_S else 0.0
        while v != NULL:
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
            v = v.next
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


cdef inline int quickest(const Net* net, const State* s, int choice) noexcept nogil:
    """Return the route of a choice that takes least time by the speeds of the last minutes."""
    cdef int i, route, way, best = net.choice_route[net.choice_start[choice]]
    cdef double route_s, least = NEVER
    if net.choice_start[choice + 1] == net.choice_start[choice] + 1:
        return best
    for i in range(net.choice_start[choice], net.choice_start[choice + 1]):
        route = net.choice_route[i]
        if net.way_least_s[route] >= least:
            continue
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
    cdef Lane* lane
    for i in range(net.n_lanes):
        lane = s.lanes + i
        lane.line.at_s = s.entries[i].at_s = NEVER
        lane.line.head = s.entries[i].head = NULL
        lane.used_m = lane.loss_s = 0.0
        lane.last_out_s = lane.last_in_s = lane.hole_s = LONG_AGO
        lane.last_m = net.spacing_m
        lane.since_s = -1.0
        lane.n_over = 0
        lane.follows = POSITIONS - 1
        lane.foreseen = lane.blocked = lane.bars = 0
    for i in range(net.n_links):
        s.links[i].crossed_s = LONG_AGO
        s.links[i].n_barred = 0
    for i in range(net.n_edges):
        s.edges[i].waiting = NULL
    for i in range(s.n_seconds):
        s.seconds[i].first = NULL
        s.seconds[i].end = &s.seconds[i].first
    for i in range(net.n_spots):
        s.spots[i].sum = 0.0
        s.spots[i].count = s.spots[i].stirred = 0
        s.spots[i].mean = net.spot_speed[i]
        s.pass_s[i] = net.spot_length_m[i] / later(net.spot_speed[i], SLOWEST)
        for sample in range(WINDOW):
            s.spots[i].samples[sample] = net.spot_speed[i]
    s.spare = NULL
    s.n_vehicles = s.n_stirred = 0


cdef inline void appear(const Net* net, State* s, const Demand* d, Py_ssize_t coming) noexcept nogil:
    """Let a vehicle of the demand queue up at the beginning of its route."""
    cdef Vehicle* v = s.spare
    cdef Slot* entry
    if v == NULL:
        v = s.vehicles + s.n_vehicles
        s.n_vehicles += 1
    else:
        s.spare = v.next
    v.step = net.steps + net.route_start[quickest(net, s, d.choice[coming])]
    entry = s.entries + (choose(net, s, v.step, NULL, &v.link) - s.lanes)
    v.due_s = d.due_s[coming]
    v.space_m = d.space_m[coming]
    v.caution = d.caution[coming]
    v.speed = d.speed_factor[coming] * net.cruise
    v.next = NULL
    if entry.head == NULL:
        entry.head = v
        schedule(s, entry, v.due_s)
    else:
        entry.tail.next = v
    entry.tail = v


cdef void simulate(const Net* net, State* s, const Demand* d, double end_s, double counted_s,
                   double* out) noexcept nogil:
    """Simulate one plan on one demand. OUT: delay sum, s; gridlocked; vehicles left within; vehicles never in."""
    cdef Py_ssize_t i, coming = 0
    cdef int now, looks = 0, within = 0, outside = 0
    cdef Second* second
    cdef Slot* slot
    cdef Lane* lane
    cdef const Vehicle* v
    cdef double until_s, at_s, due_s = d.due_s[0] if d.n_vehicles > 0 else NEVER, moved_s = 0.0, delay_s = 0.0
    clear(net, s)
    for now in range(s.n_seconds):
        s.now = now
        if net.chosen and now == looks * SAMPLED:
            watch(net, s, looks, <double>now)
            looks += 1
        until_s = sooner(now + 1.0, end_s)
        while due_s < until_s:
            appear(net, s, d, coming)
            coming += 1
            due_s = d.due_s[coming] if coming < d.n_vehicles else NEVER
        second = s.seconds + now
        while second.first != NULL:
            slot = second.first
            second.first = slot.next
            second.end = &second.first if slot.next == NULL else second.end
            at_s = slot.at_s
            slot.at_s = NEVER
            if slot == &slot.lane.line:
                serve(net, s, slot.lane, at_s, until_s, counted_s)
            else:
                admit(net, s, slot, until_s, counted_s)
    # Those still there have lost what they stand beyond their free-flow time.
    for i in range(net.n_lanes):
        lane = s.lanes + i
        moved_s = later(moved_s, later(lane.last_in_s, lane.last_out_s))
        v = lane.line.head
        while v != NULL:
            within += 1
            if v.ready_s < end_s and v.due_s >= counted_s:
                lane.loss_s += end_s - v.ready_s
            v = v.next
        v = s.entries[i].head
        while v != NULL:
            outside += 1
            if v.due_s >= counted_s:
                lane.loss_s += end_s - v.due_s
            v = v.next
        delay_s += lane.loss_s
    out[0] = delay_s
    out[1] = 1.0 if within > 0 and moved_s < end_s - STILL_S else 0.0
    out[2] = within
    out[3] = outside


cdef void build(const Net* net, State* s) noexcept nogil:
    """Fill in what stays as it is: of every lane, link and conflict."""
    cdef Py_ssize_t i
    cdef Lane* lane
    cdef Link* link
    for i in range(net.n_lanes):
        lane = s.lanes + i
        lane.line.lane = s.entries[i].lane = lane
        lane.storage_m, lane.free_s = net.lane_storage_m[i], net.lane_free_s[i]
        lane.climb_s, lane.bias_m = net.lane_length_m[i] / net.wave, net.lane_bias_m * net.lane_place[i]
        lane.edge, lane.place = s.edges + net.lane_edge[i], <short>net.lane_place[i]
        lane.pocket = s.lanes + net.lane_pocket[i] if net.lane_pocket[i] >= 0 else NULL
        lane.owner = NULL
        lane.clear_m = NEVER
    for i in range(net.n_links):
        link = s.links + i
        link.to = s.lanes + net.link_to[i]
        link.onward = NULL
        if net.link_pocket[i] >= 0:
            link.to, link.onward = s.lanes + net.link_pocket[i], s.links + net.link_onward[i]
            link.to.owner, link.to.clear_m = s.lanes + net.link_lane[i], net.lane_clear_m[net.link_pocket[i]]
        link.cross_s, link.minor = net.link_cross_s[i], net.link_minor[i] != 0
        link.crossings = net.crossings + net.link_speeds[i]
        link.first_foe, link.n_foes = net.foe_start[i], <short>(net.foe_start[i + 1] - net.foe_start[i])
        link.cells = NULL
    for i in range(net.n_foes):
        s.foes[i].link = s.links + net.foe_link[i]
        s.foes[i].lane = s.lanes + net.link_lane[net.foe_link[i]]
        s.foes[i].clear_s = net.link_clear_s[net.foe_link[i]]


cdef void show(const Net* net, State* s, const Programs* programs, Py_ssize_t plan, int begin_s) noexcept nogil:
    """Fill the table of what each letter shows in each second of its cycle, and tell the links where it is."""
    cdef const int* phase_start = programs.phase_start + plan * (net.n_signals + 1)
    cdef const int* offset_s = programs.offset_s + plan * net.n_signals
    cdef const unsigned char* codes
    cdef Py_ssize_t signal, phase, i
    cdef int letter, cycle_s, ahead, start = 0
    cdef unsigned short* cell
    for signal in range(net.n_signals):
        cycle_s = 0
        for phase in range(phase_start[signal], phase_start[signal + 1]):
            cycle_s += programs.phase_s[phase]
        s.cycles_s[signal] = cycle_s
        s.starts[signal] = start
        s.shifts_s[signal] = ((begin_s - offset_s[signal]) % cycle_s + cycle_s) % cycle_s
        for letter in range(programs.signal_letters[signal]):
            codes = programs.letters + letter
            # What follows the last second is the cycle's beginning.
            ahead = 0
            for phase in range(phase_start[signal], phase_start[signal + 1]):
                if codes[programs.phase_row[phase] * programs.n_letters] != CLOSED and programs.phase_s[phase] > 0:
                    break
                ahead += programs.phase_s[phase]
            else:
                ahead = FOREVER
            start += cycle_s
            cell = s.cells + start
            for phase in range(phase_start[signal + 1] - 1, phase_start[signal] - 1, -1):
                code = codes[programs.phase_row[phase] * programs.n_letters]
                for _ in range(programs.phase_s[phase]):
                    ahead = 0 if code != CLOSED else ahead + 1 if ahead < FOREVER else FOREVER
                    cell -= 1
                    cell[0] = FREE if code == GREEN else YIELDS if code == YIELD else 1 + ahead
    for i in range(net.n_links):
        signal = net.link_signal[i]
        if signal >= 0:
            s.links[i].cycle_s = <unsigned short>s.cycles_s[signal]
            s.links[i].shift_s = <unsigned short>s.shifts_s[signal]
            s.links[i].cells = s.cells + s.starts[signal] + net.link_letter[i] * s.cycles_s[signal]


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
    s.entries = <Slot*>take(&at, net.n_lanes, sizeof(Slot))
    s.edges = <Edge*>take(&at, net.n_edges, sizeof(Edge))
    s.foes = <Foe*>take(&at, net.n_foes, sizeof(Foe))
    s.seconds = <Second*>take(&at, s.n_seconds, sizeof(Second))
    s.spots = <Spot*>take(&at, net.n_spots, sizeof(Spot))
    s.pass_s = <double*>take(&at, net.n_spots, sizeof(double))
    s.stirred = <int*>take(&at, net.n_spots, sizeof(int))
    s.starts = <int*>take(&at, net.n_signals, sizeof(int))
    s.shifts_s = <int*>take(&at, net.n_signals, sizeof(int))
    s.cycles_s = <int*>take(&at, net.n_signals, sizeof(int))
    s.cells = <unsigned short*>take(&at, table, sizeof(short))
    return at - block


cdef bint score_plan(const Net* net, const Programs* programs, Py_ssize_t plan, const Demand* draws, Py_ssize_t n_draws,
                     Py_ssize_t n_vehicles, double begin_s, double end_s, double counted_s, double* out,
                     double* loss) noexcept nogil:
    """Simulate one plan on every draw. OUT: out, and loss unless it is NULL. Returns whether there was memory."""
    cdef Py_ssize_t draw, lane
    cdef char* block
    cdef State state
    cdef State* s = &state
    s.n_seconds, s.end_s = <int>ceil(end_s), end_s
    # All that a simulation will ever need: a slot is in one list at most, a vehicle in one place.
    block = <char*>aligned_alloc(LINE, lay_out(s, NULL, net, n_vehicles, programs.table))
    if block == NULL:
        return False
    lay_out(s, block, net, n_vehicles, programs.table)
    build(net, s)
    show(net, s, programs, plan, <int>begin_s)
    for draw in range(n_draws):
        simulate(net, s, draws + draw, end_s, counted_s, out + 4 * draw)
        if loss != NULL:
            for lane in range(net.n_lanes):
                loss[draw * net.n_lanes + lane] = s.lanes[lane].loss_s
    free(block)
    return True


def score(Inputs inputs not None, double begin_s, double end_s, double counted_s, int threads,
          double[:, :, ::1] out not None, double[:, :, ::1] loss):
    """Score plans; `kernels.screening.score` is the way in. OUT: out, and loss unless it is None."""
    cdef const Net* net = &inputs.net
    cdef const Programs* programs = &inputs.programs
    cdef const Demand* draws = inputs.draws.data()
    cdef Py_ssize_t i, n_plans = inputs.n_plans, n_draws = inputs.draws.size(), n_vehicles = inputs.n_vehicles
    cdef Py_ssize_t n_losses = n_draws * net.n_lanes
    cdef double* losses = &loss[0, 0, 0] if loss is not None else NULL
    cdef int n_failed = 0
    for i in prange(n_plans, nogil=True, num_threads=threads, schedule="dynamic"):
        n_failed += not score_plan(
            net, programs, i, draws, n_draws, n_vehicles, begin_s, end_s, counted_s, &out[i, 0, 0],
            losses + i * n_losses if losses != NULL else NULL)
    if n_failed:
        raise MemoryError(f"no memory for {n_failed} of {n_plans} plans")
