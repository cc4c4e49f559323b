"""Progress of long work in the terminal, with the time that remains."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from engine.jobs import Attempt

__all__ = ["Progress"]

LINE_EVERY_S = 30.0


class Progress:
    """Counts runs: a bar on a terminal, a line every half minute elsewhere. Goes to stderr.

    Args:
        title: what is being done.
        total: how many runs there will be, or how much of another unit of work.
        unit: what is counted.
    """

    def __init__(self, title: str, total: float, unit: str = "runs") -> None:
        from rich import progress as rich_progress  # noqa: PLC0415
        from rich.console import Console  # noqa: PLC0415  not needed for --help

        self._title = title
        self._unit = unit
        self._console = Console(stderr=True, highlight=False)
        self._bar = rich_progress.Progress(
            rich_progress.TextColumn("{task.description}", markup=False),
            rich_progress.BarColumn(),
            rich_progress.MofNCompleteColumn(),
            rich_progress.TextColumn("elapsed"),
            rich_progress.TimeElapsedColumn(),
            rich_progress.TextColumn("remaining"),
            rich_progress.TimeRemainingColumn(compact=True),
            rich_progress.TextColumn("{task.fields[best]}", markup=False),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task(title, total=total, best="")
        self._total = total
        self._done = 0.0
        self._fresh = 0.0
        self._began = self._said = time.monotonic()

    def cached(self, n_runs: int) -> None:
        """Count runs that the ledger knew."""
        self._done += n_runs
        # Known runs take no time: counted as a head start, they would spoil the estimate of what remains.
        self._bar.reset(self._task, total=self._total - self._done + self._fresh, completed=int(self._fresh))
        if n_runs:
            self.say(f"{n_runs} of {self._total} runs are known from before")

    def attempt(self, attempt: Attempt) -> None:
        """Count one attempt, and name it where it was lost."""
        if attempt.status not in ("done", "stopped"):
            self.say(
                f"{attempt.status}: plan {attempt.job.plan.plan_id}, seed {attempt.job.seed}, attempt {attempt.number}: "
                f"{attempt.reason}"
            )
            return
        self.advance(1.0)

    def advance(self, amount: float) -> None:
        """Count work that is done."""
        self._done += amount
        self._fresh += amount
        self._bar.advance(self._task, amount)
        now = time.monotonic()
        if not self._console.is_terminal and now - self._said > LINE_EVERY_S:
            self._said = now
            if self._done < self._total:
                left_s = (now - self._began) / self._fresh * (self._total - self._done)
                count = f"{self._done:.0f} of {self._total:.0f} {self._unit}, about {left_s:.0f} s remain"
            else:  # such as a choice among finalists that takes more seeds than it begins with
                count = f"{self._done:.0f} {self._unit}, more than were expected"
            self.say(f"{self._title}: {count}")

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._console.print(line, markup=False)
        sys.stderr.flush()

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
