"""What importers are asked for and what they hand back, and the files that all of them write."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from engine.network import Network
from engine.sumo.netconvert import Warned, build_network
from engine.sumo.random_demand import RandomDemand, write_random_demand
from scenarios.folder import CONFIGURATION, DEMAND, NETWORK

__all__ = [
    "Asked",
    "Imported",
    "Reviewed",
    "plain_network",
    "random_demand",
    "reviewed",
    "write_configuration",
    "write_record",
]


@dataclass(frozen=True)
class Asked:
    """What a user chooses of an import.

    Attributes:
        drive_on: side of the road: right or left.
        random_veh_h_km: vehicles an hour for each kilometre of lane of the random demand that stands in where the source
            has none; 0 leaves the demand out.
        seed: of everything that is drawn while importing.
        whole_seconds: whether times of signals are rounded to whole seconds.
        units: metric (metres and km/h), us (feet and mph), or file: what the file says.
    """

    drive_on: str = "right"
    random_veh_h_km: float = 12.0
    seed: int = 1
    whole_seconds: bool = True
    units: str = "file"


@dataclass(frozen=True)
class Reviewed:
    """One signal that a person should look at before its plan is believed.

    Attributes:
        signal: its id.
        where: streets that meet there, and where it lies.
        origin: how it came into the network.
        cycle_s: of its program; 0 without one.
        stages: of its program.
        approaches: names of its approaches.
    """

    signal: str
    where: str
    origin: str
    cycle_s: float
    stages: int
    approaches: str


@dataclass(frozen=True)
class Imported:
    """What an import made.

    Attributes:
        summary: one line for tables.
        kind: the source's format.
        told: what was assumed, mended or left out, a sentence each; goes into the record.
        notes: what every command and page that shows the scenario says.
        warnings: netconvert's, by kind.
        signals: for review.
        attribution: whose data it is, where its licence asks for that.
        facts: numbers about the source, for the record.
        warmup_s: seconds from the beginning that should not be evaluated.
    """

    summary: str
    kind: str
    told: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = ()
    signals: tuple[Reviewed, ...] = ()
    attribution: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    warmup_s: float = 0.0

    def record(self) -> dict[str, Any]:
        """Return as plain data what the import did."""
        return {
            "format": self.kind,
            "told": list(self.told),
            "notes": list(self.notes),
            "warnings": [dataclasses.asdict(warned) for warned in self.warnings],
            "signals": [dataclasses.asdict(row) for row in self.signals],
            "facts": self.facts,
        }


def write_configuration(
    folder: Path,
    begin_s: float,
    end_s: float,
    routes: Sequence[str],
    additional: Sequence[str] = (),
    options: Sequence[tuple[str, str]] = (),
) -> None:
    """Write ``scenario.sumocfg``."""
    inputs = [("net-file", NETWORK), ("route-files", ",".join(routes)), ("additional-files", ",".join(additional))]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<configuration>", "    <input>"]
    lines += [f"        <{key} value={quoteattr(value)}/>" for key, value in inputs if value]
    lines += [
        "    </input>",
        "    <time>",
        f'        <begin value="{begin_s:g}"/>',
        f'        <end value="{end_s:g}"/>',
    ]
    lines.append("    </time>")
    if options:
        lines += ["    <processing>", *(f"        <{key} value={quoteattr(value)}/>" for key, value in options)]
        lines.append("    </processing>")
    lines += ["</configuration>", ""]
    (folder / CONFIGURATION).write_text("\n".join(lines), encoding="utf-8")


def plain_network(
    texts: Mapping[str, str], folder: Path, asked: Asked, source: Path, options: Sequence[str]
) -> list[Warned]:
    """Build the network of its plain files, which do not stay; return netconvert's warnings, by kind.

    Args:
        texts: of the files by nod, edg and con.
        folder: where the network goes.
        asked: on which side traffic drives.
        source: what messages call the roads.
        options: netconvert's, besides.

    Raises:
        InputError: netconvert refuses the roads.
    """
    names = {suffix: f".plain.{suffix}.xml" for suffix in texts}
    for suffix, text in texts.items():
        (folder / names[suffix]).write_text(text, encoding="utf-8")
    plain = [f"--{kind}-files={names[kind[:3]]}" for kind in ("node", "edge", "connection")]
    if asked.drive_on == "left":
        plain.append("--lefthand=true")
    try:
        return build_network(
            [*plain, *options], folder / NETWORK, f"The roads of '{source}' cannot be built: look at the node it names."
        )
    finally:
        for name in names.values():
            (folder / name).unlink()


def random_demand(folder: Path, asked: Asked) -> tuple[list[str], str]:
    """Write random demand, where it is wanted; return the demand files, and what has to be said of the demand."""
    if not asked.random_veh_h_km:
        return [], (
            "There is no demand: nothing will drive. Put vehicles into demand.rou.xml and name it in scenario.sumocfg, "
            "or import again with random_veh_h_km=12."
        )
    of = RandomDemand(veh_h_km=asked.random_veh_h_km, seed=asked.seed)
    n_vehicles = write_random_demand(folder / NETWORK, folder / DEMAND, of)
    return [DEMAND], (
        f"The demand is random, not counted: {n_vehicles} vehicles in an hour ({of.veh_h_km:g} for each kilometre of lane, "
        f"seed {of.seed}). It shows that the network runs; replace {DEMAND} before judging plans."
    )


def reviewed(network: Network, origins: dict[str, str], places: dict[str, str]) -> tuple[Reviewed, ...]:
    """Return the signals of a network for review.

    Args:
        network: the signals.
        origins: how each came into the network.
        places: where each is.
    """
    return tuple(
        Reviewed(
            signal.id,
            places.get(signal.id, f"x {signal.position[0]:g} m, y {signal.position[1]:g} m"),
            origins.get(signal.id, ""),
            0.0 if signal.program is None else signal.program.cycle_s,
            0 if signal.program is None else signal.program.n_stages,
            " ".join(approach.name for approach in signal.approaches),
        )
        for signal in network.signals
    )


def write_record(made: Imported, folder: Path) -> None:
    """Write what the import did (``import.json``), signals for review (``signals.csv``), and whose data it is."""
    (folder / "import.json").write_text(
        json.dumps(made.record(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    if made.signals:
        (folder / "signals.csv").write_text(_table(made.signals), encoding="utf-8")
    if made.attribution:
        (folder / "ATTRIBUTION.txt").write_text(made.attribution + "\n", encoding="utf-8")


def _table(rows: Iterable[Reviewed]) -> str:
    stream = io.StringIO()
    table = csv.DictWriter(stream, [item.name for item in dataclasses.fields(Reviewed)], lineterminator="\n")
    table.writeheader()
    for row in rows:
        values = dataclasses.asdict(row)
        # A spreadsheet runs what begins like a formula.
        table.writerow({k: f"'{v}" if str(v)[:1] in ("=", "+", "-", "@") else v for k, v in values.items()})
    return stream.getvalue()
