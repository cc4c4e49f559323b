"""Workers: one process each, one simulation at a time in each, spread by Ray. Ray stops in this module."""

from __future__ import annotations

import concurrent.futures
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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol

from engine.errors import InputError
from engine.jobs import Attempt, Job, Status
from engine.nursery import LostError
from engine.result import RunResult

__all__ = ["Pool"]


class Runner(Protocol):
    """What runs jobs in a worker."""

    def __call__(self, job: Job) -> RunResult: ...

    def close(self) -> None:
        """End what the runner started; a job under way is lost."""


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


_Answer = tuple[Status, str, bytes | None, float]


def _attempted(run: Runner, job: Job) -> _Answer:
    """Return (status, reason, result, seconds). What SUMO or our code refuses is a status, not a lost worker."""
    began = time.monotonic()
    try:
        result = run(job).to_bytes()
    except InputError as error:
        return "failed", str(error), None, time.monotonic() - began
    except LostError as error:
        return "crashed", str(error), None, time.monotonic() - began
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__}: {error} ({os.path.basename(last.filename)}:{last.lineno})"  # noqa: PTH119
        return "failed", reason, None, time.monotonic() - began
    return "done", "", result, time.monotonic() - began


class _Worker:
    """What lives in a worker's process."""

    def __init__(self, make_runner: Callable[[], Runner]) -> None:
        self._run = make_runner()

    def where(self) -> tuple[str, int]:
        return socket.gethostname(), os.getpid()

    def run(self, job: Job) -> _Answer:
        return _attempted(self._run, job)


@dataclass
class _Hand:
    """The driver's side of one worker."""

    actor: Any
    where_ref: Any
    where: tuple[str, int] | None = None


class _LocalHand:
    """A worker of the driver's own, in a thread: it works while Ray starts."""

    def __init__(self, make_runner: Callable[[], Runner]) -> None:
        self._make_runner = make_runner
        self._runner: Runner | None = None
        self._thread = concurrent.futures.ThreadPoolExecutor(1)

    def submit(self, job: Job) -> concurrent.futures.Future[_Answer]:
        return self._thread.submit(self._work, job)

    def _work(self, job: Job) -> _Answer:
        if self._runner is None:
            self._runner = self._make_runner()
        return _attempted(self._runner, job)

    def close(self) -> None:
        if self._runner is not None:
            self._runner.close()
        self._thread.shutdown(wait=False, cancel_futures=True)


