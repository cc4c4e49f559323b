"""Scores lanes each second by libsumo's lane getters: vehicles, halting vehicles, waiting time and mean speed."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import libsumo


def main(options: Sequence[str]) -> None:
    """Run SUMO with these options to the end and print the sums over all lanes before a signal."""
    libsumo.start(["sumo", *options])
    signals = libsumo.trafficlight.getIDList()
    lanes = sorted({lane for signal in signals for lane in libsumo.trafficlight.getControlledLanes(signal)})
    end_s = libsumo.simulation.getEndTime()
    vehicles = halting = 0
    waited_s = speeds = 0.0
    while libsumo.simulation.getTime() < end_s:
        libsumo.simulationStep()
        for lane in lanes:
            vehicles += libsumo.lane.getLastStepVehicleNumber(lane)
            halting += libsumo.lane.getLastStepHaltingNumber(lane)
            waited_s += libsumo.lane.getWaitingTime(lane)
            speeds += libsumo.lane.getLastStepMeanSpeed(lane)
    print(vehicles, halting, waited_s, speeds)
    libsumo.close()


if __name__ == "__main__":
    main(sys.argv[1:])
