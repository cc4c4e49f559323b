"""The studies of a folder: found anew every moment, read anew only where their files have changed."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from experiments.config.serve import WarnConfig
from experiments.serve.files import UnreadableError, is_file, shown
from experiments.serve.ledger import Tail
from experiments.serve.progress import Progress, locks, progress, runs
from experiments.serve.records import Config, Summary, read_config, read_summary
from experiments.serve.warning import Junction, junctions

__all__ = ["STATES", "Catalogue", "Entry", "State"]

State = Literal["done", "runs", "stopped", "damaged"]
STATES: tuple[State, ...] = ("runs", "done", "stopped", "damaged")
"""A study is written now, has a summary, has none and is not written, or has files that cannot be read."""

MARKS = ("summary.json", "config.yaml", "ledger.sqlite")
"""A folder with one of these is a study; nothing is looked for below it."""
LEAST_S, MOST_S, SHARE = 1.0, 10.0, 20
"""The folder is looked through once a second, or less often, every ten seconds at least, so that it takes a twentieth."""
MOST_FOLDERS = 100_000

Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Entry:
    """A study as it was found.

    Attributes:
        id: names it in addresses, whatever is in its path: hexadecimal digits.
        name: its path below the folder that is served, fit to be shown.
        folder: where it lies.
        state: see `STATES`.
        changed_s: when its outcome, else its ledger or configuration was written last, seconds since 1970.
        summary: what it found, where it has ended.
        config: how it was asked for, where it has not.
        trouble: what cannot be read and why, or "".
    """

    id: str
    name: str
    folder: Path
    state: State
    changed_s: float
    summary: Summary | None
    config: Config | None
    trouble: str

    @property
    def scenario(self) -> str:
        """The scenario's name, or ""."""
        return shown(self.summary.scenario if self.summary else self.config.scenario.name if self.config else "")

    @property
    def command(self) -> str:
        """The command that made it, or ""."""
        if self.summary:
            return shown(self.summary.command or "run")
        return shown(self.config.command) if self.config else ""

    @property
    def has_report(self) -> bool:
        """Whether its page is there."""
        return is_file(self.folder / "report.html")


