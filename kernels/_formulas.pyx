"""The manual's formulas, one function for one value; Cython makes each a NumPy ufunc, so they broadcast over arrays.

Sources, units and valid ranges stand in `kernels.formulas`, which checks the ranges. Formulas that are a power, an
exponential or a single quotient are there as well, in NumPy: its own loops are written for the processor at hand.

The compiler may work out both sides of a condition and keep one (setup.py), so the processor's exception flags, which
NumPy warns by, say nothing: `kernels.formulas` calls these functions without them.
"""

cimport cython
from libc.math cimport exp, sqrt


@cython.ufunc
cdef double progression_factor(double x, double green_ratio, double platoon_ratio) noexcept nogil:
    cdef double y = min(1.0, x) * green_ratio
    cdef double on_green = platoon_ratio * green_ratio
    return (
        (1.0 - on_green) / (1.0 - green_ratio)
        * (1.0 - y) / (1.0 - min(1.0, x) * on_green)
        * (1.0 + y * (1.0 - platoon_ratio) / (1.0 - green_ratio))
    )


@cython.ufunc
cdef double uniform_delay(double x, double green_ratio, double cycle_s, double factor) noexcept nogil:
    cdef double red_ratio = 1.0 - green_ratio
    return factor * 0.5 * cycle_s * red_ratio * red_ratio / (1.0 - min(1.0, x) * green_ratio)


@cython.ufunc
cdef double incremental_delay(double x, double capacity, double period_h, double k, double filtering) noexcept nogil:
    cdef double over = x - 1.0
    return 900.0 * period_h * (over + sqrt(over * over + 8.0 * k * filtering * x / (capacity * period_h)))


@cython.ufunc
cdef double actuated_factor(double x, double passage_s) noexcept nogil:
    cdef double least = max(
        0.04, -0.375 + 0.354 * passage_s - 0.0910 * passage_s * passage_s + 0.00889 * passage_s * passage_s * passage_s
    )
    return min(0.5, max(least, (1.0 - 2.0 * least) * (x - 0.5) + least))


cdef inline double queue_lasts_h(double queue_veh, double flow, double capacity, double period_h) noexcept nogil:
    """Return for how much of a period a queue from before it is not served, hours."""
    return min(queue_veh / max(capacity - flow, 1e-12), period_h)


@cython.ufunc
cdef double initial_queue_delay(double queue_veh, double flow, double capacity, double period_h) noexcept nogil:
    cdef double end_veh, standing_veh, lasts_h
    if queue_veh <= 0.0:
        return 0.0
    standing_veh = period_h * max(0.0, flow - capacity)
    lasts_h = queue_lasts_h(queue_veh, flow, capacity, period_h)
    end_veh = queue_veh + lasts_h * (flow - capacity)
    return 3600.0 / (flow * period_h) * (
        lasts_h * (queue_veh + end_veh - standing_veh) / 2.0
        + (end_veh * end_veh - standing_veh * standing_veh) / (2.0 * capacity)
        - queue_veh * queue_veh / (2.0 * capacity)
    )


@cython.ufunc
cdef double speed_change_delay(double limit_mph) noexcept nogil:
    cdef double speed_mph = 0.9 * (25.6 + 0.47 * limit_mph)
    cdef double change = 1.47 * (speed_mph - 5.0)
    return change * change / (2.0 * 1.47 * speed_mph) * (1.0 / 3.5 + 1.0 / 4.0)


