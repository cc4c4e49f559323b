"""Records what the package `atspm` makes of its own sample log: run it in an environment of its own, by hand.

python -m venv /tmp/atspm && /tmp/atspm/bin/pip install atspm==2.6.1 'duckdb<1.5'
/tmp/atspm/bin/python tests/record_atspm.py > tests/experiments/atspm_2_6_1.json
"""

import csv
import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from atspm import SignalDataProcessor, sample_data

SPLIT = dict(red_time=5, red_occupancy_threshold=0.80, green_occupancy_threshold=0.80, by_approach=True, by_cycle=False)
AGGREGATIONS = {"arrival_on_green": {"latency_offset_seconds": 0}, "split_failures": SPLIT}


def main():
    recorded = {"atspm": version("atspm"), "duckdb": version("duckdb")}
    with tempfile.TemporaryDirectory() as folder:
        with SignalDataProcessor(
            raw_data=sample_data.data.df(), detector_config=sample_data.config.df(), bin_size=15, output_dir=folder,
            output_to_separate_folders=False, output_format="csv", output_file_prefix="", remove_incomplete=False,
            aggregations=[{"name": name, "params": params} for name, params in AGGREGATIONS.items()], verbose=0,
        ) as processor:  # fmt: skip
            processor.load()
            processor.aggregate()
            processor.save()
        for name in AGGREGATIONS:
            with (Path(folder) / f"{name}.csv").open() as stream:
                recorded[name] = sorted(csv.DictReader(stream), key=lambda row: tuple(row.values())[:3])
    json.dump(recorded, sys.stdout, indent=0)
    print()


if __name__ == "__main__":
    main()
