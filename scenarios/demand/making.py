"""Makes a scenario's folder of a network that is there and demand from another source."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as PlainElementTree
from xml.sax.saxutils import quoteattr

from engine.controller_log import LOG_COLUMNS, actuations, read_table
from engine.errors import InputError
from engine.files import sha256
from engine.network import Network
from engine.scenario import Scenario
from engine.sumo.quickest import Streets, read_streets
from engine.sumo.sampling import Place
from engine.sumo.street import Street
from engine.sumo.tools import plain_xml_text
from engine.sumo.travellers import departure_s
from kernels.formulas import geh
from scenarios.demand.balance import refuse_contradictions
from scenarios.demand.counts import Count, Interval, Places, binned, log_counts, profiled, read_counts
from scenarios.demand.fleet import MIX, Drivers, Fleet, fleet_of
from scenarios.demand.routing import by_routes, by_turns, passing
from scenarios.demand.trips import Vehicle, Zones, driven, read_flows, read_zones
from scenarios.folder import DEMAND, NETWORK, Entry, making, write_entry
from scenarios.imports.parts import write_configuration

__all__ = [
    "Asked", "Ground", "Made", "Sources", "cold_start", "counted", "ground_of", "inherited", "make_demand", "routed",
    "write_scenario",
]  # fmt: skip

HOUR_S = 3600.0
GEH_OK = 5.0


@dataclass(frozen=True)
class Sources:
    """Files that say what drives; those of one kind.

    Attributes:
        counts: turning counts, and detectors' counts.
        log, detectors: a controller's high-resolution log, and what each of its detectors counts.
        flows: from road to road.
        od, zones: a matrix from zone to zone, and the roads of each zone.
    """

    counts: Path | None = None
    log: Path | None = None
    detectors: Path | None = None
    flows: Path | None = None
    od: Path | None = None
    zones: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """Those that are given."""
        given = (self.counts, self.log, self.detectors, self.flows, self.od, self.zones)
        return tuple(path for path in given if path is not None)


@dataclass(frozen=True)
class Asked:
    """What a user chooses of a demand.

    Attributes:
        method: of counts: routes (whole routes, by routeSampler) or turns (turn by turn, by jtrrouter).
        profile: shares of the total in each quarter of an hour; empty: even.
        scale: vehicles for each counted one.
        shift_s: by how much later everything comes, seconds.
        seed: of departures, routes, and ends in zones.
        warmup_s: seconds before the first interval that are simulated at its rate, and not evaluated.
        trucks: share of trucks, where the scenario's own demand names no types.
        tolerance: share by which counts of neighbours may differ.
        sources: edges within the network where traffic begins and ends.
        bin_min: of a log: minutes of a count.
    """

    method: str = "routes"
    profile: tuple[float, ...] = ()
    scale: float = 1.0
    shift_s: float = 0.0
    seed: int = 1
    warmup_s: float = 600.0
    trucks: float = 0.05
    tolerance: float = 0.15
    sources: tuple[str, ...] = ()
    bin_min: int = 15


@dataclass(frozen=True)
class Ground:
    """What demand is made for: a scenario, its network, its streets, and who drives there."""

    scenario: Scenario
    network: Network
    streets: Streets
    fleet: Fleet
    additional: tuple[tuple[str, str], ...]

    @property
    def places(self) -> Places:
        """What counts can be of."""
        return Places(self.streets, self.network)


@dataclass(frozen=True)
class Made:
    """What was made.

    Attributes:
        summary: one line for tables.
        notes: what every command that shows the scenario says.
        record: facts, as plain data.
    """

    summary: str
    notes: tuple[str, ...]
    record: dict[str, Any] = field(default_factory=dict)


def ground_of(scenario: Scenario, network: Network, asked: Asked) -> Ground:
    """Return what demand is made for.

    Raises:
        InputError: a file of the scenario is broken, or `asked.sources` names a road that is not there.
    """
    street = Street(scenario)
    streets = read_streets(scenario.net)
    places = Places(streets, network)
    for edge in asked.sources:
        places.edge(edge, "sources", "the road")
    fleet = fleet_of(street, asked.trucks).moved(asked.shift_s)
    return Ground(scenario, network, streets, fleet, tuple(street.additional))


def counted(sources: Sources, ground: Ground, asked: Asked) -> tuple[Count, ...]:
    """Return the counts of a file or a log, checked against the network and against one another.

    Raises:
        InputError: a count is wrong, or two contradict each other.
    """
    places = ground.places
    if sources.counts is not None:
        counts = read_counts(sources.counts, places)
    else:
        assert sources.log is not None  # the configuration refuses to be without
        assert sources.detectors is not None
        rows = actuations(read_table(sources.log, LOG_COLUMNS, "a controller's log"), asked.bin_min)
        counts = log_counts(sources.log, rows, asked.bin_min * 60.0, sources.detectors, places)
    refuse_contradictions(counts, ground.streets, asked.sources, asked.tolerance)
    return profiled(counts, asked.profile, asked.scale, asked.shift_s)


def routed(bins: Mapping[Interval, Mapping[Place, float]], ground: Ground, asked: Asked) -> list[Vehicle]:
    """Return vehicles that meet counts, those of the warm-up before them.

    Raises:
        InputError: no route passes one of the places.
    """
    first_s, end_s = next(iter(bins))
    step_s = end_s - first_s
    warmup_s = min(asked.warmup_s, first_s)
    at_first = bins[first_s, end_s]
    n_before = -int(-warmup_s // step_s)
    # Whole intervals before the first, of which only the end is taken; they may begin before 0.
    offset_s = n_before * step_s
    before = {(first_s - (i + 1) * step_s, first_s - i * step_s): at_first for i in reversed(range(n_before))}
    moved = {(begin + offset_s, end + offset_s): at for (begin, end), at in (before | dict(bins)).items()}
    if asked.method == "turns":
        found = by_turns(moved, ground.scenario.net, ground.streets, asked.sources, asked.seed)
    else:
        found = by_routes(moved, ground.streets, asked.sources, asked.seed)
    return [(at_s - offset_s, way) for at_s, way in found if at_s - offset_s >= first_s - warmup_s]


def make_demand(sources: Sources, ground: Ground, asked: Asked, out: Path) -> Made:
    """Make the scenario's folder `out`; it appears whole or not at all. The same input and seed give the same bytes.

    Raises:
        InputError: a source cannot be used, or `out` is there already.
    """
    if sources.flows is not None or sources.od is not None:
        vehicles, window, told, places = _of_flows(sources, ground, asked)
    else:
        counts = counted(sources, ground, asked)
        bins = binned(counts)
        vehicles = routed(bins, ground, asked)
        window = next(iter(bins))[0], list(bins)[-1][1]
        told, places = _told(counts, bins, vehicles, sources)
    made = Made(
        f"demand from {', '.join(path.name for path in sources.files)} on {ground.scenario.name}",
        (*inherited(ground.scenario), told, *cold_start(window, asked)),
        {"vehicles": len(vehicles), "begin_s": window[0], "end_s": window[1], **places},
    )
    with making(out) as folder:
        write_scenario(folder, out.absolute().name, ground, vehicles, window, asked.warmup_s, made, sources)
        text = json.dumps(made.record, indent=1, ensure_ascii=False) + "\n"
        (folder / "demand.json").write_text(text, encoding="utf-8")
    return made


def cold_start(window: Interval, asked: Asked) -> list[str]:
    """Return what has to be said where no time is left before the counts for the warm-up that is asked for."""
    if window[0] >= asked.warmup_s:
        return []
    left = f"{window[0]:g} s of" if window[0] else "no"
    return [f"The counts begin at {window[0]:g} s, so there is {left} warm-up: the roads are empty when they begin."]


def inherited(scenario: Scenario) -> list[str]:
    """Return what a scenario wants to be said that holds under other demand, too."""
    return [note for note in scenario.notes if not note.startswith(("The demand is ", "There is no demand"))]


def _of_flows(sources: Sources, ground: Ground, asked: Asked) -> tuple[list[Vehicle], Interval, str, dict[str, Any]]:
    zones = read_zones(sources.zones, ground.streets) if sources.zones is not None else Zones(None)
    file = sources.flows or sources.od
    assert file is not None  # called with one of them
    flows = profiled(read_flows(file, ground.streets, zones), asked.profile, asked.scale, asked.shift_s)
    first_s = min(flow.begin_s for flow in flows)
    warmup_s = min(asked.warmup_s, first_s)
    before = [
        replace(
            flow, begin_s=first_s - warmup_s, end_s=first_s, number=flow.number * warmup_s / (flow.end_s - flow.begin_s)
        )
        for flow in flows
        if flow.begin_s == first_s and warmup_s
    ]
    vehicles = driven([*before, *flows], ground.streets, zones, asked.seed)
    if not vehicles:
        raise InputError(f"'{file}': scale={asked.scale:g} leaves no vehicle. Give a larger one.")
    said = (
        f"The demand is of {file.name}: {len(vehicles)} vehicles, each by the quickest way through the empty network at a "
        f"random time of its interval (seed {asked.seed})."
    )
    return vehicles, (first_s, max(flow.end_s for flow in flows)), said, {"flows": len({f.place for f in flows})}


def _told(
    counts: Sequence[Count],
    bins: Mapping[Interval, Mapping[Place, float]],
    vehicles: Sequence[Vehicle],
    sources: Sources,
) -> tuple[str, dict[str, Any]]:
    """Return what has to be said of a demand from counts, and each place's count beside what was routed."""
    first_s, last_s = next(iter(bins))[0], list(bins)[-1][1]
    made: dict[Place, int] = {}
    for at_s, way in vehicles:
        if first_s <= at_s < last_s:
            for place in passing(way):
                made[place] = made.get(place, 0) + 1
    rows: list[dict[str, Any]] = []
    for place, label in {count.place: f"{count.junction}: {count.label}" for count in counts}.items():
        number = sum(at.get(place, 0.0) for at in bins.values())
        hours = sum(end_s - begin_s for (begin_s, end_s), at in bins.items() if place in at) / HOUR_S
        value = float(geh(made.get(place, 0) / hours, number / hours))
        rows.append({"place": label, "counted": round(number, 1), "routed": made.get(place, 0), "geh": round(value, 2)})
    fits = sum(row["geh"] < GEH_OK for row in rows)
    said = (
        f"The demand is of counts ({', '.join(path.name for path in sources.files)}): {len(vehicles)} vehicles, whose routes "
        f"pass {fits} of {len(rows)} counted places within GEH 5. What drives past them is for 'greensplit calibrate' to say."
    )
    return said, {"geh_under_5": round(fits / len(rows), 3), "places": rows}


