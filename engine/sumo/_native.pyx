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

from engine.sumo._persons cimport Persons
from engine.sumo._state cimport Reader
from kernels._conflicts cimport Conflicts
from kernels._emissions cimport Emissions
from kernels._scoring cimport Scorer
from kernels._walking cimport Walkers

from kernels.classes import CLASS_OF


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
        string getVehicleClass(const string& vehicle) except +
        @staticmethod
        double getTimeLoss(const string& vehicle) except +
        @staticmethod
        vector[string] getRoute(const string& vehicle) except +
        @staticmethod
        vector[string] getLoadedIDList() except +

cdef extern from "libsumo/TrafficLight.h" namespace "libsumo" nogil:
    cdef cppclass SumoLight "libsumo::TrafficLight":
        @staticmethod
        string getRedYellowGreenState(const string& signal) except +

cdef extern from "_microsim.h" nogil:
    cdef cppclass MSLane:
        @staticmethod
        MSLane* dictionary(const string& lane)
    cdef cppclass MSVehicle:
        bint isOnRoad() const
        const MSLane* getLane() const
        double getPositionOnLane() const
        double getSpeed() const
        double getTimeLossSeconds() const
        const vector[MSLane*]& getBestLanesContinuation(const MSLane* lane) const
    const MSVehicle* microscopic_vehicle(const string& vehicle) except +
    double co2_of(const MSVehicle* vehicle)
    double fuel_of(const MSVehicle* vehicle)

cdef double EPS_S = 1e-6


