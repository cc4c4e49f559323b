"""Reads every person in every step through SUMO's C++ library: `engine.sumo.persons` in C++."""

from cython.operator cimport dereference, postincrement, preincrement


cdef extern from "libsumo/TraCIDefs.h" namespace "libsumo" nogil:
    cdef cppclass TraCIStage:
        int type
        double length
        double depart

cdef extern from "libsumo/Person.h" namespace "libsumo" nogil:
    cdef cppclass Person:
        @staticmethod
        vector[string] getIDList() except +
        @staticmethod
        int getRemainingStages(const string& person) except +
        @staticmethod
        TraCIStage getStage(const string& person, int ahead) except +
        @staticmethod
        double getMaxSpeed(const string& person) except +
        @staticmethod
        double getSpeed(const string& person) except +
        @staticmethod
        string getRoadID(const string& person) except +
        @staticmethod
        string getNextEdge(const string& person) except +

cdef int WALKING = 2         # SUMO's number of that kind of stage
cdef double UNKNOWN_M = -1.0


cdef class Persons:
    """The persons of one running simulation."""

    def __init__(self, Walkers walkers, list crossing_edges):
        self.walkers = walkers
        cdef int i
        for i in range(len(crossing_edges)):
            self.crossing_of[crossing_edges[i].encode()] = i

    cdef int step(self, double now_s) except -1 nogil:
        """Score the step that ended at `now_s`."""
        cdef vector[string] ids = Person.getIDList()
        cdef size_t i
        cdef int i_person
        self.n_steps += 1
        self.walkers.begin(now_s)
        for i in range(ids.size()):
            if self.index.count(ids[i]):
                i_person = self.index[ids[i]]
            else:
                i_person = self.walkers.add()
                self.index[ids[i]] = i_person
                if i_person >= <int>self.seen_in.size():
                    self.stages_left.resize(i_person + 1)
                    self.walks.resize(i_person + 1)
                    self.length_m.resize(i_person + 1)
                    self.seen_in.resize(i_person + 1)
                self.stages_left[i_person] = self.walks[i_person] = 0
            self.seen_in[i_person] = self.n_steps
            self._look(ids[i], i_person)
        if self.index.size() > ids.size():
            self._forget()
        return 0

    cdef int _look(self, const string& person, int i_person) except -1 nogil:
        cdef TraCIStage stage
        cdef string ahead
        cdef int left = Person.getRemainingStages(person)
        if left != self.stages_left[i_person]:
            if self.walks[i_person]:
                self.walkers.arrive(i_person, self.length_m[i_person])
            self.stages_left[i_person] = left
            self.length_m[i_person] = UNKNOWN_M
            stage = Person.getStage(person, 0)
            self.walks[i_person] = stage.type == WALKING
            if stage.type == WALKING:
                self.walkers.set_out(i_person, stage.depart, Person.getMaxSpeed(person))
        if self.walks[i_person]:
            ahead = Person.getNextEdge(person)
            if ahead.empty() and self.length_m[i_person] < 0.0:
                # On its last edge all ways over junctions lie behind it: SUMO knows the walk's whole length.
                self.length_m[i_person] = Person.getStage(person, 0).length
            self.walkers.see(
                i_person,
                Person.getSpeed(person),
                self._crossing(Person.getRoadID(person)),
                self._crossing(ahead),
            )
        return 0

    cdef int _crossing(self, const string& edge) noexcept nogil:
        return self.crossing_of[edge] if self.crossing_of.count(edge) else -1

    cdef int _forget(self) except -1 nogil:
        """Close the books of those who are gone, in the order of their ids."""
        cdef map[string, int].iterator here = self.index.begin()
        cdef int i_person
        while here != self.index.end():
            i_person = dereference(here).second
            if self.seen_in[i_person] == self.n_steps:
                preincrement(here)
                continue
            if self.walks[i_person]:
                self.walkers.arrive(i_person, self.length_m[i_person])
            self.walkers.retire(i_person)
            self.index.erase(postincrement(here))
        return 0

    def finish(self):
        """Close the books of everyone who is still there."""
        cdef map[string, int].iterator here = self.index.begin()
        while here != self.index.end():
            self.walkers.retire(dereference(here).second)
            preincrement(here)
        self.index.clear()
