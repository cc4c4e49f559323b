"""Workers: one process each, one simulation at a time in each, spread by Ray. Ray stops in this module."""

from __future__ import annotations

import contextlib
import datetime
import logging
import os
import signal
import socket
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from engine.errors import InputError
from engine.jobs import Attempt, Job, Status
from engine.nursery import LostError
from engine.result import RunResult

__all__ = ["Pool"]

Runner = Callable[[Job], RunResult]

FIRST_DEADLINE_S = 900.0
SHORTEST_DEADLINE_S = 120.0
DEADLINE_RUNS = 20.0
"""Without a deadline from the user: that many times the longest finished run. A simulation's work is bounded by its
demand and its window, so wall time is the last resort, for a worker that hangs."""

FAILED_STARTS = 3
OBJECT_STORE_BYTES = 100 * 1024 * 1024
"""Results are kilobytes. Ray's default takes a third of the memory's size and longer to set up."""

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # Ray's coming behaviour; without it every start prints a warning
    "RAY_DEDUP_LOGS": "0",
}


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


class _Worker:
    """What lives in a worker's process."""

    def __init__(self, make_runner: Callable[[], Runner]) -> None:
        self._run = make_runner()

    def where(self) -> tuple[str, int]:
        return socket.gethostname(), os.getpid()

    def run(self, job: Job) -> tuple[Status, str, bytes | None, float]:
        """Return (status, reason, result, seconds). What SUMO or our code refuses is a status, not a lost worker."""
        began = time.monotonic()
        try:
            result = self._run(job).to_bytes()
        except InputError as error:
            return "failed", str(error), None, time.monotonic() - began
        except LostError as error:
            return "crashed", str(error), None, time.monotonic() - began
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            reason = f"{type(error).__name__}: {error} ({os.path.basename(last.filename)}:{last.lineno})"  # noqa: PTH119
            return "failed", reason, None, time.monotonic() - began
        return "done", "", result, time.monotonic() - began


@dataclass
class _Hand:
    """The driver's side of one worker."""

    actor: Any
    where_ref: Any
    where: tuple[str, int] | None = None


