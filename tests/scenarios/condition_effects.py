"""What each condition does to the quantity that its source is about, measured; `python -m tests.scenarios.condition_effects`."""

import functools
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from engine.nursery import Nursery
from engine.plan import Plan
from tests.conftest import built
from tests.scenarios.approach import END_S, FULL, results, saturation_veh_h, served_veh_h, tripinfos, write

LANE = ("conditions.{}.lanes=[in_0]",)
CARS = f'<flow id="cars" type="car" begin="0" end="{END_S}" vehsPerHour="{{}}" departLane="best" departSpeed="max"><route edges="up in out last"/></flow>'  # noqa: E501  one element
BUSES = f'<flow id="bus" type="bus" begin="0" end="{END_S}" period="120" departLane="best" departSpeed="max"><route edges="up in out last"/></flow>'  # noqa: E501  one element
TRIPS = f'<flow id="cars" type="car" begin="0" end="{END_S}" vehsPerHour="600" departLane="best" from="up" to="last"/>'


@dataclass(frozen=True)
class Effect:
    """One row of the table in docs/conditions.md.

    Attributes:
        condition: its name.
        quantity: what is measured.
        low, high: between which values it is to be.
        measure: the function that measures it, in a folder.
        why: what says so: the source's figure, or what the definition amounts to.
    """

    condition: str
    quantity: str
    low: float
    high: float
    measure: Any
    why: str


@functools.cache
def _full(folder):
    return write(folder / "full", FULL)


@functools.cache
def _dry(folder):
    return results(folder / "dry", _full(folder), seeds=(1, 2))


def _saturation(name, folder):
    found = results(folder / name, _full(folder), f"conditions=[{name}]", seeds=(1, 2))
    return saturation_veh_h(found) / saturation_veh_h(_dry(folder))


def _capacity(name, *more):
    def measure(folder):
        overrides = [f"conditions=[{name}]", *(of.format(name) for of in more)]
        return served_veh_h(results(folder / name, _full(folder), *overrides, seeds=(1, 2))) / served_veh_h(
            _dry(folder)
        )

    return measure


def _speed(name, folder):
    """Free speed of single cars over a dry day's."""
    few = write(folder / "few", CARS.format(60))
    dry, wet = (
        statistics.fmean(float(of.get("speedFactor")) for of in tripinfos(folder / f"few{i}", few, *overrides))
        for i, overrides in enumerate(((), (f"conditions=[{name}]",)))
    )
    return wet / dry


def _mean_s(trips, prefix):
    return statistics.fmean(
        float(of.get("duration")) for of in trips if of.get("id").startswith(prefix) and float(of.get("arrival")) > 0
    )


def _bus(folder):
    """Time that buses lose on two lanes that are nearly full, over what they lose without a lane of their own."""
    busy = write(folder / "busy", CARS.format(2300) + BUSES)
    lane = ("conditions=[bus_lane]", "conditions.bus_lane.lanes=[up_0,in_0]")
    shared, own = (
        statistics.fmean(
            float(of.get("timeLoss"))
            for of in tripinfos(folder / f"busy{i}", busy, *overrides)
            if of.get("id").startswith("bus")
        )
        for i, overrides in enumerate(((), lane))
    )
    return own / shared


def _detour(folder):
    """Share of the vehicles that came to a road while it was closed, and drove round it."""
    config = write(folder / "closed", TRIPS)
    closed = (
        "conditions.road_closed.edges=[in]",
        "conditions.road_closed.begin_s=600",
        "conditions.road_closed.end_s=1800",
    )
    trips = tripinfos(folder / "round", config, "conditions=[road_closed]", *closed)
    meant = [of for of in trips if 600.0 <= float(of.get("depart")) < 1780.0]
    return sum(float(of.get("routeLength")) > 1000.0 for of in meant) / len(meant)


def _emergency(folder):
    """Travel time of the emergency vehicle over that of cars on the same way."""
    busy = write(folder / "busy", CARS.format(2300) + BUSES)
    where = ("conditions.emergency.route=[up,last]", "conditions.emergency.depart_s=1200")
    trips = tripinfos(folder / "emergency", busy, "conditions=[emergency]", *where)
    return _mean_s(trips, "emergency") / _mean_s(trips, "cars")


