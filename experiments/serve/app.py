"""The web app: answers requests from the catalogue and the templates beside this module."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from engine.errors import InputError
from experiments.config import ServeConfig
from experiments.report._language import gettext, ngettext, speaking
from experiments.report._templates import HERE as REPORT
from experiments.report._templates import templates
from experiments.serve.catalogue import Catalogue, Entry
from experiments.serve.comparison import compared
from experiments.serve.files import UnreadableError, read, refuse_links, shown
from experiments.serve.guard import REPORT_POLICY, Guard
from experiments.serve.listing import listing, query
from experiments.serve.live import STATE_NAMES, live
from experiments.serve.warning import MEASURE_NAMES

__all__ = ["Comparer", "app"]

Comparer = Callable[[Sequence[Path], str], str]
"""Returns a page about studies from their folders, in a language; it writes nothing, and raises `InputError`."""

HERE = Path(__file__).parent
ASSETS = {
    "page.css": (REPORT, "text/css"),
    "theme.js": (REPORT, "text/javascript"),
    "serve.css": (HERE, "text/css"),
    "serve.js": (HERE, "text/javascript"),
}


def app(config: ServeConfig, token: str, port: int, comparer: Comparer | None = None) -> Starlette:
    """Return the app.

    Args:
        config: of the command.
        token: what a visitor has to show; "" where nothing has to be shown.
        port: where it listens.
        comparer: draws the whole comparison of ticked studies, where there is one.
    """
    assert config.dir is not None, "the configuration is checked before"
    most_bytes = int(config.most_mb * 1e6)
    catalogue = Catalogue(config.dir, config.depth, most_bytes, config.warn)
    pages = Pages(catalogue, config, most_bytes, comparer)
    answers = {
        "/": pages.list,
        "/studies/{id}": pages.study,
        "/studies/{id}/report": pages.report,
        "/compare": pages.compare,
        "/live.json": pages.live,
    }
    if comparer:
        answers["/compare/page"] = pages.compare_whole
    routes = [
        *(Route(path, _spoken(config.language, answer)) for path, answer in answers.items()),
        *(Route(f"/{name}", functools.partial(_asset, name)) for name in ASSETS),
    ]
    guard = Middleware(Guard, host=config.host, names=config.names, token=token, port=port)
    refusals: Mapping[Any, Callable[..., Response]] = {HTTPException: pages.refused}
    return Starlette(routes=routes, middleware=[guard], exception_handlers=refusals)


def _spoken(language: str, answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """Return what answers in a language."""

    def spoken(request: Request) -> Response:
        with speaking(language):
            return answer(request)

    return spoken


def _asset(name: str, _: Request) -> Response:
    folder, kind = ASSETS[name]
    return Response(folder.joinpath(name).read_bytes(), media_type=kind)


class Pages:
    """What is answered to each address; Starlette calls these in threads."""

    def __init__(self, catalogue: Catalogue, config: ServeConfig, most_bytes: int, comparer: Comparer | None) -> None:
        self._catalogue, self._config = catalogue, config
        self._most_bytes, self._comparer = most_bytes, comparer

    def list(self, request: Request) -> Response:
        """Return a page of the list."""
        asked = query(request.query_params)
        of = listing(self._catalogue, asked, self._config.rows)
        now = {row.entry.id: live(self._catalogue, row.entry) for row in of.rows}
        folder = shown(self._catalogue.root.name)
        return self._page("list.html.j2", asked=asked, of=of, live=now, states=STATE_NAMES, folder=folder)

    def study(self, request: Request) -> Response:
        """Return the page of one study."""
        entry = self._entry(request)
        known, trouble = self._catalogue.junctions(entry)
        return self._page(
            "study.html.j2",
            entry=entry,
            junctions=known,
            trouble=trouble,
            warn=self._config.warn,
            live={entry.id: live(self._catalogue, entry)},
        )

    def report(self, request: Request) -> Response:
        """Return a study's own page, shut off from everything else."""
        entry = self._entry(request)
        try:
            page = read(entry.folder / "report.html", self._most_bytes)
        except FileNotFoundError as error:
            raise HTTPException(404, gettext("This study has no report yet.")) from error
        except UnreadableError as error:
            raise HTTPException(404, str(error)) from error
        return HTMLResponse(page, headers={"content-security-policy": REPORT_POLICY})

    def compare(self, request: Request) -> Response:
        """Return studies side by side."""
        known = self._catalogue.entries()
        ticked = query(request.query_params).ticked
        entries = [known[name] for name in ticked if name in known]
        of = compared(entries, self._most_bytes) if len(entries) > 1 else None
        back, whole = f"/?{request.query_params}", self._comparer and f"/compare/page?{request.query_params}"
        return self._page("compare.html.j2", of=of, back=back, whole=whole)

    def compare_whole(self, request: Request) -> Response:
        """Return what `greensplit compare` makes of studies, as shut off as their own pages."""
        known = self._catalogue.entries()
        folders = [known[name].folder for name in query(request.query_params).ticked if name in known]
        assert self._comparer is not None, "without it there is no route to here"
        try:
            for folder in folders:
                refuse_links(folder, self._most_bytes)
            page = self._comparer(folders, self._config.language)
        except (InputError, UnreadableError) as error:
            raise HTTPException(404, shown(str(error))) from error
        except Exception as error:
            # It reads studies for the one who made them, and promises nothing about hostile ones.
            why = gettext("These studies cannot be compared: %(error)s", error=type(error).__name__)
            raise HTTPException(404, why) from error
        return HTMLResponse(page, headers={"content-security-policy": REPORT_POLICY})

    def live(self, request: Request) -> Response:
        """Return as JSON what changes while studies run, for those that are asked for."""
        known = self._catalogue.entries()
        asked = request.query_params.getlist("study")[: self._config.rows]
        now = {name: live(self._catalogue, known[name]) for name in asked if name in known}
        text = ngettext("Now there is %(num)s study.", "Now there are %(num)s studies.", len(known))
        return JSONResponse({"n_studies": len(known), "n_text": text, "studies": now})

    def refused(self, _: Request, error: HTTPException) -> Response:
        """Return why a request has no answer."""
        with speaking(self._config.language):
            return self._page("refused.html.j2", status=error.status_code, why=error.detail)

    def _entry(self, request: Request) -> Entry:
        entry = self._catalogue.entries().get(request.path_params["id"])
        if entry is None:
            raise HTTPException(404, gettext("There is no such study."))
        return entry

    def _page(self, template: str, status: int = 200, **content: Any) -> Response:
        page = _templates().get_template(template).render(status=status, **content)
        # What the folders hold may be no text that UTF-8 can write.
        return HTMLResponse(page.encode("utf-8", "backslashreplace"), status)


@functools.cache
def _templates() -> Any:
    from jinja2 import FileSystemLoader  # noqa: PLC0415  takes its time to import

    environment = templates().overlay(loader=FileSystemLoader(HERE))
    environment.filters = environment.filters | {"moment": _moment}
    environment.globals = environment.globals | {"names": MEASURE_NAMES}
    return environment


def _moment(seconds: float) -> str:
    """Return a moment in this machine's time, as one sorts it."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
