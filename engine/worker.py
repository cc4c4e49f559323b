"""What a worker does with a job, wherever it lives, and the worker that lives in a thread of the driver."""

from __future__ import annotations

import concurrent.futures
import os
import socket
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from engine.errors import InputError
from engine.jobs import Job, Status
from engine.nursery import LostError
from engine.stopping import StoppedError

__all__ = ["Answer", "JobRunner", "LocalWorker", "Worker", "attempted"]

Answer = tuple[Status, str, bytes | None, float]
"""Status, reason, result (or where it was stopped) and seconds of one try."""


class JobRunner(Protocol):
    """What runs jobs in a worker."""

    def __call__(self, job: Job) -> bytes:
        """Return the result of one job, as `engine.result.RunResult.to_bytes` gives it."""

    def close(self) -> None:
        """End what the runner started; a job under way is lost."""


def attempted(run: JobRunner, job: Job) -> Answer:
    """Return (status, reason, result, seconds). What SUMO or our code refuses is a status, not a lost worker."""
    began = time.monotonic()
    try:
        result = run(job)
    except StoppedError as error:
        return "stopped", str(error), error.stop.to_bytes(), time.monotonic() - began
    except InputError as error:
        return "failed", str(error), None, time.monotonic() - began
    except LostError as error:
        return "crashed", str(error), None, time.monotonic() - began
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__}: {error} ({os.path.basename(last.filename)}:{last.lineno})"  # noqa: PTH119
        return "failed", reason, None, time.monotonic() - began
    return "done", "", result, time.monotonic() - began


class Worker(ABC):
    """One worker as the pool sees it; it works on one job at a time."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Host and process, as far as the worker has ever said."""

    @property
    @abstractmethod
    def settled(self) -> bool:
        """Whether its start is over: it lives, or failed to."""

    @property
    @abstractmethod
    def started(self) -> bool:
        """Whether it has come to life."""

    @abstractmethod
    def submit(self, job: Job) -> Future[Answer]:
        """Hand over a job; the future raises `LostError` where the worker died."""

    @abstractmethod
    def end(self) -> None:
        """End the worker for good, also one that is stopped or stuck in native code."""


class LocalWorker(Worker):
    """A thread of the driver's, with its runner's processes.

    Args:
        make_runner: called in the thread, when the first job comes.
    """

    def __init__(self, make_runner: Callable[[], JobRunner]) -> None:
        self._make_runner = make_runner
        self._runner: JobRunner | None = None
        self._thread = concurrent.futures.ThreadPoolExecutor(1)

    @property
    def name(self) -> str:
        """Host and process of the driver."""
        return f"{socket.gethostname()}:{os.getpid()}"

    @property
    def settled(self) -> bool:
        """Always: a thread needs no start."""
        return True

    @property
    def started(self) -> bool:
        """Always."""
        return True

    def submit(self, job: Job) -> Future[Answer]:
        """Run a job in the thread."""
        return self._thread.submit(self._work, job)

    def _work(self, job: Job) -> Answer:
        if self._runner is None:
            self._runner = self._make_runner()
        return attempted(self._runner, job)

    def end(self) -> None:
        """End the runner's processes, and so the thread."""
        if self._runner is not None:
            self._runner.close()
        self._thread.shutdown(wait=False, cancel_futures=True)
