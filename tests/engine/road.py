"""A straight road to one signal, with cars that are all alike and come as regularly as a clock."""

import subprocess
from dataclasses import dataclass

from engine.nursery import Nursery
from engine.plan import Plan
from engine.sumo.installation import binary, environment
from tests.conftest import built

LIMIT = 13.89
LENGTH_M, GAP_M, TAU_S, ACCELERATION = 5.0, 2.5, 1.0, 2.6
# No chance in driving, in speeds or in arrivals: what remains is the theory.
CAR = (
    f'<vType id="car" length="{LENGTH_M}" minGap="{GAP_M}" tau="{TAU_S}" accel="{ACCELERATION}" decel="4.5" sigma="0" '
    'speedFactor="1" speedDev="0"/>'
)


@dataclass(frozen=True)
class Road:
    """How the road is built: metres upstream, lanes, and (seconds, letter) of each phase."""

    phases: tuple[tuple[int, str], ...]
    length_m: float = 800.0
    lanes: int = 1

    @property
    def cycle_s(self):
        return sum(seconds for seconds, _ in self.phases)


def build(folder, road, flows, end_s, step_s=1.0, warmup_s=0.0):
    """Return (scenario, network); `flows` are (lane, attributes of a SUMO flow)."""
    folder.mkdir(parents=True, exist_ok=True)
    nodes = f'<node id="a" x="0" y="0"/><node id="c" x="{road.length_m}" y="0" type="traffic_light"/>'
    nodes += f'<node id="b" x="{road.length_m + 400}" y="0"/>'
    edges = f'<edge id="in" from="a" to="c" numLanes="{road.lanes}" speed="{LIMIT}"/>'
    edges += f'<edge id="out" from="c" to="b" numLanes="{road.lanes}" speed="{LIMIT}"/>'
    lanes = range(road.lanes)
    connections = "".join(f'<connection from="in" to="out" fromLane="{i}" toLane="{i}"/>' for i in lanes)
    phases = "".join(f'<phase duration="{seconds}" state="{letter * road.lanes}"/>' for seconds, letter in road.phases)
    lights = f'<tlLogic id="c" type="static" programID="0" offset="0">{phases}</tlLogic>'
    lights += "".join(
        f'<connection from="in" to="out" fromLane="{i}" toLane="{i}" tl="c" linkIndex="{i}"/>' for i in lanes
    )
    vehicles = "".join(
        f'<flow id="f{i}" type="car" departLane="{lane}" departSpeed="max" departPos="0" {how}>'
        '<route edges="in out"/></flow>'
        for i, (lane, how) in enumerate(flows)
    )
    files = {
        "nod": f"<nodes>{nodes}</nodes>",
        "edg": f"<edges>{edges}</edges>",
        "con": f"<connections>{connections}</connections>",
        "tll": f"<tlLogics>{lights}</tlLogics>",
        "rou": f"<routes>{CAR}{vehicles}</routes>",
    }
    for suffix, text in files.items():
        (folder / f"road.{suffix}.xml").write_text(text)
    (folder / "road.sumocfg").write_text(
        '<configuration><net-file value="road.net.xml"/><route-files value="road.rou.xml"/>'
        f'<begin value="0"/><end value="{end_s:g}"/><step-length value="{step_s:g}"/></configuration>'
    )
    kinds = {"node": "nod", "edge": "edg", "connection": "con", "tllogic": "tll"}
    subprocess.run(
        [str(binary("netconvert")), *(f"--{kind}-files=road.{suffix}.xml" for kind, suffix in kinds.items()),
         "--output-file=road.net.xml", "--no-turnarounds", "--no-warnings"],
        cwd=folder, env=environment(), check=True, capture_output=True,
    )  # fmt: skip
    return built(
        folder / "scenario", "scenario=sumo", f"scenario.sumocfg={folder / 'road.sumocfg'}",
        f"scenario.warmup_s={warmup_s:g}",
    )  # fmt: skip


def run(folder, road, flows, end_s, step_s=0.1, warmup_s=0.0, seeds=(1,)):
    """Return the whole result of one simulation for each seed."""
    with Nursery(*build(folder, road, flows, end_s, step_s, warmup_s)) as nursery:
        return [nursery.run(Plan(()), seed) for seed in seeds]
