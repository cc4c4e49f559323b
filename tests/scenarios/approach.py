"""A made-up approach that is always full: two lanes to one signal, a side street round it, a crossing road."""

import statistics
import subprocess
from xml.etree import ElementTree

from engine.nursery import Nursery
from engine.plan import Plan
from engine.sumo.installation import binary, environment
from tests.conftest import built

CYCLE = ((60, "G", "r"), (4, "y", "r"), (22, "r", "G"), (4, "r", "y"))
SIGNAL = ' type="traffic_light"'
END_S = 2400
CAR = '<vType id="car" vClass="passenger" length="4.6" minGap="2.5" sigma="0.5" tau="1.1" speedFactor="normc(1,0.1,0.7,1.3)"/>'
BUS = '<vType id="bus" vClass="bus"/>'
FULL = "".join(
    f'<flow id="full{lane}" type="car" begin="0" end="{END_S}" period="1.8" departLane="{lane}" departSpeed="max">'
    '<route edges="up in out"/></flow>'
    for lane in (0, 1)
)
"""More than two lanes can serve in two thirds of the time."""


def write(folder, traffic=FULL, actuated=False):
    """Write the approach with some traffic; return its configuration.

    Edges: ``up`` (200 m) and ``in`` (300 m, two lanes) to signal C, ``out`` behind it; ``side``, ``back``: a way from the end of
    ``up`` round C to ``last``, which follows ``out``; ``south`` crosses at C and leads to ``north``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    nodes = {
        "a": (0, 0),
        "b": (200, 0),
        "C": (500, 0),
        "e": (800, 0),
        "f": (1000, 0),
        "d": (500, 150),
        "s": (500, -300),
        "n": (500, 300),
    }
    edges = [
        ("up", "a", "b", 2), ("in", "b", "C", 2), ("out", "C", "e", 2), ("last", "e", "f", 2), ("side", "b", "d", 1),
        ("back", "d", "e", 1), ("south", "s", "C", 1), ("north", "C", "n", 1),
    ]  # fmt: skip
    joins = [
        ("up", 0, "in", 0), ("up", 1, "in", 1), ("up", 1, "side", 0), ("in", 0, "out", 0), ("in", 1, "out", 1),
        ("south", 0, "north", 0), ("out", 0, "last", 0), ("out", 1, "last", 1), ("side", 0, "back", 0),
        ("back", 0, "last", 1),
    ]  # fmt: skip
    at_signal = [("in", 0, "out", 0), ("in", 1, "out", 1), ("south", 0, "north", 0)]
    kind = "actuated" if actuated else "static"
    bounds = ' minDur="10" maxDur="60"' if actuated else ""
    phases = "".join(
        f'<phase duration="{seconds}" state="{main * 2}{cross}"{bounds if "G" in (main, cross) else ""}/>'
        for seconds, main, cross in CYCLE
    )
    lights = f'<tlLogic id="C" type="{kind}" programID="0" offset="0">{phases}</tlLogic>' + "".join(
        f'<connection from="{a}" to="{b}" fromLane="{i}" toLane="{j}" tl="C" linkIndex="{k}"/>'
        for k, (a, i, b, j) in enumerate(at_signal)
    )
    files = {
        "nod": "<nodes>" + "".join(
            f'<node id="{name}" x="{x}" y="{y}"{SIGNAL if name == "C" else ""}/>' for name, (x, y) in nodes.items()
        ) + "</nodes>",
        "edg": "<edges>" + "".join(
            f'<edge id="{name}" from="{a}" to="{b}" numLanes="{n}" speed="13.89"/>' for name, a, b, n in edges
        ) + "</edges>",
        "con": "<connections>" + "".join(
            f'<connection from="{a}" to="{b}" fromLane="{i}" toLane="{j}"/>' for a, i, b, j in joins
        ) + "</connections>",
        "tll": f"<tlLogics>{lights}</tlLogics>",
        "rou": f"<routes>{CAR}{BUS}{traffic}</routes>",
    }  # fmt: skip
    for suffix, text in files.items():
        (folder / f"approach.{suffix}.xml").write_text(text)
    kinds = {"node": "nod", "edge": "edg", "connection": "con", "tllogic": "tll"}
    subprocess.run(
        [str(binary("netconvert")), *(f"--{kind}-files=approach.{suffix}.xml" for kind, suffix in kinds.items()),
         "--output-file=approach.net.xml", "--no-turnarounds", "--no-warnings"],
        cwd=folder, env=environment(), check=True, capture_output=True,
    )  # fmt: skip
    (folder / "approach.sumocfg").write_text(
        '<configuration><net-file value="approach.net.xml"/><route-files value="approach.rou.xml"/>'
        f'<begin value="0"/><end value="{END_S}"/></configuration>'
    )
    return folder / "approach.sumocfg"


def results(folder, configuration, *overrides, seeds=(1, 2, 3)):
    """Return the result of the plan in the net with each seed, under conditions that overrides name."""
    scenario, network = built(
        folder, "scenario=sumo", f"scenario.sumocfg={configuration}", "scenario.warmup_s=300", *overrides
    )
    with Nursery(scenario, network) as nursery:
        return [nursery.run(Plan(()), seed) for seed in seeds]


def saturation_veh_h(found):
    """Return the mean saturation flow of the full approach's lane group over the runs, vehicles an hour."""
    flows = [group.saturation_flow_veh_h for of in found for group in of.groups if group.approach == "W"]
    return statistics.fmean(flow for flow in flows if flow is not None)


def served_veh_h(found):
    """Return the mean flow that the full approach serves, vehicles an hour: its capacity."""
    return statistics.fmean(group.flow_veh_h for of in found for group in of.groups if group.approach == "W")


def tripinfos(folder, configuration, *overrides, seed=1):
    """Return SUMO's own record of every vehicle and person of one run."""
    scenario, network = built(folder, "scenario=sumo", f"scenario.sumocfg={configuration}", *overrides)
    with Nursery(scenario, network) as nursery:
        nursery.run(Plan(()), seed, folder / "tripinfo.xml")
    return list(ElementTree.parse(folder / "tripinfo.xml").getroot())
