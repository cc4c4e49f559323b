"""Reads a user's SUMO configuration into a `Scenario` that writes nothing beside the user's files."""

from __future__ import annotations

import xml.etree.ElementTree as PlainElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.errors import InputError, nearest
from engine.files import sha256, write_text
from engine.scenario import Scenario
from engine.sumo.demand import scan
from engine.sumo.options import catalogue
from engine.sumo.programs import parse_xml

__all__ = ["load", "named_files"]

CLEARING_S = 1800.0
"""Where a configuration has no end, the simulation goes on for this long after the last departure."""

INPUTS = ("net-file", "route-files", "additional-files")
OURS = {
    "begin": "taken over",
    "end": "taken over",
    "seed": "the seed is ours: seed=N",
    "random": "a random seed cannot be repeated",
    "remote-port": "no program may steer a scored run",
    "num-clients": "no program may steer a scored run",
    "save-state.times": "states are not written",
    "save-state.period": "states are not written",
    "save-state.files": "states are not written",
    "save-state.prefix": "states are not written",
    "load-state": "a loaded state is not a whole demand",
    "max-depart-delay": "vehicles that cannot get in count as delay",
    "time-to-teleport": "a jam counts as delay and does not vanish",
    "device.rerouting.threads": "more than one thread cannot be repeated",
    "mesosim": "signals are scored in the microscopic model",
    "keep-after-arrival": "taken over",
    "configuration-file": "taken over",
    "gui-settings-file": "",
}
WRITERS = {
    "e1Detector": "file", "inductionLoop": "file", "instantInductionLoop": "file", "e2Detector": "file",
    "laneAreaDetector": "file", "e3Detector": "file", "entryExitDetector": "file", "edgeData": "file",
    "laneData": "file", "routeProbe": "file", "vTypeProbe": "file", "calibrator": "output", "timedEvent": "dest",
}  # fmt: skip
"""Elements of additional files that write, and the attribute that names their file."""
READERS = {"rerouter": "file", "variableSpeedSign": "file", "poly": "imgFile", "poi": "imgFile", "include": "href"}


def _entries(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (canonical option name, value) of every option in a configuration."""
    known = catalogue()
    for element in parse_xml(path).iter():
        value = element.get("value", element.get("v"))
        if value is None:
            continue
        if element.tag not in known:
            raise InputError(f"'{path}': SUMO has no option '{element.tag}'.{nearest(element.tag, known)}")
        yield known[element.tag].name, value


def _paths(value: str, folder: Path) -> tuple[Path, ...]:
    return tuple((folder / part.strip()).absolute() for part in value.split(",") if part.strip())


def named_files(configuration: Path) -> tuple[Path, ...]:
    """Return the configuration and every network, demand and additional file that it names.

    Raises:
        InputError: the configuration or one of these files is missing or broken.
    """
    files = [configuration.absolute()]
    for name, value in _entries(configuration):
        if name in INPUTS:
            files += _paths(value, configuration.absolute().parent)
    for path in files:
        if not path.is_file():
            raise InputError(f"'{configuration}' names '{path}', which is not there. Check the configuration's paths.")
    return tuple(files)


def load(
    configuration: Path,
    name: str,
    quiet_folder: Path,
    begin_s: float | None = None,
    end_s: float | None = None,
    warmup_s: float = 0.0,
) -> Scenario:
    """Return the scenario that a ``.sumocfg`` describes.

    Args:
        configuration: the file.
        name: what the scenario is called in reports.
        quiet_folder: where copies of additional files go whose detectors would write; made when needed.
        begin_s, end_s: override the file's, seconds.
        warmup_s: seconds after the begin that are not evaluated.

    Raises:
        InputError: a file is missing or broken, an option is unknown, or the window is empty.
    """
    files = named_files(configuration)
    folder = configuration.absolute().parent
    values = dict(_entries(configuration))
    inputs = {key: _paths(values.get(key, ""), folder) for key in INPUTS}
    if len(inputs["net-file"]) != 1:
        raise InputError(f"'{configuration}' names no net-file. A scenario needs one network.")
    notes = []
    options = []
    for key, value in values.items():
        option = catalogue()[key]
        if key in INPUTS or option.writes or option.section == "gui_only":
            continue
        if key in OURS or key.startswith("time-to-teleport"):
            reason = OURS.get(key, OURS["time-to-teleport"])
            if key not in ("begin", "end") and reason and value not in ("-1", "false", ""):
                notes.append(f"The configuration's {key}={value} is not used: {reason}.")
            continue
        options.append((key, ",".join(map(str, _paths(value, folder))) if option.type == "FILE" else value))
    begin = _seconds(values.get("begin", "0"), configuration, "begin") if begin_s is None else begin_s
    end = _seconds(values.get("end", "-1"), configuration, "end") if end_s is None else end_s
    if end < 0:
        last = scan([*inputs["route-files"], *inputs["additional-files"]]).last_departure_s
        if last is None:
            raise InputError(
                f"'{configuration}' has no end, and its demand names no last departure. Give scenario.end_s=SECONDS."
            )
        end = last + CLEARING_S
        notes.append(
            f"The configuration has no end: the last departure is at {last:g} s, so the run ends at {end:g} s."
        )
    if end - begin <= warmup_s:
        raise InputError(
            f"scenario '{name}': nothing is left to evaluate between begin {begin:g} s + warm-up {warmup_s:g} s "
            f"and end {end:g} s. Change scenario.begin_s, scenario.end_s or scenario.warmup_s."
        )
    quiet = tuple(_quiet(path, quiet_folder, i) for i, path in enumerate(inputs["additional-files"]))
    return Scenario(
        name=name,
        configuration=configuration.absolute(),
        net=inputs["net-file"][0],
        routes=inputs["route-files"],
        additional=inputs["additional-files"],
        additional_quiet=quiet,
        options=tuple(options),
        begin_s=begin,
        end_s=end,
        warmup_s=warmup_s,
        step_s=_seconds(values.get("step-length", "1"), configuration, "step-length"),
        inputs=tuple((path.name, sha256(path)) for path in files),
        notes=tuple(notes),
    )


def _seconds(text: str, path: Path, key: str) -> float:
    try:
        value = 0.0
        for part in text.split(":"):
            value = value * 60.0 + float(part)
    except ValueError as error:
        raise InputError(f"'{path}': {key}='{text}' is no time. Give it in seconds.") from error
    return value


def _quiet(path: Path, folder: Path, number: int) -> Path:
    """Return an additional file that does the same and writes nothing: `path` itself where it never writes."""
    if path.suffix == ".gz":
        return path
    root: Any = parse_xml(path)
    changed = False
    for element in root.iter():
        attribute = WRITERS.get(element.tag)
        if attribute and element.get(attribute):
            element.set(attribute, "NUL")  # what SUMO calls the null device, on every platform
            changed = True
    if not changed:
        return path
    for element in root.iter():
        attribute = READERS.get(element.tag)
        if attribute and element.get(attribute):
            element.set(attribute, str((path.parent / element.get(attribute)).absolute()))
    copy = folder / f"{number}-{path.name}"
    write_text(copy, PlainElementTree.tostring(root, encoding="unicode"))
    return copy
