"""Measures what the documentation claims of speed and memory: `make measure`.

Machines are noisy, so our sweep and bare SUMO run in turns, and the ratio of each pair is what counts.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from engine.nursery import Nursery
from engine.plan import Plan
from scenarios.benchmarks import package_folder
from tests.conftest import built

BIN = Path(sys.executable).parent
SEEDS = range(1, 65)


def wall_s(command, **options):
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    return time.monotonic() - began


def overhead(pairs=3):
    """Print the wall time of 64 scored runs of cologne8 over that of 64 bare runs by xargs -P2, start-up included."""
    configuration = package_folder() / "nets/RESCO/cologne8/cologne8.sumocfg"
    bare = f"seq 1 64 | xargs -P2 -I@ {BIN}/sumo -c {configuration} --seed @ --time-to-teleport -1 --no-step-log --no-warnings"
    ratios = []
    for pair in range(pairs):
        with tempfile.TemporaryDirectory() as folder:
            seeds = ",".join(map(str, SEEDS))
            ours_s = wall_s(
                [BIN / "greensplit", "sweep", "scenario=cologne8", "plans=baseline", f"seeds=[{seeds}]", "search.budget=64",
                 "search.holdout_seeds=[]", "workers=2", f"out={folder}/study"]
            )  # fmt: skip
        bare_s = wall_s(["bash", "-c", bare])
        ratios.append(ours_s / bare_s)
        print(f"pair {pair + 1}: sweep {ours_s:.1f} s, bare {bare_s:.1f} s, ratio {ratios[-1]:.3f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.3f}")


def memory(runs=200):
    """Print the memory of a worker's process, and of the largest simulation that it forked, over many runs."""
    with tempfile.TemporaryDirectory() as folder:
        scenario, network = built(Path(folder), "scenario=cologne1", "scenario.end_s=26100")
        with Nursery(scenario, network) as nursery:
            results = {}
            for run in range(runs):
                result = nursery.run(Plan(()), run % 10).to_bytes()
                assert results.setdefault(run % 10, result) == result, "a repeated run differs"
                if run in (0, 1) or run % 50 == 49:
                    status = Path(f"/proc/{nursery.pid}/status").read_text()
                    print(f"run {run + 1}: {int(status.partition('VmRSS:')[2].split()[0]) / 1024:.1f} MB", flush=True)
    print(f"{runs} runs of 10 seeds, every repetition the same bytes")


if __name__ == "__main__":
    os.environ.pop("PYTHONHASHSEED", None)
    memory()
    overhead()
