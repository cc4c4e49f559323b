"""The manual's formulas, one function for one value; Cython makes each a NumPy ufunc, so they broadcast over arrays.

Sources, units and valid ranges stand in `kernels.formulas`, which checks the ranges.
"""

cimport cython
from libc.math cimport exp, fmax, fmin, pow, sqrt


@cython.ufunc
cdef double progression_factor(double x, double green_ratio, double platoon_ratio) noexcept nogil:
    cdef double y = fmin(1.0, x) * green_ratio
    cdef double on_green = platoon_ratio * green_ratio
    return (
        (1.0 - on_green) / (1.0 - green_ratio)
        * (1.0 - y) / (1.0 - fmin(1.0, x) * on_green)
        * (1.0 + y * (1.0 - platoon_ratio) / (1.0 - green_ratio))
    )


@cython.ufunc
cdef double uniform_delay(double x, double green_ratio, double cycle_s, double factor) noexcept nogil:
    cdef double red_ratio = 1.0 - green_ratio
    return factor * 0.5 * cycle_s * red_ratio * red_ratio / (1.0 - fmin(1.0, x) * green_ratio)


@cython.ufunc
cdef double incremental_delay(double x, double capacity, double period_h, double k, double filtering) noexcept nogil:
    cdef double over = x - 1.0
    return 900.0 * period_h * (over + sqrt(over * over + 8.0 * k * filtering * x / (capacity * period_h)))


@cython.ufunc
cdef double actuated_factor(double x, double passage_s) noexcept nogil:
    cdef double least = fmax(
        0.04, -0.375 + 0.354 * passage_s - 0.0910 * passage_s * passage_s + 0.00889 * pow(passage_s, 3.0)
    )
    return fmin(0.5, fmax(least, (1.0 - 2.0 * least) * (x - 0.5) + least))


@cython.ufunc
cdef double filtering_factor(double upstream_x) noexcept nogil:
    return fmax(0.09, 1.0 - 0.91 * pow(upstream_x, 2.68))


@cython.ufunc
cdef double initial_queue_delay(double queue_veh, double flow, double capacity, double period_h) noexcept nogil:
    cdef double end_veh, standing_veh, lasts_h
    if queue_veh <= 0.0:
        return 0.0
    if flow >= capacity:
        standing_veh = period_h * (flow - capacity)
        lasts_h = period_h
    else:
        standing_veh = 0.0
        lasts_h = fmin(queue_veh / (capacity - flow), period_h)
    end_veh = queue_veh + lasts_h * (flow - capacity)
    return 3600.0 / (flow * period_h) * (
        lasts_h * (queue_veh + end_veh - standing_veh) / 2.0
        + (end_veh * end_veh - standing_veh * standing_veh) / (2.0 * capacity)
        - queue_veh * queue_veh / (2.0 * capacity)
    )


@cython.ufunc
cdef double speed_change_delay(double limit_mph) noexcept nogil:
    cdef double speed_mph = 0.9 * (25.6 + 0.47 * limit_mph)
    return pow(1.47 * (speed_mph - 5.0), 2.0) / (2.0 * 1.47 * speed_mph) * (1.0 / 3.5 + 1.0 / 4.0)


@cython.ufunc
cdef double uniform_queue(double flow, double capacity, double saturation, double green_s, double cycle_s,
                          double on_green, double change_s) noexcept nogil:
    cdef double x = flow / capacity
    cdef double s = saturation / 3600.0
    cdef double q = fmin(flow, capacity) / 3600.0
    cdef double red_s = cycle_s - green_s
    cdef double in_green = on_green * q * cycle_s / green_s
    cdef double in_red = (1.0 - on_green) * q * cycle_s / red_s
    cdef double served_s
    if change_s <= (1.0 - on_green) * green_s * x:
        served_s = q * cycle_s * (1.0 - on_green - on_green * change_s / green_s) / (
            s * (1.0 - fmin(1.0, x) * on_green)
        )
        return in_red * red_s + in_green * (served_s - change_s)
    served_s = q * cycle_s * (1.0 - on_green) * (red_s - change_s) / (
        s * (red_s - fmin(1.0, x) * (1.0 - on_green) * green_s)
    )
    return in_red * (red_s - change_s + served_s)


@cython.ufunc
cdef double percentile_factor(double z, double mean_veh, double x, double green_ratio, double filtering) noexcept nogil:
    cdef double factor
    if mean_veh <= 0.0:
        return 1.0
    factor = 1.0 + z * sqrt(filtering / mean_veh)
    if x >= 1.0 and z > 0.0:
        factor += 0.60 * pow(z, 0.24) * pow(green_ratio, 0.33) * (1.0 - exp(2.0 - 2.0 * x))
    return fmin(1.8, factor)


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
    cdef double delay = 0.5 * cycle_s * red_ratio * red_ratio / (1.0 - fmin(1.0, x) * green_ratio)
    cdef double least_x = 0.67 + saturation / 3600.0 * green_s / 600.0
    cdef double over = x - 1.0
    if x > least_x:
        delay += 900.0 * period_h * (over + sqrt(over * over + 12.0 * (x - least_x) / (capacity * period_h)))
    return delay


@cython.ufunc
cdef double robertson_smoothing(double travel_s, double friction, double share) noexcept nogil:
    return 1.0 / (1.0 + friction * share * travel_s)


@cython.ufunc
cdef double hcm_smoothing(double running_s, double step_s) noexcept nogil:
    return 1.0 / (1.0 + 0.138 * running_s + 0.315 / step_s)


def disperse(const double[::1] flow not None, Py_ssize_t lag, double smoothing, double[::1] out not None):
    """Smooth a platoon; OUT: `out`, as long as `flow`."""
    cdef Py_ssize_t i
    cdef double last = 0.0
    with nogil:
        for i in range(flow.shape[0]):
            last = smoothing * (flow[i - lag] if i >= lag else 0.0) + (1.0 - smoothing) * last
            out[i] = last


@cython.ufunc
cdef double yellow(double speed, double grade, double reaction_s, double deceleration, double gravity) noexcept nogil:
    return reaction_s + speed / (2.0 * deceleration + 2.0 * gravity * grade)


@cython.ufunc
cdef double all_red(double width, double length, double speed) noexcept nogil:
    return (width + length) / speed


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
    return sqrt(2.0 * (measured - counted) * (measured - counted) / both) if both > 0.0 else 0.0
