"""The language that a page speaks: English, as it stands in the code, or a gettext catalogue's."""

from __future__ import annotations

import contextlib
import functools
import io
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

__all__ = ["LANGUAGES", "N_", "gettext", "joined", "lang", "ngettext", "speaking", "translated", "translations"]

LANGUAGES = {"en": "en", "zh": "zh-Hans"}
"""What `report.language` may be, and the tag that a page names its language by."""
LOCALE = Path(__file__).parent / "locale"

_SPOKEN: ContextVar[str] = ContextVar("language", default="en")


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    """Let `gettext` and the templates speak one of `LANGUAGES` in this thread until the block ends."""
    token = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def lang() -> str:
    """Return the tag of the language that is spoken, for ``<html lang>``."""
    return LANGUAGES[_SPOKEN.get()]


def translations() -> NullTranslations:
    """Return the catalogue of the language that is spoken; English needs none."""
    return _catalogue(_SPOKEN.get())


@functools.cache
def _catalogue(language: str) -> NullTranslations:
    if language == "en":
        return NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415  English pages do without
    from babel.messages.pofile import read_po  # noqa: PLC0415

    with (LOCALE / language / "LC_MESSAGES" / "greensplit.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    # The standard library reads compiled catalogues only; ours is compiled where it is used, so no binary is kept.
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def N_(message: str) -> str:  # noqa: N802  the name that tools look for
    """Return a message as it is: it is translated where it is shown, and marked here."""
    return message


def gettext(message: str, **values: object) -> str:
    """Return a message in the language that is spoken, ``%(name)s`` filled in; a per cent sign is written ``%%``."""
    return translations().gettext(message) % values


def ngettext(singular: str, plural: str, num: int, **values: object) -> str:
    """Return the form of a message that goes with a number, which it may name as ``%(num)s``."""
    return translations().ngettext(singular, plural, num) % ({"num": num} | values)


def translated(message: str) -> str:
    """Return a marked message that is data by now, such as a measure's label; what is not in the catalogue stays."""
    return translations().gettext(message) if message else ""


def joined(parts: Iterable[object]) -> str:
    """Return what is listed as the language lists it."""
    return gettext(", ").join(map(str, parts))
