"""One live simulation of one plan and seed, scored while it runs."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from engine.errors import InputError
from engine.files import replacing
from engine.layout import Layout, layout
from engine.measures import run_result
from engine.network import Network
from engine.plan import Plan
from engine.result import RunResult
from engine.scenario import Scenario
from engine.sumo.backends import start
from engine.sumo.options import simulation_options
from engine.sumo.programs import write_plan
from kernels.scoring import scorer

__all__ = ["Backend", "Simulation"]

Backend = Literal["native", "libsumo", "traci", "gui"]


class Simulation:
    """A running simulation; a context manager that ends SUMO on every path.

    SUMO keeps its state in globals, so one process holds one simulation at a time, and it must be used by one thread.

    Args:
        scenario: what is simulated.
        network: its network.
        plan: the signal plan; the empty plan leaves what the net has.
        seed: SUMO's seed.
        backend: what drives SUMO; every one gives the same result, to the last bit.
        arrays: `layout(network)`, where the caller keeps it for many runs.
        tripinfo: where SUMO's own record of every vehicle goes when the simulation closes, or `None`.

    Raises:
        InputError: SUMO refuses the scenario; the message is SUMO's own.
    """

    def __init__(
        self,
        scenario: Scenario,
        network: Network,
        plan: Plan,
        seed: int,
        backend: Backend = "native",
        arrays: Layout | None = None,
        tripinfo: Path | None = None,
    ) -> None:
        self._scenario = scenario
        self._network = network
        self._folder = tempfile.TemporaryDirectory(prefix="greensplit-")
        folder = Path(self._folder.name)
        self._errors = folder / "errors.txt"
        self._tripinfo = tripinfo
        try:
            plan_file = None
            if plan.programs:
                plan_file = folder / "plan.add.xml"
                write_plan(plan, plan_file)
            written = folder / "tripinfo.xml" if tripinfo else None
            self.options = simulation_options(scenario, seed, folder, plan_file, written)
            arrays = arrays or layout(network)
            self._scorer = scorer(arrays, scenario.step_s, scenario.begin_s + scenario.warmup_s, scenario.end_s)
            signal_ids = [signal.id for signal in network.signals]
            self._drive: Any = start(backend, self.options, self._scorer, list(arrays.lane_index), signal_ids)
        except RuntimeError as error:
            self._folder.cleanup()
            raise self._refused(error) from error
        except BaseException:
            self._folder.cleanup()
            raise

    def _refused(self, error: Exception) -> InputError:
        said = ""
        if self._errors.exists():
            said = " ".join(self._errors.read_text(encoding="utf-8", errors="replace").split())
        return InputError(f"SUMO refuses scenario '{self._scenario.name}': {said[:600] or error}")

    @property
    def now_s(self) -> float:
        """The simulation's time, seconds."""
        return float(self._drive.now_s)

    def run_until(self, time_s: float) -> None:
        """Simulate and score up to `time_s` (at most the scenario's end), seconds.

        Raises:
            InputError: SUMO stops with an error, for example over a broken route.
        """
        try:
            self._drive.run_until(min(time_s, self._scenario.end_s))
        except (RuntimeError, OSError) as error:
            raise self._refused(error) from error
        except Exception as error:
            # libsumo and traci have exception types of their own; importing them here would load them for nothing.
            if type(error).__module__.split(".")[0] in ("libsumo", "traci"):
                raise self._refused(error) from error
            raise

    def run(self) -> RunResult:
        """Simulate to the end and return the result."""
        self.run_until(self._scenario.end_s)
        return self.result()

    def result(self) -> RunResult:
        """Close the books at the present time and return the result; nothing can be simulated afterwards."""
        waiting = self._drive.finish()
        return run_result(self._scenario, self._network, self._scorer, waiting, self._drive)

    def close(self) -> None:
        """End SUMO and remove this run's folder."""
        self._drive.close()
        written = Path(self._folder.name) / "tripinfo.xml"
        if self._tripinfo and written.exists():
            with replacing(self._tripinfo) as temporary:
                shutil.copyfile(written, temporary)
        self._folder.cleanup()

    def __enter__(self) -> Simulation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