@dataclass
class _Flight:
    """A job on its way."""

    hand: _Hand
    job: Job
    number: int
    began: float = field(default_factory=time.monotonic)
    started: str = field(default_factory=lambda: datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"))


class Pool:
    """Runs jobs on Ray actors; a context manager. Not safe for several threads.

    Each actor keeps one process with one simulation at a time. At most one job per actor is in flight. A job whose
    worker dies or misses its deadline is tried again, up to `attempts` times in all; one that SUMO refuses is not,
    for it would be refused again. Ray itself retries nothing and restarts nothing.

    Args:
        make_runner: called once in each worker; returns what runs a job. Pickled when `run` is first called.
        n_workers: how many simulations run at a time.
        address: a Ray cluster that is there already, or `None` for one of our own on this machine.
        deadline_s: wall time that a run may take, or `None` for a multiple of the longest finished one.
        attempts: how often a lost job is tried in all.
    """

    def __init__(
        self,
        make_runner: Callable[[], Runner],
        n_workers: int,
        address: str | None = None,
        deadline_s: float | None = None,
        attempts: int = 2,
    ) -> None:
        self._make_runner = make_runner
        self._n_workers = n_workers
        self._address = address
        self._deadline_s = deadline_s
        self._attempts = attempts
        self._longest_s: float | None = None
        self._idle: list[_Hand] = []
        self._keeper: threading.Thread | None = None
        self._connected = threading.Event()
        self._leaving = threading.Event()
        self._trouble: BaseException | None = None
        self._ray: Any = None
        self._failed_starts = 0
        self._flights: dict[Any, _Flight] = {}

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

    def _connect(self) -> None:
        try:
            os.environ.update(QUIET)
            import ray  # noqa: PLC0415  takes half a second, and only studies need it

            if self._address is None:
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

    def _hire(self) -> _Hand:
        # The runner is pickled anew for each worker: the caller may complete it up to the first run.
        actor = (
            self._ray.remote(_Worker)
            .options(
                num_cpus=1,
                max_restarts=0,
                max_task_retries=0,
                runtime_env={"env_vars": {"OMP_NUM_THREADS": "1", **QUIET}} if self._address else None,
            )
            .remote(self._make_runner)
        )
        return _Hand(actor, actor.where.remote())

    def run(self, jobs: Iterable[Job]) -> Iterator[Attempt]:
        """Yield every attempt as it ends, the lost ones too; jobs are pulled as workers become free.

        Raises:
            InputError: the cluster cannot be reached.
            RuntimeError: workers cannot be started at all.
        """
        self._ready()
        todo = iter(jobs)
        again: deque[tuple[Job, int]] = deque()
        exhausted = False
        try:
            while True:
                while len(self._flights) < self._n_workers and not (exhausted and not again):
                    if again:
                        job, number = again.popleft()
                    else:
                        following = next(todo, None)
                        if following is None:
                            exhausted = True
                            continue
                        job, number = following, 1
                    hand = self._idle.pop() if self._idle else self._hire()
                    self._flights[hand.actor.run.remote(job)] = _Flight(hand, job, number)
                if not self._flights:
                    return
                done, _ = self._ray.wait(list(self._flights), num_returns=1, timeout=0.5)
                ended = [self._landed(ref, self._flights.pop(ref)) for ref in done]
                ended += [self._overdue(self._flights.pop(ref)) for ref in self._late()]
                for attempt in ended:
                    if attempt.status in ("timeout", "crashed") and attempt.number < self._attempts:
                        again.append((attempt.job, attempt.number + 1))
                    yield attempt
        finally:
            for flight in self._flights.values():
                self._dismiss(flight.hand)
            self._flights.clear()

    def _landed(self, ref: Any, flight: _Flight) -> Attempt:
        try:
            status, reason, data, wall_s = self._ray.get(ref)
        except self._ray.exceptions.RayError as error:
            return self._crashed(flight, error)
        self._failed_starts = 0
        if status == "crashed":
            self._dismiss(flight.hand)
        else:
            self._idle.append(flight.hand)
        if status == "done":
            self._longest_s = max(self._longest_s or 0.0, wall_s)
        result = None if data is None else RunResult.from_bytes(data)
        return self._attempt(flight, status, reason, wall_s, result)

    def _crashed(self, flight: _Flight, error: Exception) -> Attempt:
        name = self._name(flight.hand)
        if flight.hand.where is None:
            self._failed_starts += 1
            if self._failed_starts >= FAILED_STARTS:
                raise RuntimeError(f"{FAILED_STARTS} workers in a row could not be started:\n{error}") from error
        self._dismiss(flight.hand)
        reason = f"the worker process died ({name}): {' '.join(str(error).split())[:300]}"
        return self._attempt(flight, "crashed", reason, time.monotonic() - flight.began, None)

    def _late(self) -> list[Any]:
        limit_s = self._limit_s()
        now = time.monotonic()
        return [ref for ref, flight in self._flights.items() if now - flight.began > limit_s]

    def _limit_s(self) -> float:
        if self._deadline_s is not None:
            return self._deadline_s
        if self._longest_s is None:
            return FIRST_DEADLINE_S
        return max(SHORTEST_DEADLINE_S, DEADLINE_RUNS * self._longest_s)

    def _overdue(self, flight: _Flight) -> Attempt:
        reason = f"no result within {self._limit_s():.0f} s; the worker ({self._name(flight.hand)}) was ended"
        self._dismiss(flight.hand)
        return self._attempt(flight, "timeout", reason, time.monotonic() - flight.began, None)

    def _attempt(
        self, flight: _Flight, status: Status, reason: str, wall_s: float, result: RunResult | None
    ) -> Attempt:
        worker = self._name(flight.hand)
        return Attempt(flight.job, flight.number, status, reason, worker, flight.started, round(wall_s, 3), result)

    def _name(self, hand: _Hand) -> str:
        """Return host and process of a worker, as far as it has ever said."""
        if hand.where is None:
            with contextlib.suppress(self._ray.exceptions.RayError):
                hand.where = self._ray.get(hand.where_ref, timeout=0.2)
        return "not started" if hand.where is None else f"{hand.where[0]}:{hand.where[1]}"

    def _dismiss(self, hand: _Hand) -> None:
        """End a worker for good, also one that is stopped or stuck in native code."""
        self._name(hand)
        with contextlib.suppress(Exception):  # it may be dead already, and so may Ray
            self._ray.kill(hand.actor, no_restart=True)
        if hand.where is not None and hand.where[0] == socket.gethostname():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(hand.where[1], signal.SIGKILL)

    def close(self) -> None:
        """End every worker, and Ray where it is ours."""
        if self._keeper is None:
            return
        self._connected.wait()
        if self._ray is not None:
            for hand in self._idle:
                with contextlib.suppress(Exception):
                    self._ray.kill(hand.actor, no_restart=True)
            self._idle.clear()
            self._ray.shutdown()
            self._ray = None
        self._leaving.set()
        self._keeper.join()
        self._keeper = None

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
