"""Who is let in, and what a browser may do with what it gets."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Collection
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["PAGE_POLICY", "REPORT_POLICY", "Guard", "is_loopback"]

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Our own pages run our own files and nothing that stands in a page."""

REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; media-src data: blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""A study's own page may be hostile: its scripts draw in an origin of their own, without a network, cookies or forms."""

HEADERS = {
    "content-security-policy": PAGE_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::\d+)?")
DAY_S = 86_400


def is_loopback(host: str) -> bool:
    """Return whether a host's name or address is this machine's alone."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0]).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Guard:
    """Middleware before everything else: only reading, only for hosts that are known, only with the token if there is one.

    Args:
        app: what answers.
        host: where the app listens.
        names: host names under which it may be reached besides.
        token: what a visitor has to show; "" where nothing has to be shown.
        port: distinguishes the cookies of several servers on a machine.
    """

    def __init__(self, app: ASGIApp, host: str, names: Collection[str], token: str, port: int) -> None:
        self._app = app
        self._only_loopback = is_loopback(host)
        self._names = {name.lower() for name in (host, *names)}
        self._token = token.encode("utf-8", "surrogateescape")
        self._cookie = f"greensplit-{port}"
        # What the browser keeps opens this server and does not tell the token.
        self._pass = hmac.digest(self._token, b"greensplit serve", hashlib.sha256).hex()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the app answer it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    given.setdefault(name, value)
            await send(message)

        answer = self._refusal(scope, headers)
        await (answer or self._app)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the answer to who is not let in, or who is sent on; `None` for all others."""
        if not self._knows(headers.getlist("host")):
            # A page elsewhere can make its own name lead here, and would read what it gets (DNS rebinding).
            return _say(403, "This host name is not known here. Start with names=[NAME] to allow it.")
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Nothing can be changed here.\n", 405, {"allow": "GET, HEAD"})
        if not self._token:
            return None
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        shown = [value for name, value in pairs if name == "token"]
        if shown:
            if not self._is_token(shown[-1].encode("utf-8", "replace")):
                return _say(401, "This is not the token. The terminal in which 'greensplit serve' runs shows it.")
            return self._let_in(scope["path"], [(name, value) for name, value in pairs if name != "token"])
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._is_token(given.strip().encode("latin-1")):
            return None
        cookies = cookie_parser("; ".join(headers.getlist("cookie")))
        if hmac.compare_digest(cookies.get(self._cookie, "").encode("utf-8", "replace"), self._pass.encode()):
            return None
        answer = _say(401, "A token is needed: add ?token=TOKEN to the address, or send 'Authorization: Bearer TOKEN'.")
        answer.headers["www-authenticate"] = "Bearer"
        return answer

    def _is_token(self, given: bytes) -> bool:
        return hmac.compare_digest(given, self._token)

    def _let_in(self, path: str, pairs: list[tuple[str, str]]) -> Response:
        """Return an answer that leads to the same page, without the token in its address."""
        # Two slashes at the beginning would lead to another host.
        address = "/" + path.lstrip("/\\") + (f"?{urlencode(pairs)}" if pairs else "")
        answer = RedirectResponse(address, 303)
        answer.set_cookie(self._cookie, self._pass, max_age=30 * DAY_S, httponly=True, samesite="strict")
        return answer

    def _knows(self, given: list[str]) -> bool:
        found = HOST.fullmatch(given[0].lower()) if len(given) == 1 else None
        if found is None:
            return False
        host = found[1]
        if host in self._names or is_loopback(host):
            return True
        try:
            ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            return False
        return not self._only_loopback  # an address is not resolved, so nobody can make it lead elsewhere


def _say(status: int, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status)
