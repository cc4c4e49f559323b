"""Simulations in children forked from one process that never simulates itself, so that each starts the same.

SUMO's results depend on the order of addresses of some of its objects. A process that has already run a simulation
hands out memory in another order than a fresh one, and the same plan and seed then end in one of several outcomes
(docs/determinism.md shows it). A child of a process that only ever forks finds the memory as every other child does.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import math
import os
import pickle
import signal
import struct
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING

from engine.errors import InputError
from engine.network import Network
from engine.plan import Plan
from engine.result import RunResult
from engine.scenario import Scenario
from engine.stopping import StoppedError

if TYPE_CHECKING:
    from engine.simulation import Backend

__all__ = ["LostError", "Nursery", "Order", "spare"]

HEADER = struct.Struct("<q")
NOTHING_TO_DO = 3
ENVIRONMENT = {
    # Python's own allocations are to be the same in every nursery, too.
    "PYTHONHASHSEED": "0",
    # Once a process has had a second thread, the C library locks in each allocation, its children's too: SUMO takes 6 %
    # longer (one hour of cologne8, 15 interleaved pairs). NumPy's linear algebra would start one for each core.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


_spare: list[subprocess.Popen[bytes]] = []


def _process(backend: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "engine.nursery", backend],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # SUMO repeats on stderr what its error log holds, which the exceptions of `Nursery.run` carry.
        stderr=subprocess.DEVNULL,
        env={**os.environ, **ENVIRONMENT},
    )


@contextlib.contextmanager
def spare(n: int, backend: str) -> Iterator[None]:
    """Have the processes of the next `n` nurseries started beforehand: they take half a second. The rest is ended.

    Args:
        n: how many.
        backend: what will drive SUMO, unless it turns out that it cannot be loaded.
    """
    _spare.extend(_process(backend) for _ in range(n - len(_spare)))
    try:
        yield
    finally:
        while _spare:
            _end(_spare.pop())


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


class LostError(RuntimeError):
    """A simulation's process died: killed from outside, or by a fault in native code."""


@dataclass(frozen=True)
class Order:
    """One simulation that a nursery is asked for; see `engine.simulation.Simulation`."""

    plan: Plan
    seed: int
    tripinfo: Path | None = None
    series_s: float = 0.0
    trace: Path | None = None
    limit_s: float = math.inf


class Nursery:
    """Runs simulations of one scenario, one at a time; a context manager. Not safe for several threads.

    Args:
        scenario, network: what is simulated.
        backend: what drives SUMO.
    """

    def __init__(self, scenario: Scenario, network: Network, backend: Backend = "native") -> None:
        try:
            self._process = _spare.pop()
        except IndexError:  # asked beforehand, another thread could take the last one in between
            self._process = _process(backend)
        self._greeted = False
        self._send((scenario, network, backend))

    @property
    def pid(self) -> int:
        """Process id of the parent of the simulations."""
        return self._process.pid

    def run(
        self,
        plan: Plan,
        seed: int,
        tripinfo: Path | None = None,
        series_s: float = 0.0,
        trace: Path | None = None,
        limit_s: float = math.inf,
    ) -> RunResult:
        """Simulate one plan with one seed to its end; see `engine.simulation.Simulation`.

        Raises:
            InputError: SUMO refuses the scenario or the plan.
            StoppedError: its delay exceeded the limit.
            LostError: the simulation's process died.
        """
        return RunResult.from_bytes(self.answer(Order(plan, seed, tripinfo, series_s, trace, limit_s)))

    def answer(self, order: Order) -> bytes:
        """Return what `run` does, as `RunResult.to_bytes` gives it: who only keeps a result need not take it apart."""
        try:
            self._send(order)
            if not self._greeted:
                note = str(_receive(self._output))
                self._greeted = True
                if note:
                    _say_once(note)
            answer = _receive(self._output)
        except (BrokenPipeError, EOFError) as error:
            raise LostError("the parent process of the simulations died") from error
        if isinstance(answer, bytes):
            return answer
        if isinstance(answer, Exception):
            raise answer
        raise RuntimeError(f"unexpected answer {answer!r}")

    @property
    def _output(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def _send(self, what: object) -> None:
        assert self._process.stdin is not None
        _write(self._process.stdin, what)

    def close(self) -> None:
        """End the processes."""
        _end(self._process)

    def __enter__(self) -> Nursery:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _write(stream: IO[bytes], what: object) -> None:
    data = pickle.dumps(what)
    stream.write(HEADER.pack(len(data)) + data)
    stream.flush()


def _receive(stream: IO[bytes]) -> object:
    """Return the next object; these pipes join processes of one user and program, so pickle is safe here."""
    head = stream.read(HEADER.size)
    if len(head) < HEADER.size:
        raise EOFError
    (length,) = HEADER.unpack(head)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


@functools.cache
def _say_once(line: str) -> None:
    print(f"greensplit: {line}", file=sys.stderr)


def _die_with_parent() -> None:
    """Let Linux end this process when its parent dies, however it dies."""
    import ctypes  # noqa: PLC0415  only in the nursery

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _serve() -> None:
    """Fork a child for each job; the child reads it, simulates, answers and ends. The parent only waits."""
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs, answers = os.fdopen(0, "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever SUMO prints must not get between the answers
    from engine.layout import layout  # noqa: PLC0415  not needed by the module's users
    from engine.simulation import Simulation  # noqa: PLC0415
    from engine.sumo.backends import preload  # noqa: PLC0415

    preload(sys.argv[1])
    first = _frame(jobs)
    if not first:
        return
    scenario, network, backend = pickle.loads(first)
    arrays = layout(network)
    backend, note = preload(backend)
    _write(answers, note)
    gc.freeze()  # a child that collects its parent's objects copies their pages
    while True:
        child = os.fork()
        if child == 0:
            _die_with_parent()
            frame = _frame(jobs)
            if not frame:
                os._exit(NOTHING_TO_DO)
            answer: object
            try:
                job: Order = pickle.loads(frame)
                outputs = job.tripinfo, job.trace
                simulation = Simulation(scenario, network, job.plan, job.seed, backend, arrays, *outputs)
                try:
                    answer = simulation.run(job.series_s, job.limit_s).to_bytes()
                finally:
                    # This process ends with its simulation, and SUMO need not take its network apart before.
                    simulation.close(leave=backend == "native" and not any(outputs))
            except (InputError, StoppedError) as error:
                answer = error
            except Exception:
                answer = RuntimeError(f"in a simulation's process:\n{traceback.format_exc()}")
            _write(answers, answer)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == NOTHING_TO_DO:
            return
        if code != 0:
            what = f"signal {-code}" if code < 0 else f"exit code {code}"
            _write(answers, LostError(f"the simulation's process ended with {what}"))


def _frame(stream: IO[bytes]) -> bytes:
    """Return the bytes of the next object, or nothing at the end; unbuffered, so that no child takes another's job."""
    data = b""
    wanted = HEADER.size
    while len(data) < wanted:
        part = stream.read(wanted - len(data))
        if not part:
            return b""
        data += part
        if wanted == HEADER.size and len(data) == wanted:
            wanted += HEADER.unpack(data)[0]
    return data[HEADER.size :]


if __name__ == "__main__":
    # Pickles name classes by their module: this file must be engine.nursery there and here.
    from engine import nursery  # noqa: PLW0406

    nursery._serve()
