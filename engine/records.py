"""Records of suites as files that people can review: a line for each measure, so that a difference reads as one."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.bands import Band, CaseRecord
from engine.errors import InputError
from engine.files import write_text
from engine.origin import Origin

__all__ = ["Record", "read_record", "write_record"]

FORMAT = 1


@dataclass(frozen=True)
class Record:
    """What a suite's measures were.

    Attributes:
        suite: its name.
        origin: where they were computed.
        cases: by name, in the suite's order.
    """

    suite: str
    origin: Origin
    cases: Mapping[str, CaseRecord]


def write_record(record: Record, path: Path) -> None:
    """Write a record as JSON, whole or not at all; equal records give equal bytes."""
    write_text(path, "\n".join(_lines(record)) + "\n")


def _lines(record: Record) -> Iterator[str]:
    yield "{"
    yield f' "format": {FORMAT},'
    yield f' "suite": {_json(record.suite)},'
    yield f' "origin": {json.dumps(record.origin.to_json(), indent=2, ensure_ascii=False)[:-1]} }},'
    yield ' "cases": {'
    for i, (name, case) in enumerate(record.cases.items()):
        yield f"  {_json(name)}: {{"
        yield f'   "asked": {_json(case.asked)},'
        yield f'   "seeds": {_json(case.seeds)},'
        yield from _block("inputs", case.inputs, ",")
        yield from _block("settings", case.settings, ",")
        yield from _block("measures", {measure: _band(band) for measure, band in case.bands.items()}, ",")
        yield from _block("tables", {table: _short(of) for table, of in case.digests.items()}, "")
        yield "  }" + ("," if i + 1 < len(record.cases) else "")
    yield " }"
    yield "}"


def _block(key: str, of: Mapping[str, Any], end: str) -> Iterator[str]:
    yield f'   "{key}": {{'
    rows = [f"    {_json(name)}: {_json(value)}" for name, value in of.items()]
    yield from (f"{row}," for row in rows[:-1])
    yield from rows[-1:]
    yield f"   }}{end}"


def _band(band: Band) -> dict[str, Any]:
    return {"mean": band.mean, "se": band.standard_error, "values": _short(band.values)}


def _short(values: Sequence[Any]) -> Any:
    """Return the values, or the one that all of them are."""
    return values[0] if len({repr(value) for value in values}) == 1 else values


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def read_record(path: Path) -> Record:
    """Return what `write_record` wrote.

    Raises:
        InputError: the file is missing, or damaged: means and standard errors have to be those of the values.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise ValueError(f"its format is {data['format']}, this program reads {FORMAT}")
        cases = {str(name): _case(str(name), case) for name, case in data["cases"].items()}
        return Record(str(data["suite"]), Origin.from_json(data["origin"]), cases)
    except FileNotFoundError as error:
        raise InputError(
            f"there is no record '{path}'. Add --record to make it, and look at it before it counts."
        ) from error
    except OSError as error:
        raise InputError(f"the record '{path}' cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else " ".join(str(error).split())
        raise InputError(
            f"the record '{path}' is damaged: {what}. Restore it from version control, or make it anew with --record."
        ) from error


def _case(name: str, data: Mapping[str, Any]) -> CaseRecord:
    seeds = tuple(int(seed) for seed in data["seeds"])
    if not seeds:
        raise ValueError(f"case {name} has no seeds")
    bands = {}
    for measure, entry in data["measures"].items():
        values = _long(entry["values"], len(seeds), f"{name}, {measure}")
        band = Band(tuple(float(value) for value in values))
        pairs = ((float(entry["mean"]), band.mean), (float(entry["se"]), band.standard_error))
        if not all(math.isclose(told, found, rel_tol=1e-9, abs_tol=1e-12) for told, found in pairs):
            raise ValueError(f"{name}, {measure}: mean and standard error are not those of the values")
        bands[str(measure)] = band
    digests = {
        str(table): tuple(str(digest) for digest in _long(of, len(seeds), f"{name}, table {table}"))
        for table, of in data["tables"].items()
    }
    inputs, settings = ({str(k): str(v) for k, v in data[key].items()} for key in ("inputs", "settings"))
    return CaseRecord(dict(data["asked"]), seeds, inputs, settings, bands, digests)


def _long(values: Any, n: int, what: str) -> list[Any]:
    if not isinstance(values, list):
        return [values] * n
    if len(values) != n:
        raise ValueError(f"{what} has {len(values)} values for {n} seeds")
    return values
