"""Tells what a file is, and makes a scenario's folder of it."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from engine.errors import InputError
from engine.files import sha256
from scenarios.folder import Entry, making, write_entry
from scenarios.imports.gmns import import_gmns
from scenarios.imports.osm import import_osm
from scenarios.imports.parts import Asked, Imported, write_record
from scenarios.imports.utdf import import_utdf

__all__ = ["import_scenario", "kind_of"]

IMPORTERS: dict[str, Callable[[Path, Path, Asked], Imported]] = {
    "osm": import_osm,
    "utdf": import_utdf,
    "gmns": import_gmns,
}
ROOT = re.compile(rb"<([A-Za-z_][\w.-]*)")
KNOWN = (
    "An OSM extract (.osm, .osm.gz, .osm.bz2, .osm.pbf), UTDF (.csv) and a folder of GMNS tables are known. "
    "A SUMO model needs no import: scenario=sumo scenario.sumocfg=PATH runs it."
)


def import_scenario(source: Path, out: Path, asked: Asked) -> Imported:
    """Make the scenario's folder `out` of a file; it appears whole or not at all.

    The same source, choices and version of SUMO give the same bytes.

    Raises:
        InputError: the source is of no known format, cut, broken, or has nothing to simulate; or `out` is there already.
    """
    importer = IMPORTERS[kind_of(source)]
    with making(out) as folder:
        made = importer(source.absolute(), folder, asked)
        said = {"file": source.name, "sha256": _digest(source), "format": made.kind}
        if made.attribution:
            said["attribution"] = made.attribution
        write_entry(Entry(out.absolute().name, made.summary, made.warmup_s, made.notes, said), folder)
        write_record(made, folder)
    return made


def _digest(source: Path) -> str:
    """Return the SHA-256 of a source: of a folder that of its tables' names and digests."""
    if not source.is_dir():
        return sha256(source)
    tables = "".join(f"{path.name} {sha256(path)}\n" for path in sorted(source.glob("*.csv")))
    return hashlib.sha256(tables.encode()).hexdigest()


def kind_of(source: Path) -> str:
    """Return a source's format, by what is in it.

    Raises:
        InputError: it is missing, or of no known format.
    """
    if source.is_dir():
        if (source / "node.csv").is_file() or (source / "link.csv").is_file():
            return "gmns"
        raise InputError(f"'{source}' is a folder without GMNS's node.csv and link.csv. {KNOWN}")
    head = _head(source)
    if head[4:6] == b"\x0a\x09" and head[6:15] == b"OSMHeader":
        return "osm"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        found = ROOT.search(re.sub(rb"<!--.*?-->", b"", text, flags=re.DOTALL))
        root = found[1].decode() if found else ""
        if root == "osm":
            return "osm"
        raise InputError(f"'{source}' is XML of another kind: its root is <{root}>. {KNOWN}")
    if text.startswith(b"["):
        return "utdf"
    raise InputError(f"'{source}' is of no known format. {KNOWN}")


def _head(source: Path, n_bytes: int = 4096) -> bytes:
    """Return the beginning of a file, unpacked."""
    try:
        with source.open("rb") as stream:
            head = stream.read(n_bytes)
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(source) as packed:
                return packed.read(n_bytes)
        if head.startswith(b"BZh"):
            with bz2.open(source) as packed:
                return packed.read(n_bytes)
    except (OSError, EOFError) as error:
        raise InputError(f"'{source}' cannot be read: {error}. Check the path, or download it anew.") from error
    return head
