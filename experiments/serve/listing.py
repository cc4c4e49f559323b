"""What of the list a visitor asks for: searched, filtered, sorted, a page at a time, some studies ticked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from experiments.serve.catalogue import STATES, Catalogue, Entry

__all__ = ["SORTS", "Listing", "Query", "Visible", "listing", "query"]

SORTS = ("name", "scenario", "state", "delay", "change", "changed")
"""Columns that a list is sorted by: the plan that is handed out has the delay, and the change against today's plan."""
MOST_TICKED = 20
MOST_S = 2.0
"""Studies whose warnings are not known yet are read for so long; then the page says how many are left."""


@dataclass(frozen=True)
class Query:
    """What is asked for; whatever cannot be meant is left out.

    Attributes:
        text: what name, scenario or command holds, in either case; words in any order.
        scenario, command, state: only these; "" for all.
        warned: only studies with a warning.
        sort, descending: the order.
        page: from 1.
        ticked: ids of studies that are to be compared.
    """

    text: str = ""
    scenario: str = ""
    command: str = ""
    state: str = ""
    warned: bool = False
    sort: str = "changed"
    descending: bool = True
    page: int = 1
    ticked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Visible:
    """A row of the list: a study, and how many of its junctions are warned of (`None`: not known)."""

    entry: Entry
    n_warned: int | None
    trouble: str


@dataclass(frozen=True)
class Listing:
    """A page of the list.

    Attributes:
        rows: the studies on it.
        n_found, n_all: studies that answer to the query, and all.
        n_pages, page: how many pages these fill, and which one this is.
        n_unread: studies that may have warnings and were not read yet.
        ticked: the studies that are ticked and stand on other pages.
        scenarios, commands: what can be filtered by.
    """

    rows: tuple[Visible, ...]
    n_found: int
    n_all: int
    n_pages: int
    page: int
    n_unread: int
    ticked: tuple[Entry, ...]
    scenarios: tuple[str, ...]
    commands: tuple[str, ...]


def query(given: QueryParams) -> Query:
    """Return what a request's parameters ask for."""
    # A column's head asks for `by`: the same column again turns the order round.
    sort = given.get("sort", "changed")
    sort = sort if sort in SORTS else "changed"
    descending = given.get("order", "down" if sort == "changed" else "up") == "down"
    by = given.get("by", "")
    if by in SORTS:
        sort, descending = by, not descending if by == sort else by == "changed"
    page, state = given.get("page", "1"), given.get("state", "")
    return Query(
        text=given.get("q", "")[:200],
        scenario=given.get("scenario", ""),
        command=given.get("command", ""),
        state=state if state in STATES else "",
        warned=given.get("warned", "") == "yes",
        sort=sort,
        descending=descending,
        page=int(page) if page.isascii() and page.isdecimal() and len(page) < 7 else 1,
        ticked=tuple(dict.fromkeys(given.getlist("study")))[:MOST_TICKED],
    )


def listing(catalogue: Catalogue, asked: Query, n_rows: int) -> Listing:
    """Return the page of the list that is asked for, `n_rows` studies long."""
    entries = catalogue.entries()
    found = [entry for entry in entries.values() if _answers(entry, asked)]
    n_unread = 0
    if asked.warned:
        found, n_unread = _with_warning(catalogue, found)
    found = _sorted(found, asked)
    n_pages = max(1, -(-len(found) // n_rows))
    page = min(max(1, asked.page), n_pages)
    here = found[(page - 1) * n_rows : page * n_rows]
    rows = tuple(_visible(catalogue, entry) for entry in here)
    names = {entry.id for entry in here}
    return Listing(
        rows=rows,
        n_found=len(found),
        n_all=len(entries),
        n_pages=n_pages,
        page=page,
        n_unread=n_unread,
        ticked=tuple(entries[name] for name in asked.ticked if name in entries and name not in names),
        scenarios=_known(entry.scenario for entry in entries.values()),
        commands=_known(entry.command for entry in entries.values()),
    )


def _known(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if name}))


def _answers(entry: Entry, asked: Query) -> bool:
    if asked.state and entry.state != asked.state:
        return False
    if (asked.scenario and entry.scenario != asked.scenario) or (asked.command and entry.command != asked.command):
        return False
    text = f"{entry.name} {entry.scenario} {entry.command}".casefold()
    return all(word in text for word in asked.text.casefold().split())


def _with_warning(catalogue: Catalogue, entries: Sequence[Entry]) -> tuple[list[Entry], int]:
    """Return the studies with a warning, and how many could not be read in the time that a page may take."""
    until = time.monotonic() + MOST_S
    found, n_unread = [], 0
    for entry in entries:
        if not catalogue.warned(entry) and time.monotonic() > until:
            n_unread += 1
        elif _visible(catalogue, entry).n_warned:
            found.append(entry)
    return found, n_unread


def _visible(catalogue: Catalogue, entry: Entry) -> Visible:
    known, trouble = catalogue.junctions(entry)
    return Visible(entry, None if known is None else sum(bool(of.reasons) for of in known), trouble)


def _sorted(entries: Sequence[Entry], asked: Query) -> list[Entry]:
    """Return the studies in order; those that lack what they are sorted by come last, whichever way."""
    key = KEYS[asked.sort]
    by_name = sorted(entries, key=lambda entry: entry.name.casefold())
    with_value = [entry for entry in by_name if key(entry) is not None]
    with_value.sort(key=key, reverse=asked.descending)  # type: ignore[arg-type]
    return with_value + [entry for entry in by_name if key(entry) is None]


def _delay_s(entry: Entry) -> float | None:
    if entry.summary is None or entry.summary.best is None:
        return entry.summary.delay_s if entry.summary else None
    delay_s = entry.summary.best.delay_s
    return delay_s.mean if delay_s else None


def _change_s(entry: Entry) -> float | None:
    difference = entry.summary.difference if entry.summary else None
    return difference.delay_s.centre if difference and difference.delay_s else None


KEYS: Mapping[str, Callable[[Entry], str | float | None]] = {
    "name": lambda entry: entry.name.casefold(),
    "scenario": lambda entry: entry.scenario.casefold() or None,
    "state": lambda entry: STATES.index(entry.state),
    "delay": _delay_s,
    "change": _change_s,
    "changed": lambda entry: entry.changed_s,
}
