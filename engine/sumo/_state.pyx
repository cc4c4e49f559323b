"""Reads the state of a simulation as arrays through SUMO's C++ library: `engine.sumo.live.Drive.state` in C++."""

from libc.math cimport INFINITY
from libcpp.algorithm cimport sort
from libcpp.map cimport map
from libcpp.pair cimport pair
from libcpp.vector cimport vector

import numpy as np

from kernels.classes import EMERGENCY


cdef extern from "libsumo/TraCIDefs.h" namespace "libsumo" nogil:
    cdef cppclass NextSignal "libsumo::TraCINextTLSData":
        string id
        int tlIndex
        double dist

cdef extern from "libsumo/Vehicle.h" namespace "libsumo" nogil:
    cdef cppclass SumoVehicle "libsumo::Vehicle":
        @staticmethod
        string getLaneID(const string& vehicle) except +
        @staticmethod
        string getVehicleClass(const string& vehicle) except +
        @staticmethod
        double getLanePosition(const string& vehicle) except +
        @staticmethod
        double getSpeed(const string& vehicle) except +
        @staticmethod
        double getLength(const string& vehicle) except +
        @staticmethod
        double getWaitingTime(const string& vehicle) except +
        @staticmethod
        double getDeparture(const string& vehicle) except +
        @staticmethod
        double getDepartDelay(const string& vehicle) except +
        @staticmethod
        vector[NextSignal] getNextTLS(const string& vehicle) except +
        @staticmethod
        vector[string] getRoute(const string& vehicle) except +
        @staticmethod
        vector[string] getLoadedIDList() except +

cdef extern from "libsumo/TrafficLight.h" namespace "libsumo" nogil:
    cdef cppclass SumoLight "libsumo::TrafficLight":
        @staticmethod
        string getRedYellowGreenState(const string& signal) except +
        @staticmethod
        int getPhase(const string& signal) except +
        @staticmethod
        double getNextSwitch(const string& signal) except +
        @staticmethod
        void setRedYellowGreenState(const string& signal, const string& state) except +
        @staticmethod
        void setPhase(const string& signal, int phase) except +


cdef class Reader:
    """Reads and sets what a caller sees between the steps.

    Args:
        lane_ids, signal_ids: ids by the indices that the arrays know them by.
    """

    def __init__(self, list lane_ids, list signal_ids):
        cdef int i
        for i in range(len(lane_ids)):
            self.lane_index[lane_ids[i].encode()] = i
        for i in range(len(signal_ids)):
            self.signal_index[signal_ids[i].encode()] = i
        self.signal_ids = signal_ids

    cdef dict vehicles(self, unordered_map[string, int]& index, Scorer scorer):
        """Return the arrays of the vehicles on the road, ordered by their numbers."""
        cdef vector[pair[int, string]] order
        cdef pair[string, int] item
        cdef string on
        cdef string blue_light = b"emergency"
        cdef int emergency = EMERGENCY
        cdef vector[NextSignal] ahead
        cdef Py_ssize_t i, n = 0
        cdef int[::1] number, lane, kind, signal, link
        cdef double[::1] position_m, speed, length_m, waiting_s, to_line_m
        for item in index:
            order.push_back(pair[int, string](item.second, item.first))
        size = order.size()
        number, lane, kind, signal, link = (np.empty(size, np.int32) for _ in range(5))
        position_m, speed, length_m, waiting_s, to_line_m = (np.empty(size, np.float64) for _ in range(5))
        with nogil:
            sort(order.begin(), order.end())
            for i in range(<Py_ssize_t>order.size()):
                on = SumoVehicle.getLaneID(order[i].second)
                if not self.lane_index.count(on):
                    continue  # parked, or about to be moved elsewhere
                number[n] = order[i].first
                lane[n] = self.lane_index[on]
                kind[n] = scorer.vehicles[order[i].first].kind
                if kind[n] == 0 and SumoVehicle.getVehicleClass(order[i].second) == blue_light:
                    kind[n] = emergency  # a car to every measure
                position_m[n] = SumoVehicle.getLanePosition(order[i].second)
                speed[n] = SumoVehicle.getSpeed(order[i].second)
                length_m[n] = SumoVehicle.getLength(order[i].second)
                waiting_s[n] = SumoVehicle.getWaitingTime(order[i].second)
                signal[n] = link[n] = -1
                to_line_m[n] = INFINITY
                ahead = SumoVehicle.getNextTLS(order[i].second)
                if not ahead.empty() and self.signal_index.count(ahead[0].id):
                    signal[n] = self.signal_index[ahead[0].id]
                    link[n] = ahead[0].tlIndex
                    to_line_m[n] = ahead[0].dist
                n += 1
        return {
            "number": np.asarray(number)[:n],
            "lane": np.asarray(lane)[:n],
            "kind": np.asarray(kind)[:n],
            "position_m": np.asarray(position_m)[:n],
            "speed": np.asarray(speed)[:n],
            "length_m": np.asarray(length_m)[:n],
            "standing_s": np.asarray(waiting_s)[:n],
            "next_signal": np.asarray(signal)[:n],
            "next_link": np.asarray(link)[:n],
            "to_line_m": np.asarray(to_line_m)[:n],
        }

    def signals(self):
        """Return the arrays of the signals: letters, phase, and time of the next switch."""
        ids = [signal.encode() for signal in self.signal_ids]
        return {
            "letters": tuple(SumoLight.getRedYellowGreenState(signal).decode() for signal in ids),
            "phase": np.array([SumoLight.getPhase(signal) for signal in ids], np.int32),
            "next_switch_s": np.array([SumoLight.getNextSwitch(signal) for signal in ids], np.float64),
        }

    def waiting(self):
        """Return how many vehicles wait to be inserted, by their route, sorted."""
        cdef map[vector[string], int] counts
        cdef vector[string] ids
        cdef size_t i
        with nogil:
            ids = SumoVehicle.getLoadedIDList()
            for i in range(ids.size()):
                if SumoVehicle.getDeparture(ids[i]) < 0.0 and SumoVehicle.getDepartDelay(ids[i]) >= 0.0:
                    counts[SumoVehicle.getRoute(ids[i])] += 1
        return [(tuple(edge.decode() for edge in item.first), item.second) for item in counts]

    def n_letters(self, str signal):
        """Return how many letters a signal's state has."""
        return <long>SumoLight.getRedYellowGreenState(signal.encode()).size()

    def show(self, str signal, str letters):
        """Set a signal's letters until they are set again."""
        SumoLight.setRedYellowGreenState(signal.encode(), letters.encode())

    def set_phase(self, str signal, int phase):
        """Switch a signal to a phase of its program."""
        SumoLight.setPhase(signal.encode(), phase)
