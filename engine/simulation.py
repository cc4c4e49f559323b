"""One live simulation of one plan and seed, scored while it runs."""

from __future__ import annotations

import dataclasses
import functools
import math
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from engine.entry import groups_by_entry
from engine.errors import InputError
from engine.extras import extras
from engine.files import replacing
from engine.layout import Layout, layout
from engine.measures import run_result
from engine.network import Network
from engine.plan import Plan
from engine.result import RunResult
from engine.scenario import Scenario
from engine.series import Series
from engine.state import State
from engine.stopping import CHECK_S, Stop, StoppedError
from engine.sumo.backends import start
from engine.sumo.options import simulation_options
from engine.sumo.programs import write_plan
from engine.sumo.traces import write_waiting
from kernels.scoring import scorer
from kernels.walking import walkers

if TYPE_CHECKING:
    from engine.control.loop import ControlLoop

__all__ = ["Backend", "Simulation"]

Backend = Literal["native", "libsumo", "traci", "gui"]

LETTERS = "GgyYrRsuoO"
"""What a link of a signal may show (SUMO's letters)."""

EPS_STEPS = 1e-6
EPS_S = 1e-6

ACT_S = 1.0
"""How often what the lights show is looked at again while a controller runs, seconds."""


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
        trace: a folder for what `engine.sumo.traces.read_trace` reads, there when the simulation closes, or `None`.

    Raises:
        ValueError: both `tripinfo` and `trace`, which holds a tripinfo of its own.
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
        trace: Path | None = None,
    ) -> None:
        if tripinfo and trace:
            raise ValueError("SUMO writes one tripinfo: ask for tripinfo or for trace")
        self._scenario = scenario
        self._network = network
        self._plan = plan
        self._seed = seed
        self._folder = tempfile.TemporaryDirectory(prefix="greensplit-")
        folder = Path(self._folder.name)
        self._errors = folder / "errors.txt"
        self._tripinfo = tripinfo
        self._trace = trace
        try:
            plan_file = None
            if plan.programs or plan.actuated:
                plan_file = folder / "plan.add.xml"
                write_plan(plan, plan_file, network.program_ids)
            written = folder / "tripinfo.xml" if tripinfo else None
            watched = [lane for lane, _, _ in network.lanes if not lane.startswith(":")] if trace else None
            self._arrays = arrays = arrays or layout(network)
            self._extras = extras(arrays.conflicts, scenario) if arrays.conflicts else None
            emissions = self._extras is not None
            self.options = simulation_options(scenario, seed, folder, plan_file, written, emissions, watched)
            window = (scenario.step_s, scenario.begin_s + scenario.warmup_s, scenario.end_s)
            crossings = [crossing.edge for crossing in network.crossings]
            self._scorer = scorer(arrays, *window)
            self._walkers = walkers(len(crossings), *window) if network.persons else None
            signal_ids = [signal.id for signal in network.signals]
            lane_ids = list(arrays.lane_index)
            self._drive: Any = start(
                backend, self.options, self._scorer, lane_ids, signal_ids, self._walkers, crossings, self._extras
            )
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

    @functools.cached_property
    def _bound_for(self) -> Callable[[Sequence[str]], int]:
        return groups_by_entry(self._network)

    @property
    def now_s(self) -> float:
        """The simulation's time, seconds."""
        return float(self._drive.now_s)

    @functools.cached_property
    def _loop(self) -> ControlLoop | None:
        if self._plan.control is None:
            return None
        from engine.control.loop import control_loop  # noqa: PLC0415  fixed plans do without

        return control_loop(self, self._scenario, self._network, self._arrays, self._plan, self._seed)

    def run_until(self, time_s: float) -> None:
        """Simulate and score up to `time_s` (at most the scenario's end), seconds; the plan's controller decides on the way.

        Raises:
            InputError: SUMO stops with an error, for example over a broken route; or the controller cannot work here.
        """
        time_s = min(time_s, self._scenario.end_s)
        if self._loop is not None:
            while self.now_s < time_s - EPS_S:
                self._loop.act()
                self._guarded(self._drive.run_until, min(time_s, self.now_s + ACT_S))
        self._guarded(self._drive.run_until, time_s)

    def _guarded(self, call: Callable[..., None], *arguments: object) -> None:
        """Call SUMO; what it refuses is an InputError with its own words."""
        try:
            call(*arguments)
        except (RuntimeError, OSError) as error:
            raise self._refused(error) from error
        except Exception as error:
            # libsumo and traci have exception types of their own; importing them here would load them for nothing.
            if type(error).__module__.split(".")[0] in ("libsumo", "traci"):
                raise self._refused(error) from error
            raise

    @property
    def delay_sum_s(self) -> float:
        """Delay so far of all vehicles due in the evaluated window, vehicle-seconds: it only grows (docs/search.md)."""
        return self._scorer.delay_sum_s + float(self._drive.owed_s())

    def run(self, series_s: float = 0.0, limit_s: float = math.inf) -> RunResult:
        """Simulate to the end and return the result.

        Args:
            series_s: length of the intervals of the result's time series, seconds; 0: none. They begin with the
                evaluated window.
            limit_s: sum of delay beyond which the run is given up, vehicle-seconds; only without a time series.

        Raises:
            StoppedError: the delay exceeded the limit, seen at the next multiple of `CHECK_S` after the begin.
            InputError: intervals that are no whole number of steps.
        """
        if series_s <= 0.0:
            if limit_s < math.inf:
                self._run_within(limit_s)
            self.run_until(self._scenario.end_s)
            return self.result()
        steps = series_s / self._scenario.step_s
        if abs(steps - round(steps)) > EPS_STEPS or round(steps) < 1:
            raise InputError(
                f"series_s={series_s:g} is no multiple of the simulation's step of {self._scenario.step_s:g} s. "
                "Give a multiple, as in series_s=60."
            )
        start_s = self._scenario.begin_s + self._scenario.warmup_s
        self.run_until(start_s)
        series = Series(self._scorer, self._drive, self.now_s)
        for i in range(1, math.ceil((self._scenario.end_s - start_s) / series_s - EPS_STEPS) + 1):
            self.run_until(start_s + i * series_s)
            series.stop()
        return dataclasses.replace(self.result(), series=tuple(series.rows))

    def _run_within(self, limit_s: float) -> None:
        """Simulate almost to the end, with a look at the delay on the way.

        Looks are at multiples of simulated time and change nothing, so that what they see does not depend on the machine.
        """
        begin_s, end_s = self._scenario.begin_s, self._scenario.end_s
        for i in range(1, math.ceil((end_s - begin_s) / CHECK_S)):
            self.run_until(begin_s + i * CHECK_S)
            delay_sum_s = self.delay_sum_s
            if delay_sum_s > limit_s:
                raise StoppedError(Stop(limit_s, delay_sum_s, self.now_s, end_s - self.now_s))

    def state(self) -> State:
        """Return vehicles and signals at this moment, the same on every backend."""
        waiting_veh, n_waiting = np.zeros(self._scorer.n_groups, np.int32), 0
        for route, n in self._drive.waiting():
            group = self._bound_for(route)
            n_waiting += n
            if group >= 0:
                waiting_veh[group] += n
        return State(time_s=self.now_s, waiting_veh=waiting_veh, n_waiting=n_waiting, **self._drive.state())

    def show(self, signal_id: str, letters: str) -> None:
        """Let a signal show these letters from the next step on, until it is told otherwise.

        Its program is set aside, as TraCI's setRedYellowGreenState does: yellow and clearance are the caller's to show.

        Raises:
            KeyError: there is no such signal.
            ValueError: letters that are none of SUMO's, or another number of them than the signal has links.
        """
        self._network.signal(signal_id)
        n_letters = self._drive.n_letters(signal_id)
        if len(letters) != n_letters or set(letters) - set(LETTERS):
            raise ValueError(f"signal '{signal_id}' takes {n_letters} of the letters {LETTERS}, not '{letters}'")
        self._drive.show(signal_id, letters)

    def set_phase(self, signal_id: str, phase: int) -> None:
        """Let a signal go on from the beginning of this phase of the program that it runs.

        Raises:
            KeyError: there is no such signal.
            InputError: the program has no such phase.
        """
        self._network.signal(signal_id)
        self._guarded(self._drive.set_phase, signal_id, phase)

    def result(self) -> RunResult:
        """Close the books at the present time and return the result; nothing can be simulated afterwards."""
        waiting = self._drive.finish()
        if self._trace:
            write_waiting(Path(self._folder.name), waiting)
        result = run_result(
            self._scenario, self._network, self._scorer, waiting, self._drive, self._walkers, self._extras
        )
        if self._loop is None or self._plan.control is None:
            return result
        return dataclasses.replace(result, control=self._loop.result(self._plan.control))

    def close(self, leave: bool = False) -> None:
        """End SUMO and remove this run's folder.

        Args:
            leave: do not end SUMO: the process ends, and SUMO writes nothing.
        """
        if not leave:
            self._drive.close()
        written = Path(self._folder.name) / "tripinfo.xml"
        if self._tripinfo and written.exists():
            with replacing(self._tripinfo) as temporary:
                shutil.copyfile(written, temporary)
        if self._trace:
            shutil.copytree(self._folder.name, self._trace, symlinks=True)
        self._folder.cleanup()

    def __enter__(self) -> Simulation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
