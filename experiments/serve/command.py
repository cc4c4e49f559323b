"""`greensplit serve`: listens, says where, and ends with Ctrl-C."""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket

import uvicorn

from engine.errors import InputError
from experiments.compare.studies import page_of_studies
from experiments.config import ServeConfig
from experiments.serve.app import app
from experiments.serve.guard import is_loopback

__all__ = ["main"]

LINGER_S = 1
"""What a visitor still waits for when the server is stopped gets so many seconds."""


def main(config: ServeConfig) -> int:
    """Serve the studies of `config.dir` until Ctrl-C. Returns 0."""
    assert config.dir is not None, "the configuration is checked before"
    listener = _listen(config.host, config.port)
    port = listener.getsockname()[1]
    token = config.token or ("" if is_loopback(config.host) else secrets.token_urlsafe(24))
    answers = app(config, token, port, page_of_studies)
    options = uvicorn.Config(
        answers,
        log_level="error",  # an address may hold the token: none is logged
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=LINGER_S,
    )
    address = f"http://{_named(config.host)}:{port}/"
    with listener:
        print(f"The studies of '{config.dir}' are at {address}{f'?token={token}' if token else ''}", flush=True)
        if token:
            print("Whoever has this address can read them. Without it, nobody is let in.", flush=True)
        print("Ctrl-C ends it.", flush=True)
        try:
            asyncio.run(uvicorn.Server(options).serve(sockets=[listener]))
        except KeyboardInterrupt:
            print("Nothing is served any more.", flush=True)
    return 0


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        InputError: the port is taken or needs rights, or the host is not this machine's.
    """
    flags = socket.AI_PASSIVE
    try:
        found = socket.getaddrinfo(host.strip("[]") or None, port, type=socket.SOCK_STREAM, flags=flags)
        family, *_, address = found[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"host={host} is not known here: {why}. Give an address of this machine.") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise InputError(f"port={port} is taken by another program. Give another one: port={port + 1}") from error
        raise InputError(
            f"host={host} port={port} cannot be listened on: {error.strerror}. Give another host or port."
        ) from error
    return listener


def _named(host: str) -> str:
    """Return what a host is called in an address; all addresses of this machine go by its name."""
    if host.strip("[]") in ("", "0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{host.strip('[]')}]" if ":" in host else host
