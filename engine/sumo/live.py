"""Drives SUMO through a Python interface (libsumo, or TraCI over a socket) and scores every step.

It does what `_native.pyx` does, call by call and in the same order, so that every backend gives the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from kernels.classes import class_index
from kernels.scoring import Scorer

__all__ = ["Drive"]

EPS_S = 1e-6


class Drive:
    """One running simulation behind a TraCI-like interface.

    Args:
        scorer: what scores each step.
        lane_ids, signal_ids: ids by the indices that the scorer knows them by.
        api: the module ``libsumo``, or a TraCI connection; already started.
    """

    def __init__(self, scorer: Scorer, lane_ids: Sequence[str], signal_ids: Sequence[str], api: Any) -> None:
        self._api = api
        self._scorer = scorer
        self._lane_index = {lane: i for i, lane in enumerate(lane_ids)}
        self._signal_ids = signal_ids
        self._states = [""] * len(signal_ids)
        self._index: dict[str, int] = {}
        self._departed_s: dict[int, float] = {}
        self.n_collisions = self.n_teleports = 0
        self.now_s: float = api.simulation.getTime()

    def run_until(self, time_s: float) -> None:
        """Simulate and score up to `time_s`, seconds."""
        while self.now_s < time_s - EPS_S:
            self._step()

    def _step(self) -> None:
        api, scorer = self._api, self._scorer
        api.simulationStep()
        self.now_s = api.simulation.getTime()
        scorer.begin_step(self.now_s)
        self.n_collisions += len(api.simulation.getCollidingVehiclesIDList())
        self.n_teleports += len(api.simulation.getStartingTeleportIDList())
        for vehicle in api.simulation.getDepartedIDList():
            self._take_in(vehicle)
        for vehicle in api.simulation.getArrivedIDList():
            i_vehicle = self._index.pop(vehicle, None)
            if i_vehicle is not None:
                scorer.retire_vehicle(i_vehicle, api.vehicle.getTimeLoss(vehicle), self._departed_s[i_vehicle], True)
        for i_signal, signal in enumerate(self._signal_ids):
            state = api.trafficlight.getRedYellowGreenState(signal)
            if state != self._states[i_signal]:
                self._states[i_signal] = state
                scorer.show_signal(i_signal, state.encode())
        for vehicle, i_vehicle in sorted(self._index.items(), key=itemgetter(1)):
            self._see(vehicle, i_vehicle)
        scorer.end_step()

    def _see(self, vehicle: str, i_vehicle: int) -> None:
        api = self._api.vehicle
        i_lane = self._lane_index.get(api.getLaneID(vehicle))
        # A parked or teleporting vehicle is on no lane.
        if i_lane is not None:
            self._scorer.see_vehicle(i_vehicle, i_lane, api.getLanePosition(vehicle), api.getSpeed(vehicle))

    def _take_in(self, vehicle: str) -> None:
        api = self._api.vehicle
        departed_s, wait_s = api.getDeparture(vehicle), api.getDepartDelay(vehicle)
        i_vehicle = self._scorer.add_vehicle(
            api.getLength(vehicle),
            api.getSpeedFactor(vehicle),
            api.getMaxSpeed(vehicle),
            departed_s - wait_s,
            wait_s,
            class_index(api.getVehicleClass(vehicle)),
        )
        self._index[vehicle] = i_vehicle
        self._departed_s[i_vehicle] = departed_s

    def finish(self) -> list[tuple[tuple[str, ...], float, int]]:
        """Close the books of every vehicle still driving; returns (route, due_s, class) of those never inserted."""
        api = self._api.vehicle
        for vehicle, i_vehicle in sorted(self._index.items(), key=itemgetter(1)):
            self._scorer.retire_vehicle(i_vehicle, api.getTimeLoss(vehicle), self._departed_s[i_vehicle], False)
        self._index.clear()
        # Not SUMO's list of pending vehicles: it lacks those that are due at the very end of the window.
        waiting = [
            (
                tuple(api.getRoute(vehicle)),
                self.now_s - api.getDepartDelay(vehicle),
                class_index(api.getVehicleClass(vehicle)),
            )
            for vehicle in sorted(api.getLoadedIDList())
            if api.getDeparture(vehicle) < 0.0 and api.getDepartDelay(vehicle) >= 0.0
        ]
        self._scorer.close()
        return waiting

    def close(self) -> None:
        """End the simulation and free what it holds."""
        self._api.close()