def write_scenario(
    folder: Path,
    name: str,
    ground: Ground,
    vehicles: Sequence[Vehicle],
    window: Interval,
    warmup_s: float,
    made: Made,
    sources: Sources,
    drivers: Drivers | None = None,
) -> None:
    """Write a scenario's folder into `folder`: network, demand, what else its configuration names, and its entry.

    Args:
        folder: an empty folder.
        name: what the scenario is called.
        ground: what the demand is for.
        vehicles: who drives, in order of departure.
        window: from the first interval's begin to the last one's end, seconds.
        warmup_s: simulated before it, as far as time allows.
        made: summary and notes.
        sources: files whose bytes the entry names.
        drivers: factors on how the fleet drives.
    """
    net = ground.scenario.net
    plain = gzip.decompress(net.read_bytes()) if net.suffix == ".gz" else net.read_bytes()
    (folder / NETWORK).write_bytes(plain)
    lines = list(ground.fleet.lines(drivers or Drivers(), ground.scenario.step_s))
    (folder / DEMAND).write_text(plain_xml_text("routes", [*lines, *_travellers(vehicles, ground.fleet)]), "utf-8")
    additional = []
    for i, (file, text) in enumerate(ground.additional):
        kept = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in file)
        additional.append(f"{i}-{kept}")
        (folder / additional[-1]).write_text(text, encoding="utf-8")
    warmup_s = min(warmup_s, window[0])
    write_configuration(folder, window[0] - warmup_s, window[1], [DEMAND], additional, ground.scenario.options)
    files = {path.name: sha256(path) for path in sources.files}
    said = {"format": "demand", "network": ground.scenario.name, **files}
    write_entry(Entry(name, made.summary, warmup_s, made.notes, said), folder)


def _travellers(vehicles: Sequence[Vehicle], fleet: Fleet) -> list[str]:
    """Return the elements of everybody, in order of departure."""
    found = [
        (
            at_s,
            f'<vehicle id="v{i}" type="{MIX}" depart="{at_s:.2f}" departLane="best" departSpeed="max">'
            f"<route edges={quoteattr(' '.join(way))}/></vehicle>",
        )
        for i, (at_s, way) in enumerate(vehicles)
    ]
    for element in fleet.staying:
        text = PlainElementTree.tostring(element, encoding="unicode").strip()
        found.append((departure_s(element) or 0.0, " ".join(text.split())))
    return [line for _, line in sorted(found, key=lambda pair: pair[0])]
