"""Hands jobs to workers, at most one each, and tries again what is lost."""

from __future__ import annotations

import concurrent.futures
import datetime
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType

from engine.cluster import Cluster
from engine.jobs import Attempt, Job, Status
from engine.nursery import LostError
from engine.stopping import Stop
from engine.worker import Answer, JobRunner, LocalWorker, Worker

__all__ = ["Pool"]

FIRST_DEADLINE_S = 900.0
SHORTEST_DEADLINE_S = 120.0
DEADLINE_RUNS = 20.0
"""Without a deadline from the user: that many times the longest finished run. A simulation's work is bounded by its
demand and its window, so wall time is the last resort, for a worker that hangs."""

FAILED_STARTS = 3


@dataclass
class _Flight:
    """A job on its way."""

    worker: Worker
    job: Job
    number: int
    began: float = field(default_factory=time.monotonic)
    started: str = field(default_factory=lambda: datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"))


class Pool:
    """Runs jobs on Ray's workers; a context manager. Not safe for several threads.

    Each worker keeps one process with one simulation at a time. At most one job per worker is in flight. A job whose
    worker dies or misses its deadline is tried again, up to `attempts` times in all; one that SUMO refuses is not,
    for it would be refused again. Ray itself retries nothing and restarts nothing.

    Args:
        make_runner: called once in each worker; returns what runs a job. Pickled when `run` is first called.
        n_workers: how many simulations run at a time.
        address: a Ray cluster that is there already, or `None` for one of our own on this machine.
        deadline_s: wall time that a run may take, or `None` for a multiple of the longest finished one.
        attempts: how often a lost job is tried in all.
        head_start_s: for that long threads of the driver run the jobs, each in processes of its runner's, then Ray
            starts and takes over when its workers are there: a short study ends before Ray would have started. `None`
            has Ray run every job, as a cluster that is there already always does. Where a job runs changes nothing
            of its result.
    """

    def __init__(
        self,
        make_runner: Callable[[], JobRunner],
        n_workers: int,
        address: str | None = None,
        deadline_s: float | None = None,
        attempts: int = 2,
        head_start_s: float | None = None,
    ) -> None:
        self._make_runner = make_runner
        self._n_workers = n_workers
        self._deadline_s = deadline_s
        self._attempts = attempts
        self._cluster = Cluster(n_workers, address)
        self._longest_s: float | None = None
        self._failed_starts = 0
        self._head_start = head_start_s is not None and address is None
        self._ray_due = time.monotonic() + (head_start_s or 0.0)
        self._coming: list[Worker] = []
        self._idle: list[Worker] = []
        self._flights: dict[Future[Answer], _Flight] = {}

    def start(self) -> None:
        """Start Ray in the background, unless there is a head start: it takes seconds that the caller can use."""
        if not self._head_start or time.monotonic() >= self._ray_due:
            self._cluster.start()

    def _send(self, job: Job, number: int) -> None:
        self.start()
        if self._head_start and self._cluster.connected:
            self._welcome()
        if self._idle:
            worker = self._idle.pop()
        elif self._head_start:
            worker = LocalWorker(self._make_runner)
        else:
            worker = self._cluster.hire(self._make_runner)
        self._flights[worker.submit(job)] = _Flight(worker, job, number)

    def _welcome(self) -> None:
        """Hire workers, and end the head start when all of them have come to life."""
        while len(self._coming) < self._n_workers:
            self._coming.append(self._cluster.hire(self._make_runner))
        if all(worker.settled for worker in self._coming):
            for worker in self._idle:
                worker.end()
            self._idle, self._coming = self._coming, []
            self._head_start = False

    def run(self, jobs: Iterable[Job]) -> Iterator[Attempt]:
        """Yield every attempt as it ends, the lost ones too; jobs are pulled as workers become free.

        Raises:
            InputError: the cluster cannot be reached.
            RuntimeError: workers cannot be started at all.
        """
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
                ended = [self._landed(ref, self._flights.pop(ref)) for ref in self._ended()]
                ended += [self._overdue(self._flights.pop(ref)) for ref in self._late()]
                for attempt in ended:
                    if attempt.status in ("timeout", "crashed") and attempt.number < self._attempts:
                        again.append((attempt.job, attempt.number + 1))
                    yield attempt
        finally:
            for flight in self._flights.values():
                flight.worker.end()
            self._flights.clear()

    def _ended(self) -> list[Future[Answer]]:
        """Return the flights that have ended, in the order of their start; waits for half a second at most."""
        ended = concurrent.futures.wait(self._flights, 0.5, concurrent.futures.FIRST_COMPLETED).done
        return [future for future in self._flights if future in ended]

    def _landed(self, future: Future[Answer], flight: _Flight) -> Attempt:
        try:
            status, reason, data, wall_s = future.result()
        except LostError as error:
            return self._crashed(flight, error)
        self._failed_starts = 0
        if status == "crashed" or (isinstance(flight.worker, LocalWorker) and not self._head_start):
            flight.worker.end()
        else:
            self._idle.append(flight.worker)
        if status == "done":
            self._longest_s = max(self._longest_s or 0.0, wall_s)
        result = data if status == "done" else None
        stop = Stop.from_bytes(data) if data and status == "stopped" else None
        return self._attempt(flight, status, reason, wall_s, result, stop)

    def _crashed(self, flight: _Flight, error: Exception) -> Attempt:
        name = flight.worker.name
        if not flight.worker.started:
            self._failed_starts += 1
            if self._failed_starts >= FAILED_STARTS:
                raise RuntimeError(f"{FAILED_STARTS} workers in a row could not be started:\n{error}") from error
        flight.worker.end()
        reason = f"the worker process died ({name}): {' '.join(str(error).split())[:300]}"
        return self._attempt(flight, "crashed", reason, time.monotonic() - flight.began, None)

    def _late(self) -> list[Future[Answer]]:
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
        reason = f"no result within {self._limit_s():.0f} s; the worker ({flight.worker.name}) was ended"
        flight.worker.end()
        return self._attempt(flight, "timeout", reason, time.monotonic() - flight.began, None)

    def _attempt(
        self,
        flight: _Flight,
        status: Status,
        reason: str,
        wall_s: float,
        result: bytes | None,
        stop: Stop | None = None,
    ) -> Attempt:
        name = flight.worker.name
        return Attempt(flight.job, flight.number, status, reason, name, flight.started, round(wall_s, 3), result, stop)

    def release(self) -> None:
        """Begin to end every worker, and Ray where it is ours; `close` waits for it."""
        for worker in self._idle:
            worker.end()
        self._idle.clear()
        self._cluster.release()

    def close(self) -> None:
        """End every worker, and Ray where it is ours."""
        self.release()
        self._coming.clear()
        self._cluster.close()

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