@cython.ufunc
cdef double uniform_queue(double flow, double capacity, double saturation, double green_s, double cycle_s,
                          double on_green, double change_s) noexcept nogil:
    cdef double x = flow / capacity
    cdef double s = saturation / 3600.0
    cdef double q = min(flow, capacity) / 3600.0
    cdef double red_s = cycle_s - green_s
    cdef double in_green = on_green * q * cycle_s / green_s
    cdef double in_red = (1.0 - on_green) * q * cycle_s / red_s
    cdef bint in_time = change_s <= (1.0 - on_green) * green_s * x
    cdef double served_s = (
        q * cycle_s * (1.0 - on_green - on_green * change_s / green_s)
        if in_time else q * cycle_s * (1.0 - on_green) * (red_s - change_s)
    ) / (
        s * (1.0 - min(1.0, x) * on_green) if in_time else s * (red_s - min(1.0, x) * (1.0 - on_green) * green_s)
    )
    return in_red * red_s + in_green * (served_s - change_s) if in_time else in_red * (red_s - change_s + served_s)


@cython.ufunc
cdef double webster_cycle(double flow_ratio, double lost_s) noexcept nogil:
    return (1.5 * lost_s + 5.0) / (1.0 - flow_ratio)


@cython.ufunc
cdef double shortest_cycle(double flow_ratio, double lost_s, double critical_x) noexcept nogil:
    return lost_s * critical_x / (critical_x - flow_ratio)


@cython.ufunc
cdef double queueing_delay(double flow, double saturation, double green_ratio, double cycle_s) noexcept nogil:
    cdef double red_ratio = 1.0 - green_ratio
    return 0.5 * cycle_s * red_ratio * red_ratio / (1.0 - flow / saturation)


@cython.ufunc
cdef double random_delay(double flow, double saturation, double green_ratio, double cycle_s) noexcept nogil:
    cdef double x = flow / (saturation * green_ratio)
    cdef double red_ratio = 1.0 - green_ratio
    return 0.5 * cycle_s * red_ratio * red_ratio / (1.0 - green_ratio * x) + 1800.0 * x * x / (flow * (1.0 - x))


@cython.ufunc
cdef double akcelik_delay(double x, double saturation, double green_s, double cycle_s, double period_h) noexcept nogil:
    cdef double green_ratio = green_s / cycle_s
    cdef double capacity = saturation * green_ratio
    cdef double red_ratio = 1.0 - green_ratio
    cdef double delay = 0.5 * cycle_s * red_ratio * red_ratio / (1.0 - min(1.0, x) * green_ratio)
    cdef double least_x = 0.67 + saturation / 3600.0 * green_s / 600.0
    cdef double over = x - 1.0
    cdef double root = sqrt(over * over + 12.0 * max(0.0, x - least_x) / (capacity * period_h))
    return delay + 900.0 * period_h * (over + root) if x > least_x else delay


def disperse(const double[::1] flow not None, Py_ssize_t lag, double smoothing, double[::1] out not None):
    """Smooth a platoon; OUT: `out`, as long as `flow`."""
    cdef Py_ssize_t i
    cdef double last = 0.0
    with nogil:
        for i in range(flow.shape[0]):
            last = smoothing * (flow[i - lag] if i >= lag else 0.0) + (1.0 - smoothing) * last
            out[i] = last


@cython.ufunc
cdef long service_level(double delay_s, double x) noexcept nogil:
    if x > 1.0 or delay_s > 80.0:
        return 5
    if delay_s > 55.0:
        return 4
    if delay_s > 35.0:
        return 3
    if delay_s > 20.0:
        return 2
    return delay_s > 10.0


@cython.ufunc
cdef double geh(double measured, double counted) noexcept nogil:
    cdef double both = measured + counted
    # No branch, so that two values are computed at a time: no traffic at all gives 0 over 1.
    return sqrt(2.0 * (measured - counted) * (measured - counted) / (both if both > 0.0 else 1.0))


@cython.ufunc
cdef double heavy_grade_factor(double heavy, double grade) noexcept nogil:
    # In per cent, as the manual's coefficients are.
    if grade < 0.0:
        return 1.0 - 0.79 * heavy - 2.07 * grade
    return 1.0 - 0.78 * heavy - 31.0 * grade * grade


