"""One scored run in one process, for what is counted from outside: `python -m experiments.bench.scored FILE BACKEND`.

The file holds (scenario, network), pickled by `experiments.bench.networks`: reading the network is start-up, and takes
more instructions under valgrind than the run itself.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import cast

from engine.plan import Plan
from engine.simulation import Backend, Simulation

__all__ = ["SEED", "main"]

SEED = 1


def main(file: Path, backend: str) -> None:
    """Simulate and score, and print the measures of the network."""
    scenario, network = pickle.loads(file.read_bytes())
    with Simulation(scenario, network, Plan(()), SEED, cast("Backend", backend)) as simulation:
        print(simulation.run().network)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
