"""SUMO's command-line options: what each one is, and the list that one simulation is started with."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from defusedxml import ElementTree

from engine.errors import InputError
from engine.scenario import Scenario
from engine.sumo.installation import binary, environment
from engine.sumo.traces import trace_options

__all__ = ["STANDING", "Option", "catalogue", "plain_command", "simulation_options"]

LIST_SEPARATORS = ",; \t"
"""SUMO splits lists of files at these, so a path that holds one has to be linked under another name."""


@dataclass(frozen=True)
class Option:
    """One option of the ``sumo`` program: its long name, the section that it is in, and its type (FILE, BOOL, ...)."""

    name: str
    section: str
    type: str

    @property
    def writes(self) -> bool:
        """Whether the option makes SUMO write or print something."""
        if self.section in ("output", "report"):
            return True
        return self.type == "FILE" and (".file" in self.name or "output" in self.name or "log" in self.name)


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Option]:
    """Return every option that the installed SUMO knows, by each of its names."""
    with tempfile.TemporaryDirectory(prefix="greensplit-") as folder:
        template = Path(folder) / "template.xml"
        subprocess.run(
            [binary("sumo"), "--save-template", template],
            env=environment(),
            check=True,
            capture_output=True,
            timeout=60,
        )
        root: Any = ElementTree.parse(template).getroot()
    options = {}
    for section in root:
        for element in section:
            option = Option(element.tag, section.tag, element.get("type", "STR"))
            for name in (element.tag, *element.get("synonymes", "").split()):
                options[name] = option
    return options


def simulation_options(
    scenario: Scenario,
    seed: int,
    folder: Path,
    plan: Path | None,
    tripinfo: Path | None = None,
    emissions: bool = False,
    watched: Sequence[str] | None = None,
) -> list[str]:
    """Return the options of one simulation; every run's record holds them verbatim.

    Args:
        scenario: what is simulated.
        seed: SUMO's random seed.
        folder: a folder of this run's own, for SUMO's messages and for links to paths that SUMO would split.
        plan: an additional file to be loaded last, or `None` for the plan in the net.
        tripinfo: where SUMO writes its own record of every vehicle, or `None`.
        emissions: whether emissions are read.
        watched: lanes whose ends are watched for a trace (`engine.sumo.traces`) that goes into `folder`, or `None`.
    """
    tracing, loops = ([], None) if watched is None else trace_options(folder, watched)
    additional = [*scenario.additional_quiet, *([loops] if loops else []), *([plan] if plan else [])]
    files = {"--net-file": [scenario.net], "--route-files": list(scenario.routes), "--additional-files": additional}
    options: list[str] = []
    for name, paths in files.items():
        if paths:
            options += [name, ",".join(_unsplit(path, folder) for path in paths)]
    for name, value in scenario.options:
        if not (emissions and name == VOLUMETRIC):
            options += [f"--{name}", value]
    if emissions:
        # Fuel in millilitres and not in milligrams, by the density of each vehicle's own fuel.
        options += [f"--{VOLUMETRIC}", "true"]
    options += ["--begin", f"{scenario.begin_s:.3f}", "--end", f"{scenario.end_s:.3f}"]
    options += ["--seed", str(seed), *STANDING]
    # Arrived vehicles stay readable for the step after, so that their time loss is SUMO's own, to the last bit.
    options += ["--keep-after-arrival", f"{scenario.step_s:.3f}"]
    options += ["--error-log", _unsplit(folder / "errors.txt", folder)]
    return options + tracing + (_tripinfo_options(str(tripinfo)) if tripinfo else [])


VOLUMETRIC = "emissions.volumetric-fuel"

STANDING = [
    *("--time-to-teleport", "-1"),  # a jam counts as delay and does not vanish
    *("--max-depart-delay", "-1"),  # nor does a vehicle that cannot get in
    *("--no-step-log", "true"),
    *("--no-warnings", "true"),
    *("--duration-log.disable", "true"),
    *("--xml-validation", "never"),  # schemas are looked up on the network
    *("--xml-validation.net", "never"),
    *("--xml-validation.routes", "never"),
]
"""What every run is told, whatever the scenario says."""


def _unsplit(path: Path, folder: Path) -> str:
    """Return the path itself, or a link to it under a name that SUMO does not split."""
    if not any(letter in str(path) for letter in LIST_SEPARATORS):
        return str(path)
    if any(letter in str(folder) for letter in LIST_SEPARATORS):
        raise InputError(
            f"the folder for temporary files, '{folder}', has a comma or space in it. Set TMPDIR to another."
        )
    link = folder / f"{len(list(folder.iterdir()))}{''.join(path.suffixes)}"
    link.symlink_to(path)
    return str(link)


def plain_command(scenario: Scenario, seed: int, plan: Path | None, tripinfo: str = "tripinfo.xml") -> list[str]:
    """Return the command by which plain SUMO repeats a run and writes the tripinfo whose sums are ours."""
    command = ["sumo", "-c", str(scenario.configuration)]
    if plan:
        command += ["-a", ",".join(str(path) for path in (*scenario.additional, plan))]
    command += ["--begin", f"{scenario.begin_s:g}", "--end", f"{scenario.end_s:g}", "--seed", str(seed)]
    command += ["--time-to-teleport", "-1", "--max-depart-delay", "-1"]
    # It may be ours and not the configuration's.
    command += [f"--scale={value}" for name, value in scenario.options if name == "scale"]
    return command + _tripinfo_options(tripinfo)


def _tripinfo_options(file: str) -> list[str]:
    """Return options for a tripinfo of every vehicle that was due: those still driving or never inserted, too."""
    return [
        *("--tripinfo-output", file),
        *("--tripinfo-output.write-unfinished", "true"),
        *("--tripinfo-output.write-undeparted", "true"),
    ]
