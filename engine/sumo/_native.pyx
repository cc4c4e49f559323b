"""Drives SUMO's C++ library and scores every step without the GIL.

`engine.sumo.native` loads the library before it imports this module. One simulation at a time: the library keeps
its state in globals.
"""

from libcpp cimport bool as cbool
from libcpp.algorithm cimport sort
from libcpp.string cimport string
from libcpp.unordered_map cimport unordered_map
from libcpp.pair cimport pair
from libcpp.vector cimport vector

from kernels._scoring cimport Scorer


cdef extern from "libsumo/Simulation.h" namespace "libsumo" nogil:
    cdef cppclass Simulation:
        @staticmethod
        pair[int, string] start(const vector[string]& cmd) except +
        @staticmethod
        void load(const vector[string]& args) except +
        @staticmethod
        cbool isLoaded() except +
        @staticmethod
        void step(double time) except +
        @staticmethod
        void close(const string& reason) except +
        @staticmethod
        double getTime() except +
        @staticmethod
        vector[string] getDepartedIDList() except +
        @staticmethod
        vector[string] getArrivedIDList() except +
        @staticmethod
        vector[string] getCollidingVehiclesIDList() except +
        @staticmethod
        vector[string] getStartingTeleportIDList() except +

cdef extern from "libsumo/Vehicle.h" namespace "libsumo" nogil:
    cdef cppclass SumoVehicle "libsumo::Vehicle":
        @staticmethod
        double getSpeed(const string& vehicle) except +
        @staticmethod
        double getLanePosition(const string& vehicle) except +
        @staticmethod
        string getLaneID(const string& vehicle) except +
        @staticmethod
        double getLength(const string& vehicle) except +
        @staticmethod
        double getSpeedFactor(const string& vehicle) except +
        @staticmethod
        double getMaxSpeed(const string& vehicle) except +
        @staticmethod
        double getDeparture(const string& vehicle) except +
        @staticmethod
        double getDepartDelay(const string& vehicle) except +
        @staticmethod
        double getTimeLoss(const string& vehicle) except +
        @staticmethod
        vector[string] getRoute(const string& vehicle) except +
        @staticmethod
        vector[string] getLoadedIDList() except +

cdef extern from "libsumo/Lane.h" namespace "libsumo" nogil:
    cdef cppclass SumoLane "libsumo::Lane":
        @staticmethod
        vector[string] getLastStepVehicleIDs(const string& lane) except +

cdef extern from "libsumo/TrafficLight.h" namespace "libsumo" nogil:
    cdef cppclass SumoLight "libsumo::TrafficLight":
        @staticmethod
        string getRedYellowGreenState(const string& signal) except +

cdef extern from *:
    """
    #include <libsumo/Vehicle.h>
    // A vehicle that SUMO took off the road is no error here, and asking for it must not cost a Python exception.
    static bool lane_of(const std::string& vehicle, std::string& lane) {
        try {
            lane = libsumo::Vehicle::getLaneID(vehicle);
            return true;
        } catch (const std::exception&) {
            return false;
        }
    }
    """
    cbool lane_of(const string& vehicle, string& lane) nogil

cdef double EPS_S = 1e-6


