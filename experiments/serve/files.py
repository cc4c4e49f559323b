"""Reads files of a folder that others write: no links, no devices, no more than a limit, and never a write."""

from __future__ import annotations

import os
import stat
from pathlib import Path

__all__ = ["UnreadableError", "is_file", "read", "refuse_links", "shown"]


class UnreadableError(Exception):
    """A file cannot be read or does not hold what it should; the message says which and why, for people."""


def read(path: Path, most_bytes: int) -> bytes:
    """Return a file's bytes.

    Args:
        path: in a folder that was reached without following links.
        most_bytes: a larger file is refused.

    Raises:
        FileNotFoundError: there is none.
        UnreadableError: it is a link or no regular file, is too large, or the system refuses it.
    """
    try:
        # A pipe would block, a link could lead anywhere.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        why = "it is a link, and links are not followed" if path.is_symlink() else error.strerror
        raise UnreadableError(f"{path.name} cannot be read: {why}") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError(f"{path.name} cannot be read: it is no file")
        if status.st_size > most_bytes:
            limit = f"most_mb={most_bytes / 1e6:g}"
            raise UnreadableError(f"{path.name} is not read: {status.st_size / 1e6:.1f} MB are more than {limit}")
        with os.fdopen(handle, "rb", closefd=False) as stream:
            return stream.read(most_bytes)  # it may grow meanwhile
    except OSError as error:
        raise UnreadableError(f"{path.name} cannot be read: {error.strerror}") from error
    finally:
        os.close(handle)


def is_file(path: Path) -> bool:
    """Return whether a regular file is there that is no link."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def refuse_links(folder: Path, most_bytes: int) -> None:
    """Look through a study's folder before somebody else reads it.

    Raises:
        UnreadableError: something in it is a link, no regular file, or too large to be read; the ledger may be large.
    """
    try:
        with os.scandir(folder) as listing:
            for item in listing:
                plain = item.is_file(follow_symlinks=False) or item.is_dir(follow_symlinks=False)
                if not plain:
                    raise UnreadableError(f"'{item.name}' in '{folder.name}' is a link or no file")
                if item.stat(follow_symlinks=False).st_size > most_bytes and not item.name.startswith("ledger."):
                    raise UnreadableError(f"'{item.name}' in '{folder.name}' is too large")
    except OSError as error:
        raise UnreadableError(f"'{folder.name}' cannot be read: {error.strerror}") from error


def shown(text: str) -> str:
    """Return a text in which nothing is hidden: control, direction and undecodable characters appear as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