@dataclass
class _Flight:
    """A job on its way."""

    hand: _Hand | _LocalHand
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
        head_start: whether threads of the driver run the first jobs, each in processes of its runner's, until Ray and
            its workers are there; only with a Ray of our own. Where a job runs changes nothing of its result.
    """

    def __init__(
        self,
        make_runner: Callable[[], Runner],
        n_workers: int,
        address: str | None = None,
        deadline_s: float | None = None,
        attempts: int = 2,
        head_start: bool = False,
    ) -> None:
        self._make_runner = make_runner
        self._n_workers = n_workers
        self._address = address
        self._deadline_s = deadline_s
        self._attempts = attempts
        self._longest_s: float | None = None
        self._head_start = head_start and address is None
        self._idle: list[_Hand] = []
        self._coming: list[_Hand] = []
        self._idle_here: list[_LocalHand] = []
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

    def _send(self, job: Job, number: int) -> None:
        """Put a job into the next free hand: Ray's as soon as there is one, until then one of our own."""
        if self._head_start:
            self._welcome()
            if not self._idle:
                here = self._idle_here.pop() if self._idle_here else _LocalHand(self._make_runner)
                self._flights[here.submit(job)] = _Flight(here, job, number)
                return
        self._ready()
        hand = self._idle.pop() if self._idle else self._hire()
        self._flights[hand.actor.run.remote(job)] = _Flight(hand, job, number)

    def _welcome(self) -> None:
        """Hire workers as soon as Ray is there, and take over those that have started; then the head start is over."""
        if not self._connected.is_set():
            return
        self._ready()
        while len(self._coming) < self._n_workers:
            self._coming.append(self._hire())
        names = [hand.where_ref for hand in self._coming]
        if len(self._ray.wait(names, num_returns=len(names), timeout=0)[0]) == len(names):
            self._idle, self._coming = self._coming, []
            self._head_start = False
            for here in self._idle_here:
                here.close()
            self._idle_here.clear()

    def _wait(self) -> list[Any]:
        """Return the flights that have ended; not longer than a slice of time, so that Ctrl-C gets through."""
        here = [ref for ref in self._flights if isinstance(ref, concurrent.futures.Future)]
        there = [ref for ref in self._flights if not isinstance(ref, concurrent.futures.Future)]
        if not here:
            return list(self._ray.wait(there, num_returns=1, timeout=0.5)[0])
        ended: list[Any] = list(concurrent.futures.wait(here, 0.05, concurrent.futures.FIRST_COMPLETED).done)
        return ended + (list(self._ray.wait(there, num_returns=1, timeout=0)[0]) if there else [])

    def run(self, jobs: Iterable[Job]) -> Iterator[Attempt]:
        """Yield every attempt as it ends, the lost ones too; jobs are pulled as workers become free.

        Raises:
            InputError: the cluster cannot be reached.
            RuntimeError: workers cannot be started at all.
        """
        self.start()
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
                    self._send(job, number)
                if not self._flights:
                    return
                ended = [self._landed(ref, self._flights.pop(ref)) for ref in self._wait()]
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
        if isinstance(flight.hand, _LocalHand):
            status, reason, data, wall_s = ref.result()
        else:
            try:
                status, reason, data, wall_s = self._ray.get(ref)
            except self._ray.exceptions.RayError as error:
                return self._crashed(flight, error)
        self._failed_starts = 0
        if status == "crashed":
            self._dismiss(flight.hand)
        elif isinstance(flight.hand, _Hand):
            self._idle.append(flight.hand)
        elif self._head_start:
            self._idle_here.append(flight.hand)
        else:
            flight.hand.close()
        if status == "done":
            self._longest_s = max(self._longest_s or 0.0, wall_s)
        result = None if data is None else RunResult.from_bytes(data)
        return self._attempt(flight, status, reason, wall_s, result)

    def _crashed(self, flight: _Flight, error: Exception) -> Attempt:
        name = self._name(flight.hand)
        if isinstance(flight.hand, _Hand) and flight.hand.where is None:
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

    def _name(self, hand: _Hand | _LocalHand) -> str:
        """Return host and process of a worker, as far as it has ever said."""
        if isinstance(hand, _LocalHand):
            return f"{socket.gethostname()}:{os.getpid()}"
        if hand.where is None:
            with contextlib.suppress(self._ray.exceptions.RayError):
                hand.where = self._ray.get(hand.where_ref, timeout=0.2)
        return "not started" if hand.where is None else f"{hand.where[0]}:{hand.where[1]}"

    def _dismiss(self, hand: _Hand | _LocalHand) -> None:
        """End a worker for good, also one that is stopped or stuck in native code."""
        if isinstance(hand, _LocalHand):
            hand.close()
            return
        self._name(hand)
        with contextlib.suppress(Exception):  # it may be dead already, and so may Ray
            self._ray.kill(hand.actor, no_restart=True)
        if hand.where is not None and hand.where[0] == socket.gethostname():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(hand.where[1], signal.SIGKILL)

    def release(self) -> None:
        """Begin to end every worker, and Ray where it is ours; `close` waits for it."""
        for here in self._idle_here:
            here.close()
        self._idle_here.clear()
        self._leaving.set()

    def close(self) -> None:
        """End every worker, and Ray where it is ours."""
        self.release()
        if self._keeper is not None:
            self._keeper.join()
            self._keeper = None
            self._ray = None
            self._idle.clear()
            self._coming.clear()

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
