"""A scenario's folder: what `greensplit import` leaves, and what ``scenario=DIR`` names.

It holds ``scenario.sumocfg``, which plain SUMO runs, with the files that it names, and ``scenario.yaml``: its entry among the
scenarios, with keys of ``conf/scenario/*.yaml``, where it comes from, and what has to be said wherever it is shown.
Other demand goes in by replacing ``demand.rou.xml``.
"""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from engine.errors import InputError, nearest

__all__ = ["CONFIGURATION", "DEMAND", "ENTRY", "NETWORK", "Entry", "making", "read_entry", "write_entry"]

ENTRY = "scenario.yaml"
CONFIGURATION = "scenario.sumocfg"
NETWORK = "network.net.xml"
DEMAND = "demand.rou.xml"


@dataclass(frozen=True)
class Entry:
    """What ``scenario.yaml`` says.

    Attributes:
        name: what the scenario is called in tables and folders.
        summary: one line.
        warmup_s: seconds from the beginning that are simulated and not evaluated.
        notes: what every command and page that shows the scenario says: attribution, assumptions.
        source: of the import: file, SHA-256, format, and further facts; for people and for the record.
    """

    name: str
    summary: str = ""
    warmup_s: float = 0.0
    notes: tuple[str, ...] = ()
    source: dict[str, str] = field(default_factory=dict)


def write_entry(entry: Entry, folder: Path) -> None:
    """Write ``scenario.yaml``."""
    values = {**dataclasses.asdict(entry), "kind": "sumo", "notes": list(entry.notes)}
    order = ("name", "kind", "summary", "warmup_s", "notes", "source")
    text = yaml.safe_dump({key: values[key] for key in order}, sort_keys=False, allow_unicode=True, width=120)
    (folder / ENTRY).write_text(text, encoding="utf-8")


def read_entry(folder: Path) -> Entry:
    """Return what a folder's ``scenario.yaml`` says.

    Raises:
        InputError: it is missing or broken.
    """
    path = folder / ENTRY
    try:
        values: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"'{folder}' is no scenario's folder: it has no {ENTRY}. 'greensplit import FILE out=DIR' makes one."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' is no YAML: {' '.join(str(error).split())[:200]}. Mend it.") from error
    if not isinstance(values, dict):
        raise InputError(f"'{path}' holds no keys. It has to say at least name and kind.")
    known = [item.name for item in dataclasses.fields(Entry)] + ["kind"]
    for key in values:
        if key not in known:
            raise InputError(f"'{path}': key '{key}' is not known.{nearest(str(key), known)} Take it out.")
    if values.pop("kind", "sumo") != "sumo":
        raise InputError(f"'{path}': kind has to be sumo. Correct it.")
    entry = Entry(
        name=_text(path, values, "name", folder.absolute().name),
        summary=_text(path, values, "summary", ""),
        warmup_s=_number(path, values.get("warmup_s", 0.0)),
        notes=tuple(_texts(path, values.get("notes") or [])),
        source={str(key): str(value) for key, value in _mapping(path, values.get("source") or {}).items()},
    )
    if not entry.name:
        raise InputError(f"'{path}': name is empty. Give the scenario a name.")
    return entry


def _text(path: Path, values: dict[str, Any], key: str, default: str) -> str:
    value = values.get(key, default)
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise InputError(f"'{path}': {key} has to be text. Correct it.")
    return str(value)


def _number(path: Path, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not value >= 0.0:
        raise InputError(f"'{path}': warmup_s '{value}' is no time. Give seconds, 0 or more.")
    return float(value)


def _texts(path: Path, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InputError(f"'{path}': notes have to be a list of sentences. Correct it.")
    return value


def _mapping(path: Path, value: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise InputError(f"'{path}': source has to be keys with values. Correct it.")
    return value


@contextmanager
def making(out: Path) -> Iterator[Path]:
    """Yield an empty folder beside `out` that takes its place on a clean exit: nobody sees half a scenario.

    Raises:
        InputError: `out` is there and not empty, or cannot be written.
    """
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise InputError(f"out='{out}' is there already, and import overwrites nothing. Choose another folder.")
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".import-", dir=out.absolute().parent))
    except OSError as error:
        raise InputError(f"cannot write '{out}': {error.strerror}. Choose another place with out=DIR.") from error
    try:
        yield scratch
        scratch.chmod(0o755)
        if out.exists():
            out.rmdir()
        scratch.rename(out)
    except OSError as error:
        raise InputError(f"cannot write '{out}': {error.strerror}. Free some space or choose out=DIR.") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