def _green(response):
    def measure(folder):
        """Share of the cycle that the approach with the failed detector is green, over what it was."""
        config = write(folder / "actuated", CARS.format(300), actuated=True)
        failed = (
            "conditions=[failed_detector]",
            "conditions.failed_detector.lanes=[in_0,in_1]",
            f"conditions.failed_detector.response={response}",
        )
        sound, fallen = (
            next(
                of.green_ratio
                for of in results(folder / f"actuated{i}", config, *overrides, seeds=(1,))[0].groups
                if of.approach == "W"
            )
            for i, overrides in enumerate(((), failed))
        )
        return fallen / sound

    return measure


def _junction(folder, *overrides, tripinfo=None):
    scenario, network = built(folder, "scenario=junction", "scenario.end_s=28200", *overrides)
    with Nursery(scenario, network) as nursery:
        return nursery.run(Plan(()), 1, tripinfo)


@functools.cache
def _today(folder):
    return _junction(folder / "today").network


def _of_junction(name, key, *more):
    """A measure of the built-in junction over what it is without the condition."""

    def measure(folder):
        return _junction(folder / f"junction-{name}", f"conditions=[{name}]", *more).network[key] / _today(folder)[key]

    return measure


def _flow(name):
    def measure(folder):
        """Vehicles an hour that the built-in junction serves."""
        signals = f"conditions.{name}.signals=[C]"
        return _junction(folder / name, f"conditions=[{name}]", signals).network["throughput_veh"] / 1200.0 * 3600.0

    return measure


def _trucks(folder):
    ban = ("conditions=[truck_ban]", "conditions.truck_ban.begin_s=27000")
    return _junction(folder / "ban", *ban).network["truck_veh"] / _today(folder)["truck_veh"]


def _window(folder):
    """Share of all trucks of the built-in junction that depart within the window."""
    window = ("conditions=[delivery_window]", "conditions.delivery_window.begin_s=27600")
    folder.mkdir(parents=True, exist_ok=True)
    _junction(folder / "window", *window, tripinfo=folder / "window.xml")
    trips = [of for of in ElementTree.parse(folder / "window.xml").getroot() if of.get("vType") == "truck"]
    return sum(float(of.get("depart")) >= 27600.0 for of in trips) / len(trips)


def _visitors(folder):
    """Vehicles that the event adds to the built-in junction, over attendance x share / persons a car."""
    more = (
        "conditions=[event]",
        "conditions.event.arrive_at=out1",
        "conditions.event.arrive_begin_s=27000",
        "conditions.event.arrive_end_s=28100",
    )
    return (_junction(folder / "event", *more).network["vehicles"] - _today(folder)["vehicles"]) / 200.0


def _bicycles(folder):
    found = _junction(folder / "bikes", "conditions=[e_bikes]").network
    return found["bicycle_veh"] / found["car_veh"]


def _walking(folder):
    """Walking speed of groups of three over that of one alone, by SUMO's own record of who walks how fast."""
    found = []
    for size in (1, 3):
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"walk{size}.xml"
        _junction(folder / f"walk{size}", "conditions=[groups]", f"conditions.groups.size={size}", tripinfo=file)
        walks = [of for of in ElementTree.parse(file).getroot().iter("walk") if float(of.get("arrival")) > 0]
        found.append(statistics.fmean(float(of.get("maxSpeed")) for of in walks))
    return found[1] / found[0]


