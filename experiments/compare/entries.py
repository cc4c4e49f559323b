"""What the command line names: studies, plan files, scenarios, the plan in the net."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from conf import options
from engine.errors import InputError, nearest
from engine.plan import BASELINE
from scenarios.folder import ENTRY

__all__ = ["Entry", "entries", "label_of"]


@dataclass(frozen=True)
class Entry:
    """One thing that is compared.

    Attributes:
        kind: a study's or run's folder, a plan file, the plan in the net, or a scenario with its plan in the net.
        name: as it was given.
    """

    kind: Literal["study", "plan", "net", "scenario"]
    name: str

    @property
    def path(self) -> Path:
        """Where it lies, for studies and plan files."""
        return Path(self.name).expanduser()


def entries(names: Sequence[str]) -> list[Entry]:
    """Return what names stand for: a path that exists before a scenario of that name.

    Raises:
        InputError: there is no such thing.
    """
    return [_entry(name) for name in dict.fromkeys(names)]


def _entry(name: str) -> Entry:
    if name == BASELINE:
        return Entry("net", name)
    path = Path(name).expanduser()
    if path.is_dir():
        return Entry("scenario" if (path / ENTRY).is_file() else "study", name)
    if path.is_file():
        return Entry("plan", name)
    # Controllers by their names belong here, once there are any: simulated as plans are, with an order of their own.
    known = options("scenario")
    if name in known:
        return Entry("scenario", name)
    raise InputError(
        f"there is no study, plan file or scenario '{name}'.{nearest(name, [BASELINE, *known])} Name a study's folder, a "
        f"plan file, a scenario ('greensplit scenarios' lists them), or {BASELINE}: the plan in the net."
    )


def label_of(path: Path) -> str:
    """Return what a plan file is called: its name without endings, with its folder's where that says more."""
    name = path.name
    for ending in (".add.xml", ".xml", ".json", ".csv"):
        name = name.removesuffix(ending)
    return f"{path.parent.name}/{name}" if name in ("best", "plan") and path.parent.name else name
