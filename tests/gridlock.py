"""Writes a small network that really gridlocks: `python -m tests.gridlock FOLDER`.

Nine signalised junctions in a grid of 90 m blocks, one lane each way, flows from every end to every other for 25 minutes;
then 20 minutes in which all that can leave does. Left turns yield and share their lane, so queues close rings. One
configuration for each demand, `FOLDER/DEMAND.sumocfg` (vehicles an hour), to be swept with

    greensplit sweep scenario=sumo scenario.sumocfg=FOLDER/2500.sumocfg plans.radius=full search.seed=77 \
        search.budget=183 search.holdout_seeds=[] out=STUDY

and held against the screening model with `python -m tests.screening STUDY`.
"""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from engine.sumo.installation import binary, environment

DEMANDS_VEH_H = (2000, 2500, 3000)
OPEN_S, END_S = 1500, 2700


def write(folder):
    """Write network, demands and configurations."""
    folder.mkdir(parents=True, exist_ok=True)
    options = [
        *("--grid", "--grid.number", "3", "--grid.length", "90", "--grid.attach-length", "150"),
        *("--default.lanenumber", "1", "-j", "traffic_light", "--no-turnarounds", "-o", str(folder / "grid.net.xml")),
    ]
    subprocess.run([binary("netgenerate"), *options], env=environment(), check=True, capture_output=True)
    net = ElementTree.parse(folder / "grid.net.xml").getroot()
    ends = {junction.get("id") for junction in net.findall("junction") if junction.get("type") == "dead_end"}
    edges = [edge for edge in net.findall("edge") if edge.get("function") is None]
    ways_in = [edge for edge in edges if edge.get("from") in ends]
    ways_out = [edge for edge in edges if edge.get("to") in ends]
    pairs = [(a, b) for a in ways_in for b in ways_out if a.get("from") != b.get("to")]
    for veh_h in DEMANDS_VEH_H:
        chance = veh_h / len(pairs) / 3600.0
        flows = "".join(
            f'<flow id="f{i}" begin="0" end="{OPEN_S}" from="{a.get("id")}" to="{b.get("id")}" probability="{chance:.6f}"/>'
            for i, (a, b) in enumerate(pairs)
        )
        (folder / f"{veh_h}.rou.xml").write_text(f"<routes>{flows}</routes>")
        (folder / f"{veh_h}.sumocfg").write_text(
            f'<configuration><net-file value="grid.net.xml"/><route-files value="{veh_h}.rou.xml"/>'
            f'<begin value="0"/><end value="{END_S}"/></configuration>'
        )


if __name__ == "__main__":
    write(Path(sys.argv[1]))
