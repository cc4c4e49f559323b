"""Drives SUMO through a Python interface (libsumo, or TraCI over a socket) and scores every step.

It does what `_native.pyx` does, call by call and in the same order, so that every backend gives the same bits.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.sumo.persons import Persons
from kernels.classes import EMERGENCY, class_index
from kernels.scoring import Scorer
from kernels.walking import Walkers

if TYPE_CHECKING:
    from engine.extras import Extras

__all__ = ["Drive"]

COLUMNS: dict[str, Any] = {
    "number": np.int32, "lane": np.int32, "kind": np.int32, "position_m": np.float64, "speed": np.float64,
    "length_m": np.float64, "standing_s": np.float64, "next_signal": np.int32, "next_link": np.int32,
    "to_line_m": np.float64,
}  # fmt: skip
"""Arrays of the vehicles in `engine.state.State`."""

EPS_S = 1e-6


class Drive:
    """One running simulation behind a TraCI-like interface.

    Args:
        scorer: what scores each step.
        lane_ids, signal_ids: ids by the indices that the scorer knows them by.
        api: the module ``libsumo``, or a TraCI connection; already started.
        walkers, crossing_edges: see `engine.sumo.persons.Persons`; `None` where nobody walks.
        extras: what `measures=all` adds, or `None`.
    """

    def __init__(
        self,
        scorer: Scorer,
        lane_ids: Sequence[str],
        signal_ids: Sequence[str],
        api: Any,
        walkers: Walkers | None = None,
        crossing_edges: Sequence[str] = (),
        extras: Extras | None = None,
    ) -> None:
        self._api = api
        self._extras = extras
        self._headed: dict[int, str] = {}
        self._scorer = scorer
        self._lane_index = {lane: i for i, lane in enumerate(lane_ids)}
        self._signal_ids = signal_ids
        self._signal_index = {signal: i for i, signal in enumerate(signal_ids)}
        self._states = [""] * len(signal_ids)
        self._index: dict[str, int] = {}
        self._departed_s: dict[int, float] = {}
        self._kind: dict[int, int] = {}
        self._persons = None if walkers is None else Persons(walkers, crossing_edges, api)
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
                if self._extras:
                    self._extras.conflicts.retire_vehicle(i_vehicle)
        for i_signal, signal in enumerate(self._signal_ids):
            state = api.trafficlight.getRedYellowGreenState(signal)
            if state != self._states[i_signal]:
                self._states[i_signal] = state
                scorer.show_signal(i_signal, state.encode())
        for vehicle, i_vehicle in sorted(self._index.items(), key=itemgetter(1)):
            self._see(vehicle, i_vehicle)
        scorer.end_step()
        if self._persons is not None:
            self._persons.step(self.now_s)
        if self._extras:
            self._see_more(self._extras)

    def _see(self, vehicle: str, i_vehicle: int) -> None:
        api = self._api.vehicle
        i_lane = self._lane_index.get(api.getLaneID(vehicle))
        # A parked or teleporting vehicle is on no lane.
        if i_lane is not None:
            self._scorer.see_vehicle(i_vehicle, i_lane, api.getLanePosition(vehicle), api.getSpeed(vehicle))

    def _see_more(self, extras: Extras) -> None:
        api = self._api.vehicle
        extras.conflicts.begin_step(self.now_s)
        extras.emissions.begin_step(self.now_s)
        for vehicle, i_vehicle in sorted(self._index.items(), key=itemgetter(1)):
            lane = api.getLaneID(vehicle)
            i_lane = self._lane_index.get(lane)
            if i_lane is None:
                continue
            if lane != self._headed.get(i_vehicle):
                self._headed[i_vehicle] = lane
                extras.conflicts.head_vehicle(i_vehicle, i_lane, self._onward(vehicle, lane))
            extras.conflicts.see_vehicle(i_vehicle, api.getLanePosition(vehicle), api.getSpeed(vehicle))
            # In mg/s and ml/s: the options say so.
            extras.emissions.see_vehicle(i_lane, api.getCO2Emission(vehicle), api.getFuelConsumption(vehicle))
        extras.conflicts.end_step()

    def _onward(self, vehicle: str, lane: str) -> list[int]:
        """Return the lanes outside junctions by which a vehicle means to go on."""
        if lane.startswith(":"):
            # Lanes inside junctions are not among a vehicle's best lanes: the one that they lead to is.
            lane = self._api.lane.getLinks(lane)[0][0]
        for best in self._api.vehicle.getBestLanes(vehicle):
            if best[0] == lane:
                return [self._lane_index[onward] for onward in best[5]]
        return []

    def _take_in(self, vehicle: str) -> None:
        api = self._api.vehicle
        departed_s, wait_s = api.getDeparture(vehicle), api.getDepartDelay(vehicle)
        kind = class_index(api.getVehicleClass(vehicle))
        i_vehicle = self._scorer.add_vehicle(
            api.getLength(vehicle),
            api.getSpeedFactor(vehicle),
            api.getMaxSpeed(vehicle),
            departed_s - wait_s,
            wait_s,
            kind,
        )
        self._kind[i_vehicle] = kind
        if self._extras:
            self._extras.conflicts.enter_vehicle(i_vehicle, api.getLength(vehicle))
            self._headed.pop(i_vehicle, None)
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
            for vehicle in self._waiting()
        ]
        self._scorer.close()
        if self._persons is not None:
            self._persons.finish()
        return waiting

    def _waiting(self) -> list[str]:
        """Return the ids of the vehicles that are due and not inserted, in the order of their bytes."""
        api = self._api.vehicle
        ids = sorted(api.getLoadedIDList())
        return [vehicle for vehicle in ids if api.getDeparture(vehicle) < 0.0 and api.getDepartDelay(vehicle) >= 0.0]

    def state(self) -> dict[str, Any]:
        """Return the arrays of `engine.state.State` but for the vehicles that wait to be inserted, by name."""
        api = self._api.vehicle
        rows = []
        for vehicle, i_vehicle in sorted(self._index.items(), key=itemgetter(1)):
            lane = self._lane_index.get(api.getLaneID(vehicle))
            if lane is None:
                continue  # parked, or about to be moved elsewhere
            signal, link, to_line_m = -1, -1, math.inf
            ahead = api.getNextTLS(vehicle)
            if ahead and ahead[0][0] in self._signal_index:
                signal, link, to_line_m = self._signal_index[ahead[0][0]], ahead[0][1], ahead[0][2]
            moves = (api.getLanePosition(vehicle), api.getSpeed(vehicle), api.getLength(vehicle))
            standing_s = api.getWaitingTime(vehicle)
            kind = EMERGENCY if api.getVehicleClass(vehicle) == "emergency" else self._kind[i_vehicle]
            rows.append((i_vehicle, lane, kind, *moves, standing_s, signal, link, to_line_m))
        columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
        vehicles = {name: np.array(column, kind) for (name, kind), column in zip(COLUMNS.items(), columns, strict=True)}
        light = self._api.trafficlight
        return vehicles | {
            "letters": tuple(light.getRedYellowGreenState(signal) for signal in self._signal_ids),
            "phase": np.array([light.getPhase(signal) for signal in self._signal_ids], np.int32),
            "next_switch_s": np.array([light.getNextSwitch(signal) for signal in self._signal_ids], np.float64),
        }

    def waiting(self) -> list[tuple[tuple[str, ...], int]]:
        """Return (route, number) of the vehicles that wait to be inserted, sorted."""
        routes = Counter(tuple(self._api.vehicle.getRoute(vehicle)) for vehicle in self._waiting())
        return sorted(routes.items())

    def n_letters(self, signal: str) -> int:
        """Return how many letters a signal's state has."""
        return len(self._api.trafficlight.getRedYellowGreenState(signal))

    def show(self, signal: str, letters: str) -> None:
        """Set a signal's letters until they are set again."""
        self._api.trafficlight.setRedYellowGreenState(signal, letters)

    def set_phase(self, signal: str, phase: int) -> None:
        """Switch a signal to a phase of its program."""
        self._api.trafficlight.setPhase(signal, phase)

    def owed_s(self) -> float:
        """Return the delay so far, seconds, of all vehicles that are driving or wait to be inserted."""
        api, sum_s = self._api.vehicle, 0.0
        for vehicle, i_vehicle in sorted(self._index.items(), key=itemgetter(1)):
            sum_s += self._scorer.owed_s(i_vehicle, api.getTimeLoss(vehicle))
        for vehicle in self._waiting():
            sum_s += self._scorer.owed_waiting_s(self.now_s - api.getDepartDelay(vehicle))
        return sum_s

    def close(self) -> None:
        """End the simulation and free what it holds."""
        self._api.close()
