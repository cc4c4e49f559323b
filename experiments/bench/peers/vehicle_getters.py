"""Scores vehicles each second by libsumo's vehicle getters: speed, position and time loss on lanes before a signal."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import libsumo

HALTING = 0.1


def main(options: Sequence[str]) -> None:
    """Run SUMO with these options to the end and print the sums, and the longest queue in metres."""
    libsumo.start(["sumo", *options])
    signals = libsumo.trafficlight.getIDList()
    lanes = sorted({lane for signal in signals for lane in libsumo.trafficlight.getControlledLanes(signal)})
    length_m = {lane: libsumo.lane.getLength(lane) for lane in lanes}
    end_s = libsumo.simulation.getEndTime()
    lost_s: dict[str, float] = {}
    vehicles = halting = 0
    longest_m = 0.0
    while libsumo.simulation.getTime() < end_s:
        libsumo.simulationStep()
        for lane in lanes:
            for vehicle in libsumo.lane.getLastStepVehicleIDs(lane):
                vehicles += 1
                lost_s[vehicle] = libsumo.vehicle.getTimeLoss(vehicle)
                position_m = libsumo.vehicle.getLanePosition(vehicle)
                if libsumo.vehicle.getSpeed(vehicle) < HALTING:
                    halting += 1
                    longest_m = max(longest_m, length_m[lane] - position_m)
    print(vehicles, halting, sum(lost_s.values()), longest_m)
    libsumo.close()


if __name__ == "__main__":
    main(sys.argv[1:])
