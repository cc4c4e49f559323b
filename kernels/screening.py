"""Scores signal plans with a traffic model of vehicles in queues: checks the arrays that the compiled kernel loops over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

try:
    from kernels import _screening
    from kernels._screening_inputs import Inputs
except ImportError as error:
    raise ImportError("The compiled kernels are missing: run 'pip install -e .' in the project's folder.") from error

__all__ = ["Behaviour", "Outcome", "score"]

LONGEST_CYCLE_S, MOST_FOES = 0xFFFD, 0x7FFF
"""What the kernel's short integers hold."""


@dataclass(frozen=True)
class Behaviour:
    """How drivers behave. The defaults are what SUMO's default driver shows in traces; docs/screening.md says why.

    Attributes:
        tau_s: headway at the line beyond the time in which a vehicle covers its own place.
        accel: acceleration of a platoon that starts, m/s2.
        first_speed: what a platoon's first vehicle has as speed at the line, m/s.
        top: speed of a long platoon over the limit: the slowest leads.
        cruise: speed of a free vehicle over what its driver wants.
        start_s: when the first vehicle crosses after the start of green.
        yellow_s: seconds by which the last may cross later than braking distances say.
        minor_speed: speed at which those who yield come to the line, m/s.
        sight_s: how far ahead, in time, those who yield see those with priority.
        follow_s: headway that they expect of those with priority.
        merge_s: least headway of vehicles that enter a lane.
        insert_s: headway, beyond covering its own place, of vehicles that begin their trip on a lane.
        react_s: for how long a vehicle in a queue stands when the one ahead has started.
        lane_bias_m: by how much longer the queue one lane to the right has to be for a driver to keep to the left.
        change_m: by how much longer the queue of the own lane has to be for a driver to change, for each lane.
        impatience_s: after this wait one who yields takes any gap.
    """

    tau_s: float = 1.3
    accel: float = 1.5
    first_speed: float = 3.2
    top: float = 0.87
    cruise: float = 0.955
    start_s: float = -0.25
    yellow_s: float = 0.0
    minor_speed: float = 6.6
    sight_s: float = 3.0
    follow_s: float = 2.0
    merge_s: float = 1.2
    insert_s: float = 1.0
    react_s: float = 1.2
    lane_bias_m: float = 4.0
    change_m: float = 5.0
    impatience_s: float = 180.0


@dataclass(frozen=True)
class Outcome:
    """What the model says of some plans; every array begins with (n_plans, n_draws).

    Attributes:
        delay_sum_s: time lost by the vehicles that count, waiting to get in included.
        gridlock: whether vehicles stand and none has moved in the last five minutes.
        running, waiting: vehicles still under way, and still waiting to get in, at the end.
        loss_s: time lost on each lane, shape (n_plans, n_draws, n_lanes); `None` unless asked for.
    """

    delay_sum_s: npt.NDArray[np.float64]
    gridlock: npt.NDArray[np.bool_]
    running: npt.NDArray[np.int64]
    waiting: npt.NDArray[np.int64]
    loss_s: npt.NDArray[np.float64] | None


def score(
    roads: Any,
    demand: Any,
    programs: Any,
    behaviour: Behaviour,
    begin_s: float,
    end_s: float,
    warmup_s: float = 0.0,
    threads: int = 1,
    by_lane: bool = False,
) -> Outcome:
    """Return what the model says of every plan on every draw; the same numbers for any number of threads.

    Args:
        roads: arrays of `engine.screening.roads.RoadArrays`.
        demand: arrays of `engine.screening.demand.DemandArrays`.
        programs: arrays of `engine.screening.timing.ProgramArrays`.
        behaviour: how drivers behave.
        begin_s, end_s: what is simulated, seconds; programs count their cycles from 0.
        warmup_s: vehicles due earlier than this after `begin_s` do not count.
        threads: how many plans are scored at a time.
        by_lane: whether `Outcome.loss_s` is wanted.

    Raises:
        ValueError: arrays whose lengths or indices do not fit one another, or an empty window.
    """
    _check(roads, demand, programs, end_s - begin_s)
    if threads < 1:
        raise ValueError(f"threads is {threads}; it has to be at least 1")
    n_plans, n_draws, n_lanes = len(programs.offset_s), len(demand.start) - 1, len(roads.lane_length_m)
    out = np.zeros((n_plans, n_draws, 4))
    loss_s = np.zeros((n_plans, n_draws, n_lanes)) if by_lane else None
    if n_plans:
        inputs = Inputs(roads, demand, behaviour, programs)
        _screening.score(inputs, begin_s, end_s - begin_s, warmup_s, threads, out, loss_s)
    return Outcome(out[..., 0], out[..., 1] > 0.0, out[..., 2].astype(int), out[..., 3].astype(int), loss_s)