cdef class Drive:
    """One running simulation: `engine.sumo.live.Drive` in C++."""

    cdef Scorer scorer
    cdef Persons persons        # None where nobody walks
    cdef Reader reader
    # What `measures=all` adds.
    cdef bint more
    cdef Conflicts conflicts
    cdef Emissions emissions
    cdef vector[const MSLane*] headed   # by vehicle: the lane from which its way was last asked for
    cdef vector[int] onward
    cdef vector[string] signal_ids, states
    cdef unordered_map[string, int] class_of
    cdef unordered_map[const MSLane*, int] lane_index
    cdef unordered_map[string, int] index
    # By the scorer's index of a vehicle: SUMO's object (NULL: a free index), departure, lane that it was last on.
    cdef vector[const MSVehicle*] vehicle
    cdef vector[double] departed_s
    cdef vector[const MSLane*] lane
    cdef vector[int] i_lane
    cdef readonly double now_s
    cdef readonly long n_collisions, n_teleports

    def __init__(self, list options, Scorer scorer, list lanes, list signals, Walkers walkers, list edges, extras=None):
        self.scorer = scorer
        self.persons = None if walkers is None else Persons(walkers, edges)
        self.reader = Reader(lanes, signals)
        self.more = extras is not None
        if self.more:
            self.conflicts, self.emissions = extras.conflicts, extras.emissions
        cdef vector[string] command
        command.push_back(b"sumo")
        for option in options:
            command.push_back(option.encode())
        cdef int i
        for sumo_class, i in CLASS_OF.items():
            self.class_of[sumo_class.encode()] = i
        self.signal_ids = [signal.encode() for signal in signals]
        self.states.resize(self.signal_ids.size())
        if Simulation.isLoaded():
            Simulation.close(b"")
        Simulation.start(command)
        for i in range(len(lanes)):
            self.lane_index[MSLane.dictionary(lanes[i].encode())] = i
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
                self.vehicle[i_vehicle] = NULL
                if self.more:
                    self.conflicts.retire(i_vehicle)
        for i_signal in range(<int>self.signal_ids.size()):
            state = SumoLight.getRedYellowGreenState(self.signal_ids[i_signal])
            if state != self.states[i_signal]:
                self.states[i_signal] = state
                self.scorer.show(i_signal, state.c_str())
        for i_vehicle in range(<int>self.vehicle.size()):
            if self.vehicle[i_vehicle] != NULL:
                self._see(i_vehicle)
        self.scorer.end()
        if self.persons is not None:
            self.persons.step(self.now_s)
        if self.more:
            self._see_more()
        return 0

    cdef void _see(self, int i_vehicle) noexcept nogil:
        cdef const MSVehicle* vehicle = self.vehicle[i_vehicle]
        cdef const MSLane* lane
        if not vehicle.isOnRoad():
            return  # parked, or about to be moved elsewhere
        lane = vehicle.getLane()
        if lane != self.lane[i_vehicle]:
            self.lane[i_vehicle] = lane
            self.i_lane[i_vehicle] = self.lane_index[lane] if self.lane_index.count(lane) else -1
        if self.i_lane[i_vehicle] >= 0:
            self.scorer.see(i_vehicle, self.i_lane[i_vehicle], vehicle.getPositionOnLane(), vehicle.getSpeed())

    cdef void _see_more(self) noexcept nogil:
        cdef const MSVehicle* vehicle
        cdef int i_vehicle
        self.conflicts.begin(self.now_s)
        self.emissions.begin(self.now_s)
        for i_vehicle in range(<int>self.vehicle.size()):
            vehicle = self.vehicle[i_vehicle]
            if vehicle == NULL or not vehicle.isOnRoad() or self.i_lane[i_vehicle] < 0:
                continue
            if self.headed[i_vehicle] != self.lane[i_vehicle]:
                self._head(i_vehicle)
            self.conflicts.see(i_vehicle, vehicle.getPositionOnLane(), vehicle.getSpeed())
            self.emissions.see(self.i_lane[i_vehicle], co2_of(vehicle), fuel_of(vehicle))
        self.conflicts.end()

    cdef void _head(self, int i_vehicle) noexcept nogil:
        """Tell the lanes outside junctions by which a vehicle means to go on."""
        cdef const vector[MSLane*]* lanes = &self.vehicle[i_vehicle].getBestLanesContinuation(self.lane[i_vehicle])
        cdef size_t i
        self.headed[i_vehicle] = self.lane[i_vehicle]
        self.onward.clear()
        for i in range(lanes.size()):
            if lanes[0][i] != NULL:
                self.onward.push_back(self.lane_index[lanes[0][i]])
        self.conflicts.head(i_vehicle, self.i_lane[i_vehicle], self.onward.data(), <int>self.onward.size())

    cdef int _take_in(self, const string& vehicle) except -1 nogil:
        cdef double departed_s = SumoVehicle.getDeparture(vehicle)
        cdef double wait_s = SumoVehicle.getDepartDelay(vehicle)
        cdef int i_vehicle = self.scorer.add(
            SumoVehicle.getLength(vehicle),
            SumoVehicle.getSpeedFactor(vehicle),
            SumoVehicle.getMaxSpeed(vehicle),
            departed_s - wait_s,
            wait_s,
            self._class(vehicle),
        )
        self.index[vehicle] = i_vehicle
        if i_vehicle >= <int>self.vehicle.size():
            self.vehicle.resize(i_vehicle + 1)
            self.departed_s.resize(i_vehicle + 1)
            self.lane.resize(i_vehicle + 1)
            self.i_lane.resize(i_vehicle + 1)
        if self.more:
            self.conflicts.enter(i_vehicle, SumoVehicle.getLength(vehicle))
            self.headed.resize(self.vehicle.size())
            self.headed[i_vehicle] = NULL
        self.vehicle[i_vehicle] = microscopic_vehicle(vehicle)
        self.lane[i_vehicle] = NULL
        self.i_lane[i_vehicle] = -1
        self.departed_s[i_vehicle] = departed_s
        return 0

    cdef int _class(self, const string& vehicle) except -1 nogil:
        cdef string sumo_class = SumoVehicle.getVehicleClass(vehicle)
        return self.class_of[sumo_class] if self.class_of.count(sumo_class) else 0

    def finish(self):
        """Close the books of every vehicle still driving; returns (route, due_s, class) of those never inserted."""
        cdef int i_vehicle
        for i_vehicle in range(<int>self.vehicle.size()):
            if self.vehicle[i_vehicle] != NULL:
                time_loss_s = self.vehicle[i_vehicle].getTimeLossSeconds()
                self.scorer.retire(i_vehicle, time_loss_s, self.departed_s[i_vehicle], False)
                self.vehicle[i_vehicle] = NULL
        self.index.clear()
        # Not SUMO's list of pending vehicles: it lacks those that are due at the very end of the window.
        waiting = []
        for vehicle in sorted(SumoVehicle.getLoadedIDList()):
            if SumoVehicle.getDeparture(vehicle) < 0.0 and SumoVehicle.getDepartDelay(vehicle) >= 0.0:
                route = tuple(edge.decode() for edge in SumoVehicle.getRoute(vehicle))
                waiting.append((route, self.now_s - SumoVehicle.getDepartDelay(vehicle), self._class(vehicle)))
        self.scorer.close()
        if self.persons is not None:
            self.persons.finish()
        return waiting

    def state(self):
        """Return the arrays of `engine.state.State` but for the vehicles that wait to be inserted, by name."""
        return self.reader.vehicles(self.index, self.scorer) | self.reader.signals()

    def waiting(self):
        """Return (route, number) of the vehicles that wait to be inserted, sorted."""
        return self.reader.waiting()

    def n_letters(self, str signal):
        """Return how many letters a signal's state has."""
        return self.reader.n_letters(signal)

    def show(self, str signal, str letters):
        """Set a signal's letters until they are set again."""
        self.reader.show(signal, letters)

    def set_phase(self, str signal, int phase):
        """Switch a signal to a phase of its program."""
        self.reader.set_phase(signal, phase)

    def owed_s(self):
        """Return the delay so far, seconds, of all vehicles that are driving or wait to be inserted."""
        cdef double sum_s = 0.0
        cdef int i_vehicle
        cdef size_t i
        cdef vector[string] ids
        with nogil:
            for i_vehicle in range(<int>self.vehicle.size()):
                if self.vehicle[i_vehicle] != NULL:
                    sum_s += self.scorer.owed(i_vehicle, self.vehicle[i_vehicle].getTimeLossSeconds())
            ids = SumoVehicle.getLoadedIDList()
            sort(ids.begin(), ids.end())
            for i in range(ids.size()):
                if SumoVehicle.getDeparture(ids[i]) < 0.0 and SumoVehicle.getDepartDelay(ids[i]) >= 0.0:
                    sum_s += self.scorer.owed_waiting(self.now_s - SumoVehicle.getDepartDelay(ids[i]))
        return sum_s

    @staticmethod
    def close():
        """End the simulation and free what it holds."""
        if Simulation.isLoaded():
            Simulation.close(b"")
