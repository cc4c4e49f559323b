"""Draws the gallery's junctions, and writes into its pages what studies of them measured.

python docs/_build/gallery.py              draws every junction
python docs/_build/gallery.py STUDY ...    also takes figures and best plans from studies made by `greensplit optimize`
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import polars

from engine.geometry import Geometry
from engine.statistics import paired_interval
from engine.sumo.shapes import read_geometry
from scenarios import streets

PAGES = Path(__file__).parent.parent / "gallery"
FIGURES = PAGES / "figures.json"
BLOCK = re.compile(r"(<!-- figures -->\n).*?(<!-- end of figures -->)", re.DOTALL)
MEASURES = {
    "delay_s": "delay of a vehicle, s",
    "car_delay_s": "delay of a car, s",
    "stops_per_veh": "stops of a vehicle",
    "spillback_s": "seconds of blocked back, all lanes",
    "bus_delay_s": "delay of a bus or tram, s",
    "bicycle_delay_s": "delay of a bicycle, s",
    "pedestrian_delay_s": "delay of a pedestrian, s",
}
COLOURS = {"road": "#8a8f98", "cycleway": "#b0673f", "rail": "#4a4a4a", "footway": "#d8d4c8", "crossing": "#ffffff"}
SEEN_M = 150.0


def draw(geometry: Geometry) -> str:
    """Return the signals' surroundings as SVG, north up."""
    ends = {lane.id: lane.shape for lane in geometry.lanes}
    heads = [ends[head.lane][-1] for head in geometry.heads if head.lane in ends]
    west, east = min(x for x, _ in heads) - SEEN_M, max(x for x, _ in heads) + SEEN_M
    south, north = min(y for _, y in heads) - SEEN_M, max(y for _, y in heads) + SEEN_M

    def points(shape: Any) -> str:
        return " ".join(f"{x - west:.1f},{north - y:.1f}" for x, y in shape)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {east - west:.0f} {north - south:.0f}" role="img">',
        f'<rect width="{east - west:.0f}" height="{north - south:.0f}" fill="#f4f2ec"/>',
    ]
    lines += [f'<polygon points="{points(of.shape)}" fill="#8a8f98"/>' for of in geometry.junctions]
    lines += [
        f'<polyline points="{points(lane.shape)}" fill="none" stroke="{COLOURS[lane.use]}" '
        f'stroke-width="{2.9 if lane.use == "road" else 1.8}"/>'
        for lane in geometry.lanes
    ]
    lines += [
        f'<circle cx="{x - west:.1f}" cy="{north - y:.1f}" r="1.8" fill="#c0392b"/>' for x, y in dict.fromkeys(heads)
    ]
    return "\n".join([*lines, "</svg>\n"])


def figures(study: Path) -> dict[str, Any]:
    """Return what a study measured on its held-out seeds: of both plans, by seed."""
    summary = json.loads((study / "summary.json").read_text(encoding="utf-8"))
    rows = polars.read_parquet(study / "results.parquet").filter(polars.col("role") == "holdout").sort("seed")
    of = {}
    for key, plan_id in (("today", "baseline"), ("best", summary["best"]["plan_id"])):
        own = rows.filter(polars.col("plan_id") == plan_id)
        of[key] = {"seeds": own["seed"].to_list()} | {name: own[name].to_list() for name in MEASURES}
    for key, file in (("today", study / "scenario" / "streets.net.xml"), ("best", study / "best.add.xml")):
        of[key]["cycle_s"] = _cycles_s(file)
    return {"simulations": summary["simulations"]["training"], **of}


def _cycles_s(file: Path) -> dict[str, float]:
    """Return the cycle of each signal whose program stands in a file."""
    logics = ElementTree.parse(file).getroot().iter("tlLogic")
    return {str(of.get("id")): sum(float(phase.get("duration", 0)) for phase in of.iter("phase")) for of in logics}


def table(of: dict[str, Any]) -> str:
    """Return the figures as a table: means, and the paired difference with its 95 % interval."""
    lines = ["| | plan in the net | recorded plan | difference |", "| --- | --- | --- | --- |"]
    cycles = [sorted({f"{cycle:g}" for cycle in of[key]["cycle_s"].values()}) for key in ("today", "best")]
    lines.append(f"| cycle, s | {', '.join(cycles[0])} | {', '.join(cycles[1])} | |")
    for name, title in MEASURES.items():
        today, best = of["today"][name], of["best"][name]
        if not any(today):
            continue
        at = paired_interval(best, today)
        of_both = " | ".join(f"{sum(values) / len(values):,.1f}" for values in (today, best))
        difference = f"{at.centre:+,.1f} ({at.low:+,.1f} to {at.high:+,.1f})".replace("-", "−")
        lines.append(f"| {title} | {of_both} | {difference} |")
    return "\n".join(lines) + "\n"


def main(studies: list[str]) -> None:
    """Draw, and take over what the studies found."""
    known = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.is_file() else {}
    for folder in map(Path, studies):
        name = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["scenario"]
        known[name] = figures(folder)
        (streets.GALLERY / "plans").mkdir(exist_ok=True)
        shutil.copyfile(folder / "best.add.xml", streets.GALLERY / "plans" / f"{name}.add.xml")
        page = PAGES / f"{name}.md"
        text = page.read_text(encoding="utf-8")
        page.write_text(BLOCK.sub(lambda at, of=known[name]: f"{at[1]}{table(of)}{at[2]}", text), encoding="utf-8")
    FIGURES.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    for file in sorted(streets.GALLERY.glob("*.yaml")):
        with tempfile.TemporaryDirectory() as scratch:
            configuration = streets.write(file, Path(scratch) / "streets")
            picture = draw(read_geometry(configuration.parent / "streets.net.xml"))
        (PAGES / f"{file.stem}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
