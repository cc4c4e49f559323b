"""The templates of every page that we draw, what they share, and how they write numbers."""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments._clock import clock
from experiments.report._language import joined, lang, translated, translations
from experiments.report._told import retold
from experiments.report.comparison import direction

__all__ = ["HERE", "fixed", "render", "templates", "text_of"]

HERE = Path(__file__).parent


@functools.cache
def templates() -> Any:
    """Return the Jinja environment; what a page shows is escaped, and a name that is missing is a mistake."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415  takes its time to import

    environment: Any = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(
        lambda message: translations().gettext(message),
        lambda singular, plural, num: translations().ngettext(singular, plural, num),
        newstyle=True,
    )
    environment.filters.update(fixed=fixed, direction=direction, clock=clock, joined=joined)
    environment.filters.update(translated=translated, retold=retold)
    environment.filters.update(digest=_digest, css=_css)
    environment.globals.update(lang=lang)
    return environment


def render(template: str, scripts: Sequence[str] | None = (), **content: object) -> str:
    """Return a page that extends ``base.html.j2``: one file with its style and scripts in it, which loads nothing.

    Args:
        template: the page's template.
        scripts: files of this folder that the page runs besides Plotly, ``theme.js`` and ``page.js``; `None` for a page
            that runs none at all.
        content: what the template names; ``figures`` maps the ids of its charts to what `charts.figure` returns. Where
            it is there and empty, the page does without Plotly.
    """
    first, last = [], []
    if scripts is not None:
        charts = [_plotly()] if content.get("figures", True) else []  # it takes 4.8 MB
        first, last = [text_of("theme.js")], [*charts, *map(text_of, (*scripts, "page.js"))]
    assets = {"style": text_of("page.css"), "head_scripts": first, "scripts": last}
    page: str = templates().get_template(template).render(**assets, **({"figures": {}} | content))
    return page


def _plotly() -> str:
    import plotly.offline  # noqa: PLC0415  takes its time to import

    script: str = plotly.offline.get_plotlyjs()
    return script


def text_of(name: str) -> str:
    """Return the text of a file that lies beside the templates."""
    return (HERE / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    """Return a script's hash: a page's own policy lets a browser run no script but those that it names."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _css(text: str) -> str:
    """Return a text as it stands within the quotes of a style sheet's string."""
    return re.sub(r"[^\w .,:-]", lambda found: f"\\{ord(found[0]):x} ", html.unescape(str(text)))


def fixed(value: float | None, digits: int = 1, sign: bool = False) -> str:
    """Return a number with thousands separators and a true minus sign; a dash where there is none."""
    if value is None:
        return "\N{EN DASH}"
    rounded = round(value, digits) + 0.0  # no minus before a zero
    return f"{rounded:{'+' if sign and rounded else ''},.{digits}f}".replace("-", "\N{MINUS SIGN}")
