"""Runs sumo-rl's own loop with the signals of the net: it observes and rewards every 5 s. libsumo does the work.

Arguments: NET ROUTES BEGIN_S SECONDS. The program imports sumo-rl, which Greensplit itself never does.
"""

from __future__ import annotations

import os
import sys

os.environ["LIBSUMO_AS_TRACI"] = "quiet"

from sumo_rl import SumoEnvironment


def main(net: str, routes: str, begin_s: int, seconds: int) -> None:
    """Run to the end and print the last metrics."""
    loop = SumoEnvironment(
        net_file=net,
        route_file=routes,
        begin_time=begin_s,
        num_seconds=seconds,
        fixed_ts=True,
        sumo_seed=1,
        sumo_warnings=False,
        time_to_teleport=-1,
    )
    loop.reset()
    ended = False
    while not ended:
        _, _, dones, _ = loop.step({})
        ended = dones["__all__"]
    print(loop.metrics[-1]["system_mean_waiting_time"])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