EFFECTS = (
    Effect(
        "rain",
        "saturation flow, share of a dry day's",
        0.86,
        0.96,
        functools.partial(_saturation, "rain"),
        "0.91: moderate rain at signals in Durban (Open Transportation Journal 14, 2020)",
    ),
    Effect(
        "rain",
        "free speed, share",
        0.75,
        0.9,
        functools.partial(_speed, "rain"),
        "0.75 to 0.90: wet arterials (FHWA Road Weather Management)",
    ),
    Effect(
        "snow",
        "saturation flow, share",
        0.75,
        0.85,
        functools.partial(_saturation, "snow"),
        "0.80: Perrin, Martin and Hansen, TRR 1748 (2001)",
    ),
    Effect(
        "snow",
        "free speed, share",
        0.65,
        0.75,
        functools.partial(_speed, "snow"),
        "0.70: Perrin, Martin and Hansen, TRR 1748 (2001)",
    ),
    Effect(
        "fog",
        "saturation flow, share",
        0.83,
        0.93,
        functools.partial(_saturation, "fog"),
        "0.88: capacity below 1/4 mile of sight (Agarwal, Maze and Souleyrette 2005; freeways)",
    ),
    Effect(
        "fog",
        "free speed, share",
        0.87,
        0.91,
        functools.partial(_speed, "fog"),
        "0.88 to 0.90: Agarwal, Maze and Souleyrette (2005)",
    ),
    Effect(
        "lane_closed",
        "capacity, share, one of two lanes",
        0.33,
        0.45,
        _capacity("lane_closed", *LANE),
        "0.395: half the lanes, times 0.79 beside an incident (HCM)",
    ),
    Effect(
        "works",
        "capacity, share, one of two lanes",
        0.36,
        0.48,
        _capacity("works", *LANE),
        "0.43: half the lanes, times 0.858 beside works (Bonneson and Nguyen 2012)",
    ),
    Effect("road_closed", "share of drivers who drive round", 0.95, 1.0, _detour, "all who have another way"),
    Effect(
        "bus_lane",
        "time that buses lose, share, road nearly full",
        0.2,
        0.8,
        _bus,
        "less: a lane without cars; the signal's share of the loss stays",
    ),
    Effect(
        "parking",
        "capacity, share, two lanes, 40 manoeuvres an hour",
        0.75,
        0.92,
        _capacity("parking", *LANE, "conditions.{}.manoeuvres_h=40"),
        "0.85: HCM's parking factor (2 - 0.1 - 18 x 40 / 3600) / 2",
    ),
    Effect("growth", "vehicles, share", 1.05, 1.15, _of_junction("growth", "vehicles"), "1.1, as given"),
    Effect(
        "odd_even",
        "vehicles, share",
        0.6,
        0.8,
        _of_junction("odd_even", "vehicles"),
        "0.60 to 0.80: Beijing 2008 (Li and Guo 2016)",
    ),
    Effect("truck_ban", "trucks, share", 0.0, 0.0, _trucks, "none, in its hours"),
    Effect("delivery_window", "share of trucks that depart within it", 1.0, 1.0, _window, "all"),
    Effect(
        "event",
        "cars more, over those expected",
        0.9,
        1.1,
        _visitors,
        "1: attendance x share by car / persons a car (FHWA 2003)",
    ),
    Effect("e_bikes", "two-wheelers for each car", 0.4, 0.6, _bicycles, "0.5, as given"),
    Effect(
        "groups",
        "walking speed of three together, over one alone",
        0.9,
        0.97,
        _walking,
        "0.934: 1.26 - 0.04 x size m/s (Moussaid et al. 2010)",
    ),
    Effect(
        "signal_dark",
        "vehicles an hour that the built-in junction serves",
        400.0,
        1400.0,
        _flow("signal_dark"),
        "an all-way stop of two-lane approaches: about 1,200 (HCM's order of magnitude)",
    ),
    Effect(
        "signal_flashing",
        "vehicles an hour that the built-in junction serves",
        800.0,
        1900.0,
        _flow("signal_flashing"),
        "priority by the junction's rules: more than an all-way stop, less than the signal",
    ),
    Effect(
        "failed_detector",
        "green of its approach, over what it was, recall",
        1.2,
        3.0,
        _green("recall"),
        "up to the maximum green in each cycle",
    ),
    Effect(
        "failed_detector",
        "green of its approach, over what it was, blind",
        0.5,
        1.0,
        _green("blind"),
        "down to the minimum green",
    ),
    Effect(
        "emergency",
        "travel time, over that of cars",
        0.3,
        0.9,
        _emergency,
        "less: 1.5 times the speed limit, and others make way; signals do not answer",
    ),
)


def table(names: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the rows of the table in docs/conditions.md, of some conditions or of all."""
    yield "| condition | what is measured | what says so | in a run |"
    yield "| --- | --- | --- | --- |"
    with tempfile.TemporaryDirectory() as scratch:
        for effect in EFFECTS:
            if not names or effect.condition in names:
                measured = effect.measure(Path(scratch))
                yield f"| `{effect.condition}` | {effect.quantity} | {effect.why} | {measured:.3g} |"


if __name__ == "__main__":
    for row in table(tuple(sys.argv[1:])):
        print(row, flush=True)
