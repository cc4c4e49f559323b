"""C interface of the reading of a simulation's state, for the module that drives SUMO's C++ library."""

from libcpp.string cimport string
from libcpp.unordered_map cimport unordered_map

from kernels._scoring cimport Scorer


cdef class Reader:
    cdef unordered_map[string, int] lane_index, signal_index
    cdef list signal_ids

    cdef dict vehicles(self, unordered_map[string, int]& index, Scorer scorer)
