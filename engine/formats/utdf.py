"""UTDF 8 (Universal Traffic Data Format, Synchro's CSV) as plain data, and back without loss.

A file is a row of sections: the name in brackets, a title line, a line of column names, records, a blank line. Nothing is
interpreted here and everything is kept, unknown sections, columns and records too; `engine.formats.utdf_timing` reads
the timing in it. What a file that was read and written again may differ in: quotes around cells that need none.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import InputError, nearest

__all__ = ["SECTIONS", "Record", "Section", "Utdf", "decode_utdf", "parse_utdf", "read_utdf", "utdf_bytes", "utdf_text"]

SECTIONS = ("Network", "Nodes", "Links", "Lanes", "Timeplans", "Phases")
"""The sections of version 8, in their order. A file may hold some of them, and some twice."""


@dataclass(frozen=True)
class Record:
    """One line of a section: its cells as text, and the number of its line, counted from 1."""

    cells: tuple[str, ...]
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Section:
    """One section.

    Attributes:
        name: as in the brackets.
        title: the line after the name.
        columns: the names of the columns.
        records: its lines, each as wide as `columns`.
        blank_lines: how many blank lines follow.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    records: tuple[Record, ...]
    blank_lines: int = 1

    def column(self, name: str) -> int:
        """Return a column's place.

        Raises:
            InputError: the section has no such column.
        """
        if name not in self.columns:
            raise InputError(
                f"UTDF section [{self.name}] has no column {name}.{nearest(name, self.columns)} "
                f"It has {', '.join(self.columns[:12])}. Export the file anew."
            )
        return self.columns.index(name)


@dataclass(frozen=True)
class Utdf:
    """A whole file.

    Attributes:
        sections: in the file's order.
        newline: what ends its lines.
        encoding: of its bytes: UTF-8, or Latin-1, which keeps every byte, for whatever is no UTF-8.
        ended: whether its last line is ended, too.
        padded: to how many cells a spreadsheet has filled up every line with commas; 0 where none has.
    """

    sections: tuple[Section, ...]
    newline: str = "\r\n"
    encoding: str = "utf-8"
    ended: bool = True
    padded: int = 0

    def named(self, name: str) -> tuple[Section, ...]:
        """Return the sections of a name: none, one, or several."""
        return tuple(section for section in self.sections if section.name == name)

    def records(self, name: str) -> Iterator[tuple[Section, Record]]:
        """Yield every record of the sections of a name with the section that it is in."""
        for section in self.named(name):
            for record in section.records:
                yield section, record


def decode_utdf(data: bytes) -> tuple[str, str]:
    """Return a file's text and the encoding that gives its bytes back."""
    encoding = "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"
    try:
        return data.decode(encoding), encoding
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"


def read_utdf(path: Path) -> Utdf:
    """Return the data in a UTDF file.

    Raises:
        InputError: the file is missing, or a line of it is broken; the message says which.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror}. Check the path.") from error
    text, encoding = decode_utdf(data)
    return parse_utdf(text, str(path), encoding)


def parse_utdf(text: str, source: str = "UTDF", encoding: str = "utf-8") -> Utdf:
    """Return the data in a UTDF text.

    Args:
        text: the file's text with its line ends as they are.
        source: what messages call it.
        encoding: what `Utdf.encoding` becomes.

    Raises:
        InputError: a line is before the first section, has another number of cells than the section has columns, or
            has an open quote; or the text holds no section.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(newline)
    ended = lines[-1] == ""
    if ended:
        lines.pop()
    padded = lines[0].count(",") + 1 if lines and lines[0].endswith(",") else 0
    if padded:
        lines = [_unpadded(line, padded, i, source) for i, line in enumerate(lines, start=1)]
    sections: list[Section] = []
    at = 0
    while at < len(lines):
        name = _section_name(lines[at])
        if name is None:
            raise InputError(
                f"'{source}', line {at + 1}: '{lines[at][:40]}' stands before the first section. "
                "A UTDF file begins with a section's name in brackets, as in [Network]."
            )
        end = next((i for i in range(at + 1, len(lines)) if _section_name(lines[i]) is not None), len(lines))
        sections.append(_section(name, lines[at + 1 : end], at + 2, source, bool(padded)))
        at = end
    if not sections:
        raise InputError(f"'{source}' is empty. A UTDF file has the sections {', '.join(SECTIONS)}.")
    return Utdf(tuple(sections), newline, encoding, ended, padded)


def _section_name(line: str) -> str | None:
    return line[1:-1] if len(line) > 2 and line.startswith("[") and line.endswith("]") else None


def _unpadded(line: str, padded: int, number: int, source: str) -> str:
    """Return a line without the commas that a spreadsheet has added; records get back those that belong to them."""
    cells = _cells(line, number, source)
    if len(cells) != padded:
        raise InputError(
            f"'{source}', line {number}: {len(cells)} cells, the file's other lines have {padded}. "
            "Mend the line, or export the file anew."
        )
    while cells and not cells[-1]:
        cells = cells[:-1]
    return _line(cells)


def _section(name: str, lines: list[str], first: int, source: str, padded: bool) -> Section:
    """Return the section whose lines after its name are `lines`, the first of them being the file's line `first`."""
    blank = 0
    while lines and not lines[-1]:
        lines.pop()
        blank += 1
    if len(lines) < 2:
        raise InputError(
            f"'{source}', line {first - 1}: section [{name}] has no line of column names. "
            "A section is its name, a title, the column names, then records."
        )
    columns = _cells(lines[1], first + 1, source)
    records = []
    for i, line in enumerate(lines[2:], start=first + 2):
        cells = _cells(line, i, source)
        if padded:
            cells += ("",) * (len(columns) - len(cells))
        if len(cells) != len(columns):
            raise InputError(
                f"'{source}', line {i}: {len(cells)} cells, section [{name}] has {len(columns)} columns. "
                "Mend the line, or export the file anew."
            )
        records.append(Record(cells, i))
    return Section(name, lines[0], columns, tuple(records), blank)


def _cells(line: str, number: int, source: str) -> tuple[str, ...]:
    try:
        (cells,) = csv.reader([line], strict=True)
    except (csv.Error, ValueError) as error:
        raise InputError(
            f"'{source}', line {number}: the line cannot be read as CSV ({error}). Look for an open quote in it."
        ) from error
    return tuple(cells)


def utdf_text(data: Utdf) -> str:
    """Return the text of a UTDF file: the inverse of `parse_utdf`."""
    lines: list[str] = []
    for section in data.sections:
        lines += [f"[{section.name}]", section.title, _line(section.columns)]
        lines += [_line(record.cells) for record in section.records]
        lines += [""] * section.blank_lines
    if data.padded:
        lines = [line + "," * (data.padded - len(_cells(line, 0, "")) - (not line)) for line in lines]
    return data.newline.join(lines) + (data.newline if data.ended else "")


def utdf_bytes(data: Utdf) -> bytes:
    """Return the bytes of a UTDF file."""
    return utdf_text(data).encode(data.encoding)


def _line(cells: Iterable[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow(list(cells))
    return stream.getvalue()
