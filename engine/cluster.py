"""Ray: a cluster of our own or one that is there already, and workers on it. Ray stops in this module."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any

from engine.errors import InputError
from engine.jobs import Job
from engine.nursery import LostError
from engine.worker import Answer, JobRunner, Worker, attempted

__all__ = ["Cluster"]

OBJECT_STORE_BYTES = 100 * 1024 * 1024
"""Results are kilobytes. Ray's default takes a third of the memory's size and longer to set up."""

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # Ray's coming behaviour; without it every start prints a warning
    "RAY_DEDUP_LOGS": "0",
}

HELPERS = ("start_monitor", "start_log_monitor", "start_api_server")
"""Processes of Ray's that scale a cluster, collect its logs and serve its dashboard. On one machine nothing asks them,
they cost 3.4 s of starting and closing, and Ray has no public switch for them."""


@contextlib.contextmanager
def _without(kind: Any, methods: Sequence[str]) -> Iterator[None]:
    """Let some methods of a class do nothing for a while."""
    kept = {name: getattr(kind, name) for name in methods}
    for name in methods:
        setattr(kind, name, lambda *_, **__: None)
    try:
        yield
    finally:
        for name, method in kept.items():
            setattr(kind, name, method)


def _knock(address: str) -> None:
    """Make sure that something listens at HOST:PORT: Ray itself waits for minutes where nothing does.

    Raises:
        ConnectionError, ValueError: nothing listens, or the address has no port.
    """
    if address == "auto":
        return
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not (host and port.isdecimal()):
        raise ValueError("it is no HOST:PORT.")
    try:
        socket.create_connection((host, int(port)), timeout=5.0).close()
    except OSError as error:
        raise ConnectionError(f"{error.strerror or error}.") from error


class _Actor:
    """What lives in a worker's process."""

    def __init__(self, make_runner: Callable[[], JobRunner]) -> None:
        self._run = make_runner()

    def where(self) -> tuple[str, int]:
        return socket.gethostname(), os.getpid()

    def run(self, job: Job) -> Answer:
        return attempted(self._run, job)


class _RayWorker(Worker):
    """The driver's side of one actor; holds what Ray counts references to until it is dropped itself."""

    def __init__(self, ray: Any, actor: Any) -> None:
        self._ray = ray
        self._actor = actor
        self._where: Future[tuple[str, int]] = actor.where.remote().future()
        self._under_way: Future[Answer] | None = None

    @property
    def name(self) -> str:
        with contextlib.suppress(TimeoutError, self._ray.exceptions.RayError):
            host, process = self._where.result(timeout=0.2)
            return f"{host}:{process}"
        return "not started"

    @property
    def settled(self) -> bool:
        return self._where.done()

    @property
    def started(self) -> bool:
        return self._where.done() and self._where.exception() is None

    def submit(self, job: Job) -> Future[Answer]:
        answer: Future[Answer] = Future()

        def settle(ended: Future[Answer]) -> None:
            error = ended.exception()
            if error is None:
                answer.set_result(ended.result())
            else:
                answer.set_exception(
                    LostError(str(error)) if isinstance(error, self._ray.exceptions.RayError) else error
                )

        self._under_way = self._actor.run.remote(job).future()
        self._under_way.add_done_callback(settle)
        return answer

    def end(self) -> None:
        host, _, process = self.name.rpartition(":")
        with contextlib.suppress(Exception):  # it may be dead already, and so may Ray
            self._ray.kill(self._actor, no_restart=True)
        if host == socket.gethostname():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(process), signal.SIGKILL)


class Cluster:
    """Starts Ray, hires workers, ends both. Not safe for several threads.

    Args:
        n_workers: how many workers there will be at most.
        address: a Ray cluster that is there already, or `None` for one of our own on this machine.
    """

    def __init__(self, n_workers: int, address: str | None = None) -> None:
        self._n_workers = n_workers
        self._address = address
        self._keeper: threading.Thread | None = None
        self._connected = threading.Event()
        self._leaving = threading.Event()
        self._trouble: BaseException | None = None
        self._ray: Any = None
        # Kept until Ray has gone: a reference that one thread drops while another shuts Ray down ends the process at
        # once ("The core worker has already been shutdown").
        self._hired: list[_RayWorker] = []

    @property
    def connected(self) -> bool:
        """Whether `hire` answers at once."""
        return self._connected.is_set()

    def start(self) -> None:
        """Start Ray in the background: it takes seconds that the caller can use."""
        if self._keeper is None:
            self._connected.clear()
            self._leaving.clear()
            self._keeper = threading.Thread(target=self._keep, name="ray", daemon=True)
            self._keeper.start()

    def _keep(self) -> None:
        # Linux ends Ray's processes with the thread that started them, so that thread stays until we close.
        self._connect()
        self._connected.set()
        self._leaving.wait()
        if self._ray is not None:
            self._ray.shutdown()

    def _connect(self) -> None:
        try:
            os.environ.update(QUIET)
            import ray  # noqa: PLC0415  takes half a second, and only studies need it

            if self._address is None:
                with _without(ray._private.node.Node, HELPERS):
                    ray.init(
                        num_cpus=self._n_workers,
                        include_dashboard=False,
                        log_to_driver=False,
                        logging_level=logging.ERROR,
                        object_store_memory=OBJECT_STORE_BYTES,
                    )
            else:
                _knock(self._address)
                ray.init(address=self._address, log_to_driver=False, logging_level=logging.ERROR)
            # A lost worker is a row in the ledger; Ray would print a paragraph about it into the user's output.
            ray._private.worker.print_to_stdstream = lambda *_, **__: None
            self._ray = ray
        except BaseException as error:  # handed to the caller's thread
            self._trouble = error

    def _ready(self) -> None:
        self.start()
        while not self._connected.wait(0.1):
            pass  # in slices, so that Ctrl-C gets through
        if self._trouble is not None:
            if self._address is not None and isinstance(self._trouble, (ConnectionError, RuntimeError, ValueError)):
                raise InputError(
                    f"no Ray cluster answers at ray.address='{self._address}': {str(self._trouble).splitlines()[0]} "
                    "Check the address, or leave it out to use this machine."
                ) from self._trouble
            raise self._trouble

    def hire(self, make_runner: Callable[[], JobRunner]) -> Worker:
        """Return a new worker; waits for Ray where it is not there yet.

        Args:
            make_runner: pickled anew for each worker; called in its process.

        Raises:
            InputError: the cluster cannot be reached.
        """
        self._ready()
        options = {"env_vars": {"OMP_NUM_THREADS": "1", **QUIET}} if self._address else None
        kind = self._ray.remote(_Actor).options(num_cpus=1, max_restarts=0, max_task_retries=0, runtime_env=options)
        self._hired.append(_RayWorker(self._ray, kind.remote(make_runner)))
        return self._hired[-1]

    def release(self) -> None:
        """Begin to end every worker, and Ray where it is ours; `close` waits for it."""
        self._leaving.set()

    def close(self) -> None:
        """End every worker, and Ray where it is ours."""
        self.release()
        if self._keeper is not None:
            self._keeper.join()
            self._keeper = None
            self._ray = None
            self._hired.clear()
