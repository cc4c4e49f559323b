"""Loops over the events of a signal controller, one phase at a time; `kernels.events` prepares and checks them."""

from libc.stdint cimport int64_t

cpdef enum:
    GREEN = 1
    YELLOW = 8
    RED = 10
    JUDGED = 11  # the end of the first seconds of red; put in by us
    OFF = 81
    ON = 82


def arrivals(const int64_t[::1] codes not None, const Py_ssize_t[::1] bins not None,
             int64_t[::1] came not None, int64_t[::1] on_green not None):
    """Count detector events by bin, and those during green. OUT: `came` and `on_green`, shape (n_bins,)."""
    cdef Py_ssize_t i
    cdef int64_t code, state = 0
    with nogil:
        for i in range(codes.shape[0]):
            code = codes[i]
            if code == GREEN:
                state = GREEN
            elif code == ON:
                came[bins[i]] += 1
                on_green[bins[i]] += state == GREEN
            elif code < OFF and code > state:
                state = code


def occupancies(const int64_t[::1] times not None, const int64_t[::1] codes not None,
                int64_t[:, ::1] rows not None):
    """Sum occupied and free time of each whole cycle.

    OUT: `rows`, shape (n_greens, 4): green occupied, green free, early red occupied, end of the early red; all in the
    unit of `times`. Returns how many rows were filled: cycles without exactly one yellow and one judged red, or with
    a detector whose state is not known yet, are left out.
    """
    cdef Py_ssize_t i, n_rows = 0
    cdef Py_ssize_t n = codes.shape[0]
    cdef int64_t code, state = 0, lasts
    cdef int64_t green_on = 0, green_off = 0, red_on = 0, judged_at = 0
    cdef int yellows = 0, judged = 0, occupied = -1
    cdef bint known = True, begun = False
    with nogil:
        for i in range(n + 1):
            # The end of the log closes the last cycle as a green would.
            code = codes[i] if i < n else GREEN
            if code == GREEN:
                if begun and known and yellows == 1 and judged == 1:
                    rows[n_rows, 0] = green_on
                    rows[n_rows, 1] = green_off
                    rows[n_rows, 2] = red_on
                    rows[n_rows, 3] = judged_at
                    n_rows += 1
                begun = True
                state = GREEN
                green_on = green_off = red_on = 0
                yellows = judged = 0
                known = occupied >= 0
            elif code == ON or code == OFF:
                occupied = code == ON
            elif code > state:
                state = code
            if code == YELLOW:
                yellows += 1
            elif code == JUDGED:
                judged += 1
                judged_at = times[i]
            if i + 1 < n:
                lasts = times[i + 1] - times[i]
                if state == GREEN:
                    if occupied == 1:
                        green_on += lasts
                    else:
                        green_off += lasts
                elif state == RED and occupied == 1:
                    red_on += lasts
    return n_rows