cdef class Drive:
    """One running simulation: `engine.sumo.live.Drive` in C++."""

    cdef Scorer scorer
    cdef vector[string] lane_ids, signal_ids, states
    cdef unordered_map[string, int] lane_index
    cdef unordered_map[string, int] index
    cdef vector[double] departed_s
    cdef vector[long] seen          # the step in which each vehicle was last on a lane
    cdef vector[string] off_road    # parked or teleporting
    cdef vector[int] lanes          # lanes that a vehicle has been on, in the order in which they were found
    cdef vector[int] lane_known
    cdef readonly double now_s
    cdef readonly long n_collisions, n_teleports, n_vanished
    cdef long n_steps

    def __init__(self, list options, Scorer scorer, list lane_ids, list signal_ids):
        self.scorer = scorer
        cdef vector[string] command
        command.push_back(b"sumo")
        for option in options:
            command.push_back(option.encode())
        cdef int i
        self.lane_ids = [lane.encode() for lane in lane_ids]
        self.signal_ids = [signal.encode() for signal in signal_ids]
        self.states.resize(self.signal_ids.size())
        self.lane_known.assign(self.lane_ids.size(), 0)
        for i in range(<int>self.lane_ids.size()):
            self.lane_index[self.lane_ids[i]] = i
        if Simulation.isLoaded():
            Simulation.close(b"")
        Simulation.start(command)
        self.now_s = Simulation.getTime()

    def run_until(self, double time_s):
        """Simulate and score up to `time_s`, seconds; without the GIL."""
        with nogil:
            while self.now_s < time_s - EPS_S:
                self._step()

    cdef int _step(self) except -1 nogil:
        cdef vector[string] ids
        cdef size_t i
        cdef int i_vehicle, i_signal
        cdef size_t n_seen = 0
        cdef string state
        Simulation.step(0.0)
        self.now_s = Simulation.getTime()
        self.scorer.begin(self.now_s)
        self.n_collisions += <long>Simulation.getCollidingVehiclesIDList().size()
        self.n_teleports += <long>Simulation.getStartingTeleportIDList().size()
        # Vehicles that arrived in this step may have departed in it too.
        ids = Simulation.getDepartedIDList()
        for i in range(ids.size()):
            self._take_in(ids[i])
        ids = Simulation.getArrivedIDList()
        for i in range(ids.size()):
            if self.index.count(ids[i]):
                i_vehicle = self.index[ids[i]]
                self.scorer.retire(i_vehicle, SumoVehicle.getTimeLoss(ids[i]), self.departed_s[i_vehicle], True)
                self.index.erase(ids[i])
        for i_signal in range(<int>self.signal_ids.size()):
            state = SumoLight.getRedYellowGreenState(self.signal_ids[i_signal])
            if state != self.states[i_signal]:
                self.states[i_signal] = state
                self.scorer.show(i_signal, state.c_str())
        # Only lanes that a vehicle has ever been on are asked: most of a network's lanes never see one.
        for i in range(self.lanes.size()):
            n_seen += self._see_lane(self.lanes[i])
        if n_seen < self.index.size():
            self._find_missing(n_seen)
        self.scorer.end()
        self.n_steps += 1
        return 0

    cdef int _take_in(self, const string& vehicle) except -1 nogil:
        cdef double departed_s = SumoVehicle.getDeparture(vehicle)
        cdef double wait_s = SumoVehicle.getDepartDelay(vehicle)
        cdef int i_vehicle = self.scorer.add(
            SumoVehicle.getLength(vehicle),
            SumoVehicle.getSpeedFactor(vehicle),
            SumoVehicle.getMaxSpeed(vehicle),
            departed_s - wait_s,
            wait_s,
        )
        self.index[vehicle] = i_vehicle
        if i_vehicle >= <int>self.departed_s.size():
            self.departed_s.push_back(departed_s)
            self.seen.push_back(-1)
        self.departed_s[i_vehicle] = departed_s
        return 0

    cdef size_t _see_lane(self, int i_lane) except? 0 nogil:
        cdef vector[string] ids = SumoLane.getLastStepVehicleIDs(self.lane_ids[i_lane])
        cdef size_t i
        cdef int i_vehicle
        for i in range(ids.size()):
            i_vehicle = self.index[ids[i]]
            self.seen[i_vehicle] = self.n_steps
            self.scorer.see(i_vehicle, i_lane, SumoVehicle.getLanePosition(ids[i]), SumoVehicle.getSpeed(ids[i]))
        return ids.size()

    cdef int _find_missing(self, size_t n_seen) except -1 nogil:
        """Look for vehicles that were on no known lane: take in their lanes, and note those that are off the road."""
        cdef size_t i, n_off = 0
        cdef vector[int] found
        cdef vector[string] gone
        cdef string lane
        cdef pair[string, int] entry
        # Parked vehicles are missing in every step: only when others are, too, is the whole table searched.
        for i in range(self.off_road.size()):
            if self.index.count(self.off_road[i]) and self.seen[self.index[self.off_road[i]]] != self.n_steps:
                if lane_of(self.off_road[i], lane) and not self.lane_index.count(lane):
                    n_off += 1
        if n_off == self.off_road.size() and n_seen + n_off == self.index.size():
            return 0
        self.off_road.clear()
        for entry in self.index:
            if self.seen[entry.second] == self.n_steps:
                continue
            if not lane_of(entry.first, lane):
                gone.push_back(entry.first)
            elif not self.lane_index.count(lane):
                self.off_road.push_back(entry.first)
            elif not self.lane_known[self.lane_index[lane]]:
                self.lane_known[self.lane_index[lane]] = 1
                found.push_back(self.lane_index[lane])
        # Sorted, because the order of scoring decides the last bit of sums and the table has no order of its own.
        sort(found.begin(), found.end())
        for i in range(found.size()):
            self.lanes.push_back(found[i])
            self._see_lane(found[i])
        sort(gone.begin(), gone.end())
        for i in range(gone.size()):
            self.n_vanished += 1
            self.scorer.retire(self.index[gone[i]], 0.0, self.now_s, False)
            self.index.erase(gone[i])
        return 0

    def finish(self):
        """Close the books of every vehicle that is still driving; returns (route, due_s) of those never inserted."""
        cdef vector[pair[int, string]] running
        cdef pair[string, int] entry
        for entry in self.index:
            running.push_back(pair[int, string](entry.second, entry.first))
        sort(running.begin(), running.end())
        for item in running:
            self.scorer.retire(item.first, SumoVehicle.getTimeLoss(item.second), self.departed_s[item.first], False)
        self.index.clear()
        # Not SUMO's list of pending vehicles: it lacks those that are due at the very end of the window.
        waiting = []
        for vehicle in sorted(SumoVehicle.getLoadedIDList()):
            if SumoVehicle.getDeparture(vehicle) < 0.0 and SumoVehicle.getDepartDelay(vehicle) >= 0.0:
                route = tuple(edge.decode() for edge in SumoVehicle.getRoute(vehicle))
                waiting.append((route, self.now_s - SumoVehicle.getDepartDelay(vehicle)))
        self.scorer.close()
        return waiting

    @staticmethod
    def close():
        """End the simulation and free what it holds."""
        if Simulation.isLoaded():
            Simulation.close(b"")
