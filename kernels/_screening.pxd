"""What moves in the screening model: lanes with their queues, links between them, and vehicles."""

from kernels._screening_inputs cimport Crossing, Step

cdef enum:
    WINDOW = 3                  # looks at speeds that count: three minutes, as in SUMO

ctypedef signed char bint_t

cdef struct Lane
cdef struct Link


cdef struct Vehicle:
    # One line of the cache.
    double ready_s              # when it could cross the line if nothing held it
    double due_s
    double space_m
    double caution              # factor of the driver's headway
    double speed                # over the limit
    Vehicle* next
    Link* link                  # by which it leaves its lane; NULL: there its route ends
    const Step* step            # of its route


cdef struct Slot:
    # A lane, or its beginning: who waits there, and when somebody looks.
    double at_s                 # when it is looked at again; NEVER: when it is told to
    Vehicle* head
    Vehicle* tail
    Slot* next                  # in its list: that of a second, or of those that wait for the same edge
    Lane* lane


cdef struct Edge:
    Slot* waiting               # the first of those that wait for a place on it


cdef struct Lane:
    # What changes lies beside what does not. Three lines of the cache: ...
    Slot line
    double used_m               # taken up by its vehicles
    double storage_m
    double last_in_s
    # ... the first two hold what those who come from elsewhere look at, ...
    double last_out_s
    double hole_s               # a full lane's free place reaches its upstream end
    double free_s
    double bias_m               # by how much longer it looks to those who choose
    double clear_m              # of a pocket: what may stand in it without blocking its owner; of others no limit
    Edge* edge
    int n_over                  # how many of a lane's pockets are so full that their last vehicle stands in its way
    short place                 # from the right
    signed char follows         # the place in the platoon of one who follows who left last, ...
    signed char next_follows    # ... or the head
    signed char next_show       # what shows for the head
    bint_t foreseen             # whether all that is known of the head, and holds until it stands
    bint_t blocked              # the head cannot leave for want of space
    bint_t bars                 # of a pocket: its head finds no room beyond the junction and stands in others' way
    # ... the last what matters to the lane itself.
    double climb_s              # how long a free place takes to its upstream end
    double last_m               # space of the vehicle that left last
    double since_s              # since when the head has stood at the line; -1: it has not
    double next_s               # when the head can leave, ...
    double next_up_s            # ... and what it loses beyond the line
    double loss_s
    Lane* pocket                # the first pocket behind a lane's line, or the next one of the same lane; NULL: none
    Lane* owner                 # of a pocket: the lane before it; NULL: it is none


cdef struct Foe:
    # A link with priority over another.
    Link* link
    Lane* lane                  # from which it comes
    double clear_s


cdef struct Link:
    # One line of the cache.
    double crossed_s            # when a vehicle last did
    double cross_s
    Lane* to
    Link* onward                # the link out of that lane where it is a pocket; NULL: it is none
    const Crossing* crossings
    const unsigned short* cells     # what its letter shows, by second of the cycle; NULL: no signal
    unsigned short cycle_s
    unsigned short shift_s
    int first_foe
    short n_foes
    short n_barred              # vehicles that stand across its way within the junction
    bint_t minor                # whether it yields where its signal, if any, does not say otherwise


cdef struct Spot:
    double sum
    double mean                 # over the window
    double[WINDOW] samples
    int count
    int stirred                 # looks until all samples are those of an empty edge again; 0: they are


cdef struct Second:
    # The slots that are to be looked at in it.
    Slot* first
    Slot** end                  # where the next one is to be hung in


cdef struct State:
    Lane* lanes
    Slot* entries               # by lane: those who want to get in
    Edge* edges
    Link* links
    Foe* foes
    Vehicle* vehicles           # those under way: places of those that have arrived are used again
    Vehicle* spare              # the first place of a vehicle that has arrived; NULL: none
    Second* seconds
    Spot* spots
    int* stirred                # the spots whose speeds differ from those of an empty edge
    double* pass_s              # by spot: time over the edge at the speeds of the last minutes
    unsigned short* cells       # by signal, letter and second of the cycle: FREE, YIELDS, or 1 + seconds until it opens
    int* starts                 # by signal: where its letters are
    int* shifts_s
    int* cycles_s
    int n_stirred
    int n_vehicles              # places that were ever used
    int n_seconds
    double end_s                # within the last second
    int now                     # the second that is looked at