@cython.ufunc
cdef double lane_width_factor(double width_m) noexcept nogil:
    cdef double width_ft = width_m / 0.3048
    if width_ft < 10.0:
        return 0.96
    return 1.04 if width_ft > 12.9 else 1.0


@cython.ufunc
cdef double mixed_flow_factor(double share, double equivalent, double other, double other_equivalent) noexcept nogil:
    return 1.0 / (1.0 + share * (equivalent - 1.0) + other * (other_equivalent - 1.0))


cdef inline double walk_occupancy(double pedestrians, double walk_s, double cycle_s) noexcept nogil:
    """Return the share of the service time for which pedestrians are in the conflict zone (HCM eq. 31-74 to 31-76)."""
    cdef double flow = min(5000.0, pedestrians * cycle_s / walk_s)
    # The two lines meet at 1000 p/h, and the lower one holds on either side.
    cdef double occupancy = min(min(flow / 2000.0, 0.4 + flow / 10000.0), 0.90)
    return occupancy if walk_s > 0.0 else 0.0


@cython.ufunc
cdef double right_walk_factor(double pedestrians, double green_s, double walk_s, double cycle_s,
                              double free_exit) noexcept nogil:
    cdef double occupied = walk_s / green_s * walk_occupancy(pedestrians, walk_s, cycle_s)
    return 1.0 - (0.6 if free_exit else 1.0) * occupied


@cython.ufunc
cdef double left_walk_factor(double pedestrians, double opposing, double green_s, double blocked_s, double walk_s,
                             double cycle_s, double free_exit) noexcept nogil:
    cdef double occupied
    if blocked_s >= walk_s or blocked_s >= green_s:  # an exponential is no work to do in vain, so this stays a branch
        return 1.0
    occupied = walk_occupancy(pedestrians, walk_s, cycle_s) * (1.0 - 0.5 * blocked_s / walk_s)
    occupied *= (walk_s - blocked_s) / (green_s - blocked_s) * exp(-5.0 * opposing / 3600.0)
    return 1.0 - (0.6 if free_exit else 1.0) * min(1.0, occupied)


@cython.ufunc
cdef double standing_queue(double queue_veh, double flow, double capacity, double period_h) noexcept nogil:
    cdef double end_veh, standing_veh, lasts_h
    if queue_veh <= 0.0:
        return 0.0
    standing_veh = period_h * max(0.0, flow - capacity)
    lasts_h = queue_lasts_h(queue_veh, flow, capacity, period_h)
    end_veh = queue_veh + lasts_h * (flow - capacity)
    return lasts_h * (queue_veh + end_veh - standing_veh) / (2.0 * period_h)


def accumulate(
    const double[::1] seconds not None,
    const double[::1] arrivals not None,
    const double[::1] departures not None,
    double[::1] queued_s not None,
):
    """Run one cycle's queue to its steady state; OUT: `queued_s`. Returns (vehicle-seconds, back of queue)."""
    cdef Py_ssize_t i, n_intervals = seconds.shape[0]
    cdef int _lap
    cdef double queue = 0.0, area = 0.0, back = 0.0, reach = 0.0, growth, lasts, after
    with nogil:
        # A queue below capacity is empty at some time of every cycle: the second lap already repeats the third.
        for _lap in range(3):
            area = back = 0.0
            for i in range(n_intervals):
                growth = arrivals[i] - departures[i]
                lasts = seconds[i]
                after = queue + growth * lasts
                if after < 0.0:
                    lasts = queue / -growth
                    after = 0.0
                # The rear of the queue stays where it is while the front departs, and moves on while vehicles join.
                if departures[i] <= 0.0 or queue <= 0.0:
                    reach = queue
                if queue > 0.0 or after > 0.0:
                    reach += arrivals[i] * lasts
                back = max(back, reach)
                area += 0.5 * (queue + after) * lasts
                queued_s[i] = lasts if queue > 0.0 or growth > 0.0 else 0.0
                queue = after
    return area, back