@dataclass
class _Known:
    """What was read of a study, and the stamps of the files that it was read from."""

    stamp: Stamp
    summary: Summary | None
    config: Config | None
    trouble: str
    warned: tuple[Stamp, list[Junction] | None, str] | None = None
    tail: Tail | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Catalogue:
    """The studies below a folder; safe for several threads.

    Args:
        root: the folder.
        depth: how many folders below it a study may lie.
        most_bytes: a larger file is not read.
        warn: when junctions are warned of.
    """

    def __init__(self, root: Path, depth: int, most_bytes: int, warn: WarnConfig) -> None:
        self.root = root.resolve()
        self._depth, self._most_bytes, self._warn = depth, most_bytes, warn
        self._known: dict[str, _Known] = {}
        self._entries: dict[str, Entry] = {}
        self._next_s = 0.0
        self._lock = threading.Lock()

    def entries(self) -> dict[str, Entry]:
        """Return the studies by id."""
        with self._lock:
            began = time.monotonic()
            if began >= self._next_s:
                held = locks()
                found = [self._entry(folder, held) for folder in self._folders()]
                self._entries = {entry.id: entry for entry in found}
                self._known = {name: of for name, of in self._known.items() if name in self._entries}
                now = time.monotonic()
                self._next_s = now + min(MOST_S, max(LEAST_S, SHARE * (now - began)))
            return self._entries

    def progress(self, entry: Entry) -> Progress | None:
        """Return how far a study is; `None` where its configuration or ledger says nothing.

        Raises:
            UnreadableError: its configuration or ledger is damaged.
        """
        ledger = entry.folder / "ledger.sqlite"
        known = self._known.get(entry.id)
        if known is None or not os.path.lexists(ledger):
            return None
        with known.lock:
            try:
                # A study that is extended has a summary, too.
                known.config = known.config or read_config(entry.folder)
            except FileNotFoundError:
                return None
            known.tail = known.tail or Tail(ledger)
            known.tail.update()
            lock = entry.folder / ".lock"
            began_s = lock.lstat().st_mtime if is_file(lock) else 0.0
            return progress(known.tail, known.config, began_s, time.time())

    def junctions(self, entry: Entry) -> tuple[list[Junction] | None, str]:
        """Return a study's junctions, those that are warned of first, or `None` where they are not known, and why."""
        known = self._known.get(entry.id)
        if entry.summary is None or known is None:
            return None, ""
        stamp = known.stamp + _stamp(entry.folder, ("junctions.parquet",))
        with known.lock:
            if known.warned is None or known.warned[0] != stamp:
                try:
                    found, trouble = junctions(entry.folder, entry.summary, self._warn, self._most_bytes), ""
                except FileNotFoundError:
                    found, trouble = None, ""
                except UnreadableError as error:
                    found, trouble = None, shown(str(error))
                known.warned = (stamp, found, trouble)
            return known.warned[1:]

    def warned(self, entry: Entry) -> bool:
        """Return whether a study's warnings are known without reading."""
        known = self._known.get(entry.id)
        return entry.summary is None or (known is not None and known.warned is not None)

    def _folders(self) -> Iterator[Path]:
        """Yield the studies' folders; links are not followed."""
        waiting = [(self.root, 0)]
        n_folders = 0
        while waiting and n_folders < MOST_FOLDERS:
            folder, depth = waiting.pop()
            n_folders += 1
            try:
                with os.scandir(folder) as listing:
                    inside = list(listing)
            except OSError:
                continue
            if any(item.name in MARKS for item in inside):
                yield folder
            elif depth < self._depth:
                below = [item for item in inside if not item.name.startswith(".") and _is_folder(item)]
                waiting += [(Path(item.path), depth + 1) for item in below]

    def _entry(self, folder: Path, held: frozenset[tuple[str, int]] | None) -> Entry:
        below = os.path.relpath(folder, self.root)
        name = hashlib.sha256(os.fsencode(below)).hexdigest()[:16]
        stamp = _stamp(folder, ("summary.json", "config.yaml"))
        known = self._known.get(name)
        if known is None or known.stamp != stamp:
            known = self._known[name] = _Known(stamp, *self._read(folder))
        changed = [at for at, _, inode in (*stamp, *_stamp(folder, ("ledger.sqlite",))) if inode]
        state: State = "damaged" if known.trouble else "done" if known.summary else "stopped"
        if state != "damaged" and runs(folder, held):
            state = "runs"
        changed_s = (stamp[0][0] or max(changed, default=0)) / 1e9
        what = (known.summary, known.config, known.trouble)
        return Entry(name, shown(self.root.name if below == "." else below), folder, state, changed_s, *what)

    def _read(self, folder: Path) -> tuple[Summary | None, Config | None, str]:
        """Return a study's summary, or its configuration where it has none: YAML takes ten times as long."""
        try:
            return read_summary(folder, self._most_bytes), None, ""
        except UnreadableError as error:
            return None, None, shown(str(error))
        except FileNotFoundError:
            pass
        try:
            return None, read_config(folder), ""
        except FileNotFoundError:
            return None, None, "config.yaml is missing"
        except UnreadableError as error:
            return None, None, shown(str(error))


def _is_folder(item: os.DirEntry[str]) -> bool:
    try:
        return item.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _stamp(folder: Path, names: tuple[str, ...]) -> Stamp:
    """Return time, size and inode of files, zeros for those that are not there."""
    stamps = []
    for name in names:
        try:
            status = os.lstat(folder / name)
            stamps.append((status.st_mtime_ns, status.st_size, status.st_ino))
        except OSError:
            stamps.append((0, 0, 0))
    return tuple(stamps)
