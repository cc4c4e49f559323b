"""C interface of the reading of persons, for the module that drives SUMO's C++ library."""

from libcpp.map cimport map
from libcpp.string cimport string
from libcpp.unordered_map cimport unordered_map
from libcpp.vector cimport vector

from kernels._walking cimport Walkers


cdef class Persons:
    cdef Walkers walkers
    cdef unordered_map[string, int] crossing_of
    cdef map[string, int] index
    # By the index of a person: its stages left, whether it walks, how long that walk is, and the step it was seen in.
    cdef vector[int] stages_left, walks
    cdef vector[double] length_m
    cdef vector[long] seen_in
    cdef long n_steps

    cdef int step(self, double now_s) except -1 nogil
    cdef int _look(self, const string& person, int i_person) except -1 nogil
    cdef int _forget(self) except -1 nogil
    cdef int _crossing(self, const string& edge) noexcept nogil