def _check(roads: Any, demand: Any, programs: Any, length_s: float) -> None:
    n_lanes, n_links, n_steps = len(roads.lane_length_m), len(roads.link_lane), len(roads.step_start) - 1
    n_signals, n_vehicles, n_routes = len(roads.signal_letters), len(demand.due_s), len(roads.route_start)
    if not length_s > 0.0:
        raise ValueError(f"the window is {length_s} s long: nothing to simulate")
    for name in ("lane_free_s", "lane_storage_m", "lane_edge", "lane_place", "lane_pocket", "lane_clear_m"):
        _length(roads, name, n_lanes)
    for name in (
        "to",
        "signal",
        "letter",
        "pocket",
        "onward",
        "cross_s",
        "speed",
        "gap_s",
        "roll_s",
        "clear_s",
        "minor",
    ):
        _length(roads, f"link_{name}", n_links)
    for name in ("choice", "space_m", "speed_factor", "caution"):
        _length(demand, name, n_vehicles)
    _starts(roads.foe_start, n_links, len(roads.foe_link), "foe_start")
    _starts(roads.bar_start, n_lanes, len(roads.bar_link), "bar_start")
    _starts(roads.step_start, n_steps, len(roads.options), "step_start")
    _starts(demand.start, len(demand.start) - 1, n_vehicles, "demand.start")
    _within(roads.lane_edge, 0, roads.n_edges, "lane_edge")
    _within(roads.lane_pocket, -1, n_lanes, "lane_pocket")
    for name in ("link_lane", "link_to"):
        _within(getattr(roads, name), 0, n_lanes, name)
    _within(roads.link_signal, -1, n_signals, "link_signal")
    _within(roads.link_pocket, -1, n_lanes, "link_pocket")
    _within(roads.link_onward, -1, n_links, "link_onward")
    if np.any((roads.link_pocket >= 0) & (roads.link_onward < 0)):
        raise ValueError("link_pocket names a lane that link_onward does not lead out of")
    _within(roads.foe_link, 0, n_links, "foe_link")
    _within(roads.bar_link, 0, n_links, "bar_link")
    _within(roads.options[:, 0], 0, n_lanes, "options' lanes")
    _within(roads.options[:, 1], -1, n_links, "options' links")
    _within(roads.route_start, 0, n_steps, "route_start")
    _within(demand.choice, 0, len(roads.choice_start) - 1, "choice")
    _within(roads.choice_route, 0, n_routes, "choice_route")
    _starts(roads.choice_start, len(roads.choice_start) - 1, len(roads.choice_route), "choice_start")
    if np.any(np.diff(roads.choice_start) < 1):
        raise ValueError("a choice has no route")
    _starts(roads.spot_start, roads.n_edges, len(roads.spot_end_m), "spot_start")
    _starts(roads.way_start, n_routes, len(roads.way_spot), "way_start")
    _within(roads.way_spot, 0, len(roads.spot_end_m), "way_spot")
    _length(roads, "way_free_s", n_routes)
    for name in ("spot_length_m", "spot_speed"):
        _length(roads, name, len(roads.spot_end_m))
    signalled = roads.link_signal >= 0
    if np.any(roads.link_letter[signalled] >= np.asarray(roads.signal_letters)[roads.link_signal[signalled]]):
        raise ValueError("link_letter names a letter that its signal does not have")
    if np.any(np.asarray(roads.step_start)[np.asarray(roads.route_start) + 1] <= roads.step_start[roads.route_start]):
        raise ValueError("a route begins with a step without options")
    if np.any(np.asarray(roads.link_speed) <= 0.0) or np.any(np.asarray(demand.speed_factor) <= 0.0):
        raise ValueError("speeds must be above 0")
    for i in range(len(demand.start) - 1):
        if np.any(np.diff(demand.due_s[demand.start[i] : demand.start[i + 1]]) < 0.0):
            raise ValueError(f"draw {i}: vehicles are not in order of departure")
    _check_programs(roads, programs, n_signals)


def _check_programs(roads: Any, programs: Any, n_signals: int) -> None:
    """Refuse programs that do not fit the signals."""
    if programs.phase_start.shape != (len(programs.offset_s), n_signals + 1):
        raise ValueError(f"phase_start has shape {programs.phase_start.shape} for {n_signals} signals")
    if n_signals and np.any(np.diff(programs.phase_start, axis=1) < 1):
        raise ValueError("a program has no phases")
    _within(programs.phase_start, 0, len(programs.phase_s) + 1, "phase_start")
    _within(programs.phase_row, 0, len(programs.letters), "phase_row")
    if programs.letters.shape[1] < max(roads.signal_letters, default=0):
        raise ValueError("letters lacks letters of a signal")
    _check_cycles(roads, programs)


def _check_cycles(roads: Any, programs: Any) -> None:
    """Refuse cycles of no length, and a table too small for a plan's cycles."""
    sums = np.concatenate([[0], np.cumsum(programs.phase_s)])
    cycles = np.diff(sums[programs.phase_start], axis=1)
    if np.any(np.asarray(programs.phase_s) < 0) or np.any(cycles < 1):
        raise ValueError("a program has a phase below 0 s or a cycle below 1 s")
    if cycles.max(initial=0) > LONGEST_CYCLE_S or np.diff(roads.foe_start).max(initial=0) > MOST_FOES:
        raise ValueError(f"a cycle of more than {LONGEST_CYCLE_S} s, or a link with more than {MOST_FOES} foes")
    if len(cycles) and (cycles @ np.asarray(roads.signal_letters, np.int64)).max(initial=0) > programs.table:
        raise ValueError("table is too small for the programs")


def _length(owner: Any, name: str, wanted: int) -> None:
    if len(getattr(owner, name)) != wanted:
        raise ValueError(f"{name} has {len(getattr(owner, name))} entries, not {wanted}")


def _starts(starts: Any, n: int, total: int, name: str) -> None:
    if len(starts) != n + 1 or starts[0] != 0 or starts[-1] != total or np.any(np.diff(starts) < 0):
        raise ValueError(f"{name} does not fit what it divides")


def _within(values: Any, low: int, high: int, name: str) -> None:
    if len(values) and not (np.min(values) >= low and np.max(values) < high):
        raise ValueError(f"{name} holds an index below {low}, or of {high} or more")
