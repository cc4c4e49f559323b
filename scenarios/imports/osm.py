"""OpenStreetMap extracts: a cleaned network for cars, its signals listed for review, and random demand."""

from __future__ import annotations

import re
from pathlib import Path

from engine.network import Network
from engine.sumo.netconvert import build_network, typemap
from scenarios.folder import NETWORK
from scenarios.imports.osm_file import OsmExtract, node_places, write_roads
from scenarios.imports.parts import Asked, Imported, random_demand, reviewed, write_configuration
from scenarios.imports.programs import mend_greens, network_of, street_names

__all__ = ["ATTRIBUTION", "import_osm"]

ATTRIBUTION = (
    "Road network: \N{COPYRIGHT SIGN} OpenStreetMap contributors, available under the Open Database License (ODbL) 1.0: "
    "https://www.openstreetmap.org/copyright"
)

OPTIONS = (
    # What SUMO's documentation recommends for OSM: geometry nodes merged, ramps recognised, junctions and signals that are
    # drawn as several nodes joined, signals drawn before a junction moved onto it, those on plain road left out.
    *("--geometry.remove", "--ramps.guess", "--junctions.join"),
    *("--tls.guess-signals", "--tls.discard-simple", "--tls.join", "--tls.default-type", "static"),
    *("--output.street-names", "--output.original-names"),
    # Lanes' arrows and permissions are what makes turns come out as in the street.
    *("--osm.turn-lanes", "--osm.lane-access"),
    # A network for cars; what hangs on nothing carries no traffic.
    *("--keep-edges.by-vclass", "passenger", "--keep-edges.components", "1"),
    # Turning round at signals happens hardly ever, and would cost each program a movement; at dead ends it has to be.
    *("--no-turnarounds.tls", "--no-turnarounds.except-deadend"),
    # Without all-red the last vehicle of a phase meets the first of the next.
    *("--tls.allred.time", "2"),
)


def import_osm(source: Path, folder: Path, asked: Asked) -> Imported:
    """Build a scenario of an OSM extract into `folder`.

    Raises:
        InputError: the extract is cut, broken, or holds no roads or no signals; or pyosmium is missing.
    """
    roads = folder / ".roads.osm"
    extract = write_roads(source, roads)
    options = ["--osm-files", roads.name, "--type-files", typemap("osmNetconvert", "osmNetconvertUrbanDe"), *OPTIONS]
    if asked.drive_on == "left":
        options.append("--lefthand")
    warnings = build_network(options, folder / NETWORK, f"'{source}' cannot be made a network: take another extract.")
    network = network_of(folder / NETWORK)
    mended = mend_greens(folder / NETWORK, network)
    network = network_of(folder / NETWORK)
    routes, of_demand = random_demand(folder, asked)
    write_configuration(folder, 0.0, 3600.0, routes)
    signals = reviewed(network, _origins(network), _places(network, folder / NETWORK, roads))
    roads.unlink()
    guessed = (
        f"The map holds no timings: cycles, greens and offsets of all {len(signals)} signals are netconvert's guess "
        "(signals.csv lists them for review)."
    )
    return Imported(
        summary=f"{extract.roads} roads and {len(signals)} signals from OpenStreetMap",
        kind="osm",
        told=(*_told(extract, signals_made=len(signals)), *mended),
        notes=(f"{ATTRIBUTION}.", guessed, of_demand),
        warnings=tuple(warnings),
        signals=signals,
        attribution=ATTRIBUTION,
        facts={"roads": extract.roads, "signal_nodes": len(extract.signals), "signals": len(signals)},
    )


def _told(extract: OsmExtract, signals_made: int) -> list[str]:
    return [
        *extract.told(),
        "Where the map states no speed or number of lanes, SUMO's type map for towns does (50 km/h, 30 in living streets "
        "10).",
        f"{len(extract.signals)} points of the map are tagged as signals; joined by crossing, they are {signals_made} "
        "signals.",
    ]


def _origins(network: Network) -> dict[str, str]:
    """Return how each signal came into the network, as netconvert's names tell."""
    origins = {}
    for signal in network.signals:
        if "GS_" in signal.id:
            origin = "guessed: the map has its signals before the junction, not on it"
        elif signal.id.startswith(("joinedS_", "joinedG_")):
            origin = "joined: several signals of the map that stand close together"
        elif "cluster" in signal.id:
            origin = "joined: a junction that the map draws as several points"
        else:
            origin = "in the map on the junction itself"
        origins[signal.id] = origin
    return origins


def _places(network: Network, net: Path, roads: Path) -> dict[str, str]:
    """Return streets and coordinates of each signal: its id holds the map's points that it was made of."""
    points = {signal.id: [int(number) for number in re.findall(r"\d{2,}", signal.id)] for signal in network.signals}
    known = node_places(roads, {number for numbers in points.values() for number in numbers})
    names = street_names(net)
    places = {}
    for signal in network.signals:
        streets = dict.fromkeys(names.get(approach.edge, "") for approach in signal.approaches)
        parts = [" / ".join(name for name in streets if name)]
        lon_lat = next((known[number] for number in points[signal.id] if number in known), None)
        if lon_lat is not None:
            parts.append(f"{lon_lat[1]:.5f}, {lon_lat[0]:.5f}")
        places[signal.id] = "; ".join(part for part in parts if part)
    return places
